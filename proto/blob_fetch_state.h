#ifndef PROTO_BLOB_FETCH_STATE_H
#define PROTO_BLOB_FETCH_STATE_H

#include "proto/blob_msg.h"

/*
 * What a fetch remembers: complete, so that callers embed it, and private to
 * blob_fetch.c, blob_plan.c, blob_effect.c and their tests.
 */

#define BLOB_FETCH_PROVIDERS 8
#define BLOB_FETCH_SPANS     32 /* with BLOB_WINDOW_MAX: one provider's all */
#define BLOB_FETCH_REQUESTS  32 /* open to one provider, by one blob */
#define BLOB_FETCH_NOBODY    0xff

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
    bool answered; /* all has come; only END is missing */
    uint32_t request;
    uint32_t turn;   /* its place in the order of asking */
    unsigned slot;   /* of the span, for blocks and inner hashes */
    uint64_t first;  /* as in the ask */
    uint32_t count;  /* blocks */
    uint64_t next;   /* next byte of the blob that is due */
    uint64_t end;    /* after the last one */
    uint64_t charge; /* bytes that it holds of the provider's window */
};

struct blob_fetch_provider {
    bool used;
    bool banned;
    bool ban_due;
    enum err ban_why;
    uint8_t tag[BLOB_TAG_LEN];
    unsigned requests_max;
    struct blob_fetch_request requests[BLOB_FETCH_REQUESTS];
    uint64_t in_flight; /* sum of the requests' charges */
    uint64_t rate;      /* bytes a second, smoothed */
    uint64_t rtt_ms;
    uint64_t sample_bytes; /* come since sample_ms */
    uint64_t sample_ms;
    uint64_t head_ms; /* since when its oldest request makes no progress */
    uint64_t rest_until_ms;
    unsigned misses; /* in a row; each doubles the rest */
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
    uint16_t held;   /* in the buffer */
    uint8_t owner;   /* provider that asks for it, or NOBODY */
    uint8_t lacking; /* providers that said they have it not, a bit each */
    uint8_t sender[BLOB_REQUEST_BLOCKS]; /* of each held block, or NOBODY */
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
    uint64_t now_ms;

    uint8_t *held; /* the caller's bitmap of spans, lowest bit first */
    uint64_t spans_left;
    uint64_t cursor; /* where the search for the next span begins */

    uint8_t pages[BLOB_PAGES_MAX / 8]; /* verified and given to the caller */
    uint64_t pages_left;
    uint64_t page_cursor;
    uint8_t page[BLOB_LAYER_PAGE * HASH_LEN]; /* the one page kept */
    uint64_t page_index;
    enum blob_page_state page_state;

    uint8_t inner[BLOB_SPAN_LEAVES * HASH_LEN]; /* of the LOCATING span */
    struct blob_fetch_provider providers[BLOB_FETCH_PROVIDERS];
    struct blob_fetch_span spans[BLOB_FETCH_SPANS];
};

#endif
