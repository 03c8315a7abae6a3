/*
 * Attribution: title, author, licence and source of a work and of everything
 * that it is built on, as its licences ask whoever passes it on to state them.
 * A release is attributed as it was released (docs/protocol.md §7.9.4).
 */
#include <stdlib.h>

#include "proto/credits.h"
#include "proto/kind.h"
#include "proto/view_pairs.h"
#include "proto/view_work.h"

/* Works in order of discovery, each once. */
struct walk {
    const struct view *v;
    struct lineage_past past;
    uint32_t *pins;  /* by entry: what past.pins is */
    uint32_t *queue; /* first records */
    uint8_t *seen;
    uint32_t count;
    bool is_cut;
};

static void walk_wipe(struct walk *walk)
{
    free(walk->pins);
    free(walk->queue);
    free(walk->seen);
}

static enum err walk_init(struct walk *walk, const struct view *v)
{
    size_t count = (size_t)v->topic->count + 1;

    *walk = (struct walk){ .v = v };
    walk->pins = calloc(count, sizeof *walk->pins);
    walk->queue = calloc(LINEAGE_NODES_MAX, sizeof *walk->queue);
    walk->seen = calloc(count, 1);
    if (walk->pins == NULL || walk->queue == NULL || walk->seen == NULL) {
        walk_wipe(walk);
        return ERR_NO_MEMORY;
    }
    walk->past.pins = walk->pins;
    return ERR_OK;
}

static void put_work(struct walk *walk, uint32_t first)
{
    if (walk->seen[first])
        return;
    if (walk->count == LINEAGE_NODES_MAX) {
        walk->is_cut = true;
        return;
    }
    walk->seen[first] = 1;
    walk->queue[walk->count++] = first;
}

/* The parts of a release, as it pins them. */
static void put_parts(struct walk *walk, const struct topic_list *list)
{
    const struct topic_state *ts = walk->v->topic;
    struct topic_cursor at = { 0 };
    const struct mp_value *part;

    while ((part = topic_list_next(list, "parts", &at)) != NULL) {
        uint8_t id[ID_LEN] = { 0 };
        uint32_t index;
        uint32_t pinned = TOPIC_NONE;

        (void)mp_bin_exact(mp_get(part, "contribution"), id, ID_LEN);
        index = topic_state_index(ts, id);
        if (index == TOPIC_NONE ||
            ts->entries[index].record.kind != KIND_CONTRIBUTION)
            continue; /* the release is void for it */
        index = ts->entries[index].first;
        put_work(walk, index);
        if (mp_bin_exact(mp_get(part, "version"), id, ID_LEN))
            pinned = topic_state_index(ts, id);
        if (pinned != TOPIC_NONE && ts->entries[pinned].first == index &&
            walk->pins[index] == 0)
            walk->pins[index] = pinned + 1;
    }
}

static void put_licence(struct view_pairs *p, struct bytes licence)
{
    const char *url;

    if (licence.len == 0)
        return;
    url = licence_url(licence_parse(licence));
    view_put_str(p, "licence", licence);
    if (url != NULL)
        view_put_text(p, "licence_url", url);
}

static void put_optional(struct view_pairs *p, const char *name,
                         const struct mp_value *body)
{
    const struct mp_value *v = mp_get(body, name);

    if (v != NULL)
        view_put_str(p, name, mp_str(v));
}

/* One citation: what was done with which source, and the words of thanks. */
static enum err put_use(struct writer *w, const struct walk *walk,
                        const struct topic_edge *edge)
{
    const struct topic_entry *resource =
        &walk->v->topic->entries[edge->resource];
    struct view_pairs p = view_pairs_begin();
    const struct mp_value *body;
    struct mp_doc *doc;
    uint8_t id[ID_LEN];
    uint64_t relation;
    enum err err = topic_entry_body(&doc, resource);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    body = mp_doc_root(doc);
    relation = mp_uint(mp_get(body, "relation"));
    view_put_text(
        &p, "relation",
        kind_choice_name(CHOICES_USE, relation == 0 ? USE_USED : relation));
    if (edge->source != TOPIC_NONE) {
        view_put_id(&p, "source",
                    walk->v->topic->entries[edge->source].record.id);
    } else {
        if (record_link_find(&resource->record, RELATION_SOURCE, id))
            view_put_id(&p, "source", id);
        if (mp_bin_exact(mp_get(body, "source_author"), id, ID_LEN))
            view_put_person(&p, walk->v, "author", "author_name", id);
        put_licence(&p, mp_str(mp_get(body, "source_licence")));
    }
    put_optional(&p, "source_text", body);
    put_optional(&p, "portion", body);
    put_optional(&p, "url", body);
    put_optional(&p, "thanks", body);
    mp_doc_free(doc);
    return view_pairs_end(&p, w, 0);
}

