/* What people have said: lists of threads and journals, and what was said about
 * one record. */
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/kind.h"
#include "proto/view_said.h"
#include "proto/view_talk.h"

/* ---- listing ---- */

/* The objects of one kind, newest first, each by its first record. */
static enum err list_words(struct call *call, const struct store_item *item,
                           struct writer *w, bool *taken)
{
    const uint64_t *kind = call_data(call);
    struct view view = desk_view(call_desk(call));
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

/* ---- what was said about one record ---- */

/* A page from the params `limit` and `after`; false after the call has been
 * failed.  `after` lies in *last. */
static bool page_of(struct call *call, struct view_page *page,
                    struct store_item *last)
{
    const struct mp_value *after = call_param(call, "after");

    *page = (struct view_page){ .limit = param_limit(call) };
    if (!param_is_given(call, "after"))
        return true;
    if (store_find_seq(node_store(call_node(call)), mp_uint(after), last) !=
        ERR_OK) {
        call_fail(call, ERR_USAGE, "this is no cursor of this list",
                  "Use the `next` of the page before.");
        return false;
    }
    page->after = last->id;
    return true;
}

/* The cursor of lists is a record's number here. */
static void put_next(struct call *call, struct writer *w, const char *key,
                     const struct view_page *page)
{
    struct store_item last;

    if (page->has_next &&
        store_find(node_store(call_node(call)), page->next, &last) == ERR_OK)
        pair_uint(w, key, last.seq);
    else
        pair_nil(w, key);
}

/* Ends the answer, whose map counts `next` and `local` too. */
static void send_page(struct call *call, struct writer *w, enum err e,
                      const char *next, const struct view_page *page,
                      const char *not_found)
{
    if (e != ERR_OK) {
        listing_fail(call, e == ERR_USAGE ? ERR_NOT_FOUND : e, not_found);
        return;
    }
    put_next(call, w, next, page);
    pair_map(w, "local", 1);
    pair_bool(w, "hidden", page->has_hidden);
    call_send(call);
}

/* The record that `key` names, its topic, and where the page begins. */
static bool begin_page(struct call *call, const char *key,
                       struct store_item *item, struct view_page *page,
                       struct store_item *last, struct view *view)
{
    return param_record(call, key, PARAM_READS, item) &&
           param_is_shown(call, item) && page_of(call, page, last) &&
           param_view(call, item->topic, view);
}

void method_thread_show(struct call *call)
{
    struct view_page page;
    struct store_item item;
    struct store_item last;
    struct view view;
    struct writer *w;
    enum err e;

    if (!begin_page(call, "record", &item, &page, &last, &view))
        return;
    w = call_reply(call);
    e = view_thread_show(w, &view, item.id, &page, 2);
    send_page(call, w, e, "next", &page, "this record is not held here");
}

void method_feedback_list(struct call *call)
{
    struct view_page page;
    struct store_item item;
    struct store_item last;
    struct view view;
    struct writer *w;
    enum err e;

    if (!begin_page(call, "target", &item, &page, &last, &view))
        return;
    w = call_reply(call);
    mp_put_map(w, 3);
    mp_put_text(w, "items");
    e = view_feedback_list(w, &view, item.id, &page);
    send_page(call, w, e, "next", &page, "this record is not held here");
}

void method_contribution_show(struct call *call)
{
    struct view_page page = { .limit = param_limit(call) };
    struct store_item item;
    struct view view;
    struct writer *w;
    enum err e;

    if (!param_record_of(call, "contribution", PARAM_READS, KIND_CONTRIBUTION,
                         &item) ||
        !param_view(call, item.topic, &view))
        return;
    w = call_reply(call);
    e = view_contribution_show(w, &view, item.id, &page, 2);
    send_page(call, w, e, "feedback_next", &page,
              "this work is void or retracted");
}
