/*
 * The topics of one connection and the life of their sessions: when one is
 * opened, by whom, and what follows from its end.
 */
#include "proto/peer_shelf.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

struct peer_shelf *peer_shelf_find(const struct peer *p,
                                   const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < p->topics_count; i++)
        if (memcmp(p->topics[i].mine.topic, topic, ID_LEN) == 0)
            return &p->topics[i];
    return NULL;
}

struct peer_shelf *peer_shelf_find_tag(const struct peer *p,
                                       const uint8_t tag[HELLO_TAG_LEN])
{
    for (size_t i = 0; i < p->topics_count; i++)
        if (p->topics[i].is_shared &&
            memcmp(p->topics[i].tag_theirs, tag, HELLO_TAG_LEN) == 0)
            return &p->topics[i];
    return NULL;
}

/* The key of a session of this topic; the peer's hello must have come. */
static void session_key(const struct peer *p, const struct peer_shelf *shelf,
                        uint64_t number, struct sync_key *out)
{
    assert(p->has_peer_salt);
    sync_key_derive(out, p->ask, shelf->mine.topic, number,
                    p->is_dialler ? p->salt : p->peer_salt,
                    p->is_dialler ? p->peer_salt : p->salt);
}

enum err peer_shelf_state(const struct peer *p, struct peer_shelf *shelf)
{
    struct record_range window;
    struct record_sum sum = { 0 };
    struct sync_key key;
    enum err e;

    assert(shelf->is_shared);
    if (shelf->has_state)
        return ERR_OK;
    window = hello_window(shelf->from_day, shelf->until_day);
    e = p->set.ops->sum(p->set.set, shelf->mine.topic, &window, &sum);
    if (e != ERR_OK)
        return e;
    session_key(p, shelf, 0, &key);
    sync_state_of(&shelf->state, &key, &sum);
    sodium_memzero(&key, sizeof key);
    shelf->has_state = true;
    return ERR_OK;
}

void peer_shelf_compared(const struct peer *p, struct peer_shelf *shelf,
                         const struct sync_state *ours,
                         const struct sync_state *theirs, uint64_t wait_ms)
{
    bool is_ours = ours->count == theirs->count ? p->is_smaller
                                                : ours->count < theirs->count;
    /* §5.3: sets may change without a word on this connection. */
    uint64_t audit_ms =
        p->now_ms + SYNC_AUDIT_MS + (p->is_smaller ? 0 : SYNC_STALL_MS);

    shelf->is_behind = theirs->count > ours->count &&
                       theirs->count - ours->count >= SYNC_GATE_MIN;
    shelf->in_sync = sync_state_equal(ours, theirs);
    if (shelf->in_sync) {
        shelf->is_checked = true;
        shelf->retry_ms = SYNC_RETRY_MIN_MS;
        /* One that waits for a change stays. */
        if (shelf->due_ms <= p->now_ms ||
            shelf->due_ms > p->now_ms + SYNC_EVERY_MS)
            shelf->due_ms = audit_ms;
        return;
    }
    shelf->due_ms = p->now_ms + wait_ms + (is_ours ? 0 : PEER_OTHER_SIDE_MS);
}

bool peer_shelf_enter(struct peer *p, struct peer_shelf *shelf)
{
    uint64_t until_ms;

    if (p->gate == NULL || !shelf->is_behind ||
        sync_gate_enter(p->gate, shelf->mine.topic, p, p->now_ms, &until_ms))
        return true;
    shelf->due_ms = until_ms;
    return false;
}

uint64_t peer_shelf_wait(struct peer_shelf *shelf, bool has_moved)
{
    uint64_t wait_ms;

    if (has_moved)
        shelf->retry_ms = SYNC_RETRY_MIN_MS;
    wait_ms = shelf->retry_ms;
    shelf->retry_ms =
        wait_ms > SYNC_RETRY_MAX_MS / 2 ? SYNC_RETRY_MAX_MS : 2 * wait_ms;
    return wait_ms;
}

static struct sync_session **place_of(struct peer *p,
                                      const struct sync_session *s)
{
    for (size_t i = 0; i < 2 * SYNC_SESSIONS_MAX; i++)
        if (p->sessions[i] == s)
            return &p->sessions[i];
    return NULL;
}

void peer_session_drop(struct peer *p, struct peer_shelf *shelf)
{
    if (shelf->session == NULL)
        return;
    if (p->gate != NULL)
        sync_gate_leave(p->gate, shelf->mine.topic, p);
    *place_of(p, shelf->session) = NULL;
    sync_free(shelf->session);
    shelf->session = NULL;
}

