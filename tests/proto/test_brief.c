/* Briefs: what they lack, and words that ask for anything at all. */
#include "proto/brief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static uint32_t lacks(const char *deliverable, bool whole)
{
    uint8_t buf[512];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct mp_doc *doc;
    uint32_t found;

    mp_put_map(&w, whole ? 4 : 1);
    if (whole) {
        mp_put_text(&w, "deadline");
        mp_put_uint(&w, 5);
    }
    mp_put_text(&w, "deliverable");
    mp_put_text(&w, deliverable);
    if (whole) {
        mp_put_text(&w, "media_kinds");
        mp_put_array(&w, 1);
        mp_put_uint(&w, 3);
        mp_put_text(&w, "references");
        mp_put_array(&w, 1);
        mp_put_uint(&w, 1);
    }
    assert_int_equal(w.err, ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED),
                     ERR_OK);
    found = brief_check(mp_doc_root(doc));
    mp_doc_free(doc);
    return found;
}

static void a_vague_brief_is_told_what_it_lacks(void **state)
{
    (void)state;
    assert_int_equal(lacks("draw the crown", true), 0);
    assert_int_equal(lacks("Draw a pretty picture", true), 1 << BRIEF_GENERIC);
    assert_int_equal(lacks("a song", true), 1 << BRIEF_GENERIC);
    assert_int_equal(lacks("draw the crown", false), 1 << BRIEF_KINDS |
                                                         1 << BRIEF_REFERENCE |
                                                         1 << BRIEF_DEADLINE);
    for (int i = 0; i < BRIEF_LACK_COUNT; i++)
        assert_true(strlen(brief_text((enum brief_lack)i)) > 10);
}

static void words_count_only_as_whole_words(void **state)
{
    (void)state;
    assert_int_equal(lacks("a thing: WHATEVER", true), 1 << BRIEF_GENERIC);
    assert_int_equal(lacks("whatevers you paint", true), 0);
    assert_int_equal(lacks("a\xc3\xa9whatever here", true), 0);
    assert_int_equal(lacks("paint, be creative!", true), 1 << BRIEF_GENERIC);
    assert_int_equal(lacks("be creativ, the end", true), 0);
}

/* Twelve bytes are the least that can be specific. */
static void a_short_deliverable_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(lacks("draw a crow", true), 1 << BRIEF_GENERIC);
    assert_int_equal(lacks("draw a crown", true), 0);
    assert_int_equal(lacks("", true), 1 << BRIEF_DELIVERABLE);
}

static void an_empty_brief_lacks_everything_but_words(void **state)
{
    uint32_t all = 1u << BRIEF_DELIVERABLE | 1u << BRIEF_KINDS |
                   1u << BRIEF_REFERENCE | 1u << BRIEF_DEADLINE;

    (void)state;
    assert_int_equal(brief_check(NULL), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vague_brief_is_told_what_it_lacks),
        cmocka_unit_test(words_count_only_as_whole_words),
        cmocka_unit_test(a_short_deliverable_says_nothing),
        cmocka_unit_test(an_empty_brief_lacks_everything_but_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
