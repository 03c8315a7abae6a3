/* What is kept of a day, and how much a peer may add, to the last record. */
#include "proto/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_stranger_keeps_sixty_four_records_a_day(void **state)
{
    struct budget budget = BUDGET_STRANGER;
    struct budget_walk walk = { 0 };

    (void)state;
    for (unsigned i = 0; i < BUDGET_RECORDS_MAX; i++)
        assert_true(budget_keep(&walk, &budget, 1));
    assert_false(budget_keep(&walk, &budget, 1));
    assert_false(budget_keep(&walk, &budget, 0));
}

static void a_stranger_keeps_256_kib_a_day_to_the_byte(void **state)
{
    struct budget budget = BUDGET_STRANGER;
    struct budget_walk exact = { 0 };
    struct budget_walk over = { 0 };

    (void)state;
    assert_true(budget_keep(&exact, &budget, BUDGET_BYTES_MAX - 1));
    assert_true(budget_keep(&exact, &budget, 1));
    assert_false(budget_keep(&exact, &budget, 1));
    assert_true(budget_keep(&over, &budget, BUDGET_BYTES_MAX - 1));
    assert_false(budget_keep(&over, &budget, 2));
}

static void nothing_is_kept_after_the_first_that_does_not_fit(void **state)
{
    struct budget budget = BUDGET_STRANGER;
    struct budget_walk walk = { 0 };

    (void)state;
    assert_true(budget_keep(&walk, &budget, 10));
    assert_false(budget_keep(&walk, &budget, BUDGET_BYTES_MAX));
    assert_false(budget_keep(&walk, &budget, 1));
}

static void who_has_no_budget_keeps_nothing_and_who_is_free_all(void **state)
{
    struct budget nothing = BUDGET_NOTHING;
    struct budget all = BUDGET_FREE;
    struct budget_walk walk = { 0 };

    (void)state;
    assert_false(budget_keep(&walk, &nothing, 0));
    assert_false(budget_is_free(&nothing));
    assert_true(budget_is_free(&all));
    for (unsigned i = 0; i < 1000; i++)
        assert_true(budget_keep(&walk, &all, BUDGET_BYTES_MAX));
}

/* What stays of ids that come one after another, kept as a store would. */
struct day {
    uint8_t kept[16];
    uint8_t over[16]; /* 1: known, not held */
};

static uint64_t bytes_of(unsigned id)
{
    return id % 3 == 0 ? 50 : 10 + id;
}

static void come(struct day *d, unsigned id)
{
    struct budget budget = { .records = 6, .bytes = 120 };
    struct budget_walk walk = { 0 };
    bool is_past = false;

    d->kept[id] = 1;
    for (unsigned i = 0; i < sizeof d->kept; i++) {
        is_past = is_past || d->over[i];
        if (!d->kept[i])
            continue;
        if (is_past || !budget_keep(&walk, &budget, bytes_of(i))) {
            d->kept[i] = 0;
            d->over[i] = 1;
        }
    }
}

static void any_order_of_arrival_keeps_the_same(void **state)
{
    struct day first = { { 0 }, { 0 } };
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        come(&first, i);
    for (unsigned round = 0; round < 2000; round++) {
        struct day d = { { 0 }, { 0 } };
        uint8_t order[16];

        for (unsigned i = 0; i < 16; i++)
            order[i] = (uint8_t)i;
        for (unsigned i = 15; i > 0; i--) {
            unsigned j;
            uint8_t swap = order[i];

            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            j = (unsigned)(seed % (i + 1));
            order[i] = order[j];
            order[j] = swap;
        }
        for (unsigned i = 0; i < 16; i++)
            come(&d, order[i]);
        assert_memory_equal(&d, &first, sizeof d);
    }
}

static void a_peer_adds_20000_in_an_hour_and_then_waits(void **state)
{
    struct budget_meter meter = { 0 };
    uint64_t begun = 5000;

    (void)state;
    assert_int_equal(budget_meter_until(&meter, 0), 0);
    for (unsigned i = 0; i < KNOWN_PEER_MAX - 1; i++)
        budget_meter_add(&meter, begun + i);
    assert_int_equal(budget_meter_until(&meter, begun + 30000), 0);
    budget_meter_add(&meter, begun + 30000);
    assert_int_equal(budget_meter_until(&meter, begun + 30000),
                     begun + KNOWN_EVERY_MS);
    assert_int_equal(budget_meter_until(&meter, begun + KNOWN_EVERY_MS - 1),
                     begun + KNOWN_EVERY_MS);
    assert_int_equal(budget_meter_until(&meter, begun + KNOWN_EVERY_MS), 0);
    budget_meter_add(&meter, begun + KNOWN_EVERY_MS);
    assert_int_equal(meter.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_keeps_sixty_four_records_a_day),
        cmocka_unit_test(a_stranger_keeps_256_kib_a_day_to_the_byte),
        cmocka_unit_test(nothing_is_kept_after_the_first_that_does_not_fit),
        cmocka_unit_test(who_has_no_budget_keeps_nothing_and_who_is_free_all),
        cmocka_unit_test(any_order_of_arrival_keeps_the_same),
        cmocka_unit_test(a_peer_adds_20000_in_an_hour_and_then_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
