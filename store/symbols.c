/*
 * The cache of coded symbols.  A slot is of one topic and window; its symbols
 * stand for all entries of that window below `cursor`, as they were when the
 * record of number `applied` was the newest.
 */
#include "store/symbols.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "store/internal.h"
#include "store/tree.h"

/* 96 KiB each.  Those that peers ask for never displace the node's own. */
#define KEPT_MAX  8
#define ASKED_MAX 4
#define SLOTS_MAX (KEPT_MAX + ASKED_MAX)

/* One slice of work: about 2 ms. */
#define SLICE_ENTRIES 8192
#define SLICE_ROWS    1024
/* A window that moves by so many entries takes its symbols along. */
#define SHIFT_MAX 4096
/* Ids that begin alike; there are none but made ones. */
#define ALIKE_MAX 8

struct slot {
    struct iblt_symbol *symbols; /* SYNC_SYMBOLS_MAX; NULL: a free slot */
    uint8_t topic[ID_LEN];
    struct record_range range;
    struct record_key cursor;
    uint64_t applied;
    uint64_t count; /* entries that the symbols stand for */
    uint64_t used;  /* when, in turns of `clock` */
};

struct symbols {
    struct slot slots[SLOTS_MAX];
    uint64_t clock;
};

void symbols_free(struct symbols *symbols)
{
    if (symbols == NULL)
        return;
    for (size_t i = 0; i < SLOTS_MAX; i++)
        free(symbols->slots[i].symbols);
    free(symbols);
}

/* ---- One slot --------------------------------------------------------- */

static void slot_restart(struct slot *slot, const struct look *look)
{
    memset(slot->symbols, 0, SYNC_SYMBOLS_MAX * sizeof *slot->symbols);
    slot->cursor = slot->range.lo;
    slot->applied = look->applied;
    slot->count = 0;
}

static bool slot_is_whole(const struct slot *slot)
{
    return record_key_compare(&slot->cursor, &slot->range.hi) == 0;
}

static bool slot_is_ready(const struct slot *slot, const struct look *look)
{
    return slot_is_whole(slot) && slot->applied == look->applied;
}

static void toggle(struct slot *slot, const uint8_t id[ID_LEN])
{
    struct iblt_symbol single;

    iblt_symbol_of(&single, id);
    iblt_toggle(slot->symbols, SYNC_SYMBOLS_MAX, &single);
}

static enum err size_of(const struct look *look, const uint8_t topic[ID_LEN],
                        const struct record_range *range, uint64_t *out)
{
    struct tree_sum sum;
    enum err e = tree_size(look->index, topic, range, &sum);

    if (e == ERR_OK)
        *out = sum.records.count;
    return e;
}

/* Whether a record may be in the topic at all: identity records travel. */
static bool may_join(const struct store *store, const struct slot *slot,
                     const struct record *r)
{
    bool is_board = memcmp(slot->topic, store->options.board, ID_LEN) == 0;

    return memcmp(r->topic, slot->topic, ID_LEN) == 0 ||
           memcmp(r->id, slot->topic, ID_LEN) == 0 ||
           (is_board && ((r->flags & RECORD_LISTED) != 0 || r->founds_topic)) ||
           r->kind == KIND_DEVICE_REVOKE || r->kind == KIND_SUCCESSION;
}

/* A record that is new since; those above the cursor are met there. */
static enum err take_row(struct store *store, const struct look *look,
                         struct slot *slot, uint64_t seq)
{
    struct row_record row;
    struct tree_entry entry;
    struct record_key key;
    enum err e = look_record(look, seq, &row);

    if (e == ERR_NOT_FOUND || e == ERR_CORRUPT)
        return ERR_OK; /* a lost row: see verify */
    if (e != ERR_OK || !may_join(store, slot, &row.record))
        return e;
    key.created_ms = row.record.created_ms;
    memcpy(key.id, row.record.id, ID_LEN);
    if (record_key_compare(&key, &slot->range.lo) < 0 ||
        record_key_compare(&key, &slot->cursor) >= 0)
        return ERR_OK;
    e = tree_find(look->index, slot->topic, &key, &entry);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    toggle(slot, key.id);
    slot->count++;
    return ERR_OK;
}

/* Follows the records that have come; a slice of them. */
static enum err follow(struct store *store, const struct look *look,
                       struct slot *slot)
{
    uint64_t left = SLICE_ROWS;

    if (slot->applied > look->applied) /* the store was opened anew */
        slot_restart(slot, look);
    while (slot->applied < look->applied && left-- > 0) {
        enum err e = take_row(store, look, slot, slot->applied + 1);

        if (e != ERR_OK)
            return e;
        slot->applied++;
    }
    return ERR_OK;
}

/* Goes on through the tree; a slice of it. */
static enum err advance(const struct look *look, struct slot *slot)
{
    struct record_range rest = { slot->cursor, slot->range.hi };
    struct tree_entry entry;
    struct tree_walk walk;

