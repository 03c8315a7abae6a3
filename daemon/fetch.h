#ifndef DAEMON_FETCH_H
#define DAEMON_FETCH_H

#include "daemon/node_parts.h"
#include "proto/blob_fetch.h"
#include "store/blobs.h"

/*
 * One blob on its way here, for one topic: feeds the machine of proto/ with
 * frames, keeps the span buffers, and has them hashed, written and flushed by
 * other threads.
 *
 *   BEGINNING --row is durable--> RUNNING --all spans written--> FINISHING
 *       |                            |                               |
 *       `------ an error, nobody to ask, fetch_stop() ---> STOPPING  |
 *                                                             `------+--> told
 *
 * A blob that is whole here, but for another topic, is fetched again and only
 * not written: naming a root proves nothing, having the bytes does (§6.3).
 */
struct conn;
struct fetch;

/* Requests 0 to 0xffff above `base` are this fetch's. */
struct fetch_config {
    struct store_want want;
    uint32_t base;
    unsigned spans_max;    /* buffers of 1 MiB that it may use */
    unsigned requests_max; /* open with one provider */
    bool limited;          /* only what is read is fetched */
    /* ERR_OK: held and durable, the want is gone.  ERR_NOT_HELD: nobody has
     * it now.  fetch_free() is not to be called from inside. */
    void (*ended)(void *context, struct fetch *fetch, enum err e);
    /* Bytes are known to be the blob's that were not: for who reads. */
    void (*proved)(void *context, struct fetch *fetch);
    /* Whether this peer is not to be asked now; NULL: any is. */
    bool (*avoids)(void *context, const struct conn *conn);
    void *context;
};

MUST_CHECK enum err fetch_open(struct fetch **out, struct node *node,
                               const struct fetch_config *config);
/* Ends it soon: `ended` comes when no thread has any of it. */
void fetch_stop(struct fetch *fetch, enum err why);
/* Only after `ended`. */
void fetch_free(struct fetch *fetch);

const struct store_want *fetch_want(const struct fetch *fetch);
bool fetch_owns(const struct fetch *fetch, uint32_t request);
/* Bytes verified so far. */
uint64_t fetch_bytes(const struct fetch *fetch);

/* Bytes that came and were of use, good or not yet known to be. */
uint64_t fetch_useful(const struct fetch *fetch);
/* This node itself keeps it from asking for more: a limit, or the disk. */
bool fetch_is_held_up(const struct fetch *fetch);
/* The connections that owe it something; how many they are. */
size_t fetch_owing(const struct fetch *fetch,
                   uint64_t out[BLOB_FETCH_PROVIDERS]);

/* Asks this peer too, if it shares the topic; else no more. */
void fetch_peer_changed(struct fetch *fetch, struct conn *conn);
void fetch_peer_gone(struct fetch *fetch, const struct conn *conn);
/* One of the frames that answer; any error is the peer's. */
MUST_CHECK enum err fetch_recv(struct fetch *fetch, struct conn *conn,
                               const struct blob_msg *msg);
/*
 * A reader waits for the byte at `offset`, and will for those up to `end`:
 * they come first, and in order.  Before it runs, too.
 */
void fetch_read(struct fetch *fetch, uint64_t offset, uint64_t end);
/*
 * Copies what is known to be the blob's from `offset` on, and lies in the span
 * buffers, durable or not: how many bytes, at most `len`.  What is written
 * already is not among it.
 */
size_t fetch_peek(const struct fetch *fetch, uint64_t offset, uint8_t *out,
                  size_t len);
/* Fetches all of it from now on, not only what is read. */
void fetch_widen(struct fetch *fetch);
bool fetch_is_limited(const struct fetch *fetch);
/* To be called some times a second. */
void fetch_tick(struct fetch *fetch);

#endif
