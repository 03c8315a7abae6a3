/* The records of one topic: kept by id, sorted by time, read with their pages.
 * What they mean is authority.c. */
#include "proto/topic_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

#define ENTRIES_FIRST 64

enum err topic_state_new(struct topic_state **out, const uint8_t topic[ID_LEN],
                         size_t records_max)
{
    struct topic_state *ts;

    assert(records_max > 0 && records_max <= (size_t)1 << 28);
    ts = calloc(1, sizeof *ts);
    if (ts == NULL)
        return ERR_NO_MEMORY;
    memcpy(ts->topic, topic, ID_LEN);
    ts->records_max = records_max;
    ts->founder = TOPIC_NONE;
    ts->terms = TOPIC_NONE;
    *out = ts;
    return ERR_OK;
}

void topic_state_set_key(struct topic_state *ts, const struct slot_key *key)
{
    assert(ts->count == 0);
    ts->key = *key;
    ts->roles.key = *key;
    ts->named.key = *key;
}

void topic_state_free(struct topic_state *ts)
{
    if (ts == NULL)
        return;
    topic_state_drop_bodies(ts);
    for (uint32_t i = 0; i < ts->count; i++)
        free(ts->entries[i].whole);
    free(ts->entries);
    free(ts->slots);
    free(ts->order);
    free(ts->edges);
    free(ts->edges_by_source);
    free(ts->bodies);
    free(ts->rivals);
    topic_roles_wipe(&ts->roles);
    topic_links_wipe(&ts->back);
    topic_named_wipe(&ts->named);
    free(ts->revoked);
    free(ts);
}

static uint32_t slot_of(const struct topic_state *ts, const uint8_t id[ID_LEN])
{
    return (uint32_t)(slot_hash(&ts->key, id, ID_LEN) & (ts->slots_count - 1));
}

static void slot_put(struct topic_state *ts, uint32_t index)
{
    uint32_t at = slot_of(ts, ts->entries[index].record.id);

    while (ts->slots[at] != 0) /* ends: at most half of the slots are taken */
        at = (at + 1) & (ts->slots_count - 1);
    ts->slots[at] = index + 1;
}

uint32_t topic_state_index(const struct topic_state *ts,
                           const uint8_t id[ID_LEN])
{
    uint32_t at;

    if (ts->slots_count == 0)
        return TOPIC_NONE;
    for (at = slot_of(ts, id); ts->slots[at] != 0;
         at = (at + 1) & (ts->slots_count - 1)) {
        uint32_t index = ts->slots[at] - 1;

        if (memcmp(ts->entries[index].record.id, id, ID_LEN) == 0)
            return index;
    }
    return TOPIC_NONE;
}

/* Room for one more entry and its slot; the state is unchanged if it fails. */
static enum err grow(struct topic_state *ts)
{
    uint32_t cap = ts->cap == 0 ? ENTRIES_FIRST : ts->cap * 2;
    struct topic_entry *entries;
    uint32_t *order;
    uint32_t *slots;

    if (ts->count < ts->cap)
        return ERR_OK;
    slots = calloc((size_t)cap * 2, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    entries = realloc(ts->entries, (size_t)cap * sizeof *entries);
    if (entries != NULL)
        ts->entries = entries;
    order = entries == NULL ? NULL
                            : realloc(ts->order, (size_t)cap * sizeof *order);
    if (order == NULL) {
        free(slots);
        return ERR_NO_MEMORY;
    }
    ts->order = order;
    free(ts->slots);
    ts->cap = cap;
    ts->slots = slots;
    ts->slots_count = cap * 2;
    for (uint32_t i = 0; i < ts->count; i++)
        slot_put(ts, i);
    return ERR_OK;
}

/* §7.1: a record counts in its own topic, an identity record in every one. */
static bool belongs(const struct topic_state *ts, const struct record *r)
{
    return memcmp(r->topic, ts->topic, ID_LEN) == 0 ||
           r->kind == KIND_DEVICE_REVOKE || r->kind == KIND_SUCCESSION;
}

enum err topic_entry_make(struct topic_entry *out, struct bytes whole)
{
    struct topic_entry made = { 0 };
    const char *field;
    enum err e;

