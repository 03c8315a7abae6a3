/* What the tree and the overlay wish, carried out by the peers' machines. */
#include <stdlib.h>
#include <string.h>

#include "proto/mesh_parts.h"

/* A topic with so few links needs each of them. */
enum { LINKS_NEEDED = 2 };
void mesh_count_said(struct mesh *m, struct mesh_link *l, bool is_queued)
{
    l->is_touched = true;
    m->counts.reconciled += !is_queued;
}

void mesh_flush_batch(struct mesh *m, struct mesh_link *l)
{
    if (l->batch.len == 0)
        return;
    mesh_count_said(
        m, l, peer_announce(l->peer, l->batch_topic, writer_view(&l->batch)));
    writer_free(&l->batch);
    l->batch = writer_growing(GOSSIP_IDS_MAX * ID_LEN);
    l->batch_ms = UINT64_MAX;
}

static void add_to_batch(struct mesh *m, struct mesh_link *l,
                         const struct plumtree_wish *w)
{
    if (l->batch.len > 0 && memcmp(l->batch_topic, w->topic, ID_LEN) != 0)
        mesh_flush_batch(m, l);
    if (l->batch.len == 0) {
        memcpy(l->batch_topic, w->topic, ID_LEN);
        l->batch_ms = m->now_ms + GOSSIP_BATCH_MS;
    }
    writer_bytes(&l->batch, BYTES_ARRAY(w->key.id));
    m->counts.announced++;
    if (l->batch.len == GOSSIP_IDS_MAX * ID_LEN || l->batch.err != ERR_OK)
        mesh_flush_batch(m, l);
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
        const struct mesh_link *l = mesh_find_link(m, peers[i].link);

        if (peer_is_checked(l->peer, topic))
            return;
    }
    if (count > 0)
        compare(mesh_find_link(m, peers[chance_below(&m->chance, count)].link),
                topic, m->now_ms);
}

static void carry_out(struct mesh *m, const struct plumtree_wish *w)
{
    struct mesh_link *l = mesh_find_link(m, w->link);

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
        mesh_count_said(m, l, peer_push(l->peer, w->topic, w->key.id));
        break;
    case PLUMTREE_ANNOUNCE:
        if (peer_wants(l->peer, w->topic, &w->key))
            add_to_batch(m, l, w);
        break;
    case PLUMTREE_GRAFT:
        m->counts.grafted++;
        mesh_count_said(m, l,
                        peer_graft(l->peer, w->topic, BYTES_ARRAY(w->key.id)));
        break;
    case PLUMTREE_PRUNE:
        m->counts.pruned++;
        mesh_count_said(m, l, peer_prune(l->peer, w->topic));
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
    struct mesh_link *l = mesh_find_link(m, e->link);

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

void mesh_settle(struct mesh *m)
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
