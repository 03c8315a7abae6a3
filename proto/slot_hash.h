#ifndef PROTO_SLOT_HASH_H
#define PROTO_SLOT_HASH_H

#include <sodium.h>

#include "proto/bytes.h"

/*
 * Where an id stands in an open table.  Ids that a record names can be made
 * up, and would crowd a table that took their bytes: so a key of this node
 * says where they go (SipHash).  It changes no result.
 */
struct slot_key {
    uint8_t bytes[crypto_shorthash_KEYBYTES];
};

static inline uint64_t slot_hash(const struct slot_key *key,
                                 const uint8_t *data, size_t len)
{
    uint8_t hash[crypto_shorthash_BYTES];

    (void)crypto_shorthash(hash, data, len, key->bytes);
    return get_u64(hash);
}

#endif
