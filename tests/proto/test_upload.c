/* Slots, rounds and limits of what peers are sent. */
#include "proto/upload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define T0    ((uint64_t)5000)
#define PIECE ((size_t)32 * 1024)

/* Peers that want all they can get, and what they got. */
struct world {
    struct upload u;
    unsigned count;
    unsigned peer[64];
    uint64_t sent[64];
};

static struct world w; /* large */

static void begin(unsigned count, uint64_t all, uint64_t each)
{
    memset(&w, 0, sizeof w);
    upload_init(&w.u, T0);
    upload_limit(&w.u, all, each, T0);
    w.count = count;
    for (unsigned i = 0; i < count; i++) {
        w.peer[i] = upload_open(&w.u, T0);
        assert_int_not_equal(w.peer[i], UPLOAD_NOBODY);
        assert_true(upload_begin(&w.u, w.peer[i], T0));
    }
}

/* One peer sends while it may, `most` pieces at most; then it has no room. */
static void fill(unsigned i, unsigned most, uint64_t now_ms)
{
    for (unsigned k = 0; k < most; k++) {
        if (!upload_may_send(&w.u, w.peer[i], now_ms))
            return;
        upload_sent(&w.u, w.peer[i], PIECE, now_ms);
        w.sent[i] += PIECE;
    }
    upload_pause(&w.u, w.peer[i]);
}

static unsigned index_of(unsigned peer)
{
    for (unsigned i = 0; i < w.count; i++)
        if (w.peer[i] == peer)
            return i;
    fail();
    return 0;
}

/* Turns of the loop, as long as somebody may send. */
static void turn(uint64_t now_ms)
{
    unsigned out[UPLOAD_SLOTS];
    unsigned count;

    while ((count = upload_wake(&w.u, out, now_ms)) > 0) {
        for (unsigned i = 0; i < count; i++)
            fill(index_of(out[i]), 1000, now_ms);
    }
}

static void without_limits_who_has_a_slot_sends(void **state)
{
    (void)state;
    begin(8, 0, 0);
    for (unsigned i = 0; i < 8; i++) {
        for (int k = 0; k < 1000; k++) {
            assert_true(upload_may_send(&w.u, w.peer[i], T0));
            upload_sent(&w.u, w.peer[i], PIECE, T0);
        }
    }
    upload_pause(&w.u, w.peer[0]);
    for (unsigned i = 1; i < 8; i++)
        upload_pause(&w.u, w.peer[i]);
    assert_int_equal(upload_deadline(&w.u, T0), UINT64_MAX);
}

/* At every moment, of those who always want: a quantum and a piece apart. */
static void peers_stay_within_a_quantum_of_each_other(void **state)
{
    (void)state;
    begin(8, 1000000, 0);
    for (uint64_t now = T0; now < T0 + 60000; now += 7) {
        uint64_t least = UINT64_MAX;
        uint64_t most = 0;

        turn(now);
        for (unsigned i = 0; i < 8; i++) {
            least = w.sent[i] < least ? w.sent[i] : least;
            most = w.sent[i] > most ? w.sent[i] : most;
        }
        assert_true(most - least <= (uint64_t)UPLOAD_QUANTUM + PIECE);
    }
    assert_true(w.sent[0] > 6 * 1000000); /* an eighth of 60 s, nearly */
}

static void the_limit_for_all_is_kept_at_any_ticks(void **state)
{
    uint64_t seed = 3;
    uint64_t now = T0;

    (void)state;
    begin(5, 700000, 0);
    while (now < T0 + 100000) {
        uint64_t sum = 0;
        uint64_t most = (now - T0) * 700;

        turn(now);
        for (unsigned i = 0; i < 5; i++)
            sum += w.sent[i];
        assert_true(sum <= most + PIECE);
        assert_true(sum >= most);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        now += (seed >> 33) % RATE_BURST_MS;
    }
}

