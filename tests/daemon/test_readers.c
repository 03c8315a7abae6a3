/* Whose turn it is of those who read a blob that is still coming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/readers.h"

#define MIB ((uint64_t)1024 * 1024)
#define T0  ((uint64_t)50000)

static struct readers readers;
static unsigned told;

static void on_bytes(struct node_reader *reader)
{
    told++;
    readers_remove(&readers, reader);
}

static struct node_reader read_of(uint8_t blob, uint64_t offset)
{
    return (struct node_reader){
        .on_bytes = on_bytes,
        .blob = { .root = { blob }, .size = 100 * MIB },
        .offset = offset,
        .until = 100 * MIB,
    };
}

static int forget(void **state)
{
    (void)state;
    readers.first = NULL;
    told = 0;
    return 0;
}

static void nobody_reads_what_nobody_reads(void **state)
{
    struct node_reader a = read_of(1, 0), other = read_of(2, 0);

    (void)state;
    assert_null(readers_find(&readers, &a.blob, T0));
    readers_add(&readers, &other, T0);
    assert_null(readers_find(&readers, &a.blob, T0));
    readers_add(&readers, &a, T0);
    assert_ptr_equal(readers_find(&readers, &a.blob, T0), &a);
    other.blob.root[0] = 1;
    other.blob.size++; /* the root alone names no blob */
    assert_ptr_equal(readers_find(&readers, &other.blob, T0), &other);
    assert_ptr_equal(readers_find(&readers, &a.blob, T0), &a);
}

static void two_take_turns(void **state)
{
    struct node_reader a = read_of(1, 0), b = read_of(1, 50 * MIB);

    (void)state;
    readers_add(&readers, &a, T0);
    readers_add(&readers, &b, T0 + 10);
    for (uint64_t now = T0 + 20; now < T0 + 2000; now += 100) {
        struct node_reader *due =
            readers_find(&readers, &a.blob, now) == &a ? &a : &b;

        readers_remove(&readers, due);
        readers_add(&readers, due, now); /* it asks for what follows */
        assert_ptr_equal(readers_find(&readers, &a.blob, now),
                         due == &a ? &b : &a);
    }
}

static void who_waits_in_vain_lets_others_go_first(void **state)
{
    struct node_reader a = read_of(1, 0), b = read_of(1, 50 * MIB);

    (void)state;
    readers_add(&readers, &a, T0);
    readers_add(&readers, &b, T0 + 1500);
    assert_ptr_equal(readers_find(&readers, &a.blob, T0 + 1999), &a);
    assert_ptr_equal(readers_find(&readers, &a.blob, T0 + 2000), &b);
    /* When both have, it is who came last. */
    assert_ptr_equal(readers_find(&readers, &a.blob, T0 + 9999), &b);
    readers_remove(&readers, &b);
    assert_ptr_equal(readers_find(&readers, &a.blob, T0 + 9999), &a);
}

static void each_place_of_the_list_can_be_left(void **state)
{
    (void)state;
    for (size_t gone = 0; gone < 3; gone++) {
        struct node_reader r[3] = { read_of(1, 0), read_of(1, 1),
                                    read_of(1, 2) };
        size_t left = 0;

        readers.first = NULL;
        for (size_t i = 0; i < 3; i++)
            readers_add(&readers, &r[i], T0);
        readers_remove(&readers, &r[gone]);
        for (const struct node_reader *at = readers.first; at != NULL;
             at = at->next) {
            assert_ptr_not_equal(at, &r[gone]);
            left++;
        }
        assert_int_equal(left, 2);
    }
}

static void those_who_are_told_may_leave(void **state)
{
    struct node_reader r[3] = { read_of(1, 0), read_of(2, 1), read_of(1, 2) };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        readers_add(&readers, &r[i], T0);
    readers_tell(&readers, &r[0].blob);
    assert_int_equal(told, 2);
    assert_ptr_equal(readers.first, &r[1]); /* of another blob */
    assert_null(r[1].next);
}

static void sixteen_mebibytes_ahead_and_no_more_than_is_read(void **state)
{
    struct node_reader a = read_of(1, 10);

    (void)state;
    assert_int_equal(readers_end(&a), 10 + 16 * MIB);
    a.until = 10 + 16 * MIB - 1;
    assert_int_equal(readers_end(&a), 10 + 16 * MIB - 1);
    a.until = 11;
    assert_int_equal(readers_end(&a), 11);
    a.until = 100 * MIB;
    a.offset = 84 * MIB;
    assert_int_equal(readers_end(&a), 100 * MIB);
    a.offset = 84 * MIB + 1;
    assert_int_equal(readers_end(&a), 100 * MIB);
    a.until = UINT64_MAX;
    assert_int_equal(readers_end(&a), 100 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_reads_what_nobody_reads, forget),
        cmocka_unit_test_setup(two_take_turns, forget),
        cmocka_unit_test_setup(who_waits_in_vain_lets_others_go_first, forget),
        cmocka_unit_test_setup(each_place_of_the_list_can_be_left, forget),
        cmocka_unit_test_setup(those_who_are_told_may_leave, forget),
        cmocka_unit_test_setup(sixteen_mebibytes_ahead_and_no_more_than_is_read,
                               forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
