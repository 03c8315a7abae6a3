/* Words for verdicts: every state and reason has one, and subjects fit. */
#include "proto/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void every_state_and_reason_has_its_word(void **state)
{
    (void)state;
    for (int i = 0; i < VERDICT_STATE_COUNT; i++)
        assert_true(strlen(verdict_state_text((enum verdict_state)i)) > 3);
    assert_string_equal(void_reason_text(VOID_NONE), "");
    for (int i = VOID_NONE + 1; i < VOID_REASON_COUNT; i++)
        assert_true(strlen(void_reason_text((enum void_reason)i)) > 4);
}

static void contested_records_are_in_force_and_others_are_not(void **state)
{
    (void)state;
    for (int i = 0; i < VERDICT_STATE_COUNT; i++) {
        struct verdict v = { .state = (enum verdict_state)i };

        assert_int_equal(verdict_is_in_force(&v),
                         i == VERDICT_IN_FORCE || i == VERDICT_CONTESTED);
    }
}

static void what_is_in_force_needs_no_words(void **state)
{
    struct verdict v = { .state = VERDICT_IN_FORCE };
    char text[VERDICT_TEXT_MAX];

    (void)state;
    verdict_text(&v, (struct bytes){ 0 }, text);
    assert_string_equal(text, "");
    v.state = VERDICT_RETRACTED;
    verdict_text(&v, (struct bytes){ 0 }, text);
    assert_string_equal(text, "retracted");
}

static void a_subject_is_named_or_stands_as_hex(void **state)
{
    struct verdict v = { .state = VERDICT_VOID,
                         .reason = VOID_OMITS,
                         .about = VERDICT_ABOUT_PERSON,
                         .subject = { 0xab } };
    char text[VERDICT_TEXT_MAX];
    uint8_t name[2 * ID_LEN + 1];

    (void)state;
    verdict_text(&v, BYTES_LITERAL("Ben"), text);
    assert_string_equal(text, "omits Ben");
    verdict_text(&v, (struct bytes){ 0 }, text);
    assert_int_equal(strlen(text), strlen("omits ") + 2 * ID_LEN);
    assert_memory_equal(text, "omits ab00", 10);
    v.reason = VOID_VOID_TARGET;
    v.about = VERDICT_ABOUT_RECORD;
    verdict_text(&v, BYTES_LITERAL("x"), text);
    assert_string_equal(text, "names a record that is void: x");
    memset(name, 'n', sizeof name);
    verdict_text(&v, (struct bytes){ name, 2 * ID_LEN }, text);
    assert_int_equal(text[strlen(text) - 1], 'n');
    verdict_text(&v, (struct bytes){ name, 2 * ID_LEN + 1 }, text);
    assert_int_equal(text[strlen(text) - 1], '0'); /* too long: its id */
    v.about = VERDICT_ABOUT_NOTHING;
    verdict_text(&v, BYTES_LITERAL("x"), text);
    assert_string_equal(text, "names a record that is void");
}

/* The longest reason with the longest subject. */
static void the_longest_text_fits(void **state)
{
    struct verdict v = { .state = VERDICT_VOID, .about = VERDICT_ABOUT_RECORD };
    char text[VERDICT_TEXT_MAX];

    (void)state;
    for (int i = 1; i < VOID_REASON_COUNT; i++) {
        v.reason = (enum void_reason)i;
        verdict_text(&v, (struct bytes){ 0 }, text);
        assert_string_equal(text + strlen(text) - 4, "0000");
        assert_memory_equal(text, void_reason_text(v.reason),
                            strlen(void_reason_text(v.reason)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_reason_has_its_word),
        cmocka_unit_test(contested_records_are_in_force_and_others_are_not),
        cmocka_unit_test(what_is_in_force_needs_no_words),
        cmocka_unit_test(a_subject_is_named_or_stands_as_hex),
        cmocka_unit_test(the_longest_text_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
