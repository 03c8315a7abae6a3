/* Bulk goes as fast as the way takes it, and never keeps control waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/pace.h"

/* A way that takes so many bytes in a millisecond, and a sender of bulk. */
struct way {
    uint64_t per_ms;
    uint64_t now_ms;
    uint64_t queue; /* handed over, not left */
    uint64_t gone;
    struct pace pace;
};

static void way_open(struct way *w, uint64_t per_ms)
{
    *w = (struct way){ .per_ms = per_ms, .now_ms = 1000 };
    pace_init(&w->pace, w->now_ms);
}

/* Hands over all that may be; then time passes. */
static void way_step(struct way *w, uint64_t ms)
{
    uint64_t room = pace_room(&w->pace);
    uint64_t leaves = w->per_ms * ms;

    w->queue += room;
    if (leaves > w->queue)
        leaves = w->queue;
    w->queue -= leaves;
    w->gone += leaves;
    w->now_ms += ms;
    pace_tell(&w->pace, w->now_ms, room, w->queue);
}

/* How long a frame waits that comes just after bulk was handed over. */
static uint64_t wait_ms(const struct way *w)
{
    return (w->queue + pace_room(&w->pace)) / w->per_ms;
}

static void before_anything_has_left_the_least_may_go(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p, 7);
    assert_int_equal(pace_limit(&p), PACE_BYTES_MIN);
    assert_int_equal(pace_room(&p), PACE_BYTES_MIN);
    pace_tell(&p, 7, 100, 100);
    assert_int_equal(pace_room(&p), PACE_BYTES_MIN - 100);
    pace_tell(&p, 7, PACE_BYTES_MIN - 100, PACE_BYTES_MIN);
    assert_int_equal(pace_room(&p), 0);
    pace_tell(&p, 7, 5000, PACE_BYTES_MIN + 5000); /* control went, too */
    assert_int_equal(pace_room(&p), 0);
}

/* From 200 kB/s, below which the least takes longer, to 40 Gbit/s. */
static void no_frame_waits_longer_than_it_may(void **state)
{
    static const uint64_t rates[] = { 205, 1000, 12500, 125000, 5000000 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct way w;

        way_open(&w, rates[i]);
        for (unsigned ms = 0; ms < 2000; ms++) {
            way_step(&w, 1);
            assert_true(wait_ms(&w) <= PACE_MS);
        }
    }
}

static void the_way_is_kept_full(void **state)
{
    static const uint64_t rates[] = { 205, 1000, 12500, 125000, 1000000 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct way w;

        way_open(&w, rates[i]);
        for (unsigned ms = 0; ms < 200; ms++) /* it is found out */
            way_step(&w, 1);
        w.gone = 0;
        for (unsigned ms = 0; ms < 1000; ms++)
            way_step(&w, 1);
        assert_true(w.gone >= rates[i] * 990);
    }
}

static void a_way_that_becomes_slow_is_noticed_soon(void **state)
{
    struct way w;

    (void)state;
    way_open(&w, 20000);
    for (unsigned ms = 0; ms < 500; ms++)
        way_step(&w, 1);
    w.per_ms = 1000;
    for (unsigned ms = 0; ms < 400; ms++) /* what is under way must leave */
        way_step(&w, 1);
    for (unsigned ms = 0; ms < 500; ms++) {
        assert_true(wait_ms(&w) <= PACE_MS + 1);
        way_step(&w, 1);
    }
}

static void the_limit_ends_at_its_bounds(void **state)
{
    struct pace p;
    uint64_t least = PACE_BYTES_MIN * 1000 / PACE_MS;
    uint64_t most = PACE_BYTES_MAX * 1000 / PACE_MS;

    (void)state;
    pace_init(&p, 0);
    p.rate = least / 2;
    assert_int_equal(pace_limit(&p), PACE_BYTES_MIN);
    p.rate = least + 1000;
    assert_true(pace_limit(&p) >= PACE_BYTES_MIN);
    assert_true(pace_limit(&p) <= PACE_BYTES_MIN + 1000);
    p.rate = most - 1000;
    assert_true(pace_limit(&p) < PACE_BYTES_MAX);
    p.rate = most + 1000;
    assert_int_equal(pace_limit(&p), PACE_BYTES_MAX);
    p.rate = UINT64_MAX;
    assert_int_equal(pace_limit(&p), PACE_BYTES_MAX);
}

static void a_pause_does_not_count_as_a_slow_way(void **state)
{
    struct way w;
    size_t limit;

    (void)state;
    way_open(&w, 10000);
    for (unsigned ms = 0; ms < 500; ms++)
        way_step(&w, 1);
    limit = pace_limit(&w.pace);
    pace_tell(&w.pace, w.now_ms += 50, 0, 0); /* the rest has left */
    limit = pace_limit(&w.pace);
    pace_tell(&w.pace, w.now_ms += 60000, 1000, 0);
    assert_int_equal(pace_limit(&w.pace), limit);
}

/* While something waits, silence is not a pause: the way takes nothing. */
static void a_way_that_stands_still_gets_no_more(void **state)
{
    struct way w;

    (void)state;
    way_open(&w, 10000);
    for (unsigned ms = 0; ms < 500; ms++)
        way_step(&w, 1);
    w.per_ms = 0;
    for (unsigned i = 0; i < 40; i++)
        way_step(&w, 1000);
    assert_int_equal(pace_limit(&w.pace), PACE_BYTES_MIN);
    assert_int_equal(pace_room(&w.pace), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_has_left_the_least_may_go),
        cmocka_unit_test(no_frame_waits_longer_than_it_may),
        cmocka_unit_test(the_way_is_kept_full),
        cmocka_unit_test(a_way_that_becomes_slow_is_noticed_soon),
        cmocka_unit_test(the_limit_ends_at_its_bounds),
        cmocka_unit_test(a_pause_does_not_count_as_a_slow_way),
        cmocka_unit_test(a_way_that_stands_still_gets_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
