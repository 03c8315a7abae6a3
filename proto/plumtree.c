/*
 * The tree of each topic.  Where memory is short something is left undone: the
 * comparison that follows each change (CHECK) makes up for it.
 */
#include "proto/plumtree.h"

#include <assert.h>
#include <sodium.h>
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

/* Room for one more element of `size` bytes; false if there is no memory. */
static bool make_room(void **array, size_t *cap, size_t count, size_t size)
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

static bool same(const uint8_t a[ID_LEN], const uint8_t b[ID_LEN])
{
    return memcmp(a, b, ID_LEN) == 0;
}

/* ---- Wishes ------------------------------------------------------------- */

static void wish(struct plumtree *p, enum plumtree_wish_type type,
                 uint64_t link, const uint8_t topic[ID_LEN],
                 const struct record_key *key)
{
    struct plumtree_wish *w;
    void *wishes = p->wishes;

    if (!make_room(&wishes, &p->wishes_cap, p->wishes_count, sizeof *w))
        return;
    p->wishes = wishes;
    w = &p->wishes[p->wishes_count++];
    *w = (struct plumtree_wish){ .type = type, .link = link };
    memcpy(w->topic, topic, ID_LEN);
    if (key != NULL)
        w->key = *key;
}

static void wish_id(struct plumtree *p, enum plumtree_wish_type type,
                    uint64_t link, const uint8_t topic[ID_LEN],
                    const uint8_t id[ID_LEN])
{
    struct record_key key = { .created_ms = 0 };

    memcpy(key.id, id, ID_LEN);
    wish(p, type, link, topic, &key);
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

static struct plumtree_topic *find_topic(const struct plumtree *p,
                                         const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < p->topics_count; i++)
        if (same(p->topics[i].topic, topic))
            return &p->topics[i];
    return NULL;
}

static struct plumtree_peer *find_peer(const struct plumtree_topic *t,
                                       uint64_t link)
{
    for (size_t i = 0; t != NULL && i < t->count; i++)
        if (t->peers[i].link == link)
            return &t->peers[i];
    return NULL;
}

static void set_eager(struct plumtree *p, uint64_t link,
                      const uint8_t topic[ID_LEN], bool is_eager)
{
    struct plumtree_peer *peer = find_peer(find_topic(p, topic), link);

    if (peer != NULL)
        peer->is_eager = is_eager;
}

static struct plumtree_topic *add_topic(struct plumtree *p,
                                        const uint8_t topic[ID_LEN])
{
    struct plumtree_topic *t = find_topic(p, topic);
    void *topics = p->topics;

    if (t != NULL)
        return t;
    if (!make_room(&topics, &p->topics_cap, p->topics_count, sizeof *t))
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
        struct plumtree_peer *peer = find_peer(&p->topics[i], link);

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
    if (find_peer(t, link) != NULL)
        return ERR_OK;
    peers = t->peers;
    if (!make_room(&peers, &t->cap, t->count, sizeof *t->peers))
        return ERR_NO_MEMORY;
    t->peers = peers;
    is_eager = is_eager || has_few(t);
    t->peers[t->count++] =
        (struct plumtree_peer){ .link = link, .is_eager = is_eager };
    return ERR_OK;
}

static void leave(struct plumtree *p, struct plumtree_topic *t, uint64_t link)
{
    struct plumtree_peer *peer = find_peer(t, link);

    if (peer == NULL)
        return;
    *peer = t->peers[--t->count];
    if (t->count > 0)
        return;
    free(t->peers);
    *t = p->topics[--p->topics_count];
}

/* What it announced is asked of others, or is gone with it. */
static void drop_announcer(struct plumtree_missing *m, uint64_t link)
{
    for (size_t i = m->count; i-- > 0;) {
        if (m->links[i] != link)
            continue;
        m->count--;
        memmove(m->links + i, m->links + i + 1,
                (m->count - i) * sizeof m->links[0]);
        if (i < m->asked)
            m->asked--;
    }
}

static void drop_receiver(struct plumtree_parcel *parcel, uint64_t link)
{
    for (size_t i = parcel->count; i-- > 0;)
        if (parcel->links[i] == link)
            parcel->links[i] = parcel->links[--parcel->count];
}

