#ifndef TESTS_SIM_RNG_H
#define TESTS_SIM_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All chance of a simulation comes from its seed: xoshiro256**, started by
 * splitmix64.  Parts that must not disturb one another take a fork each.
 */
struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *r, uint64_t seed);
/* Another generator, which follows from `r`'s state and moves it on. */
struct rng rng_fork(struct rng *r);
uint64_t rng_next(struct rng *r);
/* Evenly from 0 to n - 1; n is not 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Evenly from lo to hi, inclusive. */
uint64_t rng_between(struct rng *r, uint64_t lo, uint64_t hi);
/* True with this chance, in parts of a million. */
bool rng_chance(struct rng *r, uint32_t ppm);
void rng_bytes(struct rng *r, uint8_t *out, size_t len);

#endif
