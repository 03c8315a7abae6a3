/* Revisions: a newer state of one's own object, of whatever kind. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "proto/project_state.h"

/* The version in force, else the first one, of what the call names. */
static const struct topic_entry *
version_of(struct call *call, struct store_item *item, struct view *view)
{
    const struct topic_entry *entry;
    const struct topic_entry *current;

    if (!param_record(call, "record", PARAM_SIGNS, item) ||
        !param_view(call, item->topic, view))
        return NULL;
    entry = topic_state_find(view->topic, item->id);
    if (entry == NULL || kind_find(item->kind) == NULL) {
        call_fail(call, ERR_NOT_FOUND, "this record cannot be edited here",
                  NULL);
        return NULL;
    }
    current = topic_state_current(view->topic, entry);
    return current == NULL ? &view->topic->entries[entry->first] : current;
}

/* §7.4.11: nobody is called to a project that asks for nothing. */
static bool may_list(struct call *call, const struct topic_state *ts,
                     uint64_t kind)
{
    struct project_state state;
    enum err e;

    if (!mp_bool(call_param(call, "listed")) || kind != KIND_PROJECT)
        return true;
    e = project_state_of(&state, ts);
    if (e == ERR_OK && state.may_be_listed)
        return true;
    if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else
        call_fail(call, ERR_REFUSED,
                  "a project is listed once it has an open request",
                  "Ask for something first: troupe request publish");
    return false;
}

void method_edit(struct call *call)
{
    const struct mp_value *given = call_param(call, "fields");
    const struct topic_entry *version;
    struct author_draft draft = { .listed = false };
    struct author_fields fields;
    struct store_item item;
    struct view view;
    enum err e;

    if (param_signer(call) == NULL)
        return;
    version = version_of(call, &item, &view);
    if (version == NULL || !may_list(call, view.topic, item.kind))
        return;
    draft.kind = (enum kind_number)item.kind;
    draft.topic = item.topic;
    draft.revises = view.topic->entries[version->first].record.id;
    draft.listed = mp_bool(call_param(call, "listed")) ||
                   (version->record.flags & RECORD_LISTED) != 0;
    author_fields_init(&fields);
    e = author_fields_keep(&fields, &version->record, given);
    if (e == ERR_VERSION)
        call_fail(call, e, "a newer Troupe wrote this: editing would lose it",
                  "Edit it with the release that wrote it.");
    else if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    else {
        draft.fields = author_fields_map(&fields, given);
        author_publish(call, &draft, author_reply_id);
    }
    author_fields_wipe(&fields);
}
