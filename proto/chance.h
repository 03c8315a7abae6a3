#ifndef PROTO_CHANCE_H
#define PROTO_CHANCE_H

#include "proto/bytes.h"

/*
 * Choices that nobody else can foresee, from random bytes of the caller: the
 * same seed gives the same run.  Not for keys.
 */
struct chance {
    uint8_t key[16];
    uint64_t drawn;
};

struct chance chance_of(const uint8_t seed[16]);
uint64_t chance_next(struct chance *c);
/* A number below `n`, which is at least 1. */
size_t chance_below(struct chance *c, size_t n);
/* `ms`, a fifth more or less. */
uint64_t chance_around(struct chance *c, uint64_t ms);

#endif
