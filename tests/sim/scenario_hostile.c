/* Scenarios of nodes and people that mean no good. */
#include "tests/sim/hostile.h"
#include "tests/sim/scenario.h"
#include "tests/sim/stage.h"

enum { OFFERS = 100 }; /* of each stranger, on one day */

/* Strangers' records of today, which the last node offers to all. */
static void prepare_flood(struct sim *sim)
{
    uint32_t last = sim->nodes_count - 1;
    uint32_t strangers = (uint32_t)sim->params.records / OFFERS;
    struct records *r = &sim->records;

    for (uint32_t i = 0; i < strangers; i++) {
        uint32_t author = records_add_author(r, true);

        for (uint32_t j = 0; j < OFFERS; j++)
            stage_hold_at(sim, last,
                          records_make(r, author, SIM_WALL_MS + j,
                                       (size_t)sim->params.text));
    }
    sim->nodes[last].hostile = hostile_kind(HOSTILE_STRANGER);
}

/* What a node keeps of one stranger. */
static uint32_t count_kept(const struct node *n, const struct author *a)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < a->numbers_count; i++)
        kept += set_presence(&n->set, a->numbers[i]) == RECORD_HELD;
    return kept;
}

static void expect_budgets(struct sim *sim)
{
    const struct records *r = &sim->records;

    for (uint32_t i = 0; i < sim->nodes_count; i++) {
        const struct node *n = &sim->nodes[i];

        for (uint32_t j = 0; node_is_honest(n) && j < r->authors_count; j++)
            if (count_kept(n, &r->authors[j]) > BUDGET_RECORDS_MAX)
                sim_fail(sim, "node %u keeps %u records of one stranger", i,
                         count_kept(n, &r->authors[j]));
    }
}

/*
 * A thousand strangers offer more than anybody keeps of them.  All keep the
 * same of it and know of the rest, and what others publish meanwhile is not
 * held up.
 */
void scenario_flood(struct sim *sim)
{
    stage_hold_project(sim);
    prepare_flood(sim);
    stage_start(sim, 0, sim->nodes_count - 1, sim->nodes_count);
    sim_run_for(sim, 40000);
    stats_begin(sim);
    stage_start(sim, sim->nodes_count - 1, sim->nodes_count, 1);
    stage_publish_for(sim, sim->params.seconds * 1000);
    stage_expect_equal(sim, 120000);
    stage_expect_reached(sim, 1.0);
    stage_expect_no_blame(sim);
    expect_budgets(sim);
}

/*
 * Some nodes are hostile, each in its own way, and in the midst of others.
 * Whoever plays by the rules gets everything that such publish, and blames
 * nobody who does.
 */
void scenario_hostile(struct sim *sim)
{
    uint32_t first = stage_make_past(sim, (uint32_t)sim->params.records);
    unsigned kind = 0;

    stage_hold_project(sim);
    for (uint32_t i = 0; i < sim->nodes_count; i++) {
        stage_hold(sim, i, first, sim->records.count);
        if (i > 0 && i * sim->params.hostile / sim->nodes_count !=
                         (i - 1) * sim->params.hostile / sim->nodes_count)
            sim->nodes[i].hostile = hostile_kind(kind++);
    }
    stage_start_all(sim);
    stats_begin(sim);
    stage_publish_for(sim, sim->params.seconds * 1000);
    stage_expect_equal(sim, 120000);
    stage_expect_reached(sim, 1.0);
    stage_expect_no_blame(sim);
}
