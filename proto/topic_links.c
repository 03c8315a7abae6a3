/* Links backwards: chains of links in an open table. */
#include "proto/topic_links.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/topic_state.h"

#define SLOTS_FIRST 64
#define LINKS_FIRST 64
/* So much of an id tells it from others, as in the `known` of a close. */
#define MARK_LEN 16
/* The slot of a chain of which nothing is left. */
#define SLOT_DEAD UINT32_MAX

void topic_links_wipe(struct topic_links *links)
{
    free(links->links);
    free(links->slots);
    *links = (struct topic_links){ 0 };
}

static const uint8_t *mark_of(const struct topic_state *ts,
                              const struct topic_link *link)
{
    return ts->entries[link->by].whole + link->at;
}

static uint64_t kind_of(const struct topic_state *ts,
                        const struct topic_link *link)
{
    return ts->entries[link->by].record.kind;
}

/* The kind is spread over the hash of the id. */
static uint64_t hash_of(const struct topic_state *ts,
                        const uint8_t mark[MARK_LEN], uint64_t kind)
{
    return slot_hash(&ts->key, mark, MARK_LEN) ^
           (kind + 1) * 0x9e3779b97f4a7c15u;
}

/* The slot of that chain, or the free one where it would be. */
static uint32_t *find(const struct topic_state *ts,
                      const uint8_t mark[MARK_LEN], uint64_t kind)
{
    const struct topic_links *l = &ts->back;
    uint32_t at = (uint32_t)(hash_of(ts, mark, kind) & (l->slots_count - 1));

    /* Ends: at most half of the slots are taken. */
    for (; l->slots[at] != 0; at = (at + 1) & (l->slots_count - 1)) {
        const struct topic_link *link;

        if (l->slots[at] == SLOT_DEAD)
            continue;
        link = &l->links[l->slots[at] - 1];
        if (kind_of(ts, link) == kind &&
            memcmp(mark_of(ts, link), mark, MARK_LEN) == 0)
            break;
    }
    return &l->slots[at];
}

static uint32_t live_slots(const struct topic_links *l)
{
    uint32_t live = 0;

    for (uint32_t i = 0; i < l->slots_count; i++)
        live += l->slots[i] != 0 && l->slots[i] != SLOT_DEAD;
    return live;
}

/* Room for one more chain; dead slots are left behind. */
static enum err grow_slots(struct topic_state *ts)
{
    struct topic_links *l = &ts->back;
    uint32_t *old = l->slots;
    uint32_t old_count = l->slots_count;
    uint32_t live;
    uint32_t count;
    uint32_t *slots;

    if ((l->slots_used + 1) * 2 <= l->slots_count)
        return ERR_OK;
    live = live_slots(l);
    for (count = SLOTS_FIRST; count < (live + 1) * 3;)
        count *= 2;
    slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    l->slots = slots;
    l->slots_count = count;
    l->slots_used = live;
    for (uint32_t i = 0; i < old_count; i++) {
        const struct topic_link *link;

        if (old[i] == 0 || old[i] == SLOT_DEAD)
            continue;
        link = &l->links[old[i] - 1];
        *find(ts, mark_of(ts, link), kind_of(ts, link)) = old[i];
    }
    free(old);
    return ERR_OK;
}

static enum err grow_links(struct topic_links *l)
{
    uint32_t cap = l->cap == 0 ? LINKS_FIRST : l->cap * 2;
    struct topic_link *links;

    if (l->count < l->cap)
        return ERR_OK;
    links = realloc(l->links, (size_t)cap * sizeof *links);
    if (links == NULL)
        return ERR_NO_MEMORY;
    l->links = links;
    l->cap = cap;
    return ERR_OK;
}

/* `id` lies within the bytes of the entry. */
static enum err put(struct topic_state *ts, uint32_t by, const uint8_t *id)
{
    const struct topic_entry *e = &ts->entries[by];
    struct topic_links *l = &ts->back;
    enum err err = grow_links(l);
    uint32_t *slot;

    if (err == ERR_OK)
        err = grow_slots(ts);
    if (err != ERR_OK)
        return err;
    slot = find(ts, id, e->record.kind);
    if (*slot == 0)
        l->slots_used++;
    l->links[l->count] = (struct topic_link){
        .by = by,
        .next = *slot == 0 ? TOPIC_NONE : *slot - 1,
        .at = (uint32_t)(id - e->whole),
    };
    *slot = ++l->count;
    return ERR_OK;
}

/* Links stand in the head as [relation, id]: the id ends the element. */
static enum err note_head(struct topic_state *ts, uint32_t by)
{
    const struct record *r = &ts->entries[by].record;
    struct reader links = reader_of(r->links);
    struct record_link link;
    enum err err = ERR_OK;

