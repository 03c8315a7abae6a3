/*
 * SHA-256 by libcrypto, HMAC and HKDF by libsodium; whatever held a key is
 * wiped.
 *
 * The old functions of libcrypto are used for short data: they need no memory
 * and begin at once.  A record's head and body take a fifth of the time that
 * libsodium takes, which has no use for the processor's own instructions, and
 * a third of what the newer functions do.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proto/hash.h"

#include <assert.h>
#include <openssl/sha.h>
#include <sodium.h>

void hash_parts(uint8_t out[HASH_LEN], const struct bytes *parts, size_t count)
{
    SHA256_CTX state;

    (void)SHA256_Init(&state); /* none of these can fail */
    for (size_t i = 0; i < count; i++)
        (void)SHA256_Update(&state, parts[i].data, parts[i].len);
    (void)SHA256_Final(out, &state);
    sodium_memzero(&state, sizeof state);
}

void hash_bytes(uint8_t out[HASH_LEN], struct bytes data)
{
    hash_parts(out, &data, 1);
}

void hash_hmac(uint8_t out[HASH_LEN], struct bytes key,
               const struct bytes *parts, size_t count)
{
    static const uint8_t none[1]; /* an empty key may not be NULL */
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key.len > 0 ? key.data : none, key.len);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void hash_hkdf(uint8_t (*out)[HASH_LEN], size_t count, struct bytes salt,
               struct bytes ikm, struct bytes info)
{
    uint8_t prk[HASH_LEN];

    assert(count >= 1 && count <= 3);
    hash_hmac(prk, salt, &ikm, 1);
    for (size_t i = 0; i < count; i++) {
        uint8_t number = (uint8_t)(i + 1);
        struct bytes parts[] = {
            { i == 0 ? NULL : out[i - 1], i == 0 ? 0 : HASH_LEN },
            info,
            { &number, 1 },
        };

        hash_hmac(out[i], BYTES_ARRAY(prk), parts, 3);
    }
    sodium_memzero(prk, sizeof prk);
}
