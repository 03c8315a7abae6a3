/* Walks over the citations in force: upwards to sources, downwards to what was
 * built on a work.  Breadth first, so that nodes stand by generation. */
#include "proto/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

static void found_add(struct lineage_licences *f, struct bytes licence,
                      const uint8_t work[ID_LEN])
{
    enum licence l = licence_parse(licence);

    if (licence.len == 0 || licence_mix_has(f->mix, l))
        return;
    licence_mix_add(&f->mix, l);
    memcpy(f->works[l], work, ID_LEN);
}

/* Adds the licence that the version in force of `work` states. */
static enum err add_licence(struct lineage_licences *f, const char *field,
                            const struct topic_entry *e,
                            const uint8_t work[ID_LEN])
{
    struct mp_doc *doc;
    enum err err;

    if (e == NULL)
        return ERR_OK;
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    found_add(f, mp_str(mp_get(mp_doc_root(doc), field)), work);
    mp_doc_free(doc);
    return ERR_OK;
}

/* Whether `e` is there from where the lineage is looked at. */
static bool is_past(const struct lineage_past *past,
                    const struct topic_entry *e)
{
    return past->before == NULL || topic_entry_compare(e, past->before) < 0;
}

const struct topic_entry *lineage_version(const struct topic_state *ts,
                                          const struct lineage_past *past,
                                          uint32_t first)
{
    const struct topic_entry *e = &ts->entries[first];
    const struct topic_entry *current;

    if (past->pins != NULL && past->pins[first] != 0)
        return &ts->entries[past->pins[first] - 1];
    current = topic_state_current(ts, e);
    return current == NULL || is_past(past, current) ? current : e;
}

bool lineage_counts(const struct topic_state *ts,
                    const struct lineage_past *past,
                    const struct topic_edge *edge)
{
    return is_past(past, &ts->entries[edge->resource]);
}

/* §7.10.4: with a grant its licence binds nobody in this topic. */
static bool is_granted(const struct topic_state *ts,
                       const struct lineage_past *past, uint32_t first)
{
    uint32_t grant = ts->entries[first].grant;

    return grant != TOPIC_NONE && is_past(past, &ts->entries[grant]);
}

/* A queue of works, each in it once. */
struct queue {
    uint8_t *seen;
    uint32_t *items;
    uint32_t count;
};

static enum err queue_init(struct queue *q, const struct topic_state *ts)
{
    *q = (struct queue){ 0 };
    q->seen = calloc((size_t)ts->count + 1, 1);
    q->items = calloc((size_t)ts->count + 1, sizeof *q->items);
    if (q->seen != NULL && q->items != NULL)
        return ERR_OK;
    free(q->seen);
    free(q->items);
    return ERR_NO_MEMORY;
}

static void queue_wipe(struct queue *q)
{
    free(q->seen);
    free(q->items);
}

static bool queue_put(struct queue *q, uint32_t work)
{
    if (q->seen[work])
        return false;
    q->seen[work] = 1;
    q->items[q->count++] = work;
    return true;
}

static enum err follow_edge(struct lineage_licences *f, struct queue *q,
                            const struct topic_state *ts,
                            const struct topic_edge *edge)
{
    const struct topic_entry *resource = &ts->entries[edge->resource];
    uint8_t source[ID_LEN] = { 0 };

    if ((resource->citation & CITATION_INSPIRED) != 0)
        return ERR_OK;
    if (edge->source != TOPIC_NONE) {
        (void)queue_put(q, edge->source);
        return ERR_OK;
    }
    (void)record_link_find(&resource->record, RELATION_SOURCE, source);
    return add_licence(f, "source_licence", resource, source);
}

