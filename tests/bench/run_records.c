/* Records: made here, fetched by an empty node, at rest, at start. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    SYNC_ROUNDS = 5,
    IDLE_RECORDS = 10000,
    IDLE_TOPICS = 10,
    IDLE_PEERS = 8,
    SETTLE_S = 75, /* the last session follows what was pushed by 30 s */
    IDLE_WINDOWS = 3,
    IDLE_S = 30,
    IDLE_FULL_S = 300,
    START_ROUNDS = 5,
    START_FULL_RECORDS = 1000000
};

/* A name ends in 240 s on a busy machine, too: when its rounds are to end. */
enum { ROUNDS_UNTIL_S = 200 };

/* A node that holds the pile. */
static void start_holder(struct node *n, const struct pile *p, double *import_s)
{
    double begun;

    node_start(n, "holder");
    node_do(n, "init", "--node-only", NULL);
    node_do(n, "project", "follow", p->topic, NULL);
    begun = bench_now();
    node_do(n, "record", "import", p->path, NULL);
    *import_s = bench_now() - begun;
    (void)node_await(n, p->topic, "records", p->count);
}

/* An empty node that wants the topic, not yet connected. */
static void start_empty(struct node *n, const char *name, const struct pile *p)
{
    node_start(n, name);
    node_do(n, "init", "--node-only", NULL);
    node_do(n, "project", "follow", p->topic, NULL);
}

/* --- sync --- */

struct fetched {
    double per_s[SYNC_ROUNDS];
    double cpu_us[SYNC_ROUNDS]; /* of both, a record */
    double bytes[SYNC_ROUNDS];
    double answer_ms[SYNC_ROUNDS]; /* the longest that `status` waited */
    double anon_holder;
    double anon_empty;
};

static void fetch_all(struct fetched *out, size_t round, struct node *holder,
                      const struct pile *p)
{
    char name[32];
    struct node empty;
    struct watch *a = watch_start(holder->pid);
    struct watch *b;
    double begun;
    double cpu;
    uint64_t peak;

    (void)snprintf(name, sizeof name, "empty%zu", round);
    start_empty(&empty, name, p);
    b = watch_start(empty.pid);
    begun = bench_now();
    cpu = watch_cpu(holder->pid) + watch_cpu(empty.pid);
    node_dial(&empty, holder);
    out->answer_ms[round] =
        node_await(&empty, p->topic, "records", p->count) * 1000;
    out->per_s[round] = (double)p->count / (bench_now() - begun);
    cpu = watch_cpu(holder->pid) + watch_cpu(empty.pid) - cpu;
    out->cpu_us[round] = cpu * 1e6 / (double)p->count;
    out->bytes[round] = (double)watch_wire(holder->port) / (double)p->count;
    peak = watch_stop(a);
    if ((double)peak > out->anon_holder)
        out->anon_holder = (double)peak;
    peak = watch_stop(b);
    if ((double)peak > out->anon_empty)
        out->anon_empty = (double)peak;
    node_stop(&empty);
}

void bench_sync(void)
{
    struct fetched f = { .anon_holder = 0 };
    double per_s[SYNC_ROUNDS];
    double cpu_us[SYNC_ROUNDS];
    double import_s = 0;
    double begun;
    double raw;
    size_t n = 0;
    struct node holder;
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS);
    start_holder(&holder, &p, &import_s);
    begun = bench_now();
    for (; bench_again(n, SYNC_ROUNDS, begun, ROUNDS_UNTIL_S); n++) {
        struct limit_rate limit;

        limit_verify_and_append(&limit, &p);
        per_s[n] = limit.per_s;
        cpu_us[n] = limit.cpu_us;
        fetch_all(&f, n, &holder, &p);
    }
    raw = bench_median(per_s, n);
    bench_row("sync.import", (double)p.count / import_s, "records/s", raw);
    bench_row("sync.fetch", bench_median(f.per_s, n), "records/s", raw);
    bench_row("sync.fetch_cpu", bench_median(f.cpu_us, n), "us/record",
              bench_median(cpu_us, n));
    bench_row("sync.wire", bench_median(f.bytes, n), "B/record", 420);
    bench_row("sync.longest_answer", bench_median(f.answer_ms, n), "ms",
              limit_fsync_ms(4096));
    bench_row("sync.holder_anon_peak", f.anon_holder / BENCH_MIB, "MiB", 64);
    bench_row("sync.empty_anon_peak", f.anon_empty / BENCH_MIB, "MiB", 64);
    node_stop(&holder);
    pile_free(&p);
}

