#ifndef PROTO_AEAD_H
#define PROTO_AEAD_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * ChaCha20-Poly1305 (RFC 8439) twice.  The one-shot functions are libsodium's:
 * they allocate nothing, so the handshake with a stranger uses them.  A struct
 * aead is libcrypto's, three times as fast, for the bytes of an open session:
 * one context, keyed anew instead of made anew.  Both give the same bytes.
 */

#define AEAD_NONCE_LEN 12
#define AEAD_TAG_LEN   16

/* Writes text.len + AEAD_TAG_LEN bytes; `out` may be text.data itself. */
void aead_seal(uint8_t *out, const uint8_t key[KEY_LEN],
               const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad,
               struct bytes text);
/*
 * Writes sealed.len - AEAD_TAG_LEN bytes; `out` may be sealed.data itself.
 *   ERR_TRUNCATED       shorter than a tag
 *   ERR_BAD_CIPHERTEXT  the tag does not match; `out` holds zeros
 */
MUST_CHECK enum err aead_open(uint8_t *out, const uint8_t key[KEY_LEN],
                              const uint8_t nonce[AEAD_NONCE_LEN],
                              struct bytes ad, struct bytes sealed);

/* A keyed libcrypto context for one direction.  Zeroed, it holds nothing. */
struct aead {
    struct evp_cipher_ctx_st *ctx;
    bool sealing;
};

/* ERR_NO_MEMORY leaves *a zeroed; else aead_wipe() it. */
MUST_CHECK enum err aead_init(struct aead *a, bool sealing,
                              const uint8_t key[KEY_LEN]);
/* Keeps the context and changes its key. */
void aead_rekey(struct aead *a, const uint8_t key[KEY_LEN]);
/* Wipes the key and frees the context; accepts a zeroed one. */
void aead_wipe(struct aead *a);

/*
 * Sealing in pieces: start, then add each piece of the text (which writes as
 * many bytes as it reads, `out` never overlapping a piece but by being it),
 * then finish with the tag.
 */
void aead_seal_start(struct aead *a, const uint8_t nonce[AEAD_NONCE_LEN],
                     struct bytes ad);
void aead_seal_add(struct aead *a, uint8_t *out, struct bytes piece);
void aead_seal_finish(struct aead *a, uint8_t tag[AEAD_TAG_LEN]);

/* The first 32 bytes that sealing zeros would give: the next key of Noise. */
void aead_next_key(struct aead *a, uint8_t out[KEY_LEN],
                   const uint8_t nonce[AEAD_NONCE_LEN]);

/* As aead_open(), with the context's key. */
MUST_CHECK enum err aead_open_with(struct aead *a, uint8_t *out,
                                   const uint8_t nonce[AEAD_NONCE_LEN],
                                   struct bytes ad, struct bytes sealed);

#endif
