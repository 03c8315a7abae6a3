#ifndef DAEMON_ELSEWHERE_H
#define DAEMON_ELSEWHERE_H

#include "daemon/lease_check.h"
#include "daemon/node_parts.h"
#include "proto/blob_tree.h"

/*
 * Where else a blob is, as far as this node can tell: what decides whether the
 * last known copy is about to go.
 */

/*
 * How many other nodes are known to hold the whole blob for the topic and may
 * be relied on: of those that this node has challenged itself within 7 days,
 * one of each network (/16 of IPv4, /32 of IPv6).  What a node merely says of
 * itself does not count.  With `asked` only those that have shown it once more
 * in these checks, or were not connected and could not be asked.
 */
unsigned elsewhere_count(const struct node *node, const uint8_t topic[ID_LEN],
                         const struct blob_id *blob,
                         const struct lease_checks *asked);

/*
 * Calls `visit` for each blob that is whole here and would go if the topic, and
 * those held under a pledge to it, were given up (of the call board: those
 * held for everybody alone): none of the owner's own. True
 * ends it.
 */
typedef bool elsewhere_visit_fn(void *context, const uint8_t topic[ID_LEN],
                                const struct blob_id *blob);
MUST_CHECK enum err elsewhere_each_going(const struct node *node,
                                         const uint8_t topic[ID_LEN],
                                         elsewhere_visit_fn *visit,
                                         void *context);

#endif
