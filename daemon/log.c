#include "daemon/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/bytes.h"

/* The log of the process: the one thing that is rightly global. */

enum { LINE_MAX_LEN = 1024 };

static enum log_level threshold = LOG_LEVEL_INFO;

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
    assert(level < LOG_LEVEL_COUNT);
    threshold = level;
}

enum err log_level_parse(enum log_level *out, const char *name)
{
    for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return ERR_OK;
        }
    }
    return ERR_USAGE;
}

const char *log_level_name(enum log_level level)
{
    assert(level < LOG_LEVEL_COUNT);
    return level_names[level];
}

/* RFC 3339 in UTC with milliseconds. */
static size_t put_time(char *out, size_t cap)
{
    struct timespec now;
    struct tm tm;
    size_t len;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    len = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    return len + (size_t)snprintf(out + len, cap - len, ".%03ldZ",
                                  now.tv_nsec / 1000000);
}

static void clean(char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;

        if (byte < 0x20 || byte == 0x7f)
            *c = '?';
    }
}

void log_event(enum log_level level, const char *area, const char *event,
               const char *format, ...)
{
    char line[LINE_MAX_LEN];
    size_t len;
    va_list args;

    if (level > threshold)
        return;
    len = put_time(line, sizeof line);
    len += (size_t)snprintf(line + len, sizeof line - len, " %s %s %s%s",
                            level_names[level], area, event,
                            format == NULL ? "" : " ");
    assert(len < sizeof line);
    if (format != NULL) {
        va_start(args, format);
        (void)vsnprintf(line + len, sizeof line - len, format, args);
        va_end(args);
    }
    clean(line);
    (void)fprintf(stderr, "%s\n", line);
}

struct log_id log_id(const uint8_t id[ID_LEN])
{
    struct log_id out;

    hex_encode(out.text, (struct bytes){ id, 8 });
    return out;
}
