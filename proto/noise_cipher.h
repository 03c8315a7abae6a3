#ifndef PROTO_NOISE_CIPHER_H
#define PROTO_NOISE_CIPHER_H

#include "proto/aead.h"

/*
 * One direction of the transport.  The nonce counts messages; after each
 * `rekey_every` of them the key is renewed (Noise §11.3, protocol.md §4.3).
 */
struct noise_cipher {
    struct aead aead;
    uint64_t nonce;
    uint64_t rekey_every;
};

/* ERR_NO_MEMORY leaves *c zeroed; else noise_cipher_wipe() it. */
MUST_CHECK enum err noise_cipher_init(struct noise_cipher *c, bool sealing,
                                      const uint8_t key[KEY_LEN],
                                      uint64_t rekey_every);
/* Accepts a zeroed one. */
void noise_cipher_wipe(struct noise_cipher *c);

/* A message is sealed in pieces as with aead_seal_*, with no data beside it. */
void noise_cipher_start(struct noise_cipher *c);
void noise_cipher_add(struct noise_cipher *c, uint8_t *out, struct bytes piece);
void noise_cipher_finish(struct noise_cipher *c, uint8_t tag[AEAD_TAG_LEN]);
/* ERR_TRUNCATED, ERR_BAD_CIPHERTEXT; an error leaves the cipher unusable. */
MUST_CHECK enum err noise_cipher_open(struct noise_cipher *c, uint8_t *out,
                                      struct bytes sealed);

/* The nonce on the wire: four zero bytes and the counter, little-endian. */
void noise_cipher_nonce(uint8_t out[AEAD_NONCE_LEN], uint64_t counter);

#endif