    made.whole = malloc(whole.len > 0 ? whole.len : 1);
    if (made.whole == NULL)
        return ERR_NO_MEMORY;
    if (whole.len > 0)
        memcpy(made.whole, whole.data, whole.len);
    e = record_decode(&made.record, (struct bytes){ made.whole, whole.len });
    if (e == ERR_OK) {
        e = kind_check(&made.record, &field);
        made.is_malformed = e == ERR_MALFORMED_BODY;
        if (made.is_malformed)
            e = ERR_OK;
    }
    if (e != ERR_OK) {
        free(made.whole);
        return e;
    }
    made.is_ahead = true; /* until it is judged */
    made.verdict.state = VERDICT_WAITING;
    made.current = TOPIC_NONE;
    made.selection = TOPIC_NONE;
    made.grant = TOPIC_NONE;
    *out = made;
    return ERR_OK;
}

void topic_entry_wipe(struct topic_entry *e)
{
    free(e->whole);
    *e = (struct topic_entry){ 0 };
}

/* The body that was missing takes its place. */
static enum err entry_replace(struct topic_state *ts, uint32_t index,
                              struct topic_entry *take)
{
    struct topic_entry *old = &ts->entries[index];

    if (old->record.body.data != NULL || take->record.body.data == NULL) {
        topic_entry_wipe(take);
        return ERR_OK;
    }
    topic_state_drop_bodies(ts);
    free(old->whole);
    *old = *take;
    old->first = index;
    *take = (struct topic_entry){ 0 };
    ts->is_judged = false;
    return topic_links_note(ts, index, true);
}

enum err topic_state_put(struct topic_state *ts, struct topic_entry *take)
{
    uint32_t index = topic_state_index(ts, take->record.id);
    enum err e;

    if (!belongs(ts, &take->record))
        return ERR_USAGE;
    if (index != TOPIC_NONE)
        return entry_replace(ts, index, take);
    e = ts->count < ts->records_max ? grow(ts) : ERR_TOO_LARGE;
    if (e != ERR_OK)
        return e;
    ts->entries[ts->count] = *take;
    ts->entries[ts->count].first = ts->count;
    slot_put(ts, ts->count++);
    e = topic_links_note(ts, ts->count - 1, false);
    if (e == ERR_OK) {
        *take = (struct topic_entry){ 0 };
    } else {
        (void)topic_state_take_last(ts); /* it stays the caller's */
    }
    return e;
}

enum err topic_state_add(struct topic_state *ts, struct bytes whole)
{
    struct topic_entry made;
    enum err e = topic_entry_make(&made, whole);

