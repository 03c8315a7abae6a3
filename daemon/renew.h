#ifndef DAEMON_RENEW_H
#define DAEMON_RENEW_H

#include "daemon/node_parts.h"

/*
 * Keeps what is listed on the call board (docs/protocol.md §5.8): renews the
 * open requests of the person of this machine, and asks peers for what listed
 * requests of others need to be understood, if that is older than the board.
 * In steps beside the daemon's other work.
 */

MUST_CHECK enum err renew_open(struct renew **out, struct node *node);
/* Begins nothing any more. */
void renew_shutdown(struct renew *renew);
/* After the loop has run out.  Accepts NULL. */
void renew_free(struct renew *renew);

/* Time has passed, or the clock was moved. */
void renew_tick(struct renew *renew);
/* A record is new and durable; NULL: some may have come. */
void renew_stored(struct renew *renew, const struct record *record);

#endif