static void the_limit_for_each_leaves_the_rest_to_others(void **state)
{
    (void)state;
    begin(2, 0, 100000);
    for (uint64_t now = T0; now <= T0 + 10000; now += 5)
        turn(now);
    for (unsigned i = 0; i < 2; i++)
        assert_in_range(w.sent[i], 1000000, 1000000 + PIECE);
    begin(2, 1000000, 0);
    rate_set(&w.u.peers[w.peer[0]].rate, 100000, T0);
    for (uint64_t now = T0; now <= T0 + 10000; now += 5)
        turn(now);
    assert_in_range(w.sent[0], 1000000, 1000000 + PIECE);
    assert_true(w.sent[1] >= 9000000 - 4 * PIECE);
}

/* One that takes little does not keep the line from the others. */
static void a_slow_peer_holds_nobody_up(void **state)
{
    uint64_t sum;

    (void)state;
    begin(3, 1000000, 0);
    for (uint64_t now = T0; now <= T0 + 10000; now += 5) {
        unsigned out[UPLOAD_SLOTS];
        unsigned count = upload_wake(&w.u, out, now);

        for (unsigned i = 0; i < count; i++)
            fill(index_of(out[i]), index_of(out[i]) == 0 ? 0 : 1000, now);
        if (now % 1000 == 0) /* room for one piece each second */
            fill(0, 1, now);
    }
    sum = w.sent[0] + w.sent[1] + w.sent[2];
    assert_in_range(sum, 10000000, 10000000 + PIECE);
    assert_true(w.sent[0] <= 11 * PIECE);
    assert_true(w.sent[1] >= 4000000 && w.sent[2] >= 4000000);
}

/* It was told to go on and is stuck: the others need not wait for it. */
static void who_is_woken_and_silent_is_passed_over(void **state)
{
    unsigned out[UPLOAD_SLOTS];

    (void)state;
    begin(2, 1000000, 0);
    assert_int_equal(upload_wake(&w.u, out, T0), 2);
    fill(1, 1000, T0); /* peer 0 does nothing */
    for (uint64_t now = T0; now <= T0 + 10000; now += 5) {
        unsigned count = upload_wake(&w.u, out, now);

        for (unsigned i = 0; i < count; i++)
            if (index_of(out[i]) == 1)
                fill(1, 1000, now);
    }
    assert_int_equal(w.sent[0], 0);
    assert_in_range(w.sent[1], 10000000, 10000000 + PIECE);
}

static void the_ninth_waits_for_a_slot(void **state)
{
    unsigned out[UPLOAD_SLOTS];

    (void)state;
    begin(9, 0, 0);
    assert_false(upload_has_slot(&w.u, w.peer[8]));
    assert_false(upload_may_send(&w.u, w.peer[8], T0));
    assert_int_equal(upload_wake(&w.u, out, T0), 8);
    upload_end(&w.u, w.peer[3], T0 + 1);
    assert_true(upload_has_slot(&w.u, w.peer[8]));
    assert_false(upload_has_slot(&w.u, w.peer[3]));
    assert_true(upload_may_send(&w.u, w.peer[8], T0 + 1));
    /* Who asks again is behind the others. */
    assert_true(upload_begin(&w.u, w.peer[3], T0 + 1));
    assert_false(upload_has_slot(&w.u, w.peer[3]));
    upload_close(&w.u, w.peer[0], T0 + 1);
    assert_true(upload_has_slot(&w.u, w.peer[3]));
}

static void a_turn_ends_only_if_others_wait(void **state)
{
    unsigned out[UPLOAD_SLOTS];

    (void)state;
    begin(8, 0, 0);
    (void)upload_wake(&w.u, out, T0 + 100 * UPLOAD_TURN_MS);
    for (unsigned i = 0; i < 8; i++)
        assert_true(upload_has_slot(&w.u, w.peer[i]));

    begin(10, 0, 0);
    assert_int_equal(upload_deadline(&w.u, T0), T0);
    for (unsigned i = 0; i < 8; i++)
        upload_pause(&w.u, w.peer[i]);
    assert_int_equal(upload_deadline(&w.u, T0), T0 + UPLOAD_TURN_MS);
    (void)upload_wake(&w.u, out, T0 + UPLOAD_TURN_MS - 1);
    assert_false(upload_has_slot(&w.u, w.peer[8]));
    assert_int_equal(upload_wake(&w.u, out, T0 + UPLOAD_TURN_MS), 2);
    assert_true(upload_has_slot(&w.u, w.peer[8]));
    assert_true(upload_has_slot(&w.u, w.peer[9]));
    assert_false(upload_has_slot(&w.u, w.peer[0]));
    assert_false(upload_has_slot(&w.u, w.peer[1]));
}

