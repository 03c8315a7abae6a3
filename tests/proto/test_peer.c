/* The machine of one connection: pushes, turns, races, and hostile peers. */
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

/* An audit of equal sets: three frames of each side. */
enum { AUDIT_FRAMES = 6 };

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

/* Both share the topic and hold the same `count` records. */
static void join_in_sync(struct peer_pair *pair, uint64_t count)
{
    pair_fill(pair, 0, 0, count);
    pair_fill(pair, 1, 0, count);
    pair_join(pair);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_true(pair_in_sync(pair));
}

static void a_new_record_is_pushed_once(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 100);
    pair_add(pair, 0, 500);
    assert_true(peer_has_output(&pair->side[0].peer));
    pair_run(pair);
    assert_int_equal(pair->side[1].records_new, 1);
    assert_int_equal(pair->side[0].frames[RECORD], 1);
    assert_int_equal(pair->side[1].frames[RECORD], 0); /* not sent back */
    assert_int_equal(pair_bytes(pair, SYNC), 0);
}

static void a_change_is_made_sure_of_after_half_a_minute(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 100);
    pair_add(pair, 0, 500);
    pair_run(pair);
    assert_true(peer_deadline(&pair->side[0].peer) ==
                pair->now_ms + SYNC_EVERY_MS);
    pair_advance(pair, SYNC_EVERY_MS - 1);
    pair_run(pair);
    assert_int_equal(pair_bytes(pair, SYNC), 0);
    pair_advance(pair, 1);
    pair_run(pair);
    assert_true(pair_bytes(pair, SYNC) > 0);
    assert_true(pair_in_sync(pair));
    assert_int_equal(pair->side[0].frames[RECORD], 1);
    assert_true(peer_deadline(&pair->side[0].peer) ==
                pair->now_ms + SYNC_AUDIT_MS);
}

/* Sets that have changed behind the machines' backs are found out. */
static void what_nobody_told_is_found_once_a_day(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 100);
    pair_fill(pair, 0, 300, 303);
    pair_fill(pair, 1, 400, 404);
    pair_advance(pair, SYNC_AUDIT_MS - 1);
    pair_run(pair);
    assert_int_equal(pair_bytes(pair, SYNC), 0);
    pair_advance(pair, 1);
    pair_run(pair);
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
    assert_true(pair_in_sync(pair));
    pair_advance(pair, SYNC_AUDIT_MS - 1);
    assert_false(peer_has_output(&pair->side[0].peer));
    assert_false(peer_has_output(&pair->side[1].peer));
}

/* What the sides say of the days from `from` on. */
static struct record_sum sum_from(struct peer_pair *pair, size_t side,
                                  uint32_t from)
{
    struct record_set set = memory_set_view(&pair->side[side].set);
    struct record_range range = {
        .lo = record_key_at((uint64_t)from * DAY_MS),
        .hi = record_key_at((uint64_t)PAIR_UNTIL_DAY * DAY_MS),
    };
    struct record_sum sum = { 0 };

    assert_int_equal(set.ops->sum(set.set, PAIR_TOPIC, &range, &sum), ERR_OK);
    return sum;
}

/* Over a budget, blocked, taken down: every so-manieth body goes. */
static void let_go(struct peer_pair *pair, size_t side, size_t every)
{
    struct memory_topic *t = &pair->side[side].set.topics[0];

    for (size_t i = 0; i < t->count; i += every)
        t->entries[i].is_held = false;
}

static uint64_t frames_of(const struct peer_pair *pair)
{
    uint64_t frames = 0;

    for (size_t side = 0; side < 2; side++)
        for (size_t type = 0; type < 16; type++)
            frames += pair->side[side].frames[type];
    return frames;
}

