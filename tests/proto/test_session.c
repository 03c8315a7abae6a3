/* An open session: frames, priorities, liveness, closing, and what is wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/proto/session_pair.h"

static struct pair pair; /* too large for the stack */
static struct session *const D = &pair.dialler.session;
static struct session *const L = &pair.listener.session;

static int open_pair(void **state)
{
    (void)state;
    pair_open(&pair);
    return 0;
}

static int wipe_pair(void **state)
{
    (void)state;
    pair_wipe(&pair);
    return 0;
}

static void queue(struct session *s, uint8_t type, const char *text)
{
    struct bytes part = { (const uint8_t *)text, strlen(text) };

    assert_int_equal(session_queue(s, type, &part, 1), ERR_OK);
}

static void assert_next(struct session *s, uint8_t type, const char *text)
{
    struct frame f;

    assert_true(session_next_frame(s, &f));
    assert_int_equal(f.type, type);
    assert_int_equal(f.payload.len, strlen(text));
    assert_memory_equal(f.payload.data, text, f.payload.len);
}

static void assert_no_more(struct session *s)
{
    struct frame f;

    assert_false(session_next_frame(s, &f));
}

/* Seals `text` as the dialler would and lays it before the listener. */
static void forge(struct bytes text)
{
    struct side *l = &pair.listener;
    size_t len = text.len + AEAD_TAG_LEN;
    uint8_t *at;

    side_compact(l);
    at = l->rx + l->rx_len;
    noise_cipher_start(&D->tx);
    noise_cipher_add(&D->tx, at + 2, text);
    noise_cipher_finish(&D->tx, at + 2 + text.len);
    at[0] = (uint8_t)(len >> 8);
    at[1] = (uint8_t)len;
    l->rx_len += 2 + len;
}

#define FORGE(literal) forge(BYTES_LITERAL(literal))

static void control_overtakes_bulk_in_one_message(void **state)
{
    struct bytes parts[] = { BYTES_LITERAL("in "), BYTES_LITERAL("parts") };

    (void)state;
    queue(D, FRAME_BLOB_DATA, "bulk");
    queue(D, FRAME_RECORD, "first");
    assert_int_equal(session_queue(D, FRAME_SYNC, parts, 2), ERR_OK);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0), 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(pair.listener.event.frames);
    assert_next(L, FRAME_RECORD, "first");
    assert_next(L, FRAME_SYNC, "in parts");
    assert_next(L, FRAME_BLOB_DATA, "bulk");
    assert_no_more(L);
}

static void bulk_waits_until_it_is_allowed(void **state)
{
    uint8_t out[SESSION_MESSAGE_MAX];
    size_t len;

    (void)state;
    queue(D, FRAME_BLOB_DATA, "bulk");
    assert_false(session_has_output(D, false));
    assert_true(session_has_output(D, true));
    session_pull(D, T0, out, sizeof out, &len, false);
    assert_int_equal(len, 0);
    session_pull(D, T0, out, sizeof out, &len, true);
    assert_int_equal(len, 2 + 2 + 4 + AEAD_TAG_LEN);
}

static void what_does_not_fit_goes_into_the_next_message(void **state)
{
    static uint8_t big[FRAME_PAYLOAD_MAX];
    struct bytes largest = BYTES_ARRAY(big);
    struct frame f;

    (void)state;
    queue(D, FRAME_RECORD, "small");
    assert_int_equal(session_queue(D, FRAME_RECORD, &largest, 1), ERR_OK);
    queue(D, FRAME_RECORD, "last");
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0),
                     2 + 2 + 5 + AEAD_TAG_LEN);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_next(L, FRAME_RECORD, "small");
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0),
                     SESSION_MESSAGE_MAX);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(session_next_frame(L, &f));
    assert_int_equal(f.payload.len, FRAME_PAYLOAD_MAX);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_next(L, FRAME_RECORD, "last");
}

