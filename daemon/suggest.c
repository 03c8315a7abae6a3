/* Open requests that fit a person: found by the index, then judged. */
#include "daemon/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/desk.h"
#include "daemon/hide.h"
#include "daemon/node.h"
#include "daemon/pair.h"
#include "daemon/search.h"
#include "daemon/topic_cache.h"
#include "proto/kind.h"
#include "proto/request_state.h"
#include "store/text.h"

enum {
    TAGS_MAX = 96,  /* all skills and all that is sought */
    WORKS_MAX = 64, /* of mine that are looked at, newest first */
    KINDS = 8,
    FITS_MAX = 4096,  /* requests that something fits */
    JUDGED_MAX = 1000 /* of them, best first */
};
/* A tag says more than a kind that one once made. */
enum { SCORE_TAG = 4, SCORE_KIND = 1 };

struct fit {
    uint64_t seq;
    uint32_t score;
    uint16_t best; /* the term that fits best */
    uint16_t best_score;
};

struct fits {
    struct call *call;
    struct store_term terms[TAGS_MAX + KINDS];
    size_t terms_count;
    struct fit *items;
    size_t count;
};

/* ---- What I can and seek ---------------------------------------------- */

static void add_term(struct fits *f, unsigned class, struct bytes text)
{
    if (f->terms_count < TAGS_MAX + KINDS && text.len > 0)
        f->terms[f->terms_count++] =
            (struct store_term){ .class = class, .text = text };
}

static void add_profile(struct fits *f, const struct mp_value *profile)
{
    const struct mp_value *skills = mp_get(profile, "skills");
    const struct mp_value *seeking = mp_get(profile, "seeking");

    for (uint32_t i = 0; i < mp_count(skills) && i < TAGS_MAX / 2; i++)
        add_term(f, TEXT_INTEREST, mp_str(mp_get(mp_at(skills, i), "tag")));
    for (uint32_t i = 0; i < mp_count(seeking) && i < TAGS_MAX / 2; i++)
        add_term(f, TEXT_INTEREST, mp_str(mp_at(seeking, i)));
}

/* The kinds of my newest works. */
static enum err add_kinds(struct fits *f, const uint8_t me[ID_LEN])
{
    struct store *store = node_store(call_node(f->call));
    bool has[KINDS] = { false };
    struct store_scan scan;
    struct store_item item;
    size_t n = 1;
    enum err e = ERR_OK;

    store_scan_by_author(&scan, me);
    scan.newest_first = true;
    scan.held_only = true;
    for (size_t i = 0; i < WORKS_MAX && e == ERR_OK; i++) {
        struct body body;
        const char *name;
        uint64_t kind;

        e = store_scan_next(store, &scan, &item, 1, &n);
        if (e != ERR_OK || n == 0)
            break;
        if (item.kind != KIND_CONTRIBUTION)
            continue;
        body_open(&body, store, item.id);
        kind = mp_uint(mp_get(body.map, "media_kind"));
        body_close(&body);
        if (kind == 0 || kind >= KINDS || has[kind])
            continue;
        has[kind] = true;
        name = kind_choice_name(CHOICES_MEDIA_KIND, kind);
        add_term(f, TEXT_MEDIA,
                 (struct bytes){ (const uint8_t *)name, strlen(name) });
    }
    return e;
}

/* ---- What fits -------------------------------------------------------- */

static void add_fit(struct fits *f, uint64_t seq, size_t term, uint32_t score)
{
    if (f->count < FITS_MAX)
        f->items[f->count++] = (struct fit){ .seq = seq,
                                             .score = score,
                                             .best = (uint16_t)term,
                                             .best_score = (uint16_t)score };
}

static int by_seq(const void *left, const void *right)
{
    const struct fit *a = left;
    const struct fit *b = right;

    return (a->seq > b->seq) - (a->seq < b->seq);
}

static int by_score(const void *left, const void *right)
{
    const struct fit *a = left;
    const struct fit *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return -by_seq(left, right);
}

