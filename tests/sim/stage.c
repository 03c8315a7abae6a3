#include "tests/sim/stage.h"

#include <assert.h>

#include "tests/sim/heap.h"

enum { CONTACTS = 3, JOIN_MS = 2, REST_MS = 40000, PAST_STEP_MS = 1000 };

static void on_start(struct sim *sim, const struct event *ev)
{
    struct node *n = &sim->nodes[ev->node];

    for (unsigned i = 0; ev->node > 0 && i < CONTACTS; i++)
        node_add_contact(n, (uint32_t)rng_below(&sim->rng, ev->node));
    node_start(sim, n);
}

void stage_start(struct sim *sim, uint32_t from, uint32_t until,
                 uint64_t over_ms)
{
    for (uint32_t i = from; i < until; i++) {
        struct event ev = {
            .run = on_start,
            .at_ms = sim_now(sim) + over_ms * (i - from) / (until - from),
            .node = i,
        };

        queue_add(&sim->queue, &ev);
    }
    sim_run_for(sim, over_ms);
}

void stage_start_all(struct sim *sim)
{
    stage_start(sim, 0, sim->nodes_count, (uint64_t)sim->nodes_count * JOIN_MS);
    sim_run_for(sim, REST_MS);
}

uint32_t stage_make_past(struct sim *sim, uint32_t count)
{
    uint32_t first = sim->records.count;
    uint64_t begin_ms = SIM_WALL_MS - (uint64_t)count * PAST_STEP_MS;

    for (uint32_t i = 0; i < count; i++)
        (void)records_make(&sim->records, i % sim->records.authors_count,
                           begin_ms + (uint64_t)i * PAST_STEP_MS,
                           sim->params.text);
    return first;
}

void stage_hold(struct sim *sim, uint32_t node, uint32_t from, uint32_t until)
{
    uint32_t owner = heap_switch(node);

    for (uint32_t i = from; i < until; i++)
        (void)set_add(&sim->nodes[node].set, i, true);
    (void)heap_switch(owner);
}

void stage_hold_at(struct sim *sim, uint32_t node, uint32_t number)
{
    stage_hold(sim, node, number, number + 1);
}

void stage_hold_project(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->nodes_count; i++)
        stage_hold(sim, i, 0, 1);
}

struct node *stage_any_node(struct sim *sim)
{
    assert(sim_live_honest(sim) > 0);
    for (;;) { /* ends by chance: there is one */
        struct node *n = &sim->nodes[rng_below(&sim->rng, sim->nodes_count)];

        if (n->is_alive && node_is_honest(n))
            return n;
    }
}

void stage_publish_at(struct sim *sim, struct node *n)
{
    uint32_t number =
        records_make(&sim->records, n->author, node_wall_ms(sim, n),
                     (size_t)sim->params.text);

    node_publish(sim, n, number);
}

void stage_publish_for(struct sim *sim, uint64_t ms)
{
    uint64_t begin_ms = sim_now(sim);
    uint64_t count = ms * sim->params.rate / 100000;

    for (uint64_t i = 0; i < count; i++) {
        sim_run_until(sim, begin_ms + i * 100000 / sim->params.rate);
        stage_publish_at(sim, stage_any_node(sim));
    }
    sim_run_until(sim, begin_ms + ms);
}

void stage_kill(struct sim *sim, uint64_t percent)
{
    uint64_t count = sim_live_honest(sim) * percent / 100;

    for (uint64_t i = 0; i < count; i++)
        node_crash(sim, stage_any_node(sim), sim->params.silent != 0);
}

/* ---- Expectations ------------------------------------------------------- */

void stage_expect_equal(struct sim *sim, uint64_t max_ms)
{
    if (!sim_settle(sim, max_ms))
        sim_fail(sim, "nodes still differ after %llu s: %.4f %% reached",
                 (unsigned long long)max_ms / 1000, 100 * stats_reached(sim));
}

void stage_expect_reached(struct sim *sim, double at_least)
{
    double reached = stats_reached(sim);

    if (reached < at_least)
        sim_fail(sim, "%.4f %% reached, not %.4f %%", 100 * reached,
                 100 * at_least);
}

void stage_expect_redundancy(struct sim *sim, double at_most)
{
    double redundancy = stats_redundancy(sim);

    if (redundancy > at_most)
        sim_fail(sim, "%.3f needless copies for each one needed, not %.3f",
                 redundancy, at_most);
}

void stage_expect_p99(struct sim *sim, uint64_t at_most_ms)
{
    uint64_t p99_ms = stats_percentile(&sim->stats, 9900);

    if (p99_ms > at_most_ms)
        sim_fail(sim, "p99 is %llu ms, not %llu", (unsigned long long)p99_ms,
                 (unsigned long long)at_most_ms);
}

void stage_expect_memory(struct sim *sim, uint64_t at_most)
{
    uint64_t most = stats_memory_max(sim);

    if (most > at_most)
        sim_fail(sim, "a node used %llu bytes, not %llu",
                 (unsigned long long)most, (unsigned long long)at_most);
}

void stage_expect_no_blame(struct sim *sim)
{
    if (sim->stats.blamed_honest > 0)
        sim_fail(sim, "an honest node was blamed: %s", sim->stats.blamed_for);
}

uint64_t stage_mean_latency_ms(const struct sim *sim)
{
    return (sim->params.latency_min_ms + sim->params.latency_max_ms) / 2;
}
