#ifndef PROTO_BLOB_FETCH_STATE_H
#define PROTO_BLOB_FETCH_STATE_H

#include "proto/blob_msg.h"

/*
 * What a fetch remembers: complete, so that callers embed it, and private to
 * the three files of blob_fetch.h, those that only they call (blob_plan.c,
 * blob_choose.c, blob_holder.c, blob_request.c, blob_buffer.c, blob_trial.c,
 * blob_effect.c, blob_proof.c, blob_urge.c) and their tests.
 */

#define BLOB_FETCH_PROVIDERS 8
#define BLOB_FETCH_SPANS     32 /* with BLOB_WINDOW_MAX: one provider's all */
#define BLOB_FETCH_REQUESTS  32 /* open to one provider, by one blob */
#define BLOB_FETCH_PROOFS    2  /* spans whose leaf hashes a reader has */
#define BLOB_FETCH_NOBODY    0xff

/* Spans whose bitmap the caller gives: one bit each, lowest bit first. */
#define BLOB_BITMAP_LEN(count) (((count) + 7) / 8)

static_assert(BLOB_WINDOW_MAX / BLOB_SPAN_LEN <= BLOB_FETCH_REQUESTS,
              "a full window fits the requests");

/*
 *          all pages stored           all spans written
 *   LAYER -----------------> SPANS ---------------------> DONE
 *     ^                        |
 *     `------------------------'
 *      the caller lost a page
 *
 * A blob up to 1 MiB has no layer and starts in SPANS; the empty one in DONE.
 */
enum blob_fetch_state {
    BLOB_FETCH_LAYER,
    BLOB_FETCH_IN_SPANS,
    BLOB_FETCH_DONE
};

/* A request: CANCELLING ones wait for their END, and their bytes are dropped.
 */
enum blob_request_state {
    BLOB_REQUEST_FREE,
    BLOB_REQUEST_OPEN,
    BLOB_REQUEST_CANCEL_DUE,
    BLOB_REQUEST_CANCELLING
};

struct blob_fetch_request {
    enum blob_request_state state;
    enum blob_what what;
    bool is_proof; /* inner hashes for a reader, not to find who lied */
    bool answered; /* all has come; only END is missing */
    uint32_t request;
    uint32_t turn;   /* its place in the order of asking */
    unsigned slot;   /* of the span, for blocks and inner hashes */
    uint64_t first;  /* as in the ask */
    uint32_t count;  /* blocks */
    uint64_t next;   /* next byte of the blob that is due */
    uint64_t end;    /* after the last one */
    uint64_t until;  /* from here on it was given to another: not awaited */
    uint64_t charge; /* bytes that it holds of the provider's window */
};

/*
 *              BLOB_HAVE           BLOB_END: OK
 *   UNKNOWN ------------> PARTIAL --------------> WHOLE
 *       `--- BLOB_END: NOT_HELD ---> NOTHING (asked anew after a rest)
 *
 * An older peer never answers a BLOB_WATCH; it is asked for anything.
 */
enum blob_map {
    BLOB_MAP_UNKNOWN,
    BLOB_MAP_PARTIAL,
    BLOB_MAP_WHOLE,
    BLOB_MAP_NOTHING
};

/* A BLOB_WATCH, which is a request, too. */
enum blob_watch_state {
    BLOB_WATCH_NONE,
    BLOB_WATCH_DUE,
    BLOB_WATCH_OPEN,
    BLOB_WATCH_CANCEL_DUE,
    BLOB_WATCH_CANCELLING
};

struct blob_fetch_provider {
    bool used;
    bool banned;
    bool ban_due;
    enum err ban_why;
    uint8_t tag[BLOB_TAG_LEN];
    enum blob_map map;
    uint8_t *bits; /* which spans it has, while map is PARTIAL */
    enum blob_watch_state watch;
    uint32_t watch_request;
    unsigned requests_max;
    struct blob_fetch_request requests[BLOB_FETCH_REQUESTS];
    uint64_t in_flight; /* sum of the requests' charges */
    uint64_t rate;      /* bytes a second, smoothed */
    uint64_t peak;      /* the highest of late: what a window goes by */
    uint64_t rtt_ms;
    uint64_t sample_bytes; /* come since sample_ms */
    uint64_t sample_ms;
    uint64_t head_ms; /* since when its oldest request makes no progress */
    uint64_t last_ms; /* when bytes came last */
    uint64_t rest_until_ms;
    uint64_t pause_until_ms; /* asked for nothing: a limit of the caller's */
    unsigned misses;         /* in a row; each doubles the rest */
};

