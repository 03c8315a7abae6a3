#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/sync_gate.h"

#define T0 ((uint64_t)1000000)

static const uint8_t TOPIC[ID_LEN] = { 1 };
static const uint8_t OTHER[ID_LEN] = { 2 };
static const int peers[2];
static const void *const ADA = &peers[0];
static const void *const BEN = &peers[1];

static void one_peer_at_a_time_fetches_a_topic(void **state)
{
    struct sync_gate gate = { .count = 0 };
    uint64_t until_ms = 7;

    (void)state;
    assert_true(sync_gate_enter(&gate, TOPIC, ADA, T0, &until_ms));
    assert_int_equal(until_ms, 7);
    assert_false(sync_gate_enter(&gate, TOPIC, BEN, T0 + 1, &until_ms));
    assert_int_equal(until_ms, T0 + SYNC_GATE_IDLE_MS);
    assert_true(sync_gate_enter(&gate, OTHER, BEN, T0 + 1, &until_ms));
    sync_gate_leave(&gate, TOPIC, BEN);
    assert_false(sync_gate_enter(&gate, TOPIC, BEN, T0 + 2, &until_ms));
    sync_gate_leave(&gate, TOPIC, ADA);
    assert_true(sync_gate_enter(&gate, TOPIC, BEN, T0 + 3, &until_ms));
    assert_false(sync_gate_enter(&gate, TOPIC, ADA, T0 + 3, &until_ms));
}

static void who_brings_nothing_is_passed_by(void **state)
{
    struct sync_gate gate = { .count = 0 };
    uint64_t heard_ms = T0 + SYNC_GATE_IDLE_MS - 1;
    uint64_t until_ms;

    (void)state;
    assert_true(sync_gate_enter(&gate, TOPIC, ADA, T0, &until_ms));
    sync_gate_heard(&gate, TOPIC, BEN, heard_ms + 1); /* is not its holder */
    sync_gate_heard(&gate, TOPIC, ADA, heard_ms);
    assert_false(sync_gate_enter(&gate, TOPIC, BEN,
                                 heard_ms + SYNC_GATE_IDLE_MS - 1, &until_ms));
    assert_int_equal(until_ms, heard_ms + SYNC_GATE_IDLE_MS);
    assert_true(sync_gate_enter(&gate, TOPIC, BEN, until_ms, &until_ms));
}

static void who_brings_little_for_long_is_passed_by(void **state)
{
    struct sync_gate gate = { .count = 0 };
    uint64_t end_ms = T0 + SYNC_GATE_HOLD_MS;
    uint64_t until_ms;

    (void)state;
    assert_true(sync_gate_enter(&gate, TOPIC, ADA, T0, &until_ms));
    sync_gate_heard(&gate, TOPIC, ADA, end_ms - 1);
    assert_false(sync_gate_enter(&gate, TOPIC, BEN, end_ms - 1, &until_ms));
    assert_int_equal(until_ms, end_ms);
    assert_true(sync_gate_enter(&gate, TOPIC, BEN, end_ms, &until_ms));
}

static void topics_beyond_the_last_place_are_free(void **state)
{
    struct sync_gate gate = { .count = 0 };
    uint8_t topic[ID_LEN] = { 0 };
    uint64_t until_ms;

    (void)state;
    for (uint8_t i = 0; i < SYNC_GATE_TOPICS; i++) {
        topic[1] = i;
        assert_true(sync_gate_enter(&gate, topic, ADA, T0, &until_ms));
    }
    assert_false(sync_gate_enter(&gate, topic, BEN, T0, &until_ms));
    topic[1] = SYNC_GATE_TOPICS;
    assert_true(sync_gate_enter(&gate, topic, ADA, T0, &until_ms));
    assert_true(sync_gate_enter(&gate, topic, BEN, T0, &until_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_peer_at_a_time_fetches_a_topic),
        cmocka_unit_test(who_brings_nothing_is_passed_by),
        cmocka_unit_test(who_brings_little_for_long_is_passed_by),
        cmocka_unit_test(topics_beyond_the_last_place_are_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
