/* SipHash-2-4 of a counter. */
#include "proto/chance.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

struct chance chance_of(const uint8_t seed[16])
{
    struct chance c = { .drawn = 0 };

    memcpy(c.key, seed, sizeof c.key);
    return c;
}

uint64_t chance_next(struct chance *c)
{
    uint8_t number[8];
    uint8_t out[crypto_shorthash_BYTES];

    put_u64(number, c->drawn++);
    (void)crypto_shorthash(out, number, sizeof number, c->key);
    return get_u64(out);
}

size_t chance_below(struct chance *c, size_t n)
{
    assert(n > 0);
    return (size_t)(chance_next(c) % n); /* so small that no bias shows */
}

uint64_t chance_around(struct chance *c, uint64_t ms)
{
    return ms - ms / 5 + chance_next(c) % (ms / 5 * 2 + 1);
}
