/* Revocations: whose records they hit, from when, and what known[] saves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/revocation.h"

static const uint8_t PERSON[ID_LEN] = { 1 };
static const uint8_t OTHER[ID_LEN] = { 2 };
static const uint8_t DEVICE[KEY_LEN] = { 3 };
static const uint64_t NOW = 1700000000000;

static struct record record_at(uint64_t created_ms)
{
    struct record r = { .created_ms = created_ms };

    memcpy(r.author, PERSON, ID_LEN);
    memcpy(r.signer, DEVICE, KEY_LEN);
    memset(r.id, 9, ID_LEN);
    return r;
}

static struct revocation revocation_since(uint64_t since_ms)
{
    return (struct revocation){ .person = PERSON,
                                .device = DEVICE,
                                .created_ms = NOW,
                                .since_ms = since_ms };
}

static void records_from_since_on_are_hit(void **state)
{
    struct revocation v = revocation_since(NOW - 1000);
    struct record before = record_at(NOW - 1001);
    struct record at = record_at(NOW - 1000);
    struct record after = record_at(NOW + 5);

    (void)state;
    assert_false(revocation_hits(&v, &before));
    assert_true(revocation_hits(&v, &at));
    assert_true(revocation_hits(&v, &after));
}

static void other_people_and_other_devices_are_not_touched(void **state)
{
    struct revocation v = revocation_since(NOW - 1000);
    struct record r = record_at(NOW);

    (void)state;
    memcpy(r.author, OTHER, ID_LEN);
    assert_false(revocation_hits(&v, &r));
    r = record_at(NOW);
    r.signer[31] ^= 1;
    assert_false(revocation_hits(&v, &r));
}

static void it_reaches_back_thirty_days_at_most(void **state)
{
    struct revocation v = revocation_since(0);
    struct record r = record_at(NOW - REVOCATION_REACH_MS);

    (void)state;
    assert_true(revocation_hits(&v, &r));
    r.created_ms--;
    assert_false(revocation_hits(&v, &r));
    v.created_ms = REVOCATION_REACH_MS - 1; /* before any date that far back */
    r.created_ms = 0;
    assert_true(revocation_hits(&v, &r));
}

static void backdating_does_not_help_where_known_is_given(void **state)
{
    uint8_t known[3 * REVOCATION_PREFIX_LEN] = { 0 };
    struct revocation v = revocation_since(NOW);
    struct record r = record_at(NOW - 5000);

    (void)state;
    v.known = known;
    assert_true(revocation_hits(&v, &r)); /* given and empty */
    v.known_count = 3;
    assert_true(revocation_hits(&v, &r));
    memset(known + 2 * REVOCATION_PREFIX_LEN, 9, REVOCATION_PREFIX_LEN);
    assert_false(revocation_hits(&v, &r));
    v.known_count = 2;
    assert_true(revocation_hits(&v, &r));
    v.known_count = 3;
    r.created_ms = NOW; /* named, but too late */
    assert_true(revocation_hits(&v, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_from_since_on_are_hit),
        cmocka_unit_test(other_people_and_other_devices_are_not_touched),
        cmocka_unit_test(it_reaches_back_thirty_days_at_most),
        cmocka_unit_test(backdating_does_not_help_where_known_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
