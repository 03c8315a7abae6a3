#ifndef DAEMON_TRANSFER_PARTS_H
#define DAEMON_TRANSFER_PARTS_H

#include <assert.h>

#include "daemon/fetch.h"
#include "daemon/fetch_middle.h"
#include "daemon/fetch_small.h"
#include "daemon/fetch_source.h"
#include "daemon/popular.h"
#include "daemon/quota.h"
#include "daemon/read_buffers.h"
#include "daemon/readers.h"
#include "daemon/transfer.h"
#include "daemon/wants.h"
#include "daemon/watches.h"
#include "proto/blob_turn.h"

/*
 * What the files of transfer share: transfer.c its life and what is wanted,
 * transfer_choose.c which want is fetched next, transfer_turns.c who gives its
 * place to one that waits, transfer_frames.c peers and frames.  For nobody
 * else.
 */

/*
 * A few fetches at once, chosen among the wants that are due; the memory of all
 * is bounded by their span buffers.
 */
enum {
    FETCHES = 9,
    WANTED_FETCHES = 8, /* one place is left for who reads */
    SPANS_ALL = 28,     /* buffers of 1 MiB, of all fetches */
    SPANS_EACH = 24,
    SPANS_READ = 4, /* which none takes but who reads */
    /* What nobody wants but a reader is fetched for so long after the last. */
    LINGER_MS = 5000,
    WALKS = 16,
    WANTS_PAGE = 64,
    /* How often wants are looked at, with and without a fetch running. */
    TICK_MS = 250,
    LOOK_MS = 5000,
    /*
     * A want that nobody could serve waits, twice as long each time.  A peer
     * that is still fetching it will often have it soon.
     */
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 300000,
    READ_RETRY_MS = 250,
    /* The wall clock, which wants go by, and the loop's may differ a little. */
    RETRY_SLACK_MS = 10
};

/* A request is a span; a few more are being ended meanwhile. */
enum { REQUESTS_A_SPAN = 2 };
static_assert((int)FETCHES <= BLOB_TURN_PLACES, "each slot has a place");
static_assert(REQUESTS_A_SPAN * (SPANS_ALL + SPANS_READ) + FETCH_SOURCE_OPEN <=
                  BLOB_REQUESTS_MAX,
              "all fetches fit the requests of a connection");

struct slot {
    struct fetch *fetch;
    unsigned spans;
    struct quota_claim claim;
    uint64_t read_ms; /* when it was read last */
    bool ended;       /* to be freed before the loop waits */
};

struct transfer {
    struct node *node;
    uv_timer_t timer;
    bool stopping;
    bool look;            /* wants may be due, or new peers be there */
    bool eager;           /* look at those that wait for their next try, too */
    uint64_t retry_at_ms; /* when the first put off is due; 0: none was */
    unsigned spans;       /* in use */
    struct blob_turns turns; /* of the slots */
    bool crowded; /* as of the last look: who could be served has no place */
    bool waiting; /* the same of the look that goes on */
    bool hidden;  /* wants were put off though they have a provider */
    struct readers readers;
    struct watches *watches;
    struct popular popular;     /* files, for who serves them */
    struct read_buffers spares; /* theirs */
    uint32_t bases;             /* given to fetches so far */
    struct slot slots[FETCHES];
    struct blob_id claims[TRANSFER_CLAIMS];
    size_t claims_count;
    struct fetch_small *small;
    struct fetch_middle *middle;
    struct wants_walk walks[WALKS];
    size_t walks_count;
    bool catching_up; /* at the start: every topic is walked through once */
    bool has_caught;
    uint8_t caught[ID_LEN]; /* the last topic whose walk was begun */
};

/* --- transfer_choose.c --- */

/* One want: true if it was started or has to wait for reasons of its own. */
bool transfer_consider(struct transfer *t, const struct store_want *want);
/* Nobody could serve it now: again later. */
void transfer_put_off(struct transfer *t, const struct store_want *want);
void transfer_tell_held(struct transfer *t, const struct store_want *want);
/* As fetch_owner.h asks. */
bool transfer_is_settled(struct transfer *t, const struct store_want *want,
                         struct quota_claim *claim);
bool transfer_has_room_for(struct transfer *t, const struct store_want *want,
                           uint64_t bytes);
bool transfer_is_taken(struct transfer *t, const struct blob_id *blob);
/* Looks at the wants that are due, and at who reads. */
void transfer_look(struct transfer *t);
/* What was fetched for readers alone ends some time after the last of them. */
void transfer_leave_unread(struct transfer *t);
/* Frees the fetches that have ended. */
void transfer_sweep(struct transfer *t);
struct slot *transfer_find_fetch(struct transfer *t,
                                 const struct blob_id *blob);
/* Whether the disk and the quotas leave room; *claim in any case. */
bool transfer_may_have(const struct transfer *t, const struct store_want *want,
                       struct quota_claim *claim);
bool transfer_has_provider(const struct transfer *t,
                           const uint8_t topic[ID_LEN]);
bool transfer_has_claim(const struct transfer *t, const struct blob_id *blob);
/* Bytes that are not on the disk for good. */
uint64_t transfer_missing(const struct transfer *t, const struct blob_id *blob);

/* --- transfer_turns.c --- */

/* There is no place for this want: does it have to wait for slow ones? */
void transfer_note_waiting(struct transfer *t, const struct store_want *want);
/* There is one, but nobody for it who is not slow, and others wait. */
bool transfer_is_outrun(const struct transfer *t,
                        const struct store_want *want);
/* Not one of these that have no place could be served by others than slow
 * ones: they are put off, as there may be some behind them. */
void transfer_let_pass(struct transfer *t, const struct store_want *wants,
                       size_t n);
/* As the config of a fetch asks. */
bool transfer_avoids(void *context, const struct conn *conn);
/* As fetch_owner.h asks. */
bool transfer_is_slow(struct transfer *t, const struct conn *conn);
void transfer_blame(struct transfer *t, const struct conn *conn);
/* Whoever is slow gives its place to one that waits. */
void transfer_take_turns(struct transfer *t);

#endif
