/* One record at a time: to a peer, and through a chain of them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench.h"

enum { PAIR_ROUNDS = 100, CHAIN_ROUNDS = 30, CHAIN = 10 };

static void on_notice(void *context, const char *method, json_t *params)
{
    struct live *a = context;
    const char *id = run_text(params, "id");

    (void)method;
    if (id == NULL)
        return;
    (void)snprintf(a->id, sizeof a->id, "%s", id);
    a->seen = true;
}

void live_listen(struct live *l, struct node *to)
{
    json_t *params = json_pack("{s:b,s:s}", "follow", true, "kind", "comment");

    *l = (struct live){ .to = to };
    client_listen(to->ctl.client, on_notice, l);
    json_decref(run_call(&to->ctl, "events.open", params));
    json_decref(params);
}

static double clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

double live_publish(struct live *l, struct node *from, const char *project)
{
    char id[2 * ID_LEN + 1];
    double begun = bench_now();

    node_id(id, node_run(from, "comment", project, "How it goes.", NULL));
    l->durable_ms = clock_ms();
    do {
        l->seen = false;
        while (!l->seen)
            bench_check(client_wait_notice(l->to->ctl.client, &l->to->ctl.fail),
                        "an event");
    } while (strcmp(l->id, id) != 0);
    return (bench_now() - begun) * 1000;
}

/* Milliseconds of each record, and of a flush of 4 KiB beside each. */
static void publish_all(double *ms, double *flush_ms, size_t rounds,
                        struct node *from, struct node *to, const char *project)
{
    struct live live;
    int flushed = limit_fsync_open();

    live_listen(&live, to);
    for (size_t i = 0; i < rounds; i++) {
        bench_sleep_ms(50); /* each record goes alone */
        flush_ms[i] = limit_fsync_one(flushed, 4096);
        bench_sleep_ms(10);
        ms[i] = live_publish(&live, from, project);
    }
    limit_fsync_close(flushed);
}

static void start_first(struct node *n, const char *name,
                        char project[2 * ID_LEN + 1])
{
    node_start(n, name);
    node_init_person(n);
    node_id(project, node_run(n, "project", "create", "--title", "Bench",
                              "--goal", "Some comments", "--medium", "song",
                              "--licence", "CC-BY-SA-4.0", NULL));
}

/*
 * Nodes that meet in the overlay would send past the chain: so each has banned
 * all but those beside it before it knows anybody.
 */
static void ban_far_ones(struct node *chain)
{
    for (size_t i = 0; i < CHAIN; i++)
        for (size_t j = 0; j < CHAIN; j++)
            if (i > j + 1 || j > i + 1)
                node_do(&chain[i], "peer", "ban", chain[j].id, NULL);
}

/* Node `i` knows the one before it, and follows the project. */
static void join(struct node *chain, size_t i, const char *project)
{
    node_do(&chain[i], "init", "--node-only", NULL);
    node_do(&chain[i], "project", "follow", project, NULL);
    node_dial(&chain[i], &chain[i - 1]);
    (void)node_await(&chain[i], project, "records", 1);
}

static double bench_pair(void)
{
    char project[2 * ID_LEN + 1];
    struct node pair[2];
    double ms[PAIR_ROUNDS];
    double flush_ms[PAIR_ROUNDS];
    double median;

    start_first(&pair[0], "from", project);
    node_start(&pair[1], "to");
    join(pair, 1, project);
    publish_all(ms, flush_ms, PAIR_ROUNDS, &pair[0], &pair[1], project);
    median = bench_median(ms, PAIR_ROUNDS);
    bench_row("live.pair", median, "ms",
              2 * bench_median(flush_ms, PAIR_ROUNDS) + 1);
    bench_row("live.pair_p99", bench_p99(ms, PAIR_ROUNDS), "ms",
              2 * bench_p99(flush_ms, PAIR_ROUNDS) + 5);
    node_stop(&pair[1]);
    node_stop(&pair[0]);
    return median;
}

static void bench_chain(double pair)
{
    static char names[CHAIN][16];
    char project[2 * ID_LEN + 1];
    struct node chain[CHAIN];
    double ms[CHAIN_ROUNDS];
    double flush_ms[CHAIN_ROUNDS];

    start_first(&chain[0], "link0", project);
    for (size_t i = 1; i < CHAIN; i++) {
        (void)snprintf(names[i], sizeof names[i], "link%zu", i);
        node_start(&chain[i], names[i]);
    }
    ban_far_ones(chain);
    for (size_t i = 1; i < CHAIN; i++)
        join(chain, i, project);
    publish_all(ms, flush_ms, CHAIN_ROUNDS, &chain[0], &chain[CHAIN - 1],
                project);
    bench_row("live.chain", bench_median(ms, CHAIN_ROUNDS), "ms", 5 * pair);
    for (size_t i = CHAIN; i-- > 0;)
        node_stop(&chain[i]);
}

void bench_live(void)
{
    bench_chain(bench_pair());
}
