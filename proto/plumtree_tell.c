/* A new record: who gets it, who hears of it, and when a link is cut. */
#include "proto/plumtree_parts.h"

#include <string.h>

/* ---- Long bodies -------------------------------------------------------- */

static struct plumtree_parcel *add_parcel(struct plumtree *p,
                                          const uint8_t topic[ID_LEN],
                                          const struct record_key *key)
{
    struct plumtree_parcel *parcel;
    void *parcels = p->parcels;

    if (p->parcels_count == PLUMTREE_PARCELS_MAX ||
        !plumtree_make_room(&parcels, &p->parcels_cap, p->parcels_count,
                            sizeof *parcel))
        return NULL;
    p->parcels = parcels;
    parcel = &p->parcels[p->parcels_count++];
    *parcel = (struct plumtree_parcel){ .key = *key };
    memcpy(parcel->topic, topic, ID_LEN);
    return parcel;
}

static void send_next(struct plumtree *p, struct plumtree_parcel *parcel,
                      uint64_t now_ms)
{
    parcel->sent = parcel->links[0];
    parcel->count--;
    memmove(parcel->links, parcel->links + 1,
            parcel->count * sizeof parcel->links[0]);
    parcel->due_ms = now_ms + plumtree_pause_after(GOSSIP_GRAFT_MS);
    plumtree_wish(p, PLUMTREE_PUSH, parcel->sent, parcel->topic, &parcel->key);
}

static void drop_empty_parcels(struct plumtree *p)
{
    for (size_t i = p->parcels_count; i-- > 0;)
        if (p->parcels[i].count == 0)
            p->parcels[i] = p->parcels[--p->parcels_count];
}

static void drop_receiver(struct plumtree_parcel *parcel, uint64_t link)
{
    for (size_t i = parcel->count; i-- > 0;)
        if (parcel->links[i] == link)
            parcel->links[i] = parcel->links[--parcel->count];
}

void plumtree_parcels_leave(struct plumtree *p, uint64_t link,
                            const uint8_t *topic)
{
    for (size_t i = 0; i < p->parcels_count; i++)
        if (topic == NULL || plumtree_same(p->parcels[i].topic, topic))
            drop_receiver(&p->parcels[i], link);
}

void plumtree_parcel_arrived(struct plumtree *p, uint64_t link,
                             const uint8_t topic[ID_LEN],
                             const uint8_t id[ID_LEN], uint64_t now_ms)
{
    for (size_t i = 0; i < p->parcels_count; i++) {
        struct plumtree_parcel *parcel = &p->parcels[i];

        if (!plumtree_same(parcel->key.id, id) ||
            !plumtree_same(parcel->topic, topic))
            continue;
        drop_receiver(parcel, link);
        if (parcel->sent == link && parcel->count > 0)
            send_next(p, parcel, now_ms);
    }
    drop_empty_parcels(p);
}

uint64_t plumtree_parcels_deadline(const struct plumtree *p)
{
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < p->parcels_count; i++)
        if (p->parcels[i].due_ms < due)
            due = p->parcels[i].due_ms;
    return due;
}

void plumtree_parcels_tick(struct plumtree *p, uint64_t now_ms)
{
    for (size_t i = 0; i < p->parcels_count; i++)
        if (p->parcels[i].due_ms <= now_ms && p->parcels[i].count > 0)
            send_next(p, &p->parcels[i], now_ms);
    drop_empty_parcels(p);
}

/* ---- Records under way at the same time --------------------------------- */

enum { OTHERS_WEIGHT = 16, OTHERS_MAX = 4 * PLUMTREE_UNIT };

static void halve(struct plumtree_topic *t, uint64_t now_ms)
{
    uint64_t times = (now_ms - t->halved_ms) / PLUMTREE_HALF_MS;
    unsigned by = times < 31 ? (unsigned)times : 31;

    t->halved_ms += times * PLUMTREE_HALF_MS;
    t->recent >>= by;
    for (size_t i = 0; i < t->count; i++)
        t->peers[i].recent >>= by;
}

static void count_arrival(struct plumtree_topic *t, uint64_t source,
                          uint64_t now_ms)
{
    struct plumtree_peer *peer = plumtree_peer_find(t, source);
    uint32_t *recent = peer == NULL ? &t->recent : &peer->recent;

    halve(t, now_ms);
    if (*recent <= UINT32_MAX / 2)
        *recent += PLUMTREE_UNIT;
}

