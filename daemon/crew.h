#ifndef DAEMON_CREW_H
#define DAEMON_CREW_H

#include <uv.h>

#include "proto/err.h"

/*
 * Threads that share one line of work, taken in order.  Each goes on with the
 * next piece by itself: the loop, which may be busy, is only told.  Work that
 * waits takes no thread of the pool.
 */
struct crew;
struct crew_work;

typedef void crew_fn(struct crew_work *work);

/* Embedded in what it is the work of; the crew's from crew_queue() to `done`.
 */
struct crew_work {
    struct crew_work *next;
    crew_fn *run;
    crew_fn *done;
};

/*
 * `nice` is how far the threads stand back behind the process's others where
 * all want the processor (setpriority(2)), 0 to 19.  ERR_NO_MEMORY, also where
 * the system gives no thread.
 */
MUST_CHECK enum err crew_open(struct crew **out, uv_loop_t *loop,
                              unsigned threads, int nice);
/*
 * Nothing may be under way.  A handle is closed: the loop has to turn once
 * more.  Accepts NULL.
 */
void crew_close(struct crew *crew);

/* Has `run` called on a thread, and then `done` on the loop, which lives as
 * long; `done` may free the work. */
void crew_queue(struct crew *crew, struct crew_work *work, crew_fn *run,
                crew_fn *done);

#endif
