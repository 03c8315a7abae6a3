#ifndef PROTO_BUDGET_H
#define PROTO_BUDGET_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * What a node keeps of authors whom nobody asked in (docs/protocol.md §5.8),
 * and how much a peer may make it remember (§5.9).  Pure arithmetic: who the
 * authors are is standing.h's, where the records lie is the store's.
 */

/* Of one author, in one topic, on one UTC day of created_ms. */
struct budget {
    uint32_t records;
    uint32_t bytes; /* of heads and bodies, as the heads say */
};

/* Authors without standing, where anybody may come. */
#define BUDGET_STRANGER                                                        \
    ((struct budget){ BUDGET_RECORDS_MAX, BUDGET_BYTES_MAX })
/* Where strangers may not. */
#define BUDGET_NOTHING ((struct budget){ 0, 0 })
/* No limit: the author has standing, or it is not known yet who has. */
#define BUDGET_FREE ((struct budget){ UINT32_MAX, UINT32_MAX })

bool budget_is_free(const struct budget *budget);

/*
 * A walk over the records of one author-day in ascending order of their ids.
 * All are kept up to the first that does not fit, and none from there on: so
 * the next smaller id can only push others out, never let one in, and what is
 * kept does not depend on the order of arrival.  Start with a zeroed walk.
 */
struct budget_walk {
    uint32_t records;
    uint64_t bytes;
    bool is_full;
};

/* Whether the next record, of so many bytes, is kept. */
bool budget_keep(struct budget_walk *walk, const struct budget *budget,
                 uint64_t bytes);

/*
 * Entries known and not held that one peer has added within the hour that
 * began with the first.  Start with a zeroed meter.
 */
struct budget_meter {
    uint64_t since_ms;
    uint32_t count;
};

/* Counts one more.  `now_ms` never falls. */
void budget_meter_add(struct budget_meter *meter, uint64_t now_ms);
/* When it may add again; 0 if it may now. */
uint64_t budget_meter_until(const struct budget_meter *meter, uint64_t now_ms);

#endif
