/*
 * Two nodes that hold nearly the same: what it takes to find the rest, be it
 * here and there or the newest.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/mp.h"
#include "tests/bench/bench.h"

enum {
    ROUNDS = 5,
    ROUNDS_UNTIL_S = 200, /* of the 240 s that there are, on a busy machine */
    DIFFERENCES = 100,
    READY_MS = 3000 /* symbols are made beside everything else */
};

/* The pile without the newest, and those that another side has alone; or the
 * newest. */
enum part { PART_FIRST, PART_SECOND, PART_NEWEST };

static bool is_of(const struct pile *p, size_t i, enum part part)
{
    size_t old = p->count - BENCH_RECENT;
    size_t step = old / DIFFERENCES;

    if (part == PART_NEWEST || i >= old)
        return part == PART_NEWEST && i >= old;
    return i % step != step / 2 || (i / step) % 2 == (size_t)part;
}

static void import_part(struct node *n, const struct pile *p, enum part part)
{
    char path[PATHS_LEN_MAX];
    FILE *f;
    size_t at = 0;

    bench_path(path, "side.records");
    f = fopen(path, "w");
    bench_check(f != NULL, "writing the records");
    for (size_t i = 0; at < p->len; i++) {
        struct bytes rest = { p->data + at, p->len - at };
        enum mp_grade grade;
        size_t len;

        bench_check(mp_walk(&grade, &len, rest) == ERR_OK, "a record");
        if (is_of(p, i, part))
            bench_check(fwrite(rest.data, 1, len, f) == len, "a record");
        at += len;
    }
    bench_check(fclose(f) == 0, "writing the records");
    node_do(n, "record", "import", path, NULL);
}

static void start_side(struct node *n, const char *name, const struct pile *p,
                       enum part part)
{
    node_start(n, name);
    node_do(n, "init", "--node-only", NULL);
    node_do(n, "project", "follow", p->topic, NULL);
    import_part(n, p, part);
}

struct measured {
    double ms[ROUNDS];
    double bytes[ROUNDS];
};

/* On other ports than before, so that neither knows where the other is. */
static void start_again(struct node nodes[2])
{
    for (size_t i = 0; i < 2; i++)
        node_start(&nodes[i], nodes[i].name);
    bench_sleep_ms(READY_MS);
}

static void stop_both(struct node nodes[2])
{
    for (size_t i = 0; i < 2; i++)
        node_stop(&nodes[i]);
}

/* From the dial until both hold `count`. */
static void meet(struct measured *out, size_t round, struct node nodes[2],
                 const struct pile *p, size_t count)
{
    double begun = bench_now();

    node_dial(&nodes[0], &nodes[1]);
    for (size_t i = 0; i < 2; i++)
        (void)node_await(&nodes[i], p->topic, "records", count);
    out->ms[round] = (bench_now() - begun) * 1000;
    out->bytes[round] = (double)watch_wire(nodes[1].port);
}

static void run_round(struct measured *scattered, struct measured *recent,
                      size_t round, const struct pile *p)
{
    static const char *const names[2][ROUNDS] = {
        { "a0", "a1", "a2", "a3", "a4" }, { "b0", "b1", "b2", "b3", "b4" }
    };
    struct node nodes[2];

    start_side(&nodes[0], names[0][round], p, PART_FIRST);
    start_side(&nodes[1], names[1][round], p, PART_SECOND);
    stop_both(nodes);
    start_again(nodes);
    meet(scattered, round, nodes, p, p->count - BENCH_RECENT);
    node_stop(&nodes[0]);
    import_part(&nodes[1], p, PART_NEWEST);
    node_stop(&nodes[1]);
    start_again(nodes);
    meet(recent, round, nodes, p, p->count);
    stop_both(nodes);
}

/* Handshake, hellos and headers of the records are in the bytes. */
void bench_reconcile(void)
{
    struct measured scattered;
    struct measured recent;
    double begun = bench_now();
    double records;
    size_t n = 0;
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS + BENCH_RECENT);
    records = DIFFERENCES * (double)p.len / (double)p.count;
    while (bench_again(n, ROUNDS, begun, ROUNDS_UNTIL_S))
        run_round(&scattered, &recent, n++, &p);
    bench_row("sync.scattered", bench_median(scattered.ms, n), "ms", 50);
    bench_row("sync.scattered_wire", bench_median(scattered.bytes, n) - records,
              "B", 10240);
    bench_row("sync.recent", bench_median(recent.ms, n), "ms", 100);
    bench_row("sync.recent_wire", bench_median(recent.bytes, n) / BENCH_RECENT,
              "B/record", 420);
    messages_rows();
    pile_free(&p);
}
