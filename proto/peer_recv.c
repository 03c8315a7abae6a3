/* What comes in: hellos, sessions, records (protocol.md §5). */
#include <assert.h>
#include <string.h>

#include "proto/peer_shelf.h"

/* §5.6: what frames cost of the allowance for what nobody asked for. */
#define COST_HELLO 16
#define COST_OPEN  8
#define COST_FRAME 1

/* A node that knows no topic could else pretend to hold all of ours. */
static bool is_reflected(const struct peer *p, const struct hello *h)
{
    for (size_t i = 0; i < p->topics_count; i++)
        if (hello_find(h, p->topics[i].tag_ours) != NULL)
            return true;
    return false;
}

static enum err check_hello(const struct peer *p, const struct hello *h)
{
    if (is_reflected(p, h))
        return ERR_TAG_REFLECTED;
    if (p->has_peer_salt && memcmp(p->peer_salt, h->salt, sizeof h->salt) != 0)
        return ERR_MALFORMED;
    return ERR_OK;
}

/*
 * The peer's half of the session would else be in the way of the next one, if
 * the topic is shared again before the peer has heard of this.
 */
static void unshare(struct peer *p, struct peer_shelf *shelf)
{
    peer_session_stop(p, shelf);
    shelf->is_shared = false;
    shelf->has_state = false;
    shelf->is_said = false;
    shelf->in_sync = false;
    shelf->due_ms = UINT64_MAX;
}

/* §5.1: the window is what both hold. */
static void share(struct peer *p, struct peer_shelf *shelf,
                  const struct hello_entry *entry)
{
    uint32_t from = shelf->mine.from_day;
    uint32_t until = shelf->mine.until_day;

    if (entry != NULL && entry->from_day > from)
        from = entry->from_day;
    if (entry != NULL && entry->until_day < until)
        until = entry->until_day;
    if (entry == NULL || from > until) {
        unshare(p, shelf);
        return;
    }
    if (shelf->is_shared && shelf->from_day == from &&
        shelf->until_day == until)
        return;
    shelf->is_outdated = true;
    shelf->is_shared = true;
    shelf->from_day = from;
    shelf->until_day = until;
    shelf->has_state = false;
    shelf->is_said = false;
}

void peer_share_all(struct peer *p)
{
    for (size_t i = 0; i < p->topics_count; i++) {
        struct peer_shelf *shelf = &p->topics[i];

        share(p, shelf, hello_find(&p->theirs, shelf->tag_theirs));
        if (shelf->is_shared && !shelf->is_said)
            p->hello_due = true;
    }
}

static enum err compare_hello(struct peer *p, struct peer_shelf *shelf)
{
    const struct hello_entry *entry = hello_find(&p->theirs, shelf->tag_theirs);
    struct sync_state theirs;
    enum err e;

    if (!shelf->is_shared || !entry->has_state || shelf->session != NULL)
        return ERR_OK;
    e = peer_shelf_state(p, shelf);
    if (e != ERR_OK)
        return e;
    theirs.count = entry->count;
    memcpy(theirs.fingerprint, entry->fingerprint, FINGERPRINT_LEN);
    peer_shelf_compared(p, shelf, &shelf->state, &theirs, 0);
    return ERR_OK;
}

static enum err on_hello(struct peer *p, struct peer_event *ev,
                         struct bytes payload)
{
    struct hello h;
    enum err e = peer_charge(p, COST_HELLO);

    if (e == ERR_OK)
        e = hello_decode(&h, payload);
    if (e != ERR_OK)
        return e;
    e = check_hello(p, &h);
    if (e != ERR_OK) {
        hello_free(&h);
        return e;
    }
    hello_free(&p->theirs);
    p->theirs = h;
    memcpy(p->peer_salt, h.salt, sizeof h.salt);
    p->has_peer_salt = true;
    peer_share_all(p);
    for (size_t i = 0; e == ERR_OK && i < p->topics_count; i++)
        e = compare_hello(p, &p->topics[i]);
    if (e == ERR_OK)
        ev->type = PEER_HELLO;
    return e;
}

/*
 * Both may open at once: the session of the smaller node key stays.  Whoever
 * opens twice, or after it has seen ours, breaks the protocol.
 */
static enum err make_way(struct peer *p, struct peer_shelf *shelf,
                         bool *is_ignored)
{
    const struct sync_session *s = shelf->session;

    *is_ignored = false;
    if (s == NULL)
        return ERR_OK;
    if (!s->is_ours || s->is_answered)
        return ERR_OUT_OF_ORDER;
    if (p->is_smaller && !s->must_open)
        *is_ignored = true;
    else
        peer_session_drop(p, shelf);
    return ERR_OK;
}

static enum err on_open(struct peer *p, struct peer_shelf *shelf,
                        const struct sync_message *m)
{
    bool is_ignored;
    enum err e = peer_charge(p, COST_OPEN);

    if (e != ERR_OK)
        return e;
    /* §5.3: odd numbers are the dialler's, and each is above its last one. */
    if (m->number <= p->number_theirs || (m->number % 2 == 1) == p->is_dialler)
        return ERR_OUT_OF_ORDER;
    p->number_theirs = m->number;
    if (p->now_ms < p->paused_until_ms) {
        peer_stop_queue(p, shelf, m->number);
        return ERR_OK;
    }
    e = make_way(p, shelf, &is_ignored);
    if (e != ERR_OK || is_ignored)
        return e;
    if (m->from_day < shelf->mine.from_day ||
        m->until_day > shelf->mine.until_day) {
        peer_stop_queue(p, shelf, m->number); /* our window has moved */
        return ERR_OK;
    }
    if (peer_sessions_count(p, false) == SYNC_SESSIONS_MAX)
        return ERR_FLOOD;
    if (!peer_shelf_enter(p, shelf)) {
        peer_stop_queue(p, shelf, m->number); /* another brings it all */
        return ERR_OK;
    }
    e = peer_session_add(p, shelf, false);
    if (e != ERR_OK)
        return e;
    peer_session_number(p, shelf, m->number);
    sync_set_window(shelf->session, m->from_day, m->until_day);
    e = sync_recv(shelf->session, m);
    if (e != ERR_OK)
        peer_session_drop(p, shelf);
    return e;
}

