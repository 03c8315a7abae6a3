/*
 * Joins the machines of a node: what the tree and the overlay wish is said by
 * the peers' machines, what peers say goes to the tree and the overlay.
 */
#include "proto/mesh.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hyparview.h"
#include "proto/plumtree.h"

/* A topic with so few links needs each of them. */
enum { LINKS_NEEDED = 2 };
/* Round trips are believed up to this, lest T1 become endless. */
enum { RTT_MAX_MS = 5000 };

struct mesh_link {
    uint64_t link;
    struct peer *peer;
    uint64_t rtt_ms;
    bool is_touched;     /* MESH_WAKE is due */
    bool is_neighbour;   /* in the overlay: it will last */
    struct writer batch; /* ids to be announced, of one topic */
    uint8_t batch_topic[ID_LEN];
    uint64_t batch_ms; /* when they have to leave; UINT64_MAX: none */
};

struct mesh {
    struct record_set set;
    struct plumtree tree;
    struct hyparview overlay;
    struct sync_gate gate;
    uint64_t changes; /* of the overlay that `is_neighbour` knows of */
    struct chance chance;
    uint64_t now_ms;
    struct mesh_link *links;
    size_t links_count;
    size_t links_cap;
    struct hyparview_effect *first; /* dials and ends not told yet */
    struct hyparview_effect *last;
    struct mesh_counts counts;
};

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

static struct mesh_link *find_link(const struct mesh *m, uint64_t link)
{
    for (size_t i = 0; i < m->links_count; i++)
        if (m->links[i].link == link)
            return &m->links[i];
    return NULL;
}

/* ---- Carrying out wishes ------------------------------------------------ */

/* A queue of the link was full: its peer machine has a session due. */
static void count_said(struct mesh *m, struct mesh_link *l, bool is_queued)
{
    l->is_touched = true;
    m->counts.reconciled += !is_queued;
}

static void flush_batch(struct mesh *m, struct mesh_link *l)
{
    if (l->batch.len == 0)
        return;
    count_said(m, l,
               peer_announce(l->peer, l->batch_topic, writer_view(&l->batch)));
    writer_free(&l->batch);
    l->batch = writer_growing(GOSSIP_IDS_MAX * ID_LEN);
    l->batch_ms = UINT64_MAX;
}

static void add_to_batch(struct mesh *m, struct mesh_link *l,
                         const struct plumtree_wish *w)
{
    if (l->batch.len > 0 && memcmp(l->batch_topic, w->topic, ID_LEN) != 0)
        flush_batch(m, l);
    if (l->batch.len == 0) {
        memcpy(l->batch_topic, w->topic, ID_LEN);
        l->batch_ms = m->now_ms + GOSSIP_BATCH_MS;
    }
    writer_bytes(&l->batch, BYTES_ARRAY(w->key.id));
    m->counts.announced++;
    if (l->batch.len == GOSSIP_IDS_MAX * ID_LEN || l->batch.err != ERR_OK)
        flush_batch(m, l);
}

static void compare(struct mesh_link *l, const uint8_t topic[ID_LEN],
                    uint64_t now_ms)
{
    peer_reconcile(l->peer, topic, now_ms);
    l->is_touched = true;
}

/*
 * §5.5: things have changed for a while: one neighbour, any, says whether both
 * have got everything.  If one has done so since, that will do.
 */
static void check(struct mesh *m, const uint8_t topic[ID_LEN])
{
    const struct plumtree_peer *peers;
    size_t count = plumtree_links(&m->tree, topic, &peers);

    for (size_t i = 0; i < count; i++) {
        const struct mesh_link *l = find_link(m, peers[i].link);

        if (peer_is_checked(l->peer, topic))
            return;
    }
    if (count > 0)
        compare(find_link(m, peers[chance_below(&m->chance, count)].link),
                topic, m->now_ms);
}

static void carry_out(struct mesh *m, const struct plumtree_wish *w)
{
    struct mesh_link *l = find_link(m, w->link);

    if (w->type == PLUMTREE_CHECK) {
        check(m, w->topic);
        return;
    }
    if (l == NULL)
        return;
    switch (w->type) {
    case PLUMTREE_PUSH:
        if (!peer_wants(l->peer, w->topic, &w->key))
            break;
        m->counts.pushed++;
        count_said(m, l, peer_push(l->peer, w->topic, w->key.id));
        break;
    case PLUMTREE_ANNOUNCE:
        if (peer_wants(l->peer, w->topic, &w->key))
            add_to_batch(m, l, w);
        break;
    case PLUMTREE_GRAFT:
        m->counts.grafted++;
        count_said(m, l, peer_graft(l->peer, w->topic, BYTES_ARRAY(w->key.id)));
        break;
    case PLUMTREE_PRUNE:
        m->counts.pruned++;
        count_said(m, l, peer_prune(l->peer, w->topic));
        break;
    case PLUMTREE_COMPARE:
        compare(l, w->topic, m->now_ms);
        break;
    case PLUMTREE_CHECK:
        break;
    }
}

