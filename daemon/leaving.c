#include "daemon/leaving.h"

#include <string.h>

#include "daemon/holders.h"

static_assert(LEAVING_FILES_MAX * LEAVING_HOLDERS_MAX <= LEASE_CHECKS_MAX,
              "of so many files, all can be asked for");

/* Whether there is room for one more of that node. */
static bool may_ask(const struct lease_checks *checks,
                    const uint8_t node[KEY_LEN])
{
    size_t count = 0;

    for (size_t i = 0; i < checks->count; i++)
        count += memcmp(checks->at[i].node, node, KEY_LEN) == 0;
    return count < LEAVING_FILES_MAX && checks->count < LEASE_CHECKS_MAX;
}

void leaving_add(struct leaving *l, const uint8_t topic[ID_LEN],
                 const struct blob_id *blob)
{
    static struct holder holders[LEASES_TOPIC_MAX]; /* for the loop alone */
    unsigned asked = 0;
    size_t n;

    if (blob->size == 0 || !holders_has(l->node, topic, blob))
        return;
    n = holders_of(l->node, topic, blob, holders, LEASES_TOPIC_MAX);
    for (size_t i = 0; i < n && asked < LEAVING_HOLDERS_MAX; i++) {
        struct lease_check *check;

        if (holders[i].state != HOLDER_SHOWN)
            continue;
        asked++;
        if (!may_ask(&l->checks, holders[i].node)) {
            l->checks.is_sample = true;
            continue;
        }
        check = &l->checks.at[l->checks.count++];
        memcpy(check->topic, topic, ID_LEN);
        memcpy(check->node, holders[i].node, KEY_LEN);
        check->blob = *blob;
    }
}

static void on_moved(void *context)
{
    struct leaving *l = context;

    if (l->checks.settled == l->checks.count)
        l->on_asked(l->context);
}

void leaving_ask(struct leaving *l, void (*on_asked)(void *context),
                 void *context)
{
    l->on_asked = on_asked;
    l->context = context;
    l->checks.on_moved = on_moved;
    l->checks.context = l;
    l->checks.is_leaving = true;
    l->is_asking = true;
    leases_check_begin(node_leases(l->node), &l->checks);
}

const struct lease_checks *leaving_asked(const struct leaving *l)
{
    return l->is_asking ? &l->checks : NULL;
}

void leaving_end(struct leaving *l)
{
    if (l->is_asking)
        leases_check_end(node_leases(l->node), &l->checks);
    l->is_asking = false;
}
