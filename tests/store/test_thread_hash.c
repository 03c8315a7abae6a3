/* Each thread has one of its own, which goes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#include "store/thread_hash.h"

/* What a thread was given; its memory goes when it ends (LeakSanitizer). */
static void *ask(void *out)
{
    struct multi_hash *first = thread_multi_hash();

    *(bool *)out = first == thread_multi_hash();
    return first;
}

static void a_thread_is_given_its_own_again(void **state)
{
    struct multi_hash *mine = thread_multi_hash();
    bool same = false;
    void *others;
    pthread_t thread;

    (void)state;
    if (HAVE_MULTI_HASH)
        assert_non_null(mine);
    assert_ptr_equal(thread_multi_hash(), mine);
    assert_int_equal(pthread_create(&thread, NULL, ask, &same), 0);
    assert_int_equal(pthread_join(thread, &others), 0);
    assert_true(same);
    if (HAVE_MULTI_HASH)
        assert_ptr_not_equal(others, mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_given_its_own_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
