#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/money.h"

static struct bytes text_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static void currencies_have_the_decimals_of_iso_4217(void **state)
{
    static const struct {
        const char *code;
        unsigned decimals;
    } known[] = { { "AED", 2 }, { "EUR", 2 }, { "JPY", 0 }, { "BHD", 3 },
                  { "CLF", 4 }, { "USD", 2 }, { "ZWG", 2 } };
    static const char *const unknown[] = { "",    "EU",   "eur", "EURO",
                                           "ABC", "E\0R", "XAU", "XXX" };
    unsigned decimals = 99;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(money_decimals(&decimals, text_of(known[i].code)),
                         ERR_OK);
        assert_int_equal(decimals, known[i].decimals);
    }
    decimals = 99;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(money_decimals(&decimals, text_of(unknown[i])),
                         ERR_NOT_FOUND);
    assert_int_equal(decimals, 99);
    assert_true(money_is_code(text_of("XXX")));
    assert_false(money_is_code(text_of("XX")));
    assert_false(money_is_code(text_of("XxX")));
}

static void amounts_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        unsigned decimals;
        uint64_t minor;
    } cases[] = {
        { "0", 2, 0 },
        { "1", 2, 100 },
        { "1.5", 2, 150 },
        { "1.05", 2, 105 },
        { "1,000.00", 2, 100000 },
        { "1000", 2, 100000 },
        { "12,345,678", 0, 12345678 },
        { "1,000", 3, 1000000 },
        { "0.001", 3, 1 },
        { "007", 0, 7 },
        { "9007199254740991", 0, MP_INT_MAX },
        { "90,071,992,547,409.91", 2, MP_INT_MAX },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t minor = 1;

        assert_int_equal(
            money_parse(&minor, text_of(cases[i].text), cases[i].decimals),
            ERR_OK);
        assert_int_equal(minor, cases[i].minor);
    }
}

static void amounts_that_could_mean_something_else_are_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned decimals;
    } cases[] = {
        { "", 2 },      { ".", 2 },      { "1.", 2 },       { ".5", 2 },
        { "1,00", 2 },  { "1.000", 2 },  { "1.000,00", 2 }, { "1,0000", 2 },
        { ",100", 2 },  { "1,", 2 },     { "1,,000", 2 },   { "1000,000", 2 },
        { "1 000", 2 }, { "-1", 2 },     { "+1", 2 },       { "1e3", 2 },
        { "1.0", 0 },   { "1.2.3", 3 },  { "1,000,00", 2 }, { "1.a", 2 },
        { "0x10", 2 },  { "1.000,", 4 }, { "12.345", 2 },   { "1,a00", 2 },
    };
    uint64_t minor = 77;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            money_parse(&minor, text_of(cases[i].text), cases[i].decimals),
            ERR_MALFORMED);
    assert_int_equal(money_parse(&minor, text_of("9007199254740992"), 0),
                     ERR_TOO_LARGE);
    assert_int_equal(money_parse(&minor, text_of("90071992547409.92"), 2),
                     ERR_TOO_LARGE);
    assert_int_equal(
        money_parse(&minor, text_of("99999999999999999999999999999999"), 2),
        ERR_TOO_LARGE);
    assert_int_equal(minor, 77);
}

static void amounts_are_written_as_they_are_read(void **state)
{
    static const struct {
        uint64_t minor;
        const char *code;
        const char *text;
    } cases[] = {
        { 0, "EUR", "0.00 EUR" },
        { 5, "EUR", "0.05 EUR" },
        { 100000, "EUR", "1,000.00 EUR" },
        { 40000, "EUR", "400.00 EUR" },
        { 1234567, "JPY", "1,234,567 JPY" },
        { 1, "BHD", "0.001 BHD" },
        { 100, "CLF", "0.0100 CLF" },
        { MP_INT_MAX, "JPY", "9,007,199,254,740,991 JPY" },
        { MP_INT_MAX, "EUR", "90,071,992,547,409.91 EUR" },
        { MP_INT_MAX, "XYZ", "9007199254740991 XYZ (minor)" },
        { 12, "x", "12 (minor)" },
    };
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        money_format(out, cases[i].minor, text_of(cases[i].code));
        assert_string_equal(out, cases[i].text);
    }
}

