#ifndef DAEMON_MISSING_LINKS_H
#define DAEMON_MISSING_LINKS_H

#include "daemon/node_parts.h"
#include "proto/record.h"

/*
 * A new record may name others that are not here: whoever sent it is asked
 * what else it has, after a moment in which they may come by themselves.
 */
void missing_links_ask(struct node *node, const struct record *record,
                       uint64_t source);

#endif
