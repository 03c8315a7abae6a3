#ifndef PROTO_BLOB_CHOOSE_H
#define PROTO_BLOB_CHOOSE_H

#include "proto/blob_fetch_state.h"

/*
 * Which blocks one provider is asked for next (docs/protocol.md §6.5).  Only
 * blob_plan.c calls it.
 */

/* Blocks that nobody is asked for, or that are taken over from another. */
enum blob_choice_how {
    BLOB_CHOICE_NEW,
    BLOB_CHOICE_STOLEN, /* `victim` is waited for no more from `first` on */
    BLOB_CHOICE_COPIED  /* whoever brings them first */
};

struct blob_choice {
    enum blob_choice_how how;
    struct blob_fetch_span *span;
    unsigned first; /* of the span's blocks */
    unsigned count;
    struct blob_fetch_request *victim;
};

/* The first missing span that a reader waits for, or UINT64_MAX. */
uint64_t blob_choose_urgent(const struct blob_fetch *f);

/* Whether this provider could begin a span that a reader waits for. */
bool blob_choose_can_urge(struct blob_fetch *f,
                          const struct blob_fetch_provider *p);

/*
 * A span that a reader waits for, in work by now, of which this provider is to
 * be asked for the leaf hashes before its blocks; or NULL.
 */
struct blob_fetch_span *
blob_choose_unproved(struct blob_fetch *f, const struct blob_fetch_provider *p);

/* Chooses at most `room` blocks; false if there is nothing worth asking. */
bool blob_choose(struct blob_fetch *f, struct blob_fetch_provider *p,
                 unsigned room, struct blob_choice *out);

#endif
