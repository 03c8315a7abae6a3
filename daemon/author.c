/* Authoring: the rules are asked before anything is signed for good. */
#include "daemon/author.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/field_error.h"
#include "daemon/pair.h"
#include "daemon/refusal.h"
#include "proto/authority.h"
#include "proto/kind_pages.h"

struct authoring {
    struct call *call;
    author_fn *done;
    method_fn on_lost;
    struct paged *paged; /* it is a page of that, or NULL */
    uint8_t id[ID_LEN];
};

/* A record whose lists go on in pages, which are published before it. */
struct paged {
    struct author_draft draft; /* its ids and fields are ours */
    author_fn *done;
    struct kind_pages pages;
    uint8_t ids[KIND_PAGES_MAX][ID_LEN];
    size_t count; /* published */
    uint8_t topic[ID_LEN];
    uint8_t revises[ID_LEN];
    struct writer fields;
    struct mp_doc *doc;
};

static void paged_next(struct call *call, struct paged *p);

static void paged_free(struct paged *p)
{
    if (p == NULL)
        return;
    kind_pages_wipe(&p->pages);
    mp_doc_free(p->doc);
    writer_free(&p->fields);
    free(p);
}

static void on_published(void *context, enum err e,
                         const struct store_result *result)
{
    struct authoring *a = context;
    struct authoring copy = *a;

    (void)result;
    free(a);
    if (e != ERR_OK)
        paged_free(copy.paged);
    if (e != ERR_OK && copy.on_lost != NULL)
        copy.on_lost(copy.call);
    else if (e == ERR_NO_SPACE)
        call_fail(copy.call, e, "the disk is full: nothing was published",
                  "Free some space, then run the command again.");
    else if (e != ERR_OK)
        call_fail(copy.call, e, NULL, NULL);
    else if (copy.paged != NULL) {
        memcpy(copy.paged->ids[copy.paged->count++], copy.id, ID_LEN);
        paged_next(copy.call, copy.paged);
    } else {
        copy.done(copy.call, copy.id);
    }
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
    call_failf(call, ERR_REFUSED, refusal_hint(verdict.reason),
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
        .created_ms = draft->created_ms != 0 ? draft->created_ms
                                             : desk_next_ms(call_desk(call)),
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

/* `paged` is the record of which this is a page; else NULL. */
static void publish(struct call *call, const struct author_draft *draft,
                    author_fn *done, struct paged *paged)
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
    a->paged = paged;
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
    paged_free(paged);
    writer_free(&map);
    writer_free(&whole);
}

/* The next page, or, all of them being durable, the record itself. */
static void paged_next(struct call *call, struct paged *p)
{
    bool is_last = p->count == p->pages.count;
    struct author_draft draft = { .kind = KIND_PAGE,
                                  .topic = p->topic,
                                  .on_lost = p->draft.on_lost };
    struct writer w = writer_growing(AUTHOR_FIELDS_MAX);
    struct mp_doc *doc = NULL;
    enum err e;

    if (is_last) {
        draft = p->draft;
        kind_pages_put_rest(&w, &p->pages, p->draft.fields, p->ids[0]);
    } else {
        kind_pages_put(&w, &p->pages, p->count);
    }
    e = w.err != ERR_OK ? w.err
                        : mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        paged_free(p);
    } else if (is_last) {
        draft.fields = mp_doc_root(doc);
        publish(call, &draft, p->done, NULL);
        paged_free(p);
    } else {
        draft.fields = mp_doc_root(doc);
        publish(call, &draft, NULL, p);
    }
    mp_doc_free(doc);
    writer_free(&w);
}

/* A copy of the draft that outlives the call of its method. */
static struct paged *paged_new(const struct author_draft *draft,
                               author_fn *done)
{
    struct paged *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->draft = *draft;
    p->done = done;
    memcpy(p->topic, draft->topic, ID_LEN);
    p->draft.topic = p->topic;
    if (draft->revises != NULL) {
        memcpy(p->revises, draft->revises, ID_LEN);
        p->draft.revises = p->revises;
    }
    p->fields = writer_growing(AUTHOR_FIELDS_MAX);
    mp_put_value(&p->fields, draft->fields);
    if (p->fields.err != ERR_OK ||
        mp_doc_parse(&p->doc, writer_view(&p->fields), MP_WELL_FORMED) !=
            ERR_OK) {
        paged_free(p);
        return NULL;
    }
    p->draft.fields = mp_doc_root(p->doc);
    return p;
}

static void publish_paged(struct call *call, const struct author_draft *draft,
                          author_fn *done, struct kind_pages *pages)
{
    struct paged *p = paged_new(draft, done);

    if (p == NULL) {
        kind_pages_wipe(pages);
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    p->pages = *pages;
    paged_next(call, p);
}

void author_publish(struct call *call, const struct author_draft *draft,
                    author_fn *done)
{
    const struct kind *kind = kind_find(draft->kind);
    struct kind_pages pages = { 0 };
    struct bytes field = { NULL, 0 };
    enum err e = ERR_OK;

    if (draft->topic != NULL) /* what founds a topic cannot have pages yet */
        e = kind_pages_plan(&pages, kind, &field, draft->fields);
    if (e == ERR_OK && pages.count > 0) {
        publish_paged(call, draft, done, &pages);
        return;
    }
    kind_pages_wipe(&pages);
    if (e == ERR_OK)
        publish(call, draft, done, NULL);
    else if (e == ERR_USAGE)
        field_error(call, kind, field, draft->fields);
    else
        call_fail(call, e,
                  e == ERR_TOO_LARGE ? "too much for one record" : NULL, NULL);
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

void author_publish_fields(struct call *call, struct author_draft *draft,
                           struct author_fields *fields)
{
    draft->fields = author_fields_map(fields, call_param(call, "fields"));
    author_publish(call, draft, author_reply_id);
    author_fields_wipe(fields);
}

void author_publish_about(struct call *call, enum kind_number kind,
                          const char *link, const struct store_item *about,
                          const char *const *names)
{
    struct author_draft draft = { .kind = kind, .topic = about->topic };
    struct author_fields fields;

    author_fields_init(&fields);
    author_fields_put_id(&fields, link, about->id);
    author_fields_take_all(&fields, call, names);
    author_publish_fields(call, &draft, &fields);
}
