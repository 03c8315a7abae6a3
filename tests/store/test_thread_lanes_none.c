/* On a processor without lanes, threads do without, at no cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/thread_lanes.h"

static unsigned tries;

struct lanes *__wrap_lanes_new(void);

struct lanes *__wrap_lanes_new(void)
{
    tries++;
    return NULL;
}

static void where_there_are_none_it_is_tried_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_null(thread_lanes());
    assert_int_equal(tries, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_there_are_none_it_is_tried_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
