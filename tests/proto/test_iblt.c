/* Coded symbols: what they cost, and what false ones do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/iblt.h"

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static struct iblt_symbol random_single(uint64_t *seed)
{
    struct iblt_symbol s;
    uint8_t id[IBLT_ID_LEN];

    put_u64(id, random_next(seed));
    put_u64(id + 8, random_next(seed));
    iblt_symbol_of(&s, id);
    return s;
}

static struct iblt_symbol ones[SYNC_SYMBOLS_MAX];
static struct iblt_symbol others[SYNC_SYMBOLS_MAX];
static struct iblt_symbol wanted[SYNC_SYMBOLS_MAX];
static struct iblt_symbol found[SYNC_SYMBOLS_MAX];

/* Two sets with `common` ids in common, and some that are in one of them. */
static void make_sets(uint64_t seed, size_t common, size_t differences)
{
    memset(ones, 0, sizeof ones);
    memset(others, 0, sizeof others);
    for (size_t i = 0; i < common; i++) {
        struct iblt_symbol s = random_single(&seed);

        iblt_toggle(ones, SYNC_SYMBOLS_MAX, &s);
        iblt_toggle(others, SYNC_SYMBOLS_MAX, &s);
    }
    for (size_t i = 0; i < differences; i++) {
        bool is_mine = random_next(&seed) >> 63;

        wanted[i] = random_single(&seed);
        iblt_toggle(is_mine ? ones : others, SYNC_SYMBOLS_MAX, &wanted[i]);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct iblt_symbol));
}

/* Decodes from the first `n` symbols; if it can, all of it is right. */
static bool decodes(size_t n, size_t differences)
{
    static struct iblt_symbol prefix[SYNC_SYMBOLS_MAX];
    size_t count = 0;

    memcpy(prefix, ones, n * sizeof *prefix);
    iblt_join(prefix, others, n);
    if (!iblt_decode(prefix, n, found, &count))
        return false;
    assert_int_equal(count, differences);
    qsort(found, count, sizeof *found, compare);
    qsort(wanted, count, sizeof *wanted, compare);
    assert_memory_equal(found, wanted, count * sizeof *found);
    return true;
}

static size_t symbols_needed(size_t differences)
{
    size_t low = 0; /* too few */
    size_t high = differences < 8 ? 16 : 2 * differences;

    while (!decodes(high, differences))
        high += high / 2;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (decodes(middle, differences))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void differences_are_found_in_few_symbols(void **state)
{
    static const size_t differences[] = { 1, 2, 5, 10, 50, 100, 300, 1000 };

    (void)state;
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        size_t d = differences[i];
        size_t sum = 0;
        size_t most = 0;
        size_t runs = 20;

        for (size_t run = 0; run < runs; run++) {
            size_t n;

            make_sets(1000 * d + run + 1, run % 3 * 100, d);
            n = symbols_needed(d);
            sum += n;
            most = n > most ? n : most;
        }
        print_message("%zu differences: %.2f symbols each, at most %.2f\n", d,
                      (double)sum / (double)(runs * d),
                      (double)most / (double)d);
        if (d >= 50) {
            assert_in_range(10 * sum, 13 * runs * d, 18 * runs * d);
            assert_true(most < 2 * d);
        }
    }
}

static void what_both_have_costs_nothing(void **state)
{
    static const size_t sizes[] = { 0, 1, 2, 100, 10000 };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_sets(i + 1, sizes[i], 0);
        assert_true(decodes(1, 0));
        assert_true(decodes(SYNC_SYMBOLS_MAX, 0));
        make_sets(i + 100, sizes[i], 1);
        assert_true(decodes(1, 1));
        make_sets(i + 200, sizes[i], 40);
        assert_true(decodes(100, 40));
    }
}

static void taking_away_is_the_same_as_adding(void **state)
{
    static const struct iblt_symbol empty;
    uint64_t seed = 3;
    struct iblt_symbol one = random_single(&seed);

    (void)state;
    make_sets(1, 0, 0);
    iblt_toggle(ones, 100, &one);
    assert_memory_equal(&ones[0], &one, sizeof one); /* all map to the first */
    iblt_toggle(ones, 100, &one);
    for (size_t i = 0; i < 100; i++)
        assert_memory_equal(&ones[i], &empty, sizeof empty);
}

/* A prefix is a prefix: it does not depend on how much is kept. */
static void a_short_prefix_is_the_start_of_a_long_one(void **state)
{
    static struct iblt_symbol few[50];
    uint64_t seed = 9;

    (void)state;
    make_sets(1, 0, 0);
    memset(few, 0, sizeof few);
    for (size_t i = 0; i < 1000; i++) {
        struct iblt_symbol s = random_single(&seed);

        iblt_toggle(ones, SYNC_SYMBOLS_MAX, &s);
        iblt_toggle(few, 50, &s);
    }
    assert_memory_equal(few, ones, sizeof few);
}

