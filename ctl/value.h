#ifndef CTL_VALUE_H
#define CTL_VALUE_H

#include "ctl/command.h"

/*
 * Words of the command line into values.  A wrong one fails with usage, and
 * the text says what would have been right.
 */

/* Sets `option` from `text` in the params of `run`. */
bool value_set(struct run *run, const struct option *option, const char *text);

/* Moves the times given as spans: the node's clock is so far ahead of ours. */
void value_set_clock(struct ctl *ctl, int64_t ahead_ms);

/* `now_ms` is the wall clock, for "+14d". */
bool value_time(uint64_t *out, struct fail *f, const char *text,
                uint64_t now_ms);
bool value_duration(uint64_t *out, struct fail *f, const char *text);
bool value_size(uint64_t *out, struct fail *f, const char *text);
bool value_share(uint64_t *out, struct fail *f, const char *text);
/* "83", "1:23", "1:02:03.5": a place in time, in ms. */
bool value_timecode(uint64_t *out, struct fail *f, const char *text);
/* "10,20,50,30", percentages, as parts of 10,000. */
bool value_region(uint64_t parts[4], struct fail *f, const char *text);
bool value_uint(uint64_t *out, struct fail *f, const char *text);
/* True if `text` can be an id or a prefix of one: 6 to 64 hex digits. */
bool value_is_id(const char *text);

/* The value at "a.b.c" below `root`, or NULL. */
json_t *value_at(const json_t *root, const char *path);
/* Puts a value there, making objects on the way; takes it. */
bool value_put(json_t *root, const char *path, json_t *take);
/* Adds a value to the list there; takes it. */
bool value_append(json_t *root, const char *path, json_t *take);

/* The whole of a file, at most `max` bytes, NUL-terminated, to be freed. */
char *value_read_file(struct fail *f, const char *path, size_t max,
                      size_t *len);

#endif
