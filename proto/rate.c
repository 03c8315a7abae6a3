/* The balance of a limit; what is sent when is for the caller. */
#include "proto/rate.h"

#include <assert.h>

/* Of one taking, so that a debt cannot overflow. */
#define TAKE_MAX ((uint64_t)1 << 40)

static int64_t burst(const struct rate *r)
{
    return (int64_t)(r->per_s * RATE_BURST_MS);
}

static void count_time(struct rate *r, uint64_t now_ms)
{
    uint64_t elapsed = now_ms - r->at_ms;
    int64_t room = burst(r) - r->balance;

    assert(now_ms >= r->at_ms);
    r->at_ms = now_ms;
    if (r->per_s == 0 || room <= 0)
        return;
    /* A thousandth of a byte is what one byte a second brings in 1 ms. */
    if (elapsed > (uint64_t)room / r->per_s)
        r->balance = burst(r);
    else
        r->balance += (int64_t)(elapsed * r->per_s);
}

void rate_init(struct rate *r, uint64_t per_s, uint64_t now_ms)
{
    assert(per_s <= RATE_MAX);
    *r = (struct rate){ .per_s = per_s, .at_ms = now_ms };
}

void rate_set(struct rate *r, uint64_t per_s, uint64_t now_ms)
{
    assert(per_s <= RATE_MAX);
    count_time(r, now_ms);
    r->per_s = per_s;
    if (per_s == 0 || r->balance > burst(r))
        r->balance = 0;
}

bool rate_allows(struct rate *r, uint64_t now_ms)
{
    count_time(r, now_ms);
    return r->per_s == 0 || r->balance >= 0;
}

void rate_take(struct rate *r, uint64_t bytes, uint64_t now_ms)
{
    assert(bytes <= TAKE_MAX);
    count_time(r, now_ms);
    if (r->per_s != 0 && r->balance > -(int64_t)(TAKE_MAX * 1000))
        r->balance -= (int64_t)(bytes * 1000);
}

uint64_t rate_ready_ms(struct rate *r, uint64_t now_ms)
{
    uint64_t debt;

    if (rate_allows(r, now_ms))
        return now_ms;
    debt = (uint64_t)-r->balance;
    return now_ms + (debt + r->per_s - 1) / r->per_s;
}