static void a_pool_is_net_less_the_house_rounded_for_the_others(void **state)
{
    (void)state;
    assert_int_equal(money_pool(100000, 20000, 5000), 40000);
    assert_int_equal(money_pool(100000, 100000, 0), 0);
    assert_int_equal(money_pool(100000, 100001, 0), 0);
    assert_int_equal(money_pool(0, MP_INT_MAX, 5000), 0);
    assert_int_equal(money_pool(3, 0, 5000), 2); /* the house gets 1 */
    assert_int_equal(money_pool(9999, 0, 1), 9999);
    assert_int_equal(money_pool(10000, 0, 1), 9999);
    assert_int_equal(money_pool(MP_INT_MAX, 0, 0), MP_INT_MAX);
    assert_int_equal(money_pool(MP_INT_MAX, 0, MONEY_BP_ALL), 0);
    assert_int_equal(money_pool(MP_INT_MAX, 0, 5000), MP_INT_MAX / 2 + 1);
}

static void parts_of_the_largest_amounts_are_exact(void **state)
{
    (void)state;
    /* floor((2^53 - 1) * 9999 / 10000), by hand in wide integers. */
    assert_int_equal(money_part_of(MP_INT_MAX, 9999, 10000),
                     UINT64_C(9006298534815516));
    assert_int_equal(money_part_of(MP_INT_MAX, 1, UINT32_MAX), 2097152);
    assert_int_equal(money_part_of(MP_INT_MAX, UINT32_MAX, UINT32_MAX),
                     MP_INT_MAX);
    assert_int_equal(money_part_of(7, 1, 2), 3);
}

static struct money_share share(uint8_t person, uint32_t weight)
{
    struct money_share s = { .weight = weight };

    s.person[0] = person;
    return s;
}

static uint64_t amount_of(const struct money_share *shares, uint32_t count,
                          uint8_t person)
{
    for (uint32_t i = 0; i < count; i++)
        if (shares[i].person[0] == person)
            return shares[i].amount;
    fail();
    return 0;
}

static void what_is_left_goes_to_the_largest_remainders(void **state)
{
    struct money_share s[] = { share(3, 3333), share(1, 3333), share(2, 3334) };

    (void)state;
    /* 33.33, 33.33 and 33.34: one unit is left, for the last. */
    money_apportion(s, 3, 100);
    assert_int_equal(amount_of(s, 3, 1), 33);
    assert_int_equal(amount_of(s, 3, 2), 34);
    assert_int_equal(amount_of(s, 3, 3), 33);
}

static void of_equal_remainders_the_smaller_person_is_first(void **state)
{
    struct money_share s[] = { share(9, 1), share(5, 1), share(7, 1) };

    (void)state;
    money_apportion(s, 3, 2);
    assert_int_equal(amount_of(s, 3, 5), 1);
    assert_int_equal(amount_of(s, 3, 7), 1);
    assert_int_equal(amount_of(s, 3, 9), 0);
}

static void amounts_sum_to_the_pool_whatever_it_is(void **state)
{
    uint32_t seed = 4217;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct money_share s[40];
        uint64_t pool = MP_INT_MAX;
        uint64_t sum = 0;
        uint32_t count;

        seed = seed * 1664525 + 1013904223;
        count = 1 + (seed >> 8) % 40;
        pool >>= seed % 54;
        for (uint32_t i = 0; i < count; i++) {
            seed = seed * 1664525 + 1013904223;
            s[i] = share((uint8_t)i, 1 + (seed >> 8) % 10000);
        }
        money_apportion(s, count, pool);
        for (uint32_t i = 0; i < count; i++)
            sum += s[i].amount;
        assert_int_equal(sum, pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(currencies_have_the_decimals_of_iso_4217),
        cmocka_unit_test(amounts_are_read_as_people_write_them),
        cmocka_unit_test(amounts_that_could_mean_something_else_are_refused),
        cmocka_unit_test(amounts_are_written_as_they_are_read),
        cmocka_unit_test(a_pool_is_net_less_the_house_rounded_for_the_others),
        cmocka_unit_test(parts_of_the_largest_amounts_are_exact),
        cmocka_unit_test(what_is_left_goes_to_the_largest_remainders),
        cmocka_unit_test(of_equal_remainders_the_smaller_person_is_first),
        cmocka_unit_test(amounts_sum_to_the_pool_whatever_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
