#ifndef DAEMON_COPIES_H
#define DAEMON_COPIES_H

#include "daemon/node.h"

/*
 * Where else a blob is, as far as this node can tell: what decides whether the
 * last known copy is about to go.
 */

/*
 * How many other nodes are known to hold the whole blob for the topic and may
 * be relied on: of those that this node has challenged itself within 7 days,
 * one of each network (/16 of IPv4, /32 of IPv6).  What a node merely says of
 * itself does not count.
 */
unsigned copies_elsewhere(const struct node *node, const uint8_t topic[ID_LEN],
                          const struct blob_id *blob);

#endif
