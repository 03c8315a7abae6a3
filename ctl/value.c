/* Words of the command line as numbers, times and sizes. */
#include "ctl/value.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Digits at *text, at most `digits_max` of them; false if there are none. */
static bool take_digits(uint64_t *out, const char **text, size_t digits_max)
{
    uint64_t v = 0;
    size_t n = 0;

    for (; **text >= '0' && **text <= '9' && n < digits_max; n++, (*text)++)
        v = v * 10 + (uint64_t)(**text - '0');
    *out = v;
    return n > 0;
}

bool value_uint(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t v;

    if (!take_digits(&v, &at, 15) || *at != '\0')
        return fail_set(f, EXIT_CODE_USAGE, NULL,
                        "\"%s\" is not a whole number", text);
    *out = v;
    return true;
}

/* A number with at most one unit of a table behind it. */
struct unit {
    const char *name;
    uint64_t factor;
};

static bool take_unit(uint64_t *out, const char *text, const struct unit *units)
{
    const char *at = text;
    uint64_t v;

    if (!take_digits(&v, &at, 15))
        return false;
    for (; units->name != NULL; units++) {
        if (strcasecmp(at, units->name) == 0 &&
            v <= MP_INT_MAX / units->factor) {
            *out = v * units->factor;
            return true;
        }
    }
    return false;
}

bool value_duration(uint64_t *out, struct fail *f, const char *text)
{
    static const struct unit units[] = {
        { "s", 1000 },         { "m", 60 * 1000 },     { "h", 3600 * 1000 },
        { "d", 86400 * 1000 }, { "w", 604800 * 1000 }, { NULL, 0 },
    };

    if (!take_unit(out, text, units))
        return fail_set(f, EXIT_CODE_USAGE,
                        "give a number and s, m, h, d or w: 90s, 12h, 14d",
                        "\"%s\" is not a duration", text);
    return true;
}

bool value_size(uint64_t *out, struct fail *f, const char *text)
{
    static const struct unit units[] = {
        { "", 1 },
        { "B", 1 },
        { "kB", 1000 },
        { "MB", 1000000 },
        { "GB", 1000000000 },
        { "TB", 1000000000000 },
        { "K", 1 << 10 },
        { "M", 1 << 20 },
        { "G", 1 << 30 },
        { "T", (uint64_t)1 << 40 },
        { "KiB", 1 << 10 },
        { "MiB", 1 << 20 },
        { "GiB", 1 << 30 },
        { "TiB", (uint64_t)1 << 40 },
        { NULL, 0 },
    };

    if (!take_unit(out, text, units))
        return fail_set(f, EXIT_CODE_USAGE,
                        "give bytes or a unit: 500MB, 10GiB",
                        "\"%s\" is not a size", text);
    return true;
}

bool value_share(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t whole;
    uint64_t part = 0;
    size_t digits = 0;

    if (!take_digits(&whole, &at, 3))
        goto wrong;
    if (*at == '.') {
        const char *from = ++at;

        if (!take_digits(&part, &at, 2))
            goto wrong;
        digits = (size_t)(at - from);
    }
    if (*at == '%')
        at++;
    if (*at != '\0')
        goto wrong;
    whole = whole * 100 + (digits == 1 ? part * 10 : part);
    if (whole > 10000)
        goto wrong;
    *out = whole;
    return true;

wrong:
    return fail_set(f, EXIT_CODE_USAGE, "give a percentage: 50% or 12.5%",
                    "\"%s\" is not a share", text);
}

/* Reads fixed digits, and then `after`, which is '\0' for nothing. */
static bool take_part(int *out, const char **at, size_t digits, char after)
{
    const char *from = *at;
    uint64_t v;

    if (!take_digits(&v, at, digits) || (size_t)(*at - from) != digits)
        return false;
    if (after != '\0' && *(*at)++ != after)
        return false;
    *out = (int)v;
    return true;
}

static bool take_date(struct tm *t, const char **at)
{
    *t = (struct tm){ .tm_isdst = -1 };
    if (!take_part(&t->tm_year, at, 4, '-') ||
        !take_part(&t->tm_mon, at, 2, '-') ||
        !take_part(&t->tm_mday, at, 2, '\0'))
        return false;
    t->tm_year -= 1900;
    t->tm_mon -= 1;
    return t->tm_year >= 70 && t->tm_mon >= 0 && t->tm_mon < 12 &&
           t->tm_mday >= 1 && t->tm_mday <= 31;
}

