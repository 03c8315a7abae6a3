/*
 * The tree of each topic: who shares it, and which of the links are eager.
 * Where memory is short something is left undone: the comparison that follows
 * each change (CHECK) makes up for it.
 */
#include "proto/plumtree_parts.h"

#include <stdlib.h>
#include <string.h>

void plumtree_init(struct plumtree *p, const uint8_t seed[16])
{
    *p = (struct plumtree){ .chance = chance_of(seed) };
}

void plumtree_wipe(struct plumtree *p)
{
    for (size_t i = 0; i < p->topics_count; i++)
        free(p->topics[i].peers);
    free(p->topics);
    free(p->missing);
    free(p->parcels);
    free(p->refused);
    free(p->wishes);
    *p = (struct plumtree){ .topics = NULL };
}

void plumtree_set_full_mesh(struct plumtree *p, bool is_full_mesh)
{
    p->is_full_mesh = is_full_mesh;
}

bool plumtree_make_room(void **array, size_t *cap, size_t count, size_t size)
{
    size_t wanted = *cap == 0 ? 4 : 2 * *cap;
    void *grown;

    if (count < *cap)
        return true;
    grown = realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *cap = wanted;
    return true;
}

/* ---- Wishes ------------------------------------------------------------- */

void plumtree_wish(struct plumtree *p, enum plumtree_wish_type type,
                   uint64_t link, const uint8_t topic[ID_LEN],
                   const struct record_key *key)
{
    struct plumtree_wish *w;
    void *wishes = p->wishes;

    if (!plumtree_make_room(&wishes, &p->wishes_cap, p->wishes_count,
                            sizeof *w))
        return;
    p->wishes = wishes;
    w = &p->wishes[p->wishes_count++];
    *w = (struct plumtree_wish){ .type = type, .link = link };
    memcpy(w->topic, topic, ID_LEN);
    if (key != NULL)
        w->key = *key;
}

bool plumtree_next(struct plumtree *p, struct plumtree_wish *out)
{
    if (p->wishes_first == p->wishes_count) {
        p->wishes_first = 0;
        p->wishes_count = 0;
        return false;
    }
    *out = p->wishes[p->wishes_first++];
    return true;
}

/* ---- Topics and links --------------------------------------------------- */

struct plumtree_topic *plumtree_topic_find(const struct plumtree *p,
                                           const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < p->topics_count; i++)
        if (plumtree_same(p->topics[i].topic, topic))
            return &p->topics[i];
    return NULL;
}

struct plumtree_peer *plumtree_peer_find(const struct plumtree_topic *t,
                                         uint64_t link)
{
    for (size_t i = 0; t != NULL && i < t->count; i++)
        if (t->peers[i].link == link)
            return &t->peers[i];
    return NULL;
}

void plumtree_set_eager(struct plumtree *p, uint64_t link,
                        const uint8_t topic[ID_LEN], bool is_eager)
{
    struct plumtree_peer *peer =
        plumtree_peer_find(plumtree_topic_find(p, topic), link);

    if (peer != NULL)
        peer->is_eager = is_eager;
}

static struct plumtree_topic *add_topic(struct plumtree *p,
                                        const uint8_t topic[ID_LEN])
{
    struct plumtree_topic *t = plumtree_topic_find(p, topic);
    void *topics = p->topics;

    if (t != NULL)
        return t;
    if (!plumtree_make_room(&topics, &p->topics_cap, p->topics_count,
                            sizeof *t))
        return NULL;
    p->topics = topics;
    t = &p->topics[p->topics_count++];
    *t = (struct plumtree_topic){ .check_ms = UINT64_MAX };
    memcpy(t->topic, topic, ID_LEN);
    return t;
}

/* A tree needs each link where there are few. */
static bool has_few(const struct plumtree_topic *t)
{
    return t->count < OVERLAY_ACTIVE_MIN;
}

void plumtree_rely(struct plumtree *p, uint64_t link, bool is_reliable)
{
    for (size_t i = 0; i < p->topics_count; i++) {
        struct plumtree_peer *peer = plumtree_peer_find(&p->topics[i], link);

        if (peer != NULL)
            peer->is_eager = is_reliable || has_few(&p->topics[i]);
    }
}

enum err plumtree_join(struct plumtree *p, uint64_t link,
                       const uint8_t topic[ID_LEN], bool is_eager)
{
    struct plumtree_topic *t = add_topic(p, topic);
    void *peers;

    if (t == NULL)
        return ERR_NO_MEMORY;
    if (plumtree_peer_find(t, link) != NULL)
        return ERR_OK;
    peers = t->peers;
    if (!plumtree_make_room(&peers, &t->cap, t->count, sizeof *t->peers))
        return ERR_NO_MEMORY;
    t->peers = peers;
    is_eager = is_eager || has_few(t);
    t->peers[t->count++] =
        (struct plumtree_peer){ .link = link, .is_eager = is_eager };
    return ERR_OK;
}

static void leave(struct plumtree *p, struct plumtree_topic *t, uint64_t link)
{
    struct plumtree_peer *peer = plumtree_peer_find(t, link);

    if (peer == NULL)
        return;
    *peer = t->peers[--t->count];
    if (t->count > 0)
        return;
    free(t->peers);
    *t = p->topics[--p->topics_count];
}

void plumtree_leave(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN])
{
    struct plumtree_topic *t = plumtree_topic_find(p, topic);

    plumtree_missing_leave(p, link, topic);
    plumtree_parcels_leave(p, link, topic);
    if (t != NULL)
        leave(p, t, link);
}

void plumtree_forget(struct plumtree *p, uint64_t link)
{
    plumtree_missing_leave(p, link, NULL);
    plumtree_parcels_leave(p, link, NULL);
    for (size_t i = p->topics_count; i-- > 0;)
        leave(p, &p->topics[i], link);
}

const uint8_t *plumtree_topic(const struct plumtree *p, size_t i)
{
    return i < p->topics_count ? p->topics[i].topic : NULL;
}

size_t plumtree_links(const struct plumtree *p, const uint8_t topic[ID_LEN],
                      const struct plumtree_peer **out)
{
    const struct plumtree_topic *t = plumtree_topic_find(p, topic);

    *out = t == NULL ? NULL : t->peers;
    return t == NULL ? 0 : t->count;
}

/* ---- What others say ---------------------------------------------------- */

void plumtree_grafted(struct plumtree *p, uint64_t link,
                      const uint8_t topic[ID_LEN])
{
    plumtree_set_eager(p, link, topic, true);
}

void plumtree_pruned(struct plumtree *p, uint64_t link,
                     const uint8_t topic[ID_LEN])
{
    plumtree_set_eager(p, link, topic, false);
}

/* ---- Time --------------------------------------------------------------- */

uint64_t plumtree_deadline(const struct plumtree *p)
{
    uint64_t missing = plumtree_missing_deadline(p);
    uint64_t due = plumtree_parcels_deadline(p);

    if (missing < due)
        due = missing;
    for (size_t i = 0; i < p->topics_count; i++)
        if (p->topics[i].check_ms < due)
            due = p->topics[i].check_ms;
    return due;
}

void plumtree_tick(struct plumtree *p, uint64_t now_ms)
{
    plumtree_missing_tick(p, now_ms);
    plumtree_parcels_tick(p, now_ms);
    for (size_t i = 0; i < p->topics_count; i++) {
        if (p->topics[i].check_ms > now_ms)
            continue;
        p->topics[i].check_ms = UINT64_MAX;
        plumtree_wish(p, PLUMTREE_CHECK, 0, p->topics[i].topic, NULL);
    }
}