static void a_payload_is_decrypted_where_it_was_received(void **state)
{
    struct frame f;

    (void)state;
    queue(D, FRAME_BLOB_DATA, "here");
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(D->bulk.cost, 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(session_next_frame(L, &f));
    assert_int_equal(f.payload.len, 4);
    assert_memory_equal(f.payload.data, "here", 4);
    assert_true(f.payload.data >= pair.listener.rx &&
                f.payload.data < pair.listener.rx + sizeof pair.listener.rx);
}

static void two_messages_received_at_once_are_taken_one_by_one(void **state)
{
    (void)state;
    queue(D, FRAME_RECORD, "one");
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    queue(D, FRAME_RECORD, "two");
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_next(L, FRAME_RECORD, "one");
    assert_no_more(L);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_next(L, FRAME_RECORD, "two");
    assert_int_equal(pair.listener.rx_len, pair.listener.rx_used);
}

static void every_prefix_of_a_message_waits_for_the_rest(void **state)
{
    size_t len;

    (void)state;
    queue(D, FRAME_RECORD, "payload");
    len = carry(&pair.dialler, &pair.listener, T0);
    for (size_t part = 0; part < len; part++) {
        pair.listener.rx_len = part;
        assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
        assert_int_equal(pair.listener.rx_len, part);
        assert_false(pair.listener.event.frames);
        assert_no_more(L);
    }
    pair.listener.rx_len = len;
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_next(L, FRAME_RECORD, "payload");
}

static void an_altered_message_ends_the_session_in_silence(void **state)
{
    (void)state;
    for (size_t at = 2; at < 2 + 9 + AEAD_TAG_LEN; at++) {
        pair_wipe(&pair);
        pair_open(&pair);
        queue(D, FRAME_RECORD, "payload");
        assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
        pair.listener.rx[at] ^= (uint8_t)(1 << at % 8);
        assert_int_equal(deliver(&pair.listener, T0), ERR_BAD_CIPHERTEXT);
        assert_int_equal(L->state, SESSION_CLOSED);
        assert_false(session_has_output(L, true));
        assert_no_more(L);
    }
}

static void a_repeated_message_ends_the_session(void **state)
{
    uint8_t copy[64];
    size_t len;

    (void)state;
    queue(D, FRAME_RECORD, "once");
    len = carry(&pair.dialler, &pair.listener, T0);
    memcpy(copy, pair.listener.rx, len);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    side_lay(&pair.listener, (struct bytes){ copy, len });
    assert_int_equal(deliver(&pair.listener, T0), ERR_BAD_CIPHERTEXT);
}

static void a_message_too_short_for_a_tag_is_refused_at_its_length(void **state)
{
    (void)state;
    pair.listener.rx[0] = 0;
    pair.listener.rx[1] = AEAD_TAG_LEN - 1;
    pair.listener.rx_len = 2;
    assert_int_equal(deliver(&pair.listener, T0), ERR_BAD_CIPHERTEXT);
    assert_int_equal(L->state, SESSION_CLOSED);
}

/* The fault is told to the peer, which then closes on its side. */
static void assert_answered(enum err expected)
{
    assert_int_equal(deliver(&pair.listener, T0), expected);
    assert_int_equal(L->state, SESSION_CLOSING);
    assert_no_more(L);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_int_equal(L->state, SESSION_CLOSED);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_OK);
    assert_true(pair.dialler.event.closed);
    assert_int_equal(pair.dialler.event.code, expected);
    assert_int_equal(D->state, SESSION_CLOSED);
    pair_wipe(&pair);
    pair_open(&pair);
}

static void faults_inside_a_message_are_answered_with_their_code(void **state)
{
    (void)state;
    FORGE("");
    assert_answered(ERR_TRUNCATED);
    FORGE("\x0c");
    assert_answered(ERR_TRUNCATED);
    FORGE("\x0c\x05"
          "four");
    assert_answered(ERR_TRUNCATED);
    FORGE("\x0c\x81\x00x");
    assert_answered(ERR_NOT_CANONICAL);
    FORGE("\x80\x00");
    assert_answered(ERR_UNKNOWN_FRAME);
    FORGE("\x00\x00");
    assert_answered(ERR_UNKNOWN_FRAME);
    FORGE("\x02\x07"
          "sevenxx");
    assert_answered(ERR_MALFORMED);
    FORGE("\x04\x09"
          "ninexxxxx");
    assert_answered(ERR_MALFORMED);
    FORGE("\x06\x00");
    assert_answered(ERR_TRUNCATED);
    FORGE("\x06\x02\x01\x01");
    assert_answered(ERR_TRAILING);
    FORGE("\x06\x01\x01\x0c\x00");
    assert_answered(ERR_OUT_OF_ORDER);
}

