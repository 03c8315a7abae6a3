/*
 * Gossip on one connection (protocol.md §5.5, §5.7): what the mesh wishes to be
 * said waits here, bounded, and what the peer says is checked for it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/peer_shelf.h"

/* §5.6 */
#define COST_FRAME   1
#define COST_OVERLAY 8
/* Announced ids that cost as much as a frame. */
#define IDS_PER_COST 8

/* ---- What waits --------------------------------------------------------- */

/* Gossip is speed alone: a session soon makes sure that all arrived. */
static bool fall_back(const struct peer *p, struct peer_shelf *shelf)
{
    shelf->in_sync = false;
    if (p->now_ms < shelf->due_ms)
        shelf->due_ms = p->now_ms;
    return false;
}

static bool grow_pushes(struct peer *p)
{
    size_t cap = p->pushes_cap == 0 ? 8 : 2 * p->pushes_cap;
    struct peer_push *grown;

    if (cap > PEER_PUSHES_MAX)
        return false;
    grown = calloc(cap, sizeof *grown);
    if (grown == NULL)
        return false;
    for (size_t i = 0; i < p->pushes_count; i++)
        grown[i] = p->pushes[(p->pushes_first + i) % p->pushes_cap];
    free(p->pushes);
    p->pushes = grown;
    p->pushes_cap = cap;
    p->pushes_first = 0;
    return true;
}

bool peer_push(struct peer *p, const uint8_t topic[ID_LEN],
               const uint8_t id[ID_LEN])
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);
    struct peer_push *place;

    if (shelf == NULL || !shelf->is_shared)
        return true;
    if (p->pushes_count == p->pushes_cap && !grow_pushes(p))
        return fall_back(p, shelf);
    place = &p->pushes[(p->pushes_first + p->pushes_count) % p->pushes_cap];
    memcpy(place->topic, topic, ID_LEN);
    memcpy(place->id, id, ID_LEN);
    p->pushes_count++;
    return true;
}

/* Queues one frame whole; false if it does not fit. */
static bool queue(struct peer *p, uint8_t type, struct bytes head,
                  struct bytes rest)
{
    uint8_t frame[FRAME_HEADER_MAX];
    size_t len = frame_header(frame, type, head.len + rest.len);

    if (len + head.len + rest.len > PEER_GOSSIP_MAX - p->gossip.len)
        return false;
    writer_bytes(&p->gossip, (struct bytes){ frame, len });
    writer_bytes(&p->gossip, head);
    writer_bytes(&p->gossip, rest);
    return p->gossip.err == ERR_OK;
}

static bool say(struct peer *p, uint8_t type, const uint8_t topic[ID_LEN],
                struct bytes ids)
{
    struct peer_shelf *shelf = peer_shelf_find(p, topic);

    if (shelf == NULL || !shelf->is_shared ||
        queue(p, type, BYTES_ARRAY(shelf->tag_ours), ids))
        return true;
    return fall_back(p, shelf);
}

static bool is_id_list(struct bytes ids)
{
    return ids.len > 0 && ids.len % ID_LEN == 0 &&
           ids.len / ID_LEN <= GOSSIP_IDS_MAX;
}

bool peer_announce(struct peer *p, const uint8_t topic[ID_LEN],
                   struct bytes ids)
{
    assert(is_id_list(ids));
    return say(p, PEER_FRAME_ANNOUNCE, topic, ids);
}

bool peer_graft(struct peer *p, const uint8_t topic[ID_LEN], struct bytes ids)
{
    assert(is_id_list(ids));
    peer_give_credit(p, (uint32_t)(ids.len / ID_LEN));
    return say(p, PEER_FRAME_GRAFT, topic, ids);
}

bool peer_prune(struct peer *p, const uint8_t topic[ID_LEN])
{
    return say(p, PEER_FRAME_PRUNE, topic, (struct bytes){ NULL, 0 });
}

bool peer_say_overlay(struct peer *p, struct bytes payload)
{
    return queue(p, PEER_FRAME_OVERLAY, payload, (struct bytes){ NULL, 0 });
}

bool peer_in_session(const struct peer *p, const uint8_t topic[ID_LEN])
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);

    return shelf != NULL && shelf->session != NULL;
}

bool peer_is_checked(const struct peer *p, const uint8_t topic[ID_LEN])
{
    const struct peer_shelf *shelf = peer_shelf_find(p, topic);

    return shelf != NULL && shelf->is_shared && shelf->is_checked;
}

