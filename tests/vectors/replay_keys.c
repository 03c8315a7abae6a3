/* Signatures, key exchange and AEAD, each by the functions that proto/ uses. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/aead.h"
#include "proto/domain.h"
#include "tests/vectors/replay.h"

/* §1.3: exactly 32 and 64 bytes, then libsodium and nothing more. */
static bool verifies(struct bytes key, struct bytes message,
                     struct bytes signature)
{
    return key.len == KEY_LEN && signature.len == SIGNATURE_LEN &&
           crypto_sign_verify_detached(signature.data, message.data,
                                       message.len, key.data) == 0;
}

static void judge(struct replay *r, const char *name, bool accepted,
                  bool expected)
{
    replay_case(r, name, accepted ? "accepted" : "refused",
                accepted == expected);
}

/* A case with key, message and signature under these names. */
static void verify_case(struct replay *r, const char *name, const json_t *keys,
                        const char *key_name, const json_t *item,
                        const char *message_name, const char *signature_name,
                        bool expected)
{
    struct bytes key = { NULL, 0 }, message = { NULL, 0 }, sig = { NULL, 0 };

    if (replay_hex(&key, keys, key_name) &&
        replay_hex(&message, item, message_name) &&
        replay_hex(&sig, item, signature_name))
        judge(r, name, verifies(key, message, sig), expected);
    else
        replay_case(r, name, "unreadable", false);
    replay_free(&key);
    replay_free(&message);
    replay_free(&sig);
}

static void wycheproof_signature(struct replay *r, const json_t *group,
                                 const json_t *test, const char *name)
{
    verify_case(r, name, json_object_get(group, "publicKey"), "pk", test, "msg",
                "sig", replay_is(test, "result", "valid"));
}

/* CCTV's messages are text; any of these flags means refusal by our rule. */
static void cctv_case(struct replay *r, const json_t *item, const char *name)
{
    static const char *const refusing[] = { "low_order_A", "low_order_R",
                                            "non_canonical_A",
                                            "non_canonical_R",
                                            "low_order_residue" };
    const json_t *message = json_object_get(item, "msg");
    struct bytes text = { (const uint8_t *)json_string_value(message),
                          json_string_length(message) };
    struct bytes key = { NULL, 0 }, sig = { NULL, 0 };
    bool expected = true;
    json_t *flag;
    size_t i;

    json_array_foreach(json_object_get(item, "flags"), i, flag)
    {
        const char *value = json_string_value(flag);

        for (size_t k = 0; value != NULL && k < 5; k++)
            if (strcmp(value, refusing[k]) == 0)
                expected = false;
        if (value != NULL && strncmp(value, "non_canonical_", 14) == 0)
            expected = false;
    }
    if (json_is_string(message) && replay_hex(&key, item, "key") &&
        replay_hex(&sig, item, "sig"))
        judge(r, name, verifies(key, text, sig), expected);
    else
        replay_case(r, name, "unreadable", false);
    replay_free(&key);
    replay_free(&sig);
}

static void rfc8032_case(struct replay *r, const json_t *item, const char *name)
{
    uint8_t seed[32], public_key[KEY_LEN], expected[SIGNATURE_LEN];
    uint8_t signature[SIGNATURE_LEN];
    struct bytes message = { NULL, 0 };
    struct sign_key key;
    bool fine = replay_hex_exact(seed, 32, item, "seed") &&
                replay_hex_exact(public_key, KEY_LEN, item, "key") &&
                replay_hex_exact(expected, SIGNATURE_LEN, item, "sig") &&
                replay_hex(&message, item, "msg");

    if (fine) {
        sign_key_from_seed(&key, seed);
        (void)crypto_sign_detached(signature, NULL, message.data, message.len,
                                   key.secret);
        fine =
            memcmp(key.public_key, public_key, KEY_LEN) == 0 &&
            memcmp(signature, expected, SIGNATURE_LEN) == 0 &&
            verifies(BYTES_ARRAY(public_key), message, BYTES_ARRAY(signature));
    }
    replay_case(r, name, fine ? "signed alike and verified" : "differs", fine);
    replay_free(&message);
}

/*
 * With a key A of small order, R = [S]B verifies in a lenient library whenever
 * the hash is a multiple of A's order: one message in eight at least.
 */
static void low_order_case(struct replay *r, const json_t *item,
                           const char *name)
{
    uint8_t key[KEY_LEN], signature[SIGNATURE_LEN] = { 0 };
    bool accepted = false;

    if (!replay_hex_exact(key, KEY_LEN, item, "encoding")) {
        replay_case(r, name, "unreadable", false);
        return;
    }
    signature[32] = 7; /* S */
    if (crypto_scalarmult_ed25519_base_noclamp(signature, signature + 32) != 0)
        abort();
    for (uint8_t i = 0; i < 128; i++)
        accepted =
            accepted || verifies(BYTES_ARRAY(key), (struct bytes){ &i, 1 },
                                 BYTES_ARRAY(signature));
    judge(r, name, accepted, false);
}

