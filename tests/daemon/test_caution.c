#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/caution.h"

#define NOW_MS 1000

/* What is told of these two fields; a deadline of 0 is not given. */
static struct caution caution(const char *licence, uint64_t deadline_ms)
{
    struct writer w = writer_growing(256);
    struct mp_doc *doc;
    struct caution out;

    mp_put_map(&w, deadline_ms == 0 ? 1 : 2);
    mp_put_text(&w, "licence");
    mp_put_text(&w, licence);
    if (deadline_ms != 0) {
        mp_put_text(&w, "deadline");
        mp_put_uint(&w, deadline_ms);
    }
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    out = caution_of(mp_doc_root(doc), NOW_MS);
    mp_doc_free(doc);
    writer_free(&w);
    return out;
}

static void a_known_licence_is_no_matter(void **state)
{
    static const char *const known[] = { "CC0-1.0", "cc-by-sa-4.0",
                                         "all-rights-reserved", "other" };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_false(caution(known[i], 0).licence_unknown);
}

static void an_unknown_licence_is_told_with_the_known_ones(void **state)
{
    struct caution c = caution("foo", 0);
    struct writer w = writer_growing(1024);
    struct mp_doc *doc;
    char text[1024] = "";

    (void)state;
    assert_true(c.licence_unknown);
    assert_int_equal(caution_count(&c), 1);
    caution_put(&c, &w);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    memcpy(text, mp_str(mp_doc_root(doc)).data, mp_str(mp_doc_root(doc)).len);
    assert_non_null(strstr(text, "CC0-1.0, CC-BY-3.0"));
    assert_non_null(strstr(text, "all-rights-reserved, other"));
    mp_doc_free(doc);
    writer_free(&w);
}

static void a_deadline_is_past_from_its_millisecond_on(void **state)
{
    (void)state;
    assert_true(caution("CC0-1.0", NOW_MS - 1).deadline_past);
    assert_false(caution("CC0-1.0", NOW_MS).deadline_past);
    assert_false(caution("CC0-1.0", NOW_MS + 1).deadline_past);
    assert_false(caution("CC0-1.0", 0).deadline_past);
}

static void nothing_given_is_nothing_told(void **state)
{
    struct caution c = caution_of(NULL, NOW_MS);

    (void)state;
    assert_int_equal(caution_count(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_licence_is_no_matter),
        cmocka_unit_test(an_unknown_licence_is_told_with_the_known_ones),
        cmocka_unit_test(a_deadline_is_past_from_its_millisecond_on),
        cmocka_unit_test(nothing_given_is_nothing_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
