/*
 * What this node says of itself: the sorted list of the whole blobs that it
 * holds for a topic, signed anew when it has changed and each day.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/lease_parts.h"
#include "daemon/log.h"

enum { PAGE = 256 };

/* The list, and the roots of its pages. */
struct list {
    uint64_t count;
    struct writer names;
    struct writer roots;
};

/* Blobs of a topic come from the store in the order of their names (§6.6). */
static enum err gather(const struct leases *l, const uint8_t topic[ID_LEN],
                       struct list *out)
{
    struct blob_info page[PAGE];
    const struct blob_id *after = NULL;
    struct blob_id last;
    size_t n = 1;
    enum err e = ERR_OK;

    while (e == ERR_OK && n > 0 && out->count < LEASE_COUNT_MAX) {
        e = blobs_of_topic(node_store(l->node), topic, after, page, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            uint8_t name[LEASE_NAME_LEN];

            if (page[i].state == BLOB_PARTIAL || out->count == LEASE_COUNT_MAX)
                continue;
            lease_name(name, &page[i].id);
            writer_bytes(&out->names, BYTES_ARRAY(name));
            out->count++;
            e = out->names.err;
        }
        if (e == ERR_OK && n > 0)
            last = page[n - 1].id;
        after = &last;
    }
    return e;
}

static struct bytes page_of(const struct list *list, uint64_t page)
{
    return (struct bytes){ list->names.data +
                               page * LEASE_PAGE * LEASE_NAME_LEN,
                           lease_page_len(list->count, page) * LEASE_NAME_LEN };
}

static enum err hash_list(struct list *list, uint8_t root[HASH_LEN])
{
    enum err e = ERR_OK;

    for (uint64_t p = 0; e == ERR_OK && p < lease_page_count(list->count);
         p++) {
        uint8_t page_root[HASH_LEN];

        e = lease_page_root(page_root, list->count, p, page_of(list, p));
        writer_bytes(&list->roots, BYTES_ARRAY(page_root));
    }
    if (e == ERR_OK)
        e = list->roots.err;
    return e == ERR_OK
               ? lease_root(root, list->count, writer_view(&list->roots))
               : e;
}

/* ---- Writing ------------------------------------------------------------ */

/* Until the new lease and its list are durable. */
struct writing {
    struct leases *leases;
    struct store_lease row;
};

static void on_written(void *context, enum err e,
                       const struct store_result *result)
{
    struct writing *w = context;
    struct leases *l = w->leases;
    struct lease_topic *t = lease_topic_find(l, w->row.lease.topic);
    struct bytes bytes = { w->row.bytes, w->row.len };
    struct lease_row *row;

    (void)result;
    t->is_writing = false; /* it has been kept for this */
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_WARN, "lease", "not_written", "why=%s",
                  err_name(e));
        t->is_dirty = true;
    } else if (lease_take(l, t, &w->row.lease, bytes)) {
        row = lease_row_find(t, w->row.lease.node);
        row->at.has_list = true;
        lease_write_row(l, row);
        lease_pass_on(l, &row->at, NULL);
    }
    free(w);
}

/* The list first, then the lease: it never stands without one. */
static enum err put(struct leases *l, const struct list *list,
                    struct writing *w)
{
    struct commits *commits = node_commits(l->node);
    const struct lease *lease = &w->row.lease;
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = lease_rows_drop_list(batch, lease->topic, lease->node);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    for (uint64_t p = 0; e == ERR_OK && p < lease_page_count(list->count);
         p++) {
        e = commits_batch(commits, &batch);
        if (e == ERR_OK)
            e = lease_rows_put_page(batch, lease->topic, lease->node, p,
                                    page_of(list, p));
        if (e == ERR_OK)
            commits_expect(commits, NULL, NULL);
    }
    if (e == ERR_OK)
        e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = lease_rows_put(batch, &w->row);
    if (e == ERR_OK)
        commits_expect(commits, on_written, w);
    return e;
}

/* Later than the last one, whatever has become of the clock. */
static uint64_t making_time(const struct leases *l, const struct lease_row *old)
{
    uint64_t now_ms = node_clock_ms(l->node);

    if (old == NULL || old->at.lease.made_ms < now_ms ||
        old->at.lease.made_ms > now_ms + LEASE_AHEAD_MS)
        return now_ms;
    return old->at.lease.made_ms + 1;
}

/* Signs what is held of the topic; `old` (NULL: none) is what was said before.
 */
