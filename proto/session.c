/*
 * The connection's state machine (protocol.md §4).  It knows frames by type
 * only; what HELLO, SYNC and the rest mean is told elsewhere.
 */
#include "proto/session.h"

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

/* Ends the session without an answer. */
static enum err end(struct session *s, enum err why)
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

static void advance(struct session *s, uint64_t now_ms)
{
    assert(now_ms >= s->now_ms);
    s->now_ms = now_ms;
}

static void heard(struct session *s)
{
    s->heard_ms = s->now_ms;
    s->signs = 0;
    s->ping_open = false;
    s->ping_due = false;
}

/* Composes the next handshake message; message 0 has an empty payload. */
static enum err handshake_write(struct session *s)
{
    struct writer w = writer_fixed(s->handshake, sizeof s->handshake);
    uint8_t buf[INTRODUCTION_MAX];
    struct writer payload = writer_fixed(buf, sizeof buf);
    bool introduces = s->noise.message > 0;
    enum err e;

    writer_u16(&w, 0); /* the length, known at the end */
    e = noise_write_keys(&s->noise, &w);
    if (e == ERR_OK && introduces)
        introduction_write(&payload, s->keys, s->network, s->features,
                           s->noise.hash);
    if (e == ERR_OK)
        e = noise_write_payload(&s->noise, &w, writer_view(&payload));
    if (e != ERR_OK)
        return e;
    assert(payload.err == ERR_OK && w.err == ERR_OK);
    s->handshake[0] = (uint8_t)((w.len - 2) >> 8);
    s->handshake[1] = (uint8_t)(w.len - 2);
    s->handshake_len = w.len;
    return ERR_OK;
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
        enum err e = handshake_write(s);

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

/* Both key exchanges are done: from here on both sides share the ciphers. */
static enum err handshake_finish(struct session *s)
{
    enum err e = noise_split(&s->noise, s->rekey_every, &s->tx, &s->rx, s->ask);

    if (e != ERR_OK)
        return e;
    memcpy(s->handshake_hash, s->noise.hash, HASH_LEN);
    noise_wipe(&s->noise);
    s->state = SESSION_OPEN;
    heard(s);
    return ERR_OK;
}

/* Who the peer says it is, proven by its signature, and whether we want it. */
static enum err meet(struct session *s, struct bytes payload,
                     const uint8_t hash[HASH_LEN])
{
    struct introduction peer;
    enum err e = introduction_read(&peer, payload, s->network,
                                   s->noise.remote_static, hash);

    if (e != ERR_OK)
        return e;
    if (memcmp(peer.node, s->keys->sign.public_key, KEY_LEN) == 0)
        return ERR_SELF;
    if (s->has_expected_node &&
        memcmp(peer.node, s->expected_node, KEY_LEN) != 0)
        return ERR_WRONG_NODE;
    memcpy(s->peer_node, peer.node, KEY_LEN);
    s->peer_features = peer.features;
    s->peer_version = peer.version;
    return ERR_OK;
}

/*
 * Reads one handshake message, its payload in place.  What does not decrypt was
 * made with another prologue or altered on the way: nobody's keys are to blame.
 */
static enum err handshake_read(struct session *s, uint8_t *message, size_t len)
{
    struct reader r = reader_of((struct bytes){ message, len });
    bool introduces = s->noise.message > 0;
    uint8_t hash[HASH_LEN];
    uint8_t *payload;
    size_t payload_len = 0;
    enum err e = noise_read_keys(&s->noise, &r);

    memcpy(hash, s->noise.hash, HASH_LEN);
    payload = message + (len - r.left);
    if (e == ERR_OK)
        e = noise_read_payload(&s->noise, &r, payload, &payload_len);
    if (e == ERR_BAD_CIPHERTEXT || e == ERR_TRUNCATED)
        return ERR_BAD_HANDSHAKE;
    if (e == ERR_OK && introduces)
        e = meet(s, (struct bytes){ payload, payload_len }, hash);
    return e;
}

/* §4.1: a message of another length ends the handshake unread. */
static bool handshake_len_fits(const struct session *s, size_t len)
{
    static const size_t keys[] = { NOISE_KEYS_0, NOISE_KEYS_1, NOISE_KEYS_2 };
    size_t least = keys[s->noise.message];

    if (s->noise.message == 0)
        return len == least;
    least += AEAD_TAG_LEN;
    return len > least && len - least <= INTRODUCTION_MAX;
}

/* One message of the handshake, and the one that answers it. */
static enum err handshake_step(struct session *s, uint8_t *message, size_t len,
                               struct session_event *ev)
{
    enum err e = handshake_read(s, message, len);

