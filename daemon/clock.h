#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/domain.h"

/*
 * The wall clock: milliseconds since 1970, as records carry them.  Timers and
 * state machines use uv_now() instead, which no change of the date touches.
 * With --test-clock, on networks that are for tests, it can be moved.
 */
struct clock {
    bool is_test;
    int64_t offset_ms;
    uint64_t skipped_ms; /* by which it was put forward, all in all */
};

/* ERR_REFUSED if `is_test` on a network other than lab and test*. */
MUST_CHECK enum err clock_init(struct clock *clock, bool is_test,
                               const struct network *network);
uint64_t clock_now_ms(const struct clock *clock);
/* From here the clock shows `now_ms` and runs on.  ERR_REFUSED if not a test.
 */
MUST_CHECK enum err clock_set(struct clock *clock, uint64_t now_ms);

#endif
