/*
 * Searches: the rows of each word or tag are collected, and what all have in
 * common is the answer, newest first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"
#include "store/page.h"
#include "store/text.h"

struct search {
    const struct look *look;
    const struct store_term *term;
    uint64_t kind;          /* 0: any */
    struct store_hits hits; /* of all words so far */
    bool begun;
    struct store_hits found; /* of this word */
    size_t cap;
};

static enum err add_hit(struct search *s, const struct store_hit *hit)
{
    size_t cap = s->cap == 0 ? 64 : s->cap * 2;
    struct store_hit *grown;

    if (s->found.count == STORE_HITS_MAX)
        return ERR_TOO_LARGE;
    if (s->found.count == s->cap) {
        grown = realloc(s->found.items, cap * sizeof *grown);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        s->found.items = grown;
        s->cap = cap;
    }
    s->found.items[s->found.count++] = *hit;
    return ERR_OK;
}

/* Newest first; of one time by their ids, which are the same everywhere. */
static int compare(const void *left, const void *right)
{
    const struct store_hit *a = left;
    const struct store_hit *b = right;

    if (a->created_ms != b->created_ms)
        return a->created_ms > b->created_ms ? -1 : 1;
    if (a->place != b->place)
        return a->place > b->place ? -1 : 1;
    return a->seq == b->seq ? 0 : a->seq > b->seq ? -1 : 1;
}

/* A record may have several words that begin alike. */
static void sort_found(struct search *s)
{
    size_t kept = 0;

    if (s->found.count > 1)
        qsort(s->found.items, s->found.count, sizeof *s->found.items, compare);
    for (size_t i = 0; i < s->found.count; i++) {
        if (kept == 0 ||
            compare(&s->found.items[kept - 1], &s->found.items[i]) != 0)
            s->found.items[kept++] = s->found.items[i];
    }
    s->found.count = kept;
}

/* Both are sorted: what is in both stays. */
static void keep_common(struct store_hits *hits, const struct store_hits *found)
{
    size_t kept = 0;
    size_t at = 0;

    for (size_t i = 0; i < hits->count; i++) {
        while (at < found->count &&
               compare(&found->items[at], &hits->items[i]) < 0)
            at++;
        if (at < found->count &&
            compare(&found->items[at], &hits->items[i]) == 0)
            hits->items[kept++] = hits->items[i];
    }
    hits->count = kept;
}

static enum err collect_at(void *context, size_t at, struct bytes key,
                           struct bytes value)
{
    struct search *s = context;
    struct store_hit hit;

    (void)at;
    (void)value;
    if (!text_key_read(key, &hit))
        return ERR_CORRUPT;
    if (hit.seq > s->look->applied || (s->kind != 0 && s->kind != hit.kind))
        return ERR_OK;
    return add_hit(s, &hit);
}

static enum err collect(struct search *s, const struct key *prefix)
{
    struct page page = { .txn = s->look->index,
                         .table = I_WORDS,
                         .from = *prefix,
                         .until = *prefix,
                         .read = collect_at,
                         .context = s };
    size_t n;

    return page_read(&page, SIZE_MAX, &n);
}

static enum err search_word(void *context, struct bytes word)
{
    struct search *s = context;
    bool is_tag = s->term->class != TEXT_WORD;
    struct key prefix = text_prefix(s->term->class, word, is_tag);
    enum err e;

    s->found.count = 0;
    e = collect(s, &prefix);
    if (e != ERR_OK)
        return e;
    sort_found(s);
    if (s->begun) {
        keep_common(&s->hits, &s->found);
        return ERR_OK;
    }
    s->begun = true;
    s->hits = s->found; /* taken over */
    s->found = (struct store_hits){ 0 };
    s->cap = 0;
    return ERR_OK;
}

enum err store_search(struct store *store, const struct store_term *terms,
                      size_t count, uint64_t kind, struct store_hits *out)
{
    struct search s = { .kind = kind };
    struct look *look;
    enum err e = store_look(store, &look);

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        s.look = look;
        s.term = &terms[i];
        if (terms[i].class == TEXT_WORD)
            e = text_each_word(terms[i].text, search_word, &s);
        else
            e = text_tag(terms[i].text, search_word, &s);
    }
    if (e == ERR_OK && !s.begun)
        e = ERR_NOT_FOUND;
    free(s.found.items);
    if (e != ERR_OK) {
        free(s.hits.items);
        return e;
    }
    *out = s.hits;
    return ERR_OK;
}

void store_hits_free(struct store_hits *hits)
{
    free(hits->items);
    *hits = (struct store_hits){ 0 };
}