/* Whether a topic has hardly another way than this link. */
static bool is_needed(const struct mesh *m, const struct mesh_link *l)
{
    const uint8_t *topic;

    for (size_t i = 0; (topic = plumtree_topic(&m->tree, i)) != NULL; i++) {
        const struct plumtree_peer *peers;

        if (peer_shares(l->peer, topic) &&
            plumtree_links(&m->tree, topic, &peers) <= LINKS_NEEDED)
            return true;
    }
    return false;
}

static void keep_effect(struct mesh *m, struct hyparview_effect *e)
{
    e->next = NULL;
    if (m->first == NULL)
        m->first = e;
    else
        m->last->next = e;
    m->last = e;
}

static void take_overlay(struct mesh *m, struct hyparview_effect *e)
{
    struct mesh_link *l = find_link(m, e->link);

    if (e->type == HYPARVIEW_DIAL) {
        keep_effect(m, e);
        return;
    }
    if (l != NULL && e->type == HYPARVIEW_CLOSE && !is_needed(m, l)) {
        keep_effect(m, e);
        return;
    }
    if (l != NULL && e->type == HYPARVIEW_SAY) {
        /* What does not fit is lost; the overlay asks again in its time. */
        (void)peer_say_overlay(l->peer, (struct bytes){ e->bytes, e->len });
        l->is_touched = true;
    }
    free(e);
}

/*
 * A link that is in no view will soon be closed: a tree that has it breaks
 * then.  So it hears announcements alone.
 */
static void rely_on_neighbours(struct mesh *m)
{
    for (size_t i = 0; i < m->links_count; i++) {
        struct mesh_link *l = &m->links[i];
        bool is_neighbour = hyparview_is_active(&m->overlay, l->link);

        if (l->is_neighbour != is_neighbour)
            plumtree_rely(&m->tree, l->link, is_neighbour);
        l->is_neighbour = is_neighbour;
    }
    m->changes = m->overlay.changes;
}

/* Until neither machine wishes for anything more. */
static void settle(struct mesh *m)
{
    struct plumtree_wish w;
    struct hyparview_effect *e;

    while ((e = hyparview_next(&m->overlay)) != NULL)
        take_overlay(m, e);
    if (m->changes != m->overlay.changes)
        rely_on_neighbours(m);
    plumtree_set_full_mesh(&m->tree,
                           hyparview_known(&m->overlay) <= GOSSIP_FULL_MESH);
    while (plumtree_next(&m->tree, &w))
        carry_out(m, &w);
}

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
    settle(m);
}

void mesh_dial_failed(struct mesh *m, const uint8_t node[KEY_LEN],
                      uint64_t now_ms)
{
    move_clock(m, now_ms);
    hyparview_dial_failed(&m->overlay, node, now_ms);
    settle(m);
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

    assert(config->link != 0 && find_link(m, config->link) == NULL);
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
    settle(m);
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
    struct mesh_link *l = find_link(m, link);

    move_clock(m, now_ms);
    if (l == NULL)
        return;
    writer_free(&l->batch);
    *l = m->links[--m->links_count];
    drop_close(m, link);
    plumtree_forget(&m->tree, link);
    hyparview_link_down(&m->overlay, link, now_ms);
    settle(m);
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
    const struct mesh_link *l = find_link(m, link);
    enum err e;

    move_clock(m, now_ms);
    if (l == NULL)
        return ERR_OK;
    e = match_topics(m, l);
    settle(m);
    return e;
}

void mesh_link_rtt(struct mesh *m, uint64_t link, uint64_t rtt_ms)
{
    struct mesh_link *l = find_link(m, link);

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
        count_said(m, l,
                   peer_push(l->peer, ev->topic, ev->bytes.data + i * ID_LEN));
    }
}

enum err mesh_event(struct mesh *m, uint64_t link, const struct peer_event *ev,
                    uint64_t now_ms)
{
    struct mesh_link *l = find_link(m, link);
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
    settle(m);
    return e;
}

/* ---- Records ------------------------------------------------------------ */

void mesh_record_added(struct mesh *m, const uint8_t topic[ID_LEN],
                       const struct record_key *key, uint64_t body_len,
                       uint64_t source, uint64_t now_ms)
{
    const struct mesh_link *from = find_link(m, source);
    bool by_session = from != NULL && peer_in_session(from->peer, topic);

    move_clock(m, now_ms);
    /* What is new is on its way to all, and others wait for us to push it. */
    if (key->created_ms + GOSSIP_NEW_MS > hyparview_wall_ms(&m->overlay))
        by_session = false;
    for (size_t i = 0; i < m->links_count; i++)
        peer_record_added(m->links[i].peer, topic, key);
    plumtree_added(&m->tree, topic, key, body_len, from == NULL ? 0 : source,
                   by_session, now_ms);
    settle(m);
}

enum err mesh_record_done(struct mesh *m, uint64_t link,
                          const uint8_t topic[ID_LEN], const uint8_t *id,
                          enum err result, uint64_t now_ms)
{
    struct mesh_link *l = find_link(m, link);
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
    settle(m);
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
    settle(m);
    for (size_t i = 0; i < m->links_count; i++)
        if (m->links[i].batch_ms <= now_ms)
            flush_batch(m, &m->links[i]);
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
