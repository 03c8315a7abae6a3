/* Who gives way to those who wait, on a clock that is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/blob_turn.h"

#define T0     ((uint64_t)70000)
#define WINDOW ((uint64_t)BLOB_TURN_WINDOW_MS)
#define ENOUGH (WINDOW / 1000 * BLOB_TURN_FLOOR) /* in a window */
#define ALL    0xffffU

static struct blob_turns turns;

static int begin(void **state)
{
    (void)state;
    blob_turns_init(&turns);
    return 0;
}

/* The place that is given up now, or BLOB_TURN_PLACES. */
static unsigned given(unsigned candidates, uint64_t now)
{
    unsigned place = BLOB_TURN_PLACES;

    return blob_turns_give(&turns, candidates, now, &place) ? place
                                                            : BLOB_TURN_PLACES;
}

#define NONE BLOB_TURN_PLACES

static void whoever_drips_gives_way_after_a_window(void **state)
{
    (void)state;
    blob_turns_take(&turns, 3, T0);
    for (uint64_t ms = 250; ms < WINDOW; ms += 250) {
        blob_turns_note(&turns, 3, ms > WINDOW - 1000 ? 9 : 0, T0 + ms);
        assert_int_equal(given(ALL, T0 + ms), NONE);
    }
    blob_turns_note(&turns, 3, 9, T0 + WINDOW - 1);
    assert_int_equal(given(ALL, T0 + WINDOW - 1), NONE);
    blob_turns_note(&turns, 3, 9, T0 + WINDOW);
    assert_int_equal(given(ALL, T0 + WINDOW), 3);
}

static void the_floor_is_enough_and_a_byte_less_is_not(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_take(&turns, 1, T0);
    blob_turns_note(&turns, 0, ENOUGH, T0 + WINDOW);
    blob_turns_note(&turns, 1, ENOUGH - 1, T0 + WINDOW);
    assert_int_equal(given(ALL, T0 + WINDOW), 1);
    assert_int_equal(given(1, T0 + 3 * WINDOW), NONE);
}

static void who_was_fast_once_is_judged_by_its_last_window(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_note(&turns, 0, 1000 * ENOUGH, T0 + WINDOW);
    assert_int_equal(given(ALL, T0 + WINDOW), NONE);
    blob_turns_note(&turns, 0, 1000 * ENOUGH + 14, T0 + 2 * WINDOW);
    assert_int_equal(given(ALL, T0 + 2 * WINDOW), 0);
}

static void who_comes_to_life_keeps_its_place(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_note(&turns, 0, 0, T0 + WINDOW);
    blob_turns_note(&turns, 0, ENOUGH, T0 + 2 * WINDOW);
    assert_int_equal(given(ALL, T0 + 2 * WINDOW), NONE);
}

static void a_late_look_does_not_shorten_what_was_demanded(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_note(&turns, 0, 2 * ENOUGH - 1, T0 + 2 * WINDOW);
    assert_int_equal(given(ALL, T0 + 2 * WINDOW), 0);
}

static void only_candidates_give_way(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_take(&turns, 15, T0);
    blob_turns_note(&turns, 0, 0, T0 + WINDOW);
    blob_turns_note(&turns, 15, 7, T0 + WINDOW);
    assert_int_equal(given(0, T0 + WINDOW), NONE);
    assert_int_equal(given(~1U & ALL, T0 + WINDOW), 15);
}

static void a_place_that_is_free_is_not_given(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_note(&turns, 0, 0, T0 + WINDOW);
    blob_turns_leave(&turns, 0);
    assert_int_equal(given(ALL, T0 + WINDOW), NONE);
    blob_turns_take(&turns, 0, T0 + WINDOW); /* the next one begins anew */
    assert_int_equal(given(ALL, T0 + WINDOW), NONE);
}

static void what_our_own_limits_hold_up_is_excused(void **state)
{
    (void)state;
    blob_turns_take(&turns, 0, T0);
    blob_turns_note(&turns, 0, 0, T0 + WINDOW);
    blob_turns_excuse(&turns, 0, T0 + WINDOW + 1);
    assert_int_equal(given(ALL, T0 + WINDOW + 1), NONE);
    blob_turns_note(&turns, 0, 0, T0 + 2 * WINDOW);
    assert_int_equal(given(ALL, T0 + 2 * WINDOW), NONE);
    blob_turns_note(&turns, 0, 0, T0 + 2 * WINDOW + 1);
    assert_int_equal(given(ALL, T0 + 2 * WINDOW + 1), 0);
}

/*
 * On a link that is slow itself all are below the floor.  Those that have come
 * farthest are never disturbed, so each of them ends some day.
 */
