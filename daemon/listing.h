#ifndef DAEMON_LISTING_H
#define DAEMON_LISTING_H

#include "daemon/param.h"
#include "daemon/search.h"

/*
 * Lists in pages: a scan of the store, newest first, each item asked whether
 * it belongs, until `limit` are taken.  The cursor `next` is the number of the
 * last record looked at.
 */
struct listing {
    struct call *call;
    struct store_scan scan; /* set by the method after listing_begin() */
    bool is_search;         /* what was found, in place of the scan */
    struct store_hits hits;
    size_t at;          /* of the next hit */
    bool only_founders; /* records whose id is their topic */
    bool any_presence;  /* also those that are known, not held */
    bool oldest_first;
    const struct writer *before; /* items ahead of the first page's, or NULL */
    uint32_t before_count;
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
/*
 * What the search finds takes the place of the scan: versions of objects, of
 * which those in force are to be taken.  False after the call has been failed.
 * listing_run() has to follow.
 */
bool listing_search(struct listing *listing, const struct search *search,
                    uint64_t kind);
/* Runs it and answers {items, next}. */
void listing_run(struct listing *listing, listing_fn *item);

/* Answers one record as `view` shows it, or NOT_FOUND with `not_found`. */
typedef enum err listing_view_fn(struct writer *w, const struct view *v,
                                 const uint8_t id[ID_LEN], uint32_t extra);
void listing_show(struct call *call, const struct store_item *item,
                  listing_view_fn *view, const char *not_found);

/* After call_reply(): fails the call instead of sending what was put. */
void listing_fail(struct call *call, enum err e, const char *not_found);

#endif
