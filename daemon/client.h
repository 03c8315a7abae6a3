#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

#include "proto/bytes.h"

/*
 * A client of the control socket as somebody whom notifications go to.  It may
 * leave at any time: who tells it more than once keeps its number and asks
 * control_find().
 */
struct client;

/* Never reused. */
uint64_t client_number(const struct client *client);

/*
 * Sends one notification: `params` is one encoded map.  False if the client is
 * too far behind to take it: what is lost must be told to it as a gap.
 */
bool client_notify(struct client *client, const char *name,
                   struct bytes params);

#endif
