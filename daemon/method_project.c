/* Projects: create, list, show, follow. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/caution.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param_topic.h"
#include "proto/authority.h"
#include "proto/project_state.h"

/* --- create --- */

static void on_created(void *context, enum err e)
{
    struct call *call = context;
    struct caution caution;
    struct writer *w;

    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    caution =
        caution_of(call_param(call, "fields"), node_clock_ms(call_node(call)));
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_id(w, "id", call_data(call));
    pair_array(w, "warnings", caution_count(&caution));
    caution_put(&caution, w);
    call_send(call);
}

/* Who founds a project holds all of it. */
static void on_published(struct call *call, const uint8_t id[ID_LEN])
{
    struct node *node = call_node(call);
    struct store_follow follow = { .policy = STORE_POLICY_SEED,
                                   .since_ms = node_clock_ms(node) };
    uint8_t *kept = call_alloc(call, ID_LEN);

    if (kept == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    memcpy(kept, id, ID_LEN);
    memcpy(follow.topic, id, ID_LEN);
    call_set_data(call, kept);
    node_follow(node, &follow, on_created, call);
}

/* Boards and open pools are listed from the beginning (§7.4). */
static bool is_place(const struct mp_value *fields)
{
    const struct mp_value *medium = mp_get(fields, "medium");

    return project_is_place(
        mp_type(medium) == MP_STR
            ? kind_choice_value(CHOICES_MEDIUM, mp_str(medium))
            : mp_uint(medium));
}

void method_project_create(struct call *call)
{
    struct author_draft draft = { .kind = KIND_PROJECT,
                                  .fields = call_param(call, "fields") };

    draft.listed = is_place(draft.fields);
    author_publish(call, &draft, on_published);
}

/* A new project that goes on where the other stands, led by who revives it. */
void method_project_revive(struct call *call)
{
    const struct mp_value *given = call_param(call, "fields");
    struct author_draft draft = { .kind = KIND_PROJECT };
    struct author_fields fields;
    struct project_state state;
    struct store_item item;
    struct view view;
    enum err e;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &item) ||
        !param_view(call, item.topic, &view))
        return;
    author_fields_init(&fields);
    author_fields_put_id(&fields, "revives", item.topic);
    e = project_state_of(&state, view.topic);
    if (e == ERR_OK && state.version != NULL)
        e = author_fields_keep(&fields, &state.version->record, given);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
    } else {
        draft.fields = author_fields_map(&fields, given);
        draft.listed = is_place(draft.fields);
        author_publish(call, &draft, on_published);
    }
    author_fields_wipe(&fields);
}

/* --- list and show --- */

/* What is held for a pledge to everybody, its owner did not ask for. */
static bool is_followed(struct call *call, const uint8_t topic[ID_LEN])
{
    struct store_follow follow;

    return store_follow_find(node_store(call_node(call)), topic, &follow) ==
               ERR_OK &&
           follow.policy != STORE_POLICY_SHARE;
}

/* So long after its newest record a project counts as silent. */
#define SILENCE_MS ((uint64_t)30 * DAY_MS)

/* Whether a project that still needs something has gone silent. */
static enum err is_stalled(bool *out, const struct topic_state *ts)
{
    struct project_state state;
    uint32_t count = topic_state_count(ts);
    struct mp_doc *doc;
    enum err e = project_state_of(&state, ts);

    *out = false;
    while (count > 0 &&
           !verdict_is_in_force(&topic_state_at(ts, count - 1)->verdict))
        count--;
    if (e != ERR_OK || state.version == NULL || state.stage == STAGE_RELEASED)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (count == 0 || ts->now_ms < SILENCE_MS ||
        topic_state_at(ts, count - 1)->record.created_ms >
            ts->now_ms - SILENCE_MS)
        return ERR_OK;
    e = topic_entry_body(&doc, state.version);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    *out = state.requests_open > 0 ||
           mp_count(mp_get(mp_doc_root(doc), "needs")) > 0;
    mp_doc_free(doc);
    return ERR_OK;
}

/* An item of the list, unless the filters leave it out. */
static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct person_keys *me = node_person(call_node(call));
    bool followed = is_followed(call, item->topic);
    bool stalled;
    struct topic_state *state;
    struct view view = desk_view(call_desk(call));
    enum err e;

    *taken = false;
    if (mp_bool(call_param(call, "followed")) && !followed)
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    if (mp_bool(call_param(call, "mine")) &&
        (me == NULL || !authority_is_leader(state, me->person, state->now_ms)))
        return ERR_OK;
    if (mp_bool(call_param(call, "stalled"))) {
        e = is_stalled(&stalled, state);
        if (e != ERR_OK || !stalled)
            return e;
    }
    view.topic = state;
    e = view_project_item(w, &view, 1);
    if (e == ERR_NOT_FOUND)
        return ERR_OK; /* void, or its first record is not held */
    if (e != ERR_OK)
        return e;
    pair_map(w, "local", 1);
    pair_bool(w, "followed", followed);
    *taken = true;
    return ERR_OK;
}

void method_project_list(struct call *call)
{
    struct listing listing;

    if (!listing_begin(&listing, call))
        return;
    store_scan_by_kind(&listing.scan, KIND_PROJECT);
    /* Revisions name the same topic: the first record stands for it. */
    listing.only_founders = true;
    listing_run(&listing, list_item);
}

void method_project_show(struct call *call)
{
    struct store_item item;
    struct view view;
    struct writer *w;
    enum err e;

    if (!param_record_of(call, "project", PARAM_READS, KIND_PROJECT, &item) ||
        !param_view(call, item.topic, &view))
        return;
    w = call_reply(call);
    e = view_project_show(w, &view, 1);
    if (e != ERR_OK) {
        listing_fail(call, e, "this project is void");
        return;
    }
    pair_map(w, "local", 2);
    pair_bool(w, "followed", is_followed(call, item.topic));
    pair_bool(w, "caught_up", node_caught_up(call_node(call), item.topic));
    call_send(call);
}

/* --- follow --- */

static void on_followed(void *context, enum err e)
{
    on_created(context, e);
}

/* `id` is a project's or a person's; its memory lives as long as the call. */
static void follow(struct call *call, const uint8_t *id)
{
    call_set_data(call, (void *)(uintptr_t)id);
    node_follow_also(call_node(call), id, on_followed, call);
}

void method_project_follow(struct call *call)
{
    uint8_t *id = call_alloc(call, ID_LEN);

    if (id != NULL && param_topic(call, "project", id))
        follow(call, id);
}

void method_person_follow(struct call *call)
{
    uint8_t *id = call_alloc(call, ID_LEN);

    if (id != NULL && param_person(call, "person", id))
        follow(call, id);
}
