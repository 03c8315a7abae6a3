/*
 * An open session against a peer that shares its keys and means harm.  Input:
 * one byte for the role, then steps: an action and what it needs.  What the
 * session hands out is compared with the frames as they were sent.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/proto/session_pair.h"

struct scene {
    struct pair pair;
    struct side *us;
    struct side *peer;
    uint64_t now_ms;
    uint8_t sent[NOISE_PLAINTEXT_MAX]; /* the last plaintext of the peer's */
    uint8_t out[SESSION_MESSAGE_MAX];
};

static bool is_own(uint8_t type)
{
    return type == FRAME_PING || type == FRAME_PONG || type == FRAME_CLOSE;
}

/* Exactly the frames of the plaintext that are the caller's business. */
static void check_frames(struct scene *s, struct bytes text)
{
    struct reader r = reader_of(text);
    struct frame sent, got;

    while (r.left > 0) {
        check(frame_next(&sent, &r) == ERR_OK);
        if (!frame_is_known(sent.type) || is_own(sent.type))
            continue;
        check(session_next_frame(&s->us->session, &got));
        check(got.type == sent.type);
        check(bytes_equal(got.payload, sent.payload));
    }
    check(!session_next_frame(&s->us->session, &got));
}

static void check_outcome(struct scene *s, struct bytes text, enum err e)
{
    const struct session *us = &s->us->session;
    struct frame f;

    if (e != ERR_OK) {
        check(us->why == e && us->state == SESSION_CLOSING);
        check(!session_next_frame(&s->us->session, &f));
        return;
    }
    check(frame_check_all(text) == ERR_OK);
    check(s->us->event.closed == (us->state == SESSION_CLOSED));
    check_frames(s, text);
}

/* Puts a message of the peer's before us, the first part of it alone first. */
static enum err hand_over(struct scene *s, size_t len, size_t part)
{
    enum err e;

    s->us->rx[0] = (uint8_t)(len >> 8);
    s->us->rx[1] = (uint8_t)len;
    s->us->rx_used = 0;
    s->us->rx_len = part % (len + 2);
    e = deliver(s->us, s->now_ms);
    if (e != ERR_OK)
        return e;
    check(s->us->rx_used == 0 && !s->us->event.frames);
    s->us->rx_len = len + 2;
    return deliver(s->us, s->now_ms);
}

static void send_plaintext(struct scene *s, struct bytes text, size_t part)
{
    struct noise_cipher *tx = &s->peer->session.tx;

    if (s->peer->session.state != SESSION_OPEN ||
        s->us->session.state != SESSION_OPEN)
        return;
    if (text.len > 0)
        memcpy(s->sent, text.data, text.len);
    noise_cipher_start(tx);
    noise_cipher_add(tx, s->us->rx + 2, text);
    noise_cipher_finish(tx, s->us->rx + 2 + text.len);
    check_outcome(s, (struct bytes){ s->sent, text.len },
                  hand_over(s, text.len + AEAD_TAG_LEN, part));
}

/* Nobody without the key is heard. */
static void send_noise(struct scene *s, struct bytes noise, size_t part)
{
    if (s->us->session.state != SESSION_OPEN)
        return;
    if (noise.len > 0)
        memcpy(s->us->rx + 2, noise.data, noise.len);
    check(hand_over(s, noise.len, part) != ERR_OK);
    check(s->us->session.state == SESSION_CLOSED);
}

/* All that we have to say is read by the peer. */
static void pull(struct scene *s, bool allow_bulk)
{
    bool was_closing = s->us->session.state == SESSION_CLOSING;
    size_t len;

    session_pull(&s->us->session, s->now_ms, s->out, sizeof s->out, &len,
                 allow_bulk);
    if (len == 0 || s->peer->session.state != SESSION_OPEN)
        return;
    side_lay(s->peer, (struct bytes){ s->out, len });
    check(deliver(s->peer, s->now_ms) == ERR_OK);
    check(s->peer->rx_used == len);
    check(s->peer->event.closed == was_closing);
}

static void queue(struct scene *s, uint8_t type, struct bytes payload)
{
    const struct bytes parts[] = { payload, payload };
    enum err e;

    if (!frame_is_known(type) || is_own(type))
        return;
    e = session_queue(&s->us->session, type, parts, 2);
    check(e == ERR_OK || e == ERR_NO_SPACE ||
          (e == ERR_OUT_OF_ORDER && s->us->session.state != SESSION_OPEN));
}

static void tick(struct scene *s, uint64_t ms)
{
    enum err e;

    s->now_ms += ms;
    e = session_tick(&s->us->session, s->now_ms);
    check(e == ERR_OK || e == ERR_TIMEOUT);
    check(session_deadline(&s->us->session) > s->now_ms);
}

static void step(struct scene *s, struct reader *r)
{
    uint8_t action = reader_u8(r);
    size_t part = reader_u8(r);
    size_t len = action % 8 < 3 ? reader_u16(r) : 0;
    struct bytes bytes = reader_bytes(r, len < r->left ? len : r->left);

    if (action % 8 == 0)
        send_plaintext(s, bytes, part);
    else if (action % 8 == 1)
        send_noise(s, bytes, part);
    else if (action % 8 == 2)
        queue(s, (uint8_t)part, bytes);
    else if (action % 8 == 3)
        pull(s, part % 2 == 1);
    else if (action % 8 == 4)
        tick(s, (uint64_t)part * 500);
    else if (action % 8 == 5)
        session_set_busy(&s->us->session, s->now_ms, part % 2 == 1);
    else if (action % 8 == 6)
        session_excuse(&s->us->session, s->now_ms);
    else
        session_close(&s->us->session, (enum err)(part % ERR_COUNT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene s;
    struct reader r = reader_of((struct bytes){ data, size });
    bool we_dialled = reader_u8(&r) % 2 == 1;

    s.us = we_dialled ? &s.pair.dialler : &s.pair.listener;
    s.peer = we_dialled ? &s.pair.listener : &s.pair.dialler;
    s.now_ms = T0;
    pair_open(&s.pair);
    while (r.err == ERR_OK && r.left > 0)
        step(&s, &r);
    pull(&s, true);
    pair_wipe(&s.pair);
    return 0;
}