/* However many they are, each gets its turn before it gives up. */
static void nobody_waits_longer_than_peers_are_patient(void **state)
{
    enum { ALL = UPLOAD_SLOTS + UPLOAD_QUEUE_MAX };
    uint64_t last[ALL];

    (void)state;
    begin(ALL, 0, 0);
    for (unsigned i = 0; i < ALL; i++)
        last[i] = T0;
    for (uint64_t now = T0; now < T0 + 120000; now += 50) {
        turn(now);
        for (unsigned i = 0; i < ALL; i++) {
            if (upload_has_slot(&w.u, w.peer[i]))
                last[i] = now;
            assert_true(now - last[i] < BLOB_TIMEOUT_MS);
        }
    }
    for (unsigned i = 0; i < ALL; i++)
        assert_true(w.sent[i] > 0);
}

static void one_too_many_is_told_that_this_node_is_busy(void **state)
{
    unsigned late;

    (void)state;
    begin(UPLOAD_SLOTS + UPLOAD_QUEUE_MAX, 0, 0);
    late = upload_open(&w.u, T0);
    assert_false(upload_begin(&w.u, late, T0));
    assert_false(upload_has_slot(&w.u, late));
    upload_end(&w.u, w.peer[20], T0); /* one of the queue */
    assert_true(upload_begin(&w.u, late, T0));
}

static void numbers_run_out_and_come_back(void **state)
{
    unsigned first;

    (void)state;
    memset(&w, 0, sizeof w);
    upload_init(&w.u, T0);
    first = upload_open(&w.u, T0);
    for (unsigned i = 1; i < UPLOAD_PEERS_MAX; i++)
        assert_int_not_equal(upload_open(&w.u, T0), UPLOAD_NOBODY);
    assert_int_equal(upload_open(&w.u, T0), UPLOAD_NOBODY);
    upload_close(&w.u, first, T0);
    assert_int_equal(upload_open(&w.u, T0), first);
}

/* A limit that is lifted, or laid down, holds at once. */
static void another_limit_holds_at_once(void **state)
{
    unsigned out[UPLOAD_SLOTS];

    (void)state;
    begin(1, 1000, 0);
    turn(T0);
    assert_int_equal(w.sent[0], PIECE);
    assert_int_equal(upload_wake(&w.u, out, T0 + 1), 0);
    upload_limit(&w.u, 0, 0, T0 + 1);
    assert_int_equal(upload_wake(&w.u, out, T0 + 1), 1);
    assert_true(upload_may_send(&w.u, w.peer[0], T0 + 1));
    upload_limit(&w.u, 0, 1000, T0 + 1);
    upload_sent(&w.u, w.peer[0], 1000, T0 + 1);
    assert_false(upload_may_send(&w.u, w.peer[0], T0 + 1));
    assert_int_equal(upload_deadline(&w.u, T0 + 1), T0 + 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_who_has_a_slot_sends),
        cmocka_unit_test(peers_stay_within_a_quantum_of_each_other),
        cmocka_unit_test(the_limit_for_all_is_kept_at_any_ticks),
        cmocka_unit_test(the_limit_for_each_leaves_the_rest_to_others),
        cmocka_unit_test(a_slow_peer_holds_nobody_up),
        cmocka_unit_test(who_is_woken_and_silent_is_passed_over),
        cmocka_unit_test(the_ninth_waits_for_a_slot),
        cmocka_unit_test(a_turn_ends_only_if_others_wait),
        cmocka_unit_test(nobody_waits_longer_than_peers_are_patient),
        cmocka_unit_test(one_too_many_is_told_that_this_node_is_busy),
        cmocka_unit_test(numbers_run_out_and_come_back),
        cmocka_unit_test(another_limit_holds_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
