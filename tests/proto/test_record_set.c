/* The order of keys, and sums: against numbers from RFC 8439. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/record_set.h"

static void keys_are_ordered_by_time_then_id(void **state)
{
    struct record_key early = { 5, { 9 } };
    struct record_key small = { 6, { 1 } };
    struct record_key large = { 6, { 2 } };

    (void)state;
    assert_true(record_key_compare(&early, &small) < 0);
    assert_true(record_key_compare(&large, &small) > 0);
    assert_true(record_key_compare(&small, &large) < 0);
    assert_int_equal(record_key_compare(&small, &small), 0);
}

static void the_key_of_a_time_is_below_all_of_that_time(void **state)
{
    struct record_key at = record_key_at(6);
    struct record_key key = { 6, { 0 } };

    (void)state;
    assert_int_equal(record_key_compare(&at, &key), 0);
    key.id[ID_LEN - 1] = 1;
    assert_true(record_key_compare(&at, &key) < 0);
}

static void the_key_after_one_is_the_next_number(void **state)
{
    struct record_key key = { 6, { 1 } };
    struct record_key after;

    (void)state;
    key.id[ID_LEN - 1] = 0xff;
    after = record_key_after(&key);
    assert_int_equal(after.id[ID_LEN - 1], 0);
    assert_int_equal(after.id[ID_LEN - 2], 1);
    assert_int_equal(after.id[0], 1);
    memset(key.id, 0xff, ID_LEN);
    after = record_key_after(&key);
    key = record_key_at(7);
    assert_int_equal(record_key_compare(&after, &key), 0);
}

/* RFC 8439, appendix A.1, test vectors 1 and 2: key and nonce zero. */
static void lanes_are_the_keystream_of_the_id(void **state)
{
    static const uint8_t id[ID_LEN] = { 0 };
    struct record_sum sum = { 0 };

    (void)state;
    record_sum_add(&sum, id);
    assert_int_equal(sum.count, 1);
    assert_true(sum.lanes[0] == UINT64_C(0x903df1a0ade0b876));
    assert_true(sum.lanes[7] == UINT64_C(0x8665eeb269b687c3));
    assert_true(sum.lanes[8] == UINT64_C(0x7a385155bee7079f));
    assert_true(sum.lanes[15] == UINT64_C(0x6f4d794b1f0ae1ac));
}

static void sums_join_to_the_sum_of_all(void **state)
{
    static const uint8_t ids[3][ID_LEN] = { { 1 }, { 2 }, { 3 } };
    struct record_sum all = { 0 };
    struct record_sum one = { 0 };
    struct record_sum rest = { 0 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        record_sum_add(&all, ids[i]);
        record_sum_add(i == 1 ? &one : &rest, ids[i]);
    }
    assert_memory_not_equal(&all, &rest, sizeof all);
    record_sum_join(&rest, &one);
    assert_memory_equal(&all, &rest, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_ordered_by_time_then_id),
        cmocka_unit_test(the_key_of_a_time_is_below_all_of_that_time),
        cmocka_unit_test(the_key_after_one_is_the_next_number),
        cmocka_unit_test(lanes_are_the_keystream_of_the_id),
        cmocka_unit_test(sums_join_to_the_sum_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
