/* The transport's direction: its nonces, and when it changes its key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/noise_cipher.h"
#include "tests/common/hex.h"

/* Key 00 01 .. 1f and the two that Noise's REKEY makes of it. */
static const char *const KEYS[] = {
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "50835543a205b22c9323f2022bc4f67d838f90e61d5ccf33c4513e01f85b5042",
    "30fe3726fa0f864af01d15663c77f95e490e30143788af57e90d56fb9aa71609",
};

#define TEXT     "a message"
#define TEXT_LEN (sizeof TEXT - 1)
#define SEALED   (TEXT_LEN + AEAD_TAG_LEN)

static void start(struct noise_cipher *c, bool sealing, uint64_t rekey_every)
{
    uint8_t key[KEY_LEN];

    (void)unhex(key, sizeof key, KEYS[0]);
    assert_int_equal(noise_cipher_init(c, sealing, key, rekey_every), ERR_OK);
}

static void seal(struct noise_cipher *c, uint8_t out[SEALED])
{
    noise_cipher_start(c);
    noise_cipher_add(c, out, BYTES_LITERAL(TEXT));
    noise_cipher_finish(c, out + TEXT_LEN);
}

/* What message `counter` under key number `key` must be, by libsodium. */
static void expect(uint8_t out[SEALED], size_t key, uint64_t counter)
{
    uint8_t bytes[KEY_LEN];
    uint8_t nonce[AEAD_NONCE_LEN];

    (void)unhex(bytes, sizeof bytes, KEYS[key]);
    noise_cipher_nonce(nonce, counter);
    aead_seal(out, bytes, nonce, (struct bytes){ NULL, 0 },
              BYTES_LITERAL(TEXT));
}

/* Noise §12: ChaChaPoly's nonce. */
static void a_nonce_is_four_zeros_and_the_counter_little_endian(void **state)
{
    uint8_t nonce[AEAD_NONCE_LEN];

    (void)state;
    noise_cipher_nonce(nonce, 0);
    assert_hex(nonce, "000000000000000000000000");
    noise_cipher_nonce(nonce, 0x0102030405060708);
    assert_hex(nonce, "000000000807060504030201");
    noise_cipher_nonce(nonce, UINT64_MAX);
    assert_hex(nonce, "00000000ffffffffffffffff");
}

static void each_message_has_the_next_nonce(void **state)
{
    struct noise_cipher tx;
    uint8_t sealed[SEALED], want[SEALED];

    (void)state;
    start(&tx, true, REKEY_MESSAGES);
    for (uint64_t i = 0; i < 300; i++) {
        seal(&tx, sealed);
        expect(want, 0, i);
        assert_memory_equal(sealed, want, SEALED);
    }
    noise_cipher_wipe(&tx);
}

/* The counter goes on through a rekey, which comes before message n * every. */
static void the_key_changes_after_exactly_so_many_messages(void **state)
{
    struct noise_cipher tx;
    uint8_t sealed[SEALED], want[SEALED];

    (void)state;
    start(&tx, true, 3);
    for (uint64_t i = 0; i < 9; i++) {
        seal(&tx, sealed);
        expect(want, (size_t)(i / 3), i);
        assert_memory_equal(sealed, want, SEALED);
    }
    noise_cipher_wipe(&tx);
}

static void the_real_interval_is_two_to_the_twentieth(void **state)
{
    struct noise_cipher tx;
    uint8_t sealed[SEALED], want[SEALED];

    (void)state;
    start(&tx, true, REKEY_MESSAGES);
    tx.nonce = ((uint64_t)1 << 20) - 1;
    seal(&tx, sealed);
    expect(want, 0, ((uint64_t)1 << 20) - 1);
    assert_memory_equal(sealed, want, SEALED);
    seal(&tx, sealed);
    expect(want, 1, (uint64_t)1 << 20);
    assert_memory_equal(sealed, want, SEALED);
    noise_cipher_wipe(&tx);
}

