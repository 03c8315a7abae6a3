/* Citations: of one's own works, and claims about the works of others. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/mix.h"
#include "daemon/source.h"

/* A citation on its way: what builds, and what it is built on. */
struct citing {
    struct store_item child;
    struct store_item source;
    bool has_source;
};

/* --- what is cited --- */

static bool take_child(struct call *call, struct citing *c)
{
    if (!param_record(call, "child", PARAM_SIGNS, &c->child))
        return false;
    if (c->child.kind == KIND_CONTRIBUTION || c->child.kind == KIND_REQUEST ||
        c->child.kind == KIND_RELEASE)
        return true;
    call_fail(call, ERR_USAGE,
              "only a contribution, a request or a release is built on works",
              NULL);
    return false;
}

static bool take_source(struct call *call, struct citing *c)
{
    c->has_source = param_is_given(call, "source");
    if (c->has_source && param_is_given(call, "source_text")) {
        call_fail(call, ERR_USAGE, "a source is a record or a text, not both",
                  "Cite twice, once for each.");
        return false;
    }
    return !c->has_source ||
           param_record(call, "source", PARAM_SIGNS, &c->source);
}

/* Nothing that would be void, or make a release void, is published. */
static bool may_cite(struct call *call, const struct citing *c,
                     const struct mp_value *relation)
{
    struct lineage_work work = { .id = c->child.id };

    return !c->has_source ||
           (mix_makes_no_cycle(call, c->child.topic, c->child.id,
                               c->source.id) &&
            mix_is_possible(call, c->child.topic, &work, &c->source, relation));
}

static void publish(struct call *call, const struct citing *c, bool is_claim)
{
    static const char *const names[] = { "source_text", "relation", "thanks",
                                         "url", NULL };
    struct author_draft draft = { .kind = KIND_RESOURCE,
                                  .topic = c->child.topic };
    struct author_fields fields;

    author_fields_init(&fields);
    author_fields_put_id(&fields, "child", c->child.id);
    if (c->has_source)
        source_put(call, &fields, &c->source);
    if (is_claim)
        mp_put_bool(author_fields_put(&fields, "claim"), true);
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}

static bool is_mine(struct call *call, const struct store_item *item)
{
    const struct person_keys *me = node_person(call_node(call));

    return me != NULL && memcmp(me->person, item->author, ID_LEN) == 0;
}

void method_cite(struct call *call)
{
    struct citing c = { .has_source = false };

    if (param_signer(call) == NULL || !take_child(call, &c) ||
        !take_source(call, &c))
        return;
    if (!is_mine(call, &c.child)) {
        call_fail(call, ERR_REFUSED, "this work is by somebody else",
                  "Say it as a claim, which they answer: troupe cite claim");
        return;
    }
    if (may_cite(call, &c, call_param(call, "relation")))
        publish(call, &c, false);
}

void method_cite_claim(struct call *call)
{
    struct citing c = { .has_source = false };

    if (param_signer(call) == NULL || !take_child(call, &c) ||
        !take_source(call, &c))
        return;
    if (is_mine(call, &c.child)) {
        call_fail(call, ERR_REFUSED, "this work is your own",
                  "Your word is enough: troupe cite");
        return;
    }
    publish(call, &c, true);
}

/* --- what was cited --- */

/* The version in force of a resource, else its first; NULL: the call failed. */
static const struct topic_entry *resource_of(struct call *call,
                                             const char *param,
                                             struct store_item *item,
                                             struct view *view)
{
    const struct topic_entry *entry;
    const struct topic_entry *newest;

    if (param_signer(call) == NULL ||
        !param_record_of(call, param, PARAM_SIGNS, KIND_RESOURCE, item) ||
        !param_view(call, item->topic, view))
        return NULL;
    entry = topic_state_find(view->topic, item->id);
    if (entry == NULL) {
        call_fail(call, ERR_NOT_FOUND, "this citation cannot be read here",
                  NULL);
        return NULL;
    }
    newest = &view->topic->entries[entry->first];
    for (uint32_t i = 0; i < topic_state_count(view->topic); i++) {
        const struct topic_entry *e = topic_state_at(view->topic, i);

        if (e->first == entry->first && e->verdict.state != VERDICT_VOID &&
            e->verdict.state != VERDICT_WAITING)
            newest = e;
    }
    return newest;
}

