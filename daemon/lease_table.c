/*
 * Rows of leases in memory: found, put in order, and which of them has to go
 * for another.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/keys.h"
#include "daemon/lease_parts.h"

struct lease_topic *lease_topic_find(const struct leases *l,
                                     const uint8_t topic[ID_LEN])
{
    struct lease_topic *t = l->topics;

    while (t != NULL && memcmp(t->topic, topic, ID_LEN) != 0)
        t = t->next;
    return t;
}

static size_t place_of(const struct lease_topic *t, const uint8_t node[KEY_LEN])
{
    if (t->count == 0)
        return 0;
    return bytes_place(t->rows->at.lease.node, t->count, sizeof *t->rows,
                       (struct bytes){ node, KEY_LEN });
}

struct lease_row *lease_row_find(const struct lease_topic *t,
                                 const uint8_t node[KEY_LEN])
{
    size_t at = place_of(t, node);

    if (at == t->count || memcmp(t->rows[at].at.lease.node, node, KEY_LEN) != 0)
        return NULL;
    return &t->rows[at];
}

bool lease_row_is_own(const struct leases *l, const struct lease_row *row)
{
    return memcmp(row->at.lease.node, node_keys(l->node)->sign.public_key,
                  KEY_LEN) == 0;
}

struct lease_row *lease_row_insert(struct lease_topic *t,
                                   const uint8_t node[KEY_LEN])
{
    size_t at = place_of(t, node);

    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 4 : 2 * t->cap;
        struct lease_row *rows = realloc(t->rows, cap * sizeof *rows);

        if (rows == NULL)
            return NULL;
        t->rows = rows;
        t->cap = cap;
    }
    memmove(&t->rows[at + 1], &t->rows[at], (t->count - at) * sizeof *t->rows);
    memset(&t->rows[at], 0, sizeof *t->rows);
    memcpy(t->rows[at].at.lease.node, node, KEY_LEN);
    t->count++;
    return &t->rows[at];
}

void lease_row_forget_roots(struct lease_row *row)
{
    writer_free(&row->roots);
    row->roots = writer_growing(LEASE_COUNT_MAX / LEASE_PAGE * HASH_LEN);
}

uint64_t lease_table_names(const struct lease_topic *t)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < t->count; i++)
        if (t->rows[i].at.has_list || t->rows[i].is_asked)
            sum += t->rows[i].at.lease.count;
    return sum;
}

bool lease_list_fits(uint64_t named, uint64_t names, uint64_t count)
{
    uint64_t bound =
        LEASE_NAMES_EACH * (named < LEASE_NAMES_MIN ? LEASE_NAMES_MIN : named);

    return names <= bound && count <= bound - names;
}

/* ---- Which one goes ----------------------------------------------------- */

enum worth {
    WORTH_NOTHING,
    WORTH_STRANGER,
    WORTH_CONNECTED,
    WORTH_SHOWN,
    WORTH_OWN
};

/* Of a live one: names are made for nothing, connections are not. */
static unsigned worth_of_node(const struct lease_eye *eye,
                              const uint8_t node[KEY_LEN])
{
    if (memcmp(node, eye->own, KEY_LEN) == 0)
        return WORTH_OWN;
    return eye->is_connected(eye->context, node) ? WORTH_CONNECTED
                                                 : WORTH_STRANGER;
}

/* How much it matters: what we have seen for ourselves stays the longest. */
static unsigned worth(const struct lease_eye *eye, const struct lease_row *row)
{
    if (memcmp(row->at.lease.node, eye->own, KEY_LEN) == 0)
        return WORTH_OWN;
    if (!lease_is_live(&row->at.lease, eye->now_ms))
        return WORTH_NOTHING;
    if (row->at.challenged_ms != 0 && row->at.failed_ms == 0)
        return WORTH_SHOWN;
    return worth_of_node(eye, row->at.lease.node);
}

static struct lease_topic *most_crowded(struct lease_topic *topics)
{
    struct lease_topic *most = topics;

    for (struct lease_topic *t = topics; t != NULL; t = t->next)
        if (t->count > most->count)
            most = t;
    return most;
}

struct lease_topic *lease_table_full(struct lease_topic *topics, size_t rows,
                                     struct lease_topic *t)
{
    struct lease_topic *most;

    if (t->count >= LEASES_TOPIC_MAX)
        return t;
    if (rows < LEASE_ROWS_MAX)
        return NULL;
    most = most_crowded(topics);
    return most->count > t->count + 1 ? most : t;
}

bool lease_table_least(const struct lease_eye *eye,
                       const struct lease_topic *crowded, bool is_other,
                       const uint8_t node[KEY_LEN], size_t *at)
{
    unsigned bound = worth_of_node(eye, node) + is_other;
    size_t least = 0;

    for (size_t i = 1; i < crowded->count; i++)
        if (worth(eye, &crowded->rows[i]) < worth(eye, &crowded->rows[least]))
            least = i;
    if (bound > WORTH_OWN)
        bound = WORTH_OWN;
    if (crowded->count == 0 || worth(eye, &crowded->rows[least]) >= bound)
        return false;
    *at = least;
    return true;
}
