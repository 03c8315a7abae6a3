/* People and their profiles. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "store/text.h"

/* {person, record, fields...}: what a profile says, at top level. */
static enum err put_profile(struct call *call, const struct store_item *item,
                            struct writer *w)
{
    struct writer record = writer_growing(RECORD_LEN_MAX);
    struct writer fields = writer_growing(4 * RECORD_BODY_MAX);
    struct mp_doc *doc = NULL;
    const struct mp_value *map;
    struct record r;
    enum err e = store_read_seq(node_store(call_node(call)), item->seq, false,
                                &record, NULL);

    if (e == ERR_OK)
        e = record_decode(&r, writer_view(&record));
    if (e == ERR_OK)
        e = kind_render(&r, &fields);
    if (e == ERR_OK)
        e = mp_doc_parse(&doc, writer_view(&fields), MP_WELL_FORMED);
    if (e == ERR_OK) {
        map = mp_doc_root(doc);
        mp_put_map(w, mp_count(map) + 3);
        pair_id(w, "person", item->author);
        pair_id(w, "record", item->id);
        pair_uint(w, "created_ms", item->created_ms);
        for (uint32_t i = 0; i < mp_count(map); i++) {
            mp_put_str(w, mp_key_at(map, i));
            mp_put_value(w, mp_value_at(map, i));
        }
    }
    mp_doc_free(doc);
    writer_free(&fields);
    writer_free(&record);
    return e;
}

void method_person_show(struct call *call)
{
    const struct person_keys *me;
    uint8_t person[ID_LEN];
    struct store_item item;
    enum err e;

    if (param_is_given(call, "person")) {
        if (!param_person(call, "person", person))
            return;
    } else {
        me = param_signer(call);
        if (me == NULL)
            return;
        memcpy(person, me->person, ID_LEN);
    }
    e = body_find_profile(node_store(call_node(call)), person, &item);
    if (e == ERR_OK)
        e = put_profile(call, &item, call_reply(call));
    if (e != ERR_OK)
        listing_fail(call, e, "no profile of this person is held here");
    else
        call_send(call);
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    struct store_item newest;
    enum err e = ERR_NOT_FOUND;

    *taken = false;
    if (memcmp(item->author, item->topic, ID_LEN) == 0)
        e = body_find_profile(node_store(call_node(call)), item->author,
                              &newest);
    if (e != ERR_OK || newest.seq != item->seq)
        return e == ERR_NOT_FOUND ? ERR_OK : e; /* not in force */
    e = put_profile(call, item, w);
    *taken = e == ERR_OK && w->err == ERR_OK;
    return e;
}

void method_person_list(struct call *call)
{
    struct search search = { .count = 0 };
    struct listing listing;

    if (!listing_begin(&listing, call))
        return;
    search_add_param(&search, call, "text", TEXT_WORD);
    search_add_param(&search, call, "skill", TEXT_SKILL);
    search_add_param(&search, call, "seeking", TEXT_SEEKING);
    if (search.count == 0)
        store_scan_by_kind(&listing.scan, KIND_PROFILE);
    else if (!listing_search(&listing, &search, KIND_PROFILE))
        return;
    listing_run(&listing, list_item);
}

/* The fields of the profile in force stay where nothing new is given. */
static void put_kept(struct call *call, struct author_fields *fields,
                     const struct mp_value *before)
{
    const struct mp_value *given = call_param(call, "fields");
    size_t count;
    const struct field *all = kind_fields(SHAPE_PROFILE, &count);

    for (size_t i = 0; i < count; i++)
        if (mp_get(given, all[i].name) == NULL &&
            mp_get(before, all[i].name) != NULL)
            mp_put_value(author_fields_put(fields, all[i].name),
                         mp_get(before, all[i].name));
}

void method_person_edit(struct call *call)
{
    const struct person_keys *me = param_signer(call);
    struct author_draft draft = { .kind = KIND_PROFILE, .listed = true };
    struct author_fields fields;
    struct store_item item;
    struct body before = { .map = NULL };

    if (me == NULL)
        return;
    author_fields_init(&fields);
    if (body_find_profile(node_store(call_node(call)), me->person, &item) ==
        ERR_OK)
        body_open(&before, node_store(call_node(call)), item.id);
    if (before.map != NULL) {
        draft.revises =
            before.record.has_revises ? before.record.revises : item.id;
        put_kept(call, &fields, before.map);
    }
    draft.topic = me->person;
    author_publish_fields(call, &draft, &fields);
    body_close(&before);
}
