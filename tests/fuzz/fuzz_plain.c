/*
 * Any text as a line of JSON.  What is plain jansson takes, too, and it comes
 * out the same; of what is not nothing is written.
 */
#include "ctl/convert.h"
#include "ctl/plain.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    struct writer plain = writer_growing(3 * size + 16);
    struct writer usual = writer_growing(3 * size + 16);
    json_t *v;

    if (plain_put(&plain, text)) {
        v = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
        check(v != NULL);
        convert_from_json(&usual, v);
        check(plain.err == ERR_OK && usual.err == ERR_OK);
        check(bytes_equal(writer_view(&plain), writer_view(&usual)));
        json_decref(v);
    } else {
        check(plain.len == 0);
    }
    writer_free(&plain);
    writer_free(&usual);
    return 0;
}
