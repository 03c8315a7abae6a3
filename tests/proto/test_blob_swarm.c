/* What is asked of whom in a swarm, as it comes out in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/common/swarm.h"

/* Runs until all is here, and right; how much time it took. */
static uint64_t run_whole(struct swarm *w)
{
    uint64_t took = swarm_run(w, 60000);

    swarm_assert_whole(w);
    return took;
}

/* Joins somebody who has spans from `first` up to `end` alone. */
static struct swarm_peer *join_part(struct swarm *w, uint64_t rate,
                                    uint64_t first, uint64_t end)
{
    struct swarm_peer *p = swarm_join(w, rate, 5);

    p->whole = false;
    for (uint64_t s = first; s < end; s++)
        swarm_set_bit(p->bits, s);
    return p;
}

/* Runs until the span is written. */
static void await_span(struct swarm *w, uint64_t span)
{
    while (!swarm_bit(w->held, span) && w->done == 0)
        (void)swarm_run(w, 1);
}

/* What comes of a message of that provider. */
static enum err hear(struct swarm *w, unsigned provider,
                     const struct blob_msg *msg)
{
    return blob_fetch_recv(&w->fetch, provider, msg, w->now);
}

/* ---- Rules -------------------------------------------------------------- */

static void three_providers_bring_it_three_times_as_fast(void **state)
{
    struct swarm *w = swarm_new(96, 1);
    uint64_t one, three;

    (void)state;
    (void)swarm_join(w, 10000, 2);
    one = run_whole(w);
    assert_int_equal(swarm_wasted(w), 0);
    free(w);
    w = swarm_new(96, 1);
    for (int i = 0; i < 3; i++)
        (void)swarm_join(w, 10000, 2);
    three = run_whole(w);
    assert_in_range(three, one / 3, one / 3 * 11 / 10);
    assert_true(swarm_wasted(w) <= SWARM_MIB);
    free(w);
}

static void spans_come_in_order_while_all_have_all(void **state)
{
    struct swarm *w = swarm_new(64, 2);

    (void)state;
    (void)swarm_join(w, 10000, 2);
    (void)run_whole(w);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(w->order[i], i);
    free(w);
}

static void a_slow_provider_does_not_hold_it_up(void **state)
{
    static const uint64_t rates[] = { 10, 100, 1000 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct swarm *w = swarm_new(64, 3 + i);
        uint64_t took;

        (void)swarm_join(w, 10000, 5);
        (void)swarm_join(w, rates[i], 5);
        took = run_whole(w);
        /* The fast one alone needs 6,711 ms. */
        assert_true(took <= 7100);
        assert_true(swarm_wasted(w) <= 2 * SWARM_MIB);
        free(w);
    }
}

static void seven_slow_providers_do_not_hold_it_up(void **state)
{
    struct swarm *w = swarm_new(64, 7);

    (void)state;
    for (int i = 0; i < 7; i++)
        (void)swarm_join(w, 20, 5);
    (void)swarm_join(w, 10000, 5);
    assert_true(run_whole(w) <= 7000);
    assert_true(swarm_wasted(w) <= 8 * SWARM_MIB);
    free(w);
}

static void who_falls_silent_loses_its_spans(void **state)
{
    struct swarm *w = swarm_new(64, 8);
    struct swarm_peer *mute;

    (void)state;
    (void)swarm_join(w, 10000, 5);
    mute = swarm_join(w, 10000, 5);
    mute->silent_from = 2000;
    /* Half of it by one alone, from the second second on. */
    assert_true(run_whole(w) <= 6700);
    assert_true(swarm_wasted(w) <= SWARM_MIB);
    free(w);
}

static void the_only_provider_may_be_silent_for_longer(void **state)
{
    struct swarm *w = swarm_new(8, 9);
    struct swarm_peer *p = swarm_join(w, 10000, 5);

    (void)state;
    p->silent_from = 1100;
    (void)swarm_run(w, BLOB_TIMEOUT_MS - 1000);
    assert_int_equal(w->cancels, 0);
    (void)swarm_run(w, 1500);
    assert_true(w->cancels > 0);
    free(w);
}