/* Other windows, other bodies kept: the set that both have is one. */
static void nodes_that_keep_other_things_agree_and_say_nothing(void **state)
{
    struct peer_pair *pair = *state;
    uint32_t from = PAIR_FROM_DAY + 1;
    struct record_sum sums[2];
    uint64_t frames;

    pair_fill(pair, 0, 3000, 9000); /* 2,880 a day */
    pair_fill(pair, 1, 0, 4000);
    pair_fill(pair, 1, 5000, 9500);
    let_go(pair, 0, 5);
    let_go(pair, 1, 7);
    pair_join_days(pair, 0, from, PAIR_UNTIL_DAY);
    pair_join_days(pair, 1, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    assert_true(pair_settle(pair, 60000));
    let_go(pair, 0, 11); /* erased later: nobody needs to hear */
    sums[0] = sum_from(pair, 0, from);
    sums[1] = sum_from(pair, 1, from);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_int_equal(memory_set_count(&pair->side[0].set, PAIR_TOPIC),
                     sums[0].count);
    assert_true(memory_set_count(&pair->side[1].set, PAIR_TOPIC) >
                sums[1].count);
    pair_advance(pair, SYNC_EVERY_MS); /* made sure of, once */
    pair_run(pair);
    frames = frames_of(pair);
    for (uint32_t second = 0; second < 600; second++) {
        pair_advance(pair, 1000);
        pair_run(pair);
        assert_int_equal(frames_of(pair), frames);
    }
    pair_advance(pair, SYNC_AUDIT_MS); /* the day's audit, and silence */
    pair_run(pair);
    assert_int_equal(frames_of(pair), frames + AUDIT_FRAMES);
    pair_advance(pair, SYNC_AUDIT_MS - 1);
    pair_run(pair);
    assert_int_equal(frames_of(pair), frames + AUDIT_FRAMES);
    assert_true(pair_in_sync(pair));
}

/* §5.9: no sessions either way for a while, but what is pushed is taken. */
static void
a_paused_peer_is_answered_by_stop_until_its_hour_is_over(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t hour_ms = 3600000;

    join_in_sync(pair, 100);
    pair_fill(pair, 0, 300, 310);
    peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    pair_advance(pair, 0);
    assert_true(pair_carry(pair, 0)); /* in the midst of a session */
    peer_set_paused(&pair->side[1].peer, pair->now_ms + hour_ms, pair->now_ms);
    pair_run(pair);
    pair_advance(pair, hour_ms / 2);
    peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    peer_reconcile(&pair->side[1].peer, PAIR_TOPIC, pair->now_ms);
    pair_advance(pair, 0);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_int_equal(pair->side[1].records_new, 0);
    assert_int_equal(memory_set_count(&pair->side[1].set, PAIR_TOPIC), 100);
    pair_add(pair, 0, 400);
    pair_add(pair, 1, 401);
    pair_run(pair);
    assert_int_equal(pair->side[1].records_new, 1);
    assert_int_equal(pair->side[0].records_new, 1);
    pair_advance(pair, hour_ms / 2);
    assert_true(pair_settle(pair, 600000));
    assert_int_equal(pair->side[1].records_new, 11);
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
}

/* A node that was asleep at the hour is asked by the other. */
static void either_side_may_look_after_a_day(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 10);
    assert_true(peer_deadline(&pair->side[1].peer) ==
                pair->now_ms + SYNC_AUDIT_MS + SYNC_STALL_MS);
}

static void a_missing_id_is_looked_for_once(void **state)
{
    struct peer_pair *pair = *state;
    struct peer *p = &pair->side[0].peer;
    struct record_key key = pair_key(777);
    uint64_t audit_ms;

    join_in_sync(pair, 100);
    audit_ms = peer_deadline(p);
    peer_link_missing(p, PAIR_TOPIC, key.id, pair->now_ms);
    assert_true(peer_deadline(p) == pair->now_ms + SYNC_RETRY_MIN_MS);
    pair_fill(pair, 1, 500, 501);
    pair_advance(pair, SYNC_RETRY_MIN_MS);
    pair_run(pair);
    assert_true(pair_in_sync(pair));
    assert_int_equal(pair->side[0].records_new, 1);
    assert_true(peer_deadline(p) >= audit_ms);
    peer_link_missing(p, PAIR_TOPIC, key.id, pair->now_ms);
    assert_true(peer_deadline(p) >= audit_ms); /* in vain: not again */
    key.id[0] ^= 1;
    peer_link_missing(p, PAIR_TOPIC, key.id, pair->now_ms);
    assert_true(peer_deadline(p) == pair->now_ms + SYNC_RETRY_MIN_MS);
}

static void a_full_queue_of_pushes_becomes_a_session(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 100);
    for (uint64_t n = 1000; n < 1000 + 3 * PEER_PUSHES_MAX; n++)
        pair_add(pair, 0, n);
    assert_true(pair_settle(pair, 0));
    assert_int_equal(pair->side[1].records_new, 3 * PEER_PUSHES_MAX);
    assert_true(pair->side[0].frames[SYNC] > 0);
}

static void records_outside_the_window_are_not_pushed(void **state)
{
    struct peer_pair *pair = *state;
    struct record_key key = record_key_at(DAY_MS);

    join_in_sync(pair, 10);
    pair_tell(pair, 0, &key);
    assert_false(peer_has_output(&pair->side[0].peer));
}

