#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/queue.h"
#include "tests/sim/rng.h"

static struct queue queue;

static void add(uint64_t at_ms, uint32_t number)
{
    queue_add(&queue, &(struct event){ .at_ms = at_ms, .number = number });
}

static void expect(uint64_t until_ms, uint64_t at_ms, uint32_t number)
{
    struct event ev;

    assert_true(queue_take(&queue, &ev, until_ms));
    assert_int_equal(queue.now_ms, at_ms);
    assert_int_equal(ev.at_ms, at_ms);
    assert_int_equal(ev.number, number);
}

static void expect_none(uint64_t until_ms)
{
    struct event ev;

    assert_false(queue_take(&queue, &ev, until_ms));
    assert_int_equal(queue.now_ms, until_ms);
}

static void events_of_one_moment_keep_their_order(void **state)
{
    (void)state;
    queue_init(&queue);
    add(5, 1);
    add(3, 2);
    add(5, 3);
    expect(10, 3, 2);
    expect(10, 5, 1);
    add(5, 4);
    expect(10, 5, 3);
    expect(10, 5, 4);
    expect_none(10);
    queue_wipe(&queue);
}

static void what_lies_beyond_the_wheel_waits_for_its_time(void **state)
{
    uint64_t week_ms = UINT64_C(7) * 24 * 3600 * 1000;

    (void)state;
    queue_init(&queue);
    add(week_ms, 1);
    add(QUEUE_SLOTS, 2);
    add(QUEUE_SLOTS - 1, 3);
    expect_none(QUEUE_SLOTS - 2);
    expect(week_ms, QUEUE_SLOTS - 1, 3);
    expect(week_ms, QUEUE_SLOTS, 2);
    expect_none(week_ms - 1);
    add(week_ms - 1, 4);
    expect(week_ms, week_ms - 1, 4);
    expect(week_ms, week_ms, 1);
    expect_none(week_ms);
    queue_wipe(&queue);
}

/* Any mixture comes out by time, and of one moment by number. */
static void time_never_goes_back(void **state)
{
    struct rng rng;
    struct event ev;
    uint32_t last = 0;
    uint64_t last_ms = 0;
    uint32_t added = 0;
    uint32_t taken = 0;

    (void)state;
    rng_init(&rng, 3);
    queue_init(&queue);
    while (added < 100000) {
        for (unsigned i = 0; i < 10; i++)
            add(queue.now_ms + rng_below(&rng, 3 * QUEUE_SLOTS), ++added);
        for (unsigned i = 0; i < 9; i++) {
            assert_true(queue_take(&queue, &ev, UINT64_MAX));
            assert_true(ev.at_ms >= last_ms);
            assert_true(ev.at_ms > last_ms || ev.number > last);
            last_ms = ev.at_ms;
            last = ev.number;
            taken++;
        }
    }
    while (queue_take(&queue, &ev, UINT64_MAX))
        taken++;
    assert_int_equal(taken, added);
    queue_wipe(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_one_moment_keep_their_order),
        cmocka_unit_test(what_lies_beyond_the_wheel_waits_for_its_time),
        cmocka_unit_test(time_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
