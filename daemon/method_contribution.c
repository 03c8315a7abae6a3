/* Works: contribute, list, show; and what is said of them. */
#include <stdio.h>
#include <string.h>

#include "daemon/author.h"
#include "daemon/caution.h"
#include "daemon/importer.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/mix.h"
#include "daemon/pair.h"
#include "proto/authority.h"

enum { SOURCES_MAX = 16 };

/* --- contribute --- */

/* A work on its way: files, the record, then each source that it cites. */
struct contributing {
    uint8_t topic[ID_LEN];
    bool is_answer;
    uint8_t request[ID_LEN];
    bool is_project; /* the topic is a project's */
    bool has_terms;
    uint8_t terms[HASH_LEN];
    struct import_list *files;
    uint8_t id[ID_LEN];
    bool has_source;
    uint8_t source[ID_LEN];
    uint32_t cited; /* texts of sources that have been cited */
    bool source_cited;
    uint8_t resources[SOURCES_MAX + 1][ID_LEN];
    size_t resources_count;
};

static void cite_next(struct call *call);

static void reply_contributed(struct call *call)
{
    const struct contributing *c = call_data(call);
    struct caution caution =
        caution_of(call_param(call, "fields"), node_clock_ms(call_node(call)));
    struct writer *w = call_reply(call);

    mp_put_map(w, 4);
    pair_id(w, "id", c->id);
    mp_put_text(w, "blobs");
    import_list_put(w, c->files);
    pair_array(w, "resources", (uint32_t)c->resources_count);
    for (size_t i = 0; i < c->resources_count; i++)
        mp_put_bin(w, BYTES_ARRAY(c->resources[i]));
    pair_array(w, "warnings", caution_count(&caution));
    caution_put(&caution, w);
    call_send(call);
}

static void on_cited(struct call *call, const uint8_t id[ID_LEN])
{
    struct contributing *c = call_data(call);

    memcpy(c->resources[c->resources_count++], id, ID_LEN);
    cite_next(call);
}

/* What a resource says of a source held here: its author and licence. */
static void put_source(struct call *call, struct author_fields *fields,
                       const struct store_item *source)
{
    struct writer record = writer_growing(RECORD_LEN_MAX);
    struct mp_doc *doc = NULL;
    struct bytes licence = { NULL, 0 };
    struct record r;

    mp_put_bin(author_fields_put(fields, "source"), BYTES_ARRAY(source->id));
    mp_put_bin(author_fields_put(fields, "source_author"),
               BYTES_ARRAY(source->author));
    if (store_read_seq(node_store(call_node(call)), source->seq, false, &record,
                       NULL) == ERR_OK &&
        record_decode(&r, writer_view(&record)) == ERR_OK &&
        mp_doc_parse(&doc, record_body_map(&r), MP_CANONICAL) == ERR_OK)
        licence = mp_str(mp_get(mp_doc_root(doc), "licence"));
    if (licence.len > 0)
        mp_put_str(author_fields_put(fields, "source_licence"), licence);
    mp_doc_free(doc);
    writer_free(&record);
}

/* The fields of a citation of `source`, or of `text` where that is NULL. */
static const struct mp_value *citation(struct call *call,
                                       struct author_fields *fields,
                                       const struct contributing *c,
                                       const struct store_item *source,
                                       struct bytes text)
{
    author_fields_init(fields);
    mp_put_bin(author_fields_put(fields, "child"), BYTES_ARRAY(c->id));
    author_fields_take(fields, call, "relation");
    author_fields_take(fields, call, "thanks");
    if (source != NULL)
        put_source(call, fields, source);
    else
        mp_put_str(author_fields_put(fields, "source_text"), text);
    return author_fields_map(fields, NULL);
}

static void cite(struct call *call, const struct contributing *c,
                 const struct store_item *source, struct bytes text)
{
    struct author_draft draft = { .kind = KIND_RESOURCE, .topic = c->topic };
    struct author_fields fields;

    draft.fields = citation(call, &fields, c, source, text);
    author_publish(call, &draft, on_cited);
    author_fields_wipe(&fields);
}

/*
 * Whether the citations can be made at all: known before the work itself is
 * published, which they follow.
 */
static bool check_citations(struct call *call, const struct contributing *c)
{
    const struct mp_value *texts = call_param(call, "source_texts");
    uint32_t count = mp_count(texts) + (c->has_source ? 1 : 0);
    bool good = true;

    if (count > 0 && mp_str(call_param(call, "thanks")).len == 0) {
        call_fail(call, ERR_USAGE, "a source is cited with words of thanks",
                  "Add --thanks WORDS, to whoever made it.");
        return false;
    }
    for (uint32_t i = 0; good && i < count; i++) {
        struct bytes text = i < mp_count(texts) ? mp_str(mp_at(texts, i))
                                                : BYTES_LITERAL("a record");
        struct author_draft draft = { .kind = KIND_RESOURCE };
        struct author_fields fields;

        draft.fields = citation(call, &fields, c, NULL, text);
        good = author_check(call, &draft);
        author_fields_wipe(&fields);
    }
    return good;
}