/* A version of the citation `newest` that says `given` besides. */
static void revise(struct call *call, const struct view *view,
                   const struct topic_entry *newest, struct writer *given,
                   uint32_t count)
{
    struct author_draft draft = { .kind = KIND_RESOURCE };
    struct writer whole = writer_growing(RECORD_BODY_MAX);
    struct author_fields fields;
    struct mp_doc *doc = NULL;
    enum err e = given->err;

    author_fields_init(&fields);
    mp_put_map(&whole, count);
    writer_bytes(&whole, writer_view(given));
    if (e == ERR_OK)
        e = mp_doc_parse(&doc, writer_view(&whole), MP_WELL_FORMED);
    if (e == ERR_OK)
        e = author_fields_keep(&fields, &newest->record, mp_doc_root(doc));
    if (e == ERR_OK) {
        draft.topic = view->topic->topic;
        draft.revises = view->topic->entries[newest->first].record.id;
        draft.fields = author_fields_map(&fields, mp_doc_root(doc));
        author_publish(call, &draft, author_reply_id);
    } else {
        call_fail(call, e, NULL, NULL);
    }
    author_fields_wipe(&fields);
    mp_doc_free(doc);
    writer_free(&whole);
}

static void put_source(struct call *call, struct writer *w, uint32_t *count,
                       const struct store_item *source)
{
    struct bytes licence;
    struct body body;

    mp_put_text(w, "source");
    mp_put_bin(w, BYTES_ARRAY(source->id));
    mp_put_text(w, "source_author");
    mp_put_bin(w, BYTES_ARRAY(source->author));
    *count += 2;
    body_open(&body, node_store(call_node(call)), source->id);
    licence = mp_str(mp_get(body.map, "licence"));
    if (licence.len > 0) {
        mp_put_text(w, "source_licence");
        mp_put_str(w, licence);
        *count += 1;
    }
    body_close(&body);
}

static void put_param(const struct call *call, struct writer *w,
                      uint32_t *count, const char *name)
{
    if (!param_is_given(call, name))
        return;
    mp_put_text(w, name);
    mp_put_value(w, call_param(call, name));
    *count += 1;
}

/* The relation that a citation has after this call. */
static const struct mp_value *relation_of(struct call *call, struct body *body)
{
    const struct mp_value *given = call_param(call, "relation");

    return param_is_given(call, "relation") ? given
                                            : mp_get(body->map, "relation");
}

/* What the child of a citation is, for the rules of a mix. */
static bool find_child(struct call *call, const struct topic_entry *resource,
                       struct citing *c)
{
    uint8_t id[ID_LEN];
    enum err e = ERR_NOT_FOUND;

    if (record_link_find(&resource->record, RELATION_CHILD, id))
        e = store_find(node_store(call_node(call)), id, &c->child);
    if (e != ERR_OK)
        call_fail(call, e, "the work that it speaks of is not here", NULL);
    return e == ERR_OK;
}

/* Whether `c` may be cited as the version `newest` and this call say. */
static bool may_cite_so(struct call *call, const struct citing *c,
                        const struct topic_entry *newest)
{
    struct body body;
    bool good;

    body_open(&body, node_store(call_node(call)), newest->record.id);
    good = may_cite(call, c, relation_of(call, &body));
    body_close(&body);
    return good;
}

void method_cite_resolve(struct call *call)
{
    struct writer given = writer_growing(RECORD_BODY_MAX);
    struct citing c = { .has_source = true };
    const struct topic_entry *newest;
    struct store_item item;
    struct view view;
    uint32_t count = 0;

    newest = resource_of(call, "resource", &item, &view);
    if (newest != NULL && find_child(call, newest, &c) &&
        param_record(call, "source", PARAM_SIGNS, &c.source) &&
        may_cite_so(call, &c, newest)) {
        put_source(call, &given, &count, &c.source);
        put_param(call, &given, &count, "relation");
        put_param(call, &given, &count, "thanks");
        revise(call, &view, newest, &given, count);
    }
    writer_free(&given);
}

void method_cite_withdraw(struct call *call)
{
    struct writer given = writer_growing(RECORD_BODY_MAX);
    const struct mp_value *reason = call_param(call, "reason");
    const struct topic_entry *newest;
    struct store_item item;
    struct view view;

    if (mp_str(reason).len == 0) {
        call_fail(call, ERR_USAGE, "a citation is withdrawn with a reason",
                  "Add --reason WORDS: it stays visible beside it.");
        return;
    }
    newest = resource_of(call, "resource", &item, &view);
    if (newest != NULL) {
        mp_put_text(&given, "withdrawn");
        mp_put_value(&given, reason);
        revise(call, &view, newest, &given, 1);
    }
    writer_free(&given);
}