/* What several terms fit is one, and fits the better. */
static void merge(struct fits *f)
{
    size_t kept = 0;

    qsort(f->items, f->count, sizeof *f->items, by_seq);
    for (size_t i = 0; i < f->count; i++) {
        struct fit *last = kept == 0 ? NULL : &f->items[kept - 1];

        if (last == NULL || last->seq != f->items[i].seq) {
            f->items[kept++] = f->items[i];
            continue;
        }
        last->score += f->items[i].score;
        if (f->items[i].best_score > last->best_score) {
            last->best = f->items[i].best;
            last->best_score = f->items[i].best_score;
        }
    }
    f->count = kept;
    qsort(f->items, f->count, sizeof *f->items, by_score);
}

static enum err collect(struct fits *f)
{
    struct store *store = node_store(call_node(f->call));
    enum err e = ERR_OK;

    for (size_t t = 0; t < f->terms_count && e == ERR_OK; t++) {
        uint32_t score =
            f->terms[t].class == TEXT_MEDIA ? SCORE_KIND : SCORE_TAG;
        struct store_hits hits;

        e = store_search(store, &f->terms[t], 1, KIND_REQUEST, &hits);
        if (e == ERR_NOT_FOUND || e == ERR_TOO_LARGE) {
            e = ERR_OK; /* a tag without a letter, or one that all have */
            continue;
        }
        if (e != ERR_OK)
            break;
        for (size_t i = 0; i < hits.count; i++)
            add_fit(f, hits.items[i].seq, t, score);
        store_hits_free(&hits);
    }
    merge(f);
    return e;
}

/* ---- What may still be answered --------------------------------------- */

/* Whether I lead there, or have answered. */
static bool is_mine(struct call *call, const struct topic_state *ts,
                    const struct topic_entry *request)
{
    const uint8_t *me = node_person(call_node(call))->person;
    uint32_t at = topic_links_first(ts, me, KIND_CONTRIBUTION);
    uint8_t id[ID_LEN];

    if (authority_is_leader(ts, me, ts->now_ms))
        return true;
    for (; at != TOPIC_NONE; at = ts->back.links[at].next) {
        const struct topic_entry *work = &ts->entries[ts->back.links[at].by];
        uint32_t answered =
            record_link_find(&work->record, RELATION_REQUEST, id)
                ? topic_state_index(ts, id)
                : TOPIC_NONE;

        if (answered != TOPIC_NONE &&
            ts->entries[answered].first == request->first)
            return true;
    }
    return false;
}

static void describe(struct suggestion *out, const struct topic_state *ts,
                     const struct request_state *state,
                     const struct topic_entry *first,
                     const struct mp_value *body)
{
    struct bytes title = mp_str(mp_get(body, "title"));

    *out = (struct suggestion){ .deadline_ms = state->deadline_ms,
                                .created_ms = first->record.created_ms };
    memcpy(out->id, first->record.id, ID_LEN);
    memcpy(out->project, ts->topic, ID_LEN);
    out->in_project = memcmp(ts->topic, first->record.id, ID_LEN) != 0;
    if (title.len <= sizeof out->title) {
        memcpy(out->title, title.data, title.len);
        out->title_len = title.len;
    }
}

/* The suggestion that the fit makes, if it can be answered; else *good is
 * false. */