    tree_walk_begin(&walk, look->index, slot->topic, &rest, false);
    for (size_t i = 0; i < SLICE_ENTRIES; i++) {
        enum err e = tree_walk_next(&walk, &entry);

        if (e == ERR_NOT_FOUND) {
            slot->cursor = slot->range.hi;
            return ERR_OK;
        }
        if (e != ERR_OK)
            return e;
        toggle(slot, entry.key.id);
        slot->count++;
        slot->cursor = record_key_after(&entry.key);
    }
    return ERR_OK;
}

static enum err work(struct store *store, const struct look *look,
                     struct slot *slot)
{
    enum err e = follow(store, look, slot);

    if (e == ERR_OK && slot->applied == look->applied && !slot_is_whole(slot))
        e = advance(look, slot);
    if (e != ERR_OK)
        slot_restart(slot, look);
    return e;
}

/* Whether the symbols stand for as many entries as the tree has. */
static enum err check(const struct look *look, struct slot *slot, bool *is_good)
{
    uint64_t count;
    enum err e = size_of(look, slot->topic, &slot->range, &count);

    if (e != ERR_OK)
        return e;
    *is_good = count == slot->count;
    if (!*is_good)
        slot_restart(slot, look);
    return ERR_OK;
}

/* ---- Windows that move ------------------------------------------------- */

/* From one bound to another; `is_gain` if the window grows by it. */
struct edge {
    struct record_range range;
    bool is_gain;
};

static struct edge edge_of(const struct record_key *before,
                           const struct record_key *after, bool is_upper)
{
    bool is_up = record_key_compare(before, after) < 0;

    return (struct edge){ .range = { is_up ? *before : *after,
                                     is_up ? *after : *before },
                          .is_gain = is_up == is_upper };
}

static enum err cross_edge(const struct look *look, struct slot *slot,
                           const struct edge *edge)
{
    struct tree_entry entry;
    struct tree_walk walk;
    enum err e;

    tree_walk_begin(&walk, look->index, slot->topic, &edge->range, false);
    while ((e = tree_walk_next(&walk, &entry)) == ERR_OK) {
        toggle(slot, entry.key.id);
        slot->count += edge->is_gain ? 1 : UINT64_MAX;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A day has passed: a few entries leave, and none are in the new one yet. */
static enum err shift(const struct look *look, struct slot *slot,
                      const struct record_range *to, bool *is_done)
{
    struct edge edges[2] = {
        edge_of(&slot->range.lo, &to->lo, false),
        edge_of(&slot->range.hi, &to->hi, true),
    };
    uint64_t count = 0;
    bool is_good = false;
    enum err e = ERR_OK;

    *is_done = false;
    if (!slot_is_ready(slot, look))
        return ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < 2; i++) {
        uint64_t more = 0;

        e = size_of(look, slot->topic, &edges[i].range, &more);
        count += more;
    }
    if (e == ERR_OK && count <= SHIFT_MAX)
        e = check(look, slot, &is_good);
    if (e != ERR_OK || !is_good)
        return e;
    for (size_t i = 0; e == ERR_OK && i < 2; i++)
        e = cross_edge(look, slot, &edges[i]);
    slot->range = *to;
    slot->cursor = to->hi;
    if (e != ERR_OK)
        slot_restart(slot, look);
    *is_done = e == ERR_OK;
    return e;
}

/* ---- All slots -------------------------------------------------------- */

static bool is_same(const struct slot *slot, const uint8_t topic[ID_LEN],
                    const struct record_range *range)
{
    return slot->symbols != NULL && memcmp(slot->topic, topic, ID_LEN) == 0 &&
           record_key_compare(&slot->range.lo, &range->lo) == 0 &&
           record_key_compare(&slot->range.hi, &range->hi) == 0;
}

static struct slot *find_slot(struct symbols *s, const uint8_t topic[ID_LEN],
                              const struct record_range *range)
{
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (is_same(&s->slots[i], topic, range))
            return &s->slots[i];
    return NULL;
}

/* One of the topic whose window can become this one. */
static enum err find_near(struct symbols *s, const struct look *look,
                          const uint8_t topic[ID_LEN],
                          const struct record_range *range, struct slot **out)
{
    bool is_done = false;
    enum err e = ERR_OK;

    *out = NULL;
    for (size_t i = 0; e == ERR_OK && !is_done && i < SLOTS_MAX; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->symbols == NULL || memcmp(slot->topic, topic, ID_LEN) != 0)
            continue;
        e = shift(look, slot, range, &is_done);
        if (is_done)
            *out = slot;
    }
    return e;
}

/* A free slot of that sort, or the one that was not used the longest. */
static struct slot *oldest_slot(struct symbols *s, bool is_kept)
{
    size_t first = is_kept ? 0 : KEPT_MAX;
    size_t end = is_kept ? KEPT_MAX : SLOTS_MAX;
    struct slot *oldest = &s->slots[first];

    for (size_t i = first; i < end; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->symbols == NULL)
            return slot;
        if (slot->used < oldest->used)
            oldest = slot;
    }
    return oldest;
}

