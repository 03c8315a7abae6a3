#ifndef PROTO_REVOCATION_H
#define PROTO_REVOCATION_H

#include "proto/record.h"

/*
 * What a device_revoke record means for one record (protocol.md §2.5).  Which
 * revocation is in force, and what becomes of a final kind that is hit, is
 * decided by who judges the topic.
 */

/* Half an id names a record that its owner knows to be theirs. */
#define REVOCATION_PREFIX_LEN 16
/* A revocation reaches no further back than this before its own date. */
#define REVOCATION_REACH_MS ((uint64_t)30 * DAY_MS)

struct revocation {
    const uint8_t *person; /* its author, ID_LEN bytes */
    const uint8_t *device; /* KEY_LEN bytes */
    uint64_t created_ms;
    uint64_t since_ms;
    /* The `known` of body and pages joined, ascending; NULL if there is none.
     */
    const uint8_t *known;
    size_t known_count;
};

/* Whether the revocation takes `r` out of force. */
bool revocation_hits(const struct revocation *v, const struct record *r);

#endif
