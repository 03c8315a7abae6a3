#ifndef DAEMON_DONE_H
#define DAEMON_DONE_H

#include "daemon/commits.h"

/*
 * Ties a node_done_fn to the operation just put into the writer's batch; if
 * putting failed with `e`, tells it at once.  `done` may be NULL.
 */
void done_expect(struct commits *commits, enum err e, node_done_fn *done,
                 void *context);

#endif
