/* Scenarios of what is published while all look on. */
#include "tests/sim/scenario.h"
#include "tests/sim/stage.h"

/* After a partition: an address is dialled once in ten minutes. */
enum { SETTLE_MS = 60000, MEET_AGAIN_MS = OVERLAY_REDIAL_MS + SETTLE_MS };

static void begin(struct sim *sim)
{
    stage_hold_project(sim);
    stage_start_all(sim);
    stats_begin(sim);
}

static void expect_all(struct sim *sim, uint64_t max_ms)
{
    stage_expect_equal(sim, max_ms);
    stage_expect_reached(sim, 1.0);
    stage_expect_no_blame(sim);
}

/* A tree of a thousand is 12 links deep at most, and 4 for each ten times. */
static uint64_t hops(uint32_t nodes)
{
    uint64_t most = 12;

    for (; nodes > 1000; nodes = (nodes + 9) / 10)
        most += 4;
    return most;
}

void scenario_steady(struct sim *sim)
{
    begin(sim);
    stage_publish_for(sim, sim->params.seconds * 1000);
    expect_all(sim, SETTLE_MS);
    stage_expect_redundancy(sim, 0.1);
    stage_expect_p99(sim, hops(sim->nodes_count) * stage_mean_latency_ms(sim));
}

/*
 * A share of the nodes ends at once.  Of what the others publish from then on
 * nearly all arrives as if nothing had happened, and all of it soon.
 */
void scenario_mass_failure(struct sim *sim)
{
    double at_once;

    begin(sim);
    stage_publish_for(sim, 10000);
    stage_kill(sim, sim->params.percent);
    stats_forget(&sim->stats); /* those before are no question */
    stage_publish_for(sim, sim->params.seconds * 1000);
    expect_all(sim, SETTLE_MS);
    at_once = stats_within(sim, 1000);
    if (at_once < 0.998 && sim->params.percent <= 50)
        sim_fail(sim, "%.4f %% arrived within a second, not 99.8 %%",
                 100 * at_once);
    if (sim->stats.latency_max_ms > 10000)
        sim_fail(sim, "the last record took %llu ms, not 10 s",
                 (unsigned long long)sim->stats.latency_max_ms);
}

/*
 * Some clocks are ahead and some behind; what is dated up to tomorrow goes
 * everywhere all the same, as fast and as seldom twice.
 */
void scenario_wrong_clocks(struct sim *sim)
{
    int64_t most = (int64_t)sim->params.skew_s * 1000;

    for (uint32_t i = 0; i < sim->nodes_count; i++)
        if (rng_below(&sim->rng, 100) < sim->params.percent)
            sim->nodes[i].skew_ms =
                (int64_t)rng_below(&sim->rng, 2 * (uint64_t)most + 1) - most;
    begin(sim);
    stage_publish_for(sim, sim->params.seconds * 1000);
    expect_all(sim, SETTLE_MS);
    stage_expect_redundancy(sim, 0.1);
    stage_expect_p99(sim, hops(sim->nodes_count) * stage_mean_latency_ms(sim));
}

/* Two halves do not see each other for a while, and both go on. */
void scenario_split_brain(struct sim *sim)
{
    begin(sim);
    for (uint32_t i = 0; i < sim->nodes_count; i++)
        sim->nodes[i].side = i % 2;
    net_sides_changed(sim);
    stage_publish_for(sim, sim->params.seconds * 1000);
    for (uint32_t i = 0; i < sim->nodes_count; i++)
        sim->nodes[i].side = 0;
    net_sides_changed(sim);
    expect_all(sim, MEET_AGAIN_MS);
}

/*
 * A hall with its own network, and some who take part from elsewhere.  The
 * uplink fails in the midst; in the hall nothing is to be felt of it.
 */
void scenario_live_event(struct sim *sim)
{
    uint32_t remote = sim->nodes_count / 5;

    for (uint32_t i = 0; i < sim->nodes_count; i++)
        sim->nodes[i].place = i < remote ? 0 : 1;
    begin(sim);
    stage_publish_for(sim, 10000);
    for (uint32_t i = remote; i < sim->nodes_count; i++)
        sim->nodes[i].side = 1;
    net_sides_changed(sim);
    stage_publish_for(sim, sim->params.seconds * 1000);
    for (uint32_t i = remote; i < sim->nodes_count; i++)
        sim->nodes[i].side = 0;
    net_sides_changed(sim);
    expect_all(sim, MEET_AGAIN_MS);
}
