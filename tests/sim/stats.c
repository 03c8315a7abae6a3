#include "tests/sim/stats.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/heap.h"
#include "tests/sim/sim.h"
#include "tests/sim/verify.h"

void stats_wipe(struct stats *s)
{
    free(s->published_ms);
    s->published_ms = NULL;
}

void stats_begin(struct sim *sim)
{
    struct stats *s = &sim->stats;

    s->bytes_before = sim->net.bytes;
    s->duplicates_before = s->duplicates;
    s->received_before = s->received;
}

void stats_forget(struct stats *s)
{
    for (uint32_t i = 0; i < s->published_cap; i++)
        s->published_ms[i] = 0;
    memset(s->latency, 0, sizeof s->latency);
    s->latency_count = 0;
    s->latency_max_ms = 0;
    s->published = 0;
}

static void published_grow(struct stats *s, uint32_t number)
{
    uint32_t cap = s->published_cap == 0 ? 256 : s->published_cap;
    uint32_t owner;

    if (number < s->published_cap)
        return;
    while (cap <= number)
        cap *= 2;
    owner = heap_switch(HEAP_NOBODY);
    s->published_ms = realloc(s->published_ms, cap * sizeof *s->published_ms);
    assert(s->published_ms != NULL);
    memset(s->published_ms + s->published_cap, 0,
           (cap - s->published_cap) * sizeof *s->published_ms);
    s->published_cap = cap;
    (void)heap_switch(owner);
}

void stats_published(struct sim *sim, uint32_t number)
{
    struct stats *s = &sim->stats;

    published_grow(s, number);
    assert(s->published_ms[number] == 0);
    s->published_ms[number] = sim_now(sim) + 1; /* 0 says: not measured */
    s->published++;
}

void stats_visible(struct sim *sim, const struct node *n, uint32_t number)
{
    struct stats *s = &sim->stats;
    uint64_t took_ms;

    if (!node_is_honest(n) || number >= s->published_cap ||
        s->published_ms[number] == 0)
        return;
    took_ms = sim_now(sim) + 1 - s->published_ms[number];
    if (took_ms > s->latency_max_ms)
        s->latency_max_ms = took_ms;
    if (took_ms > STATS_LATENCY_MAX)
        took_ms = STATS_LATENCY_MAX;
    s->latency[took_ms]++;
    s->latency_count++;
}

uint64_t stats_percentile(const struct stats *s, uint32_t of_10000)
{
    uint64_t wanted = (s->latency_count * of_10000 + 9999) / 10000;
    uint64_t seen = 0;

    for (uint64_t ms = 0; ms < STATS_LATENCY_MAX; ms++) {
        seen += s->latency[ms];
        if (seen >= wanted)
            return ms;
    }
    return STATS_LATENCY_MAX;
}

double stats_within(const struct sim *sim, uint64_t ms)
{
    const struct stats *s = &sim->stats;
    uint64_t seen = 0;

    for (uint64_t i = 0; i <= ms; i++)
        seen += s->latency[i];
    if (s->published == 0)
        return 1.0;
    return (double)seen / ((double)s->published * (double)sim_live_honest(sim));
}

double stats_reached(const struct sim *sim)
{
    uint64_t there = 0;
    uint64_t wanted = 0;

    for (uint32_t r = 0; r < sim->records.count; r++) {
        uint64_t holders = 0;

        for (uint32_t i = 0; i < sim->nodes_count; i++) {
            const struct node *n = &sim->nodes[i];

            holders += n->is_alive && node_is_honest(n) &&
                       set_presence(&n->set, r) != RECORD_ABSENT;
        }
        there += holders;
        wanted += holders > 0 ? sim_live_honest(sim) : 0;
    }
    return wanted == 0 ? 1.0 : (double)there / (double)wanted;
}

double stats_redundancy(const struct sim *sim)
{
    const struct stats *s = &sim->stats;
    uint64_t first = s->received - s->received_before;
    uint64_t twice = s->duplicates - s->duplicates_before;

    first -= twice;
    return first == 0 ? 0.0 : (double)twice / (double)first;
}

