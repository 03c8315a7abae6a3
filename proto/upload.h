#ifndef PROTO_UPLOAD_H
#define PROTO_UPLOAD_H

#include "proto/limits.h"
#include "proto/rate.h"

/*
 * Who is sent bytes of blobs, and when (docs/protocol.md §6.4): 8 slots, in
 * which peers are served in rounds of one quantum each (deficit round robin),
 * under one limit of bytes a second for all and one for each.
 *
 *            begin, a slot is free                    end
 *   QUIET -----------------------------> SLOT ------------------> QUIET
 *     |                                  ^   | its turn is over,
 *     `--- begin ---> QUEUED ------------'   v others wait
 *                        ^-------------------'
 *
 * A peer in a slot that has nothing to send, or no room, does not hold up the
 * others.  A queue that is longer than peers are patient is not joined: those
 * are told BUSY.  Times are monotonic milliseconds, passed in.
 */

#define UPLOAD_SLOTS   8
#define UPLOAD_QUANTUM ((int64_t)64 * 1024)
/* How long a peer keeps its slot while others wait for one. */
#define UPLOAD_TURN_MS 2000
/* Peers that may wait: the last of them for less than BLOB_TIMEOUT_MS. */
#define UPLOAD_QUEUE_MAX 32
#define UPLOAD_PEERS_MAX 256
#define UPLOAD_NOBODY    UPLOAD_PEERS_MAX

static_assert(UPLOAD_QUEUE_MAX / UPLOAD_SLOTS * UPLOAD_TURN_MS <
                  BLOB_TIMEOUT_MS,
              "who waits for a slot gets one before it has lost patience");

enum upload_state { UPLOAD_UNUSED, UPLOAD_QUIET, UPLOAD_QUEUED, UPLOAD_SLOT };

struct upload_peer {
    enum upload_state state;
    bool waits;        /* in a slot: was not let send what it has */
    bool was_woken;    /* by upload_wake(), and silent since */
    int64_t deficit;   /* bytes that it may send in this round */
    uint64_t turn;     /* its place in the queue */
    uint64_t since_ms; /* when it got its slot */
    struct rate rate;
};

struct upload {
    struct rate all;
    uint64_t each_per_s;
    uint64_t turns; /* given so far */
    unsigned slots; /* taken */
    unsigned queued;
    struct upload_peer peers[UPLOAD_PEERS_MAX];
};

void upload_init(struct upload *u, uint64_t now_ms);
/* Bytes a second, of all and of each; 0: no limit. */
void upload_limit(struct upload *u, uint64_t all_per_s, uint64_t each_per_s,
                  uint64_t now_ms);

/* A number for a peer that asks for the first time, or UPLOAD_NOBODY. */
unsigned upload_open(struct upload *u, uint64_t now_ms);
void upload_close(struct upload *u, unsigned peer, uint64_t now_ms);

/* It has a request open.  False: too many wait, it is to be told BUSY. */
bool upload_begin(struct upload *u, unsigned peer, uint64_t now_ms);
/* It has none open any more. */
void upload_end(struct upload *u, unsigned peer, uint64_t now_ms);
/* Whether it has a slot: what it asked for may be read. */
bool upload_has_slot(const struct upload *u, unsigned peer);

/*
 * It has a piece ready, and room for it: may it go now?  If not,
 * upload_wake() tells when.
 */
bool upload_may_send(struct upload *u, unsigned peer, uint64_t now_ms);
void upload_sent(struct upload *u, unsigned peer, size_t bytes,
                 uint64_t now_ms);
/* It has nothing ready, or no room: it will ask again by itself. */
void upload_pause(struct upload *u, unsigned peer);

/*
 * Moves slots on; tells the peers that wait and may go on now, and how many
 * they are.  One that does not try before the next call counts as paused.
 */
unsigned upload_wake(struct upload *u, unsigned out[UPLOAD_SLOTS],
                     uint64_t now_ms);
/* When to call upload_wake() again; UINT64_MAX: not by time. */
uint64_t upload_deadline(struct upload *u, uint64_t now_ms);

#endif
