#ifndef DAEMON_THROTTLE_H
#define DAEMON_THROTTLE_H

#include "daemon/node_parts.h"
#include "proto/upload.h"

/*
 * How fast bytes of blobs go out and come in, as [limits] of troupe.conf and
 * the time of day have it, and whose turn it is (proto/upload.h).
 */
struct conn;
struct throttle;

MUST_CHECK enum err throttle_open(struct throttle **out, struct node *node);
/* Ends its timer; accepts NULL. */
void throttle_shutdown(struct throttle *throttle);
void throttle_free(struct throttle *throttle); /* accepts NULL */

/* The configuration is new, or time has passed: what holds now. */
void throttle_look(struct throttle *throttle);
/* Wakes those who waited and may send: before the loop waits. */
void throttle_flush(struct throttle *throttle);

/* ---- What goes out ------------------------------------------------------ */

/* The place of a connection that asks for blobs, or UPLOAD_NOBODY. */
unsigned throttle_join(struct throttle *throttle, struct conn *conn);
void throttle_leave(struct throttle *throttle, unsigned place);
/* For upload_begin() and what follows; times are those of the loop. */
struct upload *throttle_upload(struct throttle *throttle);

/* ---- What comes in ------------------------------------------------------ */

/* Whether there is any limit on what comes in. */
bool throttle_bind_downloads(const struct throttle *throttle);
/* Bytes of blobs have come from a peer that has this rate. */
void throttle_received(struct throttle *throttle, struct rate *each,
                       size_t bytes);
/*
 * From when on that peer may be asked for more; not after now if at once.
 * `each` is the peer's own, and follows the configuration.
 */
uint64_t throttle_ask_ms(struct throttle *throttle, struct rate *each);

#endif
