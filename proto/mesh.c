/*
 * Joins the machines of a node: what the tree and the overlay wish is said by
 * the peers' machines, what peers say goes to the tree and the overlay.
 */
#include "proto/mesh_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Round trips are believed up to this, lest T1 become endless. */
enum { RTT_MAX_MS = 5000 };

/* ---- Life --------------------------------------------------------------- */

/* Machines that share a seed must not draw the same numbers. */
static void seed_of(uint8_t out[16], const uint8_t seed[16], uint8_t use)
{
    memcpy(out, seed, 16);
    out[0] ^= use;
}

enum err mesh_new(struct mesh **out, const struct mesh_config *config)
{
    struct hyparview_config overlay = { .key = config->key,
                                        .network = config->network,
                                        .now_ms = config->now_ms,
                                        .wall_ms = config->wall_ms };
    struct mesh *m = calloc(1, sizeof *m);
    uint8_t seed[16];

    assert(config->set.ops != NULL);
    if (m == NULL)
        return ERR_NO_MEMORY;
    m->set = config->set;
    m->now_ms = config->now_ms;
    seed_of(seed, config->seed, 1);
    m->chance = chance_of(seed);
    seed_of(seed, config->seed, 2);
    plumtree_init(&m->tree, seed);
    seed_of(overlay.seed, config->seed, 3);
    hyparview_init(&m->overlay, &overlay);
    *out = m;
    return ERR_OK;
}

void mesh_free(struct mesh *m)
{
    struct hyparview_effect *next;

    if (m == NULL)
        return;
    for (struct hyparview_effect *e = m->first; e != NULL; e = next) {
        next = e->next;
        free(e);
    }
    for (size_t i = 0; i < m->links_count; i++)
        writer_free(&m->links[i].batch);
    free(m->links);
    plumtree_wipe(&m->tree);
    hyparview_wipe(&m->overlay);
    free(m);
}

static void move_clock(struct mesh *m, uint64_t now_ms)
{
    assert(now_ms >= m->now_ms);
    m->now_ms = now_ms;
}

struct mesh_link *mesh_find_link(const struct mesh *m, uint64_t link)
{
    for (size_t i = 0; i < m->links_count; i++)
        if (m->links[i].link == link)
            return &m->links[i];
    return NULL;
}

/* ---- What its owner does ------------------------------------------------ */

bool mesh_next_effect(struct mesh *m, struct mesh_effect *out)
{
    struct hyparview_effect *e = m->first;

    for (size_t i = 0; i < m->links_count; i++) {
        if (!m->links[i].is_touched)
            continue;
        m->links[i].is_touched = false;
        *out =
            (struct mesh_effect){ .type = MESH_WAKE, .link = m->links[i].link };
        return true;
    }
    if (e == NULL)
        return false;
    m->first = e->next;
    *out = (struct mesh_effect){
        .type = e->type == HYPARVIEW_DIAL ? MESH_DIAL : MESH_CLOSE,
        .link = e->link,
        .count = e->count,
    };
    memcpy(out->node, e->node, KEY_LEN);
    memcpy(out->endpoints, e->endpoints, sizeof out->endpoints);
    free(e);
    return true;
}

struct sync_gate *mesh_gate(struct mesh *m)
{
    return &m->gate;
}

/* ---- This node ---------------------------------------------------------- */

void mesh_set_clock(struct mesh *m, uint64_t now_ms, uint64_t wall_ms)
{
    hyparview_set_clock(&m->overlay, now_ms, wall_ms);
}

void mesh_set_endpoints(struct mesh *m, const struct endpoint *endpoints,
                        size_t count)
{
    hyparview_set_endpoints(&m->overlay, endpoints, count);
}

void mesh_add_contact(struct mesh *m, const uint8_t node[KEY_LEN],
                      const struct endpoint *endpoints, size_t count,
                      uint64_t now_ms)
{
    move_clock(m, now_ms);
    hyparview_add_contact(&m->overlay, node, endpoints, count, now_ms);
    mesh_settle(m);
}

void mesh_dial_failed(struct mesh *m, const uint8_t node[KEY_LEN],
                      uint64_t now_ms)
{
    move_clock(m, now_ms);
    hyparview_dial_failed(&m->overlay, node, now_ms);
    mesh_settle(m);
}

/* ---- Links -------------------------------------------------------------- */

static struct mesh_link *add_link(struct mesh *m)
{
    if (m->links_count == m->links_cap) {
        size_t cap = m->links_cap == 0 ? 8 : 2 * m->links_cap;
        struct mesh_link *grown = realloc(m->links, cap * sizeof *grown);

        if (grown == NULL)
            return NULL;
        m->links = grown;
        m->links_cap = cap;
    }
    return &m->links[m->links_count];
}

