/* How many requests for blobs one peer has not ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/open_asks.h"

static struct blob_msg message(enum frame_type type, uint32_t request)
{
    return (struct blob_msg){ .type = type, .request = request };
}

static void send(struct open_asks *asks, enum frame_type type, uint32_t request)
{
    struct blob_msg msg = message(type, request);

    assert_true(open_asks_may_send(asks, &msg));
    open_asks_sent(asks, &msg);
}

static void answer(struct open_asks *asks, enum frame_type type,
                   uint32_t request)
{
    struct blob_msg msg = message(type, request);

    open_asks_answered(asks, &msg);
}

static void what_was_cancelled_counts_up_to_its_end(void **state)
{
    struct blob_msg one_more = message(FRAME_BLOB_ASK, 1);
    struct open_asks asks = { 0 };

    (void)state;
    for (uint32_t i = 0; i < BLOB_REQUESTS_MAX; i++)
        send(&asks, FRAME_BLOB_ASK, i);
    assert_false(open_asks_may_send(&asks, &one_more));
    send(&asks, FRAME_BLOB_CANCEL, 5);
    answer(&asks, FRAME_BLOB_DATA, 5);
    assert_false(open_asks_may_send(&asks, &one_more));
    answer(&asks, FRAME_BLOB_END, 5);
    assert_true(open_asks_may_send(&asks, &one_more));
}

static void the_end_of_a_watch_is_that_of_no_request(void **state)
{
    struct open_asks asks = { 0 };

    (void)state;
    send(&asks, FRAME_BLOB_ASK, 0x10001);
    send(&asks, FRAME_BLOB_WATCH, 0x10002);
    answer(&asks, FRAME_BLOB_END, 0x10002);
    assert_int_equal(asks.count, 1);
    answer(&asks, FRAME_BLOB_END, 0x10001);
    assert_int_equal(asks.count, 0);
}

static void ends_of_nothing_and_of_request_0_do_no_harm(void **state)
{
    struct open_asks asks = { 0 };

    (void)state;
    answer(&asks, FRAME_BLOB_END, 7);
    assert_int_equal(asks.count, 0);
    send(&asks, FRAME_BLOB_ASK, 0);
    answer(&asks, FRAME_BLOB_END, 0);
    assert_int_equal(asks.count, 0);
}

static void watches_that_are_never_ended_cost_nothing(void **state)
{
    struct blob_msg ask = message(FRAME_BLOB_ASK, 1);
    struct open_asks asks = { 0 };

    (void)state;
    for (uint32_t i = 0; i < 10 * BLOB_REQUESTS_MAX; i++)
        send(&asks, FRAME_BLOB_WATCH, 0x10000 + i);
    assert_true(open_asks_may_send(&asks, &ask));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_cancelled_counts_up_to_its_end),
        cmocka_unit_test(the_end_of_a_watch_is_that_of_no_request),
        cmocka_unit_test(ends_of_nothing_and_of_request_0_do_no_harm),
        cmocka_unit_test(watches_that_are_never_ended_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
