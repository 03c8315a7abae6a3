#ifndef PROTO_MULTI_HASH_H
#define PROTO_MULTI_HASH_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * SHA-256 of many pieces at once (multi-buffer hashing).  One hash is a chain
 * of steps that each wait for the last, and a processor can do two to sixteen
 * such chains side by side: Intel's library does, with what the processor at
 * hand has (SHA-NI in pairs, AVX2, AVX-512).  Where it is not there,
 * multi_hash_new() gives NULL, and every function here accepts that.  One
 * belongs to one thread at a time; what it gives depends on nothing that went
 * through it before.
 */
struct multi_hash;

/* NULL without memory, too: then hashes are made one at a time. */
struct multi_hash *multi_hash_new(void);
void multi_hash_free(struct multi_hash *m);

/*
 * `out` = the hashes, 32 bytes each, of `count` pieces of `len` bytes that lie
 * side by side at `src`; `len` at least 1.  False for NULL, or if it fails:
 * then `out` means nothing, and the pieces are to be hashed otherwise.
 */
bool multi_hash_pieces(struct multi_hash *m, uint8_t *out, const uint8_t *src,
                       size_t len, size_t count);

#endif
