#ifndef DAEMON_FETCH_MIDDLE_H
#define DAEMON_FETCH_MIDDLE_H

#include "daemon/fetch_owner.h"
#include "daemon/node_parts.h"
#include "proto/blob_msg.h"
#include "store/room.h"

/*
 * Blobs of the middle size on their way here: more than 16 KiB, so that they
 * are files, and at most a span, so that their root alone proves them.  Each is
 * asked of one peer, many at a time and one behind the other, and they are
 * checked, written, flushed and committed in groups.
 *
 *   want --asked--> ASKED --all bytes are here--> WHOLE --group--> held
 *                     `-- not had, false, silence, disk --> put off
 *
 * Whatever was put off three times goes the way of large blobs, which asks
 * everybody, and so does each fourth try from then on: nothing that can be had
 * is lost by what is simple here.
 */
struct conn;
struct fetch_middle;

/* `owner` is kept, and given `transfer` with each question. */
MUST_CHECK enum err fetch_middle_open(struct fetch_middle **out,
                                      struct node *node,
                                      struct transfer *transfer,
                                      const struct fetch_owner *owner);
/* Nothing more is asked for; what is on the pool still ends. */
void fetch_middle_shutdown(struct fetch_middle *m);
bool fetch_middle_is_idle(const struct fetch_middle *m);
void fetch_middle_free(struct fetch_middle *m); /* accepts NULL */

/* Goes through the wants that are due from now on; eager: all there are. */
void fetch_middle_look(struct fetch_middle *m, bool eager);
/* Asks, and stores what has come: before the loop waits. */
void fetch_middle_flush(struct fetch_middle *m);
/* Peers that are silent are left. */
void fetch_middle_tick(struct fetch_middle *m);

/* Whether it is on its way, and how much of it is here. */
bool fetch_middle_has(const struct fetch_middle *m, const struct blob_id *blob);
uint64_t fetch_middle_bytes(const struct fetch_middle *m,
                            const struct blob_id *blob);
/* Nobody wants it any more for that topic (NULL: for any). */
void fetch_middle_give_up(struct fetch_middle *m, const struct blob_id *blob,
                          const uint8_t *topic);

/* Bytes that are on their way. */
uint64_t fetch_middle_reserved(const struct fetch_middle *m);
/* Adds those of that pledge. */
void fetch_middle_coming(const struct fetch_middle *m,
                         const uint8_t pledge[ID_LEN], struct room_coming *out);
/* What is asked for in that topic takes of this pledge from now on. */
void fetch_middle_reclaim(struct fetch_middle *m, const uint8_t topic[ID_LEN],
                          const uint8_t pledge[ID_LEN]);

void fetch_middle_peer_gone(struct fetch_middle *m, const struct conn *conn);
/* Whether an answer is to a question that was asked here: the upper half of
 * its number is 0, which it is in none of a large blob's. */
bool fetch_middle_owns(uint32_t request);
/* One of the frames that answer.  An error is the peer's. */
MUST_CHECK enum err fetch_middle_recv(struct fetch_middle *m, struct conn *conn,
                                      const struct blob_msg *msg);

#endif
