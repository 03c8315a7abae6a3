#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/signers.h"

static const uint8_t author[ID_LEN] = { 1 };
static const uint8_t signer[KEY_LEN] = { 2 };
static const uint8_t bytes[] = { 9, 9, 9 };

static struct signers s; /* large */

static int start(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    return 0;
}

static int end(void **state)
{
    (void)state;
    signers_wipe(&s);
    return 0;
}

/* The cache has the only reference afterwards. */
static struct signers_proof *bring(uint64_t source, const uint8_t *key,
                                   bool verified)
{
    struct signers_proof *proof = signers_proof_new(BYTES_ARRAY(bytes));
    struct certificate certificate = { .issued_ms = 5 };

    assert_non_null(proof);
    if (verified)
        signers_proof_verified(proof, &certificate);
    signers_add(&s, source, author, key, proof);
    assert_true(proof->refs <= 2);
    if (proof->refs == 1) { /* not wanted */
        signers_proof_unref(proof);
        return NULL;
    }
    signers_proof_unref(proof);
    return proof;
}

static void what_one_source_brought_is_nothing_to_another(void **state)
{
    (void)state;
    assert_non_null(bring(7, signer, false));
    assert_non_null(signers_find(&s, 7, author, signer));
    assert_null(signers_find(&s, 8, author, signer));
    signers_forget(&s, 7);
    assert_null(signers_find(&s, 7, author, signer));
}

static void what_is_verified_is_found_by_all_and_before_the_rest(void **state)
{
    struct signers_proof *first = bring(7, signer, false);
    struct signers_proof *good = bring(9, signer, true);

    (void)state;
    assert_non_null(first);
    assert_non_null(good);
    assert_ptr_equal(signers_find(&s, 7, author, signer), good);
    assert_int_equal(good->certificate.issued_ms, 5);
    assert_ptr_equal(good->certificate.whole.data, good->bytes);
    signers_forget(&s, 9); /* who brought it no longer matters */
    assert_ptr_equal(signers_find(&s, 8, author, signer), good);
    assert_null(bring(8, signer, false)); /* nor does another */
}

static void a_proof_that_proves_good_becomes_everybodys(void **state)
{
    struct signers_proof *proof = bring(7, signer, false);
    struct certificate certificate = { .issued_ms = 6 };

    (void)state;
    assert_null(signers_find(&s, 8, author, signer));
    signers_proof_verified(proof, &certificate);
    signers_add(&s, 7, author, signer, proof);
    assert_ptr_equal(signers_find(&s, 8, author, signer), proof);
    assert_int_equal(proof->refs, 1);
}

static void the_one_unused_longest_gives_way_in_its_set(void **state)
{
    uint8_t key[KEY_LEN] = { 0 };

    (void)state;
    for (unsigned i = 0; i < SIGNERS_WAYS; i++) {
        key[0] = (uint8_t)i;
        assert_non_null(bring(1, key, true));
    }
    key[0] = 0;
    assert_non_null(signers_find(&s, 1, author, key));
    key[0] = SIGNERS_WAYS;
    assert_non_null(bring(1, key, false));
    for (unsigned i = 0; i <= SIGNERS_WAYS; i++) {
        key[0] = (uint8_t)i;
        assert_true((signers_find(&s, 1, author, key) == NULL) == (i == 1));
    }
    key[KEY_LEN / 2] = 1; /* another set has room */
    assert_non_null(bring(1, key, false));
    key[KEY_LEN / 2] = 0;
    assert_non_null(signers_find(&s, 1, author, key));
}

static void a_proof_outlives_the_cache_while_it_is_used(void **state)
{
    struct signers_proof *proof = bring(7, signer, false);

    (void)state;
    (void)signers_proof_ref(proof);
    signers_wipe(&s);
    assert_memory_equal(proof->bytes, bytes, sizeof bytes);
    signers_proof_unref(proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_one_source_brought_is_nothing_to_another, start, end),
        cmocka_unit_test_setup_teardown(
            what_is_verified_is_found_by_all_and_before_the_rest, start, end),
        cmocka_unit_test_setup_teardown(
            a_proof_that_proves_good_becomes_everybodys, start, end),
        cmocka_unit_test_setup_teardown(
            the_one_unused_longest_gives_way_in_its_set, start, end),
        cmocka_unit_test_setup_teardown(
            a_proof_outlives_the_cache_while_it_is_used, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
