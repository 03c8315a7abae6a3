#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/backoff.h"
#include "proto/limits.h"

static void the_first_wait_is_three_seconds_give_or_take_a_quarter(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(1, 0), 2250);
    assert_int_equal(backoff_ms(1, UINT32_MAX), 3750);
}

static void each_failure_doubles_the_wait(void **state)
{
    uint64_t expected = 2250;

    (void)state;
    for (uint32_t failures = 1; failures <= 11; failures++, expected *= 2)
        assert_int_equal(backoff_ms(failures, 0), expected);
}

static void no_wait_is_over_an_hour_and_a_quarter(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(12, 0), DIAL_BACKOFF_MAX_MS / 4 * 3);
    assert_int_equal(backoff_ms(UINT32_MAX, UINT32_MAX),
                     DIAL_BACKOFF_MAX_MS / 4 * 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_first_wait_is_three_seconds_give_or_take_a_quarter),
        cmocka_unit_test(each_failure_doubles_the_wait),
        cmocka_unit_test(no_wait_is_over_an_hour_and_a_quarter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
