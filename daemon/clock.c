#include "daemon/clock.h"

#include <string.h>
#include <time.h>

static bool network_is_for_tests(const struct network *network)
{
    return strcmp(network->name, "lab") == 0 ||
           strncmp(network->name, "test", 4) == 0;
}

static uint64_t real_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum err clock_init(struct clock *clock, bool is_test,
                    const struct network *network)
{
    if (is_test && !network_is_for_tests(network))
        return ERR_REFUSED;
    *clock = (struct clock){ .is_test = is_test };
    return ERR_OK;
}

uint64_t clock_now_ms(const struct clock *clock)
{
    /* Wraps as two's complement does, so that any offset is undone by itself.
     */
    return real_ms() + (uint64_t)clock->offset_ms;
}

enum err clock_set(struct clock *clock, uint64_t now_ms)
{
    if (!clock->is_test || now_ms > RECORD_TIME_MAX_MS)
        return ERR_REFUSED;
    if (now_ms > clock_now_ms(clock))
        clock->skipped_ms += now_ms - clock_now_ms(clock);
    clock->offset_ms = (int64_t)now_ms - (int64_t)real_ms();
    return ERR_OK;
}