static void a_fault_at_the_end_hides_the_frames_before_it(void **state)
{
    (void)state;
    FORGE("\x0c\x01x\x80\x00");
    assert_answered(ERR_UNKNOWN_FRAME);
}

static void unknown_odd_frames_are_passed_over(void **state)
{
    (void)state;
    FORGE("\x81\x01z\x0c\x01x\xff\x00");
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(pair.listener.event.frames);
    assert_next(L, FRAME_RECORD, "x");
    assert_no_more(L);
    FORGE("\x81\x01z");
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_false(pair.listener.event.frames);
    assert_no_more(L);
}

static void frames_before_a_close_still_count(void **state)
{
    (void)state;
    FORGE("\x0c\x01x\x06\x01\x00");
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(pair.listener.event.frames && pair.listener.event.closed);
    assert_int_equal(pair.listener.event.code, ERR_OK);
    assert_int_equal(L->state, SESSION_CLOSED);
    assert_next(L, FRAME_RECORD, "x");
    assert_no_more(L);
}

static void a_close_code_of_a_later_release_is_just_closed(void **state)
{
    (void)state;
    FORGE("\x06\x02\xff\x7f");
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_int_equal(pair.listener.event.code, ERR_CLOSED);
}

static void closing_drops_what_waits_and_tells_the_code(void **state)
{
    (void)state;
    queue(D, FRAME_RECORD, "never sent");
    queue(D, FRAME_BLOB_DATA, "nor this");
    session_close(D, ERR_DUPLICATE);
    session_close(D, ERR_BUSY); /* the first reason stays */
    assert_int_equal(session_deadline(D), T0 + HANDSHAKE_TIMEOUT_MS);
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0),
                     2 + 3 + AEAD_TAG_LEN);
    assert_int_equal(carry(&pair.dialler, &pair.listener, T0), 0);
    assert_int_equal(D->state, SESSION_CLOSED);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_false(pair.listener.event.frames);
    assert_int_equal(pair.listener.event.code, ERR_DUPLICATE);
}

static void a_close_that_cannot_be_sent_ends_after_a_while(void **state)
{
    (void)state;
    session_close(D, ERR_BUSY);
    assert_int_equal(session_tick(D, T0 + HANDSHAKE_TIMEOUT_MS - 1), ERR_OK);
    assert_int_equal(session_tick(D, T0 + HANDSHAKE_TIMEOUT_MS), ERR_TIMEOUT);
    assert_int_equal(D->state, SESSION_CLOSED);
}

static void nothing_is_read_after_the_end(void **state)
{
    (void)state;
    queue(D, FRAME_RECORD, "x");
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    session_close(L, ERR_BUSY);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OUT_OF_ORDER);
    assert_int_equal(L->state, SESSION_CLOSING);
    assert_int_equal(L->why, ERR_BUSY);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OUT_OF_ORDER);
}

static void a_full_queue_says_so_and_keeps_what_it_has(void **state)
{
    static uint8_t block[32768];
    struct bytes part = BYTES_ARRAY(block);
    size_t room, count = 0;
    enum err e;

    (void)state;
    do
        e = session_queue(D, FRAME_BLOB_DATA, &part, 1);
    while (e == ERR_OK && ++count < 1000);
    assert_int_equal(e, ERR_NO_SPACE);
    assert_int_equal(count, 63);
    assert_true(D->bulk.cost <= SESSION_BULK_MAX);
    room = session_room(D, FRAME_BLOB_DATA);
    assert_true(room < sizeof block);
    part.len = room + 1;
    assert_int_equal(session_queue(D, FRAME_BLOB_DATA, &part, 1), ERR_NO_SPACE);
    part.len = room;
    assert_int_equal(session_queue(D, FRAME_BLOB_DATA, &part, 1), ERR_OK);
    assert_int_equal(session_room(D, FRAME_BLOB_DATA), 0);
    assert_int_equal(session_room(D, FRAME_RECORD), FRAME_PAYLOAD_MAX);
    queue(D, FRAME_RECORD, "control is another queue");
}

