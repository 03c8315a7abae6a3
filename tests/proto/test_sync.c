/* Sessions between two machines over sets in memory: results and cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/peer_pair.h"

#define HELLO  PEER_FRAME_HELLO
#define SYNC   PEER_FRAME_SYNC
#define RECORD PEER_FRAME_RECORD
#define HEADS  PEER_FRAME_NOT_HELD

static int setup(void **state)
{
    struct peer_pair *pair = malloc(sizeof *pair);

    if (pair == NULL)
        return -1;
    pair_init(pair);
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    pair_wipe(*state);
    free(*state);
    return 0;
}

static void assert_equal_sets(struct peer_pair *pair, uint64_t count)
{
    assert_int_equal(pair->err, ERR_OK);
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
    assert_int_equal(memory_set_count(&pair->side[0].set, PAIR_TOPIC), count);
}

/* Syncs at once: without a second session. */
static void assert_syncs(struct peer_pair *pair, uint64_t count)
{
    pair_join(pair);
    pair_run(pair);
    assert_equal_sets(pair, count);
    assert_true(pair_in_sync(pair));
    assert_int_equal(pair->side[0].records_known, 0);
    assert_int_equal(pair->side[1].records_known, 0);
}

static void equal_sets_exchange_only_hellos(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 1000);
    pair_fill(pair, 1, 0, 1000);
    assert_syncs(pair, 1000);
    assert_int_equal(pair_bytes(pair, 0), pair_bytes(pair, HELLO));
    assert_in_range(pair_bytes(pair, 0), 1, 200);
    for (size_t i = 0; i < 2; i++)
        assert_true(peer_deadline(&pair->side[i].peer) >=
                    pair->now_ms + SYNC_AUDIT_MS);
}

static void two_empty_sets_are_in_sync(void **state)
{
    assert_syncs(*state, 0);
}

static void the_empty_side_asks_for_all_in_few_bytes(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 1, 0, 20000);
    assert_syncs(pair, 20000);
    assert_int_equal(pair->side[0].records_new, 20000);
    assert_in_range(pair_bytes(pair, SYNC), 1, 130);
}

static void the_newest_that_lack_cost_no_second_round(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 100000);
    pair_fill(pair, 1, 0, 99000);
    assert_syncs(pair, 100000);
    assert_int_equal(pair->side[1].records_new, 1000);
    assert_in_range(pair_bytes(pair, SYNC), 400, 750);
}

static void what_lacks_flows_after_one_message(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 20000);
    pair_fill(pair, 1, 0, 19900);
    pair_join(pair);
    while (pair->side[1].frames[SYNC] == 0) /* OPEN */
        assert_true(pair_carry(pair, 1) || pair_carry(pair, 0));
    assert_int_equal(pair->side[1].records_new, 0);
    assert_true(pair_carry(pair, 0));
    assert_int_equal(pair->side[1].records_new, 100);
    assert_int_equal(pair->side[1].frames[SYNC], 1);
}

static void an_equal_set_costs_one_opening(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 100000);
    pair_fill(pair, 1, 0, 100000);
    assert_syncs(pair, 100000);
    peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    assert_true(peer_deadline(&pair->side[0].peer) <= pair->now_ms);
    pair_advance(pair, 0);
    pair_run(pair);
    assert_true(pair_in_sync(pair));
    assert_in_range(pair_bytes(pair, SYNC), 400, 750);
}

static void recent_differences_cost_little(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 100000);
    pair_fill(pair, 1, 0, 99800);
    for (uint64_t n = 99800; n < 100000; n += 2)
        pair_fill(pair, 1, n, n + 1);
    assert_syncs(pair, 100000);
    assert_in_range(pair_bytes(pair, SYNC), 600, 5000);
}

/* 100 of 100,000 on each side of the middle, both directions at once. */
static void scattered_differences_go_both_ways(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t seed = 42;

    pair->side[0].set.has_no_symbols = true;
    for (uint64_t n = 0; n < 100000; n++) {
        bool lacks = n % 1000 == 500;
        size_t side = (size_t)(pair_random(&seed) >> 63);

        if (!lacks || side == 0)
            pair_fill(pair, 0, n, n + 1);
        if (!lacks || side == 1)
            pair_fill(pair, 1, n, n + 1);
    }
    assert_syncs(pair, 100000);
    assert_int_equal(pair->side[0].records_new + pair->side[1].records_new,
                     100);
    assert_true(pair->side[0].records_new > 20);
    assert_true(pair->side[1].records_new > 20);
    assert_in_range(pair_bytes(pair, SYNC), 20000, 90000);
}

/* Every second record lacks on one side or the other: many full messages. */
static void what_does_not_fit_is_continued(void **state)
{
    struct peer_pair *pair = *state;

    for (uint64_t n = 0; n < 20000; n++) {
        pair_fill(pair, 0, n, n + (n % 4 != 1));
        pair_fill(pair, 1, n, n + (n % 4 != 3));
    }
    assert_syncs(pair, 20000);
    assert_int_equal(pair->side[0].records_new, 5000);
    assert_int_equal(pair->side[1].records_new, 5000);
    assert_true(pair->side[0].frames[SYNC] > 3);
}

static void disjoint_sets_become_one(void **state)
{
    struct peer_pair *pair = *state;

    for (uint64_t n = 0; n < 3000; n++)
        pair_fill(pair, n % 3 == 0, n, n + 1);
    assert_syncs(pair, 3000);
}

