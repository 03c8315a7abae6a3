/* Keys from seeds, against another implementation's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/identity.h"
#include "tests/common/hex.h"

/* Entropy 00 01 .. 1f; computed from §2.1 with another library. */
static void a_persons_keys_follow_from_the_entropy(void **state)
{
    static const struct {
        uint32_t n;
        const char *public_key;
        const char *commitment;
    } cases[] = {
        { 0, "a552b234198f2b540b95d70dfde8d38f5fe31ecea8014fc435b3934ea6180334",
          "76bbadf2798858d638026f9bb99f4d522374d36aacdb1dc4e803ecad406f2c22" },
        { 1, "1631fef7332b5f6e37579790eff7716f494605c80144baeb3e73289ccf8c46cd",
          "4c929ee4469cd138cc8e84136a8061b3cd78698a8e668ec53441f330acc50cb3" },
    };
    uint8_t entropy[ENTROPY_LEN];

    (void)state;
    for (uint8_t i = 0; i < ENTROPY_LEN; i++)
        entropy[i] = i;
    for (size_t i = 0; i < 2; i++) {
        struct sign_key key;
        uint8_t commitment[HASH_LEN];

        person_key_derive(&key, entropy, cases[i].n);
        person_key_commit(commitment, key.public_key);
        assert_hex(key.public_key, cases[i].public_key);
        assert_hex(commitment, cases[i].commitment);
    }
}

static void
every_number_and_every_bit_of_entropy_gives_another_key(void **state)
{
    uint8_t entropy[ENTROPY_LEN] = { 0 };
    struct sign_key first, other;

    (void)state;
    person_key_derive(&first, entropy, 0);
    person_key_derive(&other, entropy, UINT32_MAX);
    assert_memory_not_equal(first.secret, other.secret, 32);
    for (size_t bit = 0; bit < 8 * ENTROPY_LEN; bit++) {
        entropy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        person_key_derive(&other, entropy, 0);
        assert_memory_not_equal(first.secret, other.secret, 32);
        entropy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_nodes_two_keys_come_from_two_halves(void **state)
{
    uint8_t seed[NODE_SEED_LEN];
    uint8_t public_key[KEY_LEN];
    struct node_keys keys, other;

    (void)state;
    for (uint8_t i = 0; i < NODE_SEED_LEN; i++)
        seed[i] = i;
    node_keys_from_seed(&keys, seed);
    assert_memory_equal(keys.sign.secret, seed, 32);
    assert_memory_equal(keys.noise_secret, seed + 32, KEY_LEN);
    assert_int_equal(crypto_scalarmult_base(public_key, seed + 32), 0);
    assert_memory_equal(keys.noise_public, public_key, KEY_LEN);
    seed[40] ^= 1;
    node_keys_from_seed(&other, seed);
    assert_memory_equal(&keys.sign, &other.sign, sizeof keys.sign);
    assert_memory_not_equal(keys.noise_public, other.noise_public, KEY_LEN);
}

static void wiping_leaves_nothing_and_accepts_null(void **state)
{
    uint8_t seed[NODE_SEED_LEN] = { 1 };
    struct node_keys keys;

    (void)state;
    node_keys_from_seed(&keys, seed);
    node_keys_wipe(&keys);
    assert_true(sodium_is_zero((const uint8_t *)&keys, sizeof keys));
    node_keys_wipe(NULL);
    sign_key_wipe(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_persons_keys_follow_from_the_entropy),
        cmocka_unit_test(
            every_number_and_every_bit_of_entropy_gives_another_key),
        cmocka_unit_test(a_nodes_two_keys_come_from_two_halves),
        cmocka_unit_test(wiping_leaves_nothing_and_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
