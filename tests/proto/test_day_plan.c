/* Which limit holds at which minute of the day. */
#include "proto/day_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT(hour, minute) ((hour)*60u + (minute))

static const struct day_plan OFFICE = {
    .otherwise = 9,
    .rows = { { AT(8, 0), AT(22, 0), 1 } },
    .count = 1,
};

static const struct day_plan NIGHT = {
    .otherwise = 9,
    .rows = { { AT(23, 30), AT(6, 15), 2 }, { AT(6, 0), AT(7, 0), 3 } },
    .count = 2,
};

static void a_row_holds_from_its_first_minute_up_to_its_end(void **state)
{
    (void)state;
    assert_int_equal(day_plan_rate(&OFFICE, AT(7, 59)), 9);
    assert_int_equal(day_plan_rate(&OFFICE, AT(8, 0)), 1);
    assert_int_equal(day_plan_rate(&OFFICE, AT(21, 59)), 1);
    assert_int_equal(day_plan_rate(&OFFICE, AT(22, 0)), 9);
    assert_int_equal(day_plan_rate(&OFFICE, 0), 9);
    assert_int_equal(day_plan_rate(&OFFICE, DAY_PLAN_MINUTES - 1), 9);
}

static void a_row_may_go_across_midnight(void **state)
{
    (void)state;
    assert_int_equal(day_plan_rate(&NIGHT, AT(23, 29)), 9);
    assert_int_equal(day_plan_rate(&NIGHT, AT(23, 30)), 2);
    assert_int_equal(day_plan_rate(&NIGHT, AT(23, 59)), 2);
    assert_int_equal(day_plan_rate(&NIGHT, 0), 2);
}

static void of_two_rows_the_first_holds(void **state)
{
    (void)state;
    assert_int_equal(day_plan_rate(&NIGHT, AT(6, 14)), 2);
    assert_int_equal(day_plan_rate(&NIGHT, AT(6, 15)), 3);
    assert_int_equal(day_plan_rate(&NIGHT, AT(7, 0)), 9);
}

static void a_row_from_and_until_one_minute_is_the_whole_day(void **state)
{
    struct day_plan plan = { .rows = { { 5, 5, 4 } }, .count = 1 };

    (void)state;
    for (unsigned m = 0; m < DAY_PLAN_MINUTES; m++)
        assert_int_equal(day_plan_rate(&plan, m), 4);
}

static void an_empty_plan_never_changes(void **state)
{
    struct day_plan plan = { .otherwise = 7 };

    (void)state;
    for (unsigned m = 0; m < DAY_PLAN_MINUTES; m++)
        assert_int_equal(day_plan_rate(&plan, m), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_holds_from_its_first_minute_up_to_its_end),
        cmocka_unit_test(a_row_may_go_across_midnight),
        cmocka_unit_test(of_two_rows_the_first_holds),
        cmocka_unit_test(a_row_from_and_until_one_minute_is_the_whole_day),
        cmocka_unit_test(an_empty_plan_never_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
