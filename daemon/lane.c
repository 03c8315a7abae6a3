/* A line before the pool. */
#include "daemon/lane.h"

#include <assert.h>
#include <stddef.h>

static void on_done(uv_work_t *work, int status);

static void start_next(struct lane *lane)
{
    struct lane_work *next = lane->first;
    int status;

    if (next == NULL || lane->running == lane->max)
        return;
    lane->first = next->next;
    lane->running++;
    status = uv_queue_work(lane->loop, &next->work, next->run, on_done);
    assert(status == 0); /* it fails without a work function only */
    (void)status;
}

static void on_done(uv_work_t *work, int status)
{
    struct lane_work *done = (struct lane_work *)work;

    done->lane->running--;
    start_next(done->lane);
    done->done(work, status); /* which may free it */
}

void lane_init(struct lane *lane, uv_loop_t *loop, unsigned max)
{
    assert(max > 0);
    *lane = (struct lane){ .loop = loop, .max = max };
}

void lane_queue(struct lane *lane, struct lane_work *work, uv_work_cb run,
                uv_after_work_cb done)
{
    assert(run != NULL);
    work->lane = lane;
    work->next = NULL;
    work->run = run;
    work->done = done;
    if (lane->first == NULL)
        lane->first = work;
    else
        lane->last->next = work;
    lane->last = work;
    start_next(lane);
}