/* ---- What goes out ------------------------------------------------------ */

static enum err ready_frame(struct peer *p)
{
    struct reader r = reader_of(writer_view(&p->gossip));
    struct frame f;
    enum err e = p->gossip.err;

    (void)reader_bytes(&r, p->gossip_sent);
    if (e == ERR_OK)
        e = frame_next(&f, &r);
    if (e != ERR_OK)
        return e;
    writer_bytes(&p->ready, f.payload);
    p->ready_type = f.type;
    p->gossip_sent = p->gossip.len - r.left;
    if (r.left > 0)
        return p->ready.err;
    writer_free(&p->gossip); /* most connections are silent most of the time */
    p->gossip = writer_growing(PEER_GOSSIP_MAX);
    p->gossip_sent = 0;
    return p->ready.err;
}

/* The oldest push, if it still has a point. */
static enum err ready_push(struct peer *p)
{
    const struct peer_push *next = &p->pushes[p->pushes_first];
    const struct peer_shelf *shelf = peer_shelf_find(p, next->topic);
    enum record_presence presence = RECORD_ABSENT;
    enum err e = ERR_OK;

    if (shelf != NULL && shelf->is_shared)
        e = p->set.ops->presence(p->set.set, next->topic, next->id, &presence);
    if (e == ERR_OK && presence != RECORD_ABSENT)
        e = peer_ready_record(p, shelf, next->id);
    p->pushes_first = (p->pushes_first + 1) % p->pushes_cap;
    p->pushes_count--;
    return e;
}

enum err peer_ready_gossip(struct peer *p)
{
    enum err e = ERR_OK;

    if (p->gossip.len > 0)
        return ready_frame(p);
    while (e == ERR_OK && p->pushes_count > 0 && p->ready_type == 0) {
        writer_reset(&p->ready);
        e = ready_push(p);
    }
    if (e == ERR_OK && p->pushes_count == 0 && p->pushes_cap > 0) {
        free(p->pushes);
        p->pushes = NULL;
        p->pushes_cap = 0;
        p->pushes_first = 0;
    }
    return e;
}

/* ---- What comes in ------------------------------------------------------ */

static enum err count_ids(struct bytes ids, size_t *count)
{
    *count = ids.len / ID_LEN;
    if (ids.len == 0)
        return ERR_TRUNCATED;
    if (*count > GOSSIP_IDS_MAX)
        return ERR_TOO_LARGE;
    return ids.len % ID_LEN == 0 ? ERR_OK : ERR_TRUNCATED;
}

static uint32_t cost_of(uint8_t type, size_t count)
{
    if (type == PEER_FRAME_ANNOUNCE)
        return COST_FRAME + (uint32_t)count / IDS_PER_COST;
    return COST_FRAME + (type == PEER_FRAME_GRAFT ? (uint32_t)count : 0);
}

static enum err recv_ids(struct peer *p, struct peer_event *ev, uint8_t type,
                         struct bytes payload)
{
    struct reader r = reader_of(payload);
    struct bytes tag = reader_bytes(&r, HELLO_TAG_LEN);
    struct bytes ids = { r.pos, r.left };
    const struct peer_shelf *shelf;
    size_t count = 0;
    enum err e = r.err;

    if (e == ERR_OK && type == PEER_FRAME_PRUNE)
        e = reader_finish(&r);
    else if (e == ERR_OK)
        e = count_ids(ids, &count);
    if (e == ERR_OK)
        e = peer_charge_gossip(p, cost_of(type, count));
    if (e != ERR_OK)
        return e;
    shelf = peer_shelf_find_tag(p, tag.data);
    if (shelf == NULL)
        return ERR_OK;
    memcpy(ev->topic, shelf->mine.topic, ID_LEN);
    ev->bytes = ids;
    ev->count = count;
    ev->type = type == PEER_FRAME_ANNOUNCE ? PEER_ANNOUNCE
               : type == PEER_FRAME_GRAFT  ? PEER_GRAFT
                                           : PEER_PRUNE;
    return ERR_OK;
}

enum err peer_recv_gossip(struct peer *p, struct peer_event *ev, uint8_t type,
                          struct bytes payload)
{
    enum err e;

    if (type != PEER_FRAME_OVERLAY)
        return recv_ids(p, ev, type, payload);
    e = peer_charge(p, COST_OVERLAY);
    if (e == ERR_OK && payload.len == 0)
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return e;
    ev->type = PEER_OVERLAY;
    ev->bytes = payload;
    return ERR_OK;
}
