/* 1 GiB from one node to another, and what passes it on the way. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { ROUNDS = 5, BULK_ROUNDS = 3, LIVE_MAX = 400, QUIET = 40 };

/* A node that has a file of its own, in a project. */
struct source {
    struct node node;
    char project[2 * ID_LEN + 1];
    char work[2 * ID_LEN + 1];
    char path[PATHS_LEN_MAX];
};

/* What the rounds gave; the limits of each beside it. */
struct figures {
    double seed[ROUNDS];
    double get[ROUNDS];
    double cpu[ROUNDS];
    double copy[ROUNDS];
    double cpu_raw[ROUNDS];
    double seed_peak; /* of all rounds */
    double get_peak;
};

/* MB/s, as disks are measured. */
static double mb_s(double seconds)
{
    return (double)BENCH_BLOB / 1e6 / seconds;
}

static void source_start(struct source *s)
{
    bench_path(s->path, "file.bin");
    limit_random_file(s->path, BENCH_BLOB);
    file_project(&s->node, s->project);
    file_contribute(&s->node, s->project, s->path, s->work);
}

static void higher(double *peak, struct watch *w)
{
    double seen = (double)watch_stop(w) / BENCH_MIB;

    if (seen > *peak)
        *peak = seen;
}

static void check_same(const char *path, const char *folder)
{
    char line[3 * PATHS_LEN_MAX];
    FILE *f;

    (void)snprintf(line, sizeof line, "cmp '%s' '%s'/* && echo same", path,
                   folder);
    f = popen(line, "r");
    bench_check(f != NULL && fgets(line, sizeof line, f) != NULL &&
                    strcmp(line, "same\n") == 0,
                "the same bytes");
    (void)pclose(f);
}

/* Until the bytes are in the store of a node that seeds; seconds. */
static double seed(struct source *s, double *peak, double *cpu)
{
    struct node to;
    struct watch *w;
    double begun;
    double took;

    *cpu = watch_cpu(s->node.pid);
    node_start(&to, "archive");
    w = watch_start(to.pid);
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "seed", s->project, NULL);
    begun = bench_now();
    node_dial(&to, &s->node);
    (void)node_await(&to, s->project, "blobs_held", 1);
    took = bench_now() - begun;
    *cpu = watch_cpu(s->node.pid) + watch_cpu(to.pid) - *cpu;
    higher(peak, w);
    node_end(&to);
    return took;
}

/* Until `get --out` has written the file, from a node that is connected. */
static double get(struct source *s, double *peak)
{
    char out[PATHS_LEN_MAX];
    struct node to;
    struct watch *w;
    double begun;
    double took;

    bench_path(out, "out");
    node_start(&to, "reader");
    w = watch_start(to.pid);
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "project", "follow", s->project, NULL);
    node_dial(&to, &s->node);
    (void)node_await(&to, s->project, "records",
                     node_topic(&s->node, s->project, "records"));
    begun = bench_now();
    node_do(&to, "get", s->work, "--out", out, NULL);
    took = bench_now() - begun;
    higher(peak, w);
    check_same(s->path, out);
    node_end(&to);
    bench_remove(out);
    return took;
}

static void one_round(struct source *s, struct figures *f, size_t i)
{
    double cpu = limit_cpu();

    f->copy[i] = mb_s(limit_copy(s->path));
    (void)limit_hash(s->path);
    f->cpu_raw[i] = limit_cpu() - cpu;
    f->seed[i] = mb_s(seed(s, &f->seed_peak, &f->cpu[i]));
    f->get[i] = mb_s(get(s, &f->get_peak));
}

