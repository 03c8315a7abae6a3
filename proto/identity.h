#ifndef PROTO_IDENTITY_H
#define PROTO_IDENTITY_H

#include "proto/domain.h"

/*
 * The three kinds of keys (protocol.md §2): a person's, from 24 words; a
 * device's, which signs records; a node's, which meets other nodes.  How they
 * lie in files is keyfile.h.
 */

/* A node: its Ed25519 key, which is its id, and its X25519 static key. */
struct node_keys {
    struct sign_key sign;
    uint8_t noise_secret[KEY_LEN];
    uint8_t noise_public[KEY_LEN];
};

/* From 64 random bytes. */
#define NODE_SEED_LEN 64
void node_keys_from_seed(struct node_keys *out,
                         const uint8_t seed[NODE_SEED_LEN]);
void node_keys_wipe(struct node_keys *keys);

/* A person's key n from the entropy that the words encode (§2.1). */
#define ENTROPY_LEN 32
void person_key_derive(struct sign_key *out, const uint8_t entropy[ENTROPY_LEN],
                       uint32_t n);
/* SHA-256 of a public key: what commits to it before it is used. */
void person_key_commit(uint8_t out[HASH_LEN],
                       const uint8_t public_key[KEY_LEN]);

#endif
