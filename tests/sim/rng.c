#include "tests/sim/rng.h"

#include <assert.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        r->state[i] = splitmix(&seed);
}

struct rng rng_fork(struct rng *r)
{
    struct rng fork;

    rng_init(&fork, rng_next(r));
    return fork;
}

static uint64_t rotate(uint64_t v, unsigned by)
{
    return (v << by) | (v >> (64 - by));
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Uneven by less than n / 2^64. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
    assert(n > 0);
    return rng_next(r) % n;
}

uint64_t rng_between(struct rng *r, uint64_t lo, uint64_t hi)
{
    assert(lo <= hi);
    return lo + rng_below(r, hi - lo + 1);
}

bool rng_chance(struct rng *r, uint32_t ppm)
{
    return ppm > 0 && rng_below(r, 1000000) < ppm;
}

void rng_bytes(struct rng *r, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t v = rng_next(r);

        for (; v != 0 && i < len; v >>= 8)
            out[i++] = (uint8_t)v;
    }
}
