#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <uv.h>

#include "proto/err.h"

/*
 * A thread of its own, for work that must not wait in the pool's line: one
 * piece at a time, begun and heard of on the loop.
 */
struct worker;

typedef void worker_fn(void *context);

/* ERR_NO_MEMORY, also where the system gives no thread. */
MUST_CHECK enum err worker_open(struct worker **out, uv_loop_t *loop);
/*
 * Nothing may be under way.  A handle is closed: the loop has to turn once
 * more.  Accepts NULL.
 */
void worker_close(struct worker *worker);

/*
 * Has `run` called on the thread, and then `done` on the loop, which lives as
 * long.  Nothing may be under way; `done` may start the next piece.
 */
void worker_start(struct worker *worker, worker_fn *run, worker_fn *done,
                  void *context);

#endif
