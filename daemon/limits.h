#ifndef DAEMON_LIMITS_H
#define DAEMON_LIMITS_H

#include "daemon/node_parts.h"
#include "proto/upload.h"

/*
 * How fast bytes of blobs go out and come in, as [limits] of troupe.conf and
 * the time of day have it, and whose turn it is (proto/upload.h).
 */
struct conn;
struct limits;

MUST_CHECK enum err limits_open(struct limits **out, struct node *node);
/* Ends its timer; accepts NULL. */
void limits_shutdown(struct limits *limits);
void limits_free(struct limits *limits); /* accepts NULL */

/* The configuration is new, or time has passed: what holds now. */
void limits_look(struct limits *limits);
/* Wakes those who waited and may send: before the loop waits. */
void limits_flush(struct limits *limits);

/* ---- What goes out ------------------------------------------------------ */

/* The place of a connection that asks for blobs, or UPLOAD_NOBODY. */
unsigned limits_join(struct limits *limits, struct conn *conn);
void limits_leave(struct limits *limits, unsigned place);
/* For upload_begin() and what follows; times are those of the loop. */
struct upload *limits_upload(struct limits *limits);

/* ---- What comes in ------------------------------------------------------ */

/* Whether there is any limit on what comes in. */
bool limits_bind_downloads(const struct limits *limits);
/* Bytes of blobs have come from a peer that has this rate. */
void limits_received(struct limits *limits, struct rate *each, size_t bytes);
/*
 * From when on that peer may be asked for more; not after now if at once.
 * `each` is the peer's own, and follows the configuration.
 */
uint64_t limits_ask_ms(struct limits *limits, struct rate *each);

#endif