/*
 *         last block          hash is right         written
 *   FILLING ------> HASHING ----------------> WRITING -----> FREE
 *      ^               | hash is wrong, several senders
 *      |   one sender  v
 *      +<-------- (banned)   BLAMING ---> LOCATING (bad leaves' senders banned)
 *      `-------------------------------------'
 */
enum blob_span_state {
    BLOB_SPAN_FREE,
    BLOB_SPAN_FILLING,
    BLOB_SPAN_HASHING,
    BLOB_SPAN_BLAMING,
    BLOB_SPAN_LOCATING,
    BLOB_SPAN_WRITING
};

struct blob_fetch_span {
    enum blob_span_state state;
    bool told; /* the caller has the effect of this state */
    uint64_t span;
    uint8_t expected[HASH_LEN];
    uint16_t all;    /* blocks that the span has, a bit each */
    uint16_t asked;  /* open with some provider */
    uint16_t again;  /* open with a second one */
    uint16_t held;   /* in the buffer */
    uint16_t proved; /* of those, the ones known to be the blob's */
    uint16_t tested; /* of those, the ones that the caller compares now */
    uint8_t owner;   /* provider that asks for it, or NOBODY */
    uint8_t lacking; /* providers that said they have it not, a bit each */
    /* Whose bytes of a block are in the buffer, held or coming; or NOBODY. */
    uint8_t sender[BLOB_REQUEST_BLOCKS];
};

/* The leaf hashes of a span for which a reader waits: they prove its blocks
 * before all of it is here. */
enum blob_proof_state { BLOB_PROOF_NONE, BLOB_PROOF_ASKED, BLOB_PROOF_HERE };

struct blob_fetch_proof {
    enum blob_proof_state state;
    uint8_t asked; /* providers that are asked for them, a bit each */
    uint64_t span;
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
};

/* The one page kept: is it to be stored, usable, or to be read back? */
enum blob_page_state {
    BLOB_PAGE_NONE,
    BLOB_PAGE_TO_STORE,
    BLOB_PAGE_READY,
    BLOB_PAGE_WANTED,
    BLOB_PAGE_LOADING
};

struct blob_fetch {
    enum blob_fetch_state state;
    bool stopped;
    bool done_told;
    bool stall_told; /* since the last progress */
    struct blob_id id;
    uint32_t base;
    uint32_t turn;     /* number of the next request */
    unsigned turn_who; /* provider that may ask first */
    unsigned spans_max;
    unsigned spans_allowed; /* in work at once, at most spans_max */
    uint64_t now_ms;
    uint64_t news_ms;  /* when something came last, bytes or a map */
    uint64_t bytes_ms; /* when bytes did */

    uint8_t *held; /* the caller's bitmap of spans, lowest bit first */
    uint64_t spans_left;
    uint64_t cursor; /* where the search for the next span begins */
    uint64_t start;  /* where it begins once providers have but parts */
    bool scattered;  /* some have but parts: the rarest span comes first */
    bool limited;    /* only what the reader wants is asked for */
    uint64_t reader; /* first span that a reader waits for; UINT64_MAX: none */
    uint64_t reader_end; /* after the last one */
    uint64_t reader_at;  /* the byte that it waits for */
    uint64_t hurried;    /* block for which others were called off last */
    unsigned hurries;    /* how often they were for it */
    uint8_t *have;       /* the caller's memory for the providers' maps */

    uint8_t pages[BLOB_PAGES_MAX / 8]; /* verified and given to the caller */
    uint64_t pages_left;
    uint64_t page_cursor;
    uint8_t page[BLOB_LAYER_PAGE * HASH_LEN]; /* the one page kept */
    uint64_t page_index;
    enum blob_page_state page_state;

    uint8_t inner[BLOB_SPAN_LEAVES * HASH_LEN]; /* of the LOCATING span */
    struct blob_fetch_proof proofs[BLOB_FETCH_PROOFS];
    struct blob_fetch_provider providers[BLOB_FETCH_PROVIDERS];
    struct blob_fetch_span spans[BLOB_FETCH_SPANS];
};

static inline unsigned blob_fetch_number(const struct blob_fetch *f,
                                         const struct blob_fetch_provider *p)
{
    return (unsigned)(p - f->providers);
}

#endif
