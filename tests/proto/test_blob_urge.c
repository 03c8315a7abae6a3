/* What is called off when a reader comes, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/common/swarm.h"

/* The only one who sends, at 100,000 bytes a second from 40 ms away. */
static struct swarm *slow_one(uint64_t seed)
{
    struct swarm *w = swarm_new(64, seed);

    (void)swarm_join(w, 100, 20);
    (void)swarm_run(w, 12000);
    return w;
}

/* The byte that its provider is about to send. */
static uint64_t next_byte(const struct swarm *w)
{
    uint64_t next = UINT64_MAX;

    for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++) {
        const struct blob_fetch_request *r = &w->fetch.providers[0].requests[k];

        if (r->state == BLOB_REQUEST_OPEN && r->what == BLOB_WHAT_BLOCKS &&
            r->next < next)
            next = r->next;
    }
    return next;
}

static void what_comes_next_is_waited_for(void **state)
{
    struct swarm *w = slow_one(1);
    uint64_t at = next_byte(w) / BLOB_BLOCK_LEN * BLOB_BLOCK_LEN;

    (void)state;
    blob_fetch_seek(&w->fetch, at, at + SWARM_MIB);
    swarm_drain(w);
    assert_int_equal(w->cancels, 0);
    blob_fetch_seek(&w->fetch, at + BLOB_BLOCK_LEN, at + SWARM_MIB);
    swarm_drain(w);
    assert_int_equal(w->cancels, 0); /* one block is as quick as a question */
    blob_fetch_seek(&w->fetch, at + 3 * BLOB_BLOCK_LEN, at + SWARM_MIB);
    swarm_drain(w);
    assert_true(w->cancels > 0);
    free(w);
}

static void what_is_here_calls_nothing_off(void **state)
{
    struct swarm *w = slow_one(2);
    uint64_t at = next_byte(w) - BLOB_BLOCK_LEN;

    (void)state;
    assert_int_equal(at / SWARM_MIB, 1);
    blob_fetch_seek(&w->fetch, at, at + 1); /* in the buffer */
    blob_fetch_seek(&w->fetch, 5, 6);       /* written */
    swarm_drain(w);
    assert_int_equal(w->cancels, 0);
    free(w);
}

static void who_asks_again_and_again_wastes_once(void **state)
{
    struct swarm *w = slow_one(3);
    uint64_t before = w->arrived;
    unsigned once;

    (void)state;
    blob_fetch_seek(&w->fetch, 40 * SWARM_MIB, 41 * SWARM_MIB);
    swarm_drain(w);
    once = w->cancels;
    assert_true(once > 0);
    for (int i = 0; i < 400; i++) {
        blob_fetch_seek(&w->fetch, 40 * SWARM_MIB, 41 * SWARM_MIB);
        swarm_step(w);
    }
    assert_int_equal(w->cancels, once);
    assert_true(w->arrived > before);
    free(w);
}

static void on_a_fast_link_what_has_begun_goes_on(void **state)
{
    struct swarm *w = swarm_new(64, 4);
    struct blob_fetch_provider *p = w->fetch.providers;
    unsigned begun = 0;

    (void)state;
    (void)swarm_join(w, 30000, 20); /* a span is less than a round trip */
    (void)swarm_run(w, 600);
    blob_fetch_seek(&w->fetch, 60 * SWARM_MIB, 64 * SWARM_MIB);
    for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++)
        begun += p->requests[k].state == BLOB_REQUEST_OPEN &&
                 p->requests[k].what == BLOB_WHAT_BLOCKS &&
                 p->requests[k].next / BLOB_BLOCK_LEN != p->requests[k].first;
    assert_int_equal(begun, 1);
    swarm_drain(w);
    assert_true(w->cancels > 0); /* the others */
    free(w);
}

static void a_begun_span_makes_room_for_the_reader(void **state)
{
    struct swarm *w = swarm_new(64, 5);
    struct blob_place place;

    (void)state;
    w->fetch.spans_max = w->fetch.spans_allowed = 1;
    (void)swarm_join(w, 100, 20);
    (void)swarm_run(w, 3000);
    assert_true(w->fetch.spans[0].held != 0);
    blob_fetch_seek(&w->fetch, 40 * SWARM_MIB, 41 * SWARM_MIB);
    (void)swarm_run(w, 1000);
    assert_true(blob_fetch_proved(&w->fetch, 40 * SWARM_MIB, &place));
    (void)swarm_run(w, 20000);
    assert_int_equal(w->order[0], 40);
    free(w);
}

static void of_those_in_the_way_the_farthest_goes(void **state)
{
    struct swarm *w = swarm_new(64, 6);

    (void)state;
    w->fetch.spans_max = w->fetch.spans_allowed = 2;
    (void)swarm_join(w, 100, 20);
    w->fetch.spans[0] = (struct blob_fetch_span){
        .state = BLOB_SPAN_FILLING, .span = 31, .all = 0xffff, .held = 1
    };
    w->fetch.spans[1] = (struct blob_fetch_span){
        .state = BLOB_SPAN_FILLING, .span = 29, .all = 0xffff, .held = 0x7fff
    };
    blob_fetch_seek(&w->fetch, 30 * SWARM_MIB, 40 * SWARM_MIB);
    swarm_drain(w);
    assert_int_equal(w->fetch.spans[0].span, 31); /* it is read next */
    assert_int_equal(w->fetch.spans[1].span, 30);
    free(w);
}

static void
a_reader_is_bounded_by_the_blob_and_by_what_may_be_ahead(void **state)
{
    struct swarm *w = swarm_new(128, 7);

    (void)state;
    blob_fetch_seek(&w->fetch, SWARM_MIB - 1, SWARM_MIB);
    assert_int_equal(w->fetch.reader, 0);
    assert_int_equal(w->fetch.reader_end, 1);
    blob_fetch_seek(&w->fetch, SWARM_MIB - 1, SWARM_MIB + 1);
    assert_int_equal(w->fetch.reader_end, 2);
    blob_fetch_seek(&w->fetch, SWARM_MIB, UINT64_MAX);
    assert_int_equal(w->fetch.reader_end, 1 + BLOB_AHEAD_MAX);
    blob_fetch_seek(&w->fetch, 127 * SWARM_MIB, UINT64_MAX);
    assert_int_equal(w->fetch.reader_end, 128);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_next_is_waited_for),
        cmocka_unit_test(what_is_here_calls_nothing_off),
        cmocka_unit_test(who_asks_again_and_again_wastes_once),
        cmocka_unit_test(on_a_fast_link_what_has_begun_goes_on),
        cmocka_unit_test(a_begun_span_makes_room_for_the_reader),
        cmocka_unit_test(of_those_in_the_way_the_farthest_goes),
        cmocka_unit_test(
            a_reader_is_bounded_by_the_blob_and_by_what_may_be_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
