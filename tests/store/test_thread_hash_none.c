/* Where there is none, threads do without, at no cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/thread_hash.h"

static unsigned tries;

struct multi_hash *__wrap_multi_hash_new(void);

struct multi_hash *__wrap_multi_hash_new(void)
{
    tries++;
    return NULL;
}

static void where_there_are_none_it_is_tried_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_null(thread_multi_hash());
    assert_int_equal(tries, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_there_are_none_it_is_tried_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