static void cite_next(struct call *call)
{
    struct contributing *c = call_data(call);
    const struct mp_value *texts = call_param(call, "source_texts");
    struct store_item source;

    if (c->has_source && !c->source_cited) {
        c->source_cited = true;
        if (store_find(node_store(call_node(call)), c->source, &source) ==
            ERR_OK)
            cite(call, c, &source, (struct bytes){ NULL, 0 });
        else
            call_fail(call, ERR_NOT_FOUND, "the source is gone", NULL);
    } else if (c->cited < mp_count(texts)) {
        c->cited++;
        cite(call, c, NULL, mp_str(mp_at(texts, c->cited - 1)));
    } else {
        reply_contributed(call);
    }
}

static void on_published(struct call *call, const uint8_t id[ID_LEN])
{
    struct contributing *c = call_data(call);

    memcpy(c->id, id, ID_LEN);
    cite_next(call);
}

/* What a client left out and files or custom answer for it. */
static void put_defaults(struct call *call, struct author_fields *fields,
                         const struct contributing *c)
{
    const struct mp_value *given = call_param(call, "fields");

    if (mp_get(given, "media_kind") == NULL && c->files->count > 0)
        mp_put_uint(author_fields_put(fields, "media_kind"),
                    media_kind_of(c->files->files[0].media_type));
    if (mp_get(given, "work_kind") == NULL)
        mp_put_uint(author_fields_put(fields, "work_kind"),
                    c->has_source ? WORK_KIND_REMIX : WORK_KIND_ORIGINAL);
    if (mp_get(given, "rights_statement") == NULL)
        mp_put_text(author_fields_put(fields, "rights_statement"), "own_work");
}

static void on_imported(struct call *call, struct import_list *list)
{
    const struct contributing *c = call_data(call);
    struct author_draft draft = { .kind = KIND_CONTRIBUTION,
                                  .topic = c->topic };
    struct author_fields fields;
    struct writer *w;

    author_fields_init(&fields);
    w = author_fields_put(&fields, "files");
    mp_put_array(w, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        import_file_put(w, &list->files[i]);
    put_defaults(call, &fields, c);
    if (c->is_answer)
        mp_put_bin(author_fields_put(&fields, "request"),
                   BYTES_ARRAY(c->request));
    if (c->is_project)
        mp_put_bin(author_fields_put(&fields, "project"),
                   BYTES_ARRAY(c->topic));
    if (c->has_terms)
        mp_put_bin(author_fields_put(&fields, "accepted_terms"),
                   BYTES_ARRAY(c->terms));
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, on_published);
    author_fields_wipe(&fields);
}

static void on_followed(void *context, enum err e)
{
    struct call *call = context;
    struct contributing *c = call_data(call);

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        importer_run(call, c->files, c->topic, on_imported);
}

/* Who works on something holds its records: they follow it from now on. */
static void follow(struct call *call, const uint8_t topic[ID_LEN])
{
    struct node *node = call_node(call);
    struct store_follow follow = { .policy = STORE_POLICY_FOLLOW,
                                   .since_ms = node_clock_ms(node) };
    struct store_follow before;

    memcpy(follow.topic, topic, ID_LEN);
    if (store_follow_find(node_store(node), topic, &before) == ERR_OK)
        on_followed(call, ERR_OK);
    else
        node_follow(node, &follow, on_followed, call);
}

/* The entry whose licence and terms hold for works of this topic. */
static const struct topic_entry *terms_entry(const struct topic_state *ts)
{
    if (ts->terms != TOPIC_NONE)
        return &ts->entries[ts->terms];
    return topic_state_find(ts, ts->topic);
}

/*
 * Another's project is worked on only after its terms were accepted: they are
 * what the call fails with otherwise.
 */
