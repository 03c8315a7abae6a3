/*
 * The opening's ranges grow geometrically.  If differences are scattered
 * evenly, a range of c records is equal with probability exp(-d c / total), so
 * that the number of those that are equal tells d.
 */
#include "proto/sync_estimate.h"

#include <assert.h>

#include "proto/iblt.h"

/* Bytes that a FINGERPRINT or a short id takes, with its bounds. */
#define STATE_BYTES 14
#define ID_BYTES    8

/*
 * The guess is off by half either way one time in three.  With so many symbols
 * more than differences it suffices for few of those; for many, it takes one
 * more round trip and not twice the bytes.
 */
#define SPARE 80

/* More differences than that are not told by SYNC_SYMBOLS_MAX symbols. */
#define DIFFERENCES_MAX (SYNC_SYMBOLS_MAX / 10 * 7)

/* exp(-x), near enough. */
static double survival(double x)
{
    double base = 1.0 / (1.0 + x / 64.0);

    for (unsigned i = 0; i < 6; i++)
        base *= base;
    return base;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The records of all ranges, as the side has it that has more of each. */
static uint64_t count_all(const struct sync_estimate_range *ranges, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += larger(ranges[i].ours, ranges[i].theirs);
    return total;
}

static double expect_equal(const struct sync_estimate_range *ranges, size_t n,
                           double density)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += survival(density *
                        (double)larger(ranges[i].ours, ranges[i].theirs));
    return sum;
}

/* The fewest differences for which no more ranges would be equal. */
static uint64_t guess_differences(const struct sync_estimate_range *ranges,
                                  size_t n, uint64_t total)
{
    size_t equal = 0;
    uint64_t d = 4;

    for (size_t i = 0; i < n; i++)
        equal += !ranges[i].differs;
    while (d <= DIFFERENCES_MAX &&
           expect_equal(ranges, n, (double)d / (double)total) >
               (double)equal + 0.5)
        d += d / 8 + 1;
    return d;
}

/* Bytes to find `differences` in a range by splitting it. */
static uint64_t cost_of_range(uint64_t count, uint64_t differences)
{
    uint64_t parts = 1; /* that differ, at this level */
    uint64_t bytes = 0;

    while (count > SYNC_ID_LIST_MAX) {
        bytes += parts * SYNC_SPLIT * STATE_BYTES;
        count /= SYNC_SPLIT;
        parts *= SYNC_SPLIT;
        if (parts > differences)
            parts = differences;
    }
    return bytes + parts * (count + 1) * ID_BYTES;
}

static uint64_t cost_of_ranges(const struct sync_estimate_range *ranges,
                               size_t n, uint64_t total, uint64_t differences)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t count = larger(ranges[i].ours, ranges[i].theirs);
        double share = (double)differences * (double)count / (double)total;

        if (ranges[i].differs)
            bytes += cost_of_range(count, (uint64_t)share + 1);
    }
    return bytes;
}

static uint64_t surplus_of(const struct sync_estimate_range *range)
{
    return range->ours > range->theirs ? range->ours - range->theirs
                                       : range->theirs - range->ours;
}

/* Whoever has more of a range than the other has at least so many alone. */
static uint64_t count_surplus(const struct sync_estimate_range *ranges,
                              size_t n)
{
    uint64_t surplus = 0;

    for (size_t i = 0; i < n; i++)
        surplus += surplus_of(&ranges[i]);
    return surplus;
}

/*
 * A second guess that does not hang on the first: where chance has it which
 * side lacks a record, squares of the surplus add up to the differences.
 */
static uint64_t average(const struct sync_estimate_range *ranges, size_t n,
                        uint64_t d)
{
    uint64_t squares = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t surplus = surplus_of(&ranges[i]);

        if (surplus > 2 * d) /* no chance: one side has lost many */
            return d;
        squares += surplus * surplus;
    }
    return squares < 2 * d ? (d + squares) / 2 : d;
}

size_t sync_estimate_symbols(const struct sync_estimate_range *ranges, size_t n)
{
    uint64_t total = count_all(ranges, n);
    uint64_t surplus;
    uint64_t symbols;
    uint64_t d;

    assert(n <= SYNC_ESTIMATE_MAX);
    if (total == 0)
        return 0;
    surplus = count_surplus(ranges, n);
    d = guess_differences(ranges, n, total);
    /* A hole is no scattered difference: ranges find its edges. */
    if (surplus > 4 * d + SPARE)
        return 0;
    d = larger(average(ranges, n, d), surplus);
    if (d > DIFFERENCES_MAX)
        return 0;
    symbols = d + SPARE;
    if (symbols * IBLT_SYMBOL_LEN + d * IBLT_ID_LEN >
        cost_of_ranges(ranges, n, total, d))
        return 0;
    return symbols < SYNC_SYMBOLS_MESSAGE_MAX ? (size_t)symbols
                                              : SYNC_SYMBOLS_MESSAGE_MAX;
}
