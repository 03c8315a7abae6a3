/* What clients give becomes bodies that pass the schema, and shows again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/kind.h"

static const uint8_t ID_A[ID_LEN] = { 0xaa };
static const char HEX_A[] =
    "aa00000000000000000000000000000000000000000000000000000000000000";

static void put_text_pair(struct writer *w, const char *key, const char *value)
{
    mp_put_text(w, key);
    mp_put_text(w, value);
}

/* A body made of `given`, as the record in which it would stand. */
struct made {
    uint8_t body[4096];
    uint8_t heads[4096];
    struct kind_links links;
    struct record record;
    struct bytes wrong;
    enum err err;
};

static void make(struct made *m, uint64_t kind, const struct writer *given)
{
    struct writer w = writer_fixed(m->body, sizeof m->body);
    struct writer heads = writer_fixed(m->heads, sizeof m->heads);
    struct mp_doc *doc;

    assert_int_equal(mp_doc_parse(&doc, writer_view(given), MP_WELL_FORMED),
                     ERR_OK);
    for (size_t i = 0; i < RECORD_SALT_LEN; i++)
        writer_u8(&w, 0);
    m->wrong = (struct bytes){ NULL, 0 };
    m->err = kind_encode(kind_find(kind), &w, &m->links, &m->wrong,
                         mp_doc_root(doc));
    for (size_t i = 0; i < m->links.count; i++) {
        mp_put_array(&heads, 2);
        mp_put_uint(&heads, m->links.at[i].relation);
        mp_put_bin(&heads, (struct bytes){ m->links.at[i].id, ID_LEN });
    }
    m->record = (struct record){ .kind = kind,
                                 .body = writer_view(&w),
                                 .links = writer_view(&heads),
                                 .links_count = (uint32_t)m->links.count };
    mp_doc_free(doc);
}

static void assert_wrong(const struct made *m, const char *name)
{
    assert_int_equal(m->err, ERR_USAGE);
    assert_int_equal(m->wrong.len, strlen(name));
    assert_memory_equal(m->wrong.data, name, m->wrong.len);
}

static void fields_in_any_order_become_a_canonical_body(void **state)
{
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct made m;
    struct mp_doc *doc;
    const char *field;

    (void)state;
    mp_put_map(&w, 4);
    put_text_pair(&w, "state", "chosen");
    put_text_pair(&w, "reason", "It\nsings.");
    put_text_pair(&w, "contribution", HEX_A);
    mp_put_text(&w, "place_in_work");
    mp_put_nil(&w); /* nil is absent */
    make(&m, KIND_SELECTION, &w);
    assert_int_equal(m.err, ERR_OK);
    assert_int_equal(mp_check_canonical(record_body_map(&m.record)), ERR_OK);
    assert_int_equal(kind_check(&m.record, &field), ERR_OK);
    assert_int_equal(m.links.count, 1);
    assert_int_equal(m.links.at[0].relation, RELATION_CONTRIBUTION);
    assert_memory_equal(m.links.at[0].id, ID_A, ID_LEN);
    assert_int_equal(
        mp_doc_parse(&doc, record_body_map(&m.record), MP_CANONICAL), ERR_OK);
    assert_int_equal(mp_uint(mp_get(mp_doc_root(doc), "state")),
                     SELECTION_CHOSEN);
    assert_int_equal(mp_count(mp_doc_root(doc)), 2);
    mp_doc_free(doc);
}

static void what_is_missing_unknown_or_wrong_is_named(void **state)
{
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct made m;

    (void)state;
    mp_put_map(&w, 1);
    put_text_pair(&w, "state", "chosen");
    make(&m, KIND_SELECTION, &w);
    assert_wrong(&m, "contribution");
    writer_reset(&w);
    mp_put_map(&w, 3);
    put_text_pair(&w, "contribution", HEX_A);
    put_text_pair(&w, "state", "chosen");
    put_text_pair(&w, "sparkle", "yes");
    make(&m, KIND_SELECTION, &w);
    assert_wrong(&m, "sparkle");
    writer_reset(&w);
    mp_put_map(&w, 2);
    put_text_pair(&w, "contribution", HEX_A);
    put_text_pair(&w, "state", "crowned");
    make(&m, KIND_SELECTION, &w);
    assert_wrong(&m, "state");
    writer_reset(&w);
    mp_put_map(&w, 2);
    put_text_pair(&w, "contribution", "aa");
    put_text_pair(&w, "state", "chosen");
    make(&m, KIND_SELECTION, &w);
    assert_wrong(&m, "contribution");
    writer_reset(&w);
    mp_put_map(&w, 2);
    put_text_pair(&w, "child", HEX_A);
    put_text_pair(&w, "thanks", "to the sea");
    make(&m, KIND_RESOURCE, &w);
    assert_wrong(&m, "source_text"); /* or a source: one of the two */
    writer_reset(&w);
    mp_put_array(&w, 0);
    make(&m, KIND_SELECTION, &w);
    assert_wrong(&m, "selection");
}

