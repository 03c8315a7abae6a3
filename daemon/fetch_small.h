#ifndef DAEMON_FETCH_SMALL_H
#define DAEMON_FETCH_SMALL_H

#include "daemon/fetch_owner.h"
#include "daemon/node_parts.h"
#include "proto/blob_small.h"
#include "store/room.h"

/*
 * Small blobs on their way here (docs/protocol.md §6.10): those that are wanted
 * are asked for some hundred at once, proved on the loop as they come, and
 * given to the writer in the batches of everybody else.  Nothing but asks is
 * kept; what is lost with one is wanted still.
 */
struct conn;
struct fetch_small;

/* `owner` is kept, and given `transfer` with each question. */
MUST_CHECK enum err fetch_small_open(struct fetch_small **out,
                                     struct node *node,
                                     struct transfer *transfer,
                                     const struct fetch_owner *owner);
/* Nothing more is asked for; what waits for the writer still ends. */
void fetch_small_shutdown(struct fetch_small *small);
bool fetch_small_is_idle(const struct fetch_small *small);
void fetch_small_free(struct fetch_small *small); /* accepts NULL */

/* Goes through the wants that are due from now on; eager: all there are. */
void fetch_small_look(struct fetch_small *small, bool eager);
/* Asks as long as there are wants, peers and room: before the loop waits. */
void fetch_small_flush(struct fetch_small *small);
/* Of what is asked for, peers that are silent are left. */
void fetch_small_tick(struct fetch_small *small);

/* Bytes that are asked for, or wait for the writer. */
uint64_t fetch_small_reserved(const struct fetch_small *small);
/* Adds those of that pledge, with those about to be asked for. */
void fetch_small_coming(const struct fetch_small *small,
                        const uint8_t pledge[ID_LEN], struct room_coming *out);

/* What is asked for in that topic takes of this pledge from now on. */
void fetch_small_reclaim(struct fetch_small *small, const uint8_t topic[ID_LEN],
                         const uint8_t pledge[ID_LEN]);

void fetch_small_peer_gone(struct fetch_small *small, const struct conn *conn);
/* A BLOB_SMALL.  An error is the peer's. */
MUST_CHECK enum err fetch_small_recv(struct fetch_small *small,
                                     struct conn *conn, struct bytes payload);

#endif