static void sign(const struct leases *l, const uint8_t topic[ID_LEN],
                 uint64_t count, const uint8_t root[HASH_LEN],
                 const struct lease_row *old, struct store_lease *out)
{
    const struct sign_key *key = &node_keys(l->node)->sign;
    struct writer bytes = writer_fixed(out->bytes, sizeof out->bytes);

    memcpy(out->lease.node, key->public_key, KEY_LEN);
    memcpy(out->lease.topic, topic, ID_LEN);
    memcpy(out->lease.root, root, HASH_LEN);
    out->lease.count = count;
    out->lease.made_ms = making_time(l, old);
    out->lease.until_ms = out->lease.made_ms + LEASE_LIVE_MS;
    lease_write(&bytes, &out->lease, node_network(l->node), key);
    assert(bytes.err == ERR_OK); /* any lease fits */
    out->len = bytes.len;
}

static enum err renew(struct leases *l, struct lease_topic *t,
                      const struct list *list, const uint8_t root[HASH_LEN],
                      const struct lease_row *old)
{
    struct writing *w = calloc(1, sizeof *w);
    enum err e;

    if (w == NULL)
        return ERR_NO_MEMORY;
    w->leases = l;
    w->row.has_list = true;
    sign(l, t->topic, list->count, root, old, &w->row);
    e = put(l, list, w);
    if (e != ERR_OK)
        free(w);
    return e;
}

void leases_take_back(struct leases *l, const uint8_t topic[ID_LEN])
{
    static const uint8_t nothing[HASH_LEN];
    struct lease_topic *t = lease_topic_find(l, topic);
    struct lease_row *own =
        t == NULL ? NULL
                  : lease_row_find(t, node_keys(l->node)->sign.public_key);
    struct store_lease word = { .len = 0 };

    if (own == NULL || own->at.lease.count == 0)
        return;
    sign(l, topic, 0, nothing, own, &word);
    if (lease_take(l, t, &word.lease, (struct bytes){ word.bytes, word.len }))
        lease_pass_on(l, &word, NULL);
}

/* ---- When --------------------------------------------------------------- */

/* A change waits for those after it, the longer the more there is to say. */
static bool is_quiet(const struct leases *l, const struct lease_topic *t)
{
    uint64_t wait_ms = LEASE_QUIET_MS + t->own_count * LEASE_QUIET_BLOB_MS;

    if (wait_ms > LEASE_QUIET_MAX_MS)
        wait_ms = LEASE_QUIET_MAX_MS;
    return lease_now_ms(l) >= t->dirty_ms + wait_ms;
}

static bool is_due(const struct leases *l, const struct lease_row *old)
{
    uint64_t now_ms = node_clock_ms(l->node);

    return old != NULL && (now_ms >= old->at.lease.made_ms + LEASE_RENEW_MS ||
                           !lease_is_live(&old->at.lease, now_ms));
}

/* Whether there is a word to say: of something, or that it is gone. */
static bool has_word(const struct leases *l, const struct lease_topic *t,
                     const struct list *list, const struct lease_row *old)
{
    return list->count > 0 || (t->is_seeded && l->tells) ||
           (old != NULL && old->at.lease.count > 0);
}

void lease_own_look(struct leases *l, struct lease_topic *t)
{
    struct lease_row *old =
        lease_row_find(t, node_keys(l->node)->sign.public_key);
    struct list list = {
        .names = writer_growing((size_t)LEASE_COUNT_MAX * LEASE_NAME_LEN),
        .roots = writer_growing(LEASE_COUNT_MAX / LEASE_PAGE * HASH_LEN)
    };
    uint8_t root[HASH_LEN];
    enum err e;

    if (t->is_writing || !t->is_held ||
        !((t->is_dirty && is_quiet(l, t)) || is_due(l, old)))
        return;
    /* Who tells nobody lets the word that stands be followed by an empty one.
     */
    e = l->tells ? gather(l, t->topic, &list) : ERR_OK;
    if (e == ERR_OK)
        e = hash_list(&list, root);
    if (e == ERR_OK && has_word(l, t, &list, old) &&
        (old == NULL || is_due(l, old) ||
         memcmp(old->at.lease.root, root, HASH_LEN) != 0)) {
        e = renew(l, t, &list, root, old);
        t->is_writing = e == ERR_OK;
    }
    t->own_count = list.count;
    t->is_dirty = e != ERR_OK;
    t->dirty_ms = lease_now_ms(l);
    if (e != ERR_OK)
        log_event(LOG_LEVEL_WARN, "lease", "not_made", "topic=%s why=%s",
                  log_id(t->topic).text, err_name(e));
    writer_free(&list.names);
    writer_free(&list.roots);
}
