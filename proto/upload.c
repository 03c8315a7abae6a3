/*
 * Slots, rounds and limits of what is sent.  Within a round each peer that has
 * something to send may send one quantum; a piece that is larger than what is
 * left of it is paid for in the next round.
 */
#include "proto/upload.h"

#include <assert.h>

static struct upload_peer *peer_at(struct upload *u, unsigned peer)
{
    assert(peer < UPLOAD_PEERS_MAX && u->peers[peer].state != UPLOAD_UNUSED);
    return &u->peers[peer];
}

void upload_init(struct upload *u, uint64_t now_ms)
{
    *u = (struct upload){ .slots = 0 };
    rate_init(&u->all, 0, now_ms);
}

void upload_limit(struct upload *u, uint64_t all_per_s, uint64_t each_per_s,
                  uint64_t now_ms)
{
    rate_set(&u->all, all_per_s, now_ms);
    u->each_per_s = each_per_s;
    for (unsigned i = 0; i < UPLOAD_PEERS_MAX; i++) {
        struct upload_peer *p = &u->peers[i];

        if (p->state == UPLOAD_UNUSED)
            continue;
        rate_set(&p->rate, each_per_s, now_ms);
        p->waits = p->state == UPLOAD_SLOT; /* it may go sooner now */
    }
}

unsigned upload_open(struct upload *u, uint64_t now_ms)
{
    for (unsigned i = 0; i < UPLOAD_PEERS_MAX; i++) {
        if (u->peers[i].state != UPLOAD_UNUSED)
            continue;
        u->peers[i] = (struct upload_peer){ .state = UPLOAD_QUIET };
        rate_init(&u->peers[i].rate, u->each_per_s, now_ms);
        return i;
    }
    return UPLOAD_NOBODY;
}

/* ---- Slots -------------------------------------------------------------- */

static void take_slot(struct upload *u, struct upload_peer *p, uint64_t now_ms)
{
    p->state = UPLOAD_SLOT;
    p->since_ms = now_ms;
    p->deficit = 0;
    p->waits = true; /* so that it is told */
    p->was_woken = false;
    u->slots++;
}

static void join_queue(struct upload *u, struct upload_peer *p)
{
    p->state = UPLOAD_QUEUED;
    p->turn = u->turns++;
    u->queued++;
}

/* Gives free slots to those who have waited longest. */
static void fill_slots(struct upload *u, uint64_t now_ms)
{
    while (u->slots < UPLOAD_SLOTS && u->queued > 0) {
        struct upload_peer *first = NULL;

        for (unsigned i = 0; i < UPLOAD_PEERS_MAX; i++) {
            struct upload_peer *p = &u->peers[i];

            if (p->state == UPLOAD_QUEUED &&
                (first == NULL || p->turn < first->turn))
                first = p;
        }
        assert(first != NULL);
        u->queued--;
        take_slot(u, first, now_ms);
    }
}

static void leave(struct upload *u, struct upload_peer *p)
{
    if (p->state == UPLOAD_SLOT)
        u->slots--;
    else if (p->state == UPLOAD_QUEUED)
        u->queued--;
    p->state = UPLOAD_QUIET;
    p->waits = false;
}

void upload_close(struct upload *u, unsigned peer, uint64_t now_ms)
{
    struct upload_peer *p = peer_at(u, peer);

    leave(u, p);
    p->state = UPLOAD_UNUSED;
    fill_slots(u, now_ms);
}

bool upload_begin(struct upload *u, unsigned peer, uint64_t now_ms)
{
    struct upload_peer *p = peer_at(u, peer);

    if (p->state != UPLOAD_QUIET)
        return true;
    if (u->slots == UPLOAD_SLOTS && u->queued == UPLOAD_QUEUE_MAX)
        return false;
    join_queue(u, p);
    fill_slots(u, now_ms);
    return true;
}

void upload_end(struct upload *u, unsigned peer, uint64_t now_ms)
{
    leave(u, peer_at(u, peer));
    fill_slots(u, now_ms);
}

bool upload_has_slot(const struct upload *u, unsigned peer)
{
    assert(peer < UPLOAD_PEERS_MAX);
    return u->peers[peer].state == UPLOAD_SLOT;
}