void bench_blob(void)
{
    struct figures f = { .seed_peak = 0 };
    struct source s;
    struct watch *w;
    double sender = 0;
    double begun;
    double copy;
    size_t n = 0;

    source_start(&s);
    w = watch_start(s.node.pid);
    begun = bench_now();
    while (bench_again(n, ROUNDS, begun, 180))
        one_round(&s, &f, n++);
    copy = bench_median(f.copy, n);
    bench_row("blob.seed", bench_median(f.seed, n), "MB/s", copy);
    bench_row("blob.seed_cpu_both", bench_median(f.cpu, n), "s",
              bench_median(f.cpu_raw, n));
    bench_row("blob.seed_anon_peak", f.seed_peak, "MiB", 64);
    bench_row("blob.get", bench_median(f.get, n), "MB/s", copy);
    bench_row("blob.get_anon_peak", f.get_peak, "MiB", 64);
    higher(&sender, w);
    bench_row("blob.sender_anon_peak", sender, "MiB", 64);
    node_stop(&s.node);
}

/* --- what passes it --- */

/* Comments of the sender, and what became of them. */
struct comments {
    size_t count;
    double live_ms[LIVE_MAX]; /* from the command to the other's event */
    double way_ms[LIVE_MAX];  /* of that, from one node to the other */
    double durable_ms[LIVE_MAX];
    char ids[LIVE_MAX][2 * ID_LEN + 1];
};

static void publish(struct comments *c, size_t max, struct live *live,
                    struct source *s, bool while_it_flows)
{
    while (c->count < max) {
        bench_sleep_ms(20);
        c->live_ms[c->count] = live_publish(live, &s->node, s->project);
        c->durable_ms[c->count] = live->durable_ms;
        memcpy(c->ids[c->count++], live->id, sizeof live->id);
        if (while_it_flows && node_topic(live->to, s->project, "blobs_held"))
            break;
    }
}

/*
 * When the other node had verified each, rounded up to whole ms, less when its
 * author was told that it is durable, in the turn in which it is sent.
 */
static void find_ways(struct comments *c, size_t from, struct node *to)
{
    for (size_t i = from; i < c->count; i++) {
        json_t *shown = node_run(to, "record", "show", c->ids[i], NULL);
        const json_t *local = json_object_get(shown, "local");
        double received_ms =
            1 + json_number_value(json_object_get(local, "received_ms"));

        bench_check(received_ms > 1, "a record that has come");
        c->way_ms[i] =
            received_ms > c->durable_ms[i] ? received_ms - c->durable_ms[i] : 0;
        json_decref(shown);
    }
}

/* While a node fetches the sender's file. */
static void publish_beside(struct comments *c, struct source *s)
{
    size_t before = c->count;
    struct live live;
    struct node to;

    node_start(&to, "archive");
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "seed", s->project, NULL);
    live_listen(&live, &to);
    node_dial(&to, &s->node);
    (void)node_await(&to, s->project, "records",
                     node_topic(&s->node, s->project, "records"));
    publish(c, LIVE_MAX, &live, s, true);
    find_ways(c, before, &to);
    node_end(&to);
}

void bench_bulk(void)
{
    static struct comments quiet;
    static struct comments c;
    struct live live;
    struct source s;
    struct node to;

    source_start(&s);
    node_start(&to, "quiet"); /* has the project, and not the file */
    node_do(&to, "init", "--node-only", NULL);
    node_do(&to, "project", "follow", s.project, NULL);
    node_dial(&to, &s.node);
    (void)node_await(&to, s.project, "records", 2);
    live_listen(&live, &to);
    publish(&quiet, QUIET, &live, &s, false);
    node_end(&to);
    for (size_t i = 0; i < BULK_ROUNDS; i++)
        publish_beside(&c, &s);
    bench_row("bulk.gossip", bench_median(c.way_ms, c.count), "ms", 20);
    bench_row("bulk.gossip_p99", bench_p99(c.way_ms, c.count), "ms", 20);
    bench_row("bulk.live", bench_median(c.live_ms, c.count), "ms",
              bench_median(quiet.live_ms, QUIET) + 20);
    bench_row("bulk.live_p99", bench_p99(c.live_ms, c.count), "ms",
              bench_p99(quiet.live_ms, QUIET) + 20);
    node_stop(&s.node);
}