/* Carries what D has to say to L, and the answer back. */
static void meet(uint64_t t)
{
    if (carry(&pair.dialler, &pair.listener, t) > 0)
        assert_int_equal(deliver(&pair.listener, t), ERR_OK);
    if (carry(&pair.listener, &pair.dialler, t) > 0)
        assert_int_equal(deliver(&pair.dialler, t), ERR_OK);
}

static void silence_is_asked_about_and_then_ends_the_session(void **state)
{
    uint64_t t = T0 + PING_IDLE_MS;

    (void)state;
    assert_int_equal(session_deadline(D), t);
    assert_int_equal(session_tick(D, t - 1), ERR_OK);
    assert_false(session_has_output(D, true));
    assert_int_equal(session_tick(D, t), ERR_OK); /* a sign of life */
    assert_true(session_has_output(D, false));
    assert_int_equal(session_deadline(D), t + PING_IDLE_MS);
    assert_int_equal(carry(&pair.dialler, &pair.listener, t),
                     2 + 3 + AEAD_TAG_LEN);
    t += PING_IDLE_MS;
    assert_int_equal(session_tick(D, t), ERR_OK); /* another one */
    assert_true(carry(&pair.dialler, &pair.listener, t) > 0);
    t += PING_IDLE_MS;
    assert_int_equal(session_tick(D, t - 1), ERR_OK);
    assert_false(session_has_output(D, true));
    assert_int_equal(session_tick(D, t), ERR_OK); /* a question */
    assert_int_equal(session_deadline(D), t + SESSION_DEAD_MS);
    assert_true(carry(&pair.dialler, &pair.listener, t) > 0);
    assert_int_equal(session_tick(D, t + SESSION_DEAD_MS - 1), ERR_OK);
    assert_int_equal(session_tick(D, t + SESSION_DEAD_MS), ERR_TIMEOUT);
    assert_int_equal(D->state, SESSION_CLOSED);
    assert_false(session_has_output(D, true));
}

static void signs_and_questions_take_turns(void **state)
{
    uint64_t t = T0;

    (void)state;
    for (int i = 0; i < 600; i++) {
        t += PING_IDLE_MS;
        assert_int_equal(session_tick(D, t), ERR_OK);
        assert_true(carry(&pair.dialler, &pair.listener, t) > 0);
        assert_int_equal(session_tick(L, t), ERR_OK); /* it never asks */
        assert_int_equal(deliver(&pair.listener, t), ERR_OK);
        assert_int_equal(session_has_output(L, false), i % 3 == 2);
        meet(t);
    }
}

static void who_hears_something_need_not_ask(void **state)
{
    uint64_t t = T0 + PING_IDLE_MS;

    (void)state;
    assert_int_equal(session_tick(D, t), ERR_OK);
    meet(t);
    t += PING_IDLE_MS;
    assert_int_equal(session_tick(D, t), ERR_OK);
    meet(t);
    queue(L, FRAME_RECORD, "news");
    meet(t + 1);
    t += 1 + PING_IDLE_MS;
    assert_int_equal(session_deadline(D), t);
    assert_int_equal(session_tick(D, t), ERR_OK); /* a sign, no question */
    assert_int_equal(session_deadline(D), t + PING_IDLE_MS);
}

static void who_was_dialled_asks_later_and_always(void **state)
{
    uint64_t t = T0 + PING_DIALLED_MS;

    (void)state;
    assert_true(PING_DIALLED_MS > PING_IDLE_MS);
    assert_int_equal(session_deadline(L), t);
    assert_int_equal(session_tick(L, t), ERR_OK);
    assert_int_equal(session_deadline(L), t + SESSION_DEAD_MS);
    assert_true(carry(&pair.listener, &pair.dialler, t) > 0);
    assert_int_equal(deliver(&pair.dialler, t), ERR_OK);
    assert_true(session_has_output(D, false));
}

