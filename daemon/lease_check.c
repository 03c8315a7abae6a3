/*
 * Which of the challenges that somebody waits for is next, and what became of
 * each.  lease_ask.c asks.
 */
#include "daemon/lease_check.h"

#include <string.h>

#include "daemon/conn.h"
#include "daemon/lease_parts.h"

enum {
    LOOK_MS = 500,
    BUSY_WAIT_MS = 1000,
    TRIES_MAX = 5,
    /* Somebody else's questions may be before ours; not for ever. */
    STILL_MS = 30000
};

const char *lease_checked_name(enum lease_checked checked)
{
    static const char *const names[] = {
        [LEASE_CHECKED_NOT] = "unknown",     [LEASE_CHECKED_SHOWN] = "shown",
        [LEASE_CHECKED_FAILED] = "failed",   [LEASE_CHECKED_SILENT] = "silent",
        [LEASE_CHECKED_BUSY] = "busy",       [LEASE_CHECKED_AWAY] = "away",
        [LEASE_CHECKED_CHANGED] = "changed",
    };

    return names[checked];
}

void leases_check_begin(struct leases *l, struct lease_checks *c)
{
    c->next = l->checks;
    l->checks = c;
    c->moved_ms = lease_now_ms(l);
    c->looked_ms = 0;
    c->has_moved = c->settled == c->count; /* nobody is to be asked */
    lease_wake(l, 0);
}

void leases_check_end(struct leases *l, struct lease_checks *c)
{
    struct lease_checks **at = &l->checks;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
        if (l->peers[i].checks == c)
            l->peers[i].checks = NULL;
}

static void settle(const struct leases *l, struct lease_checks *c,
                   struct lease_check *k, enum lease_checked checked)
{
    if (k->checked != LEASE_CHECKED_NOT)
        return;
    k->checked = checked;
    k->is_asked = false;
    c->settled++;
    c->has_moved = true;
    c->moved_ms = lease_now_ms(l);
}

/* ---- Asking ------------------------------------------------------------- */

static bool is_of(const struct lease_check *k, const struct lease_peer *p)
{
    return k->checked == LEASE_CHECKED_NOT && !k->is_asked &&
           memcmp(k->node, conn_node(p->conn), KEY_LEN) == 0 &&
           peer_shares(conn_peer(p->conn), k->topic);
}

/* Sets what is to be asked of the peer; NULL if this one is not to be. */
static struct lease_row *try_one(struct leases *l, struct lease_checks *c,
                                 struct lease_check *k, struct lease_peer *p,
                                 struct lease_topic **topic)
{
    struct lease_topic *t = lease_topic_find(l, k->topic);
    struct lease_row *row = t == NULL ? NULL : lease_row_find(t, k->node);

    if (row == NULL || !lease_is_live(&row->at.lease, node_clock_ms(l->node))) {
        settle(l, c, k, LEASE_CHECKED_CHANGED);
        return NULL;
    }
    if (row->is_asked || lease_now_ms(l) < k->next_ms)
        return NULL;
    k->is_asked = true;
    p->checks = c;
    p->check = (size_t)(k - c->at);
    p->blob = k->blob;
    *topic = t;
    return row;
}

struct lease_row *lease_check_next(struct leases *l, struct lease_peer *p,
                                   struct lease_topic **topic)
{
    for (struct lease_checks *c = l->checks; c != NULL; c = c->next)
        for (size_t i = 0; i < c->count; i++) {
            struct lease_row *row =
                is_of(&c->at[i], p) ? try_one(l, c, &c->at[i], p, topic) : NULL;

            if (row != NULL)
                return row;
        }
    return NULL;
}

/* ---- Answers ------------------------------------------------------------ */

/* Who could not show one is not asked for the others: it counts for none. */
static void settle_all_of(struct leases *l, const struct lease_check *failed,
                          enum lease_checked checked)
{
    for (struct lease_checks *c = l->checks; c != NULL; c = c->next)
        for (size_t i = 0; i < c->count; i++)
            if (memcmp(c->at[i].node, failed->node, KEY_LEN) == 0 &&
                memcmp(c->at[i].topic, failed->topic, ID_LEN) == 0)
                settle(l, c, &c->at[i], checked);
}

void lease_check_judged(struct leases *l, struct lease_peer *p, enum err e)
{
    struct lease_checks *c = p->checks;
    struct lease_check *k = c == NULL ? NULL : &c->at[p->check];

    p->checks = NULL;
    if (k == NULL)
        return;
    k->is_asked = false;
    if (e == ERR_OK) {
        settle(l, c, k, LEASE_CHECKED_SHOWN);
    } else if (e == ERR_BUSY || e == ERR_NO_MEMORY) {
        k->next_ms = lease_now_ms(l) + BUSY_WAIT_MS;
        if (++k->tries == TRIES_MAX)
            settle(l, c, k, LEASE_CHECKED_BUSY);
    } else if (e == ERR_CANCELLED) {
        settle(l, c, k, LEASE_CHECKED_AWAY);
    } else if (e == ERR_NOT_FOUND) {
        settle(l, c, k, LEASE_CHECKED_CHANGED);
    } else {
        settle_all_of(l, k,
                      e == ERR_TIMEOUT ? LEASE_CHECKED_SILENT
                                       : LEASE_CHECKED_FAILED);
    }
}

bool lease_check_is_leaving(const struct leases *l, const struct blob_id *blob)
{
    for (const struct lease_checks *c = l->checks; c != NULL; c = c->next)
        for (size_t i = 0; c->is_leaving && i < c->count; i++)
            if (c->is_sample || blob_id_equal(&c->at[i].blob, blob))
                return true;
    return false;
}

/* ---- Time --------------------------------------------------------------- */

static bool is_here(const struct leases *l, const struct lease_check *k)
{
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++) {
        const struct lease_peer *p = &l->peers[i];

        if (p->conn != NULL &&
            memcmp(conn_node(p->conn), k->node, KEY_LEN) == 0 &&
            peer_shares(conn_peer(p->conn), k->topic))
            return true;
    }
    return false;
}

static void look_at(struct leases *l, struct lease_checks *c)
{
    uint64_t now_ms = lease_now_ms(l);
    bool is_still = now_ms - c->moved_ms >= STILL_MS;

    if (now_ms - c->looked_ms < LOOK_MS)
        return;
    c->looked_ms = now_ms;
    for (size_t i = 0; i < c->count; i++) {
        struct lease_check *k = &c->at[i];

        if (k->checked == LEASE_CHECKED_NOT && !k->is_asked)
            if (is_still || !is_here(l, k))
                settle(l, c, k,
                       is_still ? LEASE_CHECKED_BUSY : LEASE_CHECKED_AWAY);
    }
}

void lease_check_look(struct leases *l)
{
    struct lease_checks *next;

    for (struct lease_checks *c = l->checks; c != NULL; c = c->next)
        look_at(l, c);
    for (struct lease_checks *c = l->checks; c != NULL; c = next) {
        bool has_moved = c->has_moved;

        next = c->next;
        c->has_moved = false;
        if (has_moved)
            c->on_moved(c->context); /* which may end it */
    }
}
