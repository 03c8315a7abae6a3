#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What it was at some moments of the last seconds, the oldest first. */
#define PROGRESS_MOMENTS 16
struct progress_pace {
    struct {
        uint64_t ms;
        double done;
    } at[PROGRESS_MOMENTS];
    unsigned count;
};

/*
 * How much a second, of late: `said` while too little has been seen.  It falls
 * to 0 where nothing moves, so that nobody is promised an end.
 */
double progress_rate(struct progress_pace *pace, uint64_t now_ms, double done,
                     double said);

/*
 * The progress of one job: a bar on a terminal's stderr, with total, rate and
 * what is left, or for what it waits; nothing elsewhere.
 */
struct progress {
    json_int_t job;
    bool visible; /* stderr is a terminal and -q was not given */
    bool drawn;
    struct progress_pace pace;
    json_t *last; /* the closing notification, or NULL while it runs */
};

/* Takes in the params of a "progress" notification. */
void progress_take(struct progress *p, json_t *params);
/* Work of the client's own: bytes so far and, if it is not 0, of how many. */
void progress_tell(struct progress *p, uint64_t done, uint64_t total,
                   uint64_t took_ms);
/* Clears the line. */
void progress_clear(struct progress *p);

#endif
