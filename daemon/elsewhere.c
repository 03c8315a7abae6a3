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

/* What it said when it was asked again; who is away has said it before. */
static bool stands(const struct lease_checks *asked,
                   const struct holder *holder, const struct blob_id *blob)
{
    if (asked == NULL || blob->size == 0) /* there is nothing to show */
        return true;
    for (size_t i = 0; i < asked->count; i++)
        if (blob_id_equal(&asked->at[i].blob, blob) &&
            memcmp(asked->at[i].node, holder->node, KEY_LEN) == 0)
            return asked->at[i].checked == LEASE_CHECKED_SHOWN ||
                   asked->at[i].checked == LEASE_CHECKED_AWAY;
    return false;
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

static bool goes_for_good(const struct node *node, const struct keep_row *row)
{
    return row->pin != KEEP_PIN_OWN &&
           room_is_last(&row->info, 1,
                        elsewhere_count(node, row->topic, &row->info.id, NULL));
}

static enum err find_in_topic(const struct node *node,
                              const uint8_t topic[ID_LEN], struct blob_id *out)
{
    struct keep_row rows[PAGE];
    struct keep_row after = { .pin = KEEP_PIN_NONE }; /* before all of it */
    size_t n = 0;
    enum err e;

    memcpy(after.topic, topic, ID_LEN);
    do {
        e = keep_page(node_store(node), &after, rows, PAGE, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            if (memcmp(rows[i].topic, topic, ID_LEN) != 0)
                return ERR_NOT_FOUND;
            if (goes_for_good(node, &rows[i])) {
                *out = rows[i].info.id;
                return ERR_OK;
            }
        }
        if (n > 0)
            after = rows[n - 1];
    } while (e == ERR_OK && n > 0);
    return e == ERR_OK ? ERR_NOT_FOUND : e;
}

enum err elsewhere_find_last(const struct node *node,
                             const uint8_t topic[ID_LEN], struct blob_id *out)
{
    struct store_follow follows[PAGE];
    uint8_t after[ID_LEN];
    size_t n = 0;
    bool begun = false;
    enum err e = find_in_topic(node, topic, out);

    if (e != ERR_NOT_FOUND)
        return e;
    do {
        e = store_follows(node_store(node), begun ? after : NULL, follows, PAGE,
                          &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++) {
            if (memcmp(follows[i].pledge, topic, ID_LEN) != 0)
                continue;
            e = find_in_topic(node, follows[i].topic, out);
            if (e != ERR_NOT_FOUND)
                return e;
            e = ERR_OK;
        }
        if (n > 0)
            memcpy(after, follows[n - 1].topic, ID_LEN);
        begun = true;
    } while (e == ERR_OK && n > 0);
    return e == ERR_OK ? ERR_NOT_FOUND : e;
}
