/* One record at a time: to a peer, and through a chain of them. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { PAIR_ROUNDS = 100, CHAIN_ROUNDS = 30, CHAIN = 10 };

struct awaited {
    char id[2 * ID_LEN + 1];
    bool seen;
};

static void on_notice(void *context, const char *method, json_t *params)
{
    struct awaited *a = context;
    const char *id = run_text(params, "id");

    (void)method;
    if (id == NULL)
        return;
    (void)snprintf(a->id, sizeof a->id, "%s", id);
    a->seen = true;
}

/* Milliseconds from the command to the other node's event. */
static double publish_one(struct node *from, struct node *to, struct awaited *a,
                          const char *project)
{
    char id[2 * ID_LEN + 1];
    double begun = bench_now();

    node_id(id, node_run(from, "comment", project, "How it goes.", NULL));
    do {
        a->seen = false;
        while (!a->seen)
            bench_check(client_wait_notice(to->ctl.client, &to->ctl.fail),
                        "an event");
    } while (strcmp(a->id, id) != 0);
    return (bench_now() - begun) * 1000;
}

static void publish_all(double *ms, size_t rounds, struct node *from,
                        struct node *to, const char *project)
{
    struct awaited awaited = { .seen = false };
    json_t *params = json_pack("{s:b,s:s}", "follow", true, "kind", "comment");

    client_listen(to->ctl.client, on_notice, &awaited);
    json_decref(run_call(&to->ctl, "events.open", params));
    json_decref(params);
    for (size_t i = 0; i < rounds; i++) {
        ms[i] = publish_one(from, to, &awaited, project);
        bench_sleep_ms(50); /* each record goes alone */
    }
}

/* Each but the first knows the one before it, and follows the project. */
static void start_chain(struct node *chain, char project[2 * ID_LEN + 1])
{
    static char names[CHAIN][16];

    node_start(&chain[0], "from");
    node_init_person(&chain[0]);
    node_id(project, node_run(&chain[0], "project", "create", "--title",
                              "Bench", "--goal", "Some comments", "--medium",
                              "song", "--licence", "CC-BY-SA-4.0", NULL));
    for (size_t i = 1; i < CHAIN; i++) {
        (void)snprintf(names[i], sizeof names[i], "link%zu", i);
        node_start(&chain[i], names[i]);
        node_do(&chain[i], "init", "--node-only", NULL);
        node_do(&chain[i], "project", "follow", project, NULL);
        node_dial(&chain[i], &chain[i - 1]);
        (void)node_await(&chain[i], project, "records", 1);
    }
}

void bench_live(void)
{
    char project[2 * ID_LEN + 1];
    struct node chain[CHAIN];
    double pair_ms[PAIR_ROUNDS];
    double chain_ms[CHAIN_ROUNDS];
    double fsync_ms;
    double pair;

    start_chain(chain, project);
    fsync_ms = limit_fsync_ms(4096);
    publish_all(pair_ms, PAIR_ROUNDS, &chain[0], &chain[1], project);
    publish_all(chain_ms, CHAIN_ROUNDS, &chain[0], &chain[CHAIN - 1], project);
    pair = bench_median(pair_ms, PAIR_ROUNDS);
    bench_row("live.pair", pair, "ms", fsync_ms);
    bench_row("live.pair_p99", bench_p99(pair_ms, PAIR_ROUNDS), "ms", fsync_ms);
    bench_row("live.chain", bench_median(chain_ms, CHAIN_ROUNDS), "ms", pair);
    for (size_t i = CHAIN; i-- > 0;)
        node_stop(&chain[i]);
}
