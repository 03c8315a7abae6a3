/* Hashes against the answers that their standards give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/hash.h"
#include "tests/common/hex.h"

/* FIPS 180-2, appendix B, and the empty message. */
static void sha256_gives_the_known_answers(void **state)
{
    static uint8_t million[1000000];
    uint8_t out[HASH_LEN];

    (void)state;
    hash_bytes(out, (struct bytes){ NULL, 0 });
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb924"
                    "27ae41e4649b934ca495991b7852b855");
    hash_bytes(out, BYTES_LITERAL("abc"));
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223"
                    "b00361a396177a9cb410ff61f20015ad");
    hash_bytes(out, BYTES_LITERAL("abcdbcdecdefdefgefghfghighijhijk"
                                  "ijkljklmklmnlmnomnopnopq"));
    assert_hex(out, "248d6a61d20638b8e5c026930c3e6039"
                    "a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof million);
    hash_bytes(out, BYTES_ARRAY(million));
    assert_hex(out, "cdc76e5c9914fb9281a1c7e284d73e67"
                    "f1809a48a497200e046d39ccc7112cd0");
}

static void cutting_into_parts_does_not_change_a_hash(void **state)
{
    static const uint8_t text[150] = { 1, 2, 3 };
    uint8_t whole[HASH_LEN];
    uint8_t out[HASH_LEN];

    (void)state;
    hash_bytes(whole, BYTES_ARRAY(text));
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        struct bytes parts[] = { { text, cut },
                                 { NULL, 0 },
                                 { text + cut, sizeof text - cut } };

        hash_parts(out, parts, 3);
        assert_memory_equal(out, whole, HASH_LEN);
    }
    hash_parts(out, NULL, 0);
    hash_bytes(whole, (struct bytes){ NULL, 0 });
    assert_memory_equal(out, whole, HASH_LEN);
}

static void fill(uint8_t *buf, size_t len, uint8_t value)
{
    memset(buf, value, len);
}

/* RFC 4231 §4.2 to §4.8, without the truncated one. */
static void hmac_gives_the_answers_of_rfc_4231(void **state)
{
    static const char large[] =
        "This is a test using a larger than block-size key and a larger than "
        "block-size data. The key needs to be hashed before being used by the "
        "HMAC algorithm.";
    uint8_t key[131];
    uint8_t data[50];
    uint8_t out[HASH_LEN];
    struct bytes part = BYTES_LITERAL("Hi There");

    (void)state;
    fill(key, 20, 0x0b);
    hash_hmac(out, (struct bytes){ key, 20 }, &part, 1);
    assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b"
                    "881dc200c9833da726e9376c2e32cff7");
    part = BYTES_LITERAL("what do ya want for nothing?");
    hash_hmac(out, BYTES_LITERAL("Jefe"), &part, 1);
    assert_hex(out, "5bdcc146bf60754e6a042426089575c7"
                    "5a003f089d2739839dec58b964ec3843");
    fill(key, 20, 0xaa);
    fill(data, 50, 0xdd);
    part = BYTES_ARRAY(data);
    hash_hmac(out, (struct bytes){ key, 20 }, &part, 1);
    assert_hex(out, "773ea91e36800e46854db8ebd09181a7"
                    "2959098b3ef8c122d9635514ced565fe");
    for (uint8_t i = 0; i < 25; i++)
        key[i] = (uint8_t)(i + 1);
    fill(data, 50, 0xcd);
    hash_hmac(out, (struct bytes){ key, 25 }, &part, 1);
    assert_hex(out, "82558a389a443c0ea4cc819899f2083a"
                    "85f0faa3e578f8077a2e3ff46729665b");
    fill(key, 131, 0xaa);
    part = BYTES_LITERAL("Test Using Larger Than Block-Size Key - "
                         "Hash Key First");
    hash_hmac(out, BYTES_ARRAY(key), &part, 1);
    assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f"
                    "8e0bc6213728c5140546040f0ee37f54");
    part = BYTES_LITERAL(large);
    hash_hmac(out, BYTES_ARRAY(key), &part, 1);
    assert_hex(out, "9b09ffa71b942fcb27635fbcd5b0e944"
                    "bfdc63644f0713938a7f51535c3a35e2");
}

static void an_empty_key_is_a_key_of_zeros(void **state)
{
    static const uint8_t zeros[64];
    struct bytes part = BYTES_LITERAL("x");
    uint8_t empty[HASH_LEN];
    uint8_t padded[HASH_LEN];

    (void)state;
    hash_hmac(empty, (struct bytes){ NULL, 0 }, &part, 1);
    hash_hmac(padded, BYTES_ARRAY(zeros), &part, 1);
    assert_memory_equal(empty, padded, HASH_LEN);
}

/* RFC 5869, appendix A.1 to A.3, as far as whole hashes go. */
static void hkdf_gives_the_answers_of_rfc_5869(void **state)
{
    uint8_t ikm[80];
    uint8_t salt[80];
    uint8_t info[80];
    uint8_t out[3][HASH_LEN];

    (void)state;
    fill(ikm, 22, 0x0b);
    for (uint8_t i = 0; i < 80; i++) {
        salt[i] = i;
        info[i] = (uint8_t)(0xf0 + i);
    }
    hash_hkdf(out, 2, (struct bytes){ salt, 13 }, (struct bytes){ ikm, 22 },
              (struct bytes){ info, 10 });
    assert_hex(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56"
                    "ecc4c5bf34007208d5b887185865");
    hash_hkdf(out, 2, (struct bytes){ NULL, 0 }, (struct bytes){ ikm, 22 },
              (struct bytes){ NULL, 0 });
    assert_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f"
                    "3c738d2d9d201395faa4b61a96c8");
    for (uint8_t i = 0; i < 80; i++) {
        ikm[i] = i;
        salt[i] = (uint8_t)(0x60 + i);
        info[i] = (uint8_t)(0xb0 + i);
    }
    hash_hkdf(out, 3, BYTES_ARRAY(salt), BYTES_ARRAY(ikm), BYTES_ARRAY(info));
    assert_hex(out, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c"
                    "19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8"
                    "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

static void fewer_outputs_are_a_prefix_of_more(void **state)
{
    struct bytes salt = BYTES_LITERAL("salt");
    struct bytes ikm = BYTES_LITERAL("input");
    struct bytes info = BYTES_LITERAL("");
    uint8_t three[3][HASH_LEN];

    (void)state;
    hash_hkdf(three, 3, salt, ikm, info);
    for (size_t count = 1; count <= 2; count++) {
        uint8_t out[3][HASH_LEN] = { { 0 } };
        static const uint8_t zeros[HASH_LEN];

        hash_hkdf(out, count, salt, ikm, info);
        assert_memory_equal(out, three, count * HASH_LEN);
        assert_memory_equal(out[count], zeros, HASH_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_known_answers),
        cmocka_unit_test(cutting_into_parts_does_not_change_a_hash),
        cmocka_unit_test(hmac_gives_the_answers_of_rfc_4231),
        cmocka_unit_test(an_empty_key_is_a_key_of_zeros),
        cmocka_unit_test(hkdf_gives_the_answers_of_rfc_5869),
        cmocka_unit_test(fewer_outputs_are_a_prefix_of_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
