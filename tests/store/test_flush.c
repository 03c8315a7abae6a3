/* What a system says of what it has still to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "store/flush.h"

static uint64_t waiting(const char *text)
{
    return flush_waiting_kib(
        (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void what_waits_and_what_is_written_is_one_sum(void **state)
{
    (void)state;
    assert_int_equal(waiting("MemTotal:  16 kB\nDirty:       40 kB\n"
                             "Writeback:    2 kB\nWritebackTmp: 7 kB\n"),
                     42);
    assert_int_equal(waiting("Dirty:0 kB\nWriteback:1"), 1);
}

static void what_does_not_say_it_counts_as_much(void **state)
{
    static const char whole[] = "Dirty: 40 kB\nWriteback: 2 kB\n";

    (void)state;
    assert_true(waiting("") == UINT64_MAX);
    assert_true(waiting("Dirty: 40 kB\n") == UINT64_MAX);
    assert_true(waiting("Writeback: 40 kB\n") == UINT64_MAX);
    assert_true(waiting("NotDirty: 40 kB\nWriteback: 2 kB\n") == UINT64_MAX);
    for (size_t len = 0; len < strlen("Dirty: 40 kB\nWriteback:"); len++)
        assert_true(flush_waiting_kib((struct bytes){ (const uint8_t *)whole,
                                                      len }) == UINT64_MAX);
}

static void a_number_without_an_end_is_much_and_no_overflow(void **state)
{
    (void)state;
    assert_true(waiting("Dirty: 99999999999999999999999999 kB\n"
                        "Writeback: 99999999999999999999999999 kB\n") >
                FLUSH_WAITING_MAX_KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_and_what_is_written_is_one_sum),
        cmocka_unit_test(what_does_not_say_it_counts_as_much),
        cmocka_unit_test(a_number_without_an_end_is_much_and_no_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
