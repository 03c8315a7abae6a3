#ifndef PROTO_HASH_H
#define PROTO_HASH_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * SHA-256, HMAC and HKDF over lists of parts, so that no caller has to join
 * bytes before they are hashed.  For small inputs: blobs have their own hash.
 */

/* SHA-256 of the parts, one after the other. */
void hash_parts(uint8_t out[HASH_LEN], const struct bytes *parts, size_t count);
void hash_bytes(uint8_t out[HASH_LEN], struct bytes data);

/* HMAC-SHA-256 (RFC 2104) of the parts. */
void hash_hmac(uint8_t out[HASH_LEN], struct bytes key,
               const struct bytes *parts, size_t count);

/*
 * HKDF-SHA-256 (RFC 5869) with a salt: `count` outputs of HASH_LEN bytes, at
 * most 3.  With the chaining key as salt and an empty info this is Noise's own
 * HKDF (Noise §4.3).
 */
void hash_hkdf(uint8_t (*out)[HASH_LEN], size_t count, struct bytes salt,
               struct bytes ikm, struct bytes info);

#endif
