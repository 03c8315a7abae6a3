#ifndef PROTO_PROJECT_STATE_H
#define PROTO_PROJECT_STATE_H

#include "proto/topic_state.h"

/*
 * Where a project stands (docs/protocol.md §7.4): derived from the records in
 * force, the same on every node.
 */
struct project_state {
    const struct topic_entry *version; /* in force, or NULL */
    const uint8_t *creator;            /* ID_LEN bytes, or NULL */
    uint64_t stage;                    /* of enum choice; 0: never stated */
    uint32_t requests_open;
    /* A listed version counts: something can be answered, or it is a board or
     * an open pool. */
    bool may_be_listed;
    bool is_listed;
};

/* As of judging.  ERR_NOT_FOUND if the topic is no project, ERR_NO_MEMORY. */
MUST_CHECK enum err project_state_of(struct project_state *out,
                                     const struct topic_state *ts);

/* Whether projects of that medium are listed from the beginning. */
bool project_is_place(uint64_t medium);

#endif
