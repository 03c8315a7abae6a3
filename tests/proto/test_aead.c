/* Two libraries, one cipher: the same bytes sealed, the same bytes refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/aead.h"
#include "tests/common/hex.h"

#define LEN_MAX NOISE_MESSAGE_MAX

/* One sealing by each library, of bytes that a seed decides. */
struct sample {
    uint8_t key[KEY_LEN];
    uint8_t nonce[AEAD_NONCE_LEN];
    uint8_t ad[64];
    uint8_t text[LEN_MAX];
    uint8_t sodium[LEN_MAX + AEAD_TAG_LEN];
    uint8_t crypto[LEN_MAX + AEAD_TAG_LEN];
    size_t ad_len;
    size_t len;
};

static struct sample sample; /* too large for the stack */

static void sample_make(struct sample *s, uint32_t number, size_t len,
                        size_t ad_len)
{
    uint8_t seed[randombytes_SEEDBYTES] = { 0 };

    put_u32(seed, number);
    randombytes_buf_deterministic(s, offsetof(struct sample, sodium), seed);
    s->len = len;
    s->ad_len = ad_len;
}

static struct bytes ad_of(const struct sample *s)
{
    return (struct bytes){ s->ad, s->ad_len };
}

/* By libcrypto, its text cut at `cut`. */
static void sample_seal_crypto(struct sample *s, size_t cut)
{
    struct aead a;

    assert_int_equal(aead_init(&a, true, s->key), ERR_OK);
    aead_seal_start(&a, s->nonce, ad_of(s));
    aead_seal_add(&a, s->crypto, (struct bytes){ s->text, cut });
    aead_seal_add(&a, s->crypto + cut,
                  (struct bytes){ s->text + cut, s->len - cut });
    aead_seal_finish(&a, s->crypto + s->len);
    aead_wipe(&a);
    assert_null(a.ctx);
}

static void sample_seal(struct sample *s, size_t cut)
{
    aead_seal(s->sodium, s->key, s->nonce, ad_of(s),
              (struct bytes){ s->text, s->len });
    sample_seal_crypto(s, cut);
}

/* Both open it to the text, or both refuse it alike and leave zeros. */
static void assert_opens(struct sample *s, struct bytes sealed, enum err want)
{
    static uint8_t out[2][LEN_MAX + 1];
    size_t len = sealed.len < AEAD_TAG_LEN ? 0 : sealed.len - AEAD_TAG_LEN;
    struct aead a;

    memset(out, 0x55, sizeof out);
    assert_int_equal(aead_init(&a, false, s->key), ERR_OK);
    assert_int_equal(aead_open(out[0], s->key, s->nonce, ad_of(s), sealed),
                     want);
    assert_int_equal(aead_open_with(&a, out[1], s->nonce, ad_of(s), sealed),
                     want);
    aead_wipe(&a);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    if (want == ERR_OK)
        assert_memory_equal(out[0], s->text, len);
    else if (len > 0)
        assert_true(sodium_is_zero(out[0], len));
    assert_int_equal(out[0][len], 0x55); /* and nothing is written past it */
}

/* RFC 8439 §2.8.2 */
static void the_answer_of_rfc_8439(void **state)
{
    struct sample *s = &sample;
    static const char text[] =
        "Ladies and Gentlemen of the class of '99: If I could offer you only "
        "one tip for the future, sunscreen would be it.";

    (void)state;
    s->len = sizeof text - 1;
    memcpy(s->text, text, s->len);
    for (uint8_t i = 0; i < KEY_LEN; i++)
        s->key[i] = (uint8_t)(0x80 + i);
    (void)unhex(s->nonce, sizeof s->nonce, "070000004041424344454647");
    s->ad_len = unhex(s->ad, sizeof s->ad, "50515253c0c1c2c3c4c5c6c7").len;
    sample_seal(s, 60);
    assert_hex(s->sodium, "d31a8d34648e60db7b86afbc53ef7ec2"
                          "a4aded51296e08fea9e2b5a736ee62d6"
                          "3dbea45e8ca9671282fafb69da92728b"
                          "1a71de0a9e060b2905d6a5b67ecd3b36"
                          "92ddbd7f2d778b8c9803aee328091b58"
                          "fab324e4fad675945585808b4831d7bc"
                          "3ff4def08e4b7a9de576d26586cec64b"
                          "61161ae10b594f09e26a7e902ecbd0600691");
    assert_memory_equal(s->sodium, s->crypto, s->len + AEAD_TAG_LEN);
}

