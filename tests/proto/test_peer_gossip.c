/* Gossip on one connection: what waits, what comes, and how much of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "tests/common/peer_pair.h"

static int setup(void **state)
{
    static struct peer_pair pair;

    pair_init(&pair);
    pair_join(&pair);
    assert_true(pair_settle(&pair, 0));
    memset(pair.side[0].frames, 0, sizeof pair.side[0].frames);
    *state = &pair;
    return 0;
}

static int teardown(void **state)
{
    pair_wipe(*state);
    return 0;
}

/* A frame of side 0 with its true tag and `len` more bytes, to side 1. */
static enum err give(struct peer_pair *pair, struct peer_event *ev,
                     uint8_t type, size_t len)
{
    uint8_t payload[2048] = { 0 };

    assert_true(peer_tag_of_topic(&pair->side[0].peer, PAIR_TOPIC, payload));
    return peer_recv(&pair->side[1].peer, ev, type,
                     (struct bytes){ payload, HELLO_TAG_LEN + len },
                     pair->now_ms);
}

static void what_is_announced_comes_as_an_event(void **state)
{
    struct peer_pair *pair = *state;
    const uint8_t ids[2 * ID_LEN] = { 1, [ID_LEN] = 2 };

    assert_true(
        peer_announce(&pair->side[0].peer, PAIR_TOPIC, BYTES_ARRAY(ids)));
    assert_true(pair_carry(pair, 0));
    assert_int_equal(pair->side[1].event.type, PEER_ANNOUNCE);
    assert_int_equal(pair->side[1].event.count, 2);
    assert_memory_equal(pair->side[1].event.topic, PAIR_TOPIC, ID_LEN);
    assert_true(peer_prune(&pair->side[0].peer, PAIR_TOPIC));
    assert_true(pair_carry(pair, 0));
    assert_int_equal(pair->side[1].event.type, PEER_PRUNE);
    assert_false(peer_has_output(&pair->side[0].peer));
}

static void lists_of_ids_have_their_limits(void **state)
{
    static const uint8_t types[] = { PEER_FRAME_ANNOUNCE, PEER_FRAME_GRAFT };
    struct peer_pair *pair = *state;
    struct peer_event ev;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(give(pair, &ev, types[i], 0), ERR_TRUNCATED);
        assert_int_equal(give(pair, &ev, types[i], ID_LEN - 1), ERR_TRUNCATED);
        assert_int_equal(give(pair, &ev, types[i], ID_LEN + 1), ERR_TRUNCATED);
        assert_int_equal(give(pair, &ev, types[i], ID_LEN), ERR_OK);
        assert_int_equal(give(pair, &ev, types[i], GOSSIP_IDS_MAX * ID_LEN),
                         ERR_OK);
        assert_int_equal(ev.count, GOSSIP_IDS_MAX);
        assert_int_equal(
            give(pair, &ev, types[i], (GOSSIP_IDS_MAX + 1) * ID_LEN),
            ERR_TOO_LARGE);
    }
}

static void a_prune_has_a_tag_and_nothing_else(void **state)
{
    struct peer_pair *pair = *state;
    struct peer_event ev;
    const uint8_t part[HELLO_TAG_LEN - 1] = { 0 };

    assert_int_equal(give(pair, &ev, PEER_FRAME_PRUNE, 0), ERR_OK);
    assert_int_equal(give(pair, &ev, PEER_FRAME_PRUNE, 1), ERR_TRAILING);
    assert_int_equal(peer_recv(&pair->side[1].peer, &ev, PEER_FRAME_PRUNE,
                               BYTES_ARRAY(part), pair->now_ms),
                     ERR_TRUNCATED);
}

