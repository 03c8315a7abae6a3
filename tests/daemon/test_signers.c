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

static struct certificate verified(uint8_t n)
{
    struct certificate c = { .whole = BYTES_ARRAY(bytes) };

    memcpy(c.person, author, ID_LEN);
    memcpy(c.device_key, signer, KEY_LEN);
    c.device_key[1] = n;
    return c;
}

static void what_one_source_brought_is_nothing_to_another(void **state)
{
    (void)state;
    signers_add_unverified(&s, 7, author, signer, BYTES_ARRAY(bytes));
    assert_non_null(signers_find(&s, 7, author, signer));
    assert_null(signers_find(&s, 8, author, signer));
    signers_forget(&s, 7);
    assert_null(signers_find(&s, 7, author, signer));
}

static void what_is_verified_is_found_by_all_and_before_the_rest(void **state)
{
    struct certificate c = verified(0);
    const struct signers_entry *found;

    (void)state;
    signers_add_unverified(&s, 7, author, signer, BYTES_ARRAY(bytes));
    signers_add(&s, &c);
    found = signers_find(&s, 7, author, signer);
    assert_non_null(found);
    assert_int_equal(found->source, 0);
    assert_int_equal(found->len, sizeof bytes);
    signers_forget(&s, 7);
    assert_non_null(signers_find(&s, 8, author, signer));
}

static void the_one_unused_longest_gives_way(void **state)
{
    struct certificate c;

    (void)state;
    for (unsigned i = 0; i < SIGNERS_MAX; i++) {
        c = verified((uint8_t)i);
        signers_add(&s, &c);
    }
    assert_non_null(signers_find(&s, 1, author, signer)); /* number 0 */
    signers_add_unverified(&s, 5, author, author, BYTES_ARRAY(bytes));
    assert_non_null(signers_find(&s, 1, author, signer));
    c = verified(1);
    assert_null(signers_find(&s, 1, author, c.device_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_one_source_brought_is_nothing_to_another,
                               start),
        cmocka_unit_test_setup(
            what_is_verified_is_found_by_all_and_before_the_rest, start),
        cmocka_unit_test_setup(the_one_unused_longest_gives_way, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
