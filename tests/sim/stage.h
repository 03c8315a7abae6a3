#ifndef TESTS_SIM_STAGE_H
#define TESTS_SIM_STAGE_H

#include "tests/sim/sim.h"

/* What scenarios are made of. */

/*
 * Starts the nodes from number `from` up to but not `until`, evenly over
 * `over_ms`; each knows of up to three that came before it.
 */
void stage_start(struct sim *sim, uint32_t from, uint32_t until,
                 uint64_t over_ms);
/* Starts all, and waits for the overlay to come to rest. */
void stage_start_all(struct sim *sim);
/* Makes `count` records of the past, a second apart, by all authors in turn;
 * returns the number of the first. */
uint32_t stage_make_past(struct sim *sim, uint32_t count);
/* The node has these records on disk: numbers from `from` up to `until`. */
void stage_hold(struct sim *sim, uint32_t node, uint32_t from, uint32_t until);
void stage_hold_at(struct sim *sim, uint32_t node, uint32_t number);
/* The project's own record on all disks. */
void stage_hold_project(struct sim *sim);
/* A node that is alive and honest. */
struct node *stage_any_node(struct sim *sim);
/* Publishes one new record at the node. */
void stage_publish_at(struct sim *sim, struct node *n);
/* Runs so long while any live nodes publish params.rate records in 100 s. */
void stage_publish_for(struct sim *sim, uint64_t ms);
/* Ends a share of the live nodes, all at the same time. */
void stage_kill(struct sim *sim, uint64_t percent);

/* Waits for all to be equal; an expectation if they are not after `max_ms`. */
void stage_expect_equal(struct sim *sim, uint64_t max_ms);
void stage_expect_reached(struct sim *sim, double at_least);
void stage_expect_redundancy(struct sim *sim, double at_most);
void stage_expect_p99(struct sim *sim, uint64_t at_most_ms);
void stage_expect_memory(struct sim *sim, uint64_t at_most);
void stage_expect_no_blame(struct sim *sim);
uint64_t stage_mean_latency_ms(const struct sim *sim);

#endif