enum err mesh_link_up(struct mesh *m, const struct mesh_link_config *config,
                      uint64_t now_ms)
{
    struct mesh_link *l = add_link(m);
    enum err e;

    assert(config->link != 0 && mesh_find_link(m, config->link) == NULL);
    move_clock(m, now_ms);
    if (l == NULL)
        return ERR_NO_MEMORY;
    *l = (struct mesh_link){ .link = config->link,
                             .peer = config->peer,
                             .batch = writer_growing(GOSSIP_IDS_MAX * ID_LEN),
                             .batch_ms = UINT64_MAX };
    e = hyparview_link_up(&m->overlay, config->link, config->node,
                          config->is_dialled, config->is_manual, config->scope,
                          now_ms);
    if (e != ERR_OK)
        return e;
    m->links_count++;
    mesh_settle(m);
    return ERR_OK;
}

static void drop_close(struct mesh *m, uint64_t link)
{
    for (struct hyparview_effect *e = m->first; e != NULL; e = e->next)
        if (e->type == HYPARVIEW_CLOSE && e->link == link)
            e->link = 0; /* who gets it finds no such link */
}

void mesh_link_down(struct mesh *m, uint64_t link, uint64_t now_ms)
{
    struct mesh_link *l = mesh_find_link(m, link);

    move_clock(m, now_ms);
    if (l == NULL)
        return;
    writer_free(&l->batch);
    *l = m->links[--m->links_count];
    drop_close(m, link);
    plumtree_forget(&m->tree, link);
    hyparview_link_down(&m->overlay, link, now_ms);
    mesh_settle(m);
}

/* Leaves what is not shared any longer, joins what is. */
static enum err match_topics(struct mesh *m, const struct mesh_link *l)
{
    struct peer_shared shared[8];
    const uint8_t *topic;
    size_t first = 0;
    size_t n;

    for (size_t i = m->tree.topics_count; i-- > 0;) {
        topic = plumtree_topic(&m->tree, i);
        if (topic != NULL && !peer_shares(l->peer, topic))
            plumtree_leave(&m->tree, l->link, topic);
    }
    do {
        n = peer_list_shared(l->peer, shared, first, 8);
        for (size_t i = 0; i < n; i++) {
            enum err e = plumtree_join(&m->tree, l->link, shared[i].topic,
                                       l->is_neighbour);

            if (e != ERR_OK)
                return e;
        }
        first += n;
    } while (n == 8);
    return ERR_OK;
}

enum err mesh_link_changed(struct mesh *m, uint64_t link, uint64_t now_ms)
{
    const struct mesh_link *l = mesh_find_link(m, link);
    enum err e;

    move_clock(m, now_ms);
    if (l == NULL)
        return ERR_OK;
    e = match_topics(m, l);
    mesh_settle(m);
    return e;
}

void mesh_link_rtt(struct mesh *m, uint64_t link, uint64_t rtt_ms)
{
    struct mesh_link *l = mesh_find_link(m, link);

    if (l != NULL)
        l->rtt_ms = rtt_ms < RTT_MAX_MS ? rtt_ms : RTT_MAX_MS;
}

/* ---- What peers say ----------------------------------------------------- */

static uint32_t wait_of(const struct mesh_link *l)
{
    uint64_t wait_ms = 4 * l->rtt_ms;

    return wait_ms > GOSSIP_GRAFT_MS ? (uint32_t)wait_ms : GOSSIP_GRAFT_MS;
}

static enum err on_announce(struct mesh *m, const struct mesh_link *l,
                            const struct peer_event *ev)
{
    for (size_t i = 0; i < ev->count; i++) {
        const uint8_t *id = ev->bytes.data + i * ID_LEN;
        enum record_presence presence = RECORD_ABSENT;
        enum err e = m->set.ops->presence(m->set.set, ev->topic, id, &presence);

        if (e != ERR_OK)
            return e;
        plumtree_announced(&m->tree, l->link, ev->topic, id,
                           presence != RECORD_ABSENT, wait_of(l), m->now_ms);
    }
    return ERR_OK;
}

static void on_graft(struct mesh *m, struct mesh_link *l,
                     const struct peer_event *ev)
{
    plumtree_grafted(&m->tree, l->link, ev->topic);
    for (size_t i = 0; i < ev->count; i++) {
        m->counts.pushed++;
        mesh_count_said(
            m, l, peer_push(l->peer, ev->topic, ev->bytes.data + i * ID_LEN));
    }
}

