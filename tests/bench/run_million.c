/*
 * Large sets on both sides, in memory, by the machines that daemons run: bytes
 * and messages of reconciliation alone, which do not depend on the computer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/common/peer_pair.h"

#define SYNC    PEER_FRAME_SYNC
#define MILLION 1000000
/* PAIR_UNTIL_DAY is what that many records need. */
static_assert((uint64_t)MILLION * 30000 / DAY_MS <
                  PAIR_UNTIL_DAY - PAIR_FROM_DAY,
              "all are in the window");

static struct peer_pair *pair_new(void)
{
    struct peer_pair *pair = malloc(sizeof *pair);

    bench_check(pair != NULL, "memory");
    pair_init(pair);
    return pair;
}

static void finish(struct peer_pair *pair, const char *name, double limit)
{
    char row[64];
    uint64_t messages;

    pair_join(pair);
    pair_run(pair);
    bench_check(pair->err == ERR_OK && pair_in_sync(pair), name);
    messages = pair->side[0].frames[SYNC] + pair->side[1].frames[SYNC];
    (void)snprintf(row, sizeof row, "%s_sync", name);
    bench_row(row, (double)pair_bytes(pair, SYNC), "B", limit);
    (void)snprintf(row, sizeof row, "%s_messages", name);
    bench_row(row, (double)messages, "", 9);
    pair_wipe(pair);
    free(pair);
}

/* 100 records, each on one side alone. */
static void scattered(const char *name, uint64_t count, bool with_symbols)
{
    struct peer_pair *pair = pair_new();
    uint64_t seed = 42;

    pair->side[1].set.has_no_symbols = !with_symbols;
    for (uint64_t n = 0; n < count; n++) {
        bool is_alone = n % (count / 100) == count / 200;
        size_t side = (size_t)(pair_random(&seed) >> 63);

        for (size_t i = 0; i < 2; i++)
            if (!is_alone || i == side)
                pair_fill(pair, i, n, n + 1);
    }
    finish(pair, name, with_symbols ? 10240 : 92160);
}

static void newest(const char *name, uint64_t count, uint64_t lacking)
{
    struct peer_pair *pair = pair_new();

    pair_fill(pair, 0, 0, count);
    pair_fill(pair, 1, 0, count - lacking);
    finish(pair, name, 1024);
}

void messages_rows(void)
{
    scattered("sync.scattered", BENCH_RECORDS, true);
    newest("sync.recent", BENCH_RECORDS, BENCH_RECENT);
}

void bench_million(void)
{
    scattered("million.scattered", MILLION, true);
    scattered("million.scattered_ranges", MILLION, false);
    newest("million.newest_1", MILLION, 1);
    newest("million.newest_100", MILLION, 100);
    newest("million.newest_100000", MILLION, 100000);
}
