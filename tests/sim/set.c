#include "tests/sim/set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/budget.h"

void set_init(struct set *s, struct records *records)
{
    *s = (struct set){ .records = records };
}

void set_wipe(struct set *s)
{
    for (size_t i = 0; i < s->blocks_count; i++)
        free(s->blocks[i]);
    free(s->blocks);
    free(s->before);
    free(s->presence);
    *s = (struct set){ 0 };
}

static const struct world_record *record_of(const struct set *s,
                                            uint32_t number)
{
    return &s->records->all[number];
}

static int compare(const struct set *s, uint32_t number,
                   const struct record_key *key)
{
    return record_key_compare(&record_of(s, number)->key, key);
}

/* ---- Places ------------------------------------------------------------- */

/* A place between two entries: before entry `at` of a block. */
struct place {
    size_t block; /* blocks_count if there is none at or above */
    uint32_t at;
};

/* The first entry at or above `key`. */
static struct place lower_bound(const struct set *s,
                                const struct record_key *key)
{
    size_t lo = 0;
    size_t hi = s->blocks_count;
    struct place p = { 0 };
    uint32_t end;

    while (lo < hi) { /* the first block whose last entry is not below */
        size_t mid = lo + (hi - lo) / 2;
        const struct set_block *b = s->blocks[mid];

        if (compare(s, b->numbers[b->count - 1], key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    p.block = lo;
    end = lo < s->blocks_count ? s->blocks[lo]->count : 0;
    while (p.at < end) {
        uint32_t mid = p.at + (end - p.at) / 2;

        if (compare(s, s->blocks[lo]->numbers[mid], key) < 0)
            p.at = mid + 1;
        else
            end = mid;
    }
    return p;
}

static void step(const struct set *s, struct place *p)
{
    if (++p->at == s->blocks[p->block]->count) {
        p->at = 0;
        p->block++;
    }
}

/* ---- Adding ------------------------------------------------------------- */

static struct set_block *insert_block(struct set *s, size_t at)
{
    if (s->blocks_count == s->blocks_cap) {
        s->blocks_cap = s->blocks_cap == 0 ? 4 : 2 * s->blocks_cap;
        s->blocks = realloc(s->blocks, s->blocks_cap * sizeof *s->blocks);
        s->before = realloc(s->before, (s->blocks_cap + 1) * sizeof *s->before);
        assert(s->blocks != NULL && s->before != NULL);
        s->before[0] = (struct record_sum){ 0 };
    }
    memmove(s->blocks + at + 1, s->blocks + at,
            (s->blocks_count - at) * sizeof(struct set_block *));
    s->blocks_count++;
    s->blocks[at] = calloc(1, sizeof **s->blocks);
    assert(s->blocks[at] != NULL);
    return s->blocks[at];
}

/* The sums before the blocks after this one are right no longer. */
static void forget_before(struct set *s, size_t block)
{
    if (s->summed > block)
        s->summed = block;
}

static void sum_up(const struct set *s, struct set_block *b)
{
    b->sum = (struct record_sum){ 0 };
    for (uint32_t i = 0; i < b->count; i++)
        record_sum_join(&b->sum, &record_of(s, b->numbers[i])->sum);
}

/*
 * Makes room at a full block.  What comes after the very last entry begins a
 * block of its own, so that sets which grow at their end have full blocks.
 */
static struct place split(struct set *s, struct place p)
{
    struct set_block *low = s->blocks[p.block];
    struct set_block *high = insert_block(s, p.block + 1);
    uint32_t keep = p.at == SET_BLOCK ? SET_BLOCK : SET_BLOCK / 2;

    high->count = SET_BLOCK - keep;
    memcpy(high->numbers, low->numbers + keep,
           high->count * sizeof *high->numbers);
    low->count = keep;
    sum_up(s, low);
    sum_up(s, high);
    forget_before(s, p.block);
    if (p.at < keep)
        return p;
    return (struct place){ p.block + 1, p.at - keep };
}

static void insert(struct set *s, uint32_t number)
{
    const struct world_record *record = record_of(s, number);
    struct place p = lower_bound(s, &record->key);
    struct set_block *b;

    if (s->blocks_count == 0)
        (void)insert_block(s, 0);
    else if (p.block == s->blocks_count)
        p = (struct place){ p.block - 1, s->blocks[p.block - 1]->count };
    if (s->blocks[p.block]->count == SET_BLOCK)
        p = split(s, p);
    b = s->blocks[p.block];
    memmove(b->numbers + p.at + 1, b->numbers + p.at,
            (b->count - p.at) * sizeof *b->numbers);
    b->numbers[p.at] = number;
    b->count++;
    record_sum_join(&b->sum, &record->sum);
    s->count++;
    forget_before(s, p.block);
}

static void presence_grow(struct set *s, uint32_t number)
{
    uint32_t cap = s->presence_cap == 0 ? 64 : s->presence_cap;

    if (number < s->presence_cap)
        return;
    while (cap <= number)
        cap *= 2;
    s->presence = realloc(s->presence, cap);
    assert(s->presence != NULL);
    memset(s->presence + s->presence_cap, RECORD_ABSENT, cap - s->presence_cap);
    s->presence_cap = cap;
}

enum record_presence set_presence(const struct set *s, uint32_t number)
{
    if (number >= s->presence_cap)
        return RECORD_ABSENT;
    return s->presence[number];
}

enum record_presence set_add(struct set *s, uint32_t number, bool is_held)
{
    enum record_presence before = set_presence(s, number);

    presence_grow(s, number);
    if (before == RECORD_ABSENT)
        insert(s, number);
    if (before != RECORD_HELD)
        s->presence[number] = is_held ? RECORD_HELD : RECORD_NOT_KEPT;
    return before;
}

void set_drop(struct set *s, uint32_t number)
{
    assert(set_presence(s, number) != RECORD_ABSENT);
    s->presence[number] = RECORD_NOT_KEPT;
}

/* Calls set_drop() for what is over, if `drops` is given. */
static uint32_t go_through_day(const struct set *s, uint32_t number,
                               struct set *drops)
{
    const struct records *r = s->records;
    const struct author *a = &r->authors[record_of(s, number)->author];
    struct budget budget = BUDGET_STRANGER;
    struct budget_walk walk = { 0 };
    uint32_t over = 0;

    for (uint32_t i = 0; i < a->numbers_count; i++) {
        uint32_t other = a->numbers[i];
        const struct world_record *record = record_of(s, other);

        if (records_day(r, other) != records_day(r, number) ||
            (other != number && set_presence(s, other) != RECORD_HELD) ||
            budget_keep(&walk, &budget, record->head.len + record->body_len))
            continue;
        over++;
        if (drops != NULL)
            set_drop(drops, other);
    }
    return over;
}

uint32_t set_trim(struct set *s, uint32_t number)
{
    return go_through_day(s, number, s);
}

uint32_t set_over(const struct set *s, uint32_t number)
{
    return go_through_day(s, number, NULL);
}

/* ---- As a record_set ---------------------------------------------------- */

static bool is_ours(const struct set *s, const uint8_t topic[ID_LEN])
{
    return memcmp(s->records->topic, topic, ID_LEN) == 0;
}

static void make_before(struct set *s, size_t until)
{
    for (; s->summed < until; s->summed++) {
        s->before[s->summed + 1] = s->before[s->summed];
        record_sum_join(&s->before[s->summed + 1], &s->blocks[s->summed]->sum);
    }
}

static uint64_t rank_of(struct set *s, struct place p)
{
    if (s->blocks_count == 0)
        return 0;
    make_before(s, p.block);
    return s->before[p.block].count + p.at;
}

static void subtract(struct record_sum *sum, const struct record_sum *other)
{
    for (size_t i = 0; i < SYNC_LANES; i++)
        sum->lanes[i] -= other->lanes[i];
    sum->count -= other->count;
}

/* The sum of all entries before a place. */
static void sum_before(struct set *s, struct place p, struct record_sum *out)
{
    make_before(s, p.block);
    *out = s->before[p.block];
    for (uint32_t i = 0; i < p.at; i++)
        record_sum_join(out,
                        &record_of(s, s->blocks[p.block]->numbers[i])->sum);
}

static enum err ops_sum(void *set, const uint8_t topic[ID_LEN],
                        const struct record_range *range,
                        struct record_sum *out)
{
    struct set *s = set;
    struct record_sum below;

    *out = (struct record_sum){ 0 };
    if (!is_ours(s, topic) || s->count == 0 ||
        record_key_compare(&range->lo, &range->hi) >= 0)
        return ERR_OK;
    sum_before(s, lower_bound(s, &range->hi), out);
    sum_before(s, lower_bound(s, &range->lo), &below);
    subtract(out, &below);
    return ERR_OK;
}

static enum err ops_rank(void *set, const uint8_t topic[ID_LEN],
                         const struct record_key *key, uint64_t *out)
{
    *out = is_ours(set, topic) ? rank_of(set, lower_bound(set, key)) : 0;
    return ERR_OK;
}

static enum err ops_select(void *set, const uint8_t topic[ID_LEN],
                           uint64_t rank, struct record_key *out)
{
    struct set *s = set;
    size_t lo = 0;
    size_t hi = s->blocks_count;

    if (!is_ours(s, topic) || rank >= s->count)
        return ERR_NOT_FOUND;
    make_before(s, s->blocks_count);
    while (hi - lo > 1) { /* the last block with at most `rank` before it */
        size_t mid = lo + (hi - lo) / 2;

        if (s->before[mid].count <= rank)
            lo = mid;
        else
            hi = mid;
    }
    *out =
        record_of(s, s->blocks[lo]->numbers[rank - s->before[lo].count])->key;
    return ERR_OK;
}

static enum err ops_list(void *set, const uint8_t topic[ID_LEN],
                         const struct record_range *range,
                         struct record_key *out, size_t max, size_t *n)
{
    struct set *s = set;
    struct place p = lower_bound(s, &range->lo);

    *n = 0;
    if (!is_ours(s, topic))
        return ERR_OK;
    for (; *n < max && p.block < s->blocks_count; step(s, &p)) {
        uint32_t number = s->blocks[p.block]->numbers[p.at];

        if (compare(s, number, &range->hi) >= 0)
            break;
        out[(*n)++] = record_of(s, number)->key;
    }
    return ERR_OK;
}

static enum err ops_presence(void *set, const uint8_t topic[ID_LEN],
                             const uint8_t id[ID_LEN],
                             enum record_presence *out)
{
    const struct set *s = set;
    uint32_t number = records_find(s->records, id);

    *out = RECORD_ABSENT;
    if (is_ours(s, topic) && number != UINT32_MAX)
        *out = set_presence(s, number);
    return ERR_OK;
}

static void put_head(struct writer *w, const struct world_record *record)
{
    writer_u64(w, record->key.created_ms);
    writer_u16(w, (uint16_t)record->head.len);
    writer_bytes(w, record->head);
    writer_bytes(w, (struct bytes){ record->signature, SIGNATURE_LEN });
}

static enum err ops_get(void *set, const uint8_t id[ID_LEN],
                        bool with_certificate, struct writer *w,
                        struct record_got *got)
{
    const struct set *s = set;
    const struct records *r = s->records;
    uint32_t number = records_find(r, id);
    enum record_presence presence = RECORD_ABSENT;

    if (number != UINT32_MAX)
        presence = set_presence(s, number);
    if (presence == RECORD_ABSENT)
        return ERR_NOT_FOUND;
    got->presence = presence;
    memcpy(got->signer, r->authors[r->all[number].author].device.public_key,
           KEY_LEN);
    if (presence == RECORD_HELD)
        records_put(r, number, with_certificate, w);
    else
        put_head(w, &r->all[number]);
    return ERR_OK;
}

struct record_set set_view(struct set *s)
{
    static const struct record_set_ops ops = { .sum = ops_sum,
                                               .rank = ops_rank,
                                               .select = ops_select,
                                               .list = ops_list,
                                               .presence = ops_presence,
                                               .get = ops_get };

    return (struct record_set){ &ops, s };
}