void plumtree_leave(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN])
{
    struct plumtree_topic *t = find_topic(p, topic);

    for (size_t i = 0; i < p->missing_count; i++)
        if (same(p->missing[i].topic, topic))
            drop_announcer(&p->missing[i], link);
    for (size_t i = 0; i < p->parcels_count; i++)
        if (same(p->parcels[i].topic, topic))
            drop_receiver(&p->parcels[i], link);
    if (t != NULL)
        leave(p, t, link);
}

void plumtree_forget(struct plumtree *p, uint64_t link)
{
    for (size_t i = 0; i < p->missing_count; i++)
        drop_announcer(&p->missing[i], link);
    for (size_t i = 0; i < p->parcels_count; i++)
        drop_receiver(&p->parcels[i], link);
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
    const struct plumtree_topic *t = find_topic(p, topic);

    *out = t == NULL ? NULL : t->peers;
    return t == NULL ? 0 : t->count;
}

/* ---- What is missing ---------------------------------------------------- */

static struct plumtree_missing *find_missing(const struct plumtree *p,
                                             const uint8_t topic[ID_LEN],
                                             const uint8_t id[ID_LEN])
{
    for (size_t i = 0; i < p->missing_count; i++)
        if (same(p->missing[i].id, id) && same(p->missing[i].topic, topic))
            return &p->missing[i];
    return NULL;
}

static void drop_missing(struct plumtree *p, struct plumtree_missing *m)
{
    *m = p->missing[--p->missing_count];
}

static uint64_t short_hash(const struct plumtree *p, const uint8_t id[ID_LEN])
{
    uint8_t out[crypto_shorthash_BYTES];

    (void)crypto_shorthash(out, id, ID_LEN, p->chance.key);
    return get_u64(out);
}

static bool is_refused(const struct plumtree *p, const uint8_t id[ID_LEN])
{
    uint64_t hash = short_hash(p, id);

    for (size_t i = 0; p->refused != NULL && i < PLUMTREE_REFUSED_MAX; i++)
        if (p->refused[i] == hash)
            return true;
    return false;
}

void plumtree_refused(struct plumtree *p, const uint8_t id[ID_LEN])
{
    if (p->refused == NULL)
        p->refused = calloc(PLUMTREE_REFUSED_MAX, sizeof *p->refused);
    for (size_t i = p->missing_count; i-- > 0;)
        if (same(p->missing[i].id, id))
            drop_missing(p, &p->missing[i]);
    if (p->refused == NULL || is_refused(p, id))
        return;
    p->refused[p->refused_next] = short_hash(p, id);
    p->refused_next = (p->refused_next + 1) % PLUMTREE_REFUSED_MAX;
}

static struct plumtree_missing *add_missing(struct plumtree *p,
                                            const uint8_t topic[ID_LEN],
                                            const uint8_t id[ID_LEN])
{
    struct plumtree_missing *m;
    void *missing = p->missing;

    if (p->missing_count == PLUMTREE_MISSING_MAX ||
        !make_room(&missing, &p->missing_cap, p->missing_count, sizeof *m))
        return NULL;
    p->missing = missing;
    m = &p->missing[p->missing_count++];
    *m = (struct plumtree_missing){ .count = 0 };
    memcpy(m->topic, topic, ID_LEN);
    memcpy(m->id, id, ID_LEN);
    return m;
}

static bool has_announced(const struct plumtree_missing *m, uint64_t link)
{
    for (size_t i = 0; m != NULL && i < m->count; i++)
        if (m->links[i] == link)
            return true;
    return false;
}

static void await(struct plumtree *p, uint64_t link,
                  const uint8_t topic[ID_LEN], const uint8_t id[ID_LEN],
                  uint32_t wait_ms, uint64_t now_ms)
{
    struct plumtree_missing *m = find_missing(p, topic, id);

    if (m == NULL) {
        m = add_missing(p, topic, id);
        if (m == NULL) {
            wish(p, PLUMTREE_COMPARE, link, topic, NULL);
            return;
        }
        m->wait_ms = wait_ms;
        m->due_ms = now_ms + wait_ms;
    }
    if (m->count < PLUMTREE_ANNOUNCERS && !has_announced(m, link))
        m->links[m->count++] = link;
}

