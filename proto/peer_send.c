/*
 * What goes out, a frame at a time: hellos, then what is new, then sessions in
 * turns, each with the records that the peer lacks (protocol.md §5).
 */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/peer_shelf.h"

/* Another that falls on a taken place makes the table twice as large. */
static void grow_signers(struct peer *p)
{
    size_t cap = p->signers_cap == 0 ? 8 : 2 * p->signers_cap;
    uint8_t(*grown)[KEY_LEN];

    if (cap > PEER_SIGNERS_MAX)
        return;
    grown = calloc(cap, sizeof *grown);
    if (grown == NULL)
        return;
    for (size_t i = 0; i < p->signers_cap; i++)
        memcpy(grown[p->signers[i][0] % cap], p->signers[i], KEY_LEN);
    free(p->signers);
    p->signers = grown;
    p->signers_cap = cap;
}

static bool is_free(const uint8_t signer[KEY_LEN])
{
    return sodium_is_zero(signer, KEY_LEN);
}

/* Whether the peer has this signer's certificate; from now on it has. */
static bool signer_known(struct peer *p, const uint8_t signer[KEY_LEN])
{
    uint8_t *slot;

    if (p->signers_cap == 0)
        grow_signers(p);
    if (p->signers_cap == 0)
        return false;
    slot = p->signers[signer[0] % p->signers_cap];
    if (memcmp(slot, signer, KEY_LEN) == 0)
        return true;
    if (!is_free(slot))
        grow_signers(p);
    memcpy(p->signers[signer[0] % p->signers_cap], signer, KEY_LEN);
    return false;
}

