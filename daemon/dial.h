#ifndef DAEMON_DIAL_H
#define DAEMON_DIAL_H

#include "daemon/node_parts.h"
#include "proto/endpoint.h"

/*
 * Keeps the connections that this node wants: dials the address book, waits
 * longer after each failure, begins anew when the network has changed.
 */
struct conn;

MUST_CHECK enum err dialler_open(struct dialler **out, struct node *node);
void dialler_shutdown(struct dialler *dialler);
void dialler_free(struct dialler *dialler); /* accepts NULL */

/* The config's peers have been read (again). */
void dialler_take_config(struct dialler *dialler, const struct config *config);
/* Dials this node now, whatever was before. */
void dialler_dial(struct dialler *dialler, const uint8_t node[KEY_LEN]);
/*
 * Meets a node that the overlay has chosen, at the first of `count` addresses
 * that answers.  gossip_dial_failed() if it is in vain, perhaps at once.
 */
void dialler_meet(struct dialler *dialler, const uint8_t node[KEY_LEN],
                  const struct endpoint *endpoints, size_t count);
/* All parts are open: nodes met before are known to the overlay again. */
void dialler_start(struct dialler *dialler);
/* Dials all that wait. */
void dialler_dial_all(struct dialler *dialler);

/* A connection is a peer now. */
void dialler_opened(struct dialler *dialler, const struct conn *conn);
/* A connection has ended, or never came about. */
void dialler_ended(struct dialler *dialler, const struct conn *conn,
                   enum err why);

#endif
