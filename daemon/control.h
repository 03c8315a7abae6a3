#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "daemon/call.h"

/*
 * The control server (docs/control-api.md): a Unix socket of this user alone,
 * MessagePack-RPC on it, a table of methods behind it.
 */
struct control;

/*
 * Listens on `folder`/control.sock for the desk, which owns all of this;
 * `folder` is made 0700, the socket 0600. A socket left by a dead daemon is
 * replaced: the caller holds the home's lock. `methods` ends with a row of
 * NULLs.  All three are borrowed until closed.
 */
MUST_CHECK enum err control_open(struct control **out, struct desk *desk,
                                 uv_loop_t *loop, const char *folder,
                                 const struct method *methods);
/*
 * Ends all clients, removes the socket, waits until every call has been
 * answered, then calls `on_closed`, once.
 */
void control_close(struct control *control, void (*on_closed)(void *context),
                   void *context);

/* The client of that number if it is still there, or NULL. */
struct client *control_find(struct control *control, uint64_t client_number);

#endif
