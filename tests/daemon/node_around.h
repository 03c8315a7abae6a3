#ifndef TESTS_DAEMON_NODE_AROUND_H
#define TESTS_DAEMON_NODE_AROUND_H

#include "daemon/node_parts.h"

/*
 * The node around a part that is tested by itself: asked for another part, it
 * says what the test has put here, of which there is one.  What it does for a
 * part, and who its peers are, is the test's.
 */
struct leases;
struct commits;

struct node_around {
    uv_loop_t *loop;
    struct store *store;
    struct commits *commits;
    struct leases *leases;
    struct store_batch *batch; /* for topics that are followed or not */
    unsigned unfollowed;
    const uint8_t *board;
    uint64_t clock_ms;
    struct node_keys keys;
    struct node_listener *subscribed; /* NULL: nobody is */
};

extern struct node_around around;

#endif
