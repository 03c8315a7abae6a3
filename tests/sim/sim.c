#include "tests/sim/sim.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/heap.h"
#include "tests/sim/verify.h"

enum { AUTHORS_MAX = 32, LOOK_EVERY_MS = 10 };

uint64_t sim_now(const struct sim *sim)
{
    return sim->queue.now_ms;
}

void sim_init(struct sim *sim, const struct sim_params *params)
{
    memset(sim, 0, sizeof *sim);
    sim->params = *params;
    sim->nodes_count = (uint32_t)params->nodes;
    sim->stats.converged_ms = UINT64_MAX;
    heap_open(sim->nodes_count);
    queue_init(&sim->queue);
    rng_init(&sim->rng, params->seed);
    net_init(&sim->net, &sim->rng);
    records_init(&sim->records, &sim->rng, SIM_WALL_MS);
    sim->nodes = calloc(sim->nodes_count, sizeof *sim->nodes);
    assert(sim->nodes != NULL);
    for (uint32_t i = 0; i < sim->nodes_count; i++) {
        node_init(sim, i);
        if (i < AUTHORS_MAX && i > 0)
            (void)records_add_author(&sim->records, false);
        sim->nodes[i].author = i % AUTHORS_MAX;
    }
}

void sim_wipe(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->nodes_count; i++)
        node_wipe(sim, &sim->nodes[i]);
    free(sim->nodes);
    net_wipe(&sim->net);
    records_wipe(&sim->records);
    queue_wipe(&sim->queue);
    stats_wipe(&sim->stats);
    verify_close();
    heap_close();
}

/* Most of the time goes into waiting for memory: what comes is asked for. */
static void fetch_ahead(const struct sim *sim)
{
    const struct event *ev = queue_peek(&sim->queue, 0);

    if (ev == NULL)
        return;
    node_prefetch(&sim->nodes[ev->node]);
    ev = queue_peek(&sim->queue, 1);
    if (ev == NULL)
        return;
    __builtin_prefetch(ev->data);
    __builtin_prefetch(&sim->net.links[ev->link]);
    for (size_t i = 0; i < sizeof(struct node); i += 64)
        __builtin_prefetch((const char *)&sim->nodes[ev->node] + i);
}

void sim_run_until(struct sim *sim, uint64_t until_ms)
{
    struct event ev;

    while (queue_take(&sim->queue, &ev, until_ms)) {
        fetch_ahead(sim);
        ev.run(sim, &ev);
    }
}

void sim_run_for(struct sim *sim, uint64_t ms)
{
    sim_run_until(sim, sim_now(sim) + ms);
}

static bool is_judged(const struct node *n)
{
    return n->is_alive && node_is_honest(n);
}

uint32_t sim_live_honest(const struct sim *sim)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < sim->nodes_count; i++)
        count += is_judged(&sim->nodes[i]);
    return count;
}

static bool is_equal(struct set *a, struct set *b)
{
    struct record_set x = set_view(a);
    struct record_set y = set_view(b);
    struct record_range all = { record_key_at(0),
                                record_key_at(RECORD_TIME_MAX_MS) };
    struct record_sum sum[2];
    const uint8_t *topic = a->records->topic;

    if (a->count != b->count ||
        x.ops->sum(x.set, topic, &all, &sum[0]) != ERR_OK ||
        y.ops->sum(y.set, topic, &all, &sum[1]) != ERR_OK)
        return false;
    return memcmp(&sum[0], &sum[1], sizeof sum[0]) == 0;
}

/* `*from` is a node to begin with: one that differed is looked at first. */
static bool is_converged(struct sim *sim, uint32_t *from)
{
    struct set *first = NULL;

    for (uint32_t i = 0; i < sim->nodes_count; i++) {
        uint32_t number = (*from + i) % sim->nodes_count;
        struct node *n = &sim->nodes[number];

        if (!is_judged(n))
            continue;
        if (first == NULL)
            first = &n->set;
        else if (!is_equal(first, &n->set)) {
            *from = number;
            return false;
        }
    }
    return true;
}

bool sim_settle(struct sim *sim, uint64_t max_ms)
{
    uint64_t since_ms = sim_now(sim);
    uint32_t from = 0;

    while (!is_converged(sim, &from)) {
        if (sim_now(sim) - since_ms >= max_ms)
            return false;
        sim_run_for(sim, LOOK_EVERY_MS);
    }
    sim->stats.converged_ms = sim_now(sim) - since_ms;
    return true;
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    va_list args;

    if (sim->failure_text[0] != '\0')
        return;
    va_start(args, format);
    (void)vsnprintf(sim->failure_text, sizeof sim->failure_text, format, args);
    va_end(args);
}
