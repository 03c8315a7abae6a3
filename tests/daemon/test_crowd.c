#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/crowd.h"

static void a_single_member_has_to_go(void **state)
{
    const struct crowd_member one[] = { { .network = 1, .since_ms = 5 } };

    (void)state;
    assert_int_equal(crowd_pick(one, 1), 0);
}

static void the_oldest_of_the_most_crowded_network_goes(void **state)
{
    const struct crowd_member members[] = {
        { .network = 1, .since_ms = 1 }, { .network = 2, .since_ms = 9 },
        { .network = 2, .since_ms = 4 }, { .network = 2, .since_ms = 7 },
        { .network = 1, .since_ms = 2 },
    };

    (void)state;
    assert_int_equal(crowd_pick(members, 5), 2);
}

static void of_equal_crowds_the_oldest_member_goes(void **state)
{
    const struct crowd_member members[] = {
        { .network = 1, .since_ms = 3 },
        { .network = 2, .since_ms = 2 },
        { .network = 3, .since_ms = 8 },
    };

    (void)state;
    assert_int_equal(crowd_pick(members, 3), 1);
}

/* A settled peer does not give way to newcomers from one crowd. */
static void of_those_who_stay_the_newest_of_the_crowd_goes(void **state)
{
    const struct crowd_member members[] = {
        { .network = 1, .since_ms = 1 },
        { .network = 2, .since_ms = 4 },
        { .network = 2, .since_ms = 7 },
        { .network = 1, .since_ms = 5 },
        { .network = 1, .since_ms = UINT64_MAX }, /* one more of the crowd */
        { .network = 3, .since_ms = 8 },
    };
    const struct crowd_member other[] = {
        { .network = 1, .since_ms = 1 },
        { .network = 1, .since_ms = 5 },
        { .network = 2, .since_ms = UINT64_MAX },
    };

    (void)state;
    assert_int_equal(crowd_pick_latest(members, 6), 4);
    assert_int_equal(crowd_pick_latest(other, 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_member_has_to_go),
        cmocka_unit_test(the_oldest_of_the_most_crowded_network_goes),
        cmocka_unit_test(of_equal_crowds_the_oldest_member_goes),
        cmocka_unit_test(of_those_who_stay_the_newest_of_the_crowd_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