/* Four signers: four records with a certificate, whatever comes after. */
static void a_certificate_goes_once_per_signer(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[NOISE_PLAINTEXT_MAX];
    size_t certificates = 0;

    join_in_sync(pair, 0);
    for (uint64_t n = 0; n < 100; n++)
        pair_add(pair, 0, n);
    while (peer_has_output(&pair->side[0].peer)) {
        struct writer w = writer_fixed(buf, sizeof buf);
        struct reader r;

        assert_int_equal(peer_pull(&pair->side[0].peer, &w, pair->now_ms),
                         ERR_OK);
        r = reader_of(writer_view(&w));
        while (r.left > 0) {
            struct bytes payload;

            assert_int_equal(reader_u8(&r), RECORD);
            payload = reader_bytes(&r, reader_varint(&r));
            certificates += payload.data[HELLO_TAG_LEN + 8 + ID_LEN + 1];
        }
    }
    assert_int_equal(certificates, 4);
}

static void a_frame_that_does_not_fit_waits(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[100];
    struct writer w = writer_fixed(buf, sizeof buf);

    join_in_sync(pair, 0);
    pair->side[0].set.filler = 200;
    pair_add(pair, 0, 1);
    assert_int_equal(peer_pull(&pair->side[0].peer, &w, pair->now_ms), ERR_OK);
    assert_int_equal(w.len, 0);
    assert_true(peer_has_output(&pair->side[0].peer));
    pair_run(pair);
    assert_int_equal(pair->side[1].records_new, 1);
}

static void a_topic_added_later_is_told_and_synced(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 50);
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    assert_int_equal(peer_topics_set(&pair->side[1].peer, NULL, 0, 1000000),
                     ERR_OK);
    pair_run(pair);
    assert_false(peer_shares(&pair->side[0].peer, PAIR_TOPIC));
    pair_join_days(pair, 1, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    pair_run(pair);
    assert_true(pair_in_sync(pair));
    assert_int_equal(pair->side[1].records_new, 50);
    assert_int_equal(peer_topics_set(&pair->side[1].peer, NULL, 0, 1000000),
                     ERR_OK);
    pair_run(pair);
    assert_false(peer_shares(&pair->side[0].peer, PAIR_TOPIC));
    assert_int_equal(pair->err, ERR_OK);
}

static void many_topics_take_turns(void **state)
{
    struct peer_pair *pair = *state;
    struct peer_topic topics[MEMORY_TOPICS_MAX];

    for (size_t t = 0; t < MEMORY_TOPICS_MAX; t++) {
        topics[t] = (struct peer_topic){ { (uint8_t)(t + 1) },
                                         PAIR_FROM_DAY,
                                         PAIR_UNTIL_DAY };
        for (uint64_t n = 0; n < 300; n++) {
            struct record_key key = pair_key(1000 * t + n);

            (void)memory_set_add(&pair->side[n % 7 == t % 7].set,
                                 topics[t].topic, &key, true);
        }
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(peer_topics_set(&pair->side[i].peer, topics,
                                         MEMORY_TOPICS_MAX, pair->now_ms),
                         ERR_OK);
    pair_run(pair);
    for (unsigned i = 0; i < 10 && pair->err == ERR_OK; i++) {
        pair_advance(pair, 6000);
        pair_run(pair);
    }
    assert_int_equal(pair->err, ERR_OK);
    for (size_t t = 0; t < MEMORY_TOPICS_MAX; t++)
        assert_true(memory_set_equal(&pair->side[0].set, &pair->side[1].set,
                                     topics[t].topic));
}

static void of_two_sessions_opened_at_once_one_stays(void **state)
{
    struct peer_pair *pair = *state;

    join_in_sync(pair, 200);
    pair_fill(pair, 0, 300, 310); /* behind the machines' backs */
    pair_fill(pair, 1, 400, 420);
    peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    peer_reconcile(&pair->side[1].peer, PAIR_TOPIC, pair->now_ms);
    pair_advance(pair, 0);
    pair_cross(pair);
    assert_int_equal(pair->side[0].frames[SYNC], 1);
    assert_int_equal(pair->side[1].frames[SYNC], 1);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_true(pair_in_sync(pair));
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
    assert_int_equal(pair->side[0].records_known, 0);
}

static void a_silent_session_is_called_off(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct peer_shared shared;
    struct peer *p = &pair->side[0].peer;

    join_in_sync(pair, 10);
    peer_reconcile(p, PAIR_TOPIC, pair->now_ms);
    assert_int_equal(peer_tick(p, pair->now_ms), ERR_OK);
    assert_int_equal(peer_pull(p, &w, pair->now_ms), ERR_OK); /* and lost */
    assert_true(peer_deadline(p) == pair->now_ms + SYNC_STALL_MS);
    assert_int_equal(peer_tick(p, pair->now_ms + SYNC_STALL_MS), ERR_OK);
    assert_int_equal(peer_list_shared(p, &shared, 0, 1), 1);
    assert_false(shared.in_session);
    pair->now_ms += SYNC_STALL_MS;
    assert_true(pair_settle(pair, 60000));
}

static enum err give(struct peer_pair *pair, size_t side, uint8_t type,
                     const struct writer *w)
{
    struct peer_event ev;

    return peer_recv(&pair->side[side].peer, &ev, type, writer_view(w),
                     pair->now_ms);
}

static void frames_before_a_hello_are_out_of_order(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[16];
    struct writer w = writer_fixed(buf, sizeof buf);

    writer_u64(&w, 1);
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OUT_OF_ORDER);
    assert_int_equal(give(pair, 0, RECORD, &w), ERR_OUT_OF_ORDER);
    assert_int_equal(give(pair, 0, HEADS, &w), ERR_OUT_OF_ORDER);
}