static void on_a_slow_link_the_newest_alone_gives_way(void **state)
{
    uint64_t total[8] = { 0 }, now = T0;
    unsigned newest = 7;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        blob_turns_take(&turns, i, T0);
        total[i] = 80000 - i * 1000; /* they began one after the other */
        blob_turns_note(&turns, i, total[i], T0);
        blob_turns_excuse(&turns, i, T0);
    }
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned step = 0; step < 60; step++) {
            now += 250;
            for (unsigned i = 0; i < 8; i++) {
                total[i] += 250;
                blob_turns_note(&turns, i, total[i], now);
            }
            if (step < 59)
                assert_int_equal(given(ALL, now), NONE);
        }
        assert_int_equal(given(ALL, now), newest);
        blob_turns_leave(&turns, newest);
        blob_turns_take(&turns, newest, now);
        total[newest] = 0;
    }
    assert_true(total[0] > 100 * 15000);
}

/* Eight that drip, and files of others that wait: one place each window. */
static void eight_who_drip_hold_nobody_up_for_long(void **state)
{
    bool drips[8] = { true, true, true, true, true, true, true, true };
    unsigned fetched = 0;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        blob_turns_take(&turns, i, T0);
    for (uint64_t now = T0 + 250; now <= T0 + 8 * WINDOW; now += 250) {
        unsigned place;

        for (unsigned i = 0; i < 8; i++) {
            if (drips[i]) {
                blob_turns_note(&turns, i, (now - T0) / 14000 * 5, now);
                continue;
            }
            fetched++; /* within the quarter of a second */
            blob_turns_leave(&turns, i);
            blob_turns_take(&turns, i, now);
        }
        place = given(ALL, now);
        if (place == NONE)
            continue;
        assert_true(drips[place]);
        blob_turns_leave(&turns, place);
        blob_turns_take(&turns, place, now);
        drips[place] = false;
        if (now <= T0 + WINDOW)
            assert_int_equal(now, T0 + WINDOW);
    }
    for (unsigned i = 0; i < 8; i++)
        assert_false(drips[i]);
    assert_true(fetched > 60 * 7);
}

static void a_source_is_thought_slow_for_a_while(void **state)
{
    (void)state;
    assert_false(blob_turns_is_slow(&turns, 7, T0));
    blob_turns_blame(&turns, 7, T0);
    assert_true(blob_turns_is_slow(&turns, 7, T0 + BLOB_TURN_SLOW_MS - 1));
    assert_false(blob_turns_is_slow(&turns, 7, T0 + BLOB_TURN_SLOW_MS));
    assert_false(blob_turns_is_slow(&turns, 8, T0));
    blob_turns_blame(&turns, 7, T0 + 9); /* from then on anew */
    assert_true(blob_turns_is_slow(&turns, 7, T0 + BLOB_TURN_SLOW_MS + 8));
}

static void of_too_many_slow_ones_the_oldest_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= BLOB_TURN_SOURCES; i++)
        blob_turns_blame(&turns, i, T0 + i);
    blob_turns_blame(&turns, 1, T0 + 1000); /* no longer the oldest */
    blob_turns_blame(&turns, 999, T0 + 1000);
    assert_true(blob_turns_is_slow(&turns, 1, T0 + 1000));
    assert_false(blob_turns_is_slow(&turns, 2, T0 + 1000));
    for (uint64_t i = 3; i <= BLOB_TURN_SOURCES; i++)
        assert_true(blob_turns_is_slow(&turns, i, T0 + 1000));
    assert_true(blob_turns_is_slow(&turns, 999, T0 + 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whoever_drips_gives_way_after_a_window, begin),
        cmocka_unit_test_setup(the_floor_is_enough_and_a_byte_less_is_not,
                               begin),
        cmocka_unit_test_setup(who_was_fast_once_is_judged_by_its_last_window,
                               begin),
        cmocka_unit_test_setup(who_comes_to_life_keeps_its_place, begin),
        cmocka_unit_test_setup(a_late_look_does_not_shorten_what_was_demanded,
                               begin),
        cmocka_unit_test_setup(only_candidates_give_way, begin),
        cmocka_unit_test_setup(a_place_that_is_free_is_not_given, begin),
        cmocka_unit_test_setup(what_our_own_limits_hold_up_is_excused, begin),
        cmocka_unit_test_setup(on_a_slow_link_the_newest_alone_gives_way,
                               begin),
        cmocka_unit_test_setup(eight_who_drip_hold_nobody_up_for_long, begin),
        cmocka_unit_test_setup(a_source_is_thought_slow_for_a_while, begin),
        cmocka_unit_test_setup(of_too_many_slow_ones_the_oldest_is_forgotten,
                               begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
