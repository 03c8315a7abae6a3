/*
 * A work on its way: its place and terms, then files into the store, then the
 * record, then a citation for each source.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/author.h"
#include "daemon/caution.h"
#include "daemon/importer.h"
#include "daemon/methods.h"
#include "daemon/mix.h"
#include "daemon/pair.h"
#include "daemon/source.h"
#include "daemon/suggest.h"
#include "proto/authority.h"
#include "proto/terms.h"

enum { SOURCES_MAX = 16 };

/* A work on its way: files, the record, then each source that it cites. */
struct contributing {
    uint8_t topic[ID_LEN];
    bool is_answer;
    uint8_t request[ID_LEN];
    bool is_project; /* the topic is a project's */
    bool has_terms;
    uint8_t terms[HASH_LEN];
    bool has_lesson;
    uint8_t lesson[ID_LEN];
    struct import_list *files;
    uint8_t id[ID_LEN];
    uint8_t sources[SOURCES_MAX][ID_LEN]; /* the records among them */
    uint32_t sources_count;
    uint32_t cited; /* records, then texts, that have been cited */
    uint8_t resources[2 * SOURCES_MAX][ID_LEN];
    size_t resources_count;
};

static void cite_next(struct call *call);

static void reply_contributed(struct call *call)
{
    const struct contributing *c = call_data(call);
    struct caution caution =
        caution_of(call_param(call, "fields"), node_clock_ms(call_node(call)));
    struct suggestion next;
    size_t count = 1;
    struct writer *w;

    if (suggest_requests(call, c->request, &next, &count) != ERR_OK)
        count = 0; /* the work stands all the same */
    w = call_reply(call);
    mp_put_map(w, 7);
    pair_id(w, "id", c->id);
    pair_uint(w, "files", c->files->count);
    pair_uint(w, "passed_over", c->files->passed_over);
    mp_put_text(w, "suggestion");
    if (count > 0)
        suggest_put(w, &next);
    else
        mp_put_nil(w);
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

/*
 * What a param says of source number i: the i-th of a list, the last one for
 * all that follow; or the same for all.
 */
static const struct mp_value *nth(const struct call *call, const char *name,
                                  uint32_t i)
{
    const struct mp_value *v = call_param(call, name);

    if (mp_type(v) != MP_ARRAY)
        return v;
    return mp_count(v) == 0 ? NULL
                            : mp_at(v, i < mp_count(v) ? i : mp_count(v) - 1);
}

static void put_nth(struct author_fields *fields, const struct call *call,
                    const char *name, uint32_t i)
{
    const struct mp_value *v = nth(call, name, i);

    if (mp_type(v) != MP_NIL)
        mp_put_value(author_fields_put(fields, name), v);
}

/* Records and texts together. */
static uint32_t sources_count(struct call *call)
{
    const struct contributing *c = call_data(call);

    return c->sources_count + mp_count(call_param(call, "source_texts"));
}

/* The fields of citation number i: of `source`, or of a text if it is NULL. */
static const struct mp_value *citation(struct call *call,
                                       struct author_fields *fields, uint32_t i,
                                       const struct store_item *source)
{
    const struct contributing *c = call_data(call);
    const struct mp_value *texts = call_param(call, "source_texts");

    author_fields_init(fields);
    author_fields_put_id(fields, "child", c->id);
    put_nth(fields, call, "relation", i);
    put_nth(fields, call, "thanks", i);
    if (source != NULL)
        source_put(call, fields, source);
    else if (i >= c->sources_count)
        mp_put_value(author_fields_put(fields, "source_text"),
                     mp_at(texts, i - c->sources_count));
    else
        mp_put_text(author_fields_put(fields, "source_text"), "a record");
    return author_fields_map(fields, NULL);
}

/*
 * Whether the citations can be made at all: known before the work itself is
 * published, which they follow.
 */
static bool check_citations(struct call *call)
{
    bool good = true;

    for (uint32_t i = 0; good && i < sources_count(call); i++) {
        struct author_draft draft = { .kind = KIND_RESOURCE };
        struct author_fields fields;

        if (mp_str(nth(call, "thanks", i)).len == 0) {
            call_fail(call, ERR_USAGE, "a source is cited with words of thanks",
                      "Add --thanks WORDS, to whoever made it.");
            return false;
        }
        draft.fields = citation(call, &fields, i, NULL);
        good = author_check(call, &draft);
        author_fields_wipe(&fields);
    }
    return good;
}

static void cite_next(struct call *call)
{
    struct contributing *c = call_data(call);
    struct author_draft draft = { .kind = KIND_RESOURCE, .topic = c->topic };
    struct author_fields fields;
    struct store_item source;
    bool is_record = c->cited < c->sources_count;

    if (c->cited == sources_count(call)) {
        reply_contributed(call);
        return;
    }
    if (is_record && store_find(node_store(call_node(call)),
                                c->sources[c->cited], &source) != ERR_OK) {
        call_fail(call, ERR_NOT_FOUND, "the source is gone", NULL);
        return;
    }
    draft.fields =
        citation(call, &fields, c->cited++, is_record ? &source : NULL);
    author_publish(call, &draft, on_cited);
    author_fields_wipe(&fields);
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
                    c->sources_count > 0 ? WORK_KIND_REMIX
                                         : WORK_KIND_ORIGINAL);
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

    if (list->count == 0) {
        call_fail(call, ERR_USAGE, "there is no file in that folder",
                  "Hidden files and links are passed over.");
        return;
    }
    author_fields_init(&fields);
    w = author_fields_put(&fields, "files");
    mp_put_array(w, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        import_file_put(w, &list->files[i]);
    put_defaults(call, &fields, c);
    if (c->is_answer)
        author_fields_put_id(&fields, "request", c->request);
    if (c->is_project)
        author_fields_put_id(&fields, "project", c->topic);
    if (c->has_terms)
        author_fields_put_id(&fields, "accepted_terms", c->terms);
    if (c->has_lesson)
        author_fields_put_id(&fields, "lesson", c->lesson);
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
    node_follow_also(call_node(call), topic, on_followed, call);
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
    c->has_terms = terms_hash(c->terms, ts) == ERR_OK;
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

/* The lesson that it is made for; false after the call has been failed. */
static bool take_lesson(struct call *call, struct contributing *c)
{
    struct store_item lesson;

    if (!param_is_given(call, "lesson"))
        return true;
    if (!param_record_of(call, "lesson", PARAM_SIGNS, KIND_LESSON, &lesson))
        return false;
    c->has_lesson = true;
    memcpy(c->lesson, lesson.id, ID_LEN);
    return true;
}

/* Whether what is built on all of them could ever be released. */
static bool may_mix(struct call *call, const struct contributing *c, uint32_t i,
                    const struct store_item *source)
{
    struct lineage_work work = {
        .licence = mp_str(mp_get(call_param(call, "fields"), "licence")),
    };

    if (!mix_is_possible(call, c->topic, &work, source,
                         nth(call, "relation", i)))
        return false;
    for (uint32_t k = 0; k < i; k++) {
        struct lineage_work other = { .id = c->sources[k] };

        if (!mix_is_inspiration(nth(call, "relation", k)) &&
            !mix_is_possible(call, c->topic, &other, source,
                             nth(call, "relation", i)))
            return false;
    }
    return true;
}

static bool take_source(struct call *call, struct contributing *c,
                        const struct mp_value *prefix)
{
    struct store_item source;

    if (!param_value_record(call, prefix, PARAM_SIGNS, &source) ||
        !may_mix(call, c, c->sources_count, &source))
        return false;
    memcpy(c->sources[c->sources_count++], source.id, ID_LEN);
    return true;
}

/* One source or several; false after the call has been failed. */
static bool take_sources(struct call *call, struct contributing *c)
{
    const struct mp_value *from = call_param(call, "from");
    bool good = true;

    if (mp_count(call_param(call, "source_texts")) > SOURCES_MAX ||
        (mp_type(from) == MP_ARRAY && mp_count(from) > SOURCES_MAX)) {
        call_fail(call, ERR_TOO_LARGE, "too many sources at once",
                  "Add the others with: troupe cite");
        return false;
    }
    if (mp_type(from) != MP_ARRAY)
        return mp_type(from) == MP_NIL || take_source(call, c, from);
    for (uint32_t i = 0; good && i < mp_count(from); i++)
        good = take_source(call, c, mp_at(from, i));
    return good;
}

void method_contribute(struct call *call)
{
    struct contributing *c = call_alloc(call, sizeof *c);

    if (c == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    call_set_data(call, c);
    if (param_signer(call) == NULL || !find_place(call, c) ||
        !take_lesson(call, c) || !take_sources(call, c))
        return;
    c->files = import_list_new_long(call);
    if (c->files == NULL ||
        !import_list_take(call, c->files, call_param(call, "files")))
        return;
    c->files->in_place = mp_bool(call_param(call, "in_place"));
    if (c->files->count == 0) {
        call_fail(call, ERR_USAGE, "a contribution has at least one file",
                  "For example: troupe contribute REQUEST drawing.svg");
        return;
    }
    if (check_citations(call))
        follow(call, c->topic);
}
