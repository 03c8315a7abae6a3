#ifndef DAEMON_PERSON_SHARE_H
#define DAEMON_PERSON_SHARE_H

#include "daemon/node_parts.h"

/*
 * What a pledge to a person comes to: besides their own topic, projects and
 * standalone requests that they founded, whoever leads those by now; projects
 * that were handed over to them; and projects for which they list requests,
 * releases or lessons on the call board, as only leaders do.  All of these are
 * rows of follows that share the quota of the person's row, and end with it.
 */

/* Whether a record of that kind may make a topic somebody's. */
bool person_share_is_of(uint64_t kind);

/* Goes through all such pledges; false if there is none, nor what is left of
 * one. */
bool person_share_look(struct node *node);

#endif
