#ifndef PROTO_NOISE_H
#define PROTO_NOISE_H

#include "proto/noise_cipher.h"

/*
 * Noise_XX_25519_ChaChaPoly_SHA256 (Noise revision 34) without sockets, clock
 * or randomness: bytes in, bytes out, the ephemeral key given by the caller.
 *
 *   -> e                 message 0, written by the initiator
 *   <- e, ee, s, es      message 1
 *   -> s, se             message 2; then both sides noise_split()
 *
 * Each message is written, or read, in two halves: first its keys, then its
 * payload, so that the payload can sign the handshake hash between them.
 */

/* Bytes of keys before each message's payload, tags included. */
#define NOISE_KEYS_0 32
#define NOISE_KEYS_1 80
#define NOISE_KEYS_2 48

struct noise {
    uint8_t chaining_key[HASH_LEN];
    uint8_t hash[HASH_LEN];
    uint8_t key[KEY_LEN]; /* of the handshake cipher, once has_key */
    uint8_t ephemeral_secret[KEY_LEN];
    uint8_t ephemeral_public[KEY_LEN];
    uint8_t remote_ephemeral[KEY_LEN];
    uint8_t remote_static[KEY_LEN];
    const uint8_t *static_secret; /* KEY_LEN bytes, the caller's */
    const uint8_t *static_public;
    uint64_t nonce;
    bool has_key;
    bool initiator;
    bool keys_done;  /* the message's keys are through, its payload is next */
    uint8_t message; /* number of the next message: 0 to 2, 3 when done */
};

/* The static key pair is borrowed until noise_wipe(). */
void noise_init(struct noise *n, bool initiator, struct bytes prologue,
                const uint8_t static_secret[KEY_LEN],
                const uint8_t static_public[KEY_LEN],
                const uint8_t ephemeral_secret[KEY_LEN]);
void noise_wipe(struct noise *n);

/* Whether the next message is ours to write. */
bool noise_is_writing(const struct noise *n);

/*
 * Writes the next message's keys, then its payload.
 *   ERR_BAD_KEY  an X25519 result is all zero: the handshake has ended
 *   ERR_NO_SPACE the writer is full
 */
MUST_CHECK enum err noise_write_keys(struct noise *n, struct writer *w);
MUST_CHECK enum err noise_write_payload(struct noise *n, struct writer *w,
                                        struct bytes payload);

/*
 * Reads the next message's keys off `r`, then all that is left of it as its
 * payload, into `out`, which has room for it.  An error ends the handshake.
 *   ERR_TRUNCATED, ERR_BAD_CIPHERTEXT, ERR_BAD_KEY
 */
MUST_CHECK enum err noise_read_keys(struct noise *n, struct reader *r);
MUST_CHECK enum err noise_read_payload(struct noise *n, struct reader *r,
                                       uint8_t *out, size_t *len);

/*
 * After message 2: the two directions and the third output of the final HKDF,
 * `ask`.  The caller owns both ciphers.  ERR_NO_MEMORY leaves them zeroed.
 */
MUST_CHECK enum err noise_split(const struct noise *n, uint64_t rekey_every,
                                struct noise_cipher *tx,
                                struct noise_cipher *rx, uint8_t ask[HASH_LEN]);

#endif
