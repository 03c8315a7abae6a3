/* The arithmetic of §5.8 and §5.9; see the header for why it is a prefix. */
#include "proto/budget.h"

bool budget_is_free(const struct budget *budget)
{
    return budget->records == UINT32_MAX;
}

bool budget_keep(struct budget_walk *walk, const struct budget *budget,
                 uint64_t bytes)
{
    if (budget_is_free(budget))
        return true;
    if (walk->is_full || walk->records >= budget->records ||
        walk->bytes >= budget->bytes || bytes > budget->bytes - walk->bytes) {
        walk->is_full = true;
        return false;
    }
    walk->records++;
    walk->bytes += bytes;
    return true;
}

/* Whether the meter's hour has passed, or none has begun. */
static bool is_over(const struct budget_meter *meter, uint64_t now_ms)
{
    return meter->count == 0 || now_ms - meter->since_ms >= KNOWN_EVERY_MS;
}

void budget_meter_add(struct budget_meter *meter, uint64_t now_ms)
{
    if (is_over(meter, now_ms))
        *meter = (struct budget_meter){ .since_ms = now_ms };
    if (meter->count < UINT32_MAX)
        meter->count++;
}

uint64_t budget_meter_until(const struct budget_meter *meter, uint64_t now_ms)
{
    if (is_over(meter, now_ms) || meter->count < KNOWN_PEER_MAX)
        return 0;
    return meter->since_ms + KNOWN_EVERY_MS;
}
