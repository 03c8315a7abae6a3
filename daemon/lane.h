#ifndef DAEMON_LANE_H
#define DAEMON_LANE_H

#include <uv.h>

/*
 * Work on the pool of which only so much is done at once; the rest waits in
 * line, in order, and takes no thread meanwhile.
 */
struct lane_work {
    uv_work_t work; /* first: the callbacks of libuv cast back */
    struct lane *lane;
    struct lane_work *next;
    uv_work_cb run;
    uv_after_work_cb done;
};

struct lane {
    uv_loop_t *loop;
    unsigned max;
    unsigned running;
    struct lane_work *first;
    struct lane_work *last;
};

void lane_init(struct lane *lane, uv_loop_t *loop, unsigned max);
/* As uv_queue_work() for `work->work`, whose data the caller has set. */
void lane_queue(struct lane *lane, struct lane_work *work, uv_work_cb run,
                uv_after_work_cb done);

#endif
