/* Copies of blobs on other nodes. */
#include "daemon/elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/holders.h"
#include "store/keep.h"
#include "store/room.h"

enum { PAGE = 32 };

/* Whether no holder before this one has shown it from the same network. */
static bool is_first_of_network(const struct holder *holders, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (holders[i].network == holders[at].network)
            return false;
    return true;
}

/* Who is away has said it before. */
static bool is_kept(const struct lease_check *check)
{
    return check->checked == LEASE_CHECKED_SHOWN ||
           check->checked == LEASE_CHECKED_AWAY;
}

/* What it said when it was asked again. */
static bool stands(const struct lease_checks *asked,
                   const struct holder *holder, const struct blob_id *blob)
{
    size_t others = 0;
    size_t kept = 0;

    if (asked == NULL || blob->size == 0) /* there is nothing to show */
        return true;
    for (size_t i = 0; i < asked->count; i++) {
        const struct lease_check *check = &asked->at[i];

        if (memcmp(check->node, holder->node, KEY_LEN) != 0)
            continue;
        if (blob_id_equal(&check->blob, blob))
            return is_kept(check);
        others++;
        kept += is_kept(check);
    }
    return asked->is_sample && others > 0 && kept == others;
}

unsigned elsewhere_count(const struct node *node, const uint8_t topic[ID_LEN],
                         const struct blob_id *blob,
                         const struct lease_checks *asked)
{
    struct holder *holders = calloc(LEASES_TOPIC_MAX, sizeof *holders);
    unsigned networks = 0;
    size_t shown = 0;
    size_t n = 0;

    if (holders != NULL)
        n = holders_of(node, topic, blob, holders, LEASES_TOPIC_MAX);
    for (size_t i = 0; i < n; i++)
        if (holders[i].state == HOLDER_SHOWN &&
            stands(asked, &holders[i], blob))
            holders[shown++] = holders[i];
    for (size_t i = 0; i < shown; i++)
        networks += is_first_of_network(holders, i);
    free(holders);
    return networks; /* without memory: none, and so nothing goes */
}

/* ---- What goes with a topic --------------------------------------------- */

struct walk {
    const struct node *node;
    elsewhere_visit_fn *visit;
    void *context;
    bool is_over;
};

/* Whether the row is held for that pledge alone: a person's, or everybody's. */
static bool is_under(const struct node *node, const struct store_follow *row,
                     const uint8_t pledge[ID_LEN])
{
    if (memcmp(row->topic, pledge, ID_LEN) == 0)
        return false; /* it has been walked */
    return memcmp(row->pledge, pledge, ID_LEN) == 0 ||
           (row->policy == STORE_POLICY_SHARE &&
            memcmp(pledge, node_board(node), ID_LEN) == 0);
}

/* What goes from the disk with its topic: none of the owner's own. */
static bool goes(const struct keep_row *row)
{
    return row->pin != KEEP_PIN_OWN && room_is_last(&row->info, 1, 0);
}

static enum err walk_topic(struct walk *walk, const uint8_t topic[ID_LEN])
{
    struct keep_row rows[PAGE];
    struct keep_row after = { .pin = KEEP_PIN_NONE }; /* before all of it */
    size_t n = 0;
    enum err e;

    memcpy(after.topic, topic, ID_LEN);
    do {
        e = keep_page(node_store(walk->node), &after, rows, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && !walk->is_over && i < n; i++) {
            if (memcmp(rows[i].topic, topic, ID_LEN) != 0)
                return ERR_OK;
            if (goes(&rows[i]))
                walk->is_over =
                    walk->visit(walk->context, topic, &rows[i].info.id);
        }
        if (n > 0)
            after = rows[n - 1];
    } while (e == ERR_OK && !walk->is_over && n > 0);
    return e;
}

enum err elsewhere_each_going(const struct node *node,
                              const uint8_t topic[ID_LEN],
                              elsewhere_visit_fn *visit, void *context)
{
    struct walk walk = { .node = node, .visit = visit, .context = context };
    struct store_follow follows[PAGE];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    size_t n = 1;
    enum err e = walk_topic(&walk, topic);

    while (e == ERR_OK && !walk.is_over && n > 0) {
        e = store_follows(node_store(node), after, follows, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && !walk.is_over && i < n; i++)
            if (is_under(node, &follows[i], topic))
                e = walk_topic(&walk, follows[i].topic);
        if (n > 0)
            memcpy(last, follows[n - 1].topic, ID_LEN);
        after = last;
    }
    return e;
}