/* The licences of the works in the queue and of all that binds them. */
static enum err find_licences(struct lineage_licences *f, struct queue *q,
                              const struct topic_state *ts,
                              const struct lineage_past *past)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < q->count; i++) {
        uint32_t work = q->items[i];
        uint32_t at;
        uint32_t edges = topic_edges_of_child(ts, work, &at);

        if (!is_granted(ts, past, work))
            err = add_licence(f, "licence", lineage_version(ts, past, work),
                              ts->entries[work].record.id);
        for (uint32_t k = 0; err == ERR_OK && k < edges; k++)
            if (lineage_counts(ts, past, &ts->edges[at + k]))
                err = follow_edge(f, q, ts, &ts->edges[at + k]);
    }
    return err;
}

enum err lineage_licences_of(struct lineage_licences *found,
                             const struct topic_state *ts,
                             const struct lineage_past *past,
                             const uint32_t *firsts, uint32_t count)
{
    struct lineage_licences f = *found;
    struct queue q;
    enum err err = queue_init(&q, ts);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; i < count; i++)
        (void)queue_put(&q, firsts[i]);
    err = find_licences(&f, &q, ts, past);
    if (err == ERR_OK)
        *found = f;
    queue_wipe(&q);
    return err;
}

static enum err find_work(struct lineage_licences *f,
                          const struct topic_state *ts,
                          const struct lineage_work *work)
{
    static const uint8_t nobody[ID_LEN] = { 0 };
    const struct lineage_past now = { 0 };
    uint32_t index =
        work->id == NULL ? TOPIC_NONE : topic_state_index(ts, work->id);
    struct queue q;
    enum err err;

    *f = (struct lineage_licences){ 0 };
    if (index == TOPIC_NONE) {
        found_add(f, work->licence, work->id == NULL ? nobody : work->id);
        return ERR_OK;
    }
    err = queue_init(&q, ts);
    if (err != ERR_OK)
        return err;
    (void)queue_put(&q, ts->entries[index].first);
    err = find_licences(f, &q, ts, &now);
    queue_wipe(&q);
    return err;
}

/* The first licences, one of each side, that exclude each other. */
static bool find_clash(struct lineage_clash *out,
                       const struct lineage_licences *child,
                       const struct lineage_licences *source)
{
    for (enum licence a = 0; a < LICENCE_COUNT; a++) {
        for (enum licence b = 0; b < LICENCE_COUNT; b++) {
            if (!licence_mix_has(child->mix, a) ||
                !licence_mix_has(source->mix, b) || !licence_excludes(a, b))
                continue;
            *out = (struct lineage_clash){ .child = a, .source = b };
            memcpy(out->child_id, child->works[a], ID_LEN);
            memcpy(out->source_id, source->works[b], ID_LEN);
            return true;
        }
    }
    return false;
}

enum err lineage_clash_of(bool *clashes, struct lineage_clash *out,
                          const struct topic_state *ts,
                          const struct lineage_work *child,
                          const struct lineage_work *source)
{
    struct lineage_licences one;
    struct lineage_licences other;
    enum err err = find_work(&one, ts, child);

    if (err == ERR_OK)
        err = find_work(&other, ts, source);
    if (err != ERR_OK)
        return err;
    /* What is cited may be impossible by itself; nothing comes of it then. */
    *clashes = find_clash(out, &one, &other) || find_clash(out, &other, &other);
    return ERR_OK;
}

enum err lineage_leads(bool *out, const struct topic_state *ts,
                       const uint8_t from[ID_LEN], const uint8_t to[ID_LEN])
{
    uint32_t begin = topic_state_index(ts, from);
    uint32_t end = topic_state_index(ts, to);
    struct queue q;
    enum err err;

    *out = false;
    if (begin == TOPIC_NONE || end == TOPIC_NONE)
        return ERR_OK;
    err = queue_init(&q, ts);
    if (err != ERR_OK)
        return err;
    (void)queue_put(&q, ts->entries[begin].first);
    for (uint32_t i = 0; i < q.count; i++) {
        uint32_t at;
        uint32_t edges = topic_edges_of_child(ts, q.items[i], &at);

        for (uint32_t k = 0; k < edges; k++)
            if (ts->edges[at + k].source != TOPIC_NONE)
                (void)queue_put(&q, ts->edges[at + k].source);
    }
    *out = q.seen[ts->entries[end].first] != 0;
    queue_wipe(&q);
    return ERR_OK;
}