    while (err == ERR_OK && record_link_next(&links, &link))
        err = put(ts, by, links.pos - ID_LEN);
    return err;
}

static enum err note_items(struct topic_state *ts, uint32_t by,
                           const struct mp_value *items, const char *field)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < mp_count(items); i++) {
        const struct mp_value *item = mp_at(items, i);
        struct bytes id = mp_bin(field == NULL ? item : mp_get(item, field));

        if (id.len == ID_LEN || id.len == MARK_LEN)
            err = put(ts, by, id.data);
    }
    return err;
}

static enum err note_page(struct topic_state *ts, uint32_t by,
                          const struct mp_value *body)
{
    struct bytes of = mp_str(mp_get(body, "of"));

    if (bytes_equal(of, BYTES_LITERAL("known")))
        return note_items(ts, by, mp_get(body, "items"), NULL);
    if (bytes_equal(of, BYTES_LITERAL("parts")))
        return note_items(ts, by, mp_get(body, "items"), "contribution");
    return ERR_OK;
}

static enum err note_body(struct topic_state *ts, uint32_t by)
{
    const struct topic_entry *e = &ts->entries[by];
    uint64_t kind = e->record.kind;
    const struct mp_value *body;
    struct mp_doc *doc;
    enum err err;

    if (kind != KIND_RELEASE && kind != KIND_REQUEST_CLOSE && kind != KIND_PAGE)
        return ERR_OK;
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err == ERR_NO_MEMORY ? err : ERR_OK;
    body = mp_doc_root(doc);
    if (kind == KIND_PAGE) {
        err = note_page(ts, by, body);
    } else {
        err = note_items(ts, by, mp_get(body, "pages"), NULL);
        if (err == ERR_OK && kind == KIND_RELEASE)
            err = note_items(ts, by, mp_get(body, "parts"), "contribution");
        if (err == ERR_OK && kind == KIND_REQUEST_CLOSE)
            err = note_items(ts, by, mp_get(body, "known"), NULL);
    }
    mp_doc_free(doc);
    return err;
}

/* An id that stands somewhere in the head. */
static enum err note_in_head(struct topic_state *ts, uint32_t by,
                             const uint8_t id[ID_LEN])
{
    const struct record *r = &ts->entries[by].record;
    const uint8_t *end = r->head.data + r->head.len - ID_LEN;

    for (const uint8_t *at = r->head.data; at <= end; at++) {
        if (memcmp(at, id, ID_LEN) == 0)
            return put(ts, by, at);
    }
    return ERR_OK;
}

static enum err note_others(struct topic_state *ts, uint32_t by)
{
    const struct record *r = &ts->entries[by].record;
    enum err err = ERR_OK;

    if (r->has_revises)
        err = note_in_head(ts, by, r->revises);
    if (err == ERR_OK && r->kind == KIND_CONTRIBUTION)
        err = note_in_head(ts, by, r->author);
    return err;
}

enum err topic_links_note(struct topic_state *ts, uint32_t index,
                          bool only_body)
{
    enum err err = ERR_OK;

    if (!only_body)
        err = note_head(ts, index);
    if (!only_body && err == ERR_OK)
        err = note_others(ts, index);
    return err == ERR_OK ? note_body(ts, index) : err;
}

void topic_links_drop(struct topic_state *ts, uint32_t index)
{
    struct topic_links *l = &ts->back;

    while (l->count > 0 && l->links[l->count - 1].by == index) {
        const struct topic_link *link = &l->links[l->count - 1];
        uint32_t *slot = find(ts, mark_of(ts, link), kind_of(ts, link));

        assert(*slot == l->count);
        *slot = link->next == TOPIC_NONE ? SLOT_DEAD : link->next + 1;
        l->count--;
    }
}

uint32_t topic_links_first(const struct topic_state *ts,
                           const uint8_t id[ID_LEN], uint64_t kind)
{
    uint32_t slot;

    if (ts->back.slots_count == 0)
        return TOPIC_NONE;
    slot = *find(ts, id, kind);
    return slot == 0 ? TOPIC_NONE : slot - 1;
}

bool topic_links_has(const struct topic_state *ts, uint32_t by,
                     const uint8_t id[ID_LEN], uint64_t kind)
{
    for (uint32_t at = topic_links_first(ts, id, kind); at != TOPIC_NONE;
         at = ts->back.links[at].next) {
        if (ts->back.links[at].by == by)
            return true;
    }
    return false;
}

/* ---- Of an object ----------------------------------------------------- */

