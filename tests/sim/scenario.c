/* The table of scenarios. */
#include "tests/sim/scenario.h"

/* clang-format off */
#define USUAL                                                                 \
    .seed = 1, .text = 100, .commit_ms = 2,                                   \
    .latency_min_ms = 10, .latency_max_ms = 50

const struct scenario scenarios[] = {
    { "steady", "all are connected, and any of them publish",
      { USUAL, .nodes = 100, .rate = 100, .seconds = 60 },
      scenario_steady },
    { "join-empty", "a new node comes to those who have many records",
      { USUAL, .nodes = 20, .rate = 100, .records = 2000 },
      scenario_join_empty },
    { "returning-laptop", "one was away, made some and lacks the newest",
      { USUAL, .nodes = 20, .rate = 100, .records = 2000 },
      scenario_returning_laptop },
    { "scattered-gaps", "each lacks a few records of all times",
      { USUAL, .nodes = 20, .rate = 100, .records = 2000 },
      scenario_scattered_gaps },
    { "split-brain-heals", "two halves lose sight of each other for a while",
      { USUAL, .nodes = 40, .rate = 100, .seconds = 60 },
      scenario_split_brain },
    { "mass-failure", "many end at once, the others go on publishing",
      { USUAL, .nodes = 200, .rate = 1000, .seconds = 10, .percent = 50 },
      scenario_mass_failure },
    { "live-event", "a hall and some elsewhere, between whom the uplink fails",
      { USUAL, .nodes = 25, .rate = 50, .seconds = 600 },
      scenario_live_event },
    { "wrong-clocks", "the clocks of some are wrong by minutes or hours",
      { USUAL, .nodes = 60, .rate = 100, .seconds = 120, .percent = 30,
        .skew_s = 50000 },
      scenario_wrong_clocks },
    { "flood", "strangers offer far more than anybody keeps of them",
      { USUAL, .nodes = 20, .rate = 100, .seconds = 60, .records = 100000 },
      scenario_flood },
    { "hostile", "some forge, flood, lie, babble or keep to themselves",
      { USUAL, .nodes = 50, .rate = 100, .seconds = 60, .records = 200,
        .hostile = 14 },
      scenario_hostile },
    { .name = NULL },
};
/* clang-format on */
