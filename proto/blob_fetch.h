#ifndef PROTO_BLOB_FETCH_H
#define PROTO_BLOB_FETCH_H

#include "proto/blob_fetch_state.h"

/*
 * Fetching one blob for one topic from up to eight providers (docs/protocol.md
 * §6.4).  It decides what is asked of whom, where bytes belong and who is to
 * blame; the caller owns the span buffers, hashes elsewhere, and writes.
 * One thread.  Fixed memory: at most 32 spans are in work at once, and of the
 * layer only one page is kept.
 *
 *   any input (a frame, an answer to an effect, blob_fetch_tick), then
 *   blob_fetch_next() until it says false, then a tick when
 *   blob_fetch_deadline() has come, or a few times a second.
 */

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
    /*
     * Memory for what providers say they have, BLOB_FETCH_PROVIDERS times the
     * length of `held`, for as long; NULL: they are not asked to tell.
     */
    uint8_t *have;
    uint64_t start; /* where to begin among others that begin; any span */
    bool limited;   /* only what a reader wants is asked for */
};

/* clang-format off */
/*
 *   ASK           send `ask` to `provider` as `request`
 *   WATCH         send BLOB_WATCH for tag and id of `ask`, likewise
 *   CANCEL        send BLOB_CANCEL for `request` to `provider`
 *   STORE_PAGE    store the verified hashes of page `index`
 *   NEED_PAGE     read page `index` back: blob_fetch_page_loaded()
 *   VERIFY_SPAN   hash the buffer `slot` (span `index`, `len` bytes) and
 *                 compare with `expected`: blob_fetch_span_verified()
 *   WRITE_SPAN    write the buffer `slot`: blob_fetch_span_written()
 *   CHECK_LEAVES  compare the buffer's leaf hashes with `hashes`:
 *                 blob_fetch_leaves_checked()
 *   CHECK_BLOCKS  the same of `len` bytes from `offset` on, for a reader:
 *                 blob_fetch_blocks_checked(); others still come meanwhile
 *   BAN           this provider lied about this blob: tell why, once
 *   STALLED       nobody can be asked now; again after each new progress
 *   FINISHED      every span is written
 * `hashes` and `expected` live until the next input.
 */
/* clang-format on */
enum blob_fetch_kind {
    BLOB_FETCH_ASK,
    BLOB_FETCH_WATCH,
    BLOB_FETCH_CANCEL,
    BLOB_FETCH_STORE_PAGE,
    BLOB_FETCH_NEED_PAGE,
    BLOB_FETCH_VERIFY_SPAN,
    BLOB_FETCH_WRITE_SPAN,
    BLOB_FETCH_CHECK_LEAVES,
    BLOB_FETCH_CHECK_BLOCKS,
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
    size_t offset;  /* in the span's buffer */
    size_t len;     /* of the span, or of a part of it */
    struct bytes hashes;
    const uint8_t *expected;
    enum err why;
};

/* Where the bytes of a BLOB_DATA belong. */
struct blob_place {
    unsigned slot;
    size_t offset; /* in that buffer */
    size_t skip;   /* bytes of the message that are dropped before them */
    size_t len;    /* of those that are kept; the rest is dropped */
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
/* Whether it was asked for something that has not all come. */
bool blob_fetch_owes(const struct blob_fetch *f, unsigned provider);
/*
 * Whether all places are taken, and one of them by a provider that has nothing
 * or was banned: it may make room.
 */
bool blob_fetch_provider_spare(const struct blob_fetch *f, unsigned *provider);
/* What the session measured last. */
void blob_fetch_provider_rtt(struct blob_fetch *f, unsigned provider,
                             uint64_t rtt_ms);
/* It is asked for nothing more before then; what was asked for goes on. */
void blob_fetch_provider_pause(struct blob_fetch *f, unsigned provider,
                               uint64_t until_ms, uint64_t now_ms);

/*
 * Takes a decoded BLOB_DATA and says where its bytes belong; copy them before
 * the next call.
 *   ERR_CANCELLED  given up, or here already: drop the bytes, all is well
 *   ERR_NOT_ASKED  nobody asked for them; close
 */
MUST_CHECK enum err blob_fetch_place(struct blob_fetch *f,
                                     struct blob_place *out, unsigned provider,
                                     const struct blob_msg *msg,
                                     uint64_t now_ms);
/*
 * Takes a decoded BLOB_LAYER, BLOB_INNER, BLOB_HAVE or BLOB_END.  Hashes that
 * do not lead to the root ban their sender for this blob (an effect), which is
 * no error. ERR_NOT_ASKED     nobody asked for it; close ERR_OUT_OF_ORDER  an
 * END that says OK before all has come; close ERR_NO_MEMORY     it could not be
 * checked and is asked for again
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
/* The same of the leaves that were to be compared, from 0 on. */
void blob_fetch_blocks_checked(struct blob_fetch *f, unsigned slot,
                               uint64_t good, uint64_t now_ms);
/*
 * The hashes of page `page` as they were stored; the caller vouches that they
 * are undamaged (blob_page_root() beside the roots that it keeps).  An empty
 * view: the page is lost, and is fetched again.
 */
void blob_fetch_page_loaded(struct blob_fetch *f, uint64_t page,
                            struct bytes hashes, uint64_t now_ms);

/*
 * A reader waits for the byte `at`, and will for those up to `end`: they come
 * first and in order, at most BLOB_AHEAD_MAX spans of them.  What would come
 * before and take longer than to ask again is called off.
 */
void blob_fetch_seek(struct blob_fetch *f, uint64_t at, uint64_t end);
/*
 * Whether the byte `at` lies in a buffer and is known to be the blob's: until
 * the next input `len` bytes from `offset` of buffer `slot` are.
 */
bool blob_fetch_proved(const struct blob_fetch *f, uint64_t at,
                       struct blob_place *out);
/* Whether anything but what the reader waits for is fetched. */
void blob_fetch_limit(struct blob_fetch *f, bool limited);
/* At most so many spans are in work at once, from now on. */
void blob_fetch_allow(struct blob_fetch *f, unsigned spans);

/* Time passes: leaves providers that owe bytes and send none, and lets others
 * take over what is late. */
void blob_fetch_tick(struct blob_fetch *f, uint64_t now_ms);
/* When to call blob_fetch_tick() at the latest; UINT64_MAX: never. */
uint64_t blob_fetch_deadline(const struct blob_fetch *f);

/* Gives the next thing to do, or false if there is nothing now. */
bool blob_fetch_next(struct blob_fetch *f, struct blob_fetch_effect *out);

/* Gives up: all requests are cancelled, nothing more is asked or told. */
void blob_fetch_stop(struct blob_fetch *f);
/* No request is open, so that no frame will come any more: what tests of the
 * end look at. */
bool blob_fetch_is_idle(const struct blob_fetch *f);

#endif
