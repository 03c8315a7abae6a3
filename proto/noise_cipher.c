/* The transport of an open Noise session: counting nonces, renewing keys. */
#include "proto/noise_cipher.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

void noise_cipher_nonce(uint8_t out[AEAD_NONCE_LEN], uint64_t counter)
{
    memset(out, 0, AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        out[4 + i] = (uint8_t)(counter >> (8 * i));
}

enum err noise_cipher_init(struct noise_cipher *c, bool sealing,
                           const uint8_t key[KEY_LEN], uint64_t rekey_every)
{
    enum err e;

    assert(rekey_every > 0);
    *c = (struct noise_cipher){ 0 };
    e = aead_init(&c->aead, sealing, key);
    if (e == ERR_OK)
        c->rekey_every = rekey_every;
    return e;
}

void noise_cipher_wipe(struct noise_cipher *c)
{
    aead_wipe(&c->aead);
    *c = (struct noise_cipher){ 0 };
}

/* The counter goes on; only the key changes (Noise §4.2, REKEY). */
static void rekey(struct noise_cipher *c)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    uint8_t key[KEY_LEN];

    noise_cipher_nonce(nonce, UINT64_MAX);
    aead_next_key(&c->aead, key, nonce);
    aead_rekey(&c->aead, key);
    sodium_memzero(key, sizeof key);
}

/* The nonce of the next message, under the key that is its own. */
static void advance(struct noise_cipher *c, uint8_t nonce[AEAD_NONCE_LEN])
{
    assert(c->nonce < UINT64_MAX); /* 2^64 messages: millennia */
    if (c->nonce > 0 && c->nonce % c->rekey_every == 0)
        rekey(c);
    noise_cipher_nonce(nonce, c->nonce++);
}

void noise_cipher_start(struct noise_cipher *c)
{
    uint8_t nonce[AEAD_NONCE_LEN];

    advance(c, nonce);
    aead_seal_start(&c->aead, nonce, (struct bytes){ NULL, 0 });
}

void noise_cipher_add(struct noise_cipher *c, uint8_t *out, struct bytes piece)
{
    aead_seal_add(&c->aead, out, piece);
}

void noise_cipher_finish(struct noise_cipher *c, uint8_t tag[AEAD_TAG_LEN])
{
    aead_seal_finish(&c->aead, tag);
}

enum err noise_cipher_open(struct noise_cipher *c, uint8_t *out,
                           struct bytes sealed)
{
    uint8_t nonce[AEAD_NONCE_LEN];

    advance(c, nonce);
    return aead_open_with(&c->aead, out, nonce, (struct bytes){ NULL, 0 },
                          sealed);
}
