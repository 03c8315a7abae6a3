/*
 * What the node itself has to say: topics it holds, records that are new
 * (protocol.md §5).  What comes in is peer_recv.c's, what goes out
 * peer_send.c's.
 */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/peer_shelf.h"

#define COST_KNOWN 1

void peer_init(struct peer *p, const struct peer_config *config)
{
    int order = memcmp(config->node, config->peer_node, KEY_LEN);

    assert(order != 0 && config->set.ops != NULL);
    *p = (struct peer){ .set = config->set,
                        .gate = config->gate,
                        .is_dialler = config->is_dialler,
                        .is_smaller = order < 0,
                        .number_ours = config->is_dialler ? 1 : 2,
                        .ready = writer_growing(FRAME_PAYLOAD_MAX),
                        .gossip = writer_growing(PEER_GOSSIP_MAX) };
    memcpy(p->ask, config->ask, KEY_LEN);
    memcpy(p->salt, config->salt, HELLO_SALT_LEN);
}

void peer_wipe(struct peer *p)
{
    for (size_t i = 0; p->gate != NULL && i < p->topics_count; i++)
        sync_gate_leave(p->gate, p->topics[i].mine.topic, p);
    for (size_t i = 0; i < 2 * SYNC_SESSIONS_MAX; i++)
        sync_free(p->sessions[i]);
    hello_free(&p->theirs);
    free(p->topics);
    free(p->pushes);
    free(p->signers);
    free(p->missing);
    writer_free(&p->ready);
    writer_free(&p->gossip);
    sodium_memzero(p, sizeof *p);
}

/* What is known of a topic that stays goes with it. */
static void shelf_fill(struct peer *p, struct peer_shelf *shelf,
                       const struct peer_topic *topic)
{
    const struct peer_shelf *old = peer_shelf_find(p, topic->topic);

    *shelf = (struct peer_shelf){ .due_ms = UINT64_MAX,
                                  .retry_ms = SYNC_RETRY_MIN_MS };
    if (old != NULL)
        *shelf = *old;
    else {
        hello_tag(shelf->tag_ours, p->ask, p->is_dialler, topic->topic);
        hello_tag(shelf->tag_theirs, p->ask, !p->is_dialler, topic->topic);
    }
    shelf->mine = *topic;
}

static bool is_kept(const struct peer_shelf *shelves, size_t n,
                    const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(shelves[i].mine.topic, topic, ID_LEN) == 0)
            return true;
    return false;
}

/* A peer to which the topic is nothing new has no reason to tell its state. */
static void compare_soon(const struct peer *p, struct peer_shelf *shelf)
{
    if (shelf->is_shared && !shelf->in_sync && shelf->session == NULL &&
        shelf->due_ms > p->now_ms + PEER_OTHER_SIDE_MS)
        shelf->due_ms = p->now_ms + PEER_OTHER_SIDE_MS;
}

enum err peer_topics_set(struct peer *p, const struct peer_topic *topics,
                         size_t n, uint64_t now_ms)
{
    struct peer_shelf *shelves = calloc(n + 1, sizeof *shelves);

    assert(n <= TOPICS_MAX && now_ms >= p->now_ms);
    if (shelves == NULL)
        return ERR_NO_MEMORY;
    p->now_ms = now_ms;
    for (size_t i = 0; i < n; i++) {
        assert(topics[i].from_day <= topics[i].until_day);
        shelf_fill(p, &shelves[i], &topics[i]);
    }
    for (size_t i = 0; i < p->topics_count; i++)
        if (!is_kept(shelves, n, p->topics[i].mine.topic))
            peer_session_stop(p, &p->topics[i]);
    free(p->topics);
    p->topics = shelves;
    p->topics_count = n;
    peer_share_all(p);
    for (size_t i = 0; i < n; i++)
        compare_soon(p, &shelves[i]);
    p->hello_due = true;
    return ERR_OK;
}

enum err peer_record_done(struct peer *p, const uint8_t topic[ID_LEN],
                          enum err result)
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (shelf == NULL)
        return ERR_OK;
    if (shelf->awaited > 0)
        shelf->awaited--;
    /* What only its author could have got right is never asked for. */
    if (err_blame(result) != BLAME_AUTHOR &&
        (result != ERR_EXISTS || shelf->session != NULL))
        return ERR_OK;
    return peer_charge_gossip(p, COST_KNOWN);
}

bool peer_wants(const struct peer *p, const uint8_t topic[ID_LEN],
                const struct record_key *key)
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);
    struct record_range window;

    if (shelf == NULL || !shelf->is_shared)
        return false;
    window = hello_window(shelf->from_day, shelf->until_day);
    return record_key_compare(key, &window.lo) >= 0 &&
           record_key_compare(key, &window.hi) < 0;
}

