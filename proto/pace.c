/* The rule that keeps bulk out of control's way.  Knows no socket. */
#include "proto/pace.h"

#include <assert.h>

/* A rate is measured over so long, and not over a gap of so long. */
#define SAMPLE_MS 10
#define GAP_MS    100

void pace_init(struct pace *p, uint64_t now_ms)
{
    *p = (struct pace){ .now_ms = now_ms, .since_ms = now_ms };
}

/* What took long because nothing was to be sent says nothing about the way. */
static void skip_gap(struct pace *p, uint64_t now_ms)
{
    if (p->waiting > 0 || now_ms - p->now_ms < GAP_MS)
        return;
    p->since_ms = now_ms;
    p->gone = 0;
}

void pace_tell(struct pace *p, uint64_t now_ms, uint64_t written,
               uint64_t unsent)
{
    uint64_t elapsed;
    uint64_t rate;

    assert(now_ms >= p->now_ms);
    skip_gap(p, now_ms);
    p->now_ms = now_ms;
    if (unsent < p->waiting + written)
        p->gone += p->waiting + written - unsent;
    p->waiting = unsent;
    elapsed = now_ms - p->since_ms;
    if (elapsed < SAMPLE_MS)
        return;
    rate = p->gone * 1000 / elapsed;
    p->rate = p->rate == 0 ? rate : (p->rate + rate) / 2;
    p->since_ms = now_ms;
    p->gone = 0;
}

size_t pace_limit(const struct pace *p)
{
    uint64_t bytes = p->rate / 1000 * PACE_MS;

    if (bytes < PACE_BYTES_MIN)
        return PACE_BYTES_MIN;
    return bytes < PACE_BYTES_MAX ? (size_t)bytes : PACE_BYTES_MAX;
}

size_t pace_room(const struct pace *p)
{
    size_t limit = pace_limit(p);

    return p->waiting < limit ? limit - (size_t)p->waiting : 0;
}
