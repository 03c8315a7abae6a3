/* Maps of any record and of the tree around it. */
#include <string.h>

#include "proto/kind.h"
#include "proto/lineage.h"
#include "proto/view_pairs.h"

static const char *kind_text(uint64_t number)
{
    const struct kind *kind = kind_find(number);

    return kind == NULL ? "other" : kind->name;
}

static void put_record(struct view_pairs *p, const struct view *v,
                       const struct topic_entry *e)
{
    view_put_id(p, "id", e->record.id);
    view_put_text(p, "kind", kind_text(e->record.kind));
    view_put_person(p, v, "author", "author_name", e->record.author);
    view_put_id(p, "topic", e->record.topic);
    view_put_uint(p, "created_ms", e->record.created_ms);
    view_put_verdict(p, v, e);
}

enum err view_record_item(struct writer *w, const struct view *v,
                          const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p;

    if (e == NULL)
        return ERR_NOT_FOUND;
    p = view_pairs_begin();
    put_record(&p, v, e);
    return view_pairs_end(&p, w, extra);
}

static void put_links(struct view_pairs *p, const struct record *r)
{
    struct reader links = reader_of(r->links);
    struct record_link link;

    view_key(p, "links");
    mp_put_array(&p->w, r->links_count);
    while (record_link_next(&links, &link)) {
        const char *name = kind_relation_name(link.relation);

        mp_put_map(&p->w, 2);
        mp_put_text(&p->w, "relation");
        mp_put_text(&p->w, name == NULL ? "other" : name);
        mp_put_text(&p->w, "id");
        mp_put_bin(&p->w, (struct bytes){ link.id, ID_LEN });
    }
}

enum err view_record_show(struct writer *w, const struct view *v,
                          const uint8_t id[ID_LEN], uint32_t extra)
{
    const struct topic_entry *e = topic_state_find(v->topic, id);
    struct view_pairs p;
    struct view_pairs fields;
    enum err err;

    if (e == NULL)
        return ERR_NOT_FOUND;
    p = view_pairs_begin();
    fields = view_pairs_begin();
    put_record(&p, v, e);
    view_put_uint(&p, "kind_number", e->record.kind);
    view_put_id(&p, "signer", e->record.signer);
    if (e->record.has_revises)
        view_put_id(&p, "revises", e->record.revises);
    put_links(&p, &e->record);
    view_put_uint(&p, "flags", e->record.flags);
    view_put_uint(&p, "body_len", e->record.body_len);
    if (e->is_erased)
        view_put_kept(&p, v, e);
    view_key(&p, "fields");
    err = view_put_fields(&fields, e);
    if (err == ERR_OK)
        err = view_pairs_end(&fields, &p.w, 0);
    if (err == ERR_OK)
        return view_pairs_end(&p, w, extra);
    view_pairs_drop(&fields);
    view_pairs_drop(&p);
    return err;
}

/* A source that lies elsewhere is known by what its citation states. */
static enum err put_node(struct writer *w, const struct view *v,
                         const struct lineage_node *node)
{
    const struct topic_entry *e = node->entry;
    struct view_pairs p = view_pairs_begin();
    struct mp_doc *doc = NULL;
    uint8_t person[ID_LEN];
    enum err err;

    view_put_id(&p, "id", node->id);
    if (e != NULL) {
        const struct topic_entry *shown = topic_state_current(v->topic, e);

        view_put_text(&p, "kind", kind_text(e->record.kind));
        view_put_person(&p, v, "author", "author_name", e->record.author);
        view_put_uint(&p, "created_ms", e->record.created_ms);
        if (e->is_erased)
            view_put_kept(&p, v, e);
        err = topic_entry_body(&doc, shown == NULL ? e : shown);
        if (err == ERR_OK)
            view_put_str(&p, "title",
                         mp_str(mp_get(mp_doc_root(doc), "title")));
    } else {
        err = topic_entry_body(&doc, node->named_by);
        if (err == ERR_OK &&
            mp_bin_exact(mp_get(mp_doc_root(doc), "source_author"), person,
                         ID_LEN))
            view_put_person(&p, v, "author", "author_name", person);
    }
    mp_doc_free(doc);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        view_pairs_drop(&p);
        return err;
    }
    return view_pairs_end(&p, w, 0);
}

/* An edge without `source` is a source that nobody has resolved yet. */
static enum err put_edge(struct writer *w, const struct view *v,
                         const struct lineage_edge *edge)
{
    static const char *const states[] = {
        [LINEAGE_CITED] = "cited",
        [LINEAGE_WITHDRAWN] = "withdrawn",
        [LINEAGE_CLAIMED] = "claimed",
        [LINEAGE_DECLINED] = "declined",
    };
    struct view_pairs p = view_pairs_begin();
    const struct mp_value *root;
    const struct mp_value *relation;
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, edge->resource);

    if (err != ERR_OK) {
        view_pairs_drop(&p);
        return err;
    }
    root = mp_doc_root(doc);
    relation = mp_get(root, "relation");
    view_put_id(&p, "resource", edge->resource->record.id);
    view_put_id(&p, "child", edge->child);
    if (edge->has_source)
        view_put_id(&p, "source", edge->source);
    if (mp_get(root, "source_text") != NULL)
        view_put_str(&p, "source_text", mp_str(mp_get(root, "source_text")));
    if (relation != NULL)
        view_put_text(&p, "relation",
                      kind_choice_name(CHOICES_USE, mp_uint(relation)));
    view_put_str(&p, "thanks", mp_str(mp_get(root, "thanks")));
    view_put_text(&p, "state", states[edge->state]);
    if (edge->state == LINEAGE_WITHDRAWN)
        view_put_str(&p, "reason", mp_str(mp_get(root, "withdrawn")));
    if ((edge->resource->citation & CITATION_CLAIM) != 0)
        view_put_person(&p, v, "claimed_by", "claimed_by_name",
                        edge->resource->record.author);
    mp_doc_free(doc);
    return view_pairs_end(&p, w, 0);
}

static enum err put_tree(struct view_pairs *p, const struct view *v,
                         const struct lineage_tree *tree)
{
    enum err err = ERR_OK;

    view_key(p, "nodes");
    mp_put_array(&p->w, tree->nodes_count);
    for (uint32_t i = 0; err == ERR_OK && i < tree->nodes_count; i++)
        err = put_node(&p->w, v, &tree->nodes[i]);
    view_key(p, "edges");
    mp_put_array(&p->w, tree->edges_count);
    for (uint32_t i = 0; err == ERR_OK && i < tree->edges_count; i++)
        err = put_edge(&p->w, v, &tree->edges[i]);
    view_put_bool(p, "cut", tree->is_cut);
    return err;
}

enum err view_tree(struct writer *w, const struct view *v,
                   const uint8_t id[ID_LEN], uint32_t extra)
{
    struct view_pairs p = view_pairs_begin();
    struct lineage_tree tree;
    enum err err = lineage_tree(&tree, v->topic, id);

    if (err == ERR_OK) {
        err = put_tree(&p, v, &tree);
        lineage_tree_wipe(&tree);
    }
    return view_pairs_finish(&p, err, w, extra);
}