/* --- idle --- */

/* Whatever is counted in a window, of the node that all others know. */
static void idle_window(const struct node *n, size_t seconds, double *cpu,
                        double *wire)
{
    double cpu_before = watch_cpu(n->pid);
    uint64_t wire_before = watch_wire_whole(n->port);
    double begun = bench_now();
    double took;

    bench_sleep_ms((unsigned)seconds * 1000);
    took = bench_now() - begun;
    *cpu = (watch_cpu(n->pid) - cpu_before) / took * 100;
    *wire = (double)(watch_wire_whole(n->port) - wire_before) / took;
}

/* A node that follows all topics and holds all records. */
static void start_idler(struct node *n, size_t number, const struct pile *piles)
{
    static const char *const names[1 + IDLE_PEERS] = { "n0", "n1", "n2",
                                                       "n3", "n4", "n5",
                                                       "n6", "n7", "n8" };

    node_start(n, names[number]);
    node_do(n, "init", "--node-only", NULL);
    for (size_t i = 0; i < IDLE_TOPICS; i++) {
        node_do(n, "project", "follow", piles[i].topic, NULL);
        node_do(n, "record", "import", piles[i].path, NULL);
    }
}

void bench_idle(void)
{
    size_t window_s = bench_is_full() ? IDLE_FULL_S : IDLE_S;
    struct node nodes[1 + IDLE_PEERS];
    struct pile piles[IDLE_TOPICS];
    double cpu[IDLE_WINDOWS];
    double wire[IDLE_WINDOWS];
    double wire_sum = 0;
    double anon = 0;

    for (size_t i = 0; i < IDLE_TOPICS; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "records%zu", i);
        pile_make(&piles[i], name, IDLE_RECORDS / IDLE_TOPICS - 1);
    }
    for (size_t i = 0; i <= IDLE_PEERS; i++) {
        start_idler(&nodes[i], i, piles);
        if (i > 0)
            node_dial(&nodes[i], &nodes[0]);
    }
    bench_sleep_ms(SETTLE_S * 1000);
    for (size_t i = 0; i < IDLE_WINDOWS; i++) {
        double now;

        idle_window(&nodes[0], window_s, &cpu[i], &wire[i]);
        now = (double)watch_anon(nodes[0].pid) / BENCH_MIB;
        anon = now > anon ? now : anon;
        wire_sum += wire[i];
    }
    bench_row("idle.anon", anon, "MiB", 10);
    bench_row("idle.cpu", bench_median(cpu, IDLE_WINDOWS), "%", 0.05);
    bench_row("idle.wire", wire_sum / IDLE_WINDOWS, "B/s", 30);
    for (size_t i = 0; i <= IDLE_PEERS; i++)
        node_stop(&nodes[i]);
    for (size_t i = 0; i < IDLE_TOPICS; i++)
        pile_free(&piles[i]);
}

/* --- start --- */

void bench_start(void)
{
    double ms[START_ROUNDS];
    double fresh_ms[START_ROUNDS];
    size_t records = bench_is_full() ? START_FULL_RECORDS : BENCH_RECORDS;
    double import_s;
    struct node holder;
    struct pile p;

    pile_make(&p, "records", records);
    start_holder(&holder, &p, &import_s);
    node_stop(&holder);
    for (size_t i = 0; i < START_ROUNDS; i++) {
        double begun = bench_now();
        char name[32];

        node_start(&holder, "holder");
        ms[i] = (bench_now() - begun) * 1000;
        node_stop(&holder);
        (void)snprintf(name, sizeof name, "fresh%zu", i);
        begun = bench_now();
        node_start(&holder, name);
        fresh_ms[i] = (bench_now() - begun) * 1000;
        node_stop(&holder);
    }
    bench_row("start.full", bench_median(ms, START_ROUNDS), "ms",
              bench_is_full() ? 100 : 50);
    bench_row("start.fresh", bench_median(fresh_ms, START_ROUNDS), "ms",
              limit_exec_ms());
    pile_free(&p);
}