/* What came lately by other ways than the busiest one. */
static uint32_t count_others(const struct plumtree_topic *t)
{
    uint64_t all = t->recent;
    uint64_t most = t->recent;

    for (size_t i = 0; i < t->count; i++) {
        all += t->peers[i].recent;
        if (t->peers[i].recent > most)
            most = t->peers[i].recent;
    }
    return all - most < OTHERS_MAX ? (uint32_t)(all - most) : OTHERS_MAX;
}

/*
 * A circle of eager links is to be cut once.  Records that go around it from
 * several places meet in several places, and each would cut it there, before
 * anybody notices.  So the more of them there are, the less likely is a cut:
 * after the first none of them comes twice.
 */
static bool is_to_be_cut(struct plumtree *p, struct plumtree_topic *t,
                         uint64_t now_ms)
{
    halve(t, now_ms);
    return chance_below(&p->chance,
                        PLUMTREE_UNIT + OTHERS_WEIGHT * count_others(t)) <
           PLUMTREE_UNIT;
}

/* ---- A new record ------------------------------------------------------- */

/* Whether the link is to get the record whole, without having asked. */
static bool is_pushed_to(const struct plumtree_peer *peer, bool by_session)
{
    return peer->is_eager && !by_session;
}

static void tell(struct plumtree *p, const struct plumtree_topic *t,
                 const struct plumtree_missing *m, const struct record_key *key,
                 uint64_t source, bool by_session)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct plumtree_peer *peer = &t->peers[i];

        if (peer->link == source || plumtree_missing_is_by(m, peer->link))
            continue;
        if (is_pushed_to(peer, by_session))
            plumtree_wish(p, PLUMTREE_PUSH, peer->link, t->topic, key);
        else
            plumtree_wish(p, PLUMTREE_ANNOUNCE, peer->link, t->topic, key);
    }
}

/*
 * To one link after another, so that the first can pass it on while the others
 * wait; all know at once where it is.  Whoever sent it hears that it came.
 */
static void tell_long(struct plumtree *p, const struct plumtree_topic *t,
                      const struct plumtree_missing *m,
                      const struct record_key *key, uint64_t source,
                      uint64_t now_ms)
{
    struct plumtree_parcel *parcel = add_parcel(p, t->topic, key);

    for (size_t i = 0; i < t->count; i++) {
        const struct plumtree_peer *peer = &t->peers[i];

        if (plumtree_missing_is_by(m, peer->link))
            continue;
        if (peer->link != source && parcel != NULL &&
            is_pushed_to(peer, false) && parcel->count < OVERLAY_ACTIVE_MAX) {
            parcel->links[parcel->count++] = peer->link;
            if (parcel->count == 1)
                continue; /* it gets the record itself */
        }
        plumtree_wish(p, PLUMTREE_ANNOUNCE, peer->link, t->topic, key);
    }
    if (parcel != NULL && parcel->count > 0)
        send_next(p, parcel, now_ms);
    drop_empty_parcels(p);
}

void plumtree_added(struct plumtree *p, const uint8_t topic[ID_LEN],
                    const struct record_key *key, uint64_t body_len,
                    uint64_t source, bool by_session, uint64_t now_ms)
{
    struct plumtree_topic *t = plumtree_topic_find(p, topic);
    struct plumtree_missing *m = plumtree_missing_find(p, topic, key->id);

    if (t == NULL) /* a link that comes later compares at once */
        return;
    if (t->check_ms == UINT64_MAX)
        t->check_ms = now_ms + chance_around(&p->chance, SYNC_EVERY_MS);
    if (source != 0 && !by_session)
        plumtree_set_eager(p, source, topic, true);
    if (!by_session)
        count_arrival(t, source, now_ms);
    if (body_len > GOSSIP_BODY_MAX && !by_session)
        tell_long(p, t, m, key, source, now_ms);
    else
        tell(p, t, m, key, source, by_session);
    if (m != NULL)
        plumtree_missing_drop(p, m);
}

void plumtree_twice(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN], uint64_t now_ms)
{
    struct plumtree_topic *t = plumtree_topic_find(p, topic);

    if (p->is_full_mesh || plumtree_peer_find(t, link) == NULL ||
        !is_to_be_cut(p, t, now_ms))
        return;
    plumtree_set_eager(p, link, topic, false);
    plumtree_wish(p, PLUMTREE_PRUNE, link, topic, NULL);
}