static void a_reflected_hello_is_refused(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[200];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct peer_event ev;

    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    assert_int_equal(peer_pull(&pair->side[0].peer, &w, pair->now_ms), ERR_OK);
    assert_int_equal(peer_recv(&pair->side[0].peer, &ev, HELLO,
                               (struct bytes){ buf + 2, w.len - 2 },
                               pair->now_ms),
                     ERR_TAG_REFLECTED);
    assert_false(peer_shares(&pair->side[0].peer, PAIR_TOPIC));
}

static void a_salt_may_not_change(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[HELLO_SALT_LEN + 1] = { 99 };
    struct writer w = writer_fixed(buf, sizeof buf);

    join_in_sync(pair, 0);
    w.len = sizeof buf;
    assert_int_equal(give(pair, 0, HELLO, &w), ERR_MALFORMED);
}

/* Begins a message of side 1 to side 0, as if side 1 were hostile. */
static struct writer sync_begin(struct peer_pair *pair, uint8_t *buf,
                                size_t cap, uint64_t number, uint8_t kind)
{
    struct writer w = writer_fixed(buf, cap);
    uint8_t tag[HELLO_TAG_LEN];

    assert_true(peer_tag_of_topic(&pair->side[1].peer, PAIR_TOPIC, tag));
    writer_bytes(&w, BYTES_ARRAY(tag));
    writer_varint(&w, number);
    writer_u8(&w, kind);
    if (kind == SYNC_OPEN) {
        writer_varint(&w, PAIR_FROM_DAY);
        writer_varint(&w, PAIR_UNTIL_DAY);
    }
    return w;
}

static const struct record_key *window_lo(void)
{
    static struct record_key lo;

    lo = record_key_at((uint64_t)PAIR_FROM_DAY * DAY_MS);
    return &lo;
}

static struct record_range window(void)
{
    return hello_window(PAIR_FROM_DAY, PAIR_UNTIL_DAY);
}

static void put_range(struct writer *w, enum sync_mode mode, uint64_t count,
                      struct bytes data)
{
    struct record_range all = window();
    struct sync_builder b = sync_builder_of(w, &all);

    sync_builder_put(&b, mode, window_lo(), count, data);
}

static void numbers_of_sessions_rise_and_have_a_side(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[100];
    struct writer w;

    join_in_sync(pair, 10);
    w = sync_begin(pair, buf, sizeof buf, 1, SYNC_OPEN);
    put_range(&w, SYNC_ALL, 0, (struct bytes){ 0 });
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OUT_OF_ORDER);
    w = sync_begin(pair, buf, sizeof buf, 4, SYNC_OPEN);
    put_range(&w, SYNC_ALL, 0, (struct bytes){ 0 });
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OK);
    w = sync_begin(pair, buf, sizeof buf, 6, SYNC_OPEN);
    put_range(&w, SYNC_ALL, 0, (struct bytes){ 0 });
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OUT_OF_ORDER);
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OUT_OF_ORDER);
}

