/*
 * The handshake against the vector of another implementation
 * (haskell-cryptography/cacophony, public domain), and what breaks it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/noise.h"
#include "tests/common/hex.h"

#define MESSAGES    3
#define MESSAGE_MAX 512

static const char *const PAYLOADS[MESSAGES] = {
    "4c756477696720766f6e204d69736573",
    "4d757272617920526f746862617264",
    "462e20412e20486179656b",
};
static const char *const CIPHERTEXTS[MESSAGES] = {
    "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
    "4c756477696720766f6e204d69736573",
    "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
    "81cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9"
    "bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f"
    "8814c7194e83f23dbd8d162c9326ad",
    "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a8"
    "0ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6"
    "ae769a1d95941d49b25030",
};
static const char HASH[] =
    "c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e";
/* Not in the vector: computed from it by a third implementation. */
static const char ASK[] =
    "30c520c791ad886d6fe23190e3a96651b1c57f4f777154ff4276b99ebcb3da5e";

struct party {
    struct noise noise;
    uint8_t static_secret[KEY_LEN];
    uint8_t static_public[KEY_LEN];
};

static struct party parties[2]; /* initiator, responder */
static uint8_t message[MESSAGE_MAX];

static void party_start(struct party *p, bool initiator, const char *secret,
                        const char *ephemeral_hex)
{
    uint8_t ephemeral[KEY_LEN];

    (void)unhex(p->static_secret, KEY_LEN, secret);
    (void)unhex(ephemeral, KEY_LEN, ephemeral_hex);
    assert_int_equal(crypto_scalarmult_base(p->static_public, p->static_secret),
                     0);
    noise_init(&p->noise, initiator, BYTES_LITERAL("John Galt"),
               p->static_secret, p->static_public, ephemeral);
}

static int start(void **state)
{
    (void)state;
    party_start(
        &parties[0], true,
        "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
        "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
    party_start(
        &parties[1], false,
        "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
        "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
    return 0;
}

/* The next message, by whoever's turn it is, in message[]. */
static size_t write_next(void)
{
    bool first = noise_is_writing(&parties[0].noise);
    struct noise *n = &parties[first ? 0 : 1].noise;
    struct writer w = writer_fixed(message, sizeof message);
    uint8_t payload[64];
    struct bytes text = unhex(payload, sizeof payload, PAYLOADS[n->message]);

    assert_int_equal(noise_write_keys(n, &w), ERR_OK);
    assert_int_equal(noise_write_payload(n, &w, text), ERR_OK);
    return w.len;
}

static enum err read_by(struct noise *n, size_t len, uint8_t *out,
                        size_t *out_len)
{
    struct reader r = reader_of((struct bytes){ message, len });
    enum err e = noise_read_keys(n, &r);

    return e == ERR_OK ? noise_read_payload(n, &r, out, out_len) : e;
}

/* By the one that is a message behind. */
static enum err read_next(size_t len)
{
    bool first = parties[0].noise.message < parties[1].noise.message;
    uint8_t out[MESSAGE_MAX];
    size_t out_len;

    return read_by(&parties[first ? 0 : 1].noise, len, out, &out_len);
}

static void the_vector_is_written_and_read_to_the_byte(void **state)
{
    struct noise_cipher tx, rx;
    uint8_t ask[2][HASH_LEN];

    (void)state;
    for (size_t i = 0; i < MESSAGES; i++) {
        struct noise *reader = &parties[1 - i % 2].noise;
        uint8_t out[MESSAGE_MAX];
        size_t len = write_next();
        size_t out_len;

        assert_int_equal(len, strlen(CIPHERTEXTS[i]) / 2);
        assert_hex(message, CIPHERTEXTS[i]);
        assert_int_equal(read_by(reader, len, out, &out_len), ERR_OK);
        assert_int_equal(out_len, strlen(PAYLOADS[i]) / 2);
        assert_hex(out, PAYLOADS[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_hex(parties[i].noise.hash, HASH);
        assert_memory_equal(parties[i].noise.remote_static,
                            parties[1 - i].static_public, KEY_LEN);
        assert_int_equal(noise_split(&parties[i].noise, 5, &tx, &rx, ask[i]),
                         ERR_OK);
        assert_hex(ask[i], ASK);
        noise_cipher_wipe(&tx);
        noise_cipher_wipe(&rx);
    }
}

/* Messages 4 and 5 of the vector: each direction has its own key. */
static void the_transport_keys_go_the_right_way(void **state)
{
    static const char *const sealed_hex[] = {
        "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5",
        "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df",
    };
    static const char *const text[] = { "Jean-Baptiste Say", "Carl Menger" };

    (void)state;
    for (size_t i = 0; i < MESSAGES; i++)
        assert_int_equal(read_next(write_next()), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        struct noise_cipher tx, rx;
        uint8_t ask[HASH_LEN], sealed[64], out[64];
        size_t len = strlen(text[i]);
        struct bytes other;

        assert_int_equal(noise_split(&parties[i].noise, 5, &tx, &rx, ask),
                         ERR_OK);
        noise_cipher_start(&tx);
        noise_cipher_add(&tx, sealed,
                         (struct bytes){ (const uint8_t *)text[i], len });
        noise_cipher_finish(&tx, sealed + len);
        assert_hex(sealed, sealed_hex[i]);
        other = unhex(sealed, sizeof sealed, sealed_hex[1 - i]);
        assert_int_equal(noise_cipher_open(&rx, out, other), ERR_OK);
        assert_memory_equal(out, text[1 - i], other.len - AEAD_TAG_LEN);
        noise_cipher_wipe(&tx);
        noise_cipher_wipe(&rx);
    }
}

/* Message 0 has no tag: what is cut off it is payload, until the key itself. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t number = 0; number < MESSAGES; number++) {
        size_t whole = strlen(CIPHERTEXTS[number]) / 2;
        size_t least = number == 0 ? NOISE_KEYS_0 : whole;

        for (size_t len = 0; len < least; len++) {
            enum err e;

            (void)start(NULL);
            for (size_t i = 0; i < number; i++)
                assert_int_equal(read_next(write_next()), ERR_OK);
            (void)write_next();
            e = read_by(&parties[1 - number % 2].noise, len,
                        (uint8_t[MESSAGE_MAX]){ 0 }, &(size_t){ 0 });
            assert_true(e == ERR_TRUNCATED || e == ERR_BAD_CIPHERTEXT);
        }
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (size_t number = 1; number < MESSAGES; number++) {
        size_t len = strlen(CIPHERTEXTS[number]) / 2;

        for (size_t bit = 0; bit < 8 * len; bit++) {
            enum err e;

            (void)start(NULL);
            for (size_t i = 0; i < number; i++)
                assert_int_equal(read_next(write_next()), ERR_OK);
            (void)write_next();
            message[bit / 8] ^= (uint8_t)(1u << bit % 8);
            e = read_by(&parties[1 - number % 2].noise, len,
                        (uint8_t[MESSAGE_MAX]){ 0 }, &(size_t){ 0 });
            /* X25519 ignores the top bit of a key; the hash does not. */
            assert_int_equal(e, ERR_BAD_CIPHERTEXT);
        }
    }
}

static void another_prologue_does_not_decrypt(void **state)
{
    static const char *const others[] = { "John Gal", "John Galt ", "",
                                          "john galt" };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct party *p = &parties[1];
        uint8_t ephemeral[KEY_LEN] = { 3 };

        (void)start(NULL);
        noise_init(
            &p->noise, false,
            (struct bytes){ (const uint8_t *)others[i], strlen(others[i]) },
            p->static_secret, p->static_public, ephemeral);
        assert_int_equal(read_next(write_next()), ERR_OK);
        assert_int_equal(read_next(write_next()), ERR_BAD_CIPHERTEXT);
    }
}

