/* Sizes, rates and times of day in troupe.conf. */
#include "daemon/config_value.h"

#include <stdio.h>
#include <string.h>

#include "proto/mp.h"
#include "proto/rate.h"

/* Up to `len` bytes of text; what follows the unit is left to the caller. */
static enum err parse_bytes(uint64_t *out, const char *value, size_t len)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        { "", 1 },
        { "kB", 1000 },
        { "MB", 1000000 },
        { "GB", 1000000000 },
        { "TB", 1000000000000 },
        { "KiB", (uint64_t)1 << 10 },
        { "MiB", (uint64_t)1 << 20 },
        { "GiB", (uint64_t)1 << 30 },
        { "TiB", (uint64_t)1 << 40 },
    };
    uint64_t number = 0;
    size_t i = 0;

    for (; i < len && value[i] >= '0' && value[i] <= '9'; i++) {
        if (number > MP_INT_MAX / 10)
            return ERR_USAGE;
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    if (i == 0)
        return ERR_USAGE;
    while (i < len && value[i] == ' ')
        i++;
    for (unsigned u = 0; u < sizeof units / sizeof units[0]; u++) {
        if (strlen(units[u].name) != len - i ||
            memcmp(value + i, units[u].name, len - i) != 0)
            continue;
        if (number > MP_INT_MAX / units[u].bytes)
            return ERR_USAGE;
        *out = number * units[u].bytes;
        return ERR_OK;
    }
    return ERR_USAGE;
}

enum err config_size_parse(uint64_t *out, const char *value)
{
    return parse_bytes(out, value, strlen(value));
}

enum err config_rate_parse(uint64_t *out, const char *value)
{
    size_t len = strlen(value);
    uint64_t per_s;

    if (len > 2 && strcmp(value + len - 2, "/s") == 0)
        len -= 2;
    if (parse_bytes(&per_s, value, len) != ERR_OK || per_s > RATE_MAX)
        return ERR_USAGE;
    *out = per_s;
    return ERR_OK;
}

void config_rate_print(char out[CONFIG_VALUE_MAX], uint64_t per_s)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%llu", (unsigned long long)per_s);
}

static bool two_digits(unsigned *out, const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *out = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    return true;
}

/* HH:MM; 24:00 is the midnight at the end of the day. */
static bool time_of_day(unsigned *out, const char *text)
{
    unsigned hours;
    unsigned minutes;

    if (strnlen(text, 5) < 5 || !two_digits(&hours, text) || text[2] != ':' ||
        !two_digits(&minutes, text + 3) || minutes > 59 ||
        hours * 60 + minutes > DAY_PLAN_MINUTES)
        return false;
    *out = (hours * 60 + minutes) % DAY_PLAN_MINUTES;
    return true;
}

enum err config_plan_parse(struct day_plan *plan, const char *value)
{
    struct day_plan_row row;

    if (plan->count == DAY_PLAN_ROWS || strnlen(value, 12) < 12 ||
        !time_of_day(&row.from, value) || value[5] != '-' ||
        !time_of_day(&row.until, value + 6) || value[11] != ' ')
        return ERR_USAGE;
    value += 12;
    while (*value == ' ')
        value++;
    if (config_rate_parse(&row.per_s, value) != ERR_OK)
        return ERR_USAGE;
    plan->rows[plan->count++] = row;
    return ERR_OK;
}

void config_plan_print(char out[CONFIG_VALUE_MAX], const struct day_plan *plan)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < plan->count && len < CONFIG_VALUE_MAX; i++) {
        const struct day_plan_row *row = &plan->rows[i];

        len += (size_t)snprintf(
            out + len, CONFIG_VALUE_MAX - len, "%s%02u:%02u-%02u:%02u=%llu",
            i == 0 ? "" : ",", row->from / 60, row->from % 60, row->until / 60,
            row->until % 60, (unsigned long long)row->per_s);
    }
}