static void an_answered_ping_measures_the_way(void **state)
{
    uint64_t t = T0 + 3 * PING_IDLE_MS;

    (void)state;
    for (uint64_t i = 1; i < 3; i++) {
        assert_int_equal(session_tick(D, T0 + i * PING_IDLE_MS), ERR_OK);
        meet(T0 + i * PING_IDLE_MS);
    }
    assert_int_equal(D->rtt_ms, 0);
    assert_int_equal(session_tick(D, t), ERR_OK);
    assert_true(carry(&pair.dialler, &pair.listener, t) > 0);
    assert_int_equal(deliver(&pair.listener, t + 15), ERR_OK);
    assert_false(pair.listener.event.frames);
    assert_no_more(L);
    assert_true(carry(&pair.listener, &pair.dialler, t + 15) > 0);
    assert_int_equal(deliver(&pair.dialler, t + 31), ERR_OK);
    assert_int_equal(D->rtt_ms, 31);
    assert_int_equal(session_deadline(D), t + 31 + PING_IDLE_MS);
    assert_false(session_has_output(L, true));
}

static void many_pings_cost_one_answer(void **state)
{
    (void)state;
    FORGE("\2\1a\2\1b\2\1c");
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_int_equal(carry(&pair.listener, &pair.dialler, T0),
                     2 + 3 + AEAD_TAG_LEN);
    assert_int_equal(carry(&pair.listener, &pair.dialler, T0), 0);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_OK);
    assert_int_equal(D->state, SESSION_OPEN);
    assert_int_equal(D->rtt_ms, 0); /* an answer to nothing we asked */
}

static void a_busy_session_asks_sooner(void **state)
{
    uint64_t t = T0 + 50000;

    (void)state;
    session_set_busy(D, t, true);
    assert_int_equal(session_deadline(D), t + PING_BUSY_MS);
    session_set_busy(D, t + 1000, true); /* still the same work */
    assert_int_equal(session_deadline(D), t + PING_BUSY_MS);
    session_set_busy(D, t + 1000, false);
    assert_int_equal(session_deadline(D), T0 + PING_IDLE_MS);
    session_set_busy(D, t + 9000, true); /* never later than when idle */
    assert_int_equal(session_deadline(D), T0 + PING_IDLE_MS);
}

static void bytes_of_an_incomplete_message_are_a_sign_of_life(void **state)
{
    (void)state;
    queue(L, FRAME_RECORD, "slow");
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    assert_int_equal(session_tick(D, T0 + PING_IDLE_MS), ERR_OK);
    pair.dialler.rx_len = 5;
    assert_int_equal(deliver(&pair.dialler, T0 + PING_IDLE_MS + 10), ERR_OK);
    assert_int_equal(session_deadline(D), T0 + 2 * PING_IDLE_MS + 10);
    /* The same bytes again are none. */
    assert_int_equal(deliver(&pair.dialler, T0 + PING_IDLE_MS + 50), ERR_OK);
    assert_int_equal(session_deadline(D), T0 + 2 * PING_IDLE_MS + 10);
}

static void a_reader_that_stopped_is_excused(void **state)
{
    (void)state;
    session_excuse(D, T0 + 59000);
    assert_int_equal(session_deadline(D), T0 + 59000 + PING_IDLE_MS);
}

static void keys_are_renewed_on_both_sides_alike(void **state)
{
    struct session_config config;

    (void)state;
    pair_wipe(&pair);
    pair_prepare(&pair);
    for (int i = 0; i < 2; i++) {
        struct side *side = i == 0 ? &pair.dialler : &pair.listener;

        config = side_config(side, i == 0);
        config.rekey_every = 3;
        session_init(&side->session, &config, T0);
    }
    for (int i = 0; i < 3; i++) {
        struct side *from = i % 2 == 0 ? &pair.dialler : &pair.listener;
        struct side *to = i % 2 == 0 ? &pair.listener : &pair.dialler;

        assert_true(carry(from, to, T0) > 0);
        assert_int_equal(deliver(to, T0), ERR_OK);
    }
    for (int i = 0; i < 21; i++) {
        queue(D, FRAME_RECORD, "x");
        assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
        assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
        assert_next(L, FRAME_RECORD, "x");
    }
    assert_int_equal(D->tx.nonce, 21);
    /* A side that renews at another time is not understood. */
    D->tx.rekey_every = 1000;
    queue(D, FRAME_RECORD, "x");
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_BAD_CIPHERTEXT);
}

