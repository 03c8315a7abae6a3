/* Records as they are: publish by kind, list, show, raw, import. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/author_batch.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param_topic.h"

/* --- publish --- */

void method_record_publish(struct call *call)
{
    const struct kind *kind = kind_by_name(mp_str(call_param(call, "kind")));
    struct author_draft draft = { .fields = call_param(call, "fields"),
                                  .listed =
                                      mp_bool(call_param(call, "listed")) };
    struct store_item revised;
    uint8_t topic[ID_LEN];

    if (kind == NULL || kind->author != AUTHOR_PERSON) {
        call_fail(call, ERR_USAGE, "people make no records of that kind",
                  "See the kinds in docs/protocol.md.");
        return;
    }
    draft.kind = (enum kind_number)kind->number;
    if (param_is_given(call, "revises")) {
        if (!param_record_of(call, "revises", PARAM_SIGNS, kind->number,
                             &revised))
            return;
        draft.revises = revised.id;
    }
    if (param_is_given(call, "topic")) {
        if (!param_id(call, "topic", topic))
            return;
        draft.topic = topic;
    }
    author_publish(call, &draft, author_reply_id);
}

/* --- list and show --- */

/* A record that is known, not held, or whose topic says nothing of it. */
static void put_bare(struct writer *w, const struct store_item *item,
                     uint32_t extra)
{
    const struct kind *kind = kind_find(item->kind);

    mp_put_map(w, 7 + extra);
    pair_id(w, "id", item->id);
    pair_text(w, "kind", kind == NULL ? "other" : kind->name);
    pair_id(w, "author", item->author);
    pair_id(w, "topic", item->topic);
    pair_uint(w, "created_ms", item->created_ms);
    pair_bool(w, "in_force", false);
    pair_text(w, "void_reason",
              item->presence == RECORD_NOT_KEPT ? "known, not held" : "");
}

static void put_local(struct writer *w, const struct store_item *item)
{
    pair_map(w, "local", 2);
    pair_uint(w, "seq", item->seq);
    pair_uint(w, "received_ms", item->received_ms);
}

struct record_filter {
    bool has_author;
    uint8_t author[ID_LEN];
    uint64_t kind; /* 0: any */
};

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct record_filter *filter = call_data(call);
    struct view view = desk_view(call_desk(call));
    struct topic_state *state;
    enum err e;

    *taken = false;
    if ((filter->kind != 0 && item->kind != filter->kind) ||
        (filter->has_author &&
         memcmp(item->author, filter->author, ID_LEN) != 0))
        return ERR_OK;
    e = topic_cache_get(desk_topics(call_desk(call)), item->topic, &state);
    if (e != ERR_OK)
        return e;
    view.topic = state;
    e = item->presence == RECORD_HELD ? view_record_item(w, &view, item->id, 1)
                                      : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND)
        put_bare(w, item, 1);
    else if (e != ERR_OK)
        return e;
    put_local(w, item);
    *taken = true;
    return ERR_OK;
}

static bool filter_of(struct call *call, struct record_filter *filter)
{
    struct bytes name = mp_str(call_param(call, "kind"));
    const struct kind *kind = kind_by_name(name);

    if (name.len > 0 && kind == NULL) {
        call_fail(call, ERR_USAGE, "there is no kind of that name",
                  "See the kinds in docs/protocol.md.");
        return false;
    }
    filter->kind = kind == NULL ? 0 : kind->number;
    filter->has_author = param_is_given(call, "author");
    return !filter->has_author || param_person(call, "author", filter->author);
}

void method_record_list(struct call *call)
{
    struct record_filter *filter = call_alloc(call, sizeof *filter);
    struct listing listing;
    uint8_t topic[ID_LEN];

    if (filter == NULL || !filter_of(call, filter) ||
        !listing_begin(&listing, call))
        return;
    call_set_data(call, filter);
    listing.any_presence = true;
    if (param_is_given(call, "topic")) {
        if (!param_topic(call, "topic", topic))
            return;
        store_scan_by_topic(&listing.scan, topic);
    } else if (param_is_given(call, "since")) {
        store_scan_by_seq(&listing.scan, mp_uint(call_param(call, "since")));
        listing.oldest_first = true;
    } else {
        store_scan_by_seq(&listing.scan, 0);
    }
    listing_run(&listing, list_item);
}

void method_record_show(struct call *call)
{
    struct store_item item;
    struct view view;
    struct writer *w;
    enum err e;

    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_view(call, item.topic, &view))
        return;
    w = call_reply(call);
    e = item.presence == RECORD_HELD ? view_record_show(w, &view, item.id, 1)
                                     : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND)
        put_bare(w, &item, 1);
    else if (e != ERR_OK) {
        listing_fail(call, e, NULL);
        return;
    }
    put_local(w, &item);
    call_send(call);
}

/* --- raw and import --- */

void method_record_raw(struct call *call)
{
    struct writer record = writer_growing(RECORD_LEN_MAX);
    struct store_item item;
    struct writer *w;
    enum err e;

    if (!param_record(call, "record", PARAM_READS, &item))
        return;
    e = store_read_seq(node_store(call_node(call)), item.seq, true, &record,
                       NULL);
    if (e != ERR_OK) {
        call_fail(call, e,
                  e == ERR_NOT_HELD ? "only the head of this record is held"
                                    : NULL,
                  NULL);
    } else {
        w = call_reply(call);
        mp_put_map(w, 1);
        pair_bin(w, "bytes", writer_view(&record));
        call_send(call);
    }
    writer_free(&record);
}

static void on_imported(void *context, const struct node_import *result)
{
    struct call *call = context;
    struct writer *w = call_reply(call);

    mp_put_map(w, 4);
    pair_uint(w, "stored", result->stored);
    pair_uint(w, "known", result->known);
    pair_uint(w, "refused", result->refused);
    pair_array(w, "errors", (uint32_t)result->errors_count);
    for (size_t i = 0; i < result->errors_count; i++) {
        mp_put_map(w, 3);
        pair_uint(w, "offset", result->errors[i].offset);
        pair_text(w, "name", err_name(result->errors[i].err));
        pair_text(w, "text", err_text(result->errors[i].err));
    }
    call_send(call);
}

void method_record_import(struct call *call)
{
    struct bytes records = mp_bin(call_param(call, "bytes"));

    if (param_is_given(call, "drafts"))
        author_batch(call);
    else if (records.len == 0)
        call_fail(call, ERR_USAGE, "there are no records in this",
                  "Give a file that troupe record raw has made, or lines of "
                  "JSON, a draft each.");
    else
        node_import(call_node(call), records, on_imported, call);
}