void lineage_tree_wipe(struct lineage_tree *tree)
{
    free(tree->nodes);
    free(tree->edges);
    *tree = (struct lineage_tree){ 0 };
}

static void add_node(struct lineage_tree *tree, const uint8_t id[ID_LEN],
                     const struct topic_entry *entry,
                     const struct topic_entry *named_by)
{
    struct lineage_node *node;

    if (tree->nodes_count == LINEAGE_NODES_MAX) {
        tree->is_cut = true;
        return;
    }
    node = &tree->nodes[tree->nodes_count++];
    memcpy(node->id, id, ID_LEN);
    node->entry = entry;
    node->named_by = named_by;
}

/* A source in another topic is one node, however often it is cited. */
static void add_outside(struct lineage_tree *tree, const uint8_t id[ID_LEN],
                        const struct topic_entry *resource)
{
    for (uint32_t i = 0; i < tree->nodes_count; i++) {
        if (memcmp(tree->nodes[i].id, id, ID_LEN) == 0)
            return;
    }
    add_node(tree, id, NULL, resource);
}

static void add_edge(struct lineage_tree *tree, const struct topic_state *ts,
                     const struct topic_edge *from, enum lineage_state state)
{
    struct lineage_edge *edge;
    uint8_t id[ID_LEN];

    if (tree->edges_count == LINEAGE_EDGES_MAX) {
        tree->is_cut = true;
        return;
    }
    edge = &tree->edges[tree->edges_count++];
    *edge = (struct lineage_edge){ .resource = &ts->entries[from->resource],
                                   .state = state };
    memcpy(edge->child, ts->entries[from->child].record.id, ID_LEN);
    if (from->source != TOPIC_NONE) {
        edge->has_source = true;
        memcpy(edge->source, ts->entries[from->source].record.id, ID_LEN);
    } else if (record_link_find(&edge->resource->record, RELATION_SOURCE, id)) {
        edge->has_source = true;
        memcpy(edge->source, id, ID_LEN);
        add_outside(tree, id, edge->resource);
    }
}

static void visit(struct lineage_tree *tree, struct queue *q,
                  const struct topic_state *ts, uint32_t work)
{
    const struct topic_entry *e = &ts->entries[work];

    if (q->seen[work])
        return;
    if (tree->nodes_count == LINEAGE_NODES_MAX) {
        tree->is_cut = true;
        return;
    }
    (void)queue_put(q, work);
    add_node(tree, e->record.id, e, NULL);
}

static void walk_up(struct lineage_tree *tree, struct queue *q,
                    const struct topic_state *ts, uint32_t work)
{
    uint32_t at;
    uint32_t count = topic_edges_of_child(ts, work, &at);

    for (uint32_t k = 0; k < count; k++) {
        const struct topic_edge *edge = &ts->edges[at + k];

        add_edge(tree, ts, edge, LINEAGE_CITED);
        if (edge->source != TOPIC_NONE)
            visit(tree, q, ts, edge->source);
    }
}

static void walk_down(struct lineage_tree *tree, struct queue *q,
                      const struct topic_state *ts, uint32_t work)
{
    uint32_t at;
    uint32_t count = topic_edges_of_source(ts, work, &at);

    for (uint32_t k = 0; k < count; k++) {
        const struct topic_edge *edge = &ts->edges[ts->edges_by_source[at + k]];

        add_edge(tree, ts, edge, LINEAGE_CITED);
        visit(tree, q, ts, edge->child);
    }
}