static void what_few_have_is_fetched_first(void **state)
{
    struct swarm *w = swarm_new(64, 10);

    (void)state;
    for (int i = 0; i < 3; i++)
        (void)join_part(w, 1000, 0, 60);
    (void)join_part(w, 1000, 56, 64);
    (void)run_whole(w);
    /* Spans 60 to 63 are with one alone, which begins with them. */
    for (uint64_t s = 60; s < 64; s++) {
        unsigned at = 0;

        while (w->order[at] != s)
            at++;
        assert_true(at < 24);
    }
    free(w);
}

static void each_span_with_one_alone_is_enough(void **state)
{
    struct swarm *w = swarm_new(100, 11);

    (void)state;
    for (int i = 0; i < 8; i++)
        (void)join_part(w, 2000, 0, 0);
    for (uint64_t s = 0; s < 100; s++)
        swarm_set_bit(w->peers[swarm_chance(w) % 8].bits, s);
    (void)run_whole(w);
    assert_int_equal(w->stalled, 0);
    assert_true(swarm_wasted(w) <= SWARM_MIB);
    free(w);
}

static void a_provider_that_still_gets_it_is_waited_for(void **state)
{
    struct swarm *w = swarm_new(20, 12);

    (void)state;
    join_part(w, 5000, 0, 0)->gains_each_ms = 100;
    (void)run_whole(w);
    assert_int_equal(w->stalled, 0);
    free(w);
}

static void one_that_gets_no_more_is_not_waited_for_long(void **state)
{
    struct swarm *w = swarm_new(20, 13);

    (void)state;
    (void)join_part(w, 5000, 3, 4);
    (void)swarm_run(w, BLOB_TIMEOUT_MS);
    assert_int_equal(w->stalled, 0);
    assert_int_equal(w->written, 1);
    (void)swarm_run(w, 1000);
    assert_int_equal(w->stalled, 1);
    free(w);
}

static void maps_without_bytes_are_not_listened_to_for_ever(void **state)
{
    struct swarm *w = swarm_new(20, 15);
    static const uint8_t nothing[1];
    struct blob_msg msg = { .type = FRAME_BLOB_HAVE };

    (void)state;
    (void)join_part(w, 5000, 0, 0);
    for (unsigned i = 0; i < 10 && w->stalled == 0; i++) {
        (void)swarm_run(w, BLOB_TIMEOUT_MS / 2);
        msg.request = w->fetch.providers[0].watch_request;
        msg.have.bits = BYTES_ARRAY(nothing);
        if (w->stalled == 0)
            assert_int_equal(hear(w, 0, &msg), ERR_OK);
    }
    assert_int_equal(w->stalled, 1);
    assert_true(w->now > 3 * BLOB_TIMEOUT_MS);
    free(w);
}

static void who_does_not_know_watches_is_asked_for_anything(void **state)
{
    struct swarm *w = swarm_new(40, 14);

    (void)state;
    join_part(w, 5000, 3, 4)->tells = false; /* answers NOT_HELD */
    swarm_join(w, 5000, 5)->tells = false;
    (void)run_whole(w);
    free(w);
}

static void who_begins_the_same_begins_elsewhere(void **state)
{
    uint64_t first[8];
    unsigned same = 0;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct swarm *w = swarm_new(128, 20 + i);

        (void)swarm_join(w, 1000, 5);
        (void)join_part(w, 1000, 0, 1);
        (void)swarm_run(w, 5000);
        first[i] = w->order[2];
        for (unsigned k = 0; k < i; k++)
            same += first[k] == first[i];
        free(w);
    }
    assert_true(same <= 2);
}

/* ---- Readers ------------------------------------------------------------ */

static void a_reader_is_served_first_and_in_order(void **state)
{
    struct swarm *w = swarm_new(128, 30);
    uint64_t asked, took;
    unsigned before;

    (void)state;
    (void)swarm_join(w, 5000, 20);
    (void)swarm_join(w, 5000, 20);
    (void)swarm_run(w, 3000);
    before = w->written;
    asked = w->now;
    blob_fetch_seek(&w->fetch, 100 * SWARM_MIB, 108 * SWARM_MIB);
    await_span(w, 100);
    took = w->now - asked;
    /* A round trip, what has begun to come, and the span itself. */
    assert_true(took <= 40 + 2 * 210);
    await_span(w, 107);
    assert_true(w->written - before <= 8 + 4 + 2);
    (void)run_whole(w);
    free(w);
}

