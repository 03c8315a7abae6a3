/* Records: sync to an empty node, at rest, at start. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    SYNC_ROUNDS = 3,
    IDLE_RECORDS = 1000,
    SETTLE_S = 40, /* the last session follows what was pushed by 30 s */
    IDLE_S = 60,
    START_ROUNDS = 5
};

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

/* A person makes the comments of the pile anew; records a second. */
static double author_all(size_t round, const struct pile *p)
{
    char project[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
    char name[32];
    struct node author;
    double begun;
    double took;

    (void)snprintf(name, sizeof name, "author%zu", round);
    node_start(&author, name);
    node_init_person(&author);
    node_id(project, node_run(&author, "project", "create", "--title", "Bench",
                              "--goal", "Many comments", "--medium", "song",
                              "--licence", "CC-BY-SA-4.0", NULL));
    drafts_make(path, project, p->count - 1);
    begun = bench_now();
    node_do(&author, "record", "import", path, NULL);
    took = bench_now() - begun;
    bench_check(node_topic(&author, project, "records") >= p->count,
                "all comments stored");
    node_stop(&author);
    return (double)p->count / took;
}

static void author_rows(const struct pile *p)
{
    double per_s[SYNC_ROUNDS];
    double limit[SYNC_ROUNDS];

    for (size_t i = 0; i < SYNC_ROUNDS; i++) {
        limit[i] = limit_sign_and_append(p);
        per_s[i] = author_all(i, p);
    }
    bench_row("sync.author", bench_median(per_s, SYNC_ROUNDS), "records/s",
              bench_median(limit, SYNC_ROUNDS));
}

void bench_sync(void)
{
    struct fetched f = { .anon_holder = 0 };
    double per_s[SYNC_ROUNDS];
    double cpu_us[SYNC_ROUNDS];
    double import_s = 0;
    double raw;
    struct node holder;
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS);
    author_rows(&p);
    start_holder(&holder, &p, &import_s);
    for (size_t i = 0; i < SYNC_ROUNDS; i++) {
        struct limit_rate limit;

        limit_verify_and_append(&limit, &p);
        per_s[i] = limit.per_s;
        cpu_us[i] = limit.cpu_us;
        fetch_all(&f, i, &holder, &p);
    }
    raw = bench_median(per_s, SYNC_ROUNDS);
    bench_row("sync.import", (double)p.count / import_s, "records/s", raw);
    bench_row("sync.fetch", bench_median(f.per_s, SYNC_ROUNDS), "records/s",
              raw);
    bench_row("sync.fetch_cpu", bench_median(f.cpu_us, SYNC_ROUNDS),
              "us/record", bench_median(cpu_us, SYNC_ROUNDS));
    bench_row("sync.wire", bench_median(f.bytes, SYNC_ROUNDS), "B/record",
              (double)p.len / (double)p.count);
    bench_row("sync.longest_answer", bench_median(f.answer_ms, SYNC_ROUNDS),
              "ms", limit_fsync_ms(4096));
    bench_row("sync.holder_anon_peak", f.anon_holder / BENCH_MIB, "MiB", 64);
    bench_row("sync.empty_anon_peak", f.anon_empty / BENCH_MIB, "MiB", 64);
    node_stop(&holder);
    pile_free(&p);
}

/* --- idle --- */

void bench_idle(void)
{
    struct node holder;
    struct node other;
    struct node fresh;
    struct pile p;
    double import_s;
    double cpu;
    uint64_t wire;
    double anon_fresh;

    pile_make(&p, "records", IDLE_RECORDS);
    start_holder(&holder, &p, &import_s);
    start_empty(&other, "other", &p);
    node_dial(&other, &holder);
    (void)node_await(&other, p.topic, "records", p.count);
    node_start(&fresh, "fresh");
    anon_fresh = (double)watch_anon(fresh.pid) / BENCH_MIB;
    bench_sleep_ms(SETTLE_S * 1000);
    cpu = watch_cpu(holder.pid) + watch_cpu(other.pid);
    wire = watch_wire(holder.port);
    bench_sleep_ms(IDLE_S * 1000);
    cpu = watch_cpu(holder.pid) + watch_cpu(other.pid) - cpu;
    wire = watch_wire(holder.port) - wire;
    bench_row("idle.holder_anon", (double)watch_anon(holder.pid) / BENCH_MIB,
              "MiB", anon_fresh);
    bench_row("idle.other_anon", (double)watch_anon(other.pid) / BENCH_MIB,
              "MiB", anon_fresh);
    /* A hundredth of a second is the least that the system counts. */
    bench_row("idle.cpu_both", cpu * 1000, "ms/min", 10);
    /* A ping and its answer: header, type, length and tag each. */
    bench_row("idle.wire", (double)wire, "B/min", 2 * (2 + 2 + 8 + 16));
    node_stop(&fresh);
    node_stop(&other);
    node_stop(&holder);
    pile_free(&p);
}

/* --- start --- */

void bench_start(void)
{
    double ms[START_ROUNDS];
    double fresh_ms[START_ROUNDS];
    double limit = limit_exec_ms();
    double import_s;
    struct node holder;
    struct pile p;

    pile_make(&p, "records", BENCH_RECORDS);
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
    bench_row("start.full", bench_median(ms, START_ROUNDS), "ms", limit);
    bench_row("start.fresh", bench_median(fresh_ms, START_ROUNDS), "ms", limit);
    pile_free(&p);
}