    if (e != ERR_OK)
        return e;
    e = topic_state_put(ts, &made);
    topic_entry_wipe(&made); /* what was taken is gone from it */
    return e;
}

/*
 * Nothing was put after it, so that its slot can be freed without breaking the
 * way to any other.
 */
uint8_t *topic_state_take_last(struct topic_state *ts)
{
    uint32_t last = ts->count - 1;
    uint32_t at;
    uint32_t kept = 0;
    uint8_t *whole;

    assert(ts->count > 0);
    topic_state_drop_bodies(ts);
    topic_links_drop(ts, last);
    at = slot_of(ts, ts->entries[last].record.id);
    while (ts->slots[at] != last + 1)
        at = (at + 1) & (ts->slots_count - 1);
    ts->slots[at] = 0;
    for (uint32_t i = 0; last < ts->order_count && i < ts->count; i++) {
        if (ts->order[i] != last)
            ts->order[kept++] = ts->order[i];
    }
    if (last < ts->order_count)
        ts->order_count = kept;
    if (last < ts->judged_count) {
        ts->judged_count = last;
        ts->is_judged = false;
    }
    whole = ts->entries[last].whole;
    ts->count--;
    return whole;
}

const struct topic_entry *topic_state_find(const struct topic_state *ts,
                                           const uint8_t id[ID_LEN])
{
    uint32_t index = topic_state_index(ts, id);

    return index == TOPIC_NONE ? NULL : &ts->entries[index];
}

const struct topic_entry *topic_state_at(const struct topic_state *ts,
                                         uint32_t i)
{
    assert(ts->order_count == ts->count && i < ts->count);
    return &ts->entries[ts->order[i]];
}

uint32_t topic_state_count(const struct topic_state *ts)
{
    return ts->count;
}

const struct topic_entry *topic_state_current(const struct topic_state *ts,
                                              const struct topic_entry *e)
{
    uint32_t current = ts->entries[e->first].current;

    return current == TOPIC_NONE ? NULL : &ts->entries[current];
}

int topic_entry_compare(const struct topic_entry *a,
                        const struct topic_entry *b)
{
    if (a->record.created_ms != b->record.created_ms)
        return a->record.created_ms < b->record.created_ms ? -1 : 1;
    return memcmp(a->record.id, b->record.id, ID_LEN);
}

enum err topic_entry_body(struct mp_doc **out, const struct topic_entry *e)
{
    struct bytes map = record_body_map(&e->record);

    if (e->is_erased || e->is_malformed || map.len == 0)
        return ERR_NOT_FOUND;
    return mp_doc_parse(out, map, MP_CANONICAL);
}

void topic_state_drop_bodies(struct topic_state *ts)
{
    for (uint32_t i = 0; i < ts->bodies_count; i++) {
        struct topic_entry *e = &ts->entries[ts->bodies[i]];

        mp_doc_free(e->body);
        e->body = NULL;
    }
    ts->bodies_count = 0;
    topic_state_drop_shares(ts);
}

void topic_state_drop_shares(struct topic_state *ts)
{
    free(ts->shares);
    ts->shares = NULL;
    ts->shares_count = 0;
}

/* Sorting: the context is the array of entries. */
static int by_order(const void *a, const void *b, void *context)
{
    const struct topic_entry *entries = context;

    return topic_entry_compare(&entries[*(const uint32_t *)a],
                               &entries[*(const uint32_t *)b]);
}

/*
 * The entries in order are the first ones added; the others are sorted and
 * merged from the end, which is where most of them belong.
 */
enum err topic_state_sort(struct topic_state *ts)
{
    uint32_t sorted = ts->order_count;
    uint32_t added = ts->count - sorted;
    uint32_t to = ts->count;
    uint32_t *tail;

    if (added == 0)
        return ERR_OK;
    tail = malloc(added * sizeof *tail);
    if (tail == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < added; i++)
        tail[i] = sorted + i;
    qsort_r(tail, added, sizeof *tail, by_order, ts->entries);
    while (added > 0) {
        if (sorted > 0 &&
            by_order(&ts->order[sorted - 1], &tail[added - 1], ts->entries) > 0)
            ts->order[--to] = ts->order[--sorted];
        else
            ts->order[--to] = tail[--added];
    }
    ts->order_count = ts->count;
    free(tail);
    return ERR_OK;
}

/* The first place in [0, count) whose key is not less than `want`. */
static uint32_t lower_bound(const struct topic_state *ts, bool by_source,
                            uint32_t want)
{
    uint32_t low = 0;
    uint32_t high = ts->edges_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t key = by_source ? ts->edges[ts->edges_by_source[middle]].source
                                 : ts->edges[middle].child;

        if (key < want)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t topic_edges_of_child(const struct topic_state *ts, uint32_t child,
                              uint32_t *out)
{
    *out = lower_bound(ts, false, child);
    return lower_bound(ts, false, child + 1) - *out;
}

uint32_t topic_edges_of_source(const struct topic_state *ts, uint32_t source,
                               uint32_t *out)
{
    *out = lower_bound(ts, true, source);
    return lower_bound(ts, true, source + 1) - *out;
}
