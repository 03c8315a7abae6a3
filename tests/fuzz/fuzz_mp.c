/*
 * Any bytes as MessagePack.  What the walk calls canonical must come out of a
 * tree byte by byte; what it calls well-formed must be parsed without a limit
 * of msgpack-c's; what it refuses must reach nobody.
 */
#include "proto/mp.h"
#include "tests/fuzz/fuzz.h"

/* Writing a tree sorts and drops nothing, so it ends where it began. */
static void check_tree(struct bytes value, enum mp_grade grade)
{
    struct writer w = writer_growing(2 * value.len + 16);
    struct mp_doc *doc;

    check(mp_doc_parse(&doc, value, MP_WELL_FORMED) == ERR_OK);
    mp_put_value(&w, mp_doc_root(doc));
    if (grade == MP_CANONICAL)
        check(w.err == ERR_OK && bytes_equal(writer_view(&w), value));
    writer_free(&w);
    mp_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes src = { data, size };
    struct reader r = reader_of(src);
    enum mp_grade grade = MP_REFUSED;
    struct mp_doc *doc;
    size_t used = 0;
    enum err e = mp_walk(&grade, &used, src);

    if (e != ERR_OK) {
        check(mp_doc_parse(&doc, src, MP_WELL_FORMED) == e);
        check(mp_read_any(&r).data == NULL && r.err == e);
        return 0;
    }
    check(used > 0 && used <= size);
    src.len = used;
    check((mp_check_canonical(src) == ERR_OK) == (grade == MP_CANONICAL));
    check((mp_read_any(&r).len == used) == (grade == MP_CANONICAL));
    check_tree(src, grade);
    return 0;
}
