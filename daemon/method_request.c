/* Requests: publish, list, show. */
#include <string.h>

#include "daemon/answered.h"
#include "daemon/author.h"
#include "daemon/caution.h"
#include "daemon/importer.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/authority.h"
#include "proto/brief.h"
#include "proto/project_state.h"
#include "proto/request_state.h"
#include "store/text.h"

enum { REFERENCES_MAX = 64 };

/* --- publish --- */

/* A request on its way: files first, then the record, then the project. */
struct publishing {
    uint8_t project[ID_LEN]; /* zeros: it stands alone */
    bool in_project;
    uint8_t id[ID_LEN];
    uint32_t lacks; /* of the brief */
    size_t briefs;  /* the first files of the list are the brief */
    struct import_list *files;
    uint8_t references[REFERENCES_MAX][ID_LEN];
    size_t references_count;
};

static void reply_published(struct call *call)
{
    const struct publishing *p = call_data(call);
    struct caution caution =
        caution_of(call_param(call, "fields"), node_clock_ms(call_node(call)));
    struct writer *w = call_reply(call);
    uint32_t n = caution_count(&caution);

    for (unsigned lack = 0; lack < BRIEF_LACK_COUNT; lack++)
        n += (p->lacks >> lack) & 1;
    mp_put_map(w, 2);
    pair_id(w, "id", p->id);
    pair_array(w, "warnings", n);
    for (unsigned lack = 0; lack < BRIEF_LACK_COUNT; lack++)
        if (((p->lacks >> lack) & 1) != 0)
            mp_put_text(w, brief_text((enum brief_lack)lack));
    caution_put(&caution, w);
    call_send(call);
}

static void on_listed(struct call *call, const uint8_t id[ID_LEN])
{
    (void)id;
    reply_published(call);
}

/* The project goes on the call board with its first request (§7.4): its
 * creator calls it there. */
static void list_project(struct call *call)
{
    const struct publishing *p = call_data(call);
    const struct person_keys *me = node_person(call_node(call));
    struct author_draft draft = { .kind = KIND_PROJECT,
                                  .topic = p->project,
                                  .revises = p->project,
                                  .listed = true };
    struct author_fields fields;
    struct project_state state;
    struct view view;
    enum err e;

    if (!param_view(call, p->project, &view))
        return;
    e = project_state_of(&state, view.topic);
    author_fields_init(&fields);
    if (e != ERR_OK || state.version == NULL || state.creator == NULL ||
        memcmp(state.creator, me->person, ID_LEN) != 0 ||
        (state.version->record.flags & RECORD_LISTED) != 0 ||
        author_fields_keep(&fields, &state.version->record, NULL) != ERR_OK) {
        reply_published(call);
    } else {
        draft.fields = author_fields_map(&fields, NULL);
        author_publish(call, &draft, on_listed);
    }
    author_fields_wipe(&fields);
}

static void on_held(struct call *call, struct import_list *files)
{
    (void)files;
    reply_published(call);
}

static void on_followed(void *context, enum err e)
{
    struct call *call = context;
    const struct publishing *p = call_data(call);

    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else if (p->files->count > 0)
        importer_hold(call, p->files, p->id, on_held);
    else
        reply_published(call);
}

static void on_published(struct call *call, const uint8_t id[ID_LEN])
{
    struct publishing *p = call_data(call);
    struct node *node = call_node(call);
    struct store_follow follow = { .policy = STORE_POLICY_SEED,
                                   .since_ms = node_clock_ms(node) };

    memcpy(p->id, id, ID_LEN);
    memcpy(follow.topic, id, ID_LEN);
    if (p->in_project)
        list_project(call);
    else /* it is a topic of its own, and its author holds all of it */
        node_follow(node, &follow, on_followed, call);
}

