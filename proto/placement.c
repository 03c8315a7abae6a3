/*
 * Weighted rendezvous hashing in whole numbers, so that it comes out the same
 * everywhere: the cost is -log2(u) / weight, with u in (0, 1] from a hash.
 */
#include "proto/placement.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"

#define FRACTION_BITS 24
#define WEIGHT_MAX    ((uint64_t)1 << 33) /* in MiB: 8 EiB */

void placement_node_init(struct placement_node *out,
                         const uint8_t node[KEY_LEN], uint64_t pledged_bytes)
{
    uint8_t hash[HASH_LEN];
    const struct bytes parts[2] = {
        { (const uint8_t *)"troupe place 1", 15 },
        { node, KEY_LEN },
    };

    hash_parts(hash, parts, 2);
    memcpy(out->node, node, KEY_LEN);
    memcpy(out->key, hash, sizeof out->key);
    out->weight = pledged_bytes >> 20;
    if (out->weight == 0)
        out->weight = 1;
    if (out->weight > WEIGHT_MAX)
        out->weight = WEIGHT_MAX;
}

/* log2(x) of x >= 1 in units of 2^-24, by squaring. */
static uint64_t log2_of(uint64_t x)
{
    unsigned whole = 63;
    uint64_t result;
    uint64_t y; /* 2^31 stands for 1: from 1 up to 2 */

    while ((x >> whole & 1) == 0)
        whole--;
    y = whole >= 31 ? x >> (whole - 31) : x << (31 - whole);
    result = (uint64_t)whole << FRACTION_BITS;
    for (unsigned bit = FRACTION_BITS; bit-- > 0;) {
        y = y * y >> 31;
        if (y >> 32 != 0) {
            result |= (uint64_t)1 << bit;
            y >>= 1;
        }
    }
    return result;
}

uint64_t placement_cost(const struct placement_node *node,
                        const struct blob_id *blob)
{
    uint8_t name[HASH_LEN + 8];
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t u;
    uint64_t far;

    static_assert(crypto_shorthash_KEYBYTES == 16, "the key's size");
    memcpy(name, blob->root, HASH_LEN);
    put_u64(name + HASH_LEN, blob->size);
    (void)crypto_shorthash(hash, name, sizeof name, node->key);
    u = get_u64(hash);
    if (u == UINT64_MAX)
        return 0;
    far = ((uint64_t)64 << FRACTION_BITS) - log2_of(u + 1);
    return (far << 32) / node->weight;
}

/* Whether number `a` stands before number `b` in the order. */
static bool comes_first(const struct placement_view *v, size_t a, size_t b)
{
    if (v->costs[a] != v->costs[b])
        return v->costs[a] < v->costs[b];
    return memcmp(v->nodes[a].node, v->nodes[b].node, KEY_LEN) < 0;
}

enum placement placement_decide(const struct placement_view *v)
{
    unsigned before = 0;         /* those who are to hold it rather than self */
    unsigned before_holding = 0; /* and do */

    assert(v->self < v->count);
    for (size_t i = 0; i < v->count; i++) {
        if (i == v->self || !comes_first(v, i, v->self))
            continue;
        before++;
        before_holding += v->holds[i];
    }
    if (before < v->target)
        return v->holds[v->self] ? PLACEMENT_KEEP : PLACEMENT_FETCH;
    if (!v->holds[v->self])
        return PLACEMENT_LEAVE;
    /* At least `target` of those who come first have it: it is safe there. */
    return before_holding >= v->target ? PLACEMENT_RELEASE : PLACEMENT_KEEP;
}