static void an_empty_overlay_frame_is_refused(void **state)
{
    struct peer_pair *pair = *state;
    struct peer_event ev;
    const uint8_t payload[1] = { 2 };

    assert_int_equal(peer_recv(&pair->side[1].peer, &ev, PEER_FRAME_OVERLAY,
                               (struct bytes){ payload, 0 }, pair->now_ms),
                     ERR_TRUNCATED);
    assert_int_equal(peer_recv(&pair->side[1].peer, &ev, PEER_FRAME_OVERLAY,
                               BYTES_ARRAY(payload), pair->now_ms),
                     ERR_OK);
    assert_int_equal(ev.type, PEER_OVERLAY);
}

static void gossip_of_a_topic_that_is_not_shared_is_ignored(void **state)
{
    struct peer_pair *pair = *state;
    struct peer_event ev;
    const uint8_t payload[HELLO_TAG_LEN + ID_LEN] = { 1 };

    assert_int_equal(peer_recv(&pair->side[1].peer, &ev, PEER_FRAME_GRAFT,
                               BYTES_ARRAY(payload), pair->now_ms),
                     ERR_OK);
    assert_int_equal(ev.type, PEER_NOTHING);
}

static void endless_grafts_are_a_flood(void **state)
{
    struct peer_pair *pair = *state;
    struct peer_event ev;
    enum err e = ERR_OK;
    unsigned n = 0;

    for (; e == ERR_OK && n < PEER_UNASKED_MAX; n++)
        e = give(pair, &ev, PEER_FRAME_GRAFT, GOSSIP_IDS_MAX * ID_LEN);
    assert_int_equal(e, ERR_FLOOD);
    assert_true(n > PEER_UNASKED_MAX / (GOSSIP_IDS_MAX + 1) - 2);
}

static void a_full_queue_of_gossip_becomes_a_session(void **state)
{
    struct peer_pair *pair = *state;
    const uint8_t ids[GOSSIP_IDS_MAX * ID_LEN] = { 1 };
    struct peer *p = &pair->side[0].peer;
    unsigned n = 0;

    while (peer_announce(p, PAIR_TOPIC, BYTES_ARRAY(ids)))
        assert_true(++n * sizeof ids <= PEER_GOSSIP_MAX);
    assert_true(peer_deadline(p) <= pair->now_ms);
    assert_true(pair_settle(pair, 0));
    assert_true(pair->side[0].frames[PEER_FRAME_SYNC] > 0);
    assert_int_equal(pair->side[0].frames[PEER_FRAME_ANNOUNCE], n);
}

/* §5.4: who asks for it is told why it does not come. */
static void a_push_of_what_is_not_kept_is_its_head(void **state)
{
    struct peer_pair *pair = *state;
    struct record_key key = pair_key(5);

    assert_true(memory_set_add(&pair->side[0].set, PAIR_TOPIC, &key, false));
    assert_true(peer_push(&pair->side[0].peer, PAIR_TOPIC, key.id));
    assert_true(pair_carry(pair, 0));
    assert_int_equal(pair->side[0].frames[PEER_FRAME_NOT_HELD], 1);
    assert_int_equal(pair->side[0].frames[PEER_FRAME_RECORD], 0);
}

static void nothing_is_kept_for_a_silent_connection(void **state)
{
    struct peer_pair *pair = *state;
    const struct peer *p = &pair->side[0].peer;

    pair_add(pair, 0, 1);
    assert_true(peer_prune(&pair->side[0].peer, PAIR_TOPIC));
    assert_non_null(p->pushes);
    pair_run(pair);
    assert_null(p->pushes);
    assert_null(p->gossip.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_announced_comes_as_an_event),
        TEST(lists_of_ids_have_their_limits),
        TEST(a_prune_has_a_tag_and_nothing_else),
        TEST(an_empty_overlay_frame_is_refused),
        TEST(gossip_of_a_topic_that_is_not_shared_is_ignored),
        TEST(endless_grafts_are_a_flood),
        TEST(a_full_queue_of_gossip_becomes_a_session),
        TEST(a_push_of_what_is_not_kept_is_its_head),
        TEST(nothing_is_kept_for_a_silent_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
