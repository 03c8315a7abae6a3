#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include "daemon/node_parts.h"
#include "daemon/popular.h"
#include "daemon/read_buffers.h"
#include "proto/blob_serve.h"

/*
 * Blobs for one peer: what it asks for is read ahead on the pool and sent as
 * its connection has room.
 */
struct conn;
struct serve;

/* `popular` and `spares` are shared by all and outlive it. */
MUST_CHECK enum err serve_open(struct serve **out, struct node *node,
                               struct popular *popular,
                               struct read_buffers *spares, struct conn *conn);
/* The connection is gone; the memory goes when the pool has let go of it. */
void serve_close(struct serve *serve);

/* BLOB_ASK or BLOB_CANCEL.  An error is the peer's. */
MUST_CHECK enum err serve_recv(struct serve *serve, const struct blob_msg *msg);
/* BLOB_MANY.  The same. */
MUST_CHECK enum err serve_recv_many(struct serve *serve, struct bytes payload);
/* Queues some frames, if there is something to be sent. */
void serve_fill(struct serve *serve);

/* Reads under way, of all peers: for who waits for their end. */
unsigned serve_reads(void);

#endif
