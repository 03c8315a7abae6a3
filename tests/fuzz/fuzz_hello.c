/* Any bytes as a HELLO: what is accepted is written again to the same bytes. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes src = { data, size };
    struct writer w = writer_growing(size + 1);
    struct hello h;

    if (hello_decode(&h, src) != ERR_OK)
        return 0;
    hello_put_head(&w, h.salt, h.count);
    for (size_t i = 0; i < h.count; i++)
        hello_put_entry(&w, &h.entries[i]);
    assert(bytes_equal(writer_view(&w), src));
    hello_free(&h);
    writer_free(&w);
    return 0;
}