static enum err judge(struct fits *f, const struct fit *fit,
                      const uint8_t except[ID_LEN], struct suggestion *out,
                      bool *good)
{
    const struct store_term *term = &f->terms[fit->best];
    struct topic_state *ts;
    const struct topic_entry *entry;
    struct request_state state;
    struct store_item item;
    struct mp_doc *doc;
    enum err e =
        store_find_seq(node_store(call_node(f->call)), fit->seq, &item);

    *good = false;
    if (e == ERR_OK &&
        desk_hides(call_desk(f->call), item.id, item.author, NULL))
        return ERR_OK; /* asked first: it may read topics of its own */
    if (e == ERR_OK)
        e = topic_cache_get(desk_topics(call_desk(f->call)), item.topic, &ts);
    entry = e == ERR_OK ? topic_state_find(ts, item.id) : NULL;
    if (entry == NULL || topic_state_current(ts, entry) != entry ||
        memcmp(ts->entries[entry->first].record.id, except, ID_LEN) == 0)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = request_state_of(&state, ts, item.id);
    if (e != ERR_OK || state.phase != REQUEST_OPEN ||
        is_mine(f->call, ts, entry))
        return e;
    e = topic_entry_body(&doc, entry);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    describe(out, ts, &state, &ts->entries[entry->first], mp_doc_root(doc));
    mp_doc_free(doc);
    out->score = fit->score;
    out->why_len =
        term->text.len < SUGGEST_WHY_MAX ? term->text.len : SUGGEST_WHY_MAX;
    memcpy(out->why, term->text.data, out->why_len);
    *good = true;
    return ERR_OK;
}

/* Best fit first, then the nearest deadline, then the newest. */
static bool is_before(const struct suggestion *a, const struct suggestion *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    if (a->deadline_ms != b->deadline_ms)
        return a->deadline_ms != 0 &&
               (b->deadline_ms == 0 || a->deadline_ms < b->deadline_ms);
    return a->created_ms > b->created_ms;
}

static void insert(struct suggestion *out, size_t *count, size_t max,
                   const struct suggestion *s)
{
    size_t at = *count;

    while (at > 0 && is_before(s, &out[at - 1]))
        at--;
    if (at == max)
        return;
    if (*count < max)
        ++*count;
    memmove(&out[at + 1], &out[at], (*count - at - 1) * sizeof *out);
    out[at] = *s;
}

static enum err choose(struct fits *f, const uint8_t except[ID_LEN],
                       struct suggestion *out, size_t *count)
{
    size_t max = *count;
    enum err e = ERR_OK;

    *count = 0;
    for (size_t i = 0; i < f->count && i < JUDGED_MAX && e == ERR_OK; i++) {
        struct suggestion s;
        bool good;

        if (*count == max && f->items[i].score < out[max - 1].score)
            break;
        e = judge(f, &f->items[i], except, &s, &good);
        if (e == ERR_OK && good)
            insert(out, count, max, &s);
    }
    return e;
}

enum err suggest_requests(struct call *call, const uint8_t except[ID_LEN],
                          struct suggestion *out, size_t *count)
{
    const struct person_keys *me = node_person(call_node(call));
    struct fits fits = { .call = call };
    struct store *store = node_store(call_node(call));
    struct body profile = { .map = NULL };
    struct store_item item;
    enum err e = body_find_profile(store, me->person, &item);

    if (e == ERR_OK)
        body_open(&profile, store, item.id);
    else if (e == ERR_NOT_FOUND)
        e = ERR_OK;
    fits.items = calloc(FITS_MAX, sizeof *fits.items);
    if (fits.items == NULL && e == ERR_OK)
        e = ERR_NO_MEMORY;
    add_profile(&fits, profile.map);
    if (e == ERR_OK)
        e = add_kinds(&fits, me->person);
    if (e == ERR_OK)
        e = collect(&fits);
    if (e == ERR_OK)
        e = choose(&fits, except, out, count);
    free(fits.items);
    body_close(&profile);
    return e;
}

void suggest_put(struct writer *w, const struct suggestion *s)
{
    mp_put_map(w, 5);
    pair_id(w, "id", s->id);
    pair_id(w, "project", s->in_project ? s->project : NULL);
    pair_str(w, "title", (struct bytes){ s->title, s->title_len });
    if (s->deadline_ms == 0)
        pair_nil(w, "deadline_ms");
    else
        pair_uint(w, "deadline_ms", s->deadline_ms);
    pair_str(w, "why", (struct bytes){ s->why, s->why_len });
}
