/*
 * Rateless invertible Bloom lookup tables, after Yang, Gilad and Alizadeh,
 * "Practical Rateless Set Reconciliation" (SIGCOMM 2024).  An id maps to symbol
 * i with probability 2 / (i + 2).  The next symbol of an id is drawn without
 * floating point: the larger of two uniform numbers is distributed as the
 * square root of one, which is what that probability asks for.
 */
#include "proto/iblt.h"

#include <assert.h>
#include <sodium.h>

static_assert(SYNC_SYMBOLS_MAX <= UINT16_MAX, "numbers of symbols fit");
static_assert(sizeof(struct iblt_symbol) == IBLT_SYMBOL_LEN, "no padding");

void iblt_symbol_of(struct iblt_symbol *out, const uint8_t id[IBLT_ID_LEN])
{
    static const uint8_t key[crypto_shorthash_siphash24_KEYBYTES] =
        "troupe symbol 1";
    uint8_t check[crypto_shorthash_siphash24_BYTES];

    (void)crypto_shorthash_siphash24(check, id, IBLT_ID_LEN, key);
    out->id[0] = get_u64(id);
    out->id[1] = get_u64(id + 8);
    out->check = get_u64(check);
}

void iblt_id_of(uint8_t out[IBLT_ID_LEN], const struct iblt_symbol *symbol)
{
    put_u64(out, symbol->id[0]);
    put_u64(out + 8, symbol->id[1]);
}

/* The symbols that an id maps to: the first, then ever farther apart. */
struct walk {
    uint64_t state;
    uint64_t at;
};

static struct walk walk_of(const struct iblt_symbol *single)
{
    return (struct walk){ .state = single->check };
}

/* The numbers are those of SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t walk_random(struct walk *walk)
{
    uint64_t x;

    walk->state += UINT64_C(0x9e3779b97f4a7c15);
    x = walk->state;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* `at` is below 2^16, so that nothing overflows. */
static void walk_next(struct walk *walk)
{
    const uint64_t one = (uint64_t)1 << 32;
    uint64_t x = walk_random(walk);
    uint64_t high = x >> 32;
    uint64_t low = x & (one - 1);
    uint64_t part = (high > low ? high : low) + 1;

    walk->at += (2 * walk->at + 3) * (one - part) / (2 * part) + 1;
}

static void merge(struct iblt_symbol *into, const struct iblt_symbol *other)
{
    into->id[0] ^= other->id[0];
    into->id[1] ^= other->id[1];
    into->check ^= other->check;
}

void iblt_toggle(struct iblt_symbol *prefix, size_t n,
                 const struct iblt_symbol *single)
{
    struct walk walk = walk_of(single);

    assert(n <= SYNC_SYMBOLS_MAX);
    for (; walk.at < n; walk_next(&walk))
        merge(&prefix[walk.at], single);
}

void iblt_join(struct iblt_symbol *into, const struct iblt_symbol *other,
               size_t n)
{
    for (size_t i = 0; i < n; i++)
        merge(&into[i], &other[i]);
}

void iblt_put(struct writer *w, const struct iblt_symbol *symbol)
{
    writer_u64(w, symbol->id[0]);
    writer_u64(w, symbol->id[1]);
    writer_u64(w, symbol->check);
}

void iblt_read(struct reader *r, struct iblt_symbol *out)
{
    out->id[0] = reader_u64(r);
    out->id[1] = reader_u64(r);
    out->check = reader_u64(r);
}

static bool is_empty(const struct iblt_symbol *s)
{
    return (s->id[0] | s->id[1] | s->check) == 0;
}

/* Whether it is the symbol of one id, as far as its check can tell. */
static bool is_single(const struct iblt_symbol *s)
{
    struct iblt_symbol single;
    uint8_t id[IBLT_ID_LEN];

    if (is_empty(s))
        return false;
    iblt_id_of(id, s);
    iblt_symbol_of(&single, id);
    return single.check == s->check;
}

/* Symbols to be looked at, each at most once in the list at a time. */
struct queue {
    uint16_t list[SYNC_SYMBOLS_MAX];
    bool is_listed[SYNC_SYMBOLS_MAX];
    size_t count;
};

static void queue_add(struct queue *queue, size_t i)
{
    if (queue->is_listed[i])
        return;
    queue->is_listed[i] = true;
    queue->list[queue->count++] = (uint16_t)i;
}

static void take_away(struct iblt_symbol *prefix, size_t n, struct queue *queue,
                      const struct iblt_symbol *single)
{
    struct walk walk = walk_of(single);

    for (; walk.at < n; walk_next(&walk)) {
        merge(&prefix[walk.at], single);
        queue_add(queue, (size_t)walk.at);
    }
}

bool iblt_decode(struct iblt_symbol *prefix, size_t n,
                 struct iblt_symbol *found, size_t *count)
{
    struct queue queue = { .count = 0 };
    size_t done = 0;

    assert(n > 0 && n <= SYNC_SYMBOLS_MAX);
    for (size_t i = 0; i < n; i++)
        queue_add(&queue, i);
    while (queue.count > 0) { /* ends: `done` is bounded */
        size_t i = queue.list[--queue.count];

        queue.is_listed[i] = false;
        if (!is_single(&prefix[i]))
            continue;
        if (done == n)
            return false;
        found[done] = prefix[i];
        take_away(prefix, n, &queue, &found[done]);
        done++;
    }
    for (size_t i = 0; i < n; i++)
        if (!is_empty(&prefix[i]))
            return false;
    *count = done;
    return true;
}