/* NULL if there is no memory: then there are no symbols. */
static struct slot *take_slot(struct symbols *s, const struct look *look,
                              const uint8_t topic[ID_LEN],
                              const struct record_range *range, bool is_kept)
{
    struct slot *slot = oldest_slot(s, is_kept);

    if (slot->symbols == NULL)
        slot->symbols = calloc(SYNC_SYMBOLS_MAX, sizeof *slot->symbols);
    if (slot->symbols == NULL)
        return NULL;
    memcpy(slot->topic, topic, ID_LEN);
    slot->range = *range;
    slot_restart(slot, look);
    return slot;
}

/* The slot of a window, perhaps not whole; ERR_NOT_FOUND if it has none. */
static enum err get_slot(struct store *store, const struct look *look,
                         const uint8_t topic[ID_LEN],
                         const struct record_range *range, bool is_kept,
                         struct slot **out)
{
    struct symbols *s = store->symbols;
    struct slot *slot;
    uint64_t count;
    enum err e = size_of(look, topic, range, &count);

    if (e == ERR_OK && count < SYNC_SYMBOLS_RECORDS_MIN)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK && s == NULL)
        s = store->symbols = calloc(1, sizeof *s);
    if (e == ERR_OK && s == NULL)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        return e;
    slot = find_slot(s, topic, range);
    if (slot == NULL)
        e = find_near(s, look, topic, range, &slot);
    if (e == ERR_OK && slot == NULL)
        slot = take_slot(s, look, topic, range, is_kept);
    if (e != ERR_OK)
        return e;
    if (slot == NULL)
        return ERR_NOT_FOUND;
    slot->used = ++s->clock;
    *out = slot;
    return ERR_OK;
}

enum err symbols_get(void *set, const uint8_t topic[ID_LEN],
                     const struct record_range *range, size_t first, size_t n,
                     struct iblt_symbol *out, uint64_t *count)
{
    struct look *look;
    struct slot *slot;
    bool is_good;
    enum err e = store_look(set, &look);

    assert(first <= SYNC_SYMBOLS_MAX && n <= SYNC_SYMBOLS_MAX - first);
    if (e == ERR_OK)
        e = get_slot(set, look, topic, range, false, &slot);
    if (e == ERR_OK)
        e = follow(set, look, slot);
    if (e != ERR_OK)
        return e;
    if (!slot_is_ready(slot, look))
        return ERR_NOT_FOUND;
    e = check(look, slot, &is_good);
    if (e == ERR_OK && !is_good)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        return e;
    if (n > 0)
        memcpy(out, slot->symbols + first, n * sizeof *out);
    *count = slot->count;
    return ERR_OK;
}

enum err store_symbols_keep(struct store *store, const uint8_t topic[ID_LEN],
                            const struct record_range *range)
{
    struct look *look;
    struct slot *slot;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = get_slot(store, look, topic, range, true, &slot);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_symbols_work(struct store *store, bool *more)
{
    struct look *look;
    enum err e = ERR_OK;

    *more = false;
    if (store->symbols == NULL)
        return ERR_OK;
    e = store_look(store, &look);
    for (size_t i = 0; e == ERR_OK && i < SLOTS_MAX; i++) {
        struct slot *slot = &store->symbols->slots[i];

        if (slot->symbols == NULL || slot_is_ready(slot, look))
            continue;
        e = work(store, look, slot);
        *more = true;
        break;
    }
    return e;
}

/* ---- Ids by their beginning -------------------------------------------- */

static enum err find_among(const struct look *look, struct cursor *cursor,
                           const uint8_t topic[ID_LEN], struct bytes prefix,
                           struct record_key *out)
{
    enum cursor_step step = CURSOR_AT_OR_AFTER;

    for (unsigned i = 0; i < ALIKE_MAX; i++) {
        struct row_record row;
        struct tree_entry entry;
        struct record_key key;
        struct bytes at;
        struct bytes value;
        uint64_t seq;
        enum err e = cursor_move(cursor, step, prefix, &at, &value);

        if (e != ERR_OK)
            return e;
        if (at.len != ID_LEN || !key_has_prefix(at, prefix))
            return ERR_NOT_FOUND;
        e = look_find(look, at.data, &seq, &row);
        if (e == ERR_OK) {
            key.created_ms = row.record.created_ms;
            memcpy(key.id, row.record.id, ID_LEN);
            e = tree_find(look->index, topic, &key, &entry);
        }
        if (e == ERR_OK)
            *out = key;
        if (e != ERR_NOT_FOUND)
            return e;
        step = CURSOR_NEXT;
    }
    return ERR_NOT_FOUND;
}

enum err symbols_find(void *set, const uint8_t topic[ID_LEN],
                      const uint8_t prefix[IBLT_ID_LEN], struct record_key *out)
{
    struct cursor *cursor;
    struct look *look;
    enum err e = store_look(set, &look);

    if (e == ERR_OK)
        e = cursor_open(&cursor, look->index, I_IDS);
    if (e != ERR_OK)
        return e;
    e = find_among(look, cursor, topic, (struct bytes){ prefix, IBLT_ID_LEN },
                   out);
    cursor_close(cursor);
    return e;
}
