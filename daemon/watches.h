#ifndef DAEMON_WATCHES_H
#define DAEMON_WATCHES_H

#include "daemon/node_parts.h"
#include "proto/blob_msg.h"

/*
 * Peers that want to know which spans of a blob are here (docs/protocol.md
 * §6.4): they are told at once, and of new ones some time after they come.
 */
struct conn;
struct watches;

MUST_CHECK enum err watches_open(struct watches **out, struct node *node);
void watches_shutdown(struct watches *watches);
void watches_free(struct watches *watches); /* accepts NULL */

/* A BLOB_WATCH.  An error is the peer's. */
MUST_CHECK enum err watches_add(struct watches *watches, struct conn *conn,
                                const struct blob_msg *msg);
/* Ends the watch of that number; false if there is none. */
bool watches_cancel(struct watches *watches, struct conn *conn,
                    uint32_t request);
void watches_peer_gone(struct watches *watches, const struct conn *conn);

#endif
