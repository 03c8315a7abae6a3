/* How archivists divide the work, also while they come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/placement.h"

enum {
    ARCHIVISTS = 50, /* at a time */
    COMERS = 80,     /* all who ever are */
    BLOBS = 10000,
    TARGET = 3,
    A_ROUND = 150, /* blobs that one can fetch in a round */
    CHURN_ROUNDS = 8,
    SETTLE_ROUNDS = 13,
};

#define GIB ((uint64_t)1 << 30)

static void make_node(struct placement_node *out, unsigned number,
                      uint64_t bytes)
{
    uint8_t id[KEY_LEN] = { (uint8_t)(number >> 8), (uint8_t)number, 1 };

    placement_node_init(out, id, bytes);
}

static struct blob_id make_blob(unsigned number)
{
    struct blob_id id = { .size = 1000 + number };
    uint8_t text[4];

    put_u32(text, number);
    hash_bytes(id.root, BYTES_ARRAY(text));
    return id;
}

/* Worked out by hand from docs/protocol.md §6.9. */
static void the_cost_is_the_same_everywhere(void **state)
{
    struct blob_id blob = make_blob(7);
    struct placement_node a;
    struct placement_node b;

    (void)state;
    make_node(&a, 1, 100 * GIB);
    make_node(&b, 1, 50 * GIB);
    assert_int_equal(a.weight, 102400);
    assert_true(placement_cost(&a, &blob) == 3747122490900u);
    /* Half the pledge is twice the cost, but for the rounding. */
    assert_in_range(placement_cost(&b, &blob), 2 * placement_cost(&a, &blob),
                    2 * placement_cost(&a, &blob) + 1);
}

static void a_pledge_without_bytes_counts_as_the_least(void **state)
{
    struct placement_node a;

    (void)state;
    make_node(&a, 1, 0);
    assert_int_equal(a.weight, 1);
    make_node(&a, 1, UINT64_MAX);
    assert_true(a.weight == (uint64_t)1 << 33);
}

static enum placement decide(const struct placement_node *nodes,
                             const bool *holds, size_t count, size_t self)
{
    struct blob_id blob = make_blob(1);
    uint64_t costs[COMERS];
    struct placement_view view = { .nodes = nodes,
                                   .costs = costs,
                                   .holds = holds,
                                   .count = count,
                                   .self = self,
                                   .target = TARGET };

    for (size_t i = 0; i < count; i++)
        costs[i] = placement_cost(&nodes[i], &blob);
    return placement_decide(&view);
}

static void exactly_the_target_fetches_what_nobody_has(void **state)
{
    struct placement_node nodes[10];
    bool holds[10] = { false };
    unsigned fetch = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        make_node(&nodes[i], i, (i + 1) * GIB);
    for (unsigned i = 0; i < 10; i++)
        fetch += decide(nodes, holds, 10, i) == PLACEMENT_FETCH;
    assert_int_equal(fetch, TARGET);
    for (unsigned i = 0; i < TARGET; i++) /* fewer than the target: all do */
        assert_int_equal(decide(nodes, holds, TARGET, i), PLACEMENT_FETCH);
}

static void nobody_lets_go_before_the_others_have_it(void **state)
{
    struct placement_node nodes[10];
    bool holds[10];
    bool all[10];

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        make_node(&nodes[i], i, GIB);
        all[i] = true;
    }
    for (unsigned i = 0; i < 10; i++) {
        enum placement with_all = decide(nodes, all, 10, i);

        memset(holds, 0, sizeof holds);
        holds[i] = true;
        assert_int_equal(decide(nodes, holds, 10, i), PLACEMENT_KEEP);
        assert_true(with_all == PLACEMENT_KEEP ||
                    with_all == PLACEMENT_RELEASE);
        if (with_all == PLACEMENT_KEEP)
            continue;
        /* One of those who are to have it does not: then it stays. */
        for (unsigned k = 0; k < 10; k++) {
            memcpy(holds, all, sizeof holds);
            holds[k] = k == i;
            assert_true(k == i ||
                        decide(nodes, holds, 10, i) == PLACEMENT_KEEP ||
                        decide(nodes, all, 10, k) == PLACEMENT_RELEASE ||
                        decide(nodes, holds, 10, i) == PLACEMENT_RELEASE);
        }
    }
}

/* ---- Fifty archivists, ten thousand blobs -------------------------------- */

/*
 * Each round every archivist looks at what the living ones hold, as leases
 * tell it, and fetches what it is to, the rarest first, as much as its line
 * takes; what all who are to hold it have, the others let go of.
 */
struct world {
    struct placement_node nodes[COMERS];
    bool is_live[COMERS];
    bool *holds;     /* [blob][archivist] */
    uint64_t *costs; /* [blob][archivist] */
    bool at_author[BLOBS];
    uint64_t seed;
};

static uint32_t chance(struct world *w, uint32_t below)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % below;
}

static bool *held(struct world *w, unsigned blob, unsigned node)
{
    return &w->holds[blob * COMERS + node];
}

static unsigned copies(struct world *w, unsigned blob)
{
    unsigned n = 0;

    for (unsigned i = 0; i < COMERS; i++)
        n += w->is_live[i] && *held(w, blob, i);
    return n;
}