void peer_record_added(struct peer *p, const uint8_t topic[ID_LEN],
                       const struct record_key *key)
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (!peer_wants(p, topic, key))
        return;
    shelf->has_state = false;
    shelf->is_checked = false;
    peer_give_credit(p, PEER_CREDIT_PER_RECORD);
}

void peer_reconcile(struct peer *p, const uint8_t topic[ID_LEN],
                    uint64_t due_ms)
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (shelf != NULL && shelf->is_shared && due_ms < shelf->due_ms)
        shelf->due_ms = due_ms;
}

/* Whether we have looked for this id; from now on we have.  A table of few
 * places forgets one for another. */
static bool was_looked_for(struct peer *p, const uint8_t id[ID_LEN])
{
    uint64_t *slot;
    bool was;

    if (p->missing == NULL)
        p->missing = calloc(PEER_MISSING_MAX, sizeof *p->missing);
    if (p->missing == NULL)
        return true; /* a session will come anyway */
    slot = &p->missing[get_u64(id + 8) % PEER_MISSING_MAX];
    was = *slot == get_u64(id);
    *slot = get_u64(id);
    return was;
}

void peer_link_missing(struct peer *p, const uint8_t topic[ID_LEN],
                       const uint8_t id[ID_LEN], uint64_t now_ms)
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (shelf == NULL || !shelf->is_shared || shelf->session != NULL ||
        was_looked_for(p, id))
        return;
    peer_reconcile(p, topic, now_ms + SYNC_RETRY_MIN_MS);
}

uint64_t peer_deadline(const struct peer *p)
{
    bool has_place = peer_sessions_count(p, true) < SYNC_SESSIONS_MAX;
    uint64_t deadline = UINT64_MAX;

    for (size_t i = 0; i < p->topics_count; i++) {
        const struct peer_shelf *shelf = &p->topics[i];
        uint64_t at = UINT64_MAX;

        if (shelf->session != NULL)
            at = shelf->session->heard_ms + SYNC_STALL_MS;
        else if (shelf->is_shared && has_place && shelf->due_ms != UINT64_MAX)
            at = shelf->due_ms > p->paused_until_ms ? shelf->due_ms
                                                    : p->paused_until_ms;
        if (at < deadline)
            deadline = at;
    }
    return deadline;
}

enum err peer_tick(struct peer *p, uint64_t now_ms)
{
    assert(now_ms >= p->now_ms);
    p->now_ms = now_ms;
    for (size_t i = 0; i < p->topics_count; i++) {
        struct peer_shelf *shelf = &p->topics[i];

        if (shelf->session == NULL ||
            now_ms < shelf->session->heard_ms + SYNC_STALL_MS)
            continue;
        peer_session_stop(p, shelf);
        shelf->due_ms = now_ms + peer_shelf_wait(shelf, false);
    }
    return peer_sessions_open(p);
}

bool peer_shares(const struct peer *p, const uint8_t topic[ID_LEN])
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);

    return shelf != NULL && shelf->is_shared;
}

bool peer_topic_of_tag(const struct peer *p, const uint8_t tag[HELLO_TAG_LEN],
                       uint8_t topic[ID_LEN])
{
    const struct peer_shelf *shelf = peer_shelf_find_tag(p, tag);

    if (shelf != NULL)
        memcpy(topic, shelf->mine.topic, ID_LEN);
    return shelf != NULL;
}

bool peer_tag_of_topic(const struct peer *p, const uint8_t topic[ID_LEN],
                       uint8_t tag[HELLO_TAG_LEN])
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (shelf == NULL || !shelf->is_shared)
        return false;
    memcpy(tag, shelf->tag_ours, HELLO_TAG_LEN);
    return true;
}

size_t peer_list_shared(const struct peer *p, struct peer_shared *out,
                        size_t first, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < p->topics_count && n < max; i++) {
        const struct peer_shelf *shelf = &p->topics[i];

        if (!shelf->is_shared)
            continue;
        if (first > 0) {
            first--;
            continue;
        }
        out[n] = (struct peer_shared){
            .from_day = shelf->from_day,
            .until_day = shelf->until_day,
            .in_sync = shelf->in_sync && p->pushes_count == 0,
            .in_session = shelf->session != NULL,
            .awaited = shelf->awaited,
        };
        memcpy(out[n].topic, shelf->mine.topic, ID_LEN);
        n++;
    }
    return n;
}