/* ---- Long bodies -------------------------------------------------------- */

static uint64_t pause_after(uint32_t wait_ms)
{
    return wait_ms / 2;
}

static void send_next(struct plumtree *p, struct plumtree_parcel *parcel,
                      uint64_t now_ms)
{
    parcel->sent = parcel->links[0];
    parcel->count--;
    memmove(parcel->links, parcel->links + 1,
            parcel->count * sizeof parcel->links[0]);
    parcel->due_ms = now_ms + pause_after(GOSSIP_GRAFT_MS);
    wish(p, PLUMTREE_PUSH, parcel->sent, parcel->topic, &parcel->key);
}

static void drop_empty_parcels(struct plumtree *p)
{
    for (size_t i = p->parcels_count; i-- > 0;)
        if (p->parcels[i].count == 0)
            p->parcels[i] = p->parcels[--p->parcels_count];
}

/* Whoever says that it has the record needs it no more. */
static void parcel_arrived(struct plumtree *p, uint64_t link,
                           const uint8_t topic[ID_LEN],
                           const uint8_t id[ID_LEN], uint64_t now_ms)
{
    for (size_t i = 0; i < p->parcels_count; i++) {
        struct plumtree_parcel *parcel = &p->parcels[i];

        if (!same(parcel->key.id, id) || !same(parcel->topic, topic))
            continue;
        drop_receiver(parcel, link);
        if (parcel->sent == link && parcel->count > 0)
            send_next(p, parcel, now_ms);
    }
    drop_empty_parcels(p);
}

static struct plumtree_parcel *add_parcel(struct plumtree *p,
                                          const uint8_t topic[ID_LEN],
                                          const struct record_key *key)
{
    struct plumtree_parcel *parcel;
    void *parcels = p->parcels;

    if (p->parcels_count == PLUMTREE_PARCELS_MAX ||
        !make_room(&parcels, &p->parcels_cap, p->parcels_count, sizeof *parcel))
        return NULL;
    p->parcels = parcels;
    parcel = &p->parcels[p->parcels_count++];
    *parcel = (struct plumtree_parcel){ .key = *key };
    memcpy(parcel->topic, topic, ID_LEN);
    return parcel;
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
    struct plumtree_peer *peer = find_peer(t, source);
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

        if (peer->link == source || has_announced(m, peer->link))
            continue;
        if (is_pushed_to(peer, by_session))
            wish(p, PLUMTREE_PUSH, peer->link, t->topic, key);
        else
            wish(p, PLUMTREE_ANNOUNCE, peer->link, t->topic, key);
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

        if (has_announced(m, peer->link))
            continue;
        if (peer->link != source && parcel != NULL &&
            is_pushed_to(peer, false) && parcel->count < OVERLAY_ACTIVE_MAX) {
            parcel->links[parcel->count++] = peer->link;
            if (parcel->count == 1)
                continue; /* it gets the record itself */
        }
        wish(p, PLUMTREE_ANNOUNCE, peer->link, t->topic, key);
    }
    if (parcel != NULL && parcel->count > 0)
        send_next(p, parcel, now_ms);
    drop_empty_parcels(p);
}

void plumtree_added(struct plumtree *p, const uint8_t topic[ID_LEN],
                    const struct record_key *key, uint64_t body_len,
                    uint64_t source, bool by_session, uint64_t now_ms)
{
    struct plumtree_topic *t = find_topic(p, topic);
    struct plumtree_missing *m = find_missing(p, topic, key->id);

    if (t == NULL) /* a link that comes later compares at once */
        return;
    if (t->check_ms == UINT64_MAX)
        t->check_ms = now_ms + chance_around(&p->chance, SYNC_EVERY_MS);
    if (source != 0 && !by_session)
        set_eager(p, source, topic, true);
    if (!by_session)
        count_arrival(t, source, now_ms);
    if (body_len > GOSSIP_BODY_MAX && !by_session)
        tell_long(p, t, m, key, source, now_ms);
    else
        tell(p, t, m, key, source, by_session);
    if (m != NULL)
        drop_missing(p, m);
}

