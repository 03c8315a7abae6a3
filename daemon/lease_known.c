/* Leases that are known, by topic: in memory and on the disk. */
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/lease_parts.h"
#include "daemon/log.h"
#include "daemon/peers.h"

struct lease_topic *lease_topic_get(struct leases *l,
                                    const uint8_t topic[ID_LEN])
{
    struct lease_topic *t = lease_topic_find(l, topic);

    if (t != NULL)
        return t;
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    memcpy(t->topic, topic, ID_LEN);
    t->is_dirty = true;
    t->next = l->topics;
    l->topics = t;
    return t;
}

void lease_uncount(struct lease_topic *t)
{
    t->is_counted = false;
}

static void put_op(struct leases *l, const struct lease_row *row, bool removes)
{
    struct store_batch *batch;
    enum err e = commits_batch(node_commits(l->node), &batch);

    if (e == ERR_OK && removes)
        e = lease_rows_remove(batch, row->at.lease.topic, row->at.lease.node);
    else if (e == ERR_OK)
        e = lease_rows_put(batch, &row->at);
    if (e == ERR_OK)
        commits_expect(node_commits(l->node), NULL, NULL);
    else
        log_event(LOG_LEVEL_ERROR, "lease", "not_written", "why=%s",
                  err_name(e));
}

void lease_write_row(struct leases *l, const struct lease_row *row)
{
    put_op(l, row, false);
}

void lease_drop_row(struct leases *l, struct lease_topic *t, size_t at)
{
    put_op(l, &t->rows[at], true);
    writer_free(&t->rows[at].roots);
    memmove(&t->rows[at], &t->rows[at + 1],
            (t->count - at - 1) * sizeof *t->rows);
    t->count--;
    l->rows--;
    lease_uncount(t);
}

static bool is_connected(void *context, const uint8_t node[KEY_LEN])
{
    const struct leases *l = context;

    return peers_find_node(node_peer_table(l->node), node) != NULL;
}

/* Room for one more of that node; false if all that are here matter as much. */
static bool make_room(struct leases *l, struct lease_topic *t,
                      const uint8_t node[KEY_LEN])
{
    struct lease_eye eye = { .own = node_keys(l->node)->sign.public_key,
                             .now_ms = node_clock_ms(l->node),
                             .is_connected = is_connected,
                             .context = l };
    struct lease_topic *crowded = lease_table_full(l->topics, l->rows, t);
    size_t at;

    if (crowded == NULL)
        return true;
    if (!lease_table_least(&eye, crowded, crowded != t, node, &at))
        return false;
    lease_drop_row(l, crowded, at);
    return true;
}

bool lease_take(struct leases *l, struct lease_topic *t,
                const struct lease *lease, struct bytes bytes)
{
    struct lease_row *row = lease_row_find(t, lease->node);
    bool is_new = row == NULL;

    if (row != NULL && !lease_is_newer(lease, &row->at.lease))
        return false;
    if (is_new && !make_room(l, t, lease->node))
        return false;
    if (is_new)
        row = lease_row_insert(t, lease->node);
    if (row == NULL)
        return false;
    l->rows += is_new ? 1 : 0;
    if (is_new || memcmp(row->at.lease.root, lease->root, HASH_LEN) != 0) {
        lease_row_forget_roots(row);
        row->at.has_list = lease->count == 0;
        row->is_bogus = false;
        row->list_ms = 0;
    }
    row->at.lease = *lease;
    memcpy(row->at.bytes, bytes.data, bytes.len);
    row->at.len = bytes.len;
    lease_write_row(l, row);
    lease_uncount(t);
    return true;
}