static void put_files(struct author_fields *fields, const char *name,
                      const struct import_file *files, size_t count)
{
    struct writer *w;

    if (count == 0)
        return;
    w = author_fields_put(fields, name);
    mp_put_array(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        import_file_put(w, &files[i]);
}

/* Links of a request in a project: the project and its terms. */
static bool put_project(struct call *call, struct author_fields *fields,
                        const struct publishing *p)
{
    const struct topic_entry *entry;
    struct view view;

    if (!param_view(call, p->project, &view))
        return false;
    entry = topic_state_find(view.topic, p->project);
    entry = entry == NULL ? NULL : topic_state_current(view.topic, entry);
    author_fields_put_id(fields, "project", p->project);
    if (entry != NULL)
        author_fields_put_id(fields, "project_revision", entry->record.id);
    return true;
}

static void on_imported(struct call *call, struct import_list *list)
{
    struct publishing *p = call_data(call);
    struct author_draft draft = { .kind = KIND_REQUEST, .listed = true };
    struct author_fields fields;
    struct writer *w;

    author_fields_init(&fields);
    put_files(&fields, "brief_media", list->files, p->briefs);
    if (list->count > p->briefs)
        put_files(&fields, "examples", list->files + p->briefs,
                  list->count - p->briefs);
    if (p->references_count > 0) {
        w = author_fields_put(&fields, "references");
        mp_put_array(w, (uint32_t)p->references_count);
        for (size_t i = 0; i < p->references_count; i++)
            mp_put_bin(w, BYTES_ARRAY(p->references[i]));
    }
    if (!p->in_project || put_project(call, &fields, p)) {
        draft.topic = p->in_project ? p->project : NULL;
        draft.fields = author_fields_map(&fields, call_param(call, "fields"));
        author_publish(call, &draft, on_published);
    }
    author_fields_wipe(&fields);
}

/* Paths become example files, ids stay references. */
static bool take_references(struct call *call, struct publishing *p)
{
    const struct mp_value *list = call_param(call, "references");

    for (uint32_t i = 0; i < mp_count(list); i++) {
        const struct mp_value *v = mp_at(list, i);
        struct bytes text = mp_str(v);
        struct store_item item;

        if (text.len > 0 && text.data[0] == '/') {
            if (!import_list_add(call, p->files, text, 0))
                return false;
            continue;
        }
        if (p->references_count == REFERENCES_MAX) {
            call_fail(call, ERR_TOO_LARGE, "too many references", NULL);
            return false;
        }
        if (!param_value_record(call, v, PARAM_READS, &item))
            return false;
        memcpy(p->references[p->references_count++], item.id, ID_LEN);
    }
    return true;
}

/*
 * What the brief lacks: told with the answer, or refused where --strict.  The
 * check sees files as present, whatever becomes of them.
 */
static bool check_brief(struct call *call, struct publishing *p)
{
    uint32_t lacks = brief_check(call_param(call, "fields"));
    char text[512] = "the brief lacks something:";

    if (p->files->count + p->references_count > 0)
        lacks &= ~((uint32_t)1 << BRIEF_REFERENCE);
    p->lacks = lacks;
    if (lacks == 0 || !mp_bool(call_param(call, "strict")))
        return true;
    for (unsigned lack = 0; lack < BRIEF_LACK_COUNT; lack++)
        if (((lacks >> lack) & 1) != 0) {
            strncat(text, " ", sizeof text - strlen(text) - 1);
            strncat(text, brief_text((enum brief_lack)lack),
                    sizeof text - strlen(text) - 1);
            strncat(text, ".", sizeof text - strlen(text) - 1);
        }
    call_fail(call, ERR_REFUSED, text, "Add it, or publish without --strict.");
    return false;
}

void method_request_publish(struct call *call)
{
    struct publishing *p = call_alloc(call, sizeof *p);
    const struct person_keys *me = param_signer(call);
    struct bytes brief = mp_str(call_param(call, "brief"));
    struct store_item item;

    if (me == NULL)
        return;
    if (p == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    call_set_data(call, p);
    p->in_project = param_is_given(call, "project");
    if (p->in_project &&
        !param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &item))
        return;
    if (p->in_project)
        memcpy(p->project, item.topic, ID_LEN);
    p->files = import_list_new(call);
    if (p->files == NULL)
        return;
    if (brief.len > 0 && !import_list_add(call, p->files, brief, 0))
        return;
    p->briefs = p->files->count;
    if (!take_references(call, p) || !check_brief(call, p))
        return;
    /* A request alone has no topic yet: its files wait with its author. */
    importer_run(call, p->files, p->in_project ? p->project : me->person,
                 on_imported);
}

/* --- list --- */

/* Past its deadline, and I am the one who owes it an outcome. */
static bool waits_for_me(struct call *call, const struct topic_state *topic,
                         const struct request_state *state)
{
    const struct person_keys *me = node_person(call_node(call));

    return me != NULL && state->phase == REQUEST_PAST_DEADLINE &&
           authority_is_leader(topic, me->person, topic->now_ms);
}

static bool state_fits(struct call *call, const struct topic_state *topic,
                       const struct request_state *state)
{
    uint64_t closing_ms = mp_uint(call_param(call, "closing_ms"));
    uint64_t now_ms = node_clock_ms(call_node(call));

    if (mp_bool(call_param(call, "open")) && state->phase != REQUEST_OPEN)
        return false;
    if (mp_bool(call_param(call, "undecided")) &&
        !waits_for_me(call, topic, state))
        return false;
    return closing_ms == 0 ||
           (state->phase == REQUEST_OPEN && state->deadline_ms >= now_ms &&
            state->deadline_ms - now_ms <= closing_ms);
}

/* Whether the project that asks is of this medium (0: any). */
static bool medium_fits(const struct topic_state *ts, uint64_t medium)
{
    const struct topic_entry *founder = topic_state_find(ts, ts->topic);
    const struct topic_entry *project =
        founder == NULL ? NULL : topic_state_current(ts, founder);
    struct mp_doc *doc;
    bool good;

    if (medium == 0)
        return true;
    if (project == NULL || project->record.kind != KIND_PROJECT ||
        topic_entry_body(&doc, project) != ERR_OK)
        return false;
    good = mp_uint(mp_get(mp_doc_root(doc), "medium")) == medium;
    mp_doc_free(doc);
    return good;
}

static enum err fits(bool *out, struct call *call, const struct topic_state *ts,
                     const struct topic_entry *entry)
{
    uint64_t medium =
        kind_choice_value(CHOICES_MEDIUM, mp_str(call_param(call, "medium")));
    struct request_state state;
    enum err e = request_state_of(&state, ts, entry->record.id);

    *out = e == ERR_OK && state.request == entry &&
           state_fits(call, ts, &state) && medium_fits(ts, medium);
    return e;
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const uint8_t *project = call_data(call);
    struct view view = desk_view(call_desk(call));
    struct topic_cache *topics = desk_topics(call_desk(call));
    const struct topic_entry *entry;
    struct topic_state *state;
    bool is_whole;
    enum err e;

    *taken = false;
    if (project != NULL && memcmp(project, item->topic, ID_LEN) != 0)
        return ERR_OK;
    e = topic_cache_outline(topics, item->topic, &state, &is_whole);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL)
        return ERR_OK;
    e = fits(taken, call, state, entry);
    if (e == ERR_OK && *taken && mp_bool(call_param(call, "no_answers"))) {
        bool is_answered;

        e = answered_find(&is_answered, topics, call_node(call), item->topic,
                          item->id);
        if (e == ERR_OK)
            e = topic_cache_outline(topics, item->topic, &state, &is_whole);
        *taken = e == ERR_OK && !is_answered;
    }
    if (e != ERR_OK || !*taken)
        return e;
    view.topic = state;
    e = view_request_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Whether the params name what there is; else the call has been failed. */
static bool check_asked(struct call *call)
{
    struct bytes kind = mp_str(call_param(call, "kind"));
    struct bytes medium = mp_str(call_param(call, "medium"));

    if (kind.len > 0 && kind_choice_value(CHOICES_MEDIA_KIND, kind) == 0) {
        call_fail(call, ERR_USAGE, "there is no media kind of that name",
                  "Kinds are video, audio, image, text, document, other.");
        return false;
    }
    if (medium.len > 0 && kind_choice_value(CHOICES_MEDIUM, medium) == 0) {
        call_fail(call, ERR_USAGE, "there is no medium of that name",
                  "See them with: troupe help project create");
        return false;
    }
    return true;
}

void method_request_list(struct call *call)
{
    struct search search = { .count = 0 };
    struct listing listing;
    struct store_item project;
    uint8_t *topic = NULL;

    if (!check_asked(call) || !listing_begin(&listing, call))
        return;
    if (param_is_given(call, "project")) {
        if (!param_record(call, "project", PARAM_READS, &project))
            return;
        topic = call_alloc(call, ID_LEN);
        if (topic == NULL) {
            call_fail(call, ERR_NO_MEMORY, NULL, NULL);
            return;
        }
        memcpy(topic, project.topic, ID_LEN);
        call_set_data(call, topic);
    }
    search_add_param(&search, call, "text", TEXT_WORD);
    search_add_param(&search, call, "interest", TEXT_INTEREST);
    search_add_param(&search, call, "kind", TEXT_MEDIA);
    if (search.count > 0 && !listing_search(&listing, &search, KIND_REQUEST))
        return;
    if (topic == NULL)
        store_scan_by_kind(&listing.scan, KIND_REQUEST);
    else
        store_scan_by_topic_kind(&listing.scan, topic, KIND_REQUEST);
    listing_run(&listing, list_item);
}

void method_request_show(struct call *call)
{
    struct store_item item;
    struct view view;
    enum err e;

    if (!param_record_of(call, "request", PARAM_READS, KIND_REQUEST, &item) ||
        !param_view(call, item.topic, &view))
        return;
    e = view_request_show(call_reply(call), &view, item.id, 0);
    if (e != ERR_OK)
        listing_fail(call, e, "this request is void or retracted");
    else
        call_send(call);
}
