/* Authoring: the rules are asked before anything is signed for good. */
#include "daemon/author.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/field_error.h"
#include "daemon/pair.h"
#include "proto/authority.h"

struct authoring {
    struct call *call;
    author_fn *done;
    method_fn on_lost;
    uint8_t id[ID_LEN];
};

static void on_published(void *context, enum err e,
                         const struct store_result *result)
{
    struct authoring *a = context;
    struct authoring copy = *a;

    (void)result;
    free(a);
    if (e != ERR_OK && copy.on_lost != NULL)
        copy.on_lost(copy.call);
    else if (e == ERR_NO_SPACE)
        call_fail(copy.call, e, "the disk is full: nothing was published",
                  "Free some space, then run the command again.");
    else if (e != ERR_OK)
        call_fail(copy.call, e, NULL, NULL);
    else
        copy.done(copy.call, copy.id);
}

/* Whether the rules would let the record stand; else fails the call. */
static bool may_stand(struct call *call, const uint8_t topic[ID_LEN],
                      struct bytes whole, uint64_t now_ms)
{
    struct desk *desk = call_desk(call);
    char text[VERDICT_TEXT_MAX];
    struct topic_state *state;
    struct verdict verdict;
    enum err e = topic_cache_get(desk_topics(desk), topic, &state);

    if (e == ERR_OK)
        e = authority_try(state, &verdict, whole, now_ms);
    if (e != ERR_OK) /* the topic may be left without a judgement */
        topic_cache_clear(desk_topics(desk));
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return false;
    }
    if (verdict.state != VERDICT_VOID)
        return true;
    verdict_text(&verdict,
                 verdict.about == VERDICT_ABOUT_PERSON
                     ? desk_name(desk, verdict.subject)
                     : (struct bytes){ NULL, 0 },
                 text);
    call_failf(call, ERR_REFUSED, "Nothing was published.",
               "the rules refuse this: %s", text);
    return false;
}

/* Body and links of the draft; else fails the call. */
static bool encode(struct call *call, const struct author_draft *draft,
                   struct writer *map, struct kind_links *links)
{
    const struct kind *kind = kind_find(draft->kind);
    struct bytes field = { NULL, 0 };
    enum err e = kind_encode(kind, map, links, &field, draft->fields);

    if (e == ERR_USAGE)
        field_error(call, kind, field, draft->fields);
    else if (e != ERR_OK)
        call_fail(call, e, NULL, NULL);
    return e == ERR_OK;
}

static enum err sign(struct writer *whole, uint8_t id[ID_LEN],
                     const struct author_draft *draft, struct bytes map,
                     const struct kind_links *links, struct call *call)
{
    struct node *node = call_node(call);
    const struct person_keys *keys = node_person(node);
    struct record_draft record = {
        .kind = draft->kind,
        .created_ms = desk_next_ms(call_desk(call)),
        .revises = draft->revises,
        .links = links->at,
        .links_count = links->count,
        .map = map,
        .flags = draft->listed ? RECORD_LISTED : 0,
    };

    memcpy(record.author, keys->person, ID_LEN);
    if (draft->topic != NULL)
        memcpy(record.topic, draft->topic, ID_LEN);
    randombytes_buf(record.salt, sizeof record.salt);
    return record_write(
        whole, id, &record, &keys->device,
        (struct bytes){ keys->certificate, keys->certificate_len },
        node_network(node));
}

void author_publish(struct call *call, const struct author_draft *draft,
                    author_fn *done)
{
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct writer whole = writer_growing(RECORD_LEN_MAX);
    struct kind_links *links = call_alloc(call, sizeof *links);
    struct authoring *a = calloc(1, sizeof *a);
    struct record decoded;
    enum err e = ERR_NO_MEMORY;

    if (links == NULL || a == NULL)
        goto fail;
    if (param_signer(call) == NULL || !encode(call, draft, &map, links))
        goto answered;
    e = sign(&whole, a->id, draft, writer_view(&map), links, call);
    if (e == ERR_OK)
        e = record_decode(&decoded, writer_view(&whole));
    if (e != ERR_OK)
        goto fail;
    if (!may_stand(call, decoded.topic, writer_view(&whole),
                   decoded.created_ms))
        goto answered;
    a->call = call;
    a->done = done;
    a->on_lost = draft->on_lost;
    node_publish(call_node(call), writer_view(&whole), on_published, a);
    writer_free(&map);
    writer_free(&whole);
    return;
fail:
    call_fail(call, e,
              e == ERR_TOO_LARGE || e == ERR_NO_SPACE
                  ? "too much for one record"
                  : NULL,
              NULL);
answered:
    free(a);
    writer_free(&map);
    writer_free(&whole);
}

bool author_check(struct call *call, const struct author_draft *draft)
{
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct kind_links *links = call_alloc(call, sizeof *links);
    bool good = false;

    if (links == NULL)
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
    else
        good = encode(call, draft, &map, links);
    writer_free(&map);
    return good;
}

void author_reply_id(struct call *call, const uint8_t id[ID_LEN])
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    pair_id(w, "id", id);
    call_send(call);
}

void author_fields_init(struct author_fields *f)
{
    *f = (struct author_fields){
        .own = writer_growing(CONTROL_MESSAGE_MAX),
        .whole = writer_growing(CONTROL_MESSAGE_MAX),
    };
}

struct writer *author_fields_put(struct author_fields *f, const char *name)
{
    assert(f->own_count < sizeof f->names / sizeof *f->names);
    f->names[f->own_count++] = name;
    mp_put_text(&f->own, name);
    return &f->own;
}

void author_fields_take(struct author_fields *f, const struct call *call,
                        const char *name)
{
    if (param_is_given(call, name))
        mp_put_value(author_fields_put(f, name), call_param(call, name));
}

static bool is_own(const struct author_fields *f, struct bytes name)
{
    for (uint32_t i = 0; i < f->own_count; i++)
        if (bytes_equal(name, (struct bytes){ (const uint8_t *)f->names[i],
                                              strlen(f->names[i]) }))
            return true;
    return false;
}

const struct mp_value *author_fields_map(struct author_fields *f,
                                         const struct mp_value *given)
{
    uint32_t count = f->own_count;

    assert(f->doc == NULL);
    for (uint32_t i = 0; i < mp_count(given); i++)
        count += is_own(f, mp_key_at(given, i)) ? 0 : 1;
    mp_put_map(&f->whole, count);
    for (uint32_t i = 0; i < mp_count(given); i++) {
        if (is_own(f, mp_key_at(given, i)))
            continue;
        mp_put_str(&f->whole, mp_key_at(given, i));
        mp_put_value(&f->whole, mp_value_at(given, i));
    }
    writer_bytes(&f->whole, writer_view(&f->own));
    if (f->own.err != ERR_OK || f->whole.err != ERR_OK ||
        mp_doc_parse(&f->doc, writer_view(&f->whole), MP_WELL_FORMED) != ERR_OK)
        return NULL;
    return mp_doc_root(f->doc);
}

void author_fields_wipe(struct author_fields *f)
{
    mp_doc_free(f->doc);
    writer_free(&f->own);
    writer_free(&f->whole);
}
