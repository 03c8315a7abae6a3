/* How much may be on its way from a peer, and when it is not asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/fetch_source.h"
#include "proto/blob_turn.h"
#include "proto/limits.h"

enum { KIB = 1024, MIB = 1024 * KIB, RTT = 0, NOW = 100000 };

static struct fetch_sources sources;

static int setup(void **state)
{
    (void)state;
    memset(&sources, 0, sizeof sources);
    return 0;
}

/* As much as may be asked of it in pieces of 32 KiB. */
static uint64_t fill(struct fetch_source *s, uint64_t rtt_ms, uint64_t now_ms)
{
    while (fetch_source_has_room(s, 32 * KIB, rtt_ms))
        fetch_source_asked(s, 32 * KIB, now_ms);
    return s->in_flight;
}

static void who_is_new_is_asked_for_half_a_mebibyte(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);

    (void)state;
    assert_int_equal(fill(s, RTT, NOW), BLOB_WINDOW_MIN);
    assert_ptr_equal(fetch_source_find(&sources, 1), s);
    assert_null(fetch_source_find(&sources, 2));
}

static void one_file_may_always_be_asked_for(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);

    (void)state;
    assert_true(fetch_source_has_room(s, MIB, RTT));
    fetch_source_asked(s, MIB, NOW);
    assert_false(fetch_source_has_room(s, 1, RTT));
}

static void who_sends_much_is_asked_for_more_up_to_a_bound(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);

    (void)state;
    fetch_source_asked(s, 5 * MIB, NOW);
    fetch_source_came(s, 5 * MIB - 1, NOW + 100); /* 50 MiB a second */
    fetch_source_ended(s, 1);
    assert_in_range(fill(s, RTT, NOW + 100), 2 * MIB - 32 * KIB, 2 * MIB);
    fetch_source_came(s, (size_t)s->in_flight, NOW + 101);
    s->open = 0;
    fetch_source_asked(s, 100 * MIB, NOW + 200);
    fetch_source_came(s, 100 * MIB, NOW + 300); /* 1 GiB a second */
    fetch_source_ended(s, 0);
    for (unsigned i = 0; i < 63; i++)
        fetch_source_asked(s, 128 * KIB, NOW + 300);
    assert_true(fetch_source_has_room(s, 128 * KIB, 100));
    assert_false(fetch_source_has_room(s, 128 * KIB + 1, 100)); /* 8 MiB */
}

static void requests_are_bounded_too(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);

    (void)state;
    for (unsigned i = 0; i < FETCH_SOURCE_OPEN; i++) {
        assert_true(fetch_source_has_room(s, 1, RTT));
        fetch_source_asked(s, 1, NOW);
    }
    assert_false(fetch_source_has_room(s, 1, RTT));
    fetch_source_called_off(s, 1); /* until its end has come */
    assert_false(fetch_source_has_room(s, 1, RTT));
    assert_true(fetch_source_gave_up(s));
    assert_true(fetch_source_has_room(s, 1, RTT));
    assert_false(fetch_source_gave_up(s));
}

static void who_misses_rests_twice_as_long_each_time(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);
    uint64_t now = NOW;

    (void)state;
    for (uint64_t rest = 250; rest <= 32000; rest *= 2) {
        fetch_source_missed(s, now);
        fetch_source_missed(s, now + 1); /* of the same questions */
        assert_true(fetch_source_rests(s, now + rest - 1));
        assert_false(fetch_source_rests(s, now + rest));
        now += rest;
    }
    fetch_source_missed(s, now);
    assert_false(fetch_source_rests(s, now + 32000));
    now += 32000;
    fetch_source_asked(s, 2, now);
    fetch_source_came(s, 1, now);
    fetch_source_missed(s, now);
    assert_false(fetch_source_rests(s, now + 250));
}

static void who_sends_next_to_nothing_is_slow(void **state)
{
    struct fetch_source *s = fetch_source_take(&sources, 1);
    uint64_t least = (uint64_t)BLOB_TURN_FLOOR * BLOB_TIMEOUT_MS / 1000;
    uint64_t now = NOW + BLOB_TIMEOUT_MS;

    (void)state;
    assert_false(fetch_source_is_slow(s, now)); /* it owes nothing */
    fetch_source_asked(s, MIB, NOW);
    fetch_source_came(s, (size_t)least, now - 1);
    assert_false(fetch_source_is_slow(s, now - 1));
    assert_false(fetch_source_is_slow(s, now));
    fetch_source_came(s, (size_t)least - 1, now + 1);
    assert_true(fetch_source_is_slow(s, now + BLOB_TIMEOUT_MS));
    fetch_source_called_off(s, s->in_flight);
    assert_false(fetch_source_is_slow(s, now + 2 * BLOB_TIMEOUT_MS));
}

static void the_place_of_who_owes_nothing_is_given_away(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= FETCH_SOURCES; i++)
        fetch_source_asked(fetch_source_take(&sources, i), 1, NOW);
    assert_null(fetch_source_take(&sources, 99));
    fetch_source_came(fetch_source_find(&sources, 5), 1, NOW);
    assert_null(fetch_source_take(&sources, 99));
    fetch_source_ended(fetch_source_find(&sources, 5), 0);
    assert_non_null(fetch_source_take(&sources, 99));
    assert_null(fetch_source_find(&sources, 5));
}

static void who_rests_keeps_its_place_while_there_are_others(void **state)
{
    (void)state;
    fetch_source_missed(fetch_source_take(&sources, 1), NOW);
    for (uint64_t i = 2; i <= FETCH_SOURCES; i++)
        assert_non_null(fetch_source_take(&sources, i));
    assert_non_null(fetch_source_find(&sources, 1));
    assert_non_null(fetch_source_take(&sources, 99)); /* in that of 2 */
    assert_true(fetch_source_rests(fetch_source_find(&sources, 1), NOW));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(who_is_new_is_asked_for_half_a_mebibyte),
        TEST(one_file_may_always_be_asked_for),
        TEST(who_sends_much_is_asked_for_more_up_to_a_bound),
        TEST(requests_are_bounded_too),
        TEST(who_misses_rests_twice_as_long_each_time),
        TEST(who_sends_next_to_nothing_is_slow),
        TEST(the_place_of_who_owes_nothing_is_given_away),
        TEST(who_rests_keeps_its_place_while_there_are_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
