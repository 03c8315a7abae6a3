#ifndef DAEMON_TRANSFER_H
#define DAEMON_TRANSFER_H

#include "daemon/node_parts.h"
#include "proto/frame.h"
#include "store/room.h"

/*
 * Blobs on their way: which are wanted, from whom they are fetched, and serving
 * them to others.  Wants are rows of the store; the machines of proto/ decide,
 * and files are read and written by other threads.
 */
struct conn;

MUST_CHECK enum err transfer_open(struct transfer **out, struct node *node);
/* Stops fetching and serving; parts are closed when the pool is done. */
void transfer_shutdown(struct transfer *transfer);
bool transfer_is_idle(const struct transfer *transfer);
void transfer_free(struct transfer *transfer); /* accepts NULL */

/* Begins what is due: before the loop waits. */
void transfer_flush(struct transfer *transfer);

/* A record is new: its blobs are wanted if the policy of its topic says so. */
void transfer_record_added(struct transfer *transfer,
                           const struct record *record);
/* Rows of wants are durable that were not before. */
void transfer_wants_added(struct transfer *transfer);
/* A topic's policy is new: its records are gone through. */
void transfer_topic_changed(struct transfer *transfer,
                            const uint8_t topic[ID_LEN]);
void transfer_want(struct transfer *transfer, const struct blob_id *blob,
                   const uint8_t topic[ID_LEN], node_done_fn *done,
                   void *context);
/* Nobody wants the blob for that topic any more: what fetches it ends. */
void transfer_give_up(struct transfer *transfer, const struct blob_id *blob,
                      const uint8_t topic[ID_LEN]);
/*
 * Somebody else is about to write this blob: what fetches it ends, and it is
 * not begun again before transfer_unclaim().  At most TRANSFER_CLAIMS at once:
 * ERR_BUSY.
 */
#define TRANSFER_CLAIMS 8
MUST_CHECK enum err transfer_claim(struct transfer *transfer,
                                   const struct blob_id *blob);
/* What fetched it has let go of it. */
bool transfer_is_claimed(struct transfer *transfer, const struct blob_id *blob);
void transfer_unclaim(struct transfer *transfer, const struct blob_id *blob);
/* Bytes that the fetches that run are still going to take. */
uint64_t transfer_reserved(const struct transfer *transfer);
/* What of that pledge is on its way and has no row yet that could count it. */
void transfer_coming(const struct transfer *transfer,
                     const uint8_t pledge[ID_LEN], struct room_coming *out);
/* Whether disk and quotas leave room for what is missing of it. */
bool transfer_has_room(const struct transfer *transfer,
                       const struct blob_id *blob, const uint8_t topic[ID_LEN]);
/* Why a blob that is wanted is not here yet. */
enum want_state {
    WANT_DUE,      /* it is asked for next */
    WANT_FETCHING, /* on its way */
    WANT_NO_ROOM,  /* the disk or a quota leaves none */
    WANT_NO_PEER,  /* nobody who holds the topic is connected */
    WANT_NOT_FOUND /* those who are had none of it; asked again later */
};
enum want_state transfer_want_state(struct transfer *transfer,
                                    const struct store_want *want);
/* Some file that is wanted is too large for the disk. */
bool transfer_lacks_disk(const struct transfer *transfer);
uint64_t transfer_progress(const struct transfer *transfer,
                           const struct blob_id *blob);
/* As node_reader_start(), node_reader_end() and node_reader_peek(). */
void transfer_reader_start(struct transfer *transfer,
                           struct node_reader *reader);
void transfer_reader_end(struct transfer *transfer, struct node_reader *reader);
size_t transfer_reader_peek(struct transfer *transfer,
                            const struct node_reader *reader, uint8_t *out,
                            size_t len);

/* A peer is there, shares other topics than before, or is gone. */
void transfer_peer_changed(struct transfer *transfer, struct conn *conn);
void transfer_peer_gone(struct transfer *transfer, struct conn *conn);
/* One of the BLOB frames.  An error is the peer's. */
MUST_CHECK enum err transfer_recv(struct transfer *transfer, struct conn *conn,
                                  const struct frame *frame);
/* The bulk queue of the connection has room. */
void transfer_fill(struct transfer *transfer, struct conn *conn);

#endif
