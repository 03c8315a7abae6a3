#ifndef PROTO_BLOB_FETCH_H
#define PROTO_BLOB_FETCH_H

#include "proto/blob_msg.h"

/*
 * Fetching one blob for one topic from up to eight providers (docs/protocol.md
 * §6.4).  It decides what is asked of whom, where bytes belong and who is to
 * blame; the caller owns the span buffers, hashes on its pool, and writes.
 * One thread.  Fixed memory: at most 32 spans are in work at once, and of the
 * layer only one page is kept.
 *
 *   any input (a frame, an answer to an effect, blob_fetch_tick), then
 *   blob_fetch_next() until it says false, then a timer for
 *   blob_fetch_deadline().
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

/* Spans whose bitmap the caller gives: one bit each, lowest bit first. */
#define BLOB_BITMAP_LEN(count) (((count) + 7) / 8)

struct blob_fetch_config {
    struct blob_id id;  /* passed blob_id_check() */
    uint32_t base;      /* requests are base to base + 0xffff: the caller finds
                           the machine of a frame by its upper half */
    unsigned spans_max; /* 1 to BLOB_FETCH_SPANS: buffers that it may use */
    /*
     * Spans that are written already; BLOB_BITMAP_LEN(blob_span_count()) bytes
     * that live as long as the machine, which sets the bits of others.
     */
    uint8_t *held;
    const uint8_t *pages; /* pages stored already, likewise; NULL: none */
};

/*
 *   ASK           send `ask` to `provider` as `request`
 *   CANCEL        send BLOB_CANCEL for `request` to `provider`
 *   STORE_PAGE    store the verified hashes of page `index`
 *   NEED_PAGE     read page `index` back: blob_fetch_page_loaded()
 *   VERIFY_SPAN   hash the buffer `slot` (span `index`, `len` bytes) and
 * compare with `expected`: blob_fetch_span_verified() WRITE_SPAN    write the
 * buffer `slot`: blob_fetch_span_written() CHECK_LEAVES  compare the buffer's
 * leaf hashes with `hashes`: blob_fetch_leaves_checked() BAN           this
 * provider lied about this blob: tell why, once STALLED       nobody can be
 * asked now; given again after each new progress DONE          every span is
 * written `hashes` and `expected` live until the next input.
 */
enum blob_fetch_kind {
    BLOB_FETCH_ASK,
    BLOB_FETCH_CANCEL,
    BLOB_FETCH_STORE_PAGE,
    BLOB_FETCH_NEED_PAGE,
    BLOB_FETCH_VERIFY_SPAN,
    BLOB_FETCH_WRITE_SPAN,
    BLOB_FETCH_CHECK_LEAVES,
    BLOB_FETCH_BAN,
    BLOB_FETCH_STALLED,
    BLOB_FETCH_FINISHED
};

struct blob_fetch_effect {
    enum blob_fetch_kind kind;
    unsigned provider;
    uint32_t request;
    struct blob_ask ask;
    unsigned slot;  /* 0 to spans_max - 1: which of the caller's buffers */
    uint64_t index; /* of the span or page in the blob */
    size_t len;     /* of the span */
    struct bytes hashes;
    const uint8_t *expected;
    enum err why;
};

/* Where the bytes of a BLOB_DATA belong. */
struct blob_place {
    unsigned slot;
    size_t offset; /* in that buffer */
};

void blob_fetch_init(struct blob_fetch *f,
                     const struct blob_fetch_config *config, uint64_t now_ms);

/*
 * Adds a connected peer that may have the blob.  `tag` is the topic's in our
 * role; `requests_max` its share of the connection's BLOB_REQUESTS_MAX.
 *   ERR_BUSY  there are BLOB_FETCH_PROVIDERS already
 */
MUST_CHECK enum err blob_fetch_provider_add(struct blob_fetch *f,
                                            unsigned *provider,
                                            const uint8_t tag[BLOB_TAG_LEN],
                                            unsigned requests_max,
                                            uint64_t rtt_ms, uint64_t now_ms);
/* The peer is gone; its number may be given to another. */
void blob_fetch_provider_remove(struct blob_fetch *f, unsigned provider,
                                uint64_t now_ms);
/* What the session measured last. */
void blob_fetch_provider_rtt(struct blob_fetch *f, unsigned provider,
                             uint64_t rtt_ms);
/* It may have got the blob just now: its rest, if any, ends. */
void blob_fetch_provider_wake(struct blob_fetch *f, unsigned provider,
                              uint64_t now_ms);

/*
 * Takes a decoded BLOB_DATA and says where its bytes belong; copy them before
 * the next call.
 *   ERR_CANCELLED  of a request given up: drop the bytes, all is well
 *   ERR_NOT_ASKED  nobody asked for them; close
 */
MUST_CHECK enum err blob_fetch_place(struct blob_fetch *f,
                                     struct blob_place *out, unsigned provider,
                                     const struct blob_msg *msg,
                                     uint64_t now_ms);
/*
 * Takes a decoded BLOB_LAYER, BLOB_INNER or BLOB_END.  Hashes that do not lead
 * to the root ban their sender for this blob (an effect), which is no error.
 *   ERR_NOT_ASKED     nobody asked for it; close
 *   ERR_OUT_OF_ORDER  an END that says OK before all has come; close
 *   ERR_NO_MEMORY     it could not be checked and is asked for again
 */
MUST_CHECK enum err blob_fetch_recv(struct blob_fetch *f, unsigned provider,
                                    const struct blob_msg *msg,
                                    uint64_t now_ms);

/* Answers to effects.  `slot` is the effect's. */
void blob_fetch_span_verified(struct blob_fetch *f, unsigned slot, bool good,
                              uint64_t now_ms);
void blob_fetch_span_written(struct blob_fetch *f, unsigned slot,
                             uint64_t now_ms);
/* Bit i of `good`: leaf i of the buffer has the hash that it should have. */
void blob_fetch_leaves_checked(struct blob_fetch *f, unsigned slot,
                               uint64_t good, uint64_t now_ms);
/*
 * The hashes of page `page` as they were stored; the caller vouches that they
 * are undamaged (blob_page_root() beside the roots that it keeps).  An empty
 * view: the page is lost, and is fetched again.
 */
void blob_fetch_page_loaded(struct blob_fetch *f, uint64_t page,
                            struct bytes hashes, uint64_t now_ms);

/* A reader wants this span next; others follow it. */
void blob_fetch_seek(struct blob_fetch *f, uint64_t span);

/* Time passes: leaves providers that owe bytes and send none. */
void blob_fetch_tick(struct blob_fetch *f, uint64_t now_ms);
/* When to call blob_fetch_tick() at the latest; UINT64_MAX: never. */
uint64_t blob_fetch_deadline(const struct blob_fetch *f);

/* Gives the next thing to do, or false if there is nothing now. */
bool blob_fetch_next(struct blob_fetch *f, struct blob_fetch_effect *out);

/* Gives up: all requests are cancelled, nothing more is asked or told. */
void blob_fetch_stop(struct blob_fetch *f);
/*
 * No request is open: after DONE or blob_fetch_stop() the machine may be
 * forgotten, and no frame will come for it any more.
 */
bool blob_fetch_is_idle(const struct blob_fetch *f);

#endif
