/* Threads with one line of work: in order, all of it, and the loop hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/crew.h"

enum { PIECES = 200, POOL = 64 };

struct rig {
    uv_loop_t loop;
    uv_thread_t loop_thread;
    struct crew *crew;
    atomic_uint running;
    atomic_uint most;
    atomic_uint begun;
    atomic_uint order[PIECES]; /* in which they were begun */
    unsigned queued;
    unsigned done;
    unsigned wanted;
    atomic_int nice;  /* of the thread that ran last */
    uv_sem_t meeting; /* where pieces wait for each other */
    uv_sem_t pool_may_go;
};

struct piece {
    struct crew_work turn;
    struct rig *rig;
    unsigned number;
    bool has_run;
};

static void queue_one(struct rig *r);

static void run(struct crew_work *work)
{
    struct piece *piece = (struct piece *)work;
    struct rig *r = piece->rig;
    unsigned running = ++r->running;
    unsigned most = r->most;
    uv_thread_t self = uv_thread_self();

    assert_false(uv_thread_equal(&self, &r->loop_thread));
    r->order[r->begun++] = piece->number;
    while (running > most &&
           !atomic_compare_exchange_weak(&r->most, &most, running))
        ;
    piece->has_run = true;
    r->running--;
}

/* Each piece that ends queues another, until there are enough. */
static void done(struct crew_work *work)
{
    struct piece *piece = (struct piece *)work;
    struct rig *r = piece->rig;
    uv_thread_t self = uv_thread_self();

    assert_true(uv_thread_equal(&self, &r->loop_thread));
    assert_true(piece->has_run);
    free(piece); /* it is ours again */
    r->done++;
    if (r->queued < r->wanted)
        queue_one(r);
}

static void queue_as(struct rig *r, crew_fn *work)
{
    struct piece *piece = calloc(1, sizeof *piece);

    assert_non_null(piece);
    piece->rig = r;
    piece->number = r->queued++;
    crew_queue(r->crew, &piece->turn, work, done);
}

static void queue_one(struct rig *r)
{
    queue_as(r, run);
}

static struct rig *rig_open_nice(unsigned threads, unsigned wanted, int nice)
{
    static struct rig r;

    r = (struct rig){ .wanted = wanted, .loop_thread = uv_thread_self() };
    assert_int_equal(uv_loop_init(&r.loop), 0);
    assert_int_equal(crew_open(&r.crew, &r.loop, threads, nice), ERR_OK);
    return &r;
}

static struct rig *rig_open(unsigned threads, unsigned wanted)
{
    return rig_open_nice(threads, wanted, 0);
}

static void rig_close(struct rig *r)
{
    crew_close(r->crew);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

static void check(unsigned threads, unsigned first, unsigned wanted)
{
    struct rig *r = rig_open(threads, wanted);

    for (unsigned i = 0; i < first; i++)
        queue_one(r);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, wanted);
    assert_int_equal(r->running, 0);
    assert_true(r->most >= 1 && r->most <= threads);
    for (unsigned i = 0; threads == 1 && i < r->done; i++)
        assert_int_equal(r->order[i], i);
    rig_close(r);
}

static void one_thread_takes_all_in_order(void **state)
{
    (void)state;
    check(1, PIECES, PIECES);
}

static void no_more_run_at_once_than_there_are_threads(void **state)
{
    (void)state;
    check(2, PIECES, PIECES);
    check(3, PIECES, PIECES);
}

static void what_is_queued_by_what_ends_is_done_too(void **state)
{
    (void)state;
    check(1, 1, PIECES);
    check(2, 5, PIECES);
}

/* The first is let go by the second alone. */
static void wait_for_another(struct crew_work *work)
{
    uv_sem_wait(&((struct piece *)work)->rig->meeting);
    run(work);
}

static void let_another_go(struct crew_work *work)
{
    run(work);
    uv_sem_post(&((struct piece *)work)->rig->meeting);
}

static void two_threads_work_at_the_same_time(void **state)
{
    struct rig *r = rig_open(2, 2);

    (void)state;
    assert_int_equal(uv_sem_init(&r->meeting, 0), 0);
    queue_as(r, wait_for_another);
    queue_as(r, let_another_go);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, 2);
    assert_int_equal(r->order[0], 1);
    uv_sem_destroy(&r->meeting);
    rig_close(r);
}

/* Nothing is told to the loop, which stands still, in between. */
static void a_thread_goes_on_without_the_loop(void **state)
{
    struct rig *r = rig_open(1, 3);

    (void)state;
    assert_int_equal(uv_sem_init(&r->meeting, 0), 0);
    queue_one(r);
    queue_one(r);
    queue_as(r, let_another_go);
    uv_sem_wait(&r->meeting);
    assert_int_equal(r->begun, 3);
    assert_int_equal(r->done, 0);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, 3);
    uv_sem_destroy(&r->meeting);
    rig_close(r);
}

static int own_nice(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void tell_nice(struct crew_work *work)
{
    ((struct piece *)work)->rig->nice = own_nice();
    run(work);
}

static void its_threads_stand_back_and_no_others(void **state)
{
    int before = own_nice();
    struct rig *r;

    (void)state;
    for (int nice = 0; nice <= 19; nice += 5) {
        r = rig_open_nice(1, 1, nice);
        r->nice = -100;
        queue_as(r, tell_nice);
        assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(r->nice, before + nice < 19 ? before + nice : 19);
        assert_int_equal(own_nice(), before);
        rig_close(r);
    }
}

static void without_work_it_keeps_no_loop_alive(void **state)
{
    struct rig *r = rig_open(2, 1);

    (void)state;
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, 0);
    queue_one(r);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, 1);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    rig_close(r);
    crew_close(NULL);
}

/* A pool of which every thread waits until the crew has done its piece. */
static void wait_in_the_pool(uv_work_t *work)
{
    struct rig *r = work->data;

    uv_sem_wait(&r->pool_may_go);
}

static void let_the_pool_go(struct crew_work *work)
{
    struct rig *r = ((struct piece *)work)->rig;

    done(work);
    for (size_t i = 0; i < POOL; i++)
        uv_sem_post(&r->pool_may_go);
}

static void it_waits_for_nothing_in_the_pool(void **state)
{
    static uv_work_t works[POOL];
    struct rig *r = rig_open(1, 1);
    struct piece *piece = calloc(1, sizeof *piece);

    (void)state;
    assert_non_null(piece);
    piece->rig = r;
    r->queued = 1;
    assert_int_equal(uv_sem_init(&r->pool_may_go, 0), 0);
    for (size_t i = 0; i < POOL; i++) {
        works[i].data = r;
        assert_int_equal(
            uv_queue_work(&r->loop, &works[i], wait_in_the_pool, NULL), 0);
    }
    crew_queue(r->crew, &piece->turn, run, let_the_pool_go);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(r->done, 1);
    uv_sem_destroy(&r->pool_may_go);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_takes_all_in_order),
        cmocka_unit_test(no_more_run_at_once_than_there_are_threads),
        cmocka_unit_test(what_is_queued_by_what_ends_is_done_too),
        cmocka_unit_test(two_threads_work_at_the_same_time),
        cmocka_unit_test(a_thread_goes_on_without_the_loop),
        cmocka_unit_test(its_threads_stand_back_and_no_others),
        cmocka_unit_test(without_work_it_keeps_no_loop_alive),
        cmocka_unit_test(it_waits_for_nothing_in_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