static enum err put_uses(struct view_pairs *p, struct walk *walk,
                         uint32_t first)
{
    const struct topic_state *ts = walk->v->topic;
    uint32_t at;
    uint32_t count = topic_edges_of_child(ts, first, &at);
    uint32_t counted = 0;
    enum err err = ERR_OK;

    for (uint32_t k = 0; k < count; k++)
        counted += lineage_counts(ts, &walk->past, &ts->edges[at + k]);
    view_key(p, "uses");
    mp_put_array(&p->w, counted);
    for (uint32_t k = 0; err == ERR_OK && k < count; k++) {
        const struct topic_edge *edge = &ts->edges[at + k];

        if (!lineage_counts(ts, &walk->past, edge))
            continue;
        if (edge->source != TOPIC_NONE)
            put_work(walk, edge->source);
        err = put_use(&p->w, walk, edge);
    }
    return err;
}

static enum err put_performers(struct view_pairs *p, const struct view *v,
                               const struct mp_value *list)
{
    enum err err = ERR_OK;

    view_key(p, "performers");
    mp_put_array(&p->w, mp_count(list));
    for (uint32_t i = 0; err == ERR_OK && i < mp_count(list); i++) {
        struct view_pairs one = view_pairs_begin();
        const struct mp_value *item = mp_at(list, i);
        uint8_t id[ID_LEN];

        if (mp_bin_exact(mp_get(item, "person"), id, ID_LEN))
            view_put_person(&one, v, "person", "person_name", id);
        put_optional(&one, "name", item);
        put_optional(&one, "role", item);
        err = view_pairs_end(&one, &p->w, 0);
    }
    return err;
}

/* Title, author, licence: what stays of a retracted work is its author. */
static enum err put_facts(struct view_pairs *p, const struct view *v,
                          const struct topic_entry *first,
                          const struct topic_entry *version)
{
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err;

    view_put_id(p, "id", first->record.id);
    view_put_text(p, "kind", kind_find(first->record.kind)->name);
    view_put_person(p, v, "author", "author_name", first->record.author);
    err = topic_entry_body(&doc, version == NULL ? first : version);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    body = mp_doc_root(doc);
    view_put_str(p, "title", mp_str(mp_get(body, "title")));
    put_licence(p, mp_str(mp_get(body, "licence")));
    if (mp_get(body, "made_with_ai") != NULL)
        view_put_text(p, "made_with_ai",
                      kind_choice_name(CHOICES_AI_USE,
                                       mp_uint(mp_get(body, "made_with_ai"))));
    if (mp_count(mp_get(body, "performers")) > 0)
        err = put_performers(p, v, mp_get(body, "performers"));
    mp_doc_free(doc);
    return err;
}

static enum err put_one(struct writer *w, struct walk *walk, uint32_t first)
{
    const struct topic_state *ts = walk->v->topic;
    struct view_pairs p = view_pairs_begin();
    enum err err = put_facts(&p, walk->v, &ts->entries[first],
                             lineage_version(ts, &walk->past, first));

    if (err == ERR_OK)
        err = put_uses(&p, walk, first);
    if (err == ERR_OK)
        return view_pairs_end(&p, w, 0);
    view_pairs_drop(&p);
    return err;
}

/* Works join the queue while it is walked. */
static enum err put_works(struct view_pairs *p, struct walk *walk)
{
    struct writer works = writer_growing(CONTROL_MESSAGE_MAX);
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < walk->count; i++)
        err = put_one(&works, walk, walk->queue[i]);
    if (err == ERR_OK)
        err = works.err;
    view_key(p, "works");
    mp_put_array(&p->w, walk->count);
    writer_bytes(&p->w, writer_view(&works));
    view_put_bool(p, "cut", walk->is_cut);
    writer_free(&works);
    return err;
}

static enum err put_release(struct view_pairs *p, struct walk *walk,
                            const struct topic_entry *e)
{
    struct topic_list list;
    struct credits credits;
    enum err err = topic_list_open(&list, walk->v->topic, e);

    if (err != ERR_OK)
        return err;
    walk->past.before = e;
    put_parts(walk, &list);
    topic_list_wipe(&list);
    err = credits_of_release(&credits, walk->v->topic, e->record.id);
    if (err != ERR_OK)
        return err;
    view_put_uint(p, "created_ms", e->record.created_ms);
    view_key(p, "credits");
    view_credits(&p->w, walk->v, &credits);
    credits_wipe(&credits);
    return ERR_OK;
}

enum err view_attribution(struct writer *w, const struct view *v,
                          const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p = view_pairs_begin();
    const struct topic_entry *first;
    const struct topic_entry *shown;
    struct walk walk = { 0 };
    enum err err = ERR_NOT_FOUND;

    if (e != NULL &&
        (e->record.kind == KIND_CONTRIBUTION || e->record.kind == KIND_RELEASE))
        err = walk_init(&walk, v);
    if (err == ERR_OK) {
        first = &v->topic->entries[e->first];
        shown = topic_state_current(v->topic, e);
        err = put_facts(&p, v, first, shown == NULL ? e : shown);
        if (err == ERR_OK && e->record.kind == KIND_RELEASE)
            err = put_release(&p, &walk, shown == NULL ? e : shown);
        else if (err == ERR_OK)
            put_work(&walk, e->first);
    }
    if (err == ERR_OK)
        err = put_works(&p, &walk);
    walk_wipe(&walk);
    if (err == ERR_OK)
        return view_pairs_end(&p, w, extra);
    view_pairs_drop(&p);
    return err;
}
