/* Scenarios of those who have to catch up. */
#include "tests/sim/scenario.h"
#include "tests/sim/stage.h"

enum { CATCH_UP_MS = 120000 };

/* All but the last node have all records of the past; returns the first. */
static uint32_t prepare(struct sim *sim)
{
    uint32_t first = stage_make_past(sim, (uint32_t)sim->params.records);

    stage_hold_project(sim);
    for (uint32_t i = 0; i + 1 < sim->nodes_count; i++)
        stage_hold(sim, i, first, sim->records.count);
    return first;
}

static void start_all_but_last(struct sim *sim)
{
    stage_start(sim, 0, sim->nodes_count - 1, sim->nodes_count);
    sim_run_for(sim, 30000);
    stage_publish_for(sim, 10000); /* their tree has grown */
    stats_begin(sim);
    stats_forget(&sim->stats);
}

static void let_last_come(struct sim *sim)
{
    stage_start(sim, sim->nodes_count - 1, sim->nodes_count, 1);
    stage_expect_equal(sim, CATCH_UP_MS);
    stage_expect_reached(sim, 1.0);
    stage_expect_no_blame(sim);
}

void scenario_join_empty(struct sim *sim)
{
    (void)prepare(sim);
    start_all_but_last(sim);
    let_last_come(sim);
    stage_expect_redundancy(sim, 0.1);
}

/* It was away for the last tenth, and made some of its own meanwhile. */
void scenario_returning_laptop(struct sim *sim)
{
    uint32_t first = prepare(sim);
    uint32_t away = sim->records.count - (sim->records.count - first) / 10;
    uint32_t made = stage_make_past(sim, (uint32_t)sim->params.records / 50);

    stage_hold(sim, sim->nodes_count - 1, first, away);
    stage_hold(sim, sim->nodes_count - 1, made, sim->records.count);
    start_all_but_last(sim);
    let_last_come(sim);
}

/* Each lacks one of a hundred, all of them others. */
void scenario_scattered_gaps(struct sim *sim)
{
    uint32_t first = stage_make_past(sim, (uint32_t)sim->params.records);

    stage_hold_project(sim);
    for (uint32_t i = 0; i < sim->nodes_count; i++)
        for (uint32_t r = first; r < sim->records.count; r++)
            if (r % 100 != i % 100)
                stage_hold(sim, i, r, r + 1);
    stats_begin(sim);
    stage_start(sim, 0, sim->nodes_count, sim->nodes_count);
    stage_expect_equal(sim, CATCH_UP_MS);
    stage_expect_reached(sim, 1.0);
    stage_expect_no_blame(sim);
}