/* The living ones, as all know them. */
struct living {
    struct placement_node nodes[COMERS];
    uint64_t costs[COMERS];
    bool holds[COMERS];
    unsigned who[COMERS];
    size_t count;
};

static void living_of(struct world *w, unsigned blob, struct living *l)
{
    l->count = 0;
    for (unsigned i = 0; i < COMERS; i++) {
        if (!w->is_live[i])
            continue;
        l->who[l->count] = i;
        l->nodes[l->count] = w->nodes[i];
        l->costs[l->count] = w->costs[blob * COMERS + i];
        l->holds[l->count++] = *held(w, blob, i);
    }
}

/* Who is to do what about one blob, for all of the living. */
static void look_at(struct world *w, unsigned blob, unsigned *budget)
{
    struct living l;
    bool has_source = w->at_author[blob] || copies(w, blob) > 0;

    living_of(w, blob, &l);
    for (unsigned i = 0; i < l.count; i++) {
        struct placement_view view = { .nodes = l.nodes,
                                       .costs = l.costs,
                                       .holds = l.holds,
                                       .count = l.count,
                                       .self = i,
                                       .target = TARGET };
        enum placement what = placement_decide(&view);
        unsigned node = l.who[i];

        if (what == PLACEMENT_RELEASE)
            *held(w, blob, node) = false;
        if (what == PLACEMENT_FETCH && has_source && budget[node] > 0) {
            *held(w, blob, node) = true;
            budget[node]--;
        }
    }
}

/* The rarest first: all archivists spend what they can on those. */
static void play_round(struct world *w)
{
    unsigned budget[COMERS];
    unsigned have[BLOBS];

    for (unsigned i = 0; i < COMERS; i++)
        budget[i] = A_ROUND;
    for (unsigned b = 0; b < BLOBS; b++)
        have[b] = copies(w, b);
    for (unsigned level = 0; level <= COMERS; level++)
        for (unsigned b = 0; b < BLOBS; b++)
            if (have[b] == level)
                look_at(w, b, budget);
}

static void leave(struct world *w, unsigned node)
{
    w->is_live[node] = false;
    for (unsigned b = 0; b < BLOBS; b++)
        *held(w, b, node) = false;
}

/* Two go with all they had, two new ones come. */
static void churn(struct world *w, unsigned *next)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned node = chance(w, *next);

        while (!w->is_live[node])
            node = chance(w, *next);
        leave(w, node);
        w->is_live[(*next)++] = true;
    }
}

static void assert_evenly_spread(struct world *w)
{
    uint64_t pledged = 0;
    uint64_t all = 0;

    for (unsigned i = 0; i < COMERS; i++)
        pledged += w->is_live[i] ? w->nodes[i].weight : 0;
    for (unsigned b = 0; b < BLOBS; b++)
        all += copies(w, b);
    for (unsigned i = 0; i < COMERS; i++) {
        uint64_t mine = 0;
        uint64_t fair;

        if (!w->is_live[i])
            continue;
        for (unsigned b = 0; b < BLOBS; b++)
            mine += *held(w, b, i);
        fair = all * w->nodes[i].weight / pledged;
        assert_in_range(mine, fair - fair / 5, fair + fair / 5);
    }
}

static void world_make(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->seed = 42;
    w->holds = calloc((size_t)BLOBS * COMERS, sizeof *w->holds);
    w->costs = calloc((size_t)BLOBS * COMERS, sizeof *w->costs);
    assert_non_null(w->holds);
    assert_non_null(w->costs);
    for (unsigned i = 0; i < COMERS; i++) { /* pledges of 100 to 200 GiB */
        make_node(&w->nodes[i], i, (100 + chance(w, 101)) * GIB);
        w->is_live[i] = i < ARCHIVISTS;
    }
    for (unsigned b = 0; b < BLOBS; b++) {
        struct blob_id blob = make_blob(b);

        for (unsigned i = 0; i < COMERS; i++)
            w->costs[b * COMERS + i] = placement_cost(&w->nodes[i], &blob);
        w->at_author[b] = true;
    }
}

static void fifty_archivists_keep_three_copies_through_churn(void **state)
{
    struct world *w = malloc(sizeof *w);
    unsigned next = ARCHIVISTS;

    (void)state;
    assert_non_null(w);
    world_make(w);
    for (unsigned r = 0; r < 5; r++)
        play_round(w);
    for (unsigned b = 0; b < BLOBS; b++)
        w->at_author[b] = false; /* the archive survives its makers */
    for (unsigned r = 0; r < CHURN_ROUNDS; r++) {
        churn(w, &next);
        play_round(w);
        for (unsigned b = 0; b < BLOBS; b++)
            assert_true(copies(w, b) > 0); /* nothing is ever lost */
    }
    for (unsigned r = CHURN_ROUNDS; r < SETTLE_ROUNDS; r++)
        play_round(w);
    for (unsigned b = 0; b < BLOBS; b++)
        assert_int_equal(copies(w, b), TARGET);
    assert_evenly_spread(w);
    free(w->holds);
    free(w->costs);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cost_is_the_same_everywhere),
        cmocka_unit_test(a_pledge_without_bytes_counts_as_the_least),
        cmocka_unit_test(exactly_the_target_fetches_what_nobody_has),
        cmocka_unit_test(nobody_lets_go_before_the_others_have_it),
        cmocka_unit_test(fifty_archivists_keep_three_copies_through_churn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
