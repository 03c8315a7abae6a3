/*
 * The graph of citations, and the cycles that void them (§7.7.5).  Most
 * citations cannot be part of a cycle; those that may are found by taking away,
 * again and again, works that cite nothing more or that nobody cites.  Only
 * what is left is walked edge by edge.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"

/* Scratch for one topic; all arrays are by entry unless said otherwise. */
struct graph {
    struct topic_edge *edges; /* in order of their resources */
    uint32_t count;
    uint32_t *out_first; /* linked lists of edges by child and by source */
    uint32_t *in_first;
    uint32_t *out_next; /* by edge */
    uint32_t *in_next;
    uint32_t *out_left; /* edges not taken away */
    uint32_t *in_left;
    uint32_t *stack;
    uint32_t *queue;
    uint32_t *seen; /* number of the walk that saw the work last, downwards */
    uint32_t *seen_up;
    uint8_t *is_void;   /* by edge: it closes a cycle */
    uint8_t *is_taken;  /* by entry: cannot be on a cycle */
    uint8_t *is_joined; /* by edge: in the graph already */
};

static void collect_edges(struct graph *g, struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        struct topic_edge edge = { ts->order[i], TOPIC_NONE, TOPIC_NONE };
        const struct topic_entry *source = NULL;
        uint8_t id[ID_LEN];

        if (e->record.kind != KIND_RESOURCE ||
            e->verdict.state != VERDICT_IN_FORCE ||
            (e->citation & ~(unsigned)CITATION_INSPIRED) != 0)
            continue;
        (void)record_link_find(&e->record, RELATION_CHILD, id);
        edge.child = authority_target(ts, id)->first;
        if (record_link_find(&e->record, RELATION_SOURCE, id))
            source = authority_target(ts, id);
        if (source != NULL)
            edge.source = source->first;
        g->edges[g->count++] = edge;
    }
}

static void graph_wipe(struct graph *g)
{
    free(g->edges);
    free(g->out_first);
    free(g->is_void);
}

/* All scratch in three pieces; sized by the records, which are bounded. */
static enum err graph_init(struct graph *g, size_t count)
{
    uint32_t *words;

    *g = (struct graph){ 0 };
    g->edges = calloc(count, sizeof *g->edges);
    words = calloc(count * 10, sizeof *words);
    g->is_void = calloc(count * 3, 1);
    g->out_first = words;
    if (g->edges == NULL || words == NULL || g->is_void == NULL) {
        graph_wipe(g);
        return ERR_NO_MEMORY;
    }
    g->in_first = words + count;
    g->out_next = words + count * 2;
    g->in_next = words + count * 3;
    g->out_left = words + count * 4;
    g->in_left = words + count * 5;
    g->stack = words + count * 6;
    g->seen = words + count * 7;
    g->queue = words + count * 8;
    g->seen_up = words + count * 9;
    g->is_taken = g->is_void + count;
    g->is_joined = g->is_void + count * 2;
    return ERR_OK;
}

/* Lists of edges by work; numbers in them are index + 1, 0 ends them. */
static void link_edges(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        const struct topic_edge *e = &g->edges[i];

        if (e->source == TOPIC_NONE)
            continue;
        g->out_next[i] = g->out_first[e->child];
        g->out_first[e->child] = i + 1;
        g->in_next[i] = g->in_first[e->source];
        g->in_first[e->source] = i + 1;
        g->out_left[e->child]++;
        g->in_left[e->source]++;
    }
}

/* One edge less at `work`; it goes too when one side of it is bare. */
static void take_edge(struct graph *g, uint32_t work, uint32_t *left,
                      uint32_t *depth)
{
    if (--left[work] == 0 && !g->is_taken[work]) {
        g->is_taken[work] = 1;
        g->stack[(*depth)++] = work;
    }
}

static void take_away(struct graph *g, uint32_t works)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < works; i++) {
        if (g->out_left[i] == 0 || g->in_left[i] == 0) {
            g->is_taken[i] = 1;
            g->stack[depth++] = i;
        }
    }
    while (depth > 0) { /* each work comes here once */
        uint32_t work = g->stack[--depth];

        for (uint32_t n = g->out_first[work]; n != 0; n = g->out_next[n - 1])
            if (!g->is_taken[g->edges[n - 1].source])
                take_edge(g, g->edges[n - 1].source, g->in_left, &depth);
        for (uint32_t n = g->in_first[work]; n != 0; n = g->in_next[n - 1])
            if (!g->is_taken[g->edges[n - 1].child])
                take_edge(g, g->edges[n - 1].child, g->out_left, &depth);
    }
}

