/*
 * The XX pattern of the Noise framework.  Secrets that come and go in here are
 * wiped where they end; what stays in struct noise ends in noise_wipe().
 */
#include "proto/noise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"

/* Exactly 32 bytes, so the initial hash is the name itself (Noise §5.2). */
static const char name[] = "Noise_XX_25519_ChaChaPoly_SHA256";
static_assert(sizeof name - 1 == HASH_LEN, "no hashing, no padding");

static void mix_hash(struct noise *n, struct bytes data)
{
    struct bytes parts[] = { BYTES_ARRAY(n->hash), data };

    hash_parts(n->hash, parts, 2);
}

static void mix_key(struct noise *n, struct bytes secret)
{
    uint8_t out[2][HASH_LEN];

    hash_hkdf(out, 2, BYTES_ARRAY(n->chaining_key), secret,
              (struct bytes){ NULL, 0 });
    memcpy(n->chaining_key, out[0], HASH_LEN);
    memcpy(n->key, out[1], KEY_LEN);
    sodium_memzero(out, sizeof out);
    n->has_key = true;
    n->nonce = 0;
}

/*
 * An all-zero result comes from a public key of small order: whoever sent it
 * would know the shared secret without owning a key.
 */
static enum err mix_dh(struct noise *n, const uint8_t secret[KEY_LEN],
                       const uint8_t public_key[KEY_LEN])
{
    uint8_t shared[KEY_LEN];
    enum err e = ERR_BAD_KEY;

    if (crypto_scalarmult(shared, secret, public_key) == 0) {
        mix_key(n, BYTES_ARRAY(shared));
        e = ERR_OK;
    }
    sodium_memzero(shared, sizeof shared);
    return e;
}

static enum err encrypt_and_hash(struct noise *n, struct writer *w,
                                 struct bytes text)
{
    size_t len = text.len + (n->has_key ? AEAD_TAG_LEN : 0);
    uint8_t *out = writer_reserve(w, len);
    uint8_t nonce[AEAD_NONCE_LEN];

    if (w->err != ERR_OK)
        return w->err;
    noise_cipher_nonce(nonce, n->nonce);
    if (n->has_key) {
        aead_seal(out, n->key, nonce, BYTES_ARRAY(n->hash), text);
        n->nonce++;
    } else if (len > 0) {
        memcpy(out, text.data, len);
    }
    mix_hash(n, (struct bytes){ out, len });
    return ERR_OK;
}

static enum err decrypt_and_hash(struct noise *n, uint8_t *out,
                                 struct bytes sealed)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    uint8_t hash[HASH_LEN];
    enum err e = ERR_OK;

    memcpy(hash, n->hash, HASH_LEN);
    mix_hash(n, sealed); /* first, as `out` may be where `sealed` lies */
    noise_cipher_nonce(nonce, n->nonce);
    if (n->has_key) {
        e = aead_open(out, n->key, nonce, BYTES_ARRAY(hash), sealed);
        n->nonce++;
    } else if (sealed.len > 0) {
        memmove(out, sealed.data, sealed.len);
    }
    return e;
}

void noise_init(struct noise *n, bool initiator, struct bytes prologue,
                const uint8_t static_secret[KEY_LEN],
                const uint8_t static_public[KEY_LEN],
                const uint8_t ephemeral_secret[KEY_LEN])
{
    int failed;

    *n = (struct noise){ .initiator = initiator,
                         .static_secret = static_secret,
                         .static_public = static_public };
    memcpy(n->hash, name, HASH_LEN);
    memcpy(n->chaining_key, name, HASH_LEN);
    memcpy(n->ephemeral_secret, ephemeral_secret, KEY_LEN);
    failed = crypto_scalarmult_base(n->ephemeral_public, ephemeral_secret);
    assert(failed == 0);
    (void)failed;
    mix_hash(n, prologue);
}

void noise_wipe(struct noise *n)
{
    if (n != NULL)
        sodium_memzero(n, sizeof *n);
}

bool noise_is_writing(const struct noise *n)
{
    return n->message < 3 && (n->message % 2 == 0) == n->initiator;
}

static void write_ephemeral(struct noise *n, struct writer *w)
{
    writer_bytes(w, BYTES_ARRAY(n->ephemeral_public));
    mix_hash(n, BYTES_ARRAY(n->ephemeral_public));
}