/* Points whose product with any key is zero, in every form X25519 reads. */
static const char *const LOW_ORDER[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
#define LOW_ORDER_COUNT (sizeof LOW_ORDER / sizeof *LOW_ORDER)

static void an_ephemeral_key_of_small_order_ends_the_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOW_ORDER_COUNT; i++) {
        struct writer w = writer_fixed(message, sizeof message);
        size_t len;

        (void)start(NULL); /* from the initiator: the answer cannot be made */
        len = write_next();
        (void)unhex(message, KEY_LEN, LOW_ORDER[i]);
        assert_int_equal(read_next(len), ERR_OK);
        assert_int_equal(noise_write_keys(&parties[1].noise, &w), ERR_BAD_KEY);

        (void)start(NULL); /* from the responder */
        assert_int_equal(read_next(write_next()), ERR_OK);
        len = write_next();
        (void)unhex(message, KEY_LEN, LOW_ORDER[i]);
        assert_int_equal(read_by(&parties[0].noise, len,
                                 (uint8_t[MESSAGE_MAX]){ 0 }, &(size_t){ 0 }),
                         ERR_BAD_KEY);
    }
}

/* A static key travels sealed, so it takes a dishonest peer to send one. */
static void a_static_key_of_small_order_ends_the_handshake(void **state)
{
    (void)state;
    for (size_t liar = 0; liar < 2; liar++) {
        for (size_t i = 0; i < LOW_ORDER_COUNT; i++) {
            size_t len = 0;

            (void)start(NULL);
            (void)unhex(parties[liar].static_public, KEY_LEN, LOW_ORDER[i]);
            for (size_t number = 0; number < 3 - liar; number++) {
                if (number > 0)
                    assert_int_equal(read_next(len), ERR_OK);
                len = write_next();
            }
            assert_int_equal(read_by(&parties[1 - liar].noise, len,
                                     (uint8_t[MESSAGE_MAX]){ 0 },
                                     &(size_t){ 0 }),
                             ERR_BAD_KEY);
        }
    }
}

static void a_full_writer_says_so(void **state)
{
    static const size_t keys[] = { NOISE_KEYS_0, NOISE_KEYS_1, NOISE_KEYS_2 };

    (void)state;
    for (size_t number = 0; number < MESSAGES; number++) {
        for (size_t room = 0; room <= keys[number]; room++) {
            struct writer w = writer_fixed(message, room);
            struct noise *n = &parties[number % 2].noise;

            (void)start(NULL);
            for (size_t i = 0; i < number; i++)
                assert_int_equal(read_next(write_next()), ERR_OK);
            assert_int_equal(noise_write_keys(n, &w),
                             room < keys[number] ? ERR_NO_SPACE : ERR_OK);
        }
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, start)
    const struct CMUnitTest tests[] = {
        T(the_vector_is_written_and_read_to_the_byte),
        T(the_transport_keys_go_the_right_way),
        T(every_truncation_is_refused),
        T(every_flipped_bit_is_refused),
        T(another_prologue_does_not_decrypt),
        T(an_ephemeral_key_of_small_order_ends_the_handshake),
        T(a_static_key_of_small_order_ends_the_handshake),
        T(a_full_writer_says_so),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