static void a_few_against_many_of_the_same_time(void **state)
{
    struct peer_pair *pair = *state;

    for (uint64_t n = 0; n < 500; n++) {
        struct record_key key = pair_key(n);

        key.created_ms = (uint64_t)PAIR_FROM_DAY * DAY_MS + 5;
        (void)memory_set_add(&pair->side[n % 50 == 0].set, PAIR_TOPIC, &key,
                             true);
    }
    assert_syncs(pair, 500);
}

static void heads_that_are_not_kept_become_known(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 5000);
    for (uint64_t n = 0; n < 5000; n++) {
        struct record_key key = pair_key(n);

        if (n < 3000 || n % 2 == 0)
            (void)memory_set_add(&pair->side[1].set, PAIR_TOPIC, &key, false);
    }
    pair_fill(pair, 1, 6000, 6001);
    for (uint64_t n = 7000; n < 10000; n++) {
        struct record_key key = pair_key(n);

        (void)memory_set_add(&pair->side[1].set, PAIR_TOPIC, &key, false);
    }
    assert_syncs(pair, 8001);
    assert_int_equal(pair->side[1].frames[RECORD], 1);
    assert_in_range(pair->side[1].frames[HEADS], 3, 10);
}

static void only_the_window_of_both_is_compared(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t day = DAY_MS / 30000;

    pair_fill(pair, 0, 0, 20 * day);
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    pair_join_days(pair, 1, PAIR_FROM_DAY + 18, PAIR_UNTIL_DAY + 5);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_true(pair_in_sync(pair));
    assert_in_range(pair->side[1].records_new, 2 * day - 5, 2 * day + 5);
}

static void windows_that_do_not_meet_share_nothing(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 100);
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_FROM_DAY + 9);
    pair_join_days(pair, 1, PAIR_FROM_DAY + 10, PAIR_UNTIL_DAY);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_false(peer_shares(&pair->side[0].peer, PAIR_TOPIC));
    assert_false(peer_shares(&pair->side[1].peer, PAIR_TOPIC));
    assert_int_equal(pair_bytes(pair, SYNC), 0);
}

struct midst {
    uint64_t seed;
    uint64_t next;
    uint64_t until;
};

/* New records come on either side between any two frames, anywhere in time. */
static void add_one(struct peer_pair *pair, void *context)
{
    struct midst *m = context;
    uint64_t dice = pair_random(&m->seed);

    if (m->next == m->until || dice % 4 != 0)
        return;
    pair_add(pair, dice >> 63, m->next++ * 7919 % 4000 + 10000);
}

static void records_may_come_in_the_midst(void **state)
{
    struct peer_pair *pair = *state;
    struct midst m = { .seed = 5, .until = 1000 };

    for (uint64_t n = 0; n < 4000; n++)
        pair_fill(pair, n % 5 == 0, 10000 + n, 10000 + n + (n % 3 != 0));
    pair->on_step = add_one;
    pair->context = &m;
    pair_join(pair);
    assert_true(pair_settle(pair, 600000));
    assert_true(m.next > 500);
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
}

static void fill_at_random(struct peer_pair *pair, uint64_t *seed)
{
    uint64_t count = pair_random(seed) % 2000;
    uint64_t only = 1 + pair_random(seed) % 100; /* how rare differences are */

    for (uint64_t n = 0; n < count; n++) {
        uint64_t dice = pair_random(seed);
        bool differs = dice % only == 0;
        struct record_key key = pair_key(n);

        if (dice >> 40 & 1) /* many of one millisecond */
            key.created_ms -= key.created_ms % 60000;
        for (size_t side = 0; side < 2; side++)
            if (!differs || (dice >> 63) == side)
                (void)memory_set_add(&pair->side[side].set, PAIR_TOPIC, &key,
                                     dice >> (41 + side) & 7);
    }
}

static void any_two_sets_agree_in_one_session(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 200; number++) {
        struct peer_pair pair;
        uint64_t seed = number;

        pair_init(&pair);
        fill_at_random(&pair, &seed);
        pair_join(&pair);
        pair_run(&pair);
        if (pair.err != ERR_OK || !pair_in_sync(&pair) ||
            !memory_set_equal(&pair.side[0].set, &pair.side[1].set,
                              PAIR_TOPIC) ||
            pair.side[0].frames[SYNC] > 12)
            fail_msg("seed %u", (unsigned)number);
        pair_wipe(&pair);
    }
}

static void the_end_waits_until_records_are_durable(void **state)
{
    struct peer_pair *pair = *state;

    pair->side[0].is_slow = true;
    pair_fill(pair, 1, 0, 10);
    pair_join(pair);
    pair_run(pair);
    assert_int_equal(pair->side[0].records_new, 10);
    assert_false(pair_in_sync(pair));
    assert_false(peer_has_output(&pair->side[0].peer));
    pair_catch_up(pair, 0);
    assert_true(peer_has_output(&pair->side[0].peer));
    pair_run(pair);
    assert_true(pair_in_sync(pair));
    assert_equal_sets(pair, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_sets_exchange_only_hellos, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_empty_sets_are_in_sync, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            the_empty_side_asks_for_all_in_few_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_newest_that_lack_cost_no_second_round, setup, teardown),
        cmocka_unit_test_setup_teardown(what_lacks_flows_after_one_message,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_equal_set_costs_one_opening, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(recent_differences_cost_little, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(scattered_differences_go_both_ways,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_continued, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(disjoint_sets_become_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_few_against_many_of_the_same_time,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(heads_that_are_not_kept_become_known,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_window_of_both_is_compared,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(windows_that_do_not_meet_share_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(records_may_come_in_the_midst, setup,
                                        teardown),
        cmocka_unit_test(any_two_sets_agree_in_one_session),
        cmocka_unit_test_setup_teardown(the_end_waits_until_records_are_durable,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