bool replay_ed25519(struct replay *r, json_t *root)
{
    json_t *item;
    size_t i;

    if (json_is_object(root))
        return replay_groups(r, root, wycheproof_signature);
    if (!json_is_array(root))
        return false;
    json_array_foreach(root, i, item)
    {
        char name[256];

        replay_name(name, sizeof name, item, i);
        if (json_object_get(item, "encoding") != NULL)
            low_order_case(r, item, name);
        else if (json_object_get(item, "seed") != NULL)
            rfc8032_case(r, item, name);
        else if (json_object_get(item, "pub_key") != NULL)
            verify_case(r, name, item, "pub_key", item, "message", "signature",
                        i == 3);
        else if (json_object_get(item, "key") != NULL)
            cctv_case(r, item, name);
        else
            replay_case(r, name, "unreadable", false);
    }
    return true;
}

static void exchange(struct replay *r, const json_t *group, const json_t *test,
                     const char *name)
{
    uint8_t secret[KEY_LEN], public_key[KEY_LEN], shared[KEY_LEN];
    uint8_t expected[KEY_LEN];
    bool invalid = replay_is(test, "result", "invalid");

    (void)group;
    if (!replay_hex_exact(secret, KEY_LEN, test, "private") ||
        !replay_hex_exact(public_key, KEY_LEN, test, "public") ||
        !replay_hex_exact(expected, KEY_LEN, test, "shared")) {
        replay_case(r, name, "refused: wrong length", invalid);
        return;
    }
    if (crypto_scalarmult(shared, secret, public_key) != 0)
        replay_case(r, name, "refused: all zero",
                    sodium_is_zero(expected, KEY_LEN));
    else if (memcmp(shared, expected, KEY_LEN) == 0)
        replay_case(r, name, "equal",
                    !invalid && !sodium_is_zero(shared, KEY_LEN));
    else
        replay_case(r, name, "differs", false);
}

bool replay_x25519(struct replay *r, json_t *root)
{
    return replay_groups(r, root, exchange);
}

struct sealed {
    struct bytes ad, text, both; /* both: ciphertext || tag */
    uint8_t key[KEY_LEN];
    uint8_t nonce[AEAD_NONCE_LEN];
};

/* libsodium in one shot and libcrypto in pieces must agree in everything. */
static bool opens(const struct sealed *s, uint8_t *out)
{
    size_t len = s->both.len < AEAD_TAG_LEN ? 0 : s->both.len - AEAD_TAG_LEN;
    struct aead a;
    bool sodium = aead_open(out, s->key, s->nonce, s->ad, s->both) == ERR_OK &&
                  bytes_equal((struct bytes){ out, len }, s->text);
    bool crypto;

    memset(out, 0, len);
    if (aead_init(&a, false, s->key) != ERR_OK)
        abort();
    crypto = aead_open_with(&a, out, s->nonce, s->ad, s->both) == ERR_OK &&
             bytes_equal((struct bytes){ out, len }, s->text);
    aead_wipe(&a);
    if (sodium != crypto)
        abort(); /* the two libraries disagree: nothing is worth going on */
    return sodium;
}

static bool seals(const struct sealed *s, uint8_t *out)
{
    struct bytes made = { out, s->text.len + AEAD_TAG_LEN };
    size_t half = s->text.len / 2;
    struct aead a;
    bool sodium;

    aead_seal(out, s->key, s->nonce, s->ad, s->text);
    sodium = bytes_equal(made, s->both);
    memset(out, 0, made.len);
    if (aead_init(&a, true, s->key) != ERR_OK)
        abort();
    aead_seal_start(&a, s->nonce, s->ad);
    aead_seal_add(&a, out, (struct bytes){ s->text.data, half });
    aead_seal_add(&a, out + half,
                  (struct bytes){ s->text.data + half, s->text.len - half });
    aead_seal_finish(&a, out + s->text.len);
    aead_wipe(&a);
    return sodium && bytes_equal(made, s->both);
}

static bool sealed_read(struct sealed *s, const json_t *test)
{
    struct bytes ct = { NULL, 0 }, tag = { NULL, 0 };
    uint8_t *both;
    bool fine = replay_hex_exact(s->key, KEY_LEN, test, "key") &&
                replay_hex_exact(s->nonce, AEAD_NONCE_LEN, test, "iv") &&
                replay_hex(&s->ad, test, "aad") &&
                replay_hex(&s->text, test, "msg") &&
                replay_hex(&ct, test, "ct") && replay_hex(&tag, test, "tag");

    both = fine ? malloc(ct.len + tag.len + 1) : NULL;
    if (both != NULL) {
        memcpy(both, ct.data, ct.len);
        memcpy(both + ct.len, tag.data, tag.len);
        s->both = (struct bytes){ both, ct.len + tag.len };
    }
    replay_free(&ct);
    replay_free(&tag);
    return both != NULL;
}

static void aead_case(struct replay *r, const json_t *group, const json_t *test,
                      const char *name)
{
    struct sealed s = { 0 };
    bool valid = replay_is(test, "result", "valid");
    uint8_t *out = NULL;
    bool opened = false, sealed = true;

    (void)group;
    if (sealed_read(&s, test))
        out = malloc(s.both.len + s.text.len + AEAD_TAG_LEN + 1);
    if (out != NULL) { /* else: a nonce or key of another length */
        opened = opens(&s, out);
        if (valid)
            sealed = seals(&s, out);
    }
    judge(r, name, opened && sealed, valid);
    free(out);
    replay_free(&s.ad);
    replay_free(&s.text);
    replay_free(&s.both);
}

bool replay_aead(struct replay *r, json_t *root)
{
    return replay_groups(r, root, aead_case);
}
