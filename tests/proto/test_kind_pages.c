/* Lists too long for one body are cut into pages, whole and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/kind_pages.h"

/* Fields of a request_close that knows `n` works. */
static struct mp_doc *close_knowing(struct writer *w, uint32_t n)
{
    struct mp_doc *doc;

    *w = writer_growing(4 * 1024 * 1024);
    mp_put_map(w, 2);
    mp_put_text(w, "note");
    mp_put_text(w, "Thank you all");
    mp_put_text(w, "known");
    mp_put_array(w, n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t prefix[16] = { 0 };

        put_u32(prefix, i);
        mp_put_bin(w, BYTES_ARRAY(prefix));
    }
    assert_int_equal(mp_doc_parse(&doc, writer_view(w), MP_WELL_FORMED),
                     ERR_OK);
    return doc;
}

static enum err plan(struct kind_pages *pages, const struct mp_doc *doc,
                     struct bytes *field)
{
    return kind_pages_plan(pages, kind_find(KIND_REQUEST_CLOSE), field,
                           mp_doc_root(doc));
}

static void what_fits_one_body_needs_no_pages(void **state)
{
    struct kind_pages pages;
    struct bytes field;
    struct writer w;
    struct mp_doc *doc = close_knowing(&w, 2900);

    (void)state;
    assert_int_equal(plan(&pages, doc, &field), ERR_OK);
    assert_int_equal(pages.count, 0);
    kind_pages_wipe(&pages);
    mp_doc_free(doc);
    writer_free(&w);
}

/* Reads the elements of a page back and checks that they go on from `*next`. */
static void assert_goes_on(const struct kind_pages *pages, size_t i,
                           uint32_t *next)
{
    struct writer w = writer_growing(RECORD_BODY_MAX);
    const struct mp_value *items;
    struct mp_doc *doc;

    kind_pages_put(&w, pages, i);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_CANONICAL), ERR_OK);
    assert_int_equal(mp_uint(mp_get(mp_doc_root(doc), "index")), i);
    assert_true(bytes_equal(mp_str(mp_get(mp_doc_root(doc), "of")),
                            BYTES_LITERAL("known")));
    items = mp_get(mp_doc_root(doc), "items");
    assert_in_range(mp_count(items), 1, KIND_PAGE_ITEMS);
    for (uint32_t k = 0; k < mp_count(items); k++) {
        uint8_t prefix[16];

        assert_true(mp_bin_exact(mp_at(items, k), prefix, sizeof prefix));
        assert_int_equal(get_u32(prefix), *next);
        *next += 1;
    }
    mp_doc_free(doc);
    writer_free(&w);
}

static void a_long_list_moves_whole_and_in_order(void **state)
{
    uint8_t ids[KIND_PAGES_MAX][ID_LEN] = { { 1 }, { 2 } };
    struct writer rest = writer_growing(RECORD_BODY_MAX);
    struct kind_pages pages;
    struct bytes field;
    struct mp_doc *left;
    struct writer w;
    struct mp_doc *doc = close_knowing(&w, 11000);
    uint32_t next = 0;

    (void)state;
    assert_int_equal(plan(&pages, doc, &field), ERR_OK);
    assert_in_range(pages.count, 4, 5);
    for (size_t i = 0; i < pages.count; i++)
        assert_goes_on(&pages, i, &next);
    assert_int_equal(next, 11000);
    kind_pages_put_rest(&rest, &pages, mp_doc_root(doc), ids[0]);
    assert_int_equal(mp_doc_parse(&left, writer_view(&rest), MP_WELL_FORMED),
                     ERR_OK);
    assert_int_equal(mp_count(mp_get(mp_doc_root(left), "known")), 0);
    assert_int_equal(mp_count(mp_get(mp_doc_root(left), "pages")), pages.count);
    assert_int_equal(mp_str(mp_get(mp_doc_root(left), "note")).len, 13);
    mp_doc_free(left);
    writer_free(&rest);
    kind_pages_wipe(&pages);
    mp_doc_free(doc);
    writer_free(&w);
}

static void more_pages_than_a_record_can_name_are_refused(void **state)
{
    struct kind_pages pages;
    struct bytes field;
    struct writer w;
    struct mp_doc *doc = close_knowing(&w, 180000);

    (void)state;
    assert_int_equal(plan(&pages, doc, &field), ERR_TOO_LARGE);
    kind_pages_wipe(&pages);
    mp_doc_free(doc);
    writer_free(&w);
}

static void a_wrong_element_is_named_by_its_field(void **state)
{
    struct writer w = writer_growing(1 << 20);
    struct kind_pages pages;
    struct bytes field;
    struct mp_doc *doc;

    (void)state;
    mp_put_map(&w, 1);
    mp_put_text(&w, "known");
    mp_put_array(&w, 3001);
    for (int i = 0; i < 3001; i++)
        mp_put_uint(&w, 7);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    assert_int_equal(plan(&pages, doc, &field), ERR_USAGE);
    assert_true(bytes_equal(field, BYTES_LITERAL("known")));
    kind_pages_wipe(&pages);
    mp_doc_free(doc);
    writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_one_body_needs_no_pages),
        cmocka_unit_test(a_long_list_moves_whole_and_in_order),
        cmocka_unit_test(more_pages_than_a_record_can_name_are_refused),
        cmocka_unit_test(a_wrong_element_is_named_by_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
