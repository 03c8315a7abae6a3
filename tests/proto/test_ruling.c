/* Reports, and rulings of keepers: docs/protocol.md §7.14. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/ruling.h"
#include "tests/common/scene.h"

static void a_report_names_something_in_its_topic(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *good =
        scene_targeted(&s, KIND_REPORT, 'C', 110, p, "\"reason\":\"stolen\"");
    const struct made *person =
        scene_keep(&s, make(&s.m, KIND_REPORT, 'C', 111,
                            "{\"person\":\"%s\",\"reason\":\"rude\"}",
                            maker_person_hex('D')));
    const struct made *lost =
        scene_keep(&s, make(&s.m, KIND_REPORT, 'C', 112,
                            "{\"target\":\"%s\",\"reason\":\"?\"}",
                            maker_person_hex('D')));

    (void)state;
    assert_state(&s, good, IN_FORCE);
    assert_state(&s, person, IN_FORCE);
    assert_void(&s, lost, NO_TARGET);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static void a_ruling_lies_in_its_keepers_own_topic(void **state)
{
    struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *ruling =
        scene_targeted(&s, KIND_RULING, 'A', 110, p, "\"reason\":\"stolen\"");

    (void)state;
    assert_void(&s, ruling, WRONG_TOPIC);
    scene_free(&s);
}

static void rulings_in_force_hide_until_their_end(void **state)
{
    struct scene s = { 0 };
    struct rulings rulings = { 0 };
    struct topic_state *ts;
    const struct made *ended;
    const struct made *back;
    uint8_t work[ID_LEN];
    uint8_t dan[ID_LEN];

    (void)state;
    maker_person(s.m.topic, 'K');
    maker_person(work, 'W'); /* any id does */
    maker_person(dan, 'D');
    ended = scene_keep(&s, make(&s.m, KIND_RULING, 'K', 100,
                                "{\"target\":\"%s\",\"reason\":\"stolen\","
                                "\"until\":5000}",
                                maker_person_hex('W')));
    back = scene_keep(&s, make(&s.m, KIND_RULING, 'K', 101,
                               "{\"person\":\"%s\",\"reason\":\"rude\"}",
                               maker_person_hex('D')));
    scene_keep(&s, make(&s.m, KIND_RULING, 'Z', 102,
                        "{\"person\":\"%s\",\"reason\":\"rude\"}",
                        maker_person_hex('E')));
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(ruling_collect(&rulings, ts), ERR_OK);
    ruling_sort(&rulings);
    assert_int_equal(rulings.count, 2); /* Z keeps nothing here */
    assert_memory_equal(ruling_find(&rulings, work, 4999)->record, ended->id,
                        ID_LEN);
    assert_null(ruling_find(&rulings, work, 5000));
    assert_non_null(ruling_find(&rulings, dan, UINT64_MAX - 1));
    topic_state_free(ts);
    ruling_wipe(&rulings);

    scene_retract(&s, 'K', 200, back);
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(ruling_collect(&rulings, ts), ERR_OK);
    ruling_sort(&rulings);
    assert_null(ruling_find(&rulings, dan, 1));
    topic_state_free(ts);
    ruling_wipe(&rulings);
    scene_assert_any_order(&s);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_names_something_in_its_topic),
        cmocka_unit_test(a_ruling_lies_in_its_keepers_own_topic),
        cmocka_unit_test(rulings_in_force_hide_until_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
