/* A thread of its own: one piece after the other, and the loop hears of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdbool.h>

#include "daemon/worker.h"

enum { PIECES = 200 };

struct rig {
    uv_loop_t loop;
    uv_thread_t loop_thread;
    uv_thread_t first_thread;
    struct worker *worker;
    uv_sem_t pool_may_go;
    unsigned run;  /* the thread's to write, as long as a piece lasts */
    unsigned done; /* of pieces that the loop has heard of */
    unsigned wanted;
};

static bool same(uv_thread_t a, uv_thread_t b)
{
    return uv_thread_equal(&a, &b) != 0;
}

static void run(void *context)
{
    struct rig *r = context;

    if (r->run == 0)
        r->first_thread = uv_thread_self();
    assert_true(same(uv_thread_self(), r->first_thread));
    assert_false(same(uv_thread_self(), r->loop_thread));
    r->run++;
}

static void done(void *context)
{
    struct rig *r = context;

    assert_true(same(uv_thread_self(), r->loop_thread));
    r->done++;
    assert_int_equal(r->run, r->done);
    if (r->done < r->wanted)
        worker_start(r->worker, run, done, r);
}

static void rig_open(struct rig *r, unsigned wanted)
{
    *r = (struct rig){ .wanted = wanted, .loop_thread = uv_thread_self() };
    assert_int_equal(uv_loop_init(&r->loop), 0);
    assert_int_equal(worker_open(&r->worker, &r->loop), ERR_OK);
}

static void rig_close(struct rig *r)
{
    worker_close(r->worker);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

static void pieces_run_one_by_one_and_each_is_heard_of(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, PIECES);
    worker_start(r.worker, run, done, &r);
    assert_int_equal(uv_run(&r.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.done, PIECES);
    rig_close(&r);
}

static void without_work_it_keeps_no_loop_alive(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 1);
    assert_int_equal(uv_run(&r.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.done, 0);
    worker_start(r.worker, run, done, &r);
    assert_int_equal(uv_run(&r.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.done, 1);
    rig_close(&r);
    worker_close(NULL);
}

/* A pool of which every thread waits until the worker has done its piece. */
static void wait_for_it(uv_work_t *work)
{
    struct rig *r = work->data;

    uv_sem_wait(&r->pool_may_go);
}

static void let_the_pool_go(void *context)
{
    struct rig *r = context;

    r->done++;
    for (size_t i = 0; i < PIECES; i++)
        uv_sem_post(&r->pool_may_go);
}

static void it_waits_for_nothing_in_the_pool(void **state)
{
    static uv_work_t works[PIECES];
    struct rig r;

    (void)state;
    rig_open(&r, 1);
    assert_int_equal(uv_sem_init(&r.pool_may_go, 0), 0);
    for (size_t i = 0; i < PIECES; i++) {
        works[i].data = &r;
        assert_int_equal(uv_queue_work(&r.loop, &works[i], wait_for_it, NULL),
                         0);
    }
    worker_start(r.worker, run, let_the_pool_go, &r);
    assert_int_equal(uv_run(&r.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.done, 1);
    uv_sem_destroy(&r.pool_may_go);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_run_one_by_one_and_each_is_heard_of),
        cmocka_unit_test(without_work_it_keeps_no_loop_alive),
        cmocka_unit_test(it_waits_for_nothing_in_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