static void
both_libraries_give_the_same_bytes_for_every_short_length(void **state)
{
    (void)state;
    for (uint32_t len = 0; len <= 300; len++) {
        sample_make(&sample, len, len, len % 65);
        sample_seal(&sample, len / 3);
        assert_memory_equal(sample.sodium, sample.crypto, len + AEAD_TAG_LEN);
        assert_opens(&sample,
                     (struct bytes){ sample.sodium, len + AEAD_TAG_LEN },
                     ERR_OK);
    }
}

static void both_libraries_give_the_same_bytes_for_any_length(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        size_t len = i == 0 ? LEN_MAX : (i * 7919u * 31u) % LEN_MAX;

        sample_make(&sample, i, len, i % 65);
        sample_seal(&sample, i % 3 == 0 ? len : len / (i + 1));
        assert_memory_equal(sample.sodium, sample.crypto, len + AEAD_TAG_LEN);
        assert_opens(&sample,
                     (struct bytes){ sample.crypto, len + AEAD_TAG_LEN },
                     ERR_OK);
    }
}

static void every_flipped_bit_is_refused_by_both(void **state)
{
    static const size_t lens[] = { 0, 1, 15, 16, 17, 63, 64, 65, 130 };

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct bytes sealed = { sample.sodium, lens[i] + AEAD_TAG_LEN };

        sample_make(&sample, (uint32_t)i, lens[i], 13);
        sample_seal(&sample, 0);
        for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
            sample.sodium[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_opens(&sample, sealed, ERR_BAD_CIPHERTEXT);
            sample.sodium[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_opens(&sample, sealed, ERR_OK);
    }
}

/* Flips each bit of what the tag covers besides the text. */
static void assert_every_flip_refused(uint8_t *at, size_t len,
                                      struct bytes sealed)
{
    for (size_t bit = 0; bit < 8 * len; bit++) {
        at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_opens(&sample, sealed, ERR_BAD_CIPHERTEXT);
        at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void key_nonce_and_data_are_all_covered(void **state)
{
    struct bytes sealed = { sample.sodium, 40 + AEAD_TAG_LEN };

    (void)state;
    sample_make(&sample, 77, 40, 20);
    sample_seal(&sample, 40);
    assert_every_flip_refused(sample.key, KEY_LEN, sealed);
    assert_every_flip_refused(sample.nonce, AEAD_NONCE_LEN, sealed);
    assert_every_flip_refused(sample.ad, 20, sealed);
    sample.ad_len = 19;
    assert_opens(&sample, sealed, ERR_BAD_CIPHERTEXT);
    sample.ad_len = 0;
    assert_opens(&sample, sealed, ERR_BAD_CIPHERTEXT);
    sample.ad_len = 20;
    assert_opens(&sample, sealed, ERR_OK);
}

static void every_truncation_is_refused_by_both(void **state)
{
    (void)state;
    sample_make(&sample, 5, 40, 0);
    sample_seal(&sample, 8);
    for (size_t len = 0; len < 40 + AEAD_TAG_LEN; len++)
        assert_opens(&sample, (struct bytes){ sample.sodium, len },
                     len < AEAD_TAG_LEN ? ERR_TRUNCATED : ERR_BAD_CIPHERTEXT);
}

static void sealing_and_opening_work_in_place(void **state)
{
    struct bytes sealed = { sample.sodium, 1000 + AEAD_TAG_LEN };
    struct aead a;

    (void)state;
    sample_make(&sample, 9, 1000, 7);
    sample_seal(&sample, 500);
    memcpy(sample.crypto, sample.text, 1000);
    aead_seal(sample.crypto, sample.key, sample.nonce, ad_of(&sample),
              (struct bytes){ sample.crypto, 1000 });
    assert_memory_equal(sample.crypto, sample.sodium, sealed.len);
    assert_int_equal(aead_open(sample.crypto, sample.key, sample.nonce,
                               ad_of(&sample),
                               (struct bytes){ sample.crypto, sealed.len }),
                     ERR_OK);
    assert_memory_equal(sample.crypto, sample.text, 1000);
    assert_int_equal(aead_init(&a, false, sample.key), ERR_OK);
    assert_int_equal(
        aead_open_with(&a, sample.sodium, sample.nonce, ad_of(&sample), sealed),
        ERR_OK);
    assert_memory_equal(sample.sodium, sample.text, 1000);
    aead_wipe(&a);
}

static void a_refused_text_leaves_the_context_usable(void **state)
{
    struct bytes sealed = { sample.sodium, 50 + AEAD_TAG_LEN };
    uint8_t out[50];
    struct aead a;

    (void)state;
    sample_make(&sample, 10, 50, 7);
    sample_seal(&sample, 0);
    assert_int_equal(aead_init(&a, false, sample.key), ERR_OK);
    sample.sodium[3] ^= 1;
    assert_int_equal(
        aead_open_with(&a, out, sample.nonce, ad_of(&sample), sealed),
        ERR_BAD_CIPHERTEXT);
    sample.sodium[3] ^= 1;
    assert_int_equal(
        aead_open_with(&a, out, sample.nonce, ad_of(&sample), sealed), ERR_OK);
    assert_memory_equal(out, sample.text, 50);
    aead_wipe(&a);
}

/* An independent computation: REKEY of Noise §4.2 by another implementation. */
static void the_next_key_is_noises_and_the_same_in_both_directions(void **state)
{
    static const char *const keys[] = {
        "50835543a205b22c9323f2022bc4f67d838f90e61d5ccf33c4513e01f85b5042",
        "30fe3726fa0f864af01d15663c77f95e490e30143788af57e90d56fb9aa71609",
    };
    uint8_t nonce[AEAD_NONCE_LEN] = { 0 };
    uint8_t key[KEY_LEN];
    struct aead a;

    (void)state;
    memset(nonce + 4, 0xff, 8);
    for (int sealing = 0; sealing <= 1; sealing++) {
        for (uint8_t i = 0; i < KEY_LEN; i++)
            key[i] = i;
        assert_int_equal(aead_init(&a, sealing != 0, key), ERR_OK);
        for (size_t i = 0; i < 2; i++) {
            aead_next_key(&a, key, nonce);
            assert_hex(key, keys[i]);
            aead_rekey(&a, key);
        }
        aead_wipe(&a);
    }
}

static void wiping_accepts_what_was_never_made(void **state)
{
    struct aead a = { 0 };

    (void)state;
    aead_wipe(&a);
    aead_wipe(&a);
    assert_null(a.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_of_rfc_8439),
        cmocka_unit_test(
            both_libraries_give_the_same_bytes_for_every_short_length),
        cmocka_unit_test(both_libraries_give_the_same_bytes_for_any_length),
        cmocka_unit_test(every_flipped_bit_is_refused_by_both),
        cmocka_unit_test(key_nonce_and_data_are_all_covered),
        cmocka_unit_test(every_truncation_is_refused_by_both),
        cmocka_unit_test(sealing_and_opening_work_in_place),
        cmocka_unit_test(a_refused_text_leaves_the_context_usable),
        cmocka_unit_test(
            the_next_key_is_noises_and_the_same_in_both_directions),
        cmocka_unit_test(wiping_accepts_what_was_never_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
