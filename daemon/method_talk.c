/* Boards, journals, feedback, recommendations: what people say. */
#include <string.h>

#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/say.h"
#include "proto/view_talk.h"

/* ---- saying ---- */

/* Something in a project: its topic is the project's. */
static struct say *say_in_project(struct call *call, enum kind_number kind)
{
    struct store_item project;
    struct say *say;

    if (param_signer(call) == NULL ||
        !param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT, &project))
        return NULL;
    say = say_new(call, kind);
    if (say != NULL)
        memcpy(say->topic, project.topic, ID_LEN);
    return say;
}

/* Something about a record, in that record's topic. */
static struct say *say_about(struct call *call, enum kind_number kind,
                             const char *link)
{
    struct store_item about;
    struct say *say;

    if (param_signer(call) == NULL ||
        !param_record(call, link, PARAM_SIGNS, &about))
        return NULL;
    say = say_new(call, kind);
    if (say == NULL)
        return NULL;
    memcpy(say->topic, about.topic, ID_LEN);
    say_put_id(say, link, about.id);
    return say;
}

/* Something in one's own topic. */
static struct say *say_of_mine(struct call *call, enum kind_number kind)
{
    const struct person_keys *me = param_signer(call);
    struct say *say = me == NULL ? NULL : say_new(call, kind);

    if (say != NULL)
        memcpy(say->topic, me->person, ID_LEN);
    return say;
}

void method_thread_create(struct call *call)
{
    struct say *say = say_in_project(call, KIND_THREAD);

    if (say == NULL)
        return;
    say->files[0] = (struct say_files){ .field = "media", .param = "media" };
    say_run(call, say);
}

void method_journal_write(struct call *call)
{
    struct say *say = say_of_mine(call, KIND_JOURNAL);
    struct store_item project;

    if (say == NULL)
        return;
    if (param_is_given(call, "project")) {
        if (!param_record_of(call, "project", PARAM_SIGNS, KIND_PROJECT,
                             &project))
            return;
        say_put_id(say, "project", project.id);
    }
    say->files[0] = (struct say_files){ .field = "media", .param = "media" };
    say_run(call, say);
}

void method_feedback(struct call *call)
{
    struct say *say = say_about(call, KIND_FEEDBACK, "target");

    if (say == NULL)
        return;
    say->files[0] = (struct say_files){ .field = "media", .param = "media" };
    say_run(call, say);
}

void method_recommend(struct call *call)
{
    struct say *say = say_about(call, KIND_RECOMMENDATION, "target");

    if (say != NULL)
        say_run(call, say);
}

void method_collection_create(struct call *call)
{
    const struct mp_value *items = call_param(call, "items");
    struct say *say = say_of_mine(call, KIND_COLLECTION);
    struct writer *w;

    if (say == NULL)
        return;
    w = author_fields_put(&say->fields, "items");
    mp_put_array(w, mp_count(items));
    for (uint32_t i = 0; i < mp_count(items); i++) {
        struct store_item item;

        if (!param_value_record(call, mp_at(items, i), PARAM_SIGNS, &item))
            return;
        mp_put_bin(w, BYTES_ARRAY(item.id));
    }
    say_run(call, say);
}

/* ---- listing ---- */

/* The objects of one kind, newest first, each by its first record. */
static enum err list_words(struct call *call, const struct store_item *item,
                           struct writer *w, bool *taken)
{
    const uint64_t *kind = call_data(call);
    struct view view = { .names = desk_names(call_desk(call)) };
    const struct topic_entry *entry;
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (item->kind != *kind)
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL || entry->record.has_revises ||
        topic_state_current(state, entry) == NULL)
        return ERR_OK;
    view.topic = state;
    e = view_words_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e;
}

static bool list_begin(struct listing *listing, struct call *call,
                       uint64_t kind)
{
    uint64_t *kept = call_alloc(call, sizeof *kept);

    if (kept == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return false;
    }
    *kept = kind;
    call_set_data(call, kept);
    return listing_begin(listing, call);
}

void method_thread_list(struct call *call)
{
    struct listing listing;
    struct store_item project;

    if (!list_begin(&listing, call, KIND_THREAD) ||
        !param_record_of(call, "project", PARAM_READS, KIND_PROJECT, &project))
        return;
    store_scan_by_topic_kind(&listing.scan, project.topic, KIND_THREAD);
    listing_run(&listing, list_words);
}

void method_journal_list(struct call *call)
{
    struct listing listing;
    uint8_t person[ID_LEN];

    if (!list_begin(&listing, call, KIND_JOURNAL))
        return;
    if (param_is_given(call, "person")) {
        if (!param_person(call, "person", person))
            return;
        store_scan_by_topic_kind(&listing.scan, person, KIND_JOURNAL);
    } else {
        store_scan_by_kind(&listing.scan, KIND_JOURNAL);
    }
    listing_run(&listing, list_words);
}

void method_thread_show(struct call *call)
{
    struct store_item item;

    if (param_record(call, "record", PARAM_READS, &item))
        listing_show(call, &item, view_thread_show,
                     "this record is not held here");
}
