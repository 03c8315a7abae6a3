#ifndef PROTO_REQUEST_STATE_H
#define PROTO_REQUEST_STATE_H

#include "proto/topic_state.h"

/*
 * Where a request stands (docs/protocol.md §7.8) and how a contribution stands
 * to it: derived from the closes in force, the same on every node.
 */

enum request_phase {
    REQUEST_OPEN,
    REQUEST_PAST_DEADLINE, /* open, and its deadline has passed */
    REQUEST_CLOSED,
    REQUEST_GONE /* void, retracted or waiting */
};

struct request_state {
    enum request_phase phase;
    const struct topic_entry *request; /* the version in force, or NULL */
    const struct topic_entry *close;   /* the closing entry, or NULL */
    uint64_t deadline_ms;              /* in force; 0 if there is none */
    uint64_t first_deadline_ms;        /* as first published; 0 if none */
    bool is_extended;
};

/* The state of the request that `id` names (any version), as of judging. */
MUST_CHECK enum err request_state_of(struct request_state *out,
                                     const struct topic_state *ts,
                                     const uint8_t id[ID_LEN]);

/* Whether `e` is a close in force of the request whose first record has the
 * index `first`: one entry of its log. */
bool request_is_closed_by(const struct topic_state *ts,
                          const struct topic_entry *e, uint32_t first);

/*
 * Until when the request asks not to show its entries to others than its
 * leaders and their authors; 0 if it does not.  A wish about display: whoever
 * holds the topic holds the entries.  ERR_NO_MEMORY
 */
MUST_CHECK enum err request_hidden_until(uint64_t *out,
                                         const struct request_state *s);

enum contribution_timing {
    TIMING_NONE, /* answers no request, or one without an end */
    TIMING_IN_TIME,
    TIMING_LATE,   /* dated after the deadline in force, or after the close */
    TIMING_CLAIMED /* dated in time, not named as known at the close */
};

/* ERR_NOT_FOUND if `e` is no contribution with a body, ERR_NO_MEMORY. */
MUST_CHECK enum err request_timing(enum contribution_timing *out,
                                   const struct topic_state *ts,
                                   const struct topic_entry *e);

/* "in time", "late", "claimed in time, not seen by the leader" or "". */
const char *contribution_timing_text(enum contribution_timing t);

#endif