static void a_session_of_another_window_is_stopped(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[200];
    uint8_t tag[HELLO_TAG_LEN];
    struct sync_message m;
    struct writer w = writer_fixed(buf, sizeof buf);

    join_in_sync(pair, 10);
    assert_true(peer_tag_of_topic(&pair->side[1].peer, PAIR_TOPIC, tag));
    writer_bytes(&w, BYTES_ARRAY(tag));
    writer_varint(&w, 2);
    writer_u8(&w, SYNC_OPEN);
    writer_varint(&w, PAIR_FROM_DAY - 1);
    writer_varint(&w, PAIR_UNTIL_DAY);
    assert_int_equal(give(pair, 0, SYNC, &w), ERR_OK);
    writer_reset(&w);
    assert_int_equal(peer_pull(&pair->side[0].peer, &w, pair->now_ms), ERR_OK);
    assert_int_equal(
        sync_message_decode(&m, (struct bytes){ buf + 2, w.len - 2 }), ERR_OK);
    assert_int_equal(m.kind, SYNC_STOP);
    assert_int_equal(m.number, 2);
}

/* What it compares is not what the two share once it has ended. */
static void a_session_of_an_old_window_is_followed_by_another(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 100);
    pair_fill(pair, 1, 50, 150);
    pair_join_days(pair, 0, PAIR_FROM_DAY + 1, PAIR_UNTIL_DAY);
    pair_join_days(pair, 1, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    pair_run(pair);
    assert_true(pair_in_sync(pair));
    peer_reconcile(&pair->side[1].peer, PAIR_TOPIC, pair->now_ms);
    pair_advance(pair, 0);
    assert_true(pair_carry(pair, 1));
    pair_join(pair);
    assert_true(pair_settle(pair, 10000));
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
}

static void what_came_while_the_window_was_another_is_synced(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 40);
    pair_fill(pair, 1, 5, 45);
    pair_join(pair);
    for (size_t i = 0; i < 3; i++)
        (void)pair_carry(pair, i % 2);
    pair_join_days(pair, 0, PAIR_FROM_DAY, PAIR_FROM_DAY);
    for (size_t i = 0; i < 3; i++)
        (void)pair_carry(pair, i % 2);
    pair_add(pair, 0, 30000); /* after that day */
    pair_join(pair);
    assert_true(pair_settle(pair, 10000));
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
}

/* The peer still has the session when the next one is opened. */
static void a_topic_dropped_and_taken_up_again_is_synced(void **state)
{
    for (size_t turns = 0; turns < 8; turns++) {
        struct peer_pair pair;

        (void)state;
        pair_init(&pair);
        pair_fill(&pair, 0, 0, 100);
        pair_fill(&pair, 1, 50, 150);
        pair_join(&pair);
        for (size_t i = 0; i < turns; i++)
            (void)pair_carry(&pair, i % 2);
        assert_int_equal(
            peer_topics_set(&pair.side[1].peer, NULL, 0, pair.now_ms), ERR_OK);
        pair_join_days(&pair, 1, PAIR_FROM_DAY, PAIR_UNTIL_DAY);
        assert_true(pair_settle(&pair, 60000));
        assert_true(
            memory_set_equal(&pair.side[0].set, &pair.side[1].set, PAIR_TOPIC));
        pair_wipe(&pair);
    }
}

static enum err open_with(struct peer_pair *pair, struct bytes body)
{
    uint8_t buf[8000];
    struct writer w = sync_begin(pair, buf, sizeof buf, 2, SYNC_OPEN);

    writer_bytes(&w, body);
    return give(pair, 0, SYNC, &w);
}

static void bad_ranges_are_refused(void **state)
{
    struct peer_pair *pair = *state;
    static const uint8_t nothing[1];
    static const uint8_t upward[] = { SYNC_SKIP << 5, 0x00 };
    static const uint8_t unknown[] = { 6 << 5, 0x01 };
    static const uint8_t only[] = { SYNC_ONLY << 5, 0x01, 1 };
    static const uint8_t half[] = { SYNC_SKIP << 5, 0x01 };
    static const uint8_t below[] = { SYNC_SKIP << 5, 0xff, 0xff, 0xff,
                                     0xff,           0xff, 0x7f };
    static const uint8_t none[] = { SYNC_IDS << 5, 0x01, 0 };
    static const uint8_t long_list[] = { SYNC_IDS << 5, 0x01, 65 };
    static const uint8_t far[] = { SYNC_WANT << 5, 0x01, 1, 0x02 };
    static const uint8_t early[] = { SYNC_WANT << 5, 0x01, 1, 0x01 };
    const struct {
        struct bytes body;
        enum err err;
    } bad[] = {
        { { nothing, 0 }, ERR_TRUNCATED },
        { BYTES_ARRAY(upward), ERR_MALFORMED },
        { BYTES_ARRAY(unknown), ERR_MALFORMED },
        { BYTES_ARRAY(only), ERR_MALFORMED },
        { BYTES_ARRAY(half), ERR_TRUNCATED },
        { BYTES_ARRAY(below), ERR_MALFORMED },
        { BYTES_ARRAY(none), ERR_MALFORMED },
        { BYTES_ARRAY(long_list), ERR_TOO_LARGE },
        { BYTES_ARRAY(far), ERR_MALFORMED },
        { BYTES_ARRAY(early), ERR_NOT_ASKED },
    };

    join_in_sync(pair, 10);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pair->side[0].peer.number_theirs = 0;
        assert_int_equal(open_with(pair, bad[i].body), bad[i].err);
        assert_false(peer_has_output(&pair->side[0].peer));
    }
}