/* Each id maps to symbol i with probability 2 / (i + 2). */
static void ids_map_to_symbols_as_often_as_they_should(void **state)
{
    static const size_t at[] = { 0, 1, 2, 10, 100, 1000 };
    static const struct iblt_symbol empty;
    static size_t hits[6];
    uint64_t seed = 77;
    const size_t ids = 20000;

    (void)state;
    for (size_t i = 0; i < ids; i++) {
        struct iblt_symbol s = random_single(&seed);

        memset(ones, 0, sizeof ones);
        iblt_toggle(ones, 1001, &s);
        for (size_t k = 0; k < 6; k++)
            hits[k] += memcmp(&ones[at[k]], &empty, sizeof empty) != 0;
    }
    for (size_t k = 0; k < 6; k++) {
        size_t expected = 2 * ids / (at[k] + 2);

        assert_in_range(hits[k], expected - expected / 4 - 20,
                        expected + expected / 4 + 20);
    }
}

static void too_few_symbols_are_not_decoded(void **state)
{
    (void)state;
    make_sets(5, 1000, 100);
    for (size_t n = 1; n < 100; n++)
        assert_false(decodes(n, 100));
}

static void noise_is_not_decoded(void **state)
{
    size_t count;

    (void)state;
    for (uint64_t run = 1; run <= 20; run++) {
        uint64_t seed = run;

        for (size_t i = 0; i < SYNC_SYMBOLS_MAX; i++)
            ones[i] = (struct iblt_symbol){
                .id = { random_next(&seed), random_next(&seed) },
                .check = random_next(&seed),
            };
        assert_false(iblt_decode(ones, SYNC_SYMBOLS_MAX, found, &count));
    }
}

/* Each looks like a single id, and none maps to where it stands. */
static void singles_in_all_places_are_not_decoded(void **state)
{
    uint64_t seed = 1;
    size_t count = 12345;

    (void)state;
    for (size_t i = 0; i < SYNC_SYMBOLS_MAX; i++)
        ones[i] = random_single(&seed);
    assert_false(iblt_decode(ones, SYNC_SYMBOLS_MAX, found, &count));
    for (size_t i = 0; i < SYNC_SYMBOLS_MAX; i++)
        ones[i] = ones[0];
    assert_false(iblt_decode(ones, SYNC_SYMBOLS_MAX, found, &count));
    assert_int_equal(count, 12345);
}

/* The example of protocol.md §5.3. */
static void the_example_of_the_protocol_is_right(void **state)
{
    static const size_t places[] = { 0,   2,   3,   15,  16,   45,  54,
                                     136, 514, 794, 872, 2261, 3736 };
    static const struct iblt_symbol empty;
    uint8_t id[IBLT_ID_LEN];
    struct iblt_symbol one;
    size_t next = 0;

    (void)state;
    for (uint8_t i = 0; i < IBLT_ID_LEN; i++)
        id[i] = i;
    iblt_symbol_of(&one, id);
    assert_true(one.check == UINT64_C(0x36f40a9cfe036b11));
    make_sets(1, 0, 0);
    iblt_toggle(ones, SYNC_SYMBOLS_MAX, &one);
    for (size_t i = 0; i < SYNC_SYMBOLS_MAX; i++)
        if (memcmp(&ones[i], &empty, sizeof empty) != 0)
            assert_int_equal(i, places[next++]);
    assert_int_equal(next, sizeof places / sizeof *places);
}

static void symbols_survive_the_wire(void **state)
{
    uint64_t seed = 4;
    uint8_t buf[IBLT_SYMBOL_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct reader r = reader_of(BYTES_ARRAY(buf));
    struct iblt_symbol one = random_single(&seed);
    struct iblt_symbol back;
    uint8_t id[IBLT_ID_LEN];

    (void)state;
    iblt_put(&w, &one);
    assert_int_equal(w.len, IBLT_SYMBOL_LEN);
    iblt_read(&r, &back);
    assert_int_equal(reader_finish(&r), ERR_OK);
    assert_memory_equal(&one, &back, sizeof one);
    iblt_id_of(id, &one);
    assert_memory_equal(id, buf, IBLT_ID_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_found_in_few_symbols),
        cmocka_unit_test(what_both_have_costs_nothing),
        cmocka_unit_test(taking_away_is_the_same_as_adding),
        cmocka_unit_test(a_short_prefix_is_the_start_of_a_long_one),
        cmocka_unit_test(ids_map_to_symbols_as_often_as_they_should),
        cmocka_unit_test(too_few_symbols_are_not_decoded),
        cmocka_unit_test(noise_is_not_decoded),
        cmocka_unit_test(singles_in_all_places_are_not_decoded),
        cmocka_unit_test(the_example_of_the_protocol_is_right),
        cmocka_unit_test(symbols_survive_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