/* One side of a search: works found, of which `done` have been looked at. */
struct side {
    uint32_t *queue;
    uint32_t *seen; /* number of the walk that saw the work last */
    const uint32_t *first;
    const uint32_t *next;
    uint32_t count;
    uint32_t done;
    bool is_forward;
};

static void side_put(struct side *s, uint32_t work, uint32_t walk)
{
    if (s->seen[work] == walk)
        return;
    s->seen[work] = walk;
    s->queue[s->count++] = work;
}

/* Looks at one more work of `s`; true if the other side has seen it as well. */
static bool side_step(const struct graph *g, struct side *s,
                      const struct side *other, uint32_t walk)
{
    uint32_t work = s->queue[s->done++];

    if (other->seen[work] == walk)
        return true;
    for (uint32_t n = s->first[work]; n != 0; n = s->next[n - 1]) {
        const struct topic_edge *e = &g->edges[n - 1];

        if (g->is_joined[n - 1])
            side_put(s, s->is_forward ? e->source : e->child, walk);
    }
    return false;
}

/*
 * Whether `to` is reached from `from` by the edges joined so far.  Searched
 * from both ends in turn, which ends as soon as one of them is exhausted:
 * whoever wants it to take long has to grow both.
 */
static bool reaches(struct graph *g, uint32_t from, uint32_t to, uint32_t walk)
{
    struct side down = { g->stack, g->seen, g->out_first, g->out_next,
                         0,        0,       true };
    struct side up = { g->queue, g->seen_up, g->in_first, g->in_next,
                       0,        0,          false };

    side_put(&down, from, walk);
    side_put(&up, to, walk);
    while (down.done < down.count && up.done < up.count) {
        if (side_step(g, &down, &up, walk) || side_step(g, &up, &down, walk))
            return true;
    }
    return false;
}

static void void_cycles(struct graph *g, struct topic_state *ts)
{
    for (uint32_t i = 0; i < g->count; i++) {
        const struct topic_edge *e = &g->edges[i];

        if (e->source == TOPIC_NONE || g->is_taken[e->child] ||
            g->is_taken[e->source])
            continue;
        if (reaches(g, e->source, e->child, i + 1)) {
            g->is_void[i] = 1;
            ts->entries[ts->entries[e->resource].first].current = TOPIC_NONE;
            authority_void(&ts->entries[e->resource], VOID_CYCLE);
        } else {
            g->is_joined[i] = 1;
        }
    }
}

static int by_child(const void *a, const void *b, void *context)
{
    const struct topic_edge *one = a;
    const struct topic_edge *other = b;
    const struct topic_entry *entries = context;

    if (one->child != other->child)
        return one->child < other->child ? -1 : 1;
    return topic_entry_compare(&entries[one->resource],
                               &entries[other->resource]);
}

static int by_source(const void *a, const void *b, void *context)
{
    const struct topic_state *ts = context;
    const struct topic_edge *one = &ts->edges[*(const uint32_t *)a];
    const struct topic_edge *other = &ts->edges[*(const uint32_t *)b];

    if (one->source != other->source)
        return one->source < other->source ? -1 : 1;
    return topic_entry_compare(&ts->entries[one->resource],
                               &ts->entries[other->resource]);
}

/* Gives the edges that stand to the topic, sorted for look-ups. */
static enum err keep_edges(struct graph *g, struct topic_state *ts)
{
    uint32_t *sources = calloc((size_t)g->count + 1, sizeof *sources);
    uint32_t count = 0;

    if (sources == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->is_void[i])
            g->edges[count++] = g->edges[i];
    }
    free(ts->edges);
    free(ts->edges_by_source);
    ts->edges = g->edges;
    g->edges = NULL;
    ts->edges_by_source = sources;
    ts->edges_count = count;
    qsort_r(ts->edges, count, sizeof *ts->edges, by_child, ts->entries);
    for (uint32_t i = 0; i < count; i++)
        sources[i] = i;
    qsort_r(sources, count, sizeof *sources, by_source, ts);
    return ERR_OK;
}

enum err authority_void_cycles(struct topic_state *ts)
{
    struct graph g;
    enum err err = graph_init(&g, ts->count);

    if (err != ERR_OK)
        return err;
    collect_edges(&g, ts);
    link_edges(&g);
    take_away(&g, ts->count);
    void_cycles(&g, ts);
    err = keep_edges(&g, ts);
    graph_wipe(&g);
    return err;
}
