#ifndef PROTO_INTRODUCTION_H
#define PROTO_INTRODUCTION_H

#include "proto/identity.h"

/*
 * The payload of handshake messages 2 and 3 (protocol.md §4.2): which node this
 * is, signed over the handshake so far and the X25519 key it was done with.
 */

#define INTRODUCTION_MAX 256

/* The highest version of the protocol that this release speaks. */
#define INTRODUCTION_VERSION 1

struct introduction {
    uint8_t node[KEY_LEN];
    uint64_t features;
    uint64_t version; /* fits 32 bits */
};

/* Writes our own for the handshake hash just before it. */
void introduction_write(struct writer *w, const struct node_keys *keys,
                        const struct network *network, uint64_t features,
                        const uint8_t hash[HASH_LEN]);

/*
 * Decodes and verifies the peer's.  Outputs only on ERR_OK.
 *   ERR_TOO_LARGE, ERR_MALFORMED and the errors of MessagePack
 *   ERR_BAD_SIGNATURE  other network, or the node key is not the sender's
 */
MUST_CHECK enum err introduction_read(struct introduction *out,
                                      struct bytes payload,
                                      const struct network *network,
                                      const uint8_t noise_public[KEY_LEN],
                                      const uint8_t hash[HASH_LEN]);

#endif