/* --- answers to claims --- */

/* One's own answer that stands already: a new one is a version of it. */
static const uint8_t *answer_before(const struct view *view,
                                    const struct topic_entry *claim)
{
    const struct topic_state *ts = view->topic;
    uint32_t answer = ts->entries[claim->first].selection;

    return answer == TOPIC_NONE
               ? NULL
               : ts->entries[ts->entries[answer].first].record.id;
}

/* The source of the claim, as far as it is named. */
static void put_claimed(struct call *call, struct author_fields *fields,
                        const struct body *claim, const struct citing *c,
                        const uint8_t *source)
{
    const struct mp_value *text = mp_get(claim->map, "source_text");

    if (c->has_source)
        source_put(call, fields, &c->source);
    else if (source != NULL)
        author_fields_put_id(fields, "source", source);
    if (text != NULL)
        mp_put_value(author_fields_put(fields, "source_text"), text);
}

static void put_answer(struct call *call, struct author_fields *fields,
                       const struct body *claim, bool declines)
{
    const struct mp_value *relation = mp_get(claim->map, "relation");

    if (declines)
        mp_put_value(author_fields_put(fields, "declined"),
                     call_param(call, "reason"));
    if (param_is_given(call, "relation"))
        author_fields_take(fields, call, "relation");
    else if (relation != NULL)
        mp_put_value(author_fields_put(fields, "relation"), relation);
    if (param_is_given(call, "thanks"))
        author_fields_take(fields, call, "thanks");
    else
        mp_put_value(author_fields_put(fields, "thanks"),
                     declines ? call_param(call, "reason")
                              : mp_get(claim->map, "thanks"));
}

static void publish_answer(struct call *call, const struct view *view,
                           const struct topic_entry *claim,
                           const struct citing *c, bool declines)
{
    struct author_draft draft = { .kind = KIND_RESOURCE,
                                  .topic = view->topic->topic };
    struct author_fields fields;
    struct body body;
    uint8_t source[ID_LEN];
    bool named = record_link_find(&claim->record, RELATION_SOURCE, source);

    body_open(&body, node_store(call_node(call)), claim->record.id);
    author_fields_init(&fields);
    author_fields_put_id(&fields, "child", c->child.id);
    author_fields_put_id(&fields, "answers",
                         view->topic->entries[claim->first].record.id);
    put_claimed(call, &fields, &body, c, named ? source : NULL);
    put_answer(call, &fields, &body, declines);
    draft.revises = answer_before(view, claim);
    draft.fields = author_fields_map(&fields, NULL);
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
    body_close(&body);
}

static void answer(struct call *call, bool declines)
{
    struct citing c = { .has_source = false };
    const struct topic_entry *claim;
    struct store_item item;
    struct view view;
    uint8_t source[ID_LEN];

    claim = resource_of(call, "claim", &item, &view);
    if (claim == NULL || !find_child(call, claim, &c))
        return;
    if ((claim->citation & CITATION_CLAIM) == 0) {
        call_fail(call, ERR_REFUSED, "this is no claim",
                  "Claims stand in: troupe tree WORK");
        return;
    }
    if (!is_mine(call, &c.child)) {
        call_fail(call, ERR_REFUSED,
                  "only the author of the work answers what is claimed of it",
                  NULL);
        return;
    }
    c.has_source =
        record_link_find(&claim->record, RELATION_SOURCE, source) &&
        store_find(node_store(call_node(call)), source, &c.source) == ERR_OK;
    if (declines || may_cite_so(call, &c, claim))
        publish_answer(call, &view, claim, &c, declines);
}

void method_cite_accept(struct call *call)
{
    answer(call, false);
}

void method_cite_decline(struct call *call)
{
    if (mp_str(call_param(call, "reason")).len == 0)
        call_fail(call, ERR_USAGE, "a claim is declined with a reason",
                  "Add --reason WORDS, for whoever made it.");
    else
        answer(call, true);
}

/* --- the tree --- */

void method_tree(struct call *call)
{
    struct store_item item;

    if (param_record(call, "record", PARAM_READS, &item))
        listing_show(call, &item, view_tree, "this record has no lineage");
}
