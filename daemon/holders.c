/* Questions about who holds what. */
#include "daemon/holders.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/lease_parts.h"
#include "store/law.h"

enum {
    PAGE = 256,
    PLACES = 16,
    /* Of a million names in lists that change all the time, a hundredth of the
     * time goes into counting them: what counts is as old as ten seconds. */
    NAMES_A_MS = 100
};

const char *holder_state_name(enum holder_state state)
{
    switch (state) {
    case HOLDER_SHOWN:
        return "shown";
    case HOLDER_CLAIMS:
        return "claims";
    case HOLDER_FAILED:
        return "failed";
    }
    return "other";
}

/* ---- One holder --------------------------------------------------------- */

static enum holder_state state_of(const struct lease_row *row, uint64_t now_ms)
{
    const struct store_lease *at = &row->at;

    if (at->failed_ms != 0)
        return HOLDER_FAILED;
    /* A challenge dated ahead is from before the clock was put right. */
    if (at->challenged_ms == 0 || at->challenged_ms > now_ms ||
        now_ms - at->challenged_ms >= LEASE_TRUST_MS)
        return HOLDER_CLAIMS;
    return HOLDER_SHOWN;
}

/* Another node's, good now, and its list is here. */
static bool counts(const struct leases *l, const struct lease_row *row,
                   uint64_t now_ms)
{
    return row->at.has_list && !lease_row_is_own(l, row) &&
           lease_is_live(&row->at.lease, now_ms);
}

size_t holders_of(const struct node *node, const uint8_t topic[ID_LEN],
                  const struct blob_id *blob, struct holder *out, size_t max)
{
    const struct leases *l = node_leases(node);
    const struct lease_topic *t = lease_topic_find(l, topic);
    uint64_t now_ms = node_clock_ms(l->node);
    size_t n = 0;

    for (size_t i = 0; t != NULL && i < t->count && n < max; i++) {
        const struct lease_row *row = &t->rows[i];
        uint64_t number;
        bool found;

        if (!counts(l, row, now_ms) ||
            lease_rows_look_up(node_store(l->node), &row->at.lease, blob,
                               &found, &number) != ERR_OK ||
            !found)
            continue;
        out[n] = (struct holder){ .state = state_of(row, now_ms),
                                  .until_ms = row->at.lease.until_ms,
                                  .challenged_ms = row->at.challenged_ms,
                                  .failed_ms = row->at.failed_ms,
                                  .network = row->at.network };
        memcpy(out[n++].node, row->at.lease.node, KEY_LEN);
    }
    return n;
}

bool holders_has(const struct node *node, const uint8_t topic[ID_LEN],
                 const struct blob_id *blob)
{
    struct blob_info info;

    return blobs_held_for(node_store(node), blob, topic) &&
           blobs_find(node_store(node), blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL;
}

/* ---- Counting a topic ---------------------------------------------------- */

/* How many names it took. */
static uint64_t count_here(struct leases *l, struct lease_topic *t)
{
    uint64_t names = 0;
    struct blob_info page[PAGE];
    const struct blob_id *after = NULL;
    struct blob_id last;
    size_t n = 1;

    while (n > 0 && blobs_of_topic(node_store(l->node), t->topic, after, page,
                                   PAGE, &n) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            struct named_blob *blob = named_find(&t->named, &page[i].id);

            if (blob != NULL)
                blob->is_here = page[i].state != BLOB_PARTIAL;
        }
        if (n > 0)
            last = page[n - 1].id;
        after = &last;
        names += n;
    }
    return names;
}

static void count_row(struct leases *l, struct lease_topic *t,
                      const struct lease_row *row, enum holder_state state)
{
    struct writer names = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);
    const struct lease *lease = &row->at.lease;

    for (uint64_t p = 0; p < lease_page_count(lease->count); p++) {
        writer_reset(&names);
        if (lease_rows_names(node_store(l->node), lease->topic, lease->node, p,
                             &names) != ERR_OK)
            break;
        for (size_t at = 0; at < names.len; at += LEASE_NAME_LEN) {
            struct named_blob *blob;
            struct blob_id id;

            if (lease_name_read(&id, names.data + at) != ERR_OK)
                continue;
            blob = named_find(&t->named, &id);
            if (blob != NULL && state == HOLDER_SHOWN)
                blob->copies++;
            else if (blob != NULL)
                blob->claims++;
        }
    }
    writer_free(&names);
}