static void lines_and_texts_keep_to_their_bounds(void **state)
{
    static const char *const refused[] = { "",
                                           "a\nb",
                                           "\x7f",
                                           "\xc2\x85",
                                           "\xe2\x80\xa8",
                                           "\xe2\x80\xae",
                                           "\xe2\x81\xa6" };
    static char title[202];
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct made m;

    (void)state;
    memset(title, 't', 200);
    for (size_t i = 0; i < 2; i++) {
        writer_reset(&w);
        mp_put_map(&w, 2);
        put_text_pair(&w, "text", "Two\nlines");
        put_text_pair(&w, "title", title);
        make(&m, KIND_THREAD, &w);
        assert_int_equal(m.err, i == 0 ? ERR_OK : ERR_USAGE);
        title[200] = 't';
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        writer_reset(&w);
        mp_put_map(&w, 2);
        put_text_pair(&w, "text", "text");
        put_text_pair(&w, "title", refused[i]);
        make(&m, KIND_THREAD, &w);
        assert_wrong(&m, "title");
    }
}

static void put_file(struct writer *w, const char *key, uint64_t size)
{
    mp_put_map(w, 3);
    mp_put_text(w, key);
    mp_put_array(w, 2);
    mp_put_bin(w, BYTES_ARRAY(ID_A));
    mp_put_uint(w, size);
    put_text_pair(w, "media_type", "image/png");
    put_text_pair(w, "name", "crown.png");
}

static void put_journal(struct writer *w, const char *blob, uint64_t size)
{
    writer_reset(w);
    mp_put_map(w, 3);
    put_text_pair(w, "title", "Day one");
    put_text_pair(w, "text", "We began.");
    mp_put_text(w, "media");
    mp_put_array(w, 1);
    put_file(w, blob, size);
}

static void files_are_checked_inside(void **state)
{
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct made m;
    const char *field;

    (void)state;
    put_journal(&w, "blob", BLOB_SIZE_MAX);
    make(&m, KIND_JOURNAL, &w);
    assert_int_equal(m.err, ERR_OK);
    assert_int_equal(kind_check(&m.record, &field), ERR_OK);
    put_journal(&w, "blob", BLOB_SIZE_MAX + 1);
    make(&m, KIND_JOURNAL, &w);
    assert_wrong(&m, "blob");
    put_journal(&w, "sparkle", 1);
    make(&m, KIND_JOURNAL, &w);
    assert_wrong(&m, "sparkle");
}

static void a_record_is_shown_with_names_for_numbers(void **state)
{
    uint8_t buf[1024];
    uint8_t shown[2048];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct writer out = writer_fixed(shown, sizeof shown);
    struct mp_doc *doc;
    const struct mp_value *blob;
    struct made m;

    (void)state;
    put_journal(&w, "blob", 5);
    make(&m, KIND_JOURNAL, &w);
    assert_int_equal(kind_render(&m.record, &out), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&out), MP_WELL_FORMED),
                     ERR_OK);
    blob = mp_get(mp_at(mp_get(mp_doc_root(doc), "media"), 0), "blob");
    assert_int_equal(mp_uint(mp_get(blob, "size")), 5);
    assert_int_equal(mp_bin(mp_get(blob, "root")).len, HASH_LEN);
    mp_doc_free(doc);
    writer_reset(&w);
    writer_reset(&out);
    mp_put_map(&w, 2);
    put_text_pair(&w, "contribution", HEX_A);
    put_text_pair(&w, "state", "shortlist");
    make(&m, KIND_SELECTION, &w);
    assert_int_equal(kind_render(&m.record, &out), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&out), MP_WELL_FORMED),
                     ERR_OK);
    assert_true(bytes_equal(mp_str(mp_get(mp_doc_root(doc), "state")),
                            BYTES_LITERAL("shortlist")));
    assert_true(bytes_equal(mp_bin(mp_get(mp_doc_root(doc), "contribution")),
                            BYTES_ARRAY(ID_A)));
    mp_doc_free(doc);
}

static void what_a_newer_release_wrote_is_not_revised_away(void **state)
{
    uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct made m;

    (void)state;
    mp_put_map(&w, 3);
    put_text_pair(&w, "target", HEX_A);
    put_text_pair(&w, "text", "Text");
    mp_put_text(&w, "other");
    mp_put_map(&w, 1);
    put_text_pair(&w, "sparkle", "yes");
    make(&m, KIND_COMMENT, &w);
    assert_wrong(&m, "other");
}

/* The hash was made by Python's hashlib over msgpack's bytes. */
static void the_hash_of_terms_is_that_of_licence_and_terms(void **state)
{
    struct bytes src = BYTES_LITERAL("\x82\xa7licence\xa3"
                                     "CC0\xa5terms\x81\xa3pay\x01");
    struct mp_doc *doc;
    uint8_t hash[HASH_LEN];
    char hex[2 * HASH_LEN + 1];

    (void)state;
    assert_int_equal(kind_terms_hash(hash, NULL), ERR_MALFORMED_BODY);
    assert_int_equal(mp_doc_parse(&doc, src, MP_CANONICAL), ERR_OK);
    assert_int_equal(kind_terms_hash(hash, mp_doc_root(doc)), ERR_OK);
    hex_encode(hex, BYTES_ARRAY(hash));
    assert_string_equal(hex, "43dbe106fc33999dbe3f37722353ae73"
                             "18e768584e27f7da713ff9a34293e579");
    mp_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_in_any_order_become_a_canonical_body),
        cmocka_unit_test(what_is_missing_unknown_or_wrong_is_named),
        cmocka_unit_test(lines_and_texts_keep_to_their_bounds),
        cmocka_unit_test(files_are_checked_inside),
        cmocka_unit_test(a_record_is_shown_with_names_for_numbers),
        cmocka_unit_test(what_a_newer_release_wrote_is_not_revised_away),
        cmocka_unit_test(the_hash_of_terms_is_that_of_licence_and_terms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
