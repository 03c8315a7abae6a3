#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/queue.h"
#include "tests/sim/stats.h"

/*
 * Many nodes in one process on a virtual clock, each running the machines of
 * proto/ as the daemon does.  One thread; all chance comes from the seed, so
 * that a seed replays a run exactly.
 */

/* What a run is made of; each may be set from the command line. */
struct sim_params {
    uint64_t nodes;
    uint64_t seed;
    uint64_t seconds;        /* how long the scenario's main part lasts */
    uint64_t records;        /* there at the beginning, beside the project */
    uint64_t rate;           /* records published per 100 s */
    uint64_t text;           /* bytes of a record's text */
    uint64_t latency_min_ms; /* one way; a pair of nodes keeps its own */
    uint64_t latency_max_ms;
    uint64_t jitter_ms; /* a message is up to so much later than its link is */
    uint64_t loss_ppm;  /* of segments of 1,448 bytes */
    uint64_t bytes_per_ms; /* of a link in one direction; 0: no bound */
    uint64_t commit_ms;    /* how long a group commit takes */
    uint64_t percent;  /* of nodes that fail, or whatever the scenario says */
    uint64_t silent;   /* those who fail do not even reset connections */
    uint64_t hostile;  /* number of hostile nodes */
    uint64_t skew_s;   /* wrong clocks are wrong by up to so much */
    uint64_t report_s; /* a line on stderr every so many seconds; 0: none */
};

struct sim {
    struct sim_params params;
    struct queue queue;
    struct rng rng;
    struct records records;
    struct net net;
    struct node *nodes;
    uint32_t nodes_count;
    struct stats stats;
    char failure_text[256]; /* the first expectation that was not met */
};

/* The wall clock at virtual time 0: a morning, so that no day ends soon. */
#define SIM_WALL_MS (UINT64_C(20500) * DAY_MS + UINT64_C(8) * 3600 * 1000)

void sim_init(struct sim *sim, const struct sim_params *params);
void sim_wipe(struct sim *sim);
/* Lets everything happen that is due until `until_ms`. */
void sim_run_until(struct sim *sim, uint64_t until_ms);
void sim_run_for(struct sim *sim, uint64_t ms);
/*
 * Runs until all live honest nodes have the same records, looking every 10 ms;
 * false if they have not after `max_ms`.
 */
bool sim_settle(struct sim *sim, uint64_t max_ms);
/* Nodes that are alive and honest. */
uint32_t sim_live_honest(const struct sim *sim);
uint64_t sim_now(const struct sim *sim);
/* Notes that an expectation was not met; the first one stays. */
void sim_fail(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
