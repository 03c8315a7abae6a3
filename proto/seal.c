/*
 * Layout: passes (4) || memory in KiB (4) || salt || nonce || ciphertext ||
 * tag. The caller's `ad` and the cost are authenticated, so that neither can be
 * exchanged for something cheaper.
 */
#include "proto/seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define COST_LEN 8

static enum err make_key(uint8_t key[KEY_LEN], struct bytes passphrase,
                         struct seal_cost cost,
                         const uint8_t salt[SEAL_SALT_LEN])
{
    const char *text = passphrase.len > 0 ? (const char *)passphrase.data : "";

    if (crypto_pwhash(key, KEY_LEN, text, passphrase.len, salt, cost.passes,
                      (size_t)cost.memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_NO_MEMORY;
    return ERR_OK;
}

static bool cost_is_sane(struct seal_cost cost)
{
    return cost.passes >= 1 && cost.passes <= SEAL_PASSES_MAX &&
           cost.memory_kib >= SEAL_MEMORY_KIB_MIN &&
           cost.memory_kib <= SEAL_MEMORY_KIB_MAX;
}

/* ad || cost: what the tag covers besides the ciphertext. */
static struct bytes joined_ad(uint8_t buf[SEAL_AD_MAX + COST_LEN],
                              struct bytes ad, struct seal_cost cost)
{
    struct writer w = writer_fixed(buf, SEAL_AD_MAX + COST_LEN);

    writer_bytes(&w, ad);
    writer_u32(&w, cost.passes);
    writer_u32(&w, cost.memory_kib);
    assert(w.err == ERR_OK);
    return writer_view(&w);
}

enum err seal_write(struct writer *w, struct bytes secret,
                    struct bytes passphrase, struct bytes ad,
                    struct seal_cost cost,
                    const uint8_t random[SEAL_RANDOM_LEN])
{
    uint8_t key[KEY_LEN];
    uint8_t buf[SEAL_AD_MAX + COST_LEN];
    struct bytes all = joined_ad(buf, ad, cost);
    uint8_t *sealed;
    enum err e;

    assert(cost_is_sane(cost));
    e = make_key(key, passphrase, cost, random);
    if (e != ERR_OK)
        return e;
    writer_u32(w, cost.passes);
    writer_u32(w, cost.memory_kib);
    writer_bytes(w, (struct bytes){ random, SEAL_RANDOM_LEN });
    sealed = writer_reserve(w, secret.len + SEAL_TAG_LEN);
    if (sealed != NULL)
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            sealed, NULL, secret.data, secret.len, all.data, all.len, NULL,
            random + SEAL_SALT_LEN, key);
    sodium_memzero(key, sizeof key);
    return w->err;
}

enum err seal_open(uint8_t *out, struct bytes sealed, struct bytes passphrase,
                   struct bytes ad)
{
    struct reader r = reader_of(sealed);
    struct seal_cost cost = { reader_u32(&r), 0 };
    uint8_t buf[SEAL_AD_MAX + COST_LEN];
    uint8_t key[KEY_LEN];
    uint8_t text[SEAL_SECRET_MAX];
    struct bytes salt, nonce, all;
    enum err e;

    cost.memory_kib = reader_u32(&r);
    salt = reader_bytes(&r, SEAL_SALT_LEN);
    nonce = reader_bytes(&r, SEAL_NONCE_LEN);
    if (r.err != ERR_OK || r.left < SEAL_TAG_LEN || !cost_is_sane(cost) ||
        r.left > SEAL_SECRET_MAX + SEAL_TAG_LEN)
        return ERR_KEY_DAMAGED;
    all = joined_ad(buf, ad, cost);
    e = make_key(key, passphrase, cost, salt.data);
    if (e != ERR_OK)
        return e;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, r.pos,
                                                   r.left, all.data, all.len,
                                                   nonce.data, key) == 0)
        memcpy(out, text, r.left - SEAL_TAG_LEN);
    else
        e = ERR_KEY_SEALED;
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    return e;
}