/* Those whose turn is over go to the end of the queue, if there is one. */
static void move_on(struct upload *u, uint64_t now_ms)
{
    unsigned left = u->queued;

    for (unsigned i = 0; i < UPLOAD_PEERS_MAX && left > 0; i++) {
        struct upload_peer *p = &u->peers[i];

        if (p->state != UPLOAD_SLOT || now_ms - p->since_ms < UPLOAD_TURN_MS)
            continue;
        leave(u, p);
        join_queue(u, p);
        left--;
    }
    fill_slots(u, now_ms);
}

/* ---- Rounds ------------------------------------------------------------- */

/* Whether it could send now, if the round let it. */
static bool is_eager(struct upload_peer *p, uint64_t now_ms)
{
    return p->state == UPLOAD_SLOT && p->waits && rate_allows(&p->rate, now_ms);
}

static bool round_is_over(struct upload *u, uint64_t now_ms)
{
    for (unsigned i = 0; i < UPLOAD_PEERS_MAX; i++)
        if (is_eager(&u->peers[i], now_ms) && u->peers[i].deficit > 0)
            return false;
    return true;
}

/* Another quantum for each; who does not use theirs does not gather them. */
static void begin_round(struct upload *u)
{
    for (unsigned i = 0; i < UPLOAD_PEERS_MAX; i++) {
        struct upload_peer *p = &u->peers[i];

        if (p->state != UPLOAD_SLOT)
            continue;
        p->deficit += UPLOAD_QUANTUM;
        if (p->deficit > UPLOAD_QUANTUM)
            p->deficit = UPLOAD_QUANTUM;
    }
}

/* Of one that waits; without a limit for all there is nothing to share out. */
static bool may_go(struct upload *u, struct upload_peer *p, uint64_t now_ms)
{
    if (!is_eager(p, now_ms) || !rate_allows(&u->all, now_ms))
        return false;
    if (u->all.per_s == 0)
        return true;
    /* A piece may have cost more than one quantum. */
    while (p->deficit <= 0 && round_is_over(u, now_ms))
        begin_round(u);
    return p->deficit > 0;
}

bool upload_may_send(struct upload *u, unsigned peer, uint64_t now_ms)
{
    struct upload_peer *p = peer_at(u, peer);

    p->was_woken = false;
    p->waits = p->state == UPLOAD_SLOT;
    return may_go(u, p, now_ms);
}

void upload_sent(struct upload *u, unsigned peer, size_t bytes, uint64_t now_ms)
{
    struct upload_peer *p = peer_at(u, peer);

    if (u->all.per_s != 0)
        p->deficit -= (int64_t)bytes;
    rate_take(&u->all, bytes, now_ms);
    rate_take(&p->rate, bytes, now_ms);
}

void upload_pause(struct upload *u, unsigned peer)
{
    struct upload_peer *p = peer_at(u, peer);

    p->waits = false;
    p->was_woken = false;
}

unsigned upload_wake(struct upload *u, unsigned out[UPLOAD_SLOTS],
                     uint64_t now_ms)
{
    unsigned count = 0;

    if (u->queued > 0)
        move_on(u, now_ms);
    for (unsigned i = 0; i < UPLOAD_PEERS_MAX && u->slots > 0; i++) {
        struct upload_peer *p = &u->peers[i];

        if (!may_go(u, p, now_ms))
            continue;
        p->waits = !p->was_woken; /* it could not, whatever it thought */
        p->was_woken = p->waits;
        if (p->waits)
            out[count++] = i;
    }
    return count;
}

/* ---- Time --------------------------------------------------------------- */

uint64_t upload_deadline(struct upload *u, uint64_t now_ms)
{
    uint64_t all = rate_ready_ms(&u->all, now_ms);
    uint64_t deadline = UINT64_MAX;

    for (unsigned i = 0; i < UPLOAD_PEERS_MAX && u->slots > 0; i++) {
        struct upload_peer *p = &u->peers[i];
        uint64_t at;

        if (p->state != UPLOAD_SLOT)
            continue;
        at = rate_ready_ms(&p->rate, now_ms);
        if (at < all)
            at = all;
        if (p->waits && at < deadline)
            deadline = at;
        if (u->queued > 0 && p->since_ms + UPLOAD_TURN_MS < deadline)
            deadline = p->since_ms + UPLOAD_TURN_MS;
    }
    return deadline;
}