static void more_ranges_than_allowed_are_refused(void **state)
{
    struct peer_pair *pair = *state;
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct record_range all = window();

    join_in_sync(pair, 10);
    for (uint64_t n = SYNC_RANGES_MAX - 1; n <= SYNC_RANGES_MAX + 1; n++) {
        struct writer w = sync_begin(pair, buf, sizeof buf, 2, SYNC_OPEN);
        struct sync_builder b = sync_builder_of(&w, &all);
        struct record_key to = all.hi;

        for (uint64_t i = 1; i < n; i++) {
            to.created_ms--;
            sync_builder_put(&b, SYNC_ALL, &to, 0, (struct bytes){ 0 });
        }
        sync_builder_put(&b, SYNC_ALL, &all.lo, 0, (struct bytes){ 0 });
        assert_int_equal(give(pair, 0, SYNC, &w),
                         n <= SYNC_RANGES_MAX ? ERR_OK : ERR_TOO_LARGE);
        pair_wipe(pair);
        pair_init(pair);
        join_in_sync(pair, 10);
    }
}

/* Whatever counts and fingerprints a peer makes up, work and words end. */
static void a_liar_gets_bounded_answers(void **state)
{
    struct peer_pair *pair = *state;
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    uint8_t lie[FINGERPRINT_LEN] = { 1 };
    struct writer w;
    uint64_t rounds = 0;

    join_in_sync(pair, 2000);
    w = sync_begin(pair, buf, sizeof buf, 2, SYNC_OPEN);
    put_range(&w, SYNC_FINGERPRINT, UINT64_MAX, BYTES_ARRAY(lie));
    while (give(pair, 0, SYNC, &w) == ERR_OK && rounds < 10000) {
        uint64_t sums = pair->side[0].set.sums;
        struct writer out = writer_fixed(buf, sizeof buf);

        assert_int_equal(peer_pull(&pair->side[0].peer, &out, pair->now_ms),
                         ERR_OK);
        assert_in_range(pair->side[0].set.sums - sums, 0, 2 + SYNC_SPLIT);
        rounds++;
        w = sync_begin(pair, buf, sizeof buf, 2, SYNC_RANGES);
        put_range(&w, SYNC_FINGERPRINT, 1, BYTES_ARRAY(lie));
    }
    assert_int_equal(rounds, SYNC_ROUNDS_MAX);
}

/* Counts of the parts that side 0 cuts its whole set into, for a session. */
static size_t cut_for(uint64_t number, uint64_t counts[SYNC_SPLIT])
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    uint8_t lie[FINGERPRINT_LEN] = { 1 };
    struct record_range all = window();
    struct sync_range range;
    struct sync_message m;
    struct sync_cursor c;
    struct peer_pair pair;
    struct writer w;
    size_t n = 0;

    pair_init(&pair);
    join_in_sync(&pair, 16000);
    w = sync_begin(&pair, buf, sizeof buf, number, SYNC_OPEN);
    put_range(&w, SYNC_FINGERPRINT, 1, BYTES_ARRAY(lie));
    assert_int_equal(give(&pair, 0, SYNC, &w), ERR_OK);
    w = writer_fixed(buf, sizeof buf);
    assert_int_equal(peer_pull(&pair.side[0].peer, &w, pair.now_ms), ERR_OK);
    assert_int_equal(
        sync_message_decode(&m, (struct bytes){ buf + 3, w.len - 3 }), ERR_OK);
    c = sync_cursor_of(m.body, &all, true);
    while (sync_cursor_next(&c, &range))
        counts[n++] = range.count;
    pair_wipe(&pair);
    return n;
}

