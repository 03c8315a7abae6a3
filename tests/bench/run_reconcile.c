/* Two nodes that hold nearly the same: what it takes to find the rest. */
#include <stdio.h>
#include <stdlib.h>

#include "proto/mp.h"
#include "tests/bench/bench.h"

enum {
    ROUNDS = 3,
    DIFFERENCES = 100,
    READY_MS = 3000 /* symbols are made beside everything else */
};

/* The pile, without those that another side has alone. */
static void write_side(const struct pile *p, const char *path, size_t side)
{
    FILE *f = fopen(path, "w");
    size_t step = p->count / DIFFERENCES;
    size_t at = 0;

    bench_check(f != NULL, "writing the records");
    for (size_t i = 0; at < p->len; i++) {
        struct bytes rest = { p->data + at, p->len - at };
        bool is_alone = i % step == step / 2;
        enum mp_grade grade;
        size_t len;

        bench_check(mp_walk(&grade, &len, rest) == ERR_OK, "a record");
        if (!is_alone || (i / step) % 2 == side)
            bench_check(fwrite(rest.data, 1, len, f) == len, "a record");
        at += len;
    }
    bench_check(fclose(f) == 0, "writing the records");
}

static void start_side(struct node *n, const char *name, const struct pile *p,
                       size_t side)
{
    char path[PATHS_LEN_MAX];

    bench_path(path, "side.records");
    write_side(p, path, side);
    node_start(n, name);
    node_do(n, "init", "--node-only", NULL);
    node_do(n, "project", "follow", p->topic, NULL);
    node_do(n, "record", "import", path, NULL);
    (void)node_await(n, p->topic, "records", p->count - DIFFERENCES);
    node_stop(n);
    node_start(n, name);
}

static void reconcile(double *ms, double *bytes, const struct pile *p,
                      size_t round)
{
    static const char *const names[2][ROUNDS] = { { "a0", "a1", "a2" },
                                                  { "b0", "b1", "b2" } };
    double records = DIFFERENCES * (double)p->len / (double)p->count;
    struct node nodes[2];
    double begun;

    for (size_t i = 0; i < 2; i++)
        start_side(&nodes[i], names[i][round], p, i);
    bench_sleep_ms(READY_MS);
    begun = bench_now();
    node_dial(&nodes[0], &nodes[1]);
    for (size_t i = 0; i < 2; i++)
        (void)node_await(&nodes[i], p->topic, "records", p->count);
    *ms = (bench_now() - begun) * 1000;
    *bytes = (double)watch_wire(nodes[1].port) - records;
    for (size_t i = 0; i < 2; i++)
        node_stop(&nodes[i]);
}

/* Handshake, hellos and headers of the records are in the bytes. */
void bench_reconcile(void)
{
    double ms[ROUNDS];
    double bytes[ROUNDS];
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS);
    for (size_t i = 0; i < ROUNDS; i++)
        reconcile(&ms[i], &bytes[i], &p, i);
    bench_row("reconcile.scattered", bench_median(ms, ROUNDS), "ms", 50);
    bench_row("reconcile.scattered_wire", bench_median(bytes, ROUNDS), "B",
              10240);
    pile_free(&p);
}