static void the_reader_renews_its_key_at_the_same_message(void **state)
{
    struct noise_cipher rx;
    uint8_t sealed[SEALED], out[TEXT_LEN];

    (void)state;
    start(&rx, false, 3);
    for (uint64_t i = 0; i < 9; i++) {
        expect(sealed, (size_t)(i / 3), i);
        assert_int_equal(noise_cipher_open(&rx, out, BYTES_ARRAY(sealed)),
                         ERR_OK);
        assert_memory_equal(out, TEXT, TEXT_LEN);
    }
    noise_cipher_wipe(&rx);
}

/* Lost, repeated, reordered or under a key that is no more: all refused. */
static void only_the_message_whose_turn_it_is_opens(void **state)
{
    static const struct {
        uint64_t turn;
        size_t key;
        uint64_t counter;
    } cases[] = { { 0, 0, 1 }, { 1, 0, 0 }, { 3, 0, 3 },
                  { 3, 1, 2 }, { 3, 2, 3 }, { 2, 1, 2 } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct noise_cipher rx;
        uint8_t sealed[SEALED], out[TEXT_LEN];

        start(&rx, false, 3);
        for (uint64_t n = 0; n < cases[i].turn; n++) {
            expect(sealed, 0, n);
            assert_int_equal(noise_cipher_open(&rx, out, BYTES_ARRAY(sealed)),
                             ERR_OK);
        }
        expect(sealed, cases[i].key, cases[i].counter);
        assert_int_equal(noise_cipher_open(&rx, out, BYTES_ARRAY(sealed)),
                         ERR_BAD_CIPHERTEXT);
        noise_cipher_wipe(&rx);
    }
}

static void what_is_shorter_than_a_tag_is_truncated(void **state)
{
    static const uint8_t bytes[AEAD_TAG_LEN];

    (void)state;
    for (size_t len = 0; len <= AEAD_TAG_LEN; len++) {
        struct noise_cipher rx;
        uint8_t out[1];

        start(&rx, false, 3);
        assert_int_equal(
            noise_cipher_open(&rx, out, (struct bytes){ bytes, len }),
            len < AEAD_TAG_LEN ? ERR_TRUNCATED : ERR_BAD_CIPHERTEXT);
        noise_cipher_wipe(&rx);
    }
}

/* The last nonce is Noise's own for REKEY; the one before is the last of ours.
 */
static void the_last_nonce_but_one_can_still_be_used(void **state)
{
    struct noise_cipher tx;
    uint8_t sealed[SEALED], want[SEALED];

    (void)state;
    start(&tx, true, REKEY_MESSAGES);
    tx.nonce = UINT64_MAX - 1;
    seal(&tx, sealed);
    expect(want, 0, UINT64_MAX - 1);
    assert_memory_equal(sealed, want, SEALED);
    assert_int_equal(tx.nonce, UINT64_MAX); /* which seal() asserts against */
    noise_cipher_wipe(&tx);
}

static void wiping_leaves_zeros_and_may_be_repeated(void **state)
{
    static const struct noise_cipher none;
    struct noise_cipher c;

    (void)state;
    start(&c, true, 3);
    noise_cipher_wipe(&c);
    assert_memory_equal(&c, &none, sizeof c);
    noise_cipher_wipe(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_is_four_zeros_and_the_counter_little_endian),
        cmocka_unit_test(each_message_has_the_next_nonce),
        cmocka_unit_test(the_key_changes_after_exactly_so_many_messages),
        cmocka_unit_test(the_real_interval_is_two_to_the_twentieth),
        cmocka_unit_test(the_reader_renews_its_key_at_the_same_message),
        cmocka_unit_test(only_the_message_whose_turn_it_is_opens),
        cmocka_unit_test(what_is_shorter_than_a_tag_is_truncated),
        cmocka_unit_test(the_last_nonce_but_one_can_still_be_used),
        cmocka_unit_test(wiping_leaves_zeros_and_may_be_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