    if (e == ERR_OK && s->noise.message < 3)
        e = handshake_write(s);
    if (e == ERR_OK && s->noise.message == 3)
        e = handshake_finish(s);
    if (e == ERR_OK)
        ev->opened = s->state == SESSION_OPEN;
    return e;
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
        return end(s, e);
    e = frame_check_all(text);
    while (e == ERR_OK && r.left > 0) {
        e = frame_next(&f, &r);
        if (e == ERR_OK)
            e = frame_step(s, &f, ev);
    }
    if (e != ERR_OK)
        return answer(s, e);
    s->frames = reader_of(text);
    if (ev->closed)
        (void)end(s, ev->code); /* what a peer says of us is not our error */
    return ERR_OK;
}

/*
 * A length that cannot be right needs no waiting for the bytes it promises.
 * Nothing has proved it to be the peer's.
 */
static enum err check_len(const struct session *s, size_t len)
{
    if (s->state == SESSION_HANDSHAKE)
        return handshake_len_fits(s, len) ? ERR_OK : ERR_BAD_HANDSHAKE;
    return len < AEAD_TAG_LEN ? ERR_BAD_CIPHERTEXT : ERR_OK;
}

/* Bytes of a message that is still incomplete are a sign of life, too. */
static void wait_for_more(struct session *s, size_t len)
{
    if (len > s->partial_len && s->state == SESSION_OPEN)
        heard(s);
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
    advance(s, now_ms);
    s->frames = (struct reader){ 0 };
    if (len < 2) {
        wait_for_more(s, len);
        return ERR_OK;
    }
    message_len = (size_t)buf[0] << 8 | buf[1];
    e = check_len(s, message_len);
    if (e != ERR_OK)
        return end(s, e);
    if (len - 2 < message_len) {
        wait_for_more(s, len);
        return ERR_OK;
    }
    s->partial_len = 0;
    if (s->state == SESSION_HANDSHAKE) {
        e = handshake_step(s, buf + 2, message_len, &seen);
        if (e != ERR_OK)
            return end(s, e);
    } else {
        heard(s);
        e = open_step(s, buf + 2, message_len, &seen);
        if (e != ERR_OK)
            return e;
    }
    *used = 2 + message_len;
    *ev = seen;
    return ERR_OK;
}

/* Frames that nobody but the session itself sees. */
static bool is_own(uint8_t type)
{
    return type == FRAME_PING || type == FRAME_PONG || type == FRAME_CLOSE;
}

bool session_next_frame(struct session *s, struct frame *out)
{
    while (s->frames.left > 0) {
        struct frame f;
        enum err e = frame_next(&f, &s->frames);

        assert(e == ERR_OK); /* frame_check_all() has passed */
        (void)e;
        if (frame_is_known(f.type) && !is_own(f.type)) {
            *out = f;
            return true;
        }
    }
    return false;
}

static struct outbox *box_for(struct session *s, uint8_t type)
{
    assert(frame_is_known(type) && !is_own(type));
    return frame_is_bulk(type) ? &s->bulk : &s->control;
}

enum err session_queue(struct session *s, uint8_t type,
                       const struct bytes *parts, size_t count)
{
    struct outbox *box = box_for(s, type);

    if (s->state != SESSION_OPEN)
        return ERR_OUT_OF_ORDER;
    return outbox_add(box, type, parts, count);
}

size_t session_room(const struct session *s, uint8_t type)
{
    if (s->state != SESSION_OPEN)
        return 0;
    return outbox_room(frame_is_bulk(type) ? &s->bulk : &s->control);
}

bool session_has_output(const struct session *s, bool allow_bulk)
{
    if (s->handshake_len > 0 || s->state == SESSION_CLOSING)
        return true;
    return s->state == SESSION_OPEN &&
           (s->ping_due || s->pong_due || s->control.first != NULL ||
            (allow_bulk && s->bulk.first != NULL));
}

/* The message being sealed: its bytes go straight to where they are sent. */
struct packer {
    struct noise_cipher *cipher;
    uint8_t *out;
    size_t len;
};

static void pack(struct packer *p, struct bytes piece)
{
    noise_cipher_add(p->cipher, p->out + p->len, piece);
    p->len += piece.len;
}

static void pack_small(struct packer *p, uint8_t type, struct bytes payload)
{
    uint8_t header[FRAME_HEADER_MAX];
    size_t len = frame_header(header, type, payload.len);

    pack(p, (struct bytes){ header, len });
    pack(p, payload);
}

/* What the next PING says: a number that PONG repeats, or 0, a mere sign. */
static uint8_t ping_byte(struct session *s)
{
    if (!s->ping_asks)
        return 0;
    if (++s->ping_number == 0)
        s->ping_number = 1;
    s->pong_awaited = true;
    s->ping_ms = s->now_ms;
    return s->ping_number;
}

static void pack_pings(struct session *s, struct packer *p)
{
    if (s->pong_due)
        pack_small(p, FRAME_PONG, (struct bytes){ &s->pong, 1 });
    s->pong_due = false;
    if (s->ping_due) {
        uint8_t byte = ping_byte(s);

        pack_small(p, FRAME_PING, (struct bytes){ &byte, 1 });
    }
    s->ping_due = false;
}

static void pack_close(const struct session *s, struct packer *p)
{
    uint8_t code[10];
    struct writer w = writer_fixed(code, sizeof code);

    writer_varint(&w, (uint64_t)s->why);
    pack_small(p, FRAME_CLOSE, writer_view(&w));
}

/* Moves whole frames while they fit; returns whether the box is empty now. */
static bool pack_box(struct outbox *box, struct packer *p)
{
    while (box->first != NULL) {
        const struct outbox_frame *f = box->first;

        if (outbox_next_len(box) > NOISE_PLAINTEXT_MAX - p->len)
            return false;
        pack(p, (struct bytes){ f->bytes, f->len });
        outbox_drop(box);
    }
    return true;
}

static void pull_handshake(struct session *s, uint8_t *out, size_t *len)
{
    memcpy(out, s->handshake, s->handshake_len);
    *len = s->handshake_len;
    sodium_memzero(s->handshake, sizeof s->handshake);
    s->handshake_len = 0;
}

void session_pull(struct session *s, uint64_t now_ms, uint8_t *out, size_t cap,
                  size_t *len, bool allow_bulk)
{
    struct packer p = { .cipher = &s->tx, .out = out + 2 };

    assert(cap >= SESSION_MESSAGE_MAX);
    (void)cap;
    *len = 0;
    advance(s, now_ms);
    if (!session_has_output(s, allow_bulk))
        return;
    if (s->handshake_len > 0) {
        pull_handshake(s, out, len);
        return;
    }
    noise_cipher_start(p.cipher);
    if (s->state == SESSION_CLOSING) {
        pack_close(s, &p);
    } else {
        pack_pings(s, &p);
        if (pack_box(&s->control, &p) && allow_bulk)
            (void)pack_box(&s->bulk, &p);
    }
    noise_cipher_finish(p.cipher, out + 2 + p.len);
    *len = 2 + p.len + AEAD_TAG_LEN;
    out[0] = (uint8_t)((*len - 2) >> 8);
    out[1] = (uint8_t)(*len - 2);
    if (s->state == SESSION_CLOSING)
        (void)end(s, s->why);
}

void session_close(struct session *s, enum err why)
{
    if (s->state == SESSION_OPEN)
        (void)answer(s, why);
    else if (s->state == SESSION_HANDSHAKE)
        (void)end(s, why);
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
    advance(s, now_ms);
    if (now_ms < session_deadline(s))
        return ERR_OK;
    if (s->state != SESSION_OPEN || s->ping_open)
        return end(s, ERR_TIMEOUT);
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
    advance(s, now_ms);
    if (busy && !s->busy)
        s->busy_since_ms = now_ms;
    s->busy = busy;
}

void session_excuse(struct session *s, uint64_t now_ms)
{
    advance(s, now_ms);
    heard(s);
}
