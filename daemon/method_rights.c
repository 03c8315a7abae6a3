/* Rights beyond a licence: asked for, and granted for good (§7.10). */
#include "daemon/author.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "proto/view_work.h"

/* The fields that a request and a grant share. */
static void put_fields(struct author_fields *fields, const struct call *call,
                       const struct store_item *work)
{
    static const char *const names[] = { "scope", "pay", "term", NULL };

    author_fields_init(fields);
    author_fields_put_id(fields, "contribution", work->id);
    author_fields_take_all(fields, call, names);
}

void method_rights_request(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RIGHTS_REQUEST };
    struct author_fields fields;
    struct store_item work;

    if (!param_record_of(call, "contribution", PARAM_SIGNS, KIND_CONTRIBUTION,
                         &work))
        return;
    put_fields(&fields, call, &work);
    draft.topic = work.topic;
    author_publish_fields(call, &draft, &fields);
}

void method_rights_grant(struct call *call)
{
    struct author_draft draft = { .kind = KIND_RIGHTS_GRANT };
    struct author_fields fields;
    struct store_item request;
    struct store_item work;

    if (!param_record_of(call, "contribution", PARAM_SIGNS, KIND_CONTRIBUTION,
                         &work) ||
        (param_is_given(call, "request") &&
         !param_record_of(call, "request", PARAM_SIGNS, KIND_RIGHTS_REQUEST,
                          &request)))
        return;
    put_fields(&fields, call, &work);
    if (param_is_given(call, "request"))
        author_fields_put_id(&fields, "rights_request", request.id);
    draft.topic = work.topic;
    author_publish_fields(call, &draft, &fields);
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    struct view view = desk_view(call_desk(call));
    struct topic_state *state;
    enum err e;

    *taken = false;
    if (item->kind != KIND_RIGHTS_REQUEST && item->kind != KIND_RIGHTS_GRANT)
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    view.topic = state;
    e = view_rights_item(w, &view, item->id, 0);
    *taken = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void method_rights_list(struct call *call)
{
    struct listing listing;
    struct store_item of;

    if (!listing_begin(&listing, call))
        return;
    if (param_is_given(call, "contribution")) {
        if (!param_record_of(call, "contribution", PARAM_READS,
                             KIND_CONTRIBUTION, &of))
            return;
        store_scan_by_link(&listing.scan, of.id, RELATION_CONTRIBUTION);
    } else {
        if (!param_record(call, "project", PARAM_READS, &of))
            return;
        store_scan_by_topic(&listing.scan, of.topic);
    }
    listing_run(&listing, list_item);
}
