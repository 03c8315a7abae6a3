/*
 * The frames of many small blobs.  Input: one byte that says which, then its
 * payload.  What decodes encodes to the same bytes, and what is taken as an
 * answer was asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/blob_small.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_many(struct bytes payload)
{
    static uint8_t buf[BLOB_MANY_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_many many;
    struct blob_id id;

    if (blob_many_decode(&many, payload) != ERR_OK)
        return;
    blob_many_begin(&w, many.request, many.tag);
    for (unsigned i = 0; i < many.count; i++) {
        blob_many_at(&many, i, &id);
        check(blob_id_check(&id) == ERR_OK && id.size <= BLOB_INLINE_MAX);
        blob_many_put(&w, &id);
    }
    check(bytes_equal(writer_view(&w), payload));
}

static void try_small(struct bytes payload)
{
    static uint8_t buf[1 << 16];
    static struct blob_asked asked;
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_small small;
    struct bytes left;
    struct bytes content;
    unsigned first = 0;

    if (payload.len > sizeof buf ||
        blob_small_decode(&small, payload) != ERR_OK)
        return;
    asked = (struct blob_asked){ .count = 8, .next = 2 };
    left = small.entries;
    for (unsigned i = 2; i < 8 && blob_small_next(&left, &content); i++)
        asked.ids[i].size = content.len;
    if (blob_asked_take(&asked, &first, &small) == ERR_OK)
        check(first == 2 && asked.next == 2 + small.count && asked.next <= 8);
    if (small.first >= BLOB_MANY_MAX)
        return;
    blob_small_begin(&w, small.request, small.first);
    left = small.entries;
    while (blob_small_next(&left, &content))
        blob_small_put(&w, content);
    check(bytes_equal(writer_view(&w), payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        try_many((struct bytes){ data + 1, size - 1 });
    else
        try_small((struct bytes){ data + 1, size - 1 });
    return 0;
}
