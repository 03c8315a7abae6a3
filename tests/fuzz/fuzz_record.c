/*
 * Any bytes as a record: decoded, checked against the schema, shown, joined
 * again.  What was decoded must be the only encoding of what it says.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "proto/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_shown(const struct record *r)
{
    struct writer w = writer_growing(KIND_RENDER_MAX);
    enum mp_grade grade;
    size_t used;

    check(kind_render(r, &w) == ERR_OK);
    check(mp_walk(&grade, &used, writer_view(&w)) == ERR_OK && used == w.len);
    writer_free(&w);
}

/* The schema holds, or names the field by which it does not. */
static void check_schema(const struct record *r)
{
    const char *field = NULL;
    enum err e = kind_check(r, &field);

    check(e == ERR_OK || (e == ERR_MALFORMED_BODY && field != NULL));
}

static void check_links(const struct record *r)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    uint8_t id[ID_LEN];
    uint32_t count = 0;

    while (record_link_next(&links, &link)) {
        check(record_link_find(r, link.relation, id));
        count++;
    }
    check(count == r->links_count && links.left == 0);
}

/* The body alone, so that the fuzzer need not find its hash. */
static void check_body(const uint8_t *data, size_t size)
{
    static uint8_t body[RECORD_BODY_MAX];
    struct record r = { .kind = size > 0 ? data[0] : 0 };

    if (size < 2 || size - 1 > sizeof body - RECORD_SALT_LEN)
        return;
    memcpy(body + RECORD_SALT_LEN, data + 1, size - 1);
    r.body = (struct bytes){ body, RECORD_SALT_LEN + size - 1 };
    if (mp_check_canonical(record_body_map(&r)) != ERR_OK ||
        (data[1] & 0xf0) != 0x80)
        return;
    check_schema(&r);
    check_shown(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct network lab = { 3, "lab" };
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record r;

    check_body(data, size);
    if (record_decode(&r, (struct bytes){ data, size }) == ERR_OK) {
        record_join(&w, r.head, r.body, r.signature, r.certificate);
        check(bytes_equal(writer_view(&w), (struct bytes){ data, size }));
        check_links(&r);
        check_schema(&r);
        check_shown(&r);
        check(record_admit(&r, NULL, &lab) != ERR_OK || record_is_by_node(&r));
    }
    writer_free(&w);
    return 0;
}
