#include "tests/common/memory_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct memory_topic *find_topic(const struct memory_set *set,
                                             const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < set->topics_count; i++)
        if (memcmp(set->topics[i].topic, topic, ID_LEN) == 0)
            return &set->topics[i];
    return NULL;
}

static struct memory_topic *make_topic(struct memory_set *set,
                                       const uint8_t topic[ID_LEN])
{
    for (size_t i = 0; i < set->topics_count; i++)
        if (memcmp(set->topics[i].topic, topic, ID_LEN) == 0)
            return &set->topics[i];
    assert(set->topics_count < MEMORY_TOPICS_MAX);
    memcpy(set->topics[set->topics_count].topic, topic, ID_LEN);
    return &set->topics[set->topics_count++];
}

/* The first entry at or above `key`. */
static size_t lower_bound(const struct memory_topic *t,
                          const struct record_key *key)
{
    size_t lo = 0;
    size_t hi = t == NULL ? 0 : t->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (record_key_compare(&t->entries[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void grow(struct memory_topic *t)
{
    if (t->count < t->cap)
        return;
    t->cap = t->cap == 0 ? 64 : 2 * t->cap;
    t->entries = realloc(t->entries, t->cap * sizeof *t->entries);
    t->before = realloc(t->before, (t->cap + 1) * sizeof *t->before);
    assert(t->entries != NULL && t->before != NULL);
    t->before[0] = (struct record_sum){ 0 };
}

static struct memory_place *find_place(const struct memory_set *set,
                                       const uint8_t id[ID_LEN])
{
    size_t at = (size_t)get_u64(id) & (set->places_cap - 1);

    while (set->places[at].topic != 0 &&
           memcmp(set->places[at].key.id, id, ID_LEN) != 0)
        at = (at + 1) & (set->places_cap - 1);
    return &set->places[at];
}

static bool is_within(const struct record_range *range,
                      const struct record_key *key)
{
    return record_key_compare(key, &range->lo) >= 0 &&
           record_key_compare(key, &range->hi) < 0;
}

static void code(struct memory_topic *t, const struct record_key *key)
{
    struct iblt_symbol single;

    if (t->symbols == NULL || !is_within(&t->coded, key))
        return;
    iblt_symbol_of(&single, key->id);
    iblt_toggle(t->symbols, SYNC_SYMBOLS_MAX, &single);
    t->coded_count++;
}

static void places_grow(struct memory_set *set)
{
    struct memory_place *old = set->places;
    size_t old_cap = set->places_cap;

    if (set->places_count < old_cap / 2)
        return;
    set->places_cap = old_cap == 0 ? 64 : 2 * old_cap;
    set->places = calloc(set->places_cap, sizeof *set->places);
    assert(set->places != NULL);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].topic != 0)
            *find_place(set, old[i].key.id) = old[i];
    free(old);
}

static void remember_place(struct memory_set *set, const struct record_key *key,
                           size_t topic)
{
    struct memory_place *place;

    places_grow(set);
    place = find_place(set, key->id);
    if (place->topic == 0)
        set->places_count++;
    *place = (struct memory_place){ *key, topic + 1 };
}

bool memory_set_add(struct memory_set *set, const uint8_t topic[ID_LEN],
                    const struct record_key *key, bool is_held)
{
    struct memory_topic *t = make_topic(set, topic);
    size_t at = lower_bound(t, key);

    if (at < t->count && record_key_compare(&t->entries[at].key, key) == 0)
        return false;
    grow(t);
    memmove(t->entries + at + 1, t->entries + at,
            (t->count - at) * sizeof *t->entries);
    t->entries[at] = (struct memory_entry){ .key = *key,
                                            .signer = key->id[0] & 3,
                                            .is_held = is_held };
    remember_place(set, key, (size_t)(t - set->topics));
    t->count++;
    if (t->summed > at)
        t->summed = at;
    code(t, key);
    return true;
}

void memory_set_wipe(struct memory_set *set)
{
    for (size_t i = 0; i < set->topics_count; i++) {
        free(set->topics[i].entries);
        free(set->topics[i].before);
        free(set->topics[i].symbols);
    }
    free(set->places);
    *set = (struct memory_set){ 0 };
}

size_t memory_set_count(const struct memory_set *set,
                        const uint8_t topic[ID_LEN])
{
    const struct memory_topic *t = find_topic(set, topic);

    return t == NULL ? 0 : t->count;
}

bool memory_set_equal(const struct memory_set *a, const struct memory_set *b,
                      const uint8_t topic[ID_LEN])
{
    const struct memory_topic *x = find_topic(a, topic);
    const struct memory_topic *y = find_topic(b, topic);
    size_t count = memory_set_count(a, topic);

    if (count != memory_set_count(b, topic))
        return false;
    for (size_t i = 0; i < count; i++)
        if (record_key_compare(&x->entries[i].key, &y->entries[i].key) != 0)
            return false;
    return true;
}

static enum err may_fail(struct memory_set *set)
{
    if (set->fail_with == ERR_OK || set->fail_after-- > 0)
        return ERR_OK;
    set->fail_after = 0;
    return set->fail_with;
}

static enum err set_sum(void *ctx, const uint8_t topic[ID_LEN],
                        const struct record_range *range,
                        struct record_sum *out)
{
    struct memory_set *set = ctx;
    struct memory_topic *t = make_topic(set, topic);
    size_t lo = lower_bound(t, &range->lo);
    size_t hi = lower_bound(t, &range->hi);
    enum err e = may_fail(set);

    set->sums++;
    *out = (struct record_sum){ 0 };
    if (e != ERR_OK || lo >= hi)
        return e;
    for (; t->summed < hi; t->summed++) {
        t->before[t->summed + 1] = t->before[t->summed];
        record_sum_add(&t->before[t->summed + 1], t->entries[t->summed].key.id);
    }
    for (size_t i = 0; i < SYNC_LANES; i++)
        out->lanes[i] = t->before[hi].lanes[i] - t->before[lo].lanes[i];
    out->count = hi - lo;
    return ERR_OK;
}

static enum err set_rank(void *ctx, const uint8_t topic[ID_LEN],
                         const struct record_key *key, uint64_t *out)
{
    *out = lower_bound(find_topic(ctx, topic), key);
    return may_fail(ctx);
}

static enum err set_select(void *ctx, const uint8_t topic[ID_LEN],
                           uint64_t rank, struct record_key *out)
{
    const struct memory_topic *t = find_topic(ctx, topic);

    if (t == NULL || rank >= t->count)
        return ERR_NOT_FOUND;
    *out = t->entries[rank].key;
    return may_fail(ctx);
}

static enum err set_list(void *ctx, const uint8_t topic[ID_LEN],
                         const struct record_range *range,
                         struct record_key *out, size_t max, size_t *n)
{
    const struct memory_topic *t = find_topic(ctx, topic);
    size_t lo = lower_bound(t, &range->lo);
    size_t hi = lower_bound(t, &range->hi);

    for (*n = 0; *n < max && lo < hi; lo++)
        out[(*n)++] = t->entries[lo].key;
    return may_fail(ctx);
}

static const struct memory_entry *find_entry(const struct memory_topic *t,
                                             const struct record_key *key)
{
    size_t at = lower_bound(t, key);

    if (at == t->count || record_key_compare(&t->entries[at].key, key) != 0)
        return NULL;
    return &t->entries[at];
}

static const struct memory_entry *find_id(const struct memory_set *set,
                                          const uint8_t id[ID_LEN])
{
    const struct memory_place *place;

    if (set->places_cap == 0)
        return NULL;
    place = find_place(set, id);
    if (place->topic == 0)
        return NULL;
    return find_entry(&set->topics[place->topic - 1], &place->key);
}

static enum err set_presence(void *ctx, const uint8_t topic[ID_LEN],
                             const uint8_t id[ID_LEN],
                             enum record_presence *out)
{
    const struct memory_topic *t = find_topic(ctx, topic);
    const struct memory_entry *any = find_id(ctx, id);
    const struct memory_entry *entry =
        t == NULL || any == NULL ? NULL : find_entry(t, &any->key);

    *out = RECORD_ABSENT;
    if (entry != NULL)
        *out = entry->is_held ? RECORD_HELD : RECORD_NOT_KEPT;
    return may_fail(ctx);
}

/* §5.4, with the id for a head and zeros for a signature. */
static void put_head(struct writer *w, const struct memory_entry *entry)
{
    static const uint8_t signature[SIGNATURE_LEN];

    writer_u64(w, entry->key.created_ms);
    writer_u16(w, ID_LEN);
    writer_bytes(w, BYTES_ARRAY(entry->key.id));
    writer_bytes(w, BYTES_ARRAY(signature));
}

static enum err set_get(void *ctx, const uint8_t id[ID_LEN],
                        bool with_certificate, struct writer *w,
                        struct record_got *got)
{
    struct memory_set *set = ctx;
    const struct memory_entry *entry = find_id(set, id);

    if (entry == NULL)
        return ERR_NOT_FOUND;
    got->presence = entry->is_held ? RECORD_HELD : RECORD_NOT_KEPT;
    memset(got->signer, entry->signer + 1, KEY_LEN);
    if (!entry->is_held) {
        put_head(w, entry);
        return may_fail(set);
    }
    writer_u64(w, entry->key.created_ms);
    writer_bytes(w, BYTES_ARRAY(entry->key.id));
    writer_u8(w, entry->signer);
    writer_u8(w, with_certificate);
    for (size_t i = 0; i < set->filler; i++)
        writer_u8(w, 0);
    return may_fail(set);
}

static enum err set_find(void *ctx, const uint8_t topic[ID_LEN],
                         const uint8_t prefix[IBLT_ID_LEN],
                         struct record_key *out)
{
    struct memory_set *set = ctx;
    const struct memory_topic *t = find_topic(set, topic);
    size_t at;

    if (t == NULL || set->places_cap == 0)
        return ERR_NOT_FOUND;
    at = (size_t)get_u64(prefix) & (set->places_cap - 1);
    for (; set->places[at].topic != 0; at = (at + 1) & (set->places_cap - 1)) {
        const struct memory_place *place = &set->places[at];

        if (memcmp(place->key.id, prefix, IBLT_ID_LEN) == 0 &&
            find_entry(t, &place->key) != NULL) {
            *out = place->key;
            return may_fail(set);
        }
    }
    return ERR_NOT_FOUND;
}

/* Those of one range a topic: another takes its place. */
static void code_all(struct memory_topic *t, const struct record_range *range)
{
    if (t->symbols != NULL && memcmp(&t->coded, range, sizeof *range) == 0)
        return;
    free(t->symbols);
    t->symbols = calloc(SYNC_SYMBOLS_MAX, sizeof *t->symbols);
    assert(t->symbols != NULL);
    t->coded = *range;
    t->coded_count = 0;
    for (size_t i = 0; i < t->count; i++)
        code(t, &t->entries[i].key);
}

static enum err set_symbols(void *ctx, const uint8_t topic[ID_LEN],
                            const struct record_range *range, size_t first,
                            size_t n, struct iblt_symbol *out, uint64_t *count)
{
    struct memory_set *set = ctx;
    struct memory_topic *t = make_topic(set, topic);

    assert(first <= SYNC_SYMBOLS_MAX && n <= SYNC_SYMBOLS_MAX - first);
    if (set->has_no_symbols ||
        (t->count < SYNC_SYMBOLS_RECORDS_MIN && !set->has_symbols_of_all))
        return ERR_NOT_FOUND;
    code_all(t, range);
    if (n > 0)
        memcpy(out, t->symbols + first, n * sizeof *out);
    set->symbols += n;
    *count = t->coded_count;
    return may_fail(set);
}

struct record_set memory_set_view(struct memory_set *set)
{
    static const struct record_set_ops ops = { .sum = set_sum,
                                               .rank = set_rank,
                                               .select = set_select,
                                               .list = set_list,
                                               .presence = set_presence,
                                               .get = set_get,
                                               .find = set_find,
                                               .symbols = set_symbols };

    return (struct record_set){ &ops, set };
}
