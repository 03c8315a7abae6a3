/*
 * The connection's state machine (protocol.md §4): what comes, and what silence
 * means.  It knows frames by type only; what HELLO, SYNC and the rest mean is
 * told elsewhere.
 */
#include "proto/session_parts.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* After this nothing in the struct tells what was said or with which key. */
static void forget(struct session *s)
{
    noise_wipe(&s->noise);
    noise_cipher_wipe(&s->tx);
    noise_cipher_wipe(&s->rx);
    sodium_memzero(s->ask, sizeof s->ask);
    sodium_memzero(s->handshake_hash, sizeof s->handshake_hash);
    sodium_memzero(s->handshake, sizeof s->handshake);
    s->handshake_len = 0;
    outbox_wipe(&s->control);
    outbox_wipe(&s->bulk);
}

enum err session_end(struct session *s, enum err why)
{
    forget(s);
    s->state = SESSION_CLOSED;
    s->why = why;
    return why;
}

/* Ends the session with a CLOSE that is still to be pulled. */
static enum err answer(struct session *s, enum err why)
{
    assert(s->state == SESSION_OPEN);
    outbox_wipe(&s->control);
    outbox_wipe(&s->bulk);
    s->state = SESSION_CLOSING;
    s->why = why;
    s->closing_ms = s->now_ms;
    return why;
}

void session_init(struct session *s, const struct session_config *config,
                  uint64_t now_ms)
{
    uint8_t buf[16 + NETWORK_LEN_MAX];
    struct writer prologue = writer_fixed(buf, sizeof buf);
    const struct network *network = config->network;

    assert(network->len > 0 && config->features <= MP_INT_MAX);
    *s = (struct session){ .state = SESSION_HANDSHAKE,
                           .is_dialler = config->dialler,
                           .network = network,
                           .keys = config->keys,
                           .features = config->features,
                           .rekey_every = config->rekey_every,
                           .now_ms = now_ms,
                           .started_ms = now_ms };
    if (s->rekey_every == 0)
        s->rekey_every = REKEY_MESSAGES;
    s->has_expected_node = config->expected_node != NULL;
    if (s->has_expected_node)
        memcpy(s->expected_node, config->expected_node, KEY_LEN);
    outbox_init(&s->control, SESSION_CONTROL_MAX);
    outbox_init(&s->bulk, SESSION_BULK_MAX);
    writer_bytes(&prologue, BYTES_LITERAL("troupe 1 "));
    writer_bytes(&prologue, (struct bytes){ (const uint8_t *)network->name,
                                            network->len });
    noise_init(&s->noise, config->dialler, writer_view(&prologue),
               config->keys->noise_secret, config->keys->noise_public,
               config->ephemeral);
    if (config->dialler) {
        enum err e = session_handshake_write(s);

        assert(e == ERR_OK); /* message 0 is an ephemeral key and nothing */
        (void)e;
    }
}

void session_wipe(struct session *s)
{
    if (s == NULL)
        return;
    forget(s);
    sodium_memzero(s, sizeof *s);
    s->state = SESSION_CLOSED;
}

static void on_pong(struct session *s, uint8_t number)
{
    if (!s->pong_awaited || number != s->ping_number)
        return; /* an answer to an earlier ping: it counts as a sign of life */
    s->pong_awaited = false;
    s->rtt_ms = s->now_ms - s->ping_ms;
}

static enum err on_close(struct session_event *ev, struct bytes payload)
{
    struct reader r = reader_of(payload);
    uint64_t code = reader_varint(&r);
    enum err e = reader_finish(&r);

    if (e != ERR_OK)
        return e;
    ev->closed = true;
    ev->code = code < ERR_COUNT ? (enum err)code : ERR_CLOSED;
    return ERR_OK;
}

/* The session's own frames; all others are left for session_next_frame(). */
static enum err frame_step(struct session *s, const struct frame *f,
                           struct session_event *ev)
{
    if (ev->closed)
        return ERR_OUT_OF_ORDER; /* nothing follows a CLOSE */
    switch (f->type) {
    case FRAME_PING:
    case FRAME_PONG:
        if (f->payload.len != 1)
            return ERR_MALFORMED;
        if (f->type == FRAME_PONG) {
            on_pong(s, f->payload.data[0]);
        } else if (f->payload.data[0] != 0) {
            s->pong = f->payload.data[0];
            s->pong_due = true;
        }
        return ERR_OK;
    case FRAME_CLOSE:
        return on_close(ev, f->payload);
    default:
        ev->frames = ev->frames || frame_is_known(f->type);
        return ERR_OK;
    }
}

/* A transport message, decrypted where it lies. */
static enum err open_step(struct session *s, uint8_t *message, size_t len,
                          struct session_event *ev)
{
    struct bytes text = { message, len - AEAD_TAG_LEN };
    struct reader r = reader_of(text);
    struct frame f;
    enum err e =
        noise_cipher_open(&s->rx, message, (struct bytes){ message, len });

    if (e != ERR_OK)
        return session_end(s, e);
    e = frame_check_all(text);
    while (e == ERR_OK && r.left > 0) {
        e = frame_next(&f, &r);
        if (e == ERR_OK)
            e = frame_step(s, &f, ev);
    }
    if (e != ERR_OK)
        return answer(s, e);
    s->frames = reader_of(text);
    if (ev->closed) /* what a peer says of us is not our error */
        (void)session_end(s, ev->code);
    return ERR_OK;
}

