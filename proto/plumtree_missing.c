/* What others announced and did not send: asked for, of one after another. */
#include "proto/plumtree_parts.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct plumtree_missing *plumtree_missing_find(const struct plumtree *p,
                                               const uint8_t topic[ID_LEN],
                                               const uint8_t id[ID_LEN])
{
    for (size_t i = 0; i < p->missing_count; i++)
        if (plumtree_same(p->missing[i].id, id) &&
            plumtree_same(p->missing[i].topic, topic))
            return &p->missing[i];
    return NULL;
}

void plumtree_missing_drop(struct plumtree *p, struct plumtree_missing *m)
{
    *m = p->missing[--p->missing_count];
}

bool plumtree_missing_is_by(const struct plumtree_missing *m, uint64_t link)
{
    for (size_t i = 0; m != NULL && i < m->count; i++)
        if (m->links[i] == link)
            return true;
    return false;
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

void plumtree_missing_leave(struct plumtree *p, uint64_t link,
                            const uint8_t *topic)
{
    for (size_t i = 0; i < p->missing_count; i++)
        if (topic == NULL || plumtree_same(p->missing[i].topic, topic))
            drop_announcer(&p->missing[i], link);
}

/* ---- Refused ------------------------------------------------------------ */

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
        if (plumtree_same(p->missing[i].id, id))
            plumtree_missing_drop(p, &p->missing[i]);
    if (p->refused == NULL || is_refused(p, id))
        return;
    p->refused[p->refused_next] = short_hash(p, id);
    p->refused_next = (p->refused_next + 1) % PLUMTREE_REFUSED_MAX;
}

/* ---- Announced ---------------------------------------------------------- */

static struct plumtree_missing *add_missing(struct plumtree *p,
                                            const uint8_t topic[ID_LEN],
                                            const uint8_t id[ID_LEN])
{
    struct plumtree_missing *m;
    void *missing = p->missing;

    if (p->missing_count == PLUMTREE_MISSING_MAX ||
        !plumtree_make_room(&missing, &p->missing_cap, p->missing_count,
                            sizeof *m))
        return NULL;
    p->missing = missing;
    m = &p->missing[p->missing_count++];
    *m = (struct plumtree_missing){ .count = 0 };
    memcpy(m->topic, topic, ID_LEN);
    memcpy(m->id, id, ID_LEN);
    return m;
}

static void await(struct plumtree *p, uint64_t link,
                  const uint8_t topic[ID_LEN], const uint8_t id[ID_LEN],
                  uint32_t wait_ms, uint64_t now_ms)
{
    struct plumtree_missing *m = plumtree_missing_find(p, topic, id);

    if (m == NULL) {
        m = add_missing(p, topic, id);
        if (m == NULL) {
            plumtree_wish(p, PLUMTREE_COMPARE, link, topic, NULL);
            return;
        }
        m->wait_ms = wait_ms;
        m->due_ms = now_ms + wait_ms;
    }
    if (m->count < PLUMTREE_ANNOUNCERS && !plumtree_missing_is_by(m, link))
        m->links[m->count++] = link;
}

void plumtree_announced(struct plumtree *p, uint64_t link,
                        const uint8_t topic[ID_LEN], const uint8_t id[ID_LEN],
                        bool is_known, uint32_t wait_ms, uint64_t now_ms)
{
    if (plumtree_peer_find(plumtree_topic_find(p, topic), link) == NULL)
        return;
    plumtree_parcel_arrived(p, link, topic, id, now_ms);
    if (!is_known && !is_refused(p, id))
        await(p, link, topic, id, wait_ms, now_ms);
}

/* ---- Asked for ---------------------------------------------------------- */

static void wish_id(struct plumtree *p, enum plumtree_wish_type type,
                    uint64_t link, const uint8_t topic[ID_LEN],
                    const uint8_t id[ID_LEN])
{
    struct record_key key = { .created_ms = 0 };

    memcpy(key.id, id, ID_LEN);
    plumtree_wish(p, type, link, topic, &key);
}

/*
 * One that is eager by now goes first, be it for another record: one new
 * branch brings all that is missing, several would make circles.
 */
static void put_eager_first(const struct plumtree *p,
                            struct plumtree_missing *m)
{
    const struct plumtree_topic *t = plumtree_topic_find(p, m->topic);

    for (unsigned i = m->asked; i < m->count; i++) {
        const struct plumtree_peer *peer = plumtree_peer_find(t, m->links[i]);
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
            plumtree_wish(p, PLUMTREE_COMPARE, m->links[m->count - 1], m->topic,
                          NULL);
        return false;
    }
    put_eager_first(p, m);
    link = m->links[m->asked++];
    plumtree_set_eager(p, link, m->topic, true);
    wish_id(p, PLUMTREE_GRAFT, link, m->topic, m->id);
    m->due_ms = now_ms + plumtree_pause_after(m->wait_ms);
    return true;
}

uint64_t plumtree_missing_deadline(const struct plumtree *p)
{
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < p->missing_count; i++)
        if (p->missing[i].due_ms < due)
            due = p->missing[i].due_ms;
    return due;
}

void plumtree_missing_tick(struct plumtree *p, uint64_t now_ms)
{
    for (size_t i = p->missing_count; i-- > 0;) {
        struct plumtree_missing *m = &p->missing[i];

        if (m->due_ms <= now_ms && !ask_next(p, m, now_ms))
            plumtree_missing_drop(p, m);
    }
}
