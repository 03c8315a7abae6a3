#include "daemon/backoff.h"

#include <assert.h>

#include "proto/limits.h"

uint64_t backoff_ms(uint32_t failures, uint32_t random)
{
    uint64_t wait = DIAL_BACKOFF_MIN_MS;

    assert(failures > 0);
    for (uint32_t i = 1; i < failures && wait < DIAL_BACKOFF_MAX_MS; i++)
        wait *= 2;
    if (wait > DIAL_BACKOFF_MAX_MS)
        wait = DIAL_BACKOFF_MAX_MS;
    /* From 3/4 of it, up by as much as 1/2 of it. */
    return wait - wait / 4 + wait / 2 * random / UINT32_MAX;
}
