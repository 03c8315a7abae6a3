#ifndef DAEMON_WAIT_H
#define DAEMON_WAIT_H

#include "daemon/desk.h"

/*
 * Calls that wait for something to become true: "online", "caught-up:PROJECT",
 * "here:ROOT", "held:ROOT:N", "job:ID".  Asked anew at each event of the node
 * and, for what comes with time alone, each second.
 */
struct waits;

MUST_CHECK enum err waits_open(struct waits **out, struct node *node,
                               struct desk *desk);
/* When nobody waits any more.  Accepts NULL. */
void waits_close(struct waits *waits);
/* The method `wait`. */
void waits_add(struct waits *waits, struct call *call);

#endif
