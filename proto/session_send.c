/* What a session sends: frames wait in two boxes and leave sealed. */
#include "proto/session_parts.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static struct outbox *box_for(struct session *s, uint8_t type)
{
    assert(frame_is_known(type) && !session_is_own(type));
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
    session_advance(s, now_ms);
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
        (void)session_end(s, s->why);
}
