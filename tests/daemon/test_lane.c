/* Work in line: so much at once, in order, and all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "daemon/lane.h"

enum { JOBS = 200 };

struct job {
    struct lane_work turn;
    struct rig *rig;
    unsigned number;
};

struct rig {
    uv_loop_t loop;
    struct lane lane;
    atomic_uint running;
    atomic_uint most;
    atomic_uint order[JOBS]; /* in which they were begun */
    atomic_uint begun;
    unsigned done;
    bool goes_on; /* each that ends queues another one */
    unsigned queued;
};

static void queue_one(struct rig *r);

static void run(uv_work_t *work)
{
    struct job *job = work->data;
    struct rig *r = job->rig;
    unsigned running = ++r->running;
    unsigned most = r->most;

    r->order[r->begun++] = job->number;
    while (running > most &&
           !atomic_compare_exchange_weak(&r->most, &most, running))
        ;
    r->running--;
}

static void done(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct rig *r = job->rig;

    assert_int_equal(status, 0);
    r->done++;
    if (r->goes_on && r->queued < JOBS)
        queue_one(r);
    free(job);
}

static void queue_one(struct rig *r)
{
    struct job *job = calloc(1, sizeof *job);

    assert_non_null(job);
    job->rig = r;
    job->number = r->queued++;
    job->turn.work.data = job;
    lane_queue(&r->lane, &job->turn, run, done);
}

static void check(unsigned max, unsigned first, bool goes_on)
{
    static struct rig r;

    r = (struct rig){ .goes_on = goes_on };
    assert_int_equal(uv_loop_init(&r.loop), 0);
    lane_init(&r.lane, &r.loop, max);
    for (unsigned i = 0; i < first; i++)
        queue_one(&r);
    assert_int_equal(uv_run(&r.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.done, goes_on ? JOBS : first);
    assert_int_equal(r.lane.running, 0);
    assert_null(r.lane.first);
    assert_true(r.most >= 1 && r.most <= max);
    for (unsigned i = 0; max == 1 && i < r.done; i++)
        assert_int_equal(r.order[i], i);
    assert_int_equal(uv_loop_close(&r.loop), 0);
}

static void one_at_a_time_goes_in_order(void **state)
{
    (void)state;
    check(1, JOBS, false);
}

static void no_more_than_so_many_run_at_once(void **state)
{
    (void)state;
    check(2, JOBS, false);
    check(3, JOBS, false);
}

static void what_is_queued_by_what_ends_is_done_too(void **state)
{
    (void)state;
    check(1, 1, true);
    check(2, 5, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time_goes_in_order),
        cmocka_unit_test(no_more_than_so_many_run_at_once),
        cmocka_unit_test(what_is_queued_by_what_ends_is_done_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
