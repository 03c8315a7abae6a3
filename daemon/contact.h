#ifndef DAEMON_CONTACT_H
#define DAEMON_CONTACT_H

#include "daemon/desk.h"

/*
 * The gate for contact: comments by strangers on works, releases and journal
 * entries of this node's person wait for that person's leave before they are
 * shown here.  It is this node's alone: no verdict, and nothing that is held or
 * passed on, depends on it.
 *
 * A stranger is who leads nothing and has no role in the topic, nobody there
 * vouches for, and whom the person neither follows nor has let in.
 */

/* Whether `e`, a record of the judged `ts`, is such a comment. */
bool contact_waits(const struct desk *desk, const struct topic_state *ts,
                   const struct topic_entry *e);

#endif
