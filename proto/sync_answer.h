#ifndef PROTO_SYNC_ANSWER_H
#define PROTO_SYNC_ANSWER_H

#include "proto/sync_range.h"

/*
 * What to say to a message of ranges (protocol.md §5.3): compares them with
 * the set, writes the ranges of the reply, and what is to be sent as jobs.
 */
struct sync_answer {
    const struct record_set *set;
    const uint8_t *topic;
    const struct sync_key *key;
    struct record_range window;
    struct sync_cursor sent; /* over the ranges that are being answered */
    struct sync_builder reply;
    struct sync_builder jobs;
    uint64_t scan_left; /* entries that may still be looked at */
};

/* Writes the first ranges of a session to `reply`. */
MUST_CHECK enum err sync_answer_opening(struct sync_answer *a);

/* Answers `body`, whose ranges were checked before.  Errors of the set. */
MUST_CHECK enum err sync_answer_ranges(struct sync_answer *a,
                                       struct bytes body);

/* The id list of `sent` that a WANT refers to; false if there is none. */
bool sync_answer_find_list(struct sync_cursor *sent,
                           const struct sync_range *want,
                           struct sync_range *out);

#endif
