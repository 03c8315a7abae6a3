#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>

/*
 * The progress of one job: a bar on a terminal's stderr, with total, rate and
 * what is left; nothing elsewhere.
 */
struct progress {
    json_int_t job;
    bool visible; /* stderr is a terminal and -q was not given */
    bool drawn;
    json_t *last; /* the closing notification, or NULL while it runs */
};

/* Takes in the params of a "progress" notification. */
void progress_take(struct progress *p, json_t *params);
/* Clears the line. */
void progress_clear(struct progress *p);

#endif