static bool accept_terms(struct call *call, struct contributing *c,
                         const struct topic_state *ts)
{
    const struct person_keys *me = node_person(call_node(call));
    const struct topic_entry *entry = terms_entry(ts);
    struct mp_doc *doc = NULL;
    const struct mp_value *terms;
    struct bytes licence;
    char house[64] = "";
    unsigned share_bp;
    bool good;

    if (entry == NULL || topic_entry_body(&doc, entry) != ERR_OK)
        return true; /* a request that stands alone has no terms */
    terms = mp_get(mp_doc_root(doc), "terms");
    licence = mp_str(mp_get(mp_doc_root(doc), "licence"));
    c->has_terms = kind_terms_hash(c->terms, mp_doc_root(doc)) == ERR_OK;
    share_bp = (unsigned)mp_uint(mp_get(terms, "house_share_bp"));
    if (share_bp > 0)
        (void)snprintf(house, sizeof house,
                       ", %u.%02u %% of income to the house", share_bp / 100,
                       share_bp % 100);
    good = !c->has_terms || mp_bool(call_param(call, "accept_terms")) ||
           authority_is_leader(ts, me->person, ts->now_ms);
    if (!good)
        call_failf(
            call, ERR_CONFIRM, "If you agree, add --accept-terms.",
            "terms of this project: licence %.*s; pay %s%s; %s decides on "
            "splits; machine learning: %s",
            (int)licence.len, (const char *)licence.data,
            kind_choice_name(CHOICES_PAY, mp_uint(mp_get(terms, "pay"))), house,
            kind_choice_name(CHOICES_DECISION,
                             mp_uint(mp_get(terms, "decision"))),
            kind_choice_name(CHOICES_ML_USE, mp_uint(mp_get(terms, "ml_use"))));
    mp_doc_free(doc);
    return good;
}

/* Where the work belongs; false after the call has been failed. */
static bool find_place(struct call *call, struct contributing *c)
{
    struct store_item item;
    struct view view;
    const struct topic_entry *founder;

    if (param_is_given(call, "request")) {
        if (!param_record_of(call, "request", PARAM_SIGNS, KIND_REQUEST, &item))
            return false;
        c->is_answer = true;
        memcpy(c->request, item.id, ID_LEN);
    } else if (!param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT,
                                &item)) {
        return false;
    }
    memcpy(c->topic, item.topic, ID_LEN);
    if (!param_view(call, item.topic, &view))
        return false;
    founder = topic_state_find(view.topic, item.topic);
    c->is_project = founder != NULL && founder->record.kind == KIND_PROJECT;
    return accept_terms(call, c, view.topic);
}

void method_contribute(struct call *call)
{
    struct contributing *c = call_alloc(call, sizeof *c);
    struct lineage_work work = {
        .licence = mp_str(mp_get(call_param(call, "fields"), "licence")),
    };
    struct store_item source;

    if (c == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    call_set_data(call, c);
    if (param_signer(call) == NULL || !find_place(call, c))
        return;
    c->has_source = param_is_given(call, "from");
    if (c->has_source) {
        if (!param_record(call, "from", PARAM_SIGNS, &source))
            return;
        memcpy(c->source, source.id, ID_LEN);
        if (!mix_is_possible(call, c->topic, &work, &source))
            return;
    }
    if (mp_count(call_param(call, "source_texts")) > SOURCES_MAX) {
        call_fail(call, ERR_TOO_LARGE, "too many sources at once",
                  "Add the others with: troupe cite");
        return;
    }
    c->files = import_list_new(call);
    if (c->files == NULL ||
        !import_list_take(call, c->files, call_param(call, "files")))
        return;
    if (c->files->count == 0) {
        call_fail(call, ERR_USAGE, "a contribution has at least one file",
                  "For example: troupe contribute REQUEST drawing.svg");
        return;
    }
    if (check_citations(call, c))
        follow(call, c->topic);
}

/* --- list and show --- */

static bool is_in_release(struct call *call, const uint8_t topic[ID_LEN],
                          const uint8_t id[ID_LEN])
{
    struct topic_state *ts;

    if (topic_cache_get(desk_topics(call_desk(call)), topic, &ts) != ERR_OK)
        return false;
    for (uint32_t i = 0; i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);
        const struct mp_value *parts;
        struct mp_doc *doc;
        bool found = false;

        if (e->record.kind != KIND_RELEASE ||
            !verdict_is_in_force(&e->verdict) ||
            topic_entry_body(&doc, e) != ERR_OK)
            continue;
        parts = mp_get(mp_doc_root(doc), "parts");
        for (uint32_t p = 0; p < mp_count(parts); p++)
            found = found ||
                    bytes_equal(mp_bin(mp_get(mp_at(parts, p), "contribution")),
                                (struct bytes){ id, ID_LEN });
        mp_doc_free(doc);
        if (found)
            return true;
    }
    return false;
}

