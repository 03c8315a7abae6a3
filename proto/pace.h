#ifndef PROTO_PACE_H
#define PROTO_PACE_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * How much bulk may be on its way to the wire at once (docs/protocol.md §4.5).
 * What has been handed to the system cannot be overtaken any more: so a small
 * frame that comes now waits for all of it.  Bulk is handed over only as far as
 * what waits leaves within PACE_MS, at the rate at which bytes left lately.
 */
struct pace {
    uint64_t rate;     /* bytes a second, smoothed; 0: nothing has left yet */
    uint64_t now_ms;   /* when last told */
    uint64_t since_ms; /* since when it is measured */
    uint64_t gone;     /* bytes that have left since */
    uint64_t waiting;  /* unsent when last told */
};

void pace_init(struct pace *p, uint64_t now_ms);

/*
 * Tells that `written` bytes were handed over since the last time, and that of
 * all that was, `unsent` have not left yet.
 */
void pace_tell(struct pace *p, uint64_t now_ms, uint64_t written,
               uint64_t unsent);

/* Bytes that may wait unsent: PACE_BYTES_MIN to PACE_BYTES_MAX. */
size_t pace_limit(const struct pace *p);
/* How many of them may be handed over now. */
size_t pace_room(const struct pace *p);

#endif
