/* People and their profiles. */
#include <string.h>

#include "daemon/author.h"
#include "daemon/body.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"

/* The profile in force of a person: their newest with a body. */
static enum err find_profile(struct call *call, const uint8_t person[ID_LEN],
                             struct store_item *out)
{
    struct store *store = node_store(call_node(call));
    struct store_scan scan;
    size_t n = 1;
    enum err e;

    store_scan_by_topic_kind(&scan, person, KIND_PROFILE);
    scan.newest_first = true;
    scan.held_only = true;
    for (;;) { /* ends with the scan */
        e = store_scan_next(store, &scan, out, 1, &n);
        if (e != ERR_OK || n == 0)
            return e == ERR_OK ? ERR_NOT_FOUND : e;
        if (out->has_body && memcmp(out->author, person, ID_LEN) == 0)
            return ERR_OK;
    }
}

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
    e = find_profile(call, person, &item);
    if (e == ERR_OK)
        e = put_profile(call, &item, call_reply(call));
    if (e != ERR_OK)
        listing_fail(call, e, "no profile of this person is held here");
    else
        call_send(call);
}

static bool has_tag(const struct mp_value *list, const char *key,
                    struct bytes tag)
{
    if (tag.len == 0)
        return true;
    for (uint32_t i = 0; i < mp_count(list); i++) {
        const struct mp_value *v = mp_at(list, i);

        if (bytes_equal(mp_str(key == NULL ? v : mp_get(v, key)), tag))
            return true;
    }
    return false;
}

static bool fits(struct call *call, const struct mp_value *body)
{
    struct bytes text = mp_str(call_param(call, "text"));

    return has_tag(mp_get(body, "skills"), "tag",
                   mp_str(call_param(call, "skill"))) &&
           has_tag(mp_get(body, "seeking"), NULL,
                   mp_str(call_param(call, "seeking"))) &&
           (listing_text_has(mp_str(mp_get(body, "name")), text) ||
            listing_text_has(mp_str(mp_get(body, "bio")), text));
}

static enum err list_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    struct store_item newest;
    size_t before = w->len;
    struct mp_doc *doc = NULL;
    enum err e;

    *taken = false;
    if (memcmp(item->author, item->topic, ID_LEN) != 0 ||
        find_profile(call, item->author, &newest) != ERR_OK ||
        newest.seq != item->seq)
        return ERR_OK; /* not in force */
    e = put_profile(call, item, w);
    if (e != ERR_OK || w->err != ERR_OK)
        return e;
    e = mp_doc_parse(&doc, (struct bytes){ w->data + before, w->len - before },
                     MP_WELL_FORMED);
    *taken = e == ERR_OK && fits(call, mp_doc_root(doc));
    mp_doc_free(doc);
    if (!*taken)
        w->len = before;
    return e;
}

void method_person_list(struct call *call)
{
    struct listing listing;

    if (!listing_begin(&listing, call))
        return;
    store_scan_by_kind(&listing.scan, KIND_PROFILE);
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
    if (find_profile(call, me->person, &item) == ERR_OK)
        body_open(&before, node_store(call_node(call)), item.id);
    if (before.map != NULL) {
        draft.revises =
            before.record.has_revises ? before.record.revises : item.id;
        put_kept(call, &fields, before.map);
    }
    draft.topic = me->person;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, author_reply_id);
    author_fields_wipe(&fields);
    body_close(&before);
}