static enum err add_namer(struct topic_namers *n, uint32_t *cap, uint32_t by)
{
    uint32_t more = *cap == 0 ? 16 : *cap * 2;
    uint32_t *grown;

    if (n->count == *cap) {
        grown = realloc(n->at, (size_t)more * sizeof *grown);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        n->at = grown;
        *cap = more;
    }
    n->at[n->count++] = by;
    return ERR_OK;
}

static enum err add_namers(struct topic_namers *n, uint32_t *cap,
                           const struct topic_state *ts, uint32_t version,
                           uint64_t kind)
{
    const uint8_t *id = ts->entries[version].record.id;
    enum err err = ERR_OK;

    for (uint32_t at = topic_links_first(ts, id, kind);
         err == ERR_OK && at != TOPIC_NONE; at = ts->back.links[at].next)
        err = add_namer(n, cap, ts->back.links[at].by);
    return err;
}

static int by_order(const void *a, const void *b, void *context)
{
    const struct topic_entry *entries = context;

    return topic_entry_compare(&entries[*(const uint32_t *)a],
                               &entries[*(const uint32_t *)b]);
}

/* One that names two versions, or one twice, stands there once. */
static void sort_namers(struct topic_namers *n, const struct topic_state *ts)
{
    uint32_t kept = 0;

    if (n->count > 1)
        qsort_r(n->at, n->count, sizeof *n->at, by_order, ts->entries);
    for (uint32_t i = 0; i < n->count; i++) {
        if (kept == 0 || n->at[kept - 1] != n->at[i])
            n->at[kept++] = n->at[i];
    }
    n->count = kept;
}

/* The next version after `*at`, beginning with the first record itself. */
static bool next_version(const struct topic_state *ts, uint32_t first,
                         uint32_t *link, uint32_t *version)
{
    const struct record *r = &ts->entries[first].record;

    if (*version == TOPIC_NONE) {
        *version = first;
        *link = topic_links_first(ts, r->id, r->kind);
        return true;
    }
    for (; *link != TOPIC_NONE; *link = ts->back.links[*link].next) {
        uint32_t by = ts->back.links[*link].by;

        if (by != first && by != *version &&
            ts->entries[by].record.has_revises &&
            ts->entries[by].first == first) {
            *version = by;
            *link = ts->back.links[*link].next;
            return true;
        }
    }
    return false;
}

enum err topic_namers_of(struct topic_namers *out, const struct topic_state *ts,
                         uint32_t first, uint64_t kind)
{
    struct topic_namers n = { 0 };
    uint32_t version = TOPIC_NONE;
    uint32_t link = TOPIC_NONE;
    uint32_t cap = 0;
    enum err err = ERR_OK;

    while (err == ERR_OK && next_version(ts, first, &link, &version))
        err = add_namers(&n, &cap, ts, version, kind);
    if (err != ERR_OK) {
        topic_namers_wipe(&n);
        return err;
    }
    sort_namers(&n, ts);
    *out = n;
    return ERR_OK;
}

void topic_namers_wipe(struct topic_namers *namers)
{
    free(namers->at);
    *namers = (struct topic_namers){ 0 };
}

/* Whether a record of `kind` in force names that id. */
static bool is_named(const struct topic_state *ts, const uint8_t id[ID_LEN],
                     uint64_t kind)
{
    for (uint32_t at = topic_links_first(ts, id, kind); at != TOPIC_NONE;
         at = ts->back.links[at].next) {
        if (verdict_is_in_force(&ts->entries[ts->back.links[at].by].verdict))
            return true;
    }
    return false;
}

bool topic_is_named(const struct topic_state *ts, uint32_t first, uint64_t kind)
{
    uint32_t version = TOPIC_NONE;
    uint32_t link = TOPIC_NONE;

    while (next_version(ts, first, &link, &version)) {
        if (is_named(ts, ts->entries[version].record.id, kind))
            return true;
    }
    return false;
}

/* A part is named by its release, or by a page that the release names. */
bool topic_is_used(const struct topic_state *ts, uint32_t first)
{
    uint32_t version = TOPIC_NONE;
    uint32_t link = TOPIC_NONE;
    bool used = false;

    while (!used && next_version(ts, first, &link, &version)) {
        const uint8_t *id = ts->entries[version].record.id;
        uint32_t at = topic_links_first(ts, id, KIND_PAGE);

        used = is_named(ts, id, KIND_RELEASE);
        for (; !used && at != TOPIC_NONE; at = ts->back.links[at].next)
            used = is_named(ts, ts->entries[ts->back.links[at].by].record.id,
                            KIND_RELEASE);
    }
    return used;
}