enum err noise_write_keys(struct noise *n, struct writer *w)
{
    struct bytes own = { n->static_public, KEY_LEN };
    enum err e;

    assert(noise_is_writing(n) && !n->keys_done);
    switch (n->message) {
    case 0: /* e */
        write_ephemeral(n, w);
        e = ERR_OK;
        break;
    case 1: /* e, ee, s, es */
        write_ephemeral(n, w);
        e = mix_dh(n, n->ephemeral_secret, n->remote_ephemeral);
        if (e == ERR_OK)
            e = encrypt_and_hash(n, w, own);
        if (e == ERR_OK)
            e = mix_dh(n, n->static_secret, n->remote_ephemeral);
        break;
    default: /* s, se */
        e = encrypt_and_hash(n, w, own);
        if (e == ERR_OK)
            e = mix_dh(n, n->static_secret, n->remote_ephemeral);
        break;
    }
    n->keys_done = true;
    return e == ERR_OK ? w->err : e;
}

enum err noise_write_payload(struct noise *n, struct writer *w,
                             struct bytes payload)
{
    assert(noise_is_writing(n) && n->keys_done);
    n->keys_done = false;
    n->message++;
    return encrypt_and_hash(n, w, payload);
}

static enum err read_ephemeral(struct noise *n, struct reader *r)
{
    reader_copy(r, n->remote_ephemeral, KEY_LEN);
    mix_hash(n, BYTES_ARRAY(n->remote_ephemeral));
    return r->err;
}

static enum err read_static(struct noise *n, struct reader *r)
{
    struct bytes sealed = reader_bytes(r, KEY_LEN + AEAD_TAG_LEN);

    if (r->err != ERR_OK)
        return r->err;
    return decrypt_and_hash(n, n->remote_static, sealed);
}

enum err noise_read_keys(struct noise *n, struct reader *r)
{
    enum err e;

    assert(n->message < 3 && !noise_is_writing(n) && !n->keys_done);
    switch (n->message) {
    case 0: /* e */
        e = read_ephemeral(n, r);
        break;
    case 1: /* e, ee, s, es */
        e = read_ephemeral(n, r);
        if (e == ERR_OK)
            e = mix_dh(n, n->ephemeral_secret, n->remote_ephemeral);
        if (e == ERR_OK)
            e = read_static(n, r);
        if (e == ERR_OK)
            e = mix_dh(n, n->ephemeral_secret, n->remote_static);
        break;
    default: /* s, se */
        e = read_static(n, r);
        if (e == ERR_OK)
            e = mix_dh(n, n->ephemeral_secret, n->remote_static);
        break;
    }
    n->keys_done = true;
    return e;
}

enum err noise_read_payload(struct noise *n, struct reader *r, uint8_t *out,
                            size_t *len)
{
    struct bytes sealed = reader_bytes(r, r->left);
    enum err e;

    assert(n->message < 3 && !noise_is_writing(n) && n->keys_done);
    if (r->err != ERR_OK)
        return r->err;
    n->keys_done = false;
    n->message++;
    e = decrypt_and_hash(n, out, sealed);
    if (e == ERR_OK)
        *len = sealed.len - (n->has_key ? AEAD_TAG_LEN : 0);
    return e;
}

enum err noise_split(const struct noise *n, uint64_t rekey_every,
                     struct noise_cipher *tx, struct noise_cipher *rx,
                     uint8_t ask[HASH_LEN])
{
    uint8_t out[3][HASH_LEN];
    size_t mine = n->initiator ? 0 : 1;
    enum err e;

    assert(n->message == 3 && rekey_every > 0);
    *tx = *rx = (struct noise_cipher){ 0 };
    hash_hkdf(out, 3, BYTES_ARRAY(n->chaining_key), (struct bytes){ NULL, 0 },
              (struct bytes){ NULL, 0 });
    e = noise_cipher_init(tx, true, out[mine], rekey_every);
    if (e == ERR_OK)
        e = noise_cipher_init(rx, false, out[1 - mine], rekey_every);
    if (e == ERR_OK)
        memcpy(ask, out[2], HASH_LEN);
    else
        noise_cipher_wipe(tx);
    sodium_memzero(out, sizeof out);
    return e;
}
