#ifndef PROTO_SYNC_ESTIMATE_H
#define PROTO_SYNC_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the first ranges of a session tell of how two sets differ.  It is a
 * guess: a wrong one costs bytes, never a record.
 */

/* One FINGERPRINT of the opening, beside what the answerer has there. */
struct sync_estimate_range {
    uint64_t theirs;
    uint64_t ours;
    bool differs;
};

/* More than an opening that follows the protocol has. */
#define SYNC_ESTIMATE_MAX 64

/* How many coded symbols to begin with; 0 if ranges will cost less. */
size_t sync_estimate_symbols(const struct sync_estimate_range *ranges,
                             size_t n);

#endif
