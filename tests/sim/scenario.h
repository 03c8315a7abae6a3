#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include "tests/sim/sim.h"

/* One story, with what is expected of its end. */
struct scenario {
    const char *name;
    const char *about;
    struct sim_params defaults;
    void (*run)(struct sim *sim);
};

/* In the order in which they are listed; ends with a NULL name. */
extern const struct scenario scenarios[];

void scenario_steady(struct sim *sim);
void scenario_wrong_clocks(struct sim *sim);
void scenario_join_empty(struct sim *sim);
void scenario_returning_laptop(struct sim *sim);
void scenario_scattered_gaps(struct sim *sim);
void scenario_split_brain(struct sim *sim);
void scenario_mass_failure(struct sim *sim);
void scenario_live_event(struct sim *sim);
void scenario_flood(struct sim *sim);
void scenario_hostile(struct sim *sim);

#endif
