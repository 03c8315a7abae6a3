/* How much is asked of whom, and in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/blob_plan.h"

#define MIB ((uint64_t)1024 * 1024)

static uint8_t held[16];
static const uint8_t one_page[1] = { 1 };
static const uint8_t tag[BLOB_TAG_LEN] = { 1 };

static void start(struct blob_fetch *f, uint64_t size, unsigned spans_max)
{
    struct blob_fetch_config config = { .spans_max = spans_max,
                                        .id = { .root = { 1 }, .size = size },
                                        .held = held,
                                        .pages = one_page };

    memset(held, 0, sizeof held);
    blob_fetch_init(f, &config, 1000);
    if (size > MIB) { /* as if its page had been read back */
        f->page_state = BLOB_PAGE_READY;
        f->page_index = 0;
    }
}

static struct blob_fetch_provider *join(struct blob_fetch *f, unsigned requests)
{
    unsigned number;

    assert_int_equal(
        blob_fetch_provider_add(f, &number, tag, requests, 10, 1000), ERR_OK);
    return &f->providers[number];
}

static unsigned asks(struct blob_fetch *f)
{
    struct blob_fetch_effect fx;
    unsigned count = 0;

    while (blob_plan_ask(f, &fx)) {
        assert_int_equal(fx.kind, BLOB_FETCH_ASK);
        count++;
    }
    return count;
}

static void the_window_is_clamped_and_grows_with_rate_and_distance(void **state)
{
    struct blob_fetch_provider p = { .peak = 0, .rtt_ms = 40 };

    (void)state;
    assert_int_equal(blob_plan_window(&p), BLOB_WINDOW_MIN);
    p.sample_bytes = 3 * MIB; /* before a rate is known */
    assert_int_equal(blob_plan_window(&p), BLOB_WINDOW_MIN + 6 * MIB);
    p.sample_bytes = BLOB_WINDOW_MAX;
    assert_int_equal(blob_plan_window(&p), BLOB_WINDOW_MAX);
    p.peak = 10 * MIB;
    assert_int_equal(blob_plan_window(&p), 2 * MIB);
    p.rtt_ms = 90;
    assert_int_equal(blob_plan_window(&p), 4 * MIB);
    p.peak = 1000 * MIB;
    assert_int_equal(blob_plan_window(&p), BLOB_WINDOW_MAX);
}

static void no_more_than_the_window_is_asked(void **state)
{
    struct blob_fetch f;
    struct blob_fetch_provider *p;

    (void)state;
    start(&f, 100 * MIB, BLOB_FETCH_SPANS);
    p = join(&f, 32);
    (void)asks(&f);
    assert_int_equal(p->in_flight, BLOB_WINDOW_MIN);
    p->peak = 1000 * MIB;
    (void)asks(&f);
    assert_in_range(p->in_flight, BLOB_WINDOW_MAX - MIB, BLOB_WINDOW_MAX);
}

static void no_more_requests_are_open_than_the_share(void **state)
{
    struct blob_fetch f;
    struct blob_fetch_provider *p;

    (void)state;
    start(&f, 100 * MIB, BLOB_FETCH_SPANS);
    p = join(&f, 3);
    p->peak = 1000 * MIB;
    assert_int_equal(asks(&f), 3);
}

static void no_more_spans_are_in_work_than_there_are_buffers(void **state)
{
    struct blob_fetch f;

    (void)state;
    start(&f, 100 * MIB, 2);
    join(&f, 32)->peak = 1000 * MIB;
    assert_int_equal(asks(&f), 2); /* one request a span */
}

static void each_provider_takes_spans_of_its_own(void **state)
{
    struct blob_fetch f;

    (void)state;
    start(&f, 100 * MIB, BLOB_FETCH_SPANS);
    for (unsigned i = 0; i < 3; i++)
        (void)join(&f, 32);
    (void)asks(&f);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f.providers[i].in_flight, BLOB_WINDOW_MIN);
        assert_int_equal(f.spans[i].owner, i);
    }
    assert_int_equal(f.spans[3].state, BLOB_SPAN_FREE);
}

static void a_reader_is_served_where_it_reads(void **state)
{
    struct blob_fetch f;
    struct blob_fetch_effect fx;

    (void)state;
    start(&f, 100 * MIB, BLOB_FETCH_SPANS);
    blob_fetch_seek(&f, 99 * MIB + 5 * BLOB_BLOCK_LEN + 1, 100 * MIB);
    join(&f, 32)->peak = 1000 * MIB;
    assert_true(blob_plan_ask(&f, &fx));
    assert_int_equal(fx.ask.what, BLOB_WHAT_INNER);
    assert_int_equal(fx.ask.first, 99);
    assert_true(blob_plan_ask(&f, &fx));
    assert_int_equal(fx.ask.what, BLOB_WHAT_BLOCKS);
    assert_int_equal(fx.ask.first, 99 * BLOB_REQUEST_BLOCKS + 5);
    assert_int_equal(fx.ask.count, BLOB_REQUEST_BLOCKS - 5);
    assert_true(blob_plan_ask(&f, &fx)); /* what lies before it */
    assert_int_equal(fx.ask.first, 99 * BLOB_REQUEST_BLOCKS);
    assert_int_equal(fx.ask.count, 5);
    assert_true(blob_plan_ask(&f, &fx)); /* goes round */
    assert_int_equal(fx.ask.first, 0);
}

static void numbers_in_use_are_passed_over_when_they_wrap(void **state)
{
    struct blob_fetch f;
    struct blob_fetch_effect fx;

    (void)state;
    start(&f, 100 * MIB, BLOB_FETCH_SPANS);
    join(&f, 32)->peak = 1000 * MIB;
    assert_true(blob_plan_ask(&f, &fx));
    assert_int_equal(fx.request, 0);
    f.turn = 0xffff;
    assert_true(blob_plan_ask(&f, &fx));
    assert_int_equal(fx.request, 0xffff);
    assert_true(blob_plan_ask(&f, &fx));
    assert_int_equal(fx.request, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_window_is_clamped_and_grows_with_rate_and_distance),
        cmocka_unit_test(no_more_than_the_window_is_asked),
        cmocka_unit_test(no_more_requests_are_open_than_the_share),
        cmocka_unit_test(no_more_spans_are_in_work_than_there_are_buffers),
        cmocka_unit_test(each_provider_takes_spans_of_its_own),
        cmocka_unit_test(a_reader_is_served_where_it_reads),
        cmocka_unit_test(numbers_in_use_are_passed_over_when_they_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