static double bytes_per_record(const struct sim *sim)
{
    const struct stats *s = &sim->stats;
    uint64_t first = s->received - s->received_before -
                     (s->duplicates - s->duplicates_before);

    return first == 0
               ? 0.0
               : (double)(sim->net.bytes - s->bytes_before) / (double)first;
}

uint64_t stats_memory_max(const struct sim *sim)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < sim->nodes_count; i++)
        if (node_is_honest(&sim->nodes[i]) && heap_peak(i) > most)
            most = heap_peak(i);
    return most;
}

static void print_frames(const struct stats *s)
{
    static const struct {
        uint8_t type;
        const char *name;
    } names[] = {
        { PEER_FRAME_HELLO, "hello" },
        { PEER_FRAME_SYNC, "sync" },
        { PEER_FRAME_RECORD, "record" },
        { PEER_FRAME_NOT_HELD, "not_held" },
        { PEER_FRAME_ANNOUNCE, "announce" },
        { PEER_FRAME_GRAFT, "graft" },
        { PEER_FRAME_PRUNE, "prune" },
        { PEER_FRAME_OVERLAY, "overlay" },
    };

    printf(", \"frames\": {");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        printf("%s\"%s\": [%llu, %llu]", i == 0 ? "" : ", ", names[i].name,
               (unsigned long long)s->frames[names[i].type],
               (unsigned long long)s->frame_bytes[names[i].type]);
    printf("}");
}

static void on_report(struct sim *sim, const struct event *ev)
{
    const struct stats *s = &sim->stats;

    (void)ev;
    fprintf(stderr,
            "%6llu s: live %u, links %llu, bytes %llu, received %llu, "
            "in vain %llu, grafts %llu, prunes %llu, p99 %llu ms\n",
            (unsigned long long)sim_now(sim) / 1000, sim_live_honest(sim),
            (unsigned long long)sim->net.handshakes,
            (unsigned long long)sim->net.bytes, (unsigned long long)s->received,
            (unsigned long long)s->duplicates,
            (unsigned long long)s->frames[PEER_FRAME_GRAFT],
            (unsigned long long)s->frames[PEER_FRAME_PRUNE],
            (unsigned long long)stats_percentile(s, 9900));
    stats_report(sim);
}

void stats_report(struct sim *sim)
{
    struct event ev = { .run = on_report,
                        .at_ms = sim_now(sim) + 1000 * sim->params.report_s };

    if (sim->params.report_s > 0)
        queue_add(&sim->queue, &ev);
}

void stats_print(const struct sim *sim, const char *scenario)
{
    const struct stats *s = &sim->stats;

    printf("{\"scenario\": \"%s\", \"nodes\": %u, \"seed\": %llu", scenario,
           sim->nodes_count, (unsigned long long)sim->params.seed);
    printf(", \"records\": %u, \"reached\": %.6f, \"redundancy\": %.4f",
           sim->records.count, stats_reached(sim), stats_redundancy(sim));
    printf(", \"latency_p50_ms\": %llu, \"latency_p99_ms\": %llu",
           (unsigned long long)stats_percentile(s, 5000),
           (unsigned long long)stats_percentile(s, 9900));
    printf(", \"latency_max_ms\": %llu, \"within_1s\": %.6f",
           (unsigned long long)s->latency_max_ms, stats_within(sim, 1000));
    if (s->converged_ms == UINT64_MAX)
        printf(", \"converged_ms\": null");
    else
        printf(", \"converged_ms\": %llu", (unsigned long long)s->converged_ms);
    printf(", \"bytes_per_record\": %.1f, \"memory_max_bytes\": %llu",
           bytes_per_record(sim), (unsigned long long)stats_memory_max(sim));
    printf(", \"bytes\": %llu, \"messages\": %llu, \"handshakes\": %llu",
           (unsigned long long)sim->net.bytes,
           (unsigned long long)sim->net.messages,
           (unsigned long long)sim->net.handshakes);
    printf(", \"signatures\": %llu, \"blamed_honest\": %llu, "
           "\"blamed_hostile\": %llu, \"pauses\": %llu",
           (unsigned long long)verify_count(),
           (unsigned long long)s->blamed_honest,
           (unsigned long long)s->blamed_hostile,
           (unsigned long long)s->pauses);
    print_frames(s);
    printf(", \"virtual_ms\": %llu", (unsigned long long)sim_now(sim));
}
