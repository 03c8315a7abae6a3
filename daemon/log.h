#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

/*
 * One line an event on stderr: `time level area event key=value...`.  Keys
 * stand in the format string; no secret, passphrase or word is ever a value.
 * Only the loop's thread logs.
 */

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_COUNT
};

/* Events above `level` are dropped.  The level at start is info. */
void log_set_level(enum log_level level);

/* ERR_USAGE if `name` is none of error, warn, info, debug; *out is kept. */
MUST_CHECK enum err log_level_parse(enum log_level *out, const char *name);
const char *log_level_name(enum log_level level);

/*
 * Writes one event.  `format` gives the keys and values ("node=%s rtt=%u"), or
 * is NULL.  Control characters in values become '?', so that nothing a
 * peer sends can begin a line.
 */
void log_event(enum log_level level, const char *area, const char *event,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The first 16 hex digits of an id, for one call: log_id(x).text. */
struct log_id {
    char text[17];
};
struct log_id log_id(const uint8_t id[ID_LEN]);

#endif