enum err peer_ready_record(struct peer *p, const struct peer_shelf *shelf,
                           const uint8_t id[ID_LEN])
{
    const struct record_set *set = &p->set;
    struct record_got got;
    enum err e;

    writer_bytes(&p->ready, BYTES_ARRAY(shelf->tag_ours));
    e = set->ops->get(set->set, id, false, &p->ready, &got);
    if (e == ERR_OK && got.presence == RECORD_HELD &&
        !signer_known(p, got.signer)) {
        writer_reset(&p->ready);
        writer_bytes(&p->ready, BYTES_ARRAY(shelf->tag_ours));
        e = set->ops->get(set->set, id, true, &p->ready, &got);
    }
    if (e == ERR_OK)
        e = p->ready.err;
    if (e == ERR_OK)
        p->ready_type = got.presence == RECORD_HELD ? PEER_FRAME_RECORD
                                                    : PEER_FRAME_NOT_HELD;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* After a head: goes on while entries are heads, too, and fit one frame. */
static enum err add_heads(struct peer *p, struct peer_shelf *shelf)
{
    const size_t head_max = 8 + 2 + RECORD_HEAD_MAX + SIGNATURE_LEN;
    const struct record_set *set = &p->set;
    enum record_presence presence;
    struct record_got got;
    struct record_key key;
    enum err e = ERR_OK;

    for (size_t n = 1; n < NOT_HELD_MAX; n++) {
        if (head_max > FRAME_PAYLOAD_MAX - p->ready.len)
            return ERR_OK;
        e = sync_next_record(shelf->session, set, &key);
        if (e == ERR_OK)
            e = set->ops->presence(set->set, shelf->mine.topic, key.id,
                                   &presence);
        if (e != ERR_OK || presence != RECORD_NOT_KEPT)
            break;
        e = set->ops->get(set->set, key.id, false, &p->ready, &got);
        if (e != ERR_OK)
            break;
        sync_take_record(shelf->session);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The next entry of a session that the peer lacks: the set has just named it.
 */
static enum err ready_entry(struct peer *p, struct peer_shelf *shelf)
{
    struct record_key key;
    enum err e = sync_next_record(shelf->session, &p->set, &key);

    if (e == ERR_OK)
        e = peer_ready_record(p, shelf, key.id);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    sync_take_record(shelf->session);
    return p->ready_type == PEER_FRAME_NOT_HELD ? add_heads(p, shelf) : ERR_OK;
}

/* One frame of this session, or none. */
static enum err ready_session(struct peer *p, struct peer_shelf *shelf)
{
    struct sync_session *s = shelf->session;
    enum err e = ERR_OK;

    if (s->must_open && s->number == 0) {
        peer_session_number(p, shelf, p->number_ours);
        p->number_ours += 2;
    }
    /* Ends: a turn without a frame answers the inbox or uses up a job. */
    while (e == ERR_OK && p->ready_type == 0 &&
           sync_has_output(s, shelf->awaited)) {
        writer_reset(&p->ready);
        e = sync_say(s, &p->set, shelf->tag_ours, shelf->awaited, &p->ready);
        if (e == ERR_OK && p->ready.len > 0)
            p->ready_type = PEER_FRAME_SYNC;
        else if (e == ERR_OK)
            e = ready_entry(p, shelf);
    }
    if (p->ready_type != 0)
        s->heard_ms = p->now_ms;
    if (e == ERR_OK)
        peer_session_finish(p, shelf);
    return e;
}

/* Sessions take turns, a frame each, so that no topic waits for another. */
static enum err ready_sessions(struct peer *p)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < 2 * SYNC_SESSIONS_MAX; i++) {
        const struct sync_session *s;

        p->turn = (p->turn + 1) % (2 * SYNC_SESSIONS_MAX);
        s = p->sessions[p->turn];
        if (s == NULL)
            continue;
        e = ready_session(p, peer_shelf_find(p, s->topic));
        if (e != ERR_OK || p->ready_type != 0)
            break;
    }
    return e;
}

static enum err ready_hello(struct peer *p)
{
    p->hello_due = false;
    hello_put_head(&p->ready, p->salt, p->topics_count);
    for (size_t i = 0; i < p->topics_count; i++) {
        struct peer_shelf *shelf = &p->topics[i];
        struct hello_entry entry = { .from_day = shelf->mine.from_day,
                                     .until_day = shelf->mine.until_day,
                                     .has_state = shelf->is_shared };

        memcpy(entry.tag, shelf->tag_ours, HELLO_TAG_LEN);
        if (shelf->is_shared) {
            enum err e = peer_shelf_state(p, shelf);

            if (e != ERR_OK)
                return e;
            entry.count = shelf->state.count;
            memcpy(entry.fingerprint, shelf->state.fingerprint,
                   FINGERPRINT_LEN);
            shelf->is_said = true;
        }
        hello_put_entry(&p->ready, &entry);
    }
    p->ready_type = PEER_FRAME_HELLO;
    return p->ready.err;
}

static enum err ready_stop(struct peer *p)
{
    struct sync_message m = { .kind = SYNC_STOP };

    p->stops_count--;
    m.number = p->stops[p->stops_count];
    memcpy(m.tag, p->stops_tag[p->stops_count], HELLO_TAG_LEN);
    sync_message_put(&p->ready, &m);
    p->ready_type = PEER_FRAME_SYNC;
    return p->ready.err;
}

/* What is most urgent first: hellos, then what is new, then sessions. */
static enum err ready_next(struct peer *p)
{
    enum err e = ERR_OK;

    writer_reset(&p->ready);
    if (p->hello_due)
        return ready_hello(p);
    if (p->stops_count > 0)
        return ready_stop(p);
    e = peer_ready_gossip(p);
    if (e == ERR_OK && p->ready_type == 0)
        e = ready_sessions(p);
    return e;
}

static size_t varint_len(size_t v)
{
    size_t len = 1;

    for (; v >= 0x80; v >>= 7)
        len++;
    return len;
}

enum err peer_pull(struct peer *p, struct writer *frames, uint64_t now_ms)
{
    enum err e = ERR_OK;

    assert(now_ms >= p->now_ms && frames->err == ERR_OK);
    p->now_ms = now_ms;
    for (;;) { /* ends: each turn fills `frames` or leaves less to say */
        if (p->ready_type == 0)
            e = ready_next(p);
        if (e != ERR_OK || p->ready_type == 0)
            return e;
        if (1 + varint_len(p->ready.len) + p->ready.len >
            frames->max - frames->len)
            return ERR_OK;
        writer_u8(frames, p->ready_type);
        writer_varint(frames, p->ready.len);
        writer_bytes(frames, writer_view(&p->ready));
        p->ready_type = 0;
        if (frames->err != ERR_OK)
            return frames->err;
    }
}

bool peer_has_output(const struct peer *p)
{
    if (p->ready_type != 0 || p->hello_due || p->stops_count > 0 ||
        p->pushes_count > 0 || p->gossip.len > 0)
        return true;
    for (size_t i = 0; i < p->topics_count; i++)
        if (p->topics[i].session != NULL &&
            sync_has_output(p->topics[i].session, p->topics[i].awaited))
            return true;
    return false;
}
