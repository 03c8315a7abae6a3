/* How fast it goes: of late, and not at all where nothing moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/progress.h"

static void the_first_second_is_told_by_the_daemon(void **state)
{
    struct progress_pace pace = { .count = 0 };

    (void)state;
    assert_true(progress_rate(&pace, 5000, 70, 33) == 33);
    assert_true(progress_rate(&pace, 5999, 90, 34) == 34);
    assert_true(progress_rate(&pace, 6000, 90, 34) == 20);
}

static void what_was_slow_at_first_is_as_fast_as_it_is_now(void **state)
{
    struct progress_pace pace = { .count = 0 };
    double rate = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        rate = progress_rate(&pace, 250 * i, i, 1);
    assert_true(rate == 4);
    for (unsigned i = 0; i < 100; i++)
        rate = progress_rate(&pace, 25000 + 250 * i, 100 + 1000 * i, 1);
    assert_true(rate == 4000);
}

static void where_nothing_moves_no_end_is_promised(void **state)
{
    struct progress_pace pace = { .count = 0 };
    double rate = 1;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        rate = progress_rate(&pace, 250 * i, 1000 * i, 1);
    assert_true(rate > 0);
    for (unsigned i = 8; i < 48; i++)
        rate = progress_rate(&pace, 250 * i, 7000, 1);
    assert_true(rate == 0);
}

static void what_falls_back_has_no_rate(void **state)
{
    struct progress_pace pace = { .count = 0 };

    (void)state;
    (void)progress_rate(&pace, 0, 100, 1);
    assert_true(progress_rate(&pace, 2000, 50, 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_second_is_told_by_the_daemon),
        cmocka_unit_test(what_was_slow_at_first_is_as_fast_as_it_is_now),
        cmocka_unit_test(where_nothing_moves_no_end_is_promised),
        cmocka_unit_test(what_falls_back_has_no_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
