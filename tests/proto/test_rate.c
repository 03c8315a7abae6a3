/* A limit of bytes a second, at whatever moments somebody looks. */
#include "proto/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define T0    ((uint64_t)1000000)
#define PIECE 32768

/* The same numbers at each run. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Sends all that may go, at each look. */
static uint64_t drain(struct rate *r, uint64_t now_ms, uint64_t piece)
{
    uint64_t sent = 0;

    while (rate_allows(r, now_ms)) {
        rate_take(r, piece, now_ms);
        sent += piece;
    }
    return sent;
}

static void without_a_limit_all_may_go(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, 0, T0);
    for (int i = 0; i < 1000; i++) {
        assert_true(rate_allows(&r, T0));
        rate_take(&r, (uint64_t)1 << 40, T0);
    }
    assert_int_equal(rate_ready_ms(&r, T0), T0);
}

/* Whatever the ticks, all is sent that may be and nothing that may not. */
static void any_ticks_send_exactly_the_rate(void **state)
{
    static const uint64_t rates[] = { 1,       999,       1000,     65537,
                                      1000000, 123456789, 1u << 30, RATE_MAX };
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint64_t piece = rates[i] < PIECE ? rates[i] : rates[i] / 64 + 1;
        uint64_t now = T0;
        uint64_t sent = 0;
        struct rate r;

        rate_init(&r, rates[i], T0);
        for (int tick = 0; tick < 5000; tick++) {
            uint64_t most;

            sent += drain(&r, now, piece);
            most = (now - T0) * (rates[i] / 8) / 125 +
                   (now - T0) * (rates[i] % 8) / 1000;
            assert_true(sent <= most + piece + 8);
            assert_true(sent + 8 >= most);
            now += next_random(&seed) % (RATE_BURST_MS + 1);
        }
    }
}

/* Who was silent for a day has a burst and no more. */
static void silence_is_not_saved_up(void **state)
{
    struct rate r;
    uint64_t sent;

    (void)state;
    rate_init(&r, 1000000, T0);
    sent = drain(&r, T0 + 86400000, 1000);
    assert_int_equal(sent, 1000000 * RATE_BURST_MS / 1000 + 1000);
}

static void the_moment_told_is_the_first_that_allows(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct rate r;
        uint64_t ready;

        rate_init(&r, 1 + next_random(&seed) % 1000000, T0);
        rate_take(&r, 1 + next_random(&seed) % 100000, T0);
        ready = rate_ready_ms(&r, T0);
        assert_true(ready > T0);
        assert_false(rate_allows(&r, ready - 1));
        assert_true(rate_allows(&r, ready));
    }
}

static void a_debt_outlives_another_limit(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, 1000, T0);
    rate_take(&r, 10000, T0); /* 10 s */
    rate_set(&r, 10000, T0);  /* or 1 */
    assert_false(rate_allows(&r, T0 + 999));
    assert_true(rate_allows(&r, T0 + 1000));
    rate_take(&r, 10000, T0 + 1000);
    rate_set(&r, 0, T0 + 1000);
    assert_true(rate_allows(&r, T0 + 1000));
    rate_set(&r, 10000, T0 + 1000); /* none is owed under no limit */
    assert_true(rate_allows(&r, T0 + 1000));
}

/* A lower limit does not inherit the burst of a higher one. */
static void a_burst_shrinks_with_the_limit(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, 1000000, T0);
    rate_set(&r, 1000, T0 + 10000);
    assert_true(drain(&r, T0 + 10000, 100) <=
                1000 * RATE_BURST_MS / 1000 + 100);
}

/* At the largest limit and the longest time nothing overflows. */
static void extremes_do_not_overflow(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, RATE_MAX, 0);
    assert_true(rate_allows(&r, UINT64_MAX / 2));
    for (int i = 0; i < 100; i++)
        rate_take(&r, (uint64_t)1 << 40, UINT64_MAX / 2);
    assert_false(rate_allows(&r, UINT64_MAX / 2));
    assert_true(rate_allows(&r, UINT64_MAX));
    rate_init(&r, 1, 0);
    rate_take(&r, (uint64_t)1 << 40, 0);
    assert_int_equal(rate_ready_ms(&r, 0), ((uint64_t)1 << 40) * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_all_may_go),
        cmocka_unit_test(any_ticks_send_exactly_the_rate),
        cmocka_unit_test(silence_is_not_saved_up),
        cmocka_unit_test(the_moment_told_is_the_first_that_allows),
        cmocka_unit_test(a_debt_outlives_another_limit),
        cmocka_unit_test(a_burst_shrinks_with_the_limit),
        cmocka_unit_test(extremes_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
