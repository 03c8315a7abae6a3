/* Finding: by words, by what fits me, by chance. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/hide.h"
#include "daemon/listing.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/suggest.h"
#include "proto/kind.h"
#include "proto/request_state.h"
#include "store/text.h"

/* ---- Where to look ---------------------------------------------------- */

static const struct {
    const char *name;
    uint64_t kind;
} places[] = {
    { "projects", KIND_PROJECT },
    { "requests", KIND_REQUEST },
    { "contributions", KIND_CONTRIBUTION },
    { "people", KIND_PROFILE },
};
enum { PLACES = sizeof places / sizeof places[0] };

/* The kind that `in` names, 0 if it is not given; false: the call failed. */
static bool read_place(struct call *call, uint64_t *kind)
{
    struct bytes in = mp_str(call_param(call, "in"));

    *kind = 0;
    if (!param_is_given(call, "in"))
        return true;
    for (size_t i = 0; i < PLACES; i++) {
        struct bytes name = { (const uint8_t *)places[i].name,
                              strlen(places[i].name) };

        if (bytes_equal(in, name)) {
            *kind = places[i].kind;
            return true;
        }
    }
    call_fail(call, ERR_USAGE, "this is no place to look in",
              "Places are projects, requests, contributions, people.");
    return false;
}

/* ---- Items ------------------------------------------------------------ */

/* Whether it is in force, and may be seen here. */
static enum err is_visible(bool *out, struct call *call,
                           const struct topic_state *ts,
                           const struct topic_entry *e)
{
    uint64_t hidden_until_ms = 0;
    enum err err = ERR_OK;

    *out = e != NULL && topic_state_current(ts, e) == e;
    if (*out && e->record.kind == KIND_CONTRIBUTION)
        err = search_hidden_until(&hidden_until_ms, call, ts, e);
    *out = *out && hidden_until_ms == 0;
    return err;
}

static void put_item(struct call *call, struct writer *w,
                     const struct topic_state *ts, const struct topic_entry *e,
                     const struct mp_value *body)
{
    bool is_person = e->record.kind == KIND_PROFILE;
    const uint8_t *author = e->record.author;
    struct bytes name = desk_name(call_desk(call), author);

    mp_put_map(w, 7);
    pair_text(w, "kind", kind_find(e->record.kind)->name);
    pair_id(w, "id", ts->entries[e->first].record.id);
    pair_id(w, "topic", e->record.topic);
    pair_str(w, "title", mp_str(mp_get(body, is_person ? "name" : "title")));
    pair_id(w, "author", author);
    pair_str(w, "author_name", name);
    pair_uint(w, "created_ms", ts->entries[e->first].record.created_ms);
}

static enum err find_item(struct call *call, const struct store_item *item,
                          struct writer *w, bool *taken)
{
    const struct topic_entry *entry;
    struct topic_state *ts;
    struct mp_doc *doc;
    enum err e =
        topic_cache_get(desk_topics(call_desk(call)), item->topic, &ts);

    *taken = false;
    if (e != ERR_OK)
        return e;
    entry = topic_state_find(ts, item->id);
    e = is_visible(taken, call, ts, entry);
    if (e != ERR_OK || !*taken)
        return e;
    e = topic_entry_body(&doc, entry);
    if (e != ERR_OK) {
        *taken = false;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    put_item(call, w, ts, entry, mp_doc_root(doc));
    mp_doc_free(doc);
    return ERR_OK;
}

void method_find(struct call *call)
{
    struct search search = { .count = 0 };
    struct listing listing;
    uint64_t kind;

    if (!listing_begin(&listing, call) || !read_place(call, &kind))
        return;
    search_add_param(&search, call, "text", TEXT_WORD);
    if (listing_search(&listing, &search, kind))
        listing_run(&listing, find_item);
}

/* ---- By chance -------------------------------------------------------- */

enum { TRIES = 64, TRIED_MAX = 100000 };

static bool is_wanted(uint64_t kind, uint64_t asked)
{
    if (asked != 0)
        return kind == asked;
    return kind == KIND_PROJECT || kind == KIND_REQUEST ||
           kind == KIND_CONTRIBUTION;
}

/* Puts the record with that number, if it is one that may be drawn. */
static enum err try_number(struct call *call, uint64_t seq, uint64_t asked,
                           struct writer *w, bool *taken)
{
    struct store_item item;
    enum err e = store_find_seq(node_store(call_node(call)), seq, &item);

    *taken = false;
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK || !is_wanted(item.kind, asked) ||
        item.presence != RECORD_HELD ||
        desk_hides(call_desk(call), item.id, item.author, NULL))
        return e;
    return find_item(call, &item, w, taken);
}

static uint64_t random_below(uint64_t n)
{
    uint64_t r;

    randombytes_buf(&r, sizeof r);
    return r % n;
}

/* Numbers drawn evenly; where what is wanted is rare, the next that is. */
static enum err draw(struct call *call, uint64_t asked, struct writer *w,
                     bool *taken)
{
    struct store_totals totals;
    uint64_t from;
    enum err e = store_totals(node_store(call_node(call)), &totals);

    *taken = false;
    if (e != ERR_OK || totals.last_seq == 0)
        return e;
    for (unsigned i = 0; i < TRIES && e == ERR_OK && !*taken; i++)
        e = try_number(call, 1 + random_below(totals.last_seq), asked, w,
                       taken);
    from = random_below(totals.last_seq);
    for (uint64_t i = 0;
         i < totals.last_seq && i < TRIED_MAX && e == ERR_OK && !*taken; i++)
        e = try_number(call, 1 + (from + i) % totals.last_seq, asked, w, taken);
    return e;
}

void method_random(struct call *call)
{
    struct writer item = writer_growing(RECORD_LEN_MAX);
    struct writer *w;
    bool taken;
    uint64_t kind;
    enum err e;

    if (!read_place(call, &kind))
        return;
    e = draw(call, kind, &item, &taken);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
    } else {
        w = call_reply(call);
        mp_put_map(w, 2);
        pair_array(w, "items", taken ? 1 : 0);
        writer_bytes(w, writer_view(&item));
        pair_nil(w, "next");
        call_send(call);
    }
    writer_free(&item);
}

/* ---- What fits me ----------------------------------------------------- */

void method_suggest(struct call *call)
{
    static const uint8_t none[ID_LEN] = { 0 };
    struct suggestion found[SUGGESTIONS_MAX];
    uint32_t limit = param_limit(call);
    size_t count = limit < SUGGESTIONS_MAX ? limit : SUGGESTIONS_MAX;
    struct writer *w;
    enum err e;

    if (param_signer(call) == NULL)
        return;
    e = suggest_requests(call, none, found, &count);
    if (e != ERR_OK) {
        call_fail(call, e, NULL, NULL);
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 2);
    pair_array(w, "items", (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        suggest_put(w, &found[i]);
    pair_nil(w, "next");
    call_send(call);
}