/* "Z" or "+02:00": seconds east of Greenwich. */
static bool take_zone(long *east, const char **at)
{
    int hours;
    int minutes;
    char sign = *(*at)++;

    *east = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (sign != '+' && sign != '-')
        return false;
    if (!take_part(&hours, at, 2, ':') || !take_part(&minutes, at, 2, '\0'))
        return false;
    *east = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
    return hours < 24 && minutes < 60;
}

/* RFC 3339, after its date. */
static bool take_clock(int64_t *ms, struct tm *t, const char **at)
{
    uint64_t fraction = 0;
    long east;

    if (!take_part(&t->tm_hour, at, 2, ':') ||
        !take_part(&t->tm_min, at, 2, ':') ||
        !take_part(&t->tm_sec, at, 2, '\0'))
        return false;
    if (**at == '.') {
        const char *from = ++*at;

        if (!take_digits(&fraction, at, 9))
            return false;
        for (long n = *at - from; n > 3; n--)
            fraction /= 10;
        for (long n = *at - from; n < 3; n++)
            fraction *= 10;
    }
    if (t->tm_hour > 23 || t->tm_min > 59 || t->tm_sec > 60 ||
        !take_zone(&east, at))
        return false;
    *ms = ((int64_t)timegm(t) - east) * 1000 + (int64_t)fraction;
    return true;
}

/* The last millisecond of that day, where one lives. */
static int64_t end_of_day(struct tm *t)
{
    t->tm_mday += 1;
    return (int64_t)mktime(t) * 1000 - 1;
}

bool value_time(uint64_t *out, struct fail *f, const char *text,
                uint64_t now_ms)
{
    const char *at = text;
    struct tm t;
    int64_t ms = -1;
    uint64_t span;

    if (text[0] == '+') {
        if (!value_duration(&span, f, text + 1))
            return false;
        *out = now_ms + span;
        return true;
    }
    if (take_date(&t, &at)) {
        if (*at == '\0')
            ms = end_of_day(&t);
        else if ((*at == 'T' || *at == 't' || *at == ' ') &&
                 (at++, !take_clock(&ms, &t, &at)))
            ms = -1;
    }
    if (ms < 0 || *at != '\0')
        return fail_set(
            f, EXIT_CODE_USAGE,
            "give 2030-05-31, 2030-05-31T18:00:00+02:00, or +14d from now",
            "\"%s\" is not a time", text);
    *out = (uint64_t)ms;
    return true;
}

bool value_is_id(const char *text)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF");

    return text[len] == '\0' && len >= CONTROL_PREFIX_MIN && len <= 64;
}

char *value_read_file(struct fail *f, const char *path, size_t max, size_t *len)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : malloc(max + 2);
    size_t n = 0;
    ssize_t got = 0;

    if (text == NULL) {
        (void)fail_errno(f, "cannot read %s", path);
        goto close_fd;
    }
    while (n <= max && (got = read(fd, text + n, max + 1 - n)) > 0)
        n += (size_t)got;
    if (got < 0 || n > max) {
        if (got < 0)
            (void)fail_errno(f, "cannot read %s", path);
        else
            (void)fail_set(f, EXIT_CODE_LIMIT, NULL, "%s is too long", path);
        free(text);
        text = NULL;
        goto close_fd;
    }
    text[n] = '\0';
    *len = n;

close_fd:
    if (fd >= 0 && !is_stdin)
        (void)close(fd);
    return text;
}

/* Digits up to `max`; false if there are none. */
static bool take_number(uint64_t *out, const char **at, uint64_t max)
{
    const char *begin = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9' && *out <= max; ++*at)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return *at > begin && *out <= max;
}

bool value_timecode(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t scale = 100;
    uint64_t part;
    bool good = take_number(out, &at, 1000000);

    for (int i = 0; good && i < 2 && *at == ':'; i++) {
        at++;
        good = take_number(&part, &at, 59);
        *out = *out * 60 + part;
    }
    *out *= 1000;
    if (good && *at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10)
            *out += (uint64_t)(*at - '0') * scale;
    if (good && *at == '\0')
        return true;
    return fail_set(f, EXIT_CODE_USAGE, "give 1:23, 1:02:03 or 83.5",
                    "\"%s\" is no place in time", text);
}

bool value_region(uint64_t parts[4], struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t percent[4];
    bool good = true;

    for (size_t i = 0; good && i < 4; i++) {
        good =
            take_number(&percent[i], &at, 100) && *at == (i < 3 ? ',' : '\0');
        at += good && i < 3;
    }
    for (size_t i = 0; good && i < 4; i++)
        parts[i] = percent[i] * 100;
    return good || fail_set(f, EXIT_CODE_USAGE,
                            "give four percentages: left, top, width, height",
                            "\"%s\" is no region, like 10,20,50,30", text);
}