void plumtree_twice(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN], uint64_t now_ms)
{
    struct plumtree_topic *t = find_topic(p, topic);

    if (p->is_full_mesh || find_peer(t, link) == NULL ||
        !is_to_be_cut(p, t, now_ms))
        return;
    set_eager(p, link, topic, false);
    wish(p, PLUMTREE_PRUNE, link, topic, NULL);
}

/* ---- What others say ---------------------------------------------------- */

void plumtree_announced(struct plumtree *p, uint64_t link,
                        const uint8_t topic[ID_LEN], const uint8_t id[ID_LEN],
                        bool is_known, uint32_t wait_ms, uint64_t now_ms)
{
    if (find_peer(find_topic(p, topic), link) == NULL)
        return;
    parcel_arrived(p, link, topic, id, now_ms);
    if (!is_known && !is_refused(p, id))
        await(p, link, topic, id, wait_ms, now_ms);
}

void plumtree_grafted(struct plumtree *p, uint64_t link,
                      const uint8_t topic[ID_LEN])
{
    set_eager(p, link, topic, true);
}

void plumtree_pruned(struct plumtree *p, uint64_t link,
                     const uint8_t topic[ID_LEN])
{
    set_eager(p, link, topic, false);
}

/* ---- Time --------------------------------------------------------------- */

uint64_t plumtree_deadline(const struct plumtree *p)
{
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < p->topics_count; i++)
        if (p->topics[i].check_ms < due)
            due = p->topics[i].check_ms;
    for (size_t i = 0; i < p->missing_count; i++)
        if (p->missing[i].due_ms < due)
            due = p->missing[i].due_ms;
    for (size_t i = 0; i < p->parcels_count; i++)
        if (p->parcels[i].due_ms < due)
            due = p->parcels[i].due_ms;
    return due;
}

/*
 * One that is eager by now goes first, be it for another record: one new
 * branch brings all that is missing, several would make circles.
 */
static void put_eager_first(const struct plumtree *p,
                            struct plumtree_missing *m)
{
    const struct plumtree_topic *t = find_topic(p, m->topic);

    for (unsigned i = m->asked; i < m->count; i++) {
        const struct plumtree_peer *peer = find_peer(t, m->links[i]);
        uint64_t link = m->links[i];

        if (peer == NULL || !peer->is_eager)
            continue;
        m->links[i] = m->links[m->asked];
        m->links[m->asked] = link;
        return;
    }
}

/* Asks the next announcer; false when all were asked in vain. */
static bool ask_next(struct plumtree *p, struct plumtree_missing *m,
                     uint64_t now_ms)
{
    uint64_t link;

    if (m->asked == m->count) {
        if (m->count > 0)
            wish(p, PLUMTREE_COMPARE, m->links[m->count - 1], m->topic, NULL);
        return false;
    }
    put_eager_first(p, m);
    link = m->links[m->asked++];
    set_eager(p, link, m->topic, true);
    wish_id(p, PLUMTREE_GRAFT, link, m->topic, m->id);
    m->due_ms = now_ms + pause_after(m->wait_ms);
    return true;
}

void plumtree_tick(struct plumtree *p, uint64_t now_ms)
{
    for (size_t i = p->missing_count; i-- > 0;) {
        struct plumtree_missing *m = &p->missing[i];

        if (m->due_ms <= now_ms && !ask_next(p, m, now_ms))
            drop_missing(p, m);
    }
    for (size_t i = 0; i < p->parcels_count; i++)
        if (p->parcels[i].due_ms <= now_ms && p->parcels[i].count > 0)
            send_next(p, &p->parcels[i], now_ms);
    drop_empty_parcels(p);
    for (size_t i = 0; i < p->topics_count; i++) {
        if (p->topics[i].check_ms > now_ms)
            continue;
        p->topics[i].check_ms = UINT64_MAX;
        wish(p, PLUMTREE_CHECK, 0, p->topics[i].topic, NULL);
    }
}