static void what_is_only_read_is_fetched_no_further(void **state)
{
    struct swarm *w = swarm_new(128, 31);

    (void)state;
    blob_fetch_limit(&w->fetch, true);
    (void)swarm_join(w, 5000, 5);
    (void)swarm_run(w, 1000);
    assert_int_equal(w->written, 0);
    blob_fetch_seek(&w->fetch, 50 * SWARM_MIB, 60 * SWARM_MIB);
    (void)swarm_run(w, 10000);
    assert_int_equal(w->written, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_true(swarm_bit(w->held, 50 + i));
    assert_int_equal(w->stalled, 0);
    blob_fetch_limit(&w->fetch, false);
    (void)run_whole(w);
    free(w);
}

static void a_reader_of_what_nobody_has_stops_nothing_else(void **state)
{
    struct swarm *w = swarm_new(32, 32);
    struct swarm_peer *p = join_part(w, 5000, 0, 31);

    (void)state;
    blob_fetch_seek(&w->fetch, 31 * SWARM_MIB, 32 * SWARM_MIB);
    (void)swarm_run(w, 10000);
    assert_int_equal(w->written, 31);
    swarm_set_bit(p->bits, 31);
    (void)swarm_run(w, 10000);
    swarm_assert_whole(w);
    free(w);
}

static void a_reader_does_not_wait_for_a_slow_provider(void **state)
{
    struct swarm *w = swarm_new(64, 33);
    uint64_t asked;

    (void)state;
    (void)swarm_join(w, 50, 5);
    (void)swarm_join(w, 10000, 5);
    (void)swarm_run(w, 1000);
    asked = w->now;
    blob_fetch_seek(&w->fetch, 40 * SWARM_MIB, 48 * SWARM_MIB);
    await_span(w, 47);
    assert_true(w->now - asked <= 2000);
    free(w);
}

/* ---- Maps --------------------------------------------------------------- */

static struct blob_msg have(uint32_t request, uint64_t first, size_t len)
{
    static const uint8_t ones[SWARM_SPANS_MAX] = { 1 };
    struct blob_msg msg = { .type = FRAME_BLOB_HAVE, .request = request };

    msg.have.first = first;
    msg.have.bits = (struct bytes){ ones, len };
    return msg;
}

static void a_map_that_nobody_asked_for_is_refused(void **state)
{
    struct swarm *w = swarm_new(20, 40);
    struct blob_msg msg;
    uint32_t watch;

    (void)state;
    (void)swarm_join(w, 1000, 500);
    swarm_drain(w);
    watch = w->fetch.providers[0].watch_request;
    msg = have(watch + 1, 0, 1);
    assert_int_equal(hear(w, 0, &msg), ERR_NOT_ASKED);
    assert_int_equal(w->fetch.providers[0].map, BLOB_MAP_UNKNOWN);
    msg = have(watch, 0, 1);
    assert_int_equal(hear(w, 0, &msg), ERR_OK);
    assert_int_equal(w->fetch.providers[0].map, BLOB_MAP_PARTIAL);
    assert_true(swarm_bit(w->fetch.providers[0].bits, 0));
    assert_false(swarm_bit(w->fetch.providers[0].bits, 1));
    free(w);
}

static void a_map_of_spans_that_are_not_is_refused(void **state)
{
    struct swarm *w = swarm_new(20, 41);
    static const uint8_t bits[] = { 0x0f, 0x10 };
    struct blob_msg msg;
    uint32_t watch;

    (void)state;
    (void)swarm_join(w, 1000, 500);
    swarm_drain(w);
    watch = w->fetch.providers[0].watch_request;
    msg = have(watch, 24, 1);
    assert_int_equal(hear(w, 0, &msg), ERR_MALFORMED);
    msg = have(watch, 0, 4);
    assert_int_equal(hear(w, 0, &msg), ERR_MALFORMED);
    msg = have(watch, 16, 1);
    msg.have.bits = (struct bytes){ bits + 1, 1 }; /* span 20 */
    assert_int_equal(hear(w, 0, &msg), ERR_MALFORMED);
    msg.have.bits = (struct bytes){ bits, 1 };
    assert_int_equal(hear(w, 0, &msg), ERR_OK);
    assert_true(swarm_bit(w->fetch.providers[0].bits, 19));
    free(w);
}

static void a_watch_that_ends_leaves_a_whole_or_an_empty_map(void **state)
{
    struct swarm *w = swarm_new(20, 42);
    struct blob_msg msg = { .type = FRAME_BLOB_END };
    struct blob_fetch_provider *p = w->fetch.providers;

    (void)state;
    (void)swarm_join(w, 1000, 500);
    (void)swarm_join(w, 1000, 500);
    swarm_drain(w);
    msg.request = p[0].watch_request;
    assert_int_equal(hear(w, 0, &msg), ERR_OK);
    assert_int_equal(p[0].map, BLOB_MAP_WHOLE);
    msg.request = p[1].watch_request;
    msg.end = ERR_NOT_HELD;
    assert_int_equal(hear(w, 1, &msg), ERR_OK);
    assert_int_equal(p[1].map, BLOB_MAP_NOTHING);
    assert_int_equal(p[1].watch, BLOB_WATCH_NONE);
    swarm_drain(w);
    assert_int_equal(p[1].watch, BLOB_WATCH_NONE); /* it rests */
    w->now = p[1].rest_until_ms;
    blob_fetch_tick(&w->fetch, w->now);
    swarm_drain(w);
    assert_int_equal(p[1].watch, BLOB_WATCH_OPEN); /* asked anew */
    free(w);
}

static void at_the_end_no_watch_is_left_open(void **state)
{
    struct swarm *w = swarm_new(20, 43);
    struct swarm_peer *p = join_part(w, 5000, 0, 20);

    (void)state;
    (void)run_whole(w);
    for (int i = 0; i < 20; i++)
        swarm_step(w);
    assert_false(p->watched);
    assert_true(blob_fetch_is_idle(&w->fetch));
    free(w);
}

static void who_has_nothing_makes_room_for_another(void **state)
{
    struct swarm *w = swarm_new(20, 44);
    struct blob_msg msg = { .type = FRAME_BLOB_END };
    unsigned spare = 77;

    (void)state;
    for (int i = 0; i < 7; i++)
        (void)swarm_join(w, 1000, 500);
    swarm_drain(w);
    msg.request = w->fetch.providers[3].watch_request;
    msg.end = ERR_NOT_HELD;
    assert_int_equal(hear(w, 3, &msg), ERR_OK);
    assert_false(blob_fetch_provider_spare(&w->fetch, &spare)); /* a place */
    (void)swarm_join(w, 1000, 500);
    assert_true(blob_fetch_provider_spare(&w->fetch, &spare));
    assert_int_equal(spare, 3);
    w->fetch.providers[3].map = BLOB_MAP_PARTIAL;
    assert_false(blob_fetch_provider_spare(&w->fetch, &spare));
    free(w);
}

/* ---- Any swarm ---------------------------------------------------------- */

/* A peer of some speed and holding, which perhaps is up to something. */
static void join_any(struct swarm *w)
{
    struct swarm_peer *p =
        swarm_join(w, 200 + swarm_chance(w) % 8000, swarm_chance(w) % 60);

    p->tells = swarm_chance(w) % 8 != 0;
    p->whole = swarm_chance(w) % 3 == 0;
    for (uint64_t s = 0; s < w->spans; s++)
        if (swarm_chance(w) % 2 == 0)
            swarm_set_bit(p->bits, s);
    if (swarm_chance(w) % 4 == 0)
        p->gains_each_ms = 50 + swarm_chance(w) % 200;
    switch (swarm_chance(w) % 5) {
    case 0:
        p->lies = true;
        break;
    case 1:
        p->silent_from = w->now + swarm_chance(w) % 8000;
        break;
    case 2:
        p->gone_at = w->now + swarm_chance(w) % 8000;
        break;
    default:
        break;
    }
}

/* Each span is with one who is honest and stays. */
static void make_honest(struct swarm *w)
{
    unsigned honest = 1 + (unsigned)(swarm_chance(w) % 3);

    for (unsigned i = 0; i < honest; i++) {
        struct swarm_peer *p = &w->peers[i];

        p->lies = p->whole = false;
        p->silent_from = p->gone_at = 0;
        for (uint64_t s = i; s < w->spans; s += honest)
            swarm_set_bit(p->bits, s);
    }
}

static void any_swarm_ends_right_if_each_span_is_with_one_honest(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 220; seed++) {
        struct swarm *w = swarm_new(24 + seed % 80, seed);
        unsigned count = 3 + (unsigned)(seed % 6);
        uint64_t sent = 0, honest = 0;

        for (unsigned i = 0; i < count; i++)
            join_any(w);
        make_honest(w);
        if (seed % 4 == 0)
            blob_fetch_seek(&w->fetch, w->spans / 2 * SWARM_MIB,
                            w->spans * SWARM_MIB);
        if (seed % 3 == 0)
            w->fetch.spans_allowed = w->fetch.spans_max = 3;
        for (int i = 0; seed % 4 == 1 && i < 40 && w->done == 0; i++) {
            uint64_t at = swarm_chance(w) % (w->spans * SWARM_MIB);

            blob_fetch_seek(&w->fetch, at, at + swarm_chance(w) % 9000000 + 1);
            (void)swarm_run(w, 300);
        }
        (void)swarm_run(w, 600000);
        if (w->done != 1 || w->stalled > 0)
            fail_msg("seed %llu: %u of %llu spans, stalled %u",
                     (unsigned long long)seed, w->written,
                     (unsigned long long)w->spans, w->stalled);
        swarm_assert_whole(w);
        for (unsigned i = 0; i < count; i++) {
            sent += w->peers[i].sent;
            honest += w->peers[i].lies ? 0 : w->peers[i].sent;
        }
        assert_true(sent >= w->spans * SWARM_MIB);
        /* Copies of the last, what was taken over, what lies spoilt. */
        assert_true(seed % 4 == 1 ||
                    honest <= w->spans * SWARM_MIB + 24 * SWARM_MIB);
        free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_providers_bring_it_three_times_as_fast),
        cmocka_unit_test(spans_come_in_order_while_all_have_all),
        cmocka_unit_test(a_slow_provider_does_not_hold_it_up),
        cmocka_unit_test(seven_slow_providers_do_not_hold_it_up),
        cmocka_unit_test(who_falls_silent_loses_its_spans),
        cmocka_unit_test(the_only_provider_may_be_silent_for_longer),
        cmocka_unit_test(what_few_have_is_fetched_first),
        cmocka_unit_test(each_span_with_one_alone_is_enough),
        cmocka_unit_test(a_provider_that_still_gets_it_is_waited_for),
        cmocka_unit_test(one_that_gets_no_more_is_not_waited_for_long),
        cmocka_unit_test(maps_without_bytes_are_not_listened_to_for_ever),
        cmocka_unit_test(who_does_not_know_watches_is_asked_for_anything),
        cmocka_unit_test(who_begins_the_same_begins_elsewhere),
        cmocka_unit_test(a_reader_is_served_first_and_in_order),
        cmocka_unit_test(what_is_only_read_is_fetched_no_further),
        cmocka_unit_test(a_reader_of_what_nobody_has_stops_nothing_else),
        cmocka_unit_test(a_reader_does_not_wait_for_a_slow_provider),
        cmocka_unit_test(a_map_that_nobody_asked_for_is_refused),
        cmocka_unit_test(a_map_of_spans_that_are_not_is_refused),
        cmocka_unit_test(a_watch_that_ends_leaves_a_whole_or_an_empty_map),
        cmocka_unit_test(at_the_end_no_watch_is_left_open),
        cmocka_unit_test(who_has_nothing_makes_room_for_another),
        cmocka_unit_test(any_swarm_ends_right_if_each_span_is_with_one_honest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