/* Secrets seen in a living session, to be looked for after its end. */
struct secrets {
    uint8_t bytes[8][KEY_LEN];
    size_t count;
};

static void secrets_note(struct secrets *s, const uint8_t secret[KEY_LEN])
{
    if (sodium_is_zero(secret, KEY_LEN))
        return;
    assert_true(s->count < 8);
    memcpy(s->bytes[s->count++], secret, KEY_LEN);
}

static struct secrets secrets_of(const struct side *side)
{
    struct secrets found = { 0 };

    secrets_note(&found, side->session.noise.ephemeral_secret);
    secrets_note(&found, side->session.noise.chaining_key);
    secrets_note(&found, side->session.noise.key);
    secrets_note(&found, side->session.ask);
    secrets_note(&found, side->keys.noise_secret);
    secrets_note(&found, side->keys.sign.secret);
    return found;
}

/* Any 8 bytes in a row of any secret count as a leak. */
static void assert_wiped(const struct session *s, const struct secrets *secrets)
{
    const uint8_t *memory = (const uint8_t *)s;

    assert_true(secrets->count >= 3);
    for (size_t i = 0; i < secrets->count; i++)
        for (size_t at = 0; at + 8 <= KEY_LEN; at++)
            assert_null(memmem(memory, sizeof *s, secrets->bytes[i] + at, 8));
    assert_null(s->tx.aead.ctx);
    assert_null(s->rx.aead.ctx);
    assert_int_equal(s->state, SESSION_CLOSED);
}

static void a_failed_handshake_leaves_no_secret(void **state)
{
    (void)state;
    for (int message = 0; message < 3; message++) {
        struct side *to = NULL;
        struct secrets secrets;

        pair_wipe(&pair);
        pair_start(&pair);
        for (int i = 0; i <= message; i++) {
            struct side *from = i % 2 == 0 ? &pair.dialler : &pair.listener;

            if (to != NULL)
                assert_int_equal(deliver(to, T0), ERR_OK);
            to = i % 2 == 0 ? &pair.listener : &pair.dialler;
            assert_true(carry(from, to, T0) > 0);
        }
        secrets = secrets_of(to);
        to->rx[message == 0 ? 1 : 9] ^= 1;
        assert_int_equal(deliver(to, T0), ERR_BAD_HANDSHAKE);
        assert_wiped(&to->session, &secrets);
    }
}

static void a_handshake_that_times_out_leaves_no_secret(void **state)
{
    struct secrets secrets;

    (void)state;
    pair_wipe(&pair);
    pair_start(&pair);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    secrets = secrets_of(&pair.listener);
    assert_int_equal(session_tick(L, T0 + HANDSHAKE_TIMEOUT_MS), ERR_TIMEOUT);
    assert_wiped(L, &secrets);
    secrets = secrets_of(&pair.dialler);
    session_close(D, ERR_SHUTDOWN);
    assert_wiped(D, &secrets);
}

static void a_handshake_with_the_wrong_node_leaves_no_secret(void **state)
{
    struct session_config config;
    struct secrets secrets;

    (void)state;
    pair_wipe(&pair);
    pair_prepare(&pair);
    config = side_config(&pair.dialler, true);
    config.expected_node = pair.dialler.keys.noise_public;
    session_init(D, &config, T0);
    side_start(&pair.listener, false);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    secrets = secrets_of(&pair.dialler);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_WRONG_NODE);
    assert_wiped(D, &secrets);
}