/* Sources first; the graph has no cycle, so no work is on both sides. */
static void walk_both(struct lineage_tree *tree, struct queue *q,
                      const struct topic_state *ts, uint32_t work)
{
    uint32_t up;

    visit(tree, q, ts, work);
    for (uint32_t i = 0; i < q->count; i++)
        walk_up(tree, q, ts, q->items[i]);
    up = q->count;
    walk_down(tree, q, ts, work);
    for (uint32_t i = up; i < q->count; i++)
        walk_down(tree, q, ts, q->items[i]);
}

/* What else was said of works: taken back, or by others.  False: nothing. */
static bool find_state(enum lineage_state *out, const struct topic_entry *e)
{
    bool claims = (e->citation & CITATION_CLAIM) != 0;

    if (e->record.kind != KIND_RESOURCE || e->is_erased)
        return false;
    if ((e->citation & CITATION_WITHDRAWN) != 0 &&
        (verdict_is_in_force(&e->verdict) ||
         (claims && e->verdict.state == VERDICT_UNDECIDED)))
        *out = LINEAGE_WITHDRAWN;
    else if (claims && e->verdict.state == VERDICT_UNDECIDED)
        *out = LINEAGE_CLAIMED;
    else if (claims && e->verdict.state == VERDICT_VOID &&
             e->verdict.reason == VOID_DECLINED)
        *out = LINEAGE_DECLINED;
    else
        return false;
    return true;
}

/* Both ends of what `e` says; its source may be elsewhere, or a text. */
static struct topic_edge edge_of(const struct topic_state *ts,
                                 const struct topic_entry *e)
{
    struct topic_edge edge = { (uint32_t)(e - ts->entries), TOPIC_NONE,
                               TOPIC_NONE };
    uint8_t id[ID_LEN];
    uint32_t index;

    if (record_link_find(&e->record, RELATION_CHILD, id) &&
        (index = topic_state_index(ts, id)) != TOPIC_NONE)
        edge.child = ts->entries[index].first;
    if (record_link_find(&e->record, RELATION_SOURCE, id) &&
        (index = topic_state_index(ts, id)) != TOPIC_NONE)
        edge.source = ts->entries[index].first;
    return edge;
}

/* Edges that lead no further: the works at their ends join, not what is
 * behind those. */
static void add_said(struct lineage_tree *tree, struct queue *q,
                     const struct topic_state *ts)
{
    uint32_t walked = q->count;

    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        enum lineage_state state;
        struct topic_edge edge;
        bool meets = false;

        if (!find_state(&state, e))
            continue;
        edge = edge_of(ts, e);
        if (edge.child == TOPIC_NONE)
            continue;
        for (uint32_t n = 0; !meets && n < walked; n++)
            meets = q->items[n] == edge.child || q->items[n] == edge.source;
        if (!meets)
            continue;
        add_edge(tree, ts, &edge, state);
        visit(tree, q, ts, edge.child);
        if (edge.source != TOPIC_NONE)
            visit(tree, q, ts, edge.source);
    }
}

enum err lineage_tree(struct lineage_tree *out, const struct topic_state *ts,
                      const uint8_t id[ID_LEN])
{
    struct lineage_tree tree = { 0 };
    uint32_t index = topic_state_index(ts, id);
    struct queue q;
    enum err err;

    if (index == TOPIC_NONE)
        return ERR_NOT_FOUND;
    err = queue_init(&q, ts);
    if (err != ERR_OK)
        return err;
    tree.nodes = calloc(LINEAGE_NODES_MAX, sizeof *tree.nodes);
    tree.edges = calloc(LINEAGE_EDGES_MAX, sizeof *tree.edges);
    if (tree.nodes == NULL || tree.edges == NULL) {
        lineage_tree_wipe(&tree);
        queue_wipe(&q);
        return ERR_NO_MEMORY;
    }
    walk_both(&tree, &q, ts, ts->entries[index].first);
    add_said(&tree, &q, ts);
    queue_wipe(&q);
    *out = tree;
    return ERR_OK;
}