/* When the first of what counts now will not any more. */
static void bound_until(uint64_t *until_ms, const struct lease_row *row,
                        enum holder_state state)
{
    if (row->at.lease.until_ms < *until_ms)
        *until_ms = row->at.lease.until_ms;
    if (state == HOLDER_SHOWN &&
        row->at.challenged_ms + LEASE_TRUST_MS < *until_ms)
        *until_ms = row->at.challenged_ms + LEASE_TRUST_MS;
}

static void count(struct leases *l, struct lease_topic *t, uint64_t now_ms)
{
    uint64_t names = t->named.count;

    t->counted_ms = now_ms;
    t->counted_until_ms = UINT64_MAX;
    for (size_t i = 0; i < t->named.count; i++) {
        t->named.at[i].is_here = false;
        t->named.at[i].copies = 0;
        t->named.at[i].claims = 0;
    }
    names += count_here(l, t);
    for (size_t i = 0; i < t->count; i++) {
        enum holder_state state = state_of(&t->rows[i], now_ms);

        if (!counts(l, &t->rows[i], now_ms) || state == HOLDER_FAILED)
            continue;
        count_row(l, t, &t->rows[i], state);
        bound_until(&t->counted_until_ms, &t->rows[i], state);
        names += t->rows[i].at.lease.count;
    }
    t->is_counted = true;
    t->count_again_ms = lease_now_ms(l) + names / NAMES_A_MS;
}

/* NULL while the topic's records are being gone through. */
static struct named *counted(struct leases *l, const uint8_t topic[ID_LEN])
{
    struct lease_topic *t = lease_topic_find(l, topic);
    uint64_t now_ms = node_clock_ms(l->node);

    lease_look_at_changes(l); /* this node itself may have let go of some */
    if (t == NULL || !t->has_named || !t->named.is_whole) {
        if (t != NULL)
            t->is_asked = true;
        lease_wake(l, 0);
        return NULL;
    }
    if (!t->is_counted || now_ms < t->counted_ms ||
        now_ms >= t->counted_until_ms) {
        if (lease_now_ms(l) >= t->count_again_ms)
            count(l, t, now_ms);
    }
    return &t->named;
}

static unsigned copies_of(const struct named_blob *b)
{
    return (unsigned)b->copies + b->is_here;
}

bool holders_sum(const struct node *node, const uint8_t topic[ID_LEN],
                 struct holders_sum *out)
{
    const struct named *named = counted(node_leases(node), topic);

    memset(out, 0, sizeof *out);
    if (named == NULL)
        return false;
    out->blobs = named->count;
    out->is_cut = named->is_cut;
    for (size_t i = 0; i < named->count; i++) {
        const struct named_blob *b = &named->at[i];

        out->here += b->is_here;
        out->under_target += copies_of(b) < b->target;
        out->only_here += b->is_here && b->copies == 0;
        out->nowhere += copies_of(b) == 0;
    }
    return true;
}

static void tell(struct holders_blob *out, const struct named_blob *b)
{
    *out = (struct holders_blob){ .id = b->id,
                                  .roles = b->roles,
                                  .is_here = b->is_here,
                                  .copies = copies_of(b),
                                  .claims = b->claims,
                                  .target = b->target };
}

enum err holders_find(const struct node *node, const uint8_t topic[ID_LEN],
                      const struct blob_id *id, struct holders_blob *out)
{
    const struct named *named = counted(node_leases(node), topic);
    const struct named_blob *b = named == NULL ? NULL : named_find(named, id);

    if (b == NULL)
        return ERR_NOT_FOUND;
    tell(out, b);
    return ERR_OK;
}

