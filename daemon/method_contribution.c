/* Works as they are listed and shown. */
#include <string.h>

#include "daemon/listing.h"
#include "daemon/methods.h"
#include "proto/authority.h"
#include "proto/kind.h"
#include "proto/request_state.h"

/* What a list of works was asked for, and what it leaves out. */
struct asked {
    uint8_t author[ID_LEN];
    bool by_author;
    uint64_t hidden_until_ms; /* the latest of what is not shown yet */
};

/* Whether a leader has said anything to the work: direction or selection. */
static enum err is_answered(bool *out, const struct topic_state *ts,
                            const struct topic_entry *e)
{
    struct topic_namers said;
    enum err err;

    *out = ts->entries[e->first].selection != TOPIC_NONE;
    if (*out)
        return ERR_OK;
    err = topic_namers_of(&said, ts, e->first, KIND_DIRECTION);
    if (err != ERR_OK)
        return err;
    /* In force means by a leader: strangers' choices are void (§7.4). */
    for (uint32_t i = 0; i < said.count && !*out; i++)
        *out = verdict_is_in_force(&ts->entries[said.at[i]].verdict);
    topic_namers_wipe(&said);
    return ERR_OK;
}

/*
 * Whether the request asks not to show this entry yet: to others than its
 * leaders and its author.
 */
static enum err is_hidden(bool *out, struct call *call,
                          const struct topic_state *ts,
                          const struct topic_entry *e)
{
    const struct person_keys *me = node_person(call_node(call));
    struct asked *asked = call_data(call);
    uint64_t now_ms = node_clock_ms(call_node(call));
    uint64_t until_ms = 0;
    struct request_state state;
    uint8_t request[ID_LEN];
    enum err err;

    *out = false;
    if (mp_bool(call_param(call, "hidden")) ||
        !record_link_find(&e->record, RELATION_REQUEST, request) ||
        (me != NULL && (memcmp(me->person, e->record.author, ID_LEN) == 0 ||
                        authority_is_leader(ts, me->person, now_ms))))
        return ERR_OK;
    err = request_state_of(&state, ts, request);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = request_hidden_until(&until_ms, &state);
    *out = err == ERR_OK && until_ms > now_ms;
    if (*out && until_ms > asked->hidden_until_ms)
        asked->hidden_until_ms = until_ms;
    return err;
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct asked *asked = call_data(call);
    bool hidden;
    bool answered;
    struct view view = { .names = desk_names(call_desk(call)) };
    const struct topic_entry *entry;
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (item->kind != KIND_CONTRIBUTION ||
        (asked->by_author && memcmp(asked->author, item->author, ID_LEN) != 0))
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(state, item->id);
    if (entry == NULL || entry->record.has_revises)
        return ERR_OK;
    e = is_hidden(&hidden, call, state, entry);
    if (e != ERR_OK || hidden)
        return e;
    if (mp_bool(call_param(call, "never_used")) &&
        topic_is_used(state, entry->first))
        return ERR_OK;
    if (mp_bool(call_param(call, "pending"))) {
        e = is_answered(&answered, state, entry);
        if (e != ERR_OK || answered)
            return e;
    }
    view.topic = state;
    e = view_contribution_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void method_contribution_list(struct call *call)
{
    struct listing listing;
    struct store_item of;
    struct asked *asked = call_alloc(call, sizeof *asked);

    if (asked == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    call_set_data(call, asked);
    asked->by_author = param_is_given(call, "author");
    if (!listing_begin(&listing, call) ||
        (asked->by_author && !param_person(call, "author", asked->author)))
        return;
    listing.hidden_until_ms = &asked->hidden_until_ms;
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
