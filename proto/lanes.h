#ifndef PROTO_LANES_H
#define PROTO_LANES_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * SHA-256 of many pieces at once.  One hash is a chain of steps that each wait
 * for the last, and a processor can do two to sixteen such chains side by side:
 * Intel's multi-buffer library does, with what the processor at hand has
 * (SHA-NI in pairs, AVX2, AVX-512).  Where it is not there, lanes_new() gives
 * NULL, and every function here accepts that.  Lanes belong to one thread at a
 * time; what they give depends on nothing that went through them before.
 */
struct lanes;

/* NULL without memory, too: then hashes are made one at a time. */
struct lanes *lanes_new(void);
void lanes_free(struct lanes *l);

/*
 * `out` = the hashes, 32 bytes each, of `count` pieces of `len` bytes that lie
 * side by side at `src`; `len` at least 1.  False without lanes, or if they
 * fail: then `out` means nothing, and the pieces are to be hashed otherwise.
 */
bool lanes_hash(struct lanes *l, uint8_t *out, const uint8_t *src, size_t len,
                size_t count);

#endif
