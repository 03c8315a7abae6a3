/* Signature domains: each crossed with every other, and networks likewise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/domain.h"

static const uint8_t SEED[32] = { 1, 2, 3 };
static const struct network LAB = { 3, "lab" };
static const struct network LAB2 = { 4, "lab2" };

static void a_signature_verifies_in_its_own_domain_only(void **state)
{
    struct bytes data = BYTES_LITERAL("data");
    struct sign_key key;
    uint8_t signature[SIGNATURE_LEN];

    (void)state;
    sign_key_from_seed(&key, SEED);
    for (int made = 0; made < DOMAIN_COUNT; made++) {
        domain_sign(signature, (enum domain)made, &LAB, data, &key);
        for (int used = 0; used < DOMAIN_COUNT; used++) {
            enum err e = domain_verify(signature, (enum domain)used, &LAB, data,
                                       key.public_key);

            assert_int_equal(e, made == used ? ERR_OK : ERR_BAD_SIGNATURE);
        }
    }
}

static void a_signature_verifies_in_its_own_network_only(void **state)
{
    struct bytes data = BYTES_LITERAL("2data");
    struct bytes shifted = BYTES_LITERAL("data");
    struct sign_key key;
    uint8_t signature[SIGNATURE_LEN];

    (void)state;
    sign_key_from_seed(&key, SEED);
    domain_sign(signature, DOMAIN_RECORD, &LAB, data, &key);
    assert_int_equal(
        domain_verify(signature, DOMAIN_RECORD, &LAB, data, key.public_key),
        ERR_OK);
    /* The length byte keeps "lab" || "2data" apart from "lab2" || "data". */
    assert_int_equal(
        domain_verify(signature, DOMAIN_RECORD, &LAB2, shifted, key.public_key),
        ERR_BAD_SIGNATURE);
}

static void the_signed_bytes_are_those_of_the_protocol(void **state)
{
    static const uint8_t message[] = "troupe record 1\0\3labdata";
    struct sign_key key;
    uint8_t ours[SIGNATURE_LEN];
    uint8_t theirs[SIGNATURE_LEN];

    (void)state;
    sign_key_from_seed(&key, SEED);
    domain_sign(ours, DOMAIN_RECORD, &LAB, BYTES_LITERAL("data"), &key);
    crypto_sign_detached(theirs, NULL, message, sizeof message - 1, key.secret);
    assert_memory_equal(ours, theirs, SIGNATURE_LEN);
}

static void names_of_networks_are_checked(void **state)
{
    struct network n = LAB;

    (void)state;
    assert_int_equal(network_parse(&n, ""), ERR_MALFORMED);
    assert_int_equal(network_parse(&n, "Lab"), ERR_MALFORMED);
    assert_int_equal(network_parse(&n, "a b"), ERR_MALFORMED);
    assert_int_equal(network_parse(&n, "0123456789012345678901234567890-x"),
                     ERR_MALFORMED);
    assert_string_equal(n.name, "lab"); /* kept on error */
    assert_int_equal(network_parse(&n, "0123456789012345678901234567890-"),
                     ERR_OK);
    assert_int_equal(n.len, NETWORK_LEN_MAX);
    assert_int_equal(network_parse(&n, "a"), ERR_OK);
    assert_string_equal(n.name, "a");
}

static void a_wiped_key_is_all_zeros(void **state)
{
    static const struct sign_key zero;
    struct sign_key key;

    (void)state;
    sign_key_from_seed(&key, SEED);
    sign_key_wipe(&key);
    assert_memory_equal(&key, &zero, sizeof key);
    sign_key_wipe(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_verifies_in_its_own_domain_only),
        cmocka_unit_test(a_signature_verifies_in_its_own_network_only),
        cmocka_unit_test(the_signed_bytes_are_those_of_the_protocol),
        cmocka_unit_test(names_of_networks_are_checked),
        cmocka_unit_test(a_wiped_key_is_all_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