void peer_session_stop(struct peer *p, struct peer_shelf *shelf)
{
    if (shelf->session != NULL && !shelf->session->must_open)
        peer_stop_queue(p, shelf, shelf->session->number);
    peer_session_drop(p, shelf);
}

size_t peer_sessions_count(const struct peer *p, bool is_ours)
{
    size_t count = 0;

    for (size_t i = 0; i < 2 * SYNC_SESSIONS_MAX; i++)
        if (p->sessions[i] != NULL && p->sessions[i]->is_ours == is_ours)
            count++;
    return count;
}

enum err peer_session_add(struct peer *p, struct peer_shelf *shelf,
                          bool is_ours)
{
    struct sync_session **place = place_of(p, NULL);
    enum err e;

    assert(shelf->session == NULL && place != NULL);
    e = sync_new(place, shelf->mine.topic, is_ours);
    if (e != ERR_OK)
        return e;
    shelf->session = *place;
    sync_set_coding(shelf->session, !shelf->is_uncodable);
    shelf->is_outdated = false;
    shelf->session->heard_ms = p->now_ms;
    return ERR_OK;
}

void peer_session_number(const struct peer *p, struct peer_shelf *shelf,
                         uint64_t number)
{
    struct sync_key key;

    session_key(p, shelf, number, &key);
    sync_set_number(shelf->session, number, &key);
    sodium_memzero(&key, sizeof key);
}

void peer_session_finish(struct peer *p, struct peer_shelf *shelf)
{
    const struct sync_session *s = shelf->session;
    uint64_t wait_ms = 0;

    if (s == NULL || !sync_is_over(s))
        return;
    if (!sync_state_equal(&s->ours, &s->theirs))
        wait_ms = peer_shelf_wait(shelf, s->has_moved);
    shelf->is_uncodable =
        s->was_coded && !sync_state_equal(&s->ours, &s->theirs);
    peer_shelf_compared(p, shelf, &s->ours, &s->theirs, wait_ms);
    if (shelf->is_outdated || s->from_day != shelf->from_day ||
        s->until_day != shelf->until_day) {
        /* It was about another window than the one that both hold by now, or
         * does not know what came while the window was another. */
        shelf->in_sync = false;
        shelf->due_ms = p->now_ms + (p->is_smaller ? 0 : PEER_OTHER_SIDE_MS);
    }
    peer_session_drop(p, shelf);
}

enum err peer_sessions_open(struct peer *p)
{
    enum err e = ERR_OK;

    if (p->now_ms < p->paused_until_ms)
        return ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < p->topics_count; i++) {
        struct peer_shelf *shelf = &p->topics[i];

        if (!shelf->is_shared || shelf->session != NULL ||
            shelf->due_ms > p->now_ms)
            continue;
        if (peer_sessions_count(p, true) == SYNC_SESSIONS_MAX)
            break;
        if (!peer_shelf_enter(p, shelf))
            continue;
        e = peer_session_add(p, shelf, true);
        if (e != ERR_OK)
            break;
        sync_set_window(shelf->session, shelf->from_day, shelf->until_day);
        shelf->due_ms = UINT64_MAX;
    }
    return e;
}

void peer_stop_queue(struct peer *p, const struct peer_shelf *shelf,
                     uint64_t number)
{
    if (p->stops_count == PEER_STOPS_MAX)
        return;
    memcpy(p->stops_tag[p->stops_count], shelf->tag_ours, HELLO_TAG_LEN);
    p->stops[p->stops_count++] = number;
}

enum err peer_charge(struct peer *p, uint32_t cost)
{
    uint64_t fallen = (p->now_ms - p->unasked_ms) / 1000 * PEER_UNASKED_PER_SEC;

    p->unasked -= fallen < p->unasked ? (uint32_t)fallen : p->unasked;
    p->unasked_ms += (p->now_ms - p->unasked_ms) / 1000 * 1000;
    if (cost > PEER_UNASKED_MAX - p->unasked)
        return ERR_FLOOD;
    p->unasked += cost;
    return ERR_OK;
}

void peer_give_credit(struct peer *p, uint32_t credit)
{
    p->credit += credit;
    if (p->credit > PEER_CREDIT_MAX)
        p->credit = PEER_CREDIT_MAX;
}

enum err peer_charge_gossip(struct peer *p, uint32_t cost)
{
    uint32_t paid = cost < p->credit ? cost : p->credit;

    p->credit -= paid;
    return peer_charge(p, cost - paid);
}