enum err mesh_event(struct mesh *m, uint64_t link, const struct peer_event *ev,
                    uint64_t now_ms)
{
    struct mesh_link *l = mesh_find_link(m, link);
    enum err e = ERR_OK;

    move_clock(m, now_ms);
    if (l == NULL)
        return ERR_OK;
    switch (ev->type) {
    case PEER_NOTHING:
    case PEER_RECORD:
    case PEER_NOT_KEPT:
        return ERR_OK;
    case PEER_HELLO:
        e = match_topics(m, l);
        break;
    case PEER_ANNOUNCE:
        e = on_announce(m, l, ev);
        break;
    case PEER_GRAFT:
        on_graft(m, l, ev);
        break;
    case PEER_PRUNE:
        plumtree_pruned(&m->tree, link, ev->topic);
        break;
    case PEER_OVERLAY:
        e = hyparview_recv(&m->overlay, link, ev->bytes, now_ms);
        break;
    }
    mesh_settle(m);
    return e;
}

/* ---- Records ------------------------------------------------------------ */

void mesh_record_added(struct mesh *m, const uint8_t topic[ID_LEN],
                       const struct record_key *key, uint64_t body_len,
                       uint64_t source, uint64_t now_ms)
{
    const struct mesh_link *from = mesh_find_link(m, source);
    bool by_session = from != NULL && peer_in_session(from->peer, topic);

    move_clock(m, now_ms);
    /* What is new is on its way to all, and others wait for us to push it. */
    if (key->created_ms + GOSSIP_NEW_MS > hyparview_wall_ms(&m->overlay))
        by_session = false;
    for (size_t i = 0; i < m->links_count; i++)
        peer_record_added(m->links[i].peer, topic, key);
    plumtree_added(&m->tree, topic, key, body_len, from == NULL ? 0 : source,
                   by_session, now_ms);
    mesh_settle(m);
}

enum err mesh_record_done(struct mesh *m, uint64_t link,
                          const uint8_t topic[ID_LEN], const uint8_t *id,
                          enum err result, uint64_t now_ms)
{
    struct mesh_link *l = mesh_find_link(m, link);
    bool in_session;
    enum err e;

    move_clock(m, now_ms);
    if (l == NULL)
        return ERR_OK;
    in_session = peer_in_session(l->peer, topic);
    e = peer_record_done(l->peer, topic, result);
    l->is_touched = true;
    if (id != NULL && result == ERR_EXISTS && !in_session)
        plumtree_twice(&m->tree, link, topic, now_ms);
    else if (id != NULL && err_blame(result) == BLAME_AUTHOR)
        plumtree_refused(&m->tree, id);
    mesh_settle(m);
    return e;
}

/* ---- Time --------------------------------------------------------------- */

uint64_t mesh_deadline(const struct mesh *m)
{
    uint64_t due = plumtree_deadline(&m->tree);
    uint64_t overlay = hyparview_deadline(&m->overlay);

    if (overlay < due)
        due = overlay;
    for (size_t i = 0; i < m->links_count; i++)
        if (m->links[i].batch_ms < due)
            due = m->links[i].batch_ms;
    return due;
}

void mesh_tick(struct mesh *m, uint64_t now_ms)
{
    move_clock(m, now_ms);
    plumtree_tick(&m->tree, now_ms);
    hyparview_tick(&m->overlay, now_ms);
    mesh_settle(m);
    for (size_t i = 0; i < m->links_count; i++)
        if (m->links[i].batch_ms <= now_ms)
            mesh_flush_batch(m, &m->links[i]);
}

static void count_tree(const struct mesh *m, struct mesh_counts *out)
{
    const struct plumtree_peer *peers;
    const uint8_t *topic;

    out->eager = 0;
    out->lazy = 0;
    for (size_t i = 0; (topic = plumtree_topic(&m->tree, i)) != NULL; i++) {
        size_t count = plumtree_links(&m->tree, topic, &peers);

        for (size_t j = 0; j < count; j++)
            *(peers[j].is_eager ? &out->eager : &out->lazy) += 1;
    }
}

void mesh_count(const struct mesh *m, struct mesh_counts *out)
{
    *out = m->counts;
    count_tree(m, out);
    out->links = m->links_count;
    out->active = hyparview_active(&m->overlay);
    out->passive = m->overlay.passive_count;
    out->dialled = 0;
    for (size_t i = 0; i < m->overlay.links_count; i++)
        out->dialled +=
            m->overlay.links[i].is_active && m->overlay.links[i].is_dialled;
}
