#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "daemon/node.h"

/* One address on which connections are accepted. */
struct listener;

/*
 * Listens on HOST:PORT; port 0 picks one.  The caller must listener_close() it.
 *   ERR_USAGE  not an address;   ERR_UNREACHABLE  no such address here
 *   ERR_IO     the port is taken, or may not be used
 */
MUST_CHECK enum err listener_open(struct listener **out, struct node *node,
                                  const char *address);
/* Stops accepting; the memory goes when the loop has closed the handle. */
void listener_close(struct listener *listener);
/* HOST:PORT as really bound. */
const char *listener_address(const struct listener *listener);

#endif