/*
 * A length that cannot be right needs no waiting for the bytes it promises.
 * Nothing has proved it to be the peer's.
 */
static enum err check_len(const struct session *s, size_t len)
{
    if (s->state == SESSION_HANDSHAKE)
        return session_handshake_fits(s, len) ? ERR_OK : ERR_BAD_HANDSHAKE;
    return len < AEAD_TAG_LEN ? ERR_BAD_CIPHERTEXT : ERR_OK;
}

/* Bytes of a message that is still incomplete are a sign of life, too. */
static void wait_for_more(struct session *s, size_t len)
{
    if (len > s->partial_len && s->state == SESSION_OPEN)
        session_heard(s);
    s->partial_len = len;
}

enum err session_recv(struct session *s, uint64_t now_ms, uint8_t *buf,
                      size_t len, size_t *used, struct session_event *ev)
{
    struct session_event seen = { 0 };
    size_t message_len;
    enum err e;

    *used = 0;
    *ev = seen;
    if (s->state != SESSION_HANDSHAKE && s->state != SESSION_OPEN)
        return ERR_OUT_OF_ORDER;
    session_advance(s, now_ms);
    s->frames = (struct reader){ 0 };
    if (len < 2) {
        wait_for_more(s, len);
        return ERR_OK;
    }
    message_len = (size_t)buf[0] << 8 | buf[1];
    e = check_len(s, message_len);
    if (e != ERR_OK)
        return session_end(s, e);
    if (len - 2 < message_len) {
        wait_for_more(s, len);
        return ERR_OK;
    }
    s->partial_len = 0;
    if (s->state == SESSION_HANDSHAKE) {
        e = session_handshake_step(s, buf + 2, message_len, &seen);
        if (e != ERR_OK)
            return session_end(s, e);
    } else {
        session_heard(s);
        e = open_step(s, buf + 2, message_len, &seen);
        if (e != ERR_OK)
            return e;
    }
    *used = 2 + message_len;
    *ev = seen;
    return ERR_OK;
}

bool session_next_frame(struct session *s, struct frame *out)
{
    while (s->frames.left > 0) {
        struct frame f;
        enum err e = frame_next(&f, &s->frames);

        assert(e == ERR_OK); /* frame_check_all() has passed */
        (void)e;
        if (frame_is_known(f.type) && !session_is_own(f.type)) {
            *out = f;
            return true;
        }
    }
    return false;
}

void session_close(struct session *s, enum err why)
{
    if (s->state == SESSION_OPEN)
        (void)answer(s, why);
    else if (s->state == SESSION_HANDSHAKE)
        (void)session_end(s, why);
}

/*
 * When silence makes us ask.  Both ends hear the last of the other at the same
 * time: if both asked at the same time, too, each answer would come twice.
 */
static uint64_t ask_ms(const struct session *s)
{
    uint64_t last_ms = s->sign_ms > s->heard_ms ? s->sign_ms : s->heard_ms;
    uint64_t idle_ms =
        last_ms + (s->is_dialler ? PING_IDLE_MS : PING_DIALLED_MS);
    uint64_t busy_ms = s->heard_ms;

    if (!s->busy)
        return idle_ms;
    if (s->busy_since_ms > busy_ms)
        busy_ms = s->busy_since_ms;
    busy_ms += PING_BUSY_MS;
    return busy_ms < idle_ms ? busy_ms : idle_ms;
}

uint64_t session_deadline(const struct session *s)
{
    switch (s->state) {
    case SESSION_HANDSHAKE:
        return s->started_ms + HANDSHAKE_TIMEOUT_MS;
    case SESSION_OPEN:
        return s->ping_open ? s->asked_ms + SESSION_DEAD_MS : ask_ms(s);
    case SESSION_CLOSING:
        return s->closing_ms + HANDSHAKE_TIMEOUT_MS;
    case SESSION_CLOSED:
        break;
    }
    return UINT64_MAX;
}

/*
 * §4.5: mostly the peer's machine need only acknowledge it: that it is there is
 * what the system then knows, and the peer that we are.
 */
static bool is_sign_enough(const struct session *s)
{
    return s->is_dialler && !s->busy && s->signs < PING_SIGNS;
}

enum err session_tick(struct session *s, uint64_t now_ms)
{
    session_advance(s, now_ms);
    if (now_ms < session_deadline(s))
        return ERR_OK;
    if (s->state != SESSION_OPEN || s->ping_open)
        return session_end(s, ERR_TIMEOUT);
    s->ping_due = true;
    s->ping_asks = !is_sign_enough(s);
    if (!s->ping_asks) {
        s->sign_ms = now_ms;
        s->signs++;
        return ERR_OK;
    }
    s->ping_open = true;
    s->asked_ms = now_ms;
    return ERR_OK;
}

void session_set_busy(struct session *s, uint64_t now_ms, bool busy)
{
    session_advance(s, now_ms);
    if (busy && !s->busy)
        s->busy_since_ms = now_ms;
    s->busy = busy;
}

void session_excuse(struct session *s, uint64_t now_ms)
{
    session_advance(s, now_ms);
    session_heard(s);
}
