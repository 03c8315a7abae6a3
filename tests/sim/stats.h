#ifndef TESTS_SIM_STATS_H
#define TESTS_SIM_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run is judged by, and its one line of JSON. */
struct sim;
struct node;

/* Latencies above are counted as this one. */
#define STATS_LATENCY_MAX 600000

struct stats {
    uint64_t *published_ms; /* of each record's number; 0: not measured */
    uint32_t published_cap;
    uint32_t published;
    uint64_t latency[STATS_LATENCY_MAX + 1]; /* how many took so many ms */
    uint64_t latency_count;
    uint64_t latency_max_ms;
    uint64_t received;   /* records that came over a link, all */
    uint64_t duplicates; /* of them, those that the node had already */
    uint64_t blamed_honest;
    uint64_t blamed_hostile;
    uint64_t pauses; /* of peers that brought too much (protocol.md §5.9) */
    const char *blamed_for; /* the first honest one: the error's name */
    uint64_t frames[256];   /* sent, by type */
    uint64_t frame_bytes[256];
    uint64_t bytes_before; /* sent before measuring began */
    uint64_t duplicates_before;
    uint64_t received_before;
    uint64_t converged_ms; /* UINT64_MAX: not */
};

void stats_wipe(struct stats *s);
/* From now on bytes and copies count. */
void stats_begin(struct sim *sim);
/* What was published before is not measured. */
void stats_forget(struct stats *s);
/* The record is measured from now on. */
void stats_published(struct sim *sim, uint32_t number);
/* It is visible and durable at a node that had it not. */
void stats_visible(struct sim *sim, const struct node *n, uint32_t number);
/* The latency that this share of all did not exceed, in parts of 10,000. */
uint64_t stats_percentile(const struct stats *s, uint32_t of_10000);
/* The share of published records that reached nodes alive now within `ms`. */
double stats_within(const struct sim *sim, uint64_t ms);
/* The share of all (live honest node, record) pairs that are there. */
double stats_reached(const struct sim *sim);
double stats_redundancy(const struct sim *sim);
/* The most that any honest node ever had allocated. */
uint64_t stats_memory_max(const struct sim *sim);
/* From now on a line on stderr every params.report_s seconds. */
void stats_report(struct sim *sim);
void stats_print(const struct sim *sim, const char *scenario);

#endif