/* Whoever makes records cannot know where a session will cut. */
static void cuts_move_with_the_key_of_the_session(void **state)
{
    uint64_t first[SYNC_SPLIT];
    uint64_t other[SYNC_SPLIT];
    size_t same = 0;

    (void)state;
    assert_int_equal(cut_for(2, first), SYNC_SPLIT);
    assert_int_equal(cut_for(4, other), SYNC_SPLIT);
    for (size_t i = 0; i < SYNC_SPLIT; i++) {
        assert_in_range(first[i], 750, 1250); /* an eighth at either end */
        same += first[i] == other[i];
    }
    assert_in_range(same, 0, 3);
}

static void endless_frames_that_nobody_asked_for_are_a_flood(void **state)
{
    struct peer_pair *pair = *state;
    uint8_t buf[64] = { 0xee };
    struct writer w = writer_fixed(buf, sizeof buf);
    enum err e = ERR_OK;
    uint64_t n;

    join_in_sync(pair, 10);
    w.len = sizeof buf; /* a tag that means nothing */
    for (n = 0; e == ERR_OK && n < 2 * PEER_UNASKED_MAX; n++)
        e = give(pair, 0, RECORD, &w);
    assert_int_equal(e, ERR_FLOOD);
    assert_in_range(n, PEER_UNASKED_MAX / 2, PEER_UNASKED_MAX + 1);
    pair->now_ms += 1000;
    for (n = 0; give(pair, 0, RECORD, &w) == ERR_OK; n++)
        assert_true(n < PEER_UNASKED_PER_SEC);
    assert_int_equal(n, PEER_UNASKED_PER_SEC);
}

static void records_of_the_future_are_always_counted(void **state)
{
    struct peer_pair *pair = *state;
    enum err e = ERR_OK;
    uint64_t n;

    join_in_sync(pair, 10);
    for (n = 0; e == ERR_OK && n < 2 * PEER_UNASKED_MAX; n++)
        e = peer_record_done(&pair->side[0].peer, PAIR_TOPIC, ERR_FUTURE);
    assert_int_equal(e, ERR_FLOOD);
    assert_in_range(n, PEER_UNASKED_MAX / 2, PEER_UNASKED_MAX + 1);
}

static void known_records_out_of_a_session_are_counted(void **state)
{
    struct peer_pair *pair = *state;
    enum err e = ERR_OK;

    join_in_sync(pair, 10);
    for (uint64_t n = 0; e == ERR_OK && n < 2 * PEER_UNASKED_MAX; n++)
        e = peer_record_done(&pair->side[0].peer, PAIR_TOPIC, ERR_EXISTS);
    assert_int_equal(e, ERR_FLOOD);
}

static void one_copy_of_what_was_new_here_is_not_unasked_for(void **state)
{
    struct peer_pair *pair = *state;
    struct peer *peer = &pair->side[0].peer;
    const struct record_key key = { .created_ms =
                                        (uint64_t)PAIR_FROM_DAY * DAY_MS };
    uint64_t n;

    join_in_sync(pair, 10);
    assert_true(peer_wants(peer, PAIR_TOPIC, &key));
    for (n = 0; n < 2 * PEER_UNASKED_MAX; n++)
        peer_record_added(peer, PAIR_TOPIC, &key);
    assert_int_equal(peer->credit, PEER_CREDIT_MAX);
    for (n = 0; n < PEER_CREDIT_MAX; n++)
        assert_int_equal(peer_record_done(peer, PAIR_TOPIC, ERR_EXISTS),
                         ERR_OK);
    assert_int_equal(peer->credit, 0);
    for (n = 0; peer_record_done(peer, PAIR_TOPIC, ERR_EXISTS) == ERR_OK; n++)
        assert_true(n < PEER_UNASKED_MAX);
    assert_in_range(n, PEER_UNASKED_MAX / 2, PEER_UNASKED_MAX);
}

/* Every proper prefix of every frame of a session is refused. */
static void check_prefixes(struct peer_pair *pair, size_t from,
                           struct bytes frames, size_t *checked)
{
    struct reader r = reader_of(frames);
    struct peer_event ev;

    while (r.left > 0) {
        uint8_t type = reader_u8(&r);
        struct bytes payload = reader_bytes(&r, reader_varint(&r));
        struct peer *p = &pair->side[1 - from].peer;

        for (size_t len = 0; type != RECORD && len < payload.len; len++) {
            struct bytes part = { payload.data, len };
            uint64_t theirs = p->number_theirs;

            p->unasked = 0;
            assert_int_not_equal(peer_recv(p, &ev, type, part, pair->now_ms),
                                 ERR_OK);
            p->number_theirs = theirs;
            ++*checked;
        }
        assert_int_equal(peer_recv(p, &ev, type, payload, pair->now_ms),
                         ERR_OK);
        if (ev.type == PEER_RECORD || ev.type == PEER_NOT_KEPT)
            for (size_t i = 0; i < ev.count; i++)
                assert_int_equal(peer_record_done(p, ev.topic, ERR_OK), ERR_OK);
    }
}