static enum err on_sync(struct peer *p, struct bytes payload)
{
    struct sync_message m;
    struct peer_shelf *shelf;
    enum err e = sync_message_decode(&m, payload);

    if (e != ERR_OK)
        return e;
    shelf = peer_shelf_find_tag(p, m.tag);
    if (shelf == NULL) /* perhaps one that we have just stopped to hold */
        return peer_charge(p, COST_FRAME);
    if (sync_message_opens(m.kind))
        return on_open(p, shelf, &m);
    if (shelf->session == NULL || shelf->session->number != m.number) {
        if (m.kind != SYNC_STOP)
            peer_stop_queue(p, shelf, m.number);
        return peer_charge(p, COST_FRAME);
    }
    if (m.kind == SYNC_STOP) {
        shelf->due_ms = p->now_ms + peer_shelf_wait(shelf, false);
        peer_session_drop(p, shelf);
        return ERR_OK;
    }
    e = sync_recv(shelf->session, &m);
    if (e != ERR_OK)
        return e;
    shelf->session->heard_ms = p->now_ms;
    peer_session_finish(p, shelf);
    return ERR_OK;
}

bool not_held_next(struct reader *entries, struct not_held *out)
{
    struct not_held entry;

    if (entries->left == 0 || entries->err != ERR_OK)
        return false;
    entry.created_ms = reader_u64(entries);
    entry.head = reader_bytes(entries, reader_u16(entries));
    if (entry.head.len > RECORD_HEAD_MAX)
        reader_fail(entries, ERR_TOO_LARGE);
    else if (entry.head.len == 0 || entry.created_ms > RECORD_TIME_MAX_MS)
        reader_fail(entries, ERR_MALFORMED);
    entry.signature = reader_bytes(entries, SIGNATURE_LEN).data;
    if (entries->err != ERR_OK)
        return false;
    *out = entry;
    return true;
}

static enum err count_not_held(struct bytes entries, size_t *count)
{
    struct reader r = reader_of(entries);
    struct not_held entry;

    *count = 0;
    while (not_held_next(&r, &entry))
        if (++*count > NOT_HELD_MAX)
            return ERR_TOO_LARGE;
    if (r.err == ERR_OK && *count == 0)
        return ERR_TRUNCATED;
    return reader_finish(&r);
}

/* Records and heads alike: the caller judges them and tells us. */
static enum err on_entries(struct peer *p, struct peer_event *ev, uint8_t type,
                           struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct bytes tag = reader_bytes(&r, HELLO_TAG_LEN);
    struct bytes rest = { r.pos, r.left };
    struct peer_shelf *shelf;
    size_t count = 1;
    enum err e = r.err;

    if (e == ERR_OK && type == PEER_FRAME_NOT_HELD)
        e = count_not_held(rest, &count);
    else if (e == ERR_OK && rest.len == 0)
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return e;
    shelf = peer_shelf_find_tag(p, tag.data);
    if (shelf == NULL)
        return peer_charge(p, COST_FRAME);
    if (shelf->session != NULL) {
        shelf->session->heard_ms = p->now_ms;
        shelf->session->has_moved = true;
        if (p->gate != NULL)
            sync_gate_heard(p->gate, shelf->mine.topic, p, p->now_ms);
    }
    shelf->awaited += count;
    ev->type = type == PEER_FRAME_RECORD ? PEER_RECORD : PEER_NOT_KEPT;
    memcpy(ev->topic, shelf->mine.topic, ID_LEN);
    ev->bytes = rest;
    ev->count = count;
    return ERR_OK;
}

static bool is_gossip(uint8_t type)
{
    return type == PEER_FRAME_ANNOUNCE || type == PEER_FRAME_GRAFT ||
           type == PEER_FRAME_PRUNE || type == PEER_FRAME_OVERLAY;
}

enum err peer_recv(struct peer *p, struct peer_event *ev, uint8_t type,
                   struct bytes payload, uint64_t now_ms)
{
    struct peer_event event = { .type = PEER_NOTHING };
    enum err e = ERR_UNKNOWN_FRAME;

    assert(now_ms >= p->now_ms);
    p->now_ms = now_ms;
    if (type == PEER_FRAME_HELLO)
        e = on_hello(p, &event, payload);
    else if (!p->has_peer_salt)
        e = ERR_OUT_OF_ORDER;
    else if (type == PEER_FRAME_SYNC)
        e = on_sync(p, payload);
    else if (is_gossip(type))
        e = peer_recv_gossip(p, &event, type, payload);
    else if (type == PEER_FRAME_RECORD || type == PEER_FRAME_NOT_HELD)
        e = on_entries(p, &event, type, payload);
    if (e == ERR_OK)
        e = peer_sessions_open(p);
    if (e == ERR_OK)
        *ev = event;
    return e;
}
