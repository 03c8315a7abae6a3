#ifndef DAEMON_PLEDGE_WALK_H
#define DAEMON_PLEDGE_WALK_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * Pledges of all nodes that are known here, gone through in steps, a turn of
 * the loop each: whoever likes may say the same thing ten thousand times.  A
 * walk holds nothing open.
 */

/* A pledge in force, as its newest version says. */
struct pledge_item {
    uint8_t id[ID_LEN]; /* of the first version */
    uint8_t node[KEY_LEN];
    uint64_t scope; /* enum pledge_scope */
    bool has_pledged;
    uint8_t pledged[ID_LEN];
    uint64_t bytes; /* 0: no bound was stated */
    uint64_t until_ms;
    uint64_t created_ms;
};

struct pledge_walk {
    size_t count; /* of the items, once the walk has ended */
    /* Private. */
    struct store_scan scan;
    bool only_all;
    struct pledge_item *items; /* ended ones, too, which hide older ones */
    size_t max;
};

/*
 * Begins a walk that finds those which are not over, the newest first, each
 * node's word on a thing once.  It ends early when `max` things were seen;
 * `items` has room for so many and must outlive it.  With `only_all` those to
 * whole communities.
 */
void pledge_walk_begin(struct pledge_walk *walk, const struct node *node,
                       bool only_all, struct pledge_item *items, size_t max);
/* Goes on with it, as far as one turn of the loop may take; false at its end.
 */
bool pledge_walk_step(struct pledge_walk *walk, const struct node *node);

/* What a record says; false if it is no pledge that can be read. */
bool pledge_walk_read(const struct node *node, const struct store_item *item,
                      struct pledge_item *out);

#endif