static void an_open_handshake_keeps_only_what_it_needs(void **state)
{
    struct secrets secrets;

    (void)state;
    pair_wipe(&pair);
    pair_start(&pair);
    assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
    assert_int_equal(deliver(&pair.listener, T0), ERR_OK);
    assert_true(carry(&pair.listener, &pair.dialler, T0) > 0);
    secrets = secrets_of(&pair.dialler);
    assert_int_equal(deliver(&pair.dialler, T0), ERR_OK);
    assert_int_equal(D->state, SESSION_OPEN);
    for (size_t i = 0; i < secrets.count; i++)
        assert_null(memmem(D, sizeof *D, secrets.bytes[i], KEY_LEN));
}

static void every_end_of_an_open_session_leaves_no_secret(void **state)
{
    enum { ALTERED, FAULT, CLOSED_HERE, CLOSED_THERE, SILENCE, WIPED, ENDS };

    (void)state;
    for (int how = 0; how < ENDS; how++) {
        struct secrets secrets;
        size_t len;
        uint8_t out[SESSION_MESSAGE_MAX];

        pair_wipe(&pair);
        pair_open(&pair);
        secrets = secrets_of(&pair.listener);
        queue(L, FRAME_RECORD, "waits");
        queue(D, FRAME_RECORD, "x");
        if (how == CLOSED_THERE)
            session_close(D, ERR_BUSY);
        if (how == FAULT)
            FORGE("\x80\x00");
        else
            assert_true(carry(&pair.dialler, &pair.listener, T0) > 0);
        if (how == ALTERED)
            pair.listener.rx[3] ^= 1;
        if (how == CLOSED_HERE)
            session_close(L, ERR_BUSY);
        if (how == SILENCE) {
            assert_int_equal(session_tick(L, T0 + PING_DIALLED_MS), ERR_OK);
            assert_int_equal(session_tick(L, T0 + 2 * PING_DIALLED_MS),
                             ERR_TIMEOUT);
        } else if (how == WIPED) {
            session_wipe(L);
        } else {
            (void)deliver(&pair.listener, T0);
        }
        if (how == FAULT || how == CLOSED_HERE)
            session_pull(L, T0, out, sizeof out, &len, true);
        assert_wiped(L, &secrets);
        assert_null(L->control.first);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_pair, wipe_pair)
    const struct CMUnitTest tests[] = {
        T(control_overtakes_bulk_in_one_message),
        T(bulk_waits_until_it_is_allowed),
        T(what_does_not_fit_goes_into_the_next_message),
        T(a_payload_is_decrypted_where_it_was_received),
        T(two_messages_received_at_once_are_taken_one_by_one),
        T(every_prefix_of_a_message_waits_for_the_rest),
        T(an_altered_message_ends_the_session_in_silence),
        T(a_repeated_message_ends_the_session),
        T(a_message_too_short_for_a_tag_is_refused_at_its_length),
        T(faults_inside_a_message_are_answered_with_their_code),
        T(a_fault_at_the_end_hides_the_frames_before_it),
        T(unknown_odd_frames_are_passed_over),
        T(frames_before_a_close_still_count),
        T(a_close_code_of_a_later_release_is_just_closed),
        T(closing_drops_what_waits_and_tells_the_code),
        T(a_close_that_cannot_be_sent_ends_after_a_while),
        T(nothing_is_read_after_the_end),
        T(a_full_queue_says_so_and_keeps_what_it_has),
        T(silence_is_asked_about_and_then_ends_the_session),
        T(signs_and_questions_take_turns),
        T(who_hears_something_need_not_ask),
        T(who_was_dialled_asks_later_and_always),
        T(an_answered_ping_measures_the_way),
        T(many_pings_cost_one_answer),
        T(a_busy_session_asks_sooner),
        T(bytes_of_an_incomplete_message_are_a_sign_of_life),
        T(a_reader_that_stopped_is_excused),
        T(keys_are_renewed_on_both_sides_alike),
        T(a_failed_handshake_leaves_no_secret),
        T(a_handshake_that_times_out_leaves_no_secret),
        T(a_handshake_with_the_wrong_node_leaves_no_secret),
        T(an_open_handshake_keeps_only_what_it_needs),
        T(every_end_of_an_open_session_leaves_no_secret),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