/* Whether a leader has said anything to the work: direction or selection. */
static bool is_answered(struct call *call, const struct topic_state *topic,
                        const uint8_t id[ID_LEN])
{
    struct store_scan scan;
    struct store_item item;
    size_t n = 0;

    store_scan_by_link(&scan, id, STORE_RELATION_ANY);
    while (store_scan_next(node_store(call_node(call)), &scan, &item, 1, &n) ==
               ERR_OK &&
           n == 1) {
        const struct topic_entry *e = topic_state_find(topic, item.id);

        /* In force means by a leader: strangers' choices are void (§7.4). */
        if ((item.kind == KIND_SELECTION || item.kind == KIND_DIRECTION) &&
            e != NULL && verdict_is_in_force(&e->verdict))
            return true;
    }
    return false;
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const uint8_t *author = call_data(call);
    struct view view = { .names = desk_names(call_desk(call)) };
    const struct topic_entry *entry;
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (item->kind != KIND_CONTRIBUTION ||
        (author != NULL && memcmp(author, item->author, ID_LEN) != 0))
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL || entry->record.has_revises)
        return ERR_OK;
    if (mp_bool(call_param(call, "never_used")) &&
        is_in_release(call, item->topic, item->id))
        return ERR_OK;
    if (mp_bool(call_param(call, "pending")) &&
        is_answered(call, state, item->id))
        return ERR_OK;
    view.topic = state;
    e = view_contribution_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void method_contribution_list(struct call *call)
{
    struct listing listing;
    struct store_item of;
    uint8_t *author = call_alloc(call, ID_LEN);

    if (author == NULL || !listing_begin(&listing, call))
        return;
    if (param_is_given(call, "author")) {
        if (!param_person(call, "author", author))
            return;
        call_set_data(call, author);
    }
    if (param_is_given(call, "request")) {
        if (!param_record_of(call, "request", PARAM_READS, KIND_REQUEST, &of))
            return;
        store_scan_by_link(&listing.scan, of.id, RELATION_REQUEST);
    } else if (param_is_given(call, "project")) {
        if (!param_record(call, "project", PARAM_READS, &of))
            return;
        store_scan_by_topic_kind(&listing.scan, of.topic, KIND_CONTRIBUTION);
    } else {
        store_scan_by_kind(&listing.scan, KIND_CONTRIBUTION);
    }
    listing_run(&listing, list_item);
}

void method_contribution_show(struct call *call)
{
    struct store_item item;
    struct view view;
    enum err e;

    if (!param_record_of(call, "contribution", PARAM_READS, KIND_CONTRIBUTION,
                         &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = view_contribution_show(call_reply(call), &view, item.id, 0);
    if (e != ERR_OK)
        listing_fail(call, e, "this work is void or retracted");
    else
        call_send(call);
}

/* --- citations --- */

void method_cite(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RESOURCE };
    struct lineage_work work = { .id = NULL };
    struct author_fields fields;
    struct store_item source;
    struct store_item child;

    if (param_is_given(call, "source") && param_is_given(call, "source_text")) {
        call_fail(call, ERR_USAGE, "a source is a record or a text, not both",
                  "Cite twice, once for each.");
        return;
    }
    if (!param_record_of(call, "child", PARAM_SIGNS, KIND_CONTRIBUTION,
                         &child) ||
        (param_is_given(call, "source") &&
         !param_record(call, "source", PARAM_SIGNS, &source)))
        return;
    work.id = child.id;
    if (param_is_given(call, "source") &&
        !mix_is_possible(call, child.topic, &work, &source))
        return;
    author_fields_init(&fields);
    mp_put_bin(author_fields_put(&fields, "child"), BYTES_ARRAY(child.id));
    if (param_is_given(call, "source"))
        put_source(call, &fields, &source);
    author_fields_take(&fields, call, "source_text");
    author_fields_take(&fields, call, "relation");
    author_fields_take(&fields, call, "thanks");
    author_fields_take(&fields, call, "url");
    draft.topic = child.topic;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
}

void method_tree(struct call *call)
{
    struct store_item item;
    struct view view;
    enum err e;

    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = view_tree(call_reply(call), &view, item.id, 0);
    if (e != ERR_OK)
        listing_fail(call, e, "this record has no lineage");
    else
        call_send(call);
}

/* --- words and choices --- */

/* Publishes a record about another one, in the other's topic. */
static void publish_about(struct call *call, enum kind_number kind,
                          const char *link, const char *const *names)
{
    struct author_draft draft = { .kind = kind };
    struct author_fields fields;
    struct store_item about;

    if (!param_record(call, link, PARAM_SIGNS, &about))
        return;
    author_fields_init(&fields);
    mp_put_bin(author_fields_put(&fields, link), BYTES_ARRAY(about.id));
    for (; *names != NULL; names++)
        author_fields_take(&fields, call, *names);
    draft.topic = about.topic;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
}

void method_direct(struct call *call)
{
    static const char *const names[] = { "text", NULL };

    publish_about(call, KIND_DIRECTION, "target", names);
}

void method_select(struct call *call)
{
    static const char *const names[] = { "state", "reason", NULL };

    publish_about(call, KIND_SELECTION, "contribution", names);
}

void method_comment(struct call *call)
{
    static const char *const names[] = { "text", NULL };
    static const char *const answer[] = { "text", "reply_to", NULL };

    publish_about(call, KIND_COMMENT, "target",
                  param_is_given(call, "reply_to") ? answer : names);
}
