#ifndef DAEMON_LISTING_H
#define DAEMON_LISTING_H

#include "daemon/param.h"

/*
 * Lists in pages: a scan of the store, newest first, each item asked whether
 * it belongs, until `limit` are taken.  The cursor `next` is the number of the
 * last record looked at.
 */
struct listing {
    struct call *call;
    struct store_scan scan; /* set by the method after listing_begin() */
    bool only_founders;     /* records whose id is their topic */
    bool any_presence;      /* also those that are known, not held */
    bool oldest_first;
    /* Items were left out that are shown from then on; 0: none. */
    const uint64_t *hidden_until_ms;
};

/*
 * Puts one item and sets *taken, or leaves the writer as it is.  An error
 * fails the call.
 */
typedef enum err listing_fn(struct call *call, const struct store_item *item,
                            struct writer *w, bool *taken);

/* False after the call has been failed (a bad cursor). */
bool listing_begin(struct listing *listing, struct call *call);
/* Runs it and answers {items, next}. */
void listing_run(struct listing *listing, listing_fn *item);

/* Whether `words` stand in `text`, whatever their ASCII case; empty ones do. */
bool listing_text_has(struct bytes text, struct bytes words);

/* After call_reply(): fails the call instead of sending what was put. */
void listing_fail(struct call *call, enum err e, const char *not_found);

#endif