static void every_truncation_is_refused_and_changes_nothing(void **state)
{
    struct peer_pair *pair = *state;
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    size_t checked = 0;
    bool was_busy = true;

    for (uint64_t n = 0; n < 300; n++) {
        struct record_key key = pair_key(n);

        for (size_t side = 0; side < 2; side++)
            if (n % 20 != 7 * side)
                (void)memory_set_add(&pair->side[side].set, PAIR_TOPIC, &key,
                                     n % 3 != 0);
    }
    pair_join(pair);
    while (was_busy) {
        was_busy = false;
        for (size_t i = 0; i < 2; i++) {
            struct writer w = writer_fixed(buf, sizeof buf);

            assert_int_equal(peer_pull(&pair->side[i].peer, &w, pair->now_ms),
                             ERR_OK);
            check_prefixes(pair, i, writer_view(&w), &checked);
            was_busy = was_busy || w.len > 0;
        }
    }
    assert_true(checked > 1000);
}

/* The set fails at each of its calls in turn: the error comes out, no leak. */
static void a_failing_set_is_reported(void **state)
{
    bool has_failed = true;

    (void)state;
    for (uint64_t after = 0; has_failed && after < 10000; after++) {
        struct peer_pair pair;

        pair_init(&pair);
        pair_fill(&pair, 0, 0, 200);
        pair_fill(&pair, 1, 50, 220);
        pair.side[0].set.fail_with = ERR_IO;
        pair.side[0].set.fail_after = after;
        pair_join(&pair);
        pair_run(&pair);
        has_failed = pair.err != ERR_OK;
        assert_true(!has_failed || pair.err == ERR_IO);
        pair_wipe(&pair);
    }
    assert_false(has_failed);
}

static void a_wiped_peer_keeps_no_secret(void **state)
{
    static const struct peer zero;
    struct peer_pair *pair = *state;

    join_in_sync(pair, 10);
    peer_reconcile(&pair->side[0].peer, PAIR_TOPIC, pair->now_ms);
    pair_advance(pair, 0);
    peer_wipe(&pair->side[0].peer);
    assert_memory_equal(&pair->side[0].peer, &zero, sizeof zero);
    peer_wipe(&pair->side[0].peer); /* a zeroed one, too */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_record_is_pushed_once),
        TEST(a_change_is_made_sure_of_after_half_a_minute),
        TEST(what_nobody_told_is_found_once_a_day),
        TEST(nodes_that_keep_other_things_agree_and_say_nothing),
        TEST(a_paused_peer_is_answered_by_stop_until_its_hour_is_over),
        TEST(either_side_may_look_after_a_day),
        TEST(a_missing_id_is_looked_for_once),
        TEST(a_full_queue_of_pushes_becomes_a_session),
        TEST(records_outside_the_window_are_not_pushed),
        TEST(a_certificate_goes_once_per_signer),
        TEST(a_frame_that_does_not_fit_waits),
        TEST(a_topic_added_later_is_told_and_synced),
        TEST(many_topics_take_turns),
        TEST(of_two_sessions_opened_at_once_one_stays),
        TEST(a_silent_session_is_called_off),
        TEST(frames_before_a_hello_are_out_of_order),
        TEST(a_reflected_hello_is_refused),
        TEST(a_salt_may_not_change),
        TEST(numbers_of_sessions_rise_and_have_a_side),
        TEST(a_session_of_another_window_is_stopped),
        TEST(a_session_of_an_old_window_is_followed_by_another),
        TEST(what_came_while_the_window_was_another_is_synced),
        TEST(a_topic_dropped_and_taken_up_again_is_synced),
        TEST(bad_ranges_are_refused),
        TEST(more_ranges_than_allowed_are_refused),
        TEST(a_liar_gets_bounded_answers),
        TEST(cuts_move_with_the_key_of_the_session),
        TEST(endless_frames_that_nobody_asked_for_are_a_flood),
        TEST(known_records_out_of_a_session_are_counted),
        TEST(one_copy_of_what_was_new_here_is_not_unasked_for),
        TEST(records_of_the_future_are_always_counted),
        TEST(every_truncation_is_refused_and_changes_nothing),
        TEST(a_failing_set_is_reported),
        TEST(a_wiped_peer_keeps_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
