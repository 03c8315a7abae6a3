/* ChaCha20-Poly1305 by libsodium (one shot) and by libcrypto (streamed). */
#include "proto/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

static_assert(AEAD_NONCE_LEN == crypto_aead_chacha20poly1305_ietf_NPUBBYTES &&
                  AEAD_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES,
              "both libraries speak RFC 8439");

void aead_seal(uint8_t *out, const uint8_t key[KEY_LEN],
               const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad,
               struct bytes text)
{
    unsigned long long len;

    crypto_aead_chacha20poly1305_ietf_encrypt(
        out, &len, text.data, text.len, ad.data, ad.len, NULL, nonce, key);
    assert(len == text.len + AEAD_TAG_LEN);
}

enum err aead_open(uint8_t *out, const uint8_t key[KEY_LEN],
                   const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad,
                   struct bytes sealed)
{
    if (sealed.len < AEAD_TAG_LEN)
        return ERR_TRUNCATED;
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data,
                                                  sealed.len, ad.data, ad.len,
                                                  nonce, key) != 0) {
        if (sealed.len > AEAD_TAG_LEN)
            sodium_memzero(out, sealed.len - AEAD_TAG_LEN);
        return ERR_BAD_CIPHERTEXT;
    }
    return ERR_OK;
}

/*
 * libcrypto's functions fail on wrong arguments and on no memory.  Once the
 * context exists and is keyed, neither can happen.
 */
static void must(int result)
{
    assert(result == 1);
    (void)result;
}

enum err aead_init(struct aead *a, bool sealing, const uint8_t key[KEY_LEN])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    *a = (struct aead){ 0 };
    if (ctx == NULL)
        return ERR_NO_MEMORY;
    if (EVP_CipherInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, NULL,
                          sealing) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        return ERR_NO_MEMORY;
    }
    *a = (struct aead){ .ctx = ctx, .sealing = sealing };
    return ERR_OK;
}

void aead_rekey(struct aead *a, const uint8_t key[KEY_LEN])
{
    must(EVP_CipherInit_ex(a->ctx, NULL, NULL, key, NULL, a->sealing));
}

/* libcrypto cleanses a context when it frees it. */
void aead_wipe(struct aead *a)
{
    EVP_CIPHER_CTX_free(a->ctx);
    *a = (struct aead){ 0 };
}

static void start(struct aead *a, const uint8_t nonce[AEAD_NONCE_LEN],
                  struct bytes ad)
{
    int len;

    assert(ad.len <= INT_MAX);
    must(EVP_CipherInit_ex(a->ctx, NULL, NULL, NULL, nonce, a->sealing));
    if (ad.len > 0)
        must(EVP_CipherUpdate(a->ctx, NULL, &len, ad.data, (int)ad.len));
}

static void add(struct aead *a, uint8_t *out, struct bytes piece)
{
    int len;

    assert(piece.len <= INT_MAX);
    if (piece.len == 0)
        return;
    must(EVP_CipherUpdate(a->ctx, out, &len, piece.data, (int)piece.len));
    assert((size_t)len == piece.len);
}

void aead_seal_start(struct aead *a, const uint8_t nonce[AEAD_NONCE_LEN],
                     struct bytes ad)
{
    assert(a->ctx != NULL && a->sealing);
    start(a, nonce, ad);
}

void aead_seal_add(struct aead *a, uint8_t *out, struct bytes piece)
{
    add(a, out, piece);
}

void aead_seal_finish(struct aead *a, uint8_t tag[AEAD_TAG_LEN])
{
    uint8_t none[1];
    int len;

    must(EVP_CipherFinal_ex(a->ctx, none, &len));
    assert(len == 0);
    must(EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, tag));
}

/* Opening zeros gives the same keystream, so that either direction can ask. */
void aead_next_key(struct aead *a, uint8_t out[KEY_LEN],
                   const uint8_t nonce[AEAD_NONCE_LEN])
{
    static const uint8_t zeros[KEY_LEN];

    assert(a->ctx != NULL);
    start(a, nonce, (struct bytes){ NULL, 0 });
    add(a, out, BYTES_ARRAY(zeros));
}

enum err aead_open_with(struct aead *a, uint8_t *out,
                        const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad,
                        struct bytes sealed)
{
    uint8_t tag[AEAD_TAG_LEN];
    uint8_t none[1];
    struct bytes text;
    int len;

    assert(a->ctx != NULL && !a->sealing);
    if (sealed.len < AEAD_TAG_LEN)
        return ERR_TRUNCATED;
    text = (struct bytes){ sealed.data, sealed.len - AEAD_TAG_LEN };
    memcpy(tag, sealed.data + text.len, AEAD_TAG_LEN);
    start(a, nonce, ad);
    must(EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag));
    add(a, out, text);
    if (EVP_CipherFinal_ex(a->ctx, none, &len) != 1) {
        if (text.len > 0)
            sodium_memzero(out, text.len);
        return ERR_BAD_CIPHERTEXT;
    }
    return ERR_OK;
}