static int compare(const struct blob_id *a, const struct blob_id *b)
{
    int order = memcmp(a->root, b->root, HASH_LEN);

    if (order != 0)
        return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* The smallest names come out of one pass: a short sorted list of them. */
size_t holders_list(const struct node *node, const uint8_t topic[ID_LEN],
                    const struct blob_id *after, bool only_under,
                    struct holders_blob *out, size_t max)
{
    const struct named *named = counted(node_leases(node), topic);
    size_t n = 0;

    for (size_t i = 0; named != NULL && i < named->count; i++) {
        const struct named_blob *b = &named->at[i];
        size_t at = n;

        if ((after != NULL && compare(&b->id, after) <= 0) ||
            (only_under && copies_of(b) >= b->target) ||
            (n == max && compare(&b->id, &out[n - 1].id) > 0))
            continue;
        while (at > 0 && compare(&b->id, &out[at - 1].id) < 0)
            at--;
        n += n < max;
        memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof *out);
        tell(&out[at], b);
    }
    return n;
}

bool holders_at(const struct node *node, const uint8_t topic[ID_LEN],
                uint64_t i, struct holders_blob *out)
{
    const struct named *named = counted(node_leases(node), topic);

    if (named == NULL || i >= named->count)
        return false;
    tell(out, &named->at[i]);
    return true;
}

bool holders_is_there(const struct node *node, const uint8_t topic[ID_LEN],
                      const uint8_t id[KEY_LEN])
{
    const struct lease_topic *t = lease_topic_find(node_leases(node), topic);
    const struct lease_row *row = t == NULL ? NULL : lease_row_find(t, id);

    return row != NULL && lease_is_live(&row->at.lease, node_clock_ms(node)) &&
           row->at.failed_ms == 0;
}

/* ---- By root alone ------------------------------------------------------ */

static size_t add_place(struct holders_place *out, size_t n, size_t max,
                        const uint8_t topic[ID_LEN], const struct blob_id *blob)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(out[i].topic, topic, ID_LEN) == 0 &&
            blob_id_equal(&out[i].blob, blob))
            return n;
    if (n == max)
        return n;
    memcpy(out[n].topic, topic, ID_LEN);
    out[n].blob = *blob;
    return n + 1;
}

size_t holders_places(const struct node *node, const uint8_t root[HASH_LEN],
                      struct holders_place *out, size_t max)
{
    struct law_place here[PLACES];
    size_t n = 0;
    size_t found = 0;

    if (law_places(node_store(node), root, false, here, PLACES, &found) !=
        ERR_OK)
        found = 0;
    for (size_t i = 0; i < found; i++)
        n = add_place(out, n, max, here[i].topic, &here[i].blob);
    for (const struct lease_topic *t = node_leases(node)->topics; t != NULL;
         t = t->next)
        for (size_t i = 0; t->has_named && i < t->named.count; i++)
            if (memcmp(t->named.at[i].id.root, root, HASH_LEN) == 0)
                n = add_place(out, n, max, t->topic, &t->named.at[i].id);
    return n;
}

/* The same node may hold it for several topics. */
static bool is_among(const struct holder *holders, size_t n,
                     const uint8_t node[KEY_LEN])
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(holders[i].node, node, KEY_LEN) == 0)
            return true;
    return false;
}

bool holders_here(const struct node *node, const uint8_t root[HASH_LEN])
{
    struct holders_place places[PLACES];
    size_t count = holders_places(node, root, places, PLACES);

    for (size_t i = 0; i < count; i++)
        if (holders_has(node, places[i].topic, &places[i].blob))
            return true;
    return false;
}

unsigned holders_count(const struct node *node, const uint8_t root[HASH_LEN])
{
    struct holder *some = calloc(2 * (size_t)LEASES_TOPIC_MAX, sizeof *some);
    struct holders_place places[PLACES];
    size_t places_count = holders_places(node, root, places, PLACES);
    bool here = false;
    size_t all = 0;

    if (some == NULL)
        return 0;
    for (size_t i = 0; i < places_count; i++) {
        struct holder *more = some + all;
        size_t n = holders_of(node, places[i].topic, &places[i].blob, more,
                              LEASES_TOPIC_MAX);

        here = here || holders_has(node, places[i].topic, &places[i].blob);
        for (size_t k = 0; k < n && all < LEASES_TOPIC_MAX; k++)
            if (more[k].state == HOLDER_SHOWN &&
                !is_among(some, all, more[k].node))
                some[all++] = more[k];
    }
    free(some);
    return (unsigned)all + here;
}
