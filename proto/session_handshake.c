/* A session's handshake (protocol.md §4.1, §4.2): keys, and who the peer is. */
#include "proto/session_parts.h"

#include <assert.h>
#include <string.h>

enum err session_handshake_write(struct session *s)
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

/* Both key exchanges are done: from here on both sides share the ciphers. */
static enum err handshake_finish(struct session *s)
{
    enum err e = noise_split(&s->noise, s->rekey_every, &s->tx, &s->rx, s->ask);

    if (e != ERR_OK)
        return e;
    memcpy(s->handshake_hash, s->noise.hash, HASH_LEN);
    noise_wipe(&s->noise);
    s->state = SESSION_OPEN;
    session_heard(s);
    return ERR_OK;
}

enum err session_handshake_step(struct session *s, uint8_t *message, size_t len,
                                struct session_event *ev)
{
    enum err e = handshake_read(s, message, len);

    if (e == ERR_OK && s->noise.message < 3)
        e = session_handshake_write(s);
    if (e == ERR_OK && s->noise.message == 3)
        e = handshake_finish(s);
    if (e == ERR_OK)
        ev->opened = s->state == SESSION_OPEN;
    return e;
}

bool session_handshake_fits(const struct session *s, size_t len)
{
    static const size_t keys[] = { NOISE_KEYS_0, NOISE_KEYS_1, NOISE_KEYS_2 };
    size_t least = keys[s->noise.message];

    if (s->noise.message == 0)
        return len == least;
    least += AEAD_TAG_LEN;
    return len > least && len - least <= INTRODUCTION_MAX;
}
