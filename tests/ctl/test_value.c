/* Words of the command line as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/value.h"

static struct fail f;

static uint64_t time_of(const char *text)
{
    uint64_t ms = 1;

    assert_true(value_time(&ms, &f, text, 1000000));
    return ms;
}

static void a_time_is_rfc_3339(void **state)
{
    (void)state;
    assert_int_equal(time_of("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(time_of("2000-02-29T12:34:56Z"), 951827696000);
    assert_int_equal(time_of("2000-02-29T14:34:56+02:00"), 951827696000);
    assert_int_equal(time_of("2000-02-29t07:04:56.5-05:30"), 951827696500);
    assert_int_equal(time_of("2000-02-29 12:34:56.123456z"), 951827696123);
}

static void a_date_means_its_end_where_one_lives(void **state)
{
    (void)state;
    assert_int_equal(time_of("2030-01-01"), 1893538800000 - 1);
    /* The day on which clocks are put forward has 23 hours. */
    assert_int_equal(time_of("2030-03-31") - time_of("2030-03-30"),
                     23 * 3600 * 1000);
}

static void a_span_counts_from_now(void **state)
{
    (void)state;
    assert_int_equal(time_of("+14d"), 1000000 + 14 * (uint64_t)86400000);
    assert_int_equal(time_of("+90s"), 1000000 + 90000);
}

static void other_times_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "tomorrow",
        "2030",
        "2030-13-01",
        "2030-00-01",
        "2030-01-32",
        "2030-1-1",
        "2030-01-01T10:00:00",
        "2030-01-01T24:00:00Z",
        "2030-01-01T10:60:00Z",
        "2030-01-01T10:00:00.Z",
        "2030-01-01T10:00:00Zx",
        "2030-01-01x",
        "+14",
        "+d",
        "+14y",
        "-1d",
        "2030-01-01T10:00:00+25:00",
        "1969-01-01T00:00:00Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t ms = 7;

        fail_clear(&f);
        assert_false(value_time(&ms, &f, bad[i], 0));
        assert_int_equal(ms, 7);
        assert_int_equal(f.code, EXIT_CODE_USAGE);
    }
}

static void a_size_has_a_unit(void **state)
{
    uint64_t v;

    (void)state;
    assert_true(value_size(&v, &f, "512"));
    assert_int_equal(v, 512);
    assert_true(value_size(&v, &f, "10GiB"));
    assert_int_equal(v, 10 * ((uint64_t)1 << 30));
    assert_true(value_size(&v, &f, "500mb"));
    assert_int_equal(v, 500000000);
    assert_false(value_size(&v, &f, "GiB"));
    assert_false(value_size(&v, &f, "1 PiB"));
    assert_false(value_size(&v, &f, "9999999999 TiB"));
    assert_false(value_size(&v, &f, "999999999999999T"));
    assert_false(value_size(&v, &f, "1234567890123456"));
}

static void a_share_is_a_percentage(void **state)
{
    uint64_t v;

    (void)state;
    assert_true(value_share(&v, &f, "50%"));
    assert_int_equal(v, 5000);
    assert_true(value_share(&v, &f, "12.5%"));
    assert_int_equal(v, 1250);
    assert_true(value_share(&v, &f, "0.05"));
    assert_int_equal(v, 5);
    assert_true(value_share(&v, &f, "100"));
    assert_int_equal(v, 10000);
    assert_false(value_share(&v, &f, "100.01%"));
    assert_false(value_share(&v, &f, "1000%"));
    assert_false(value_share(&v, &f, "%"));
    assert_false(value_share(&v, &f, "5.%"));
    assert_false(value_share(&v, &f, "5%%"));
}

static void a_region_is_four_percentages(void **state)
{
    static const char *const bad[] = {
        "",           "10",           "10,20,50",      "10,20,50,",
        ",20,50,30",  "10,20,50,101", "10,20,50,30,1", "10,20,50,30 ",
        "10,-2,50,1", "10;20;50;30",  "1.5,20,50,30",
    };
    uint64_t parts[4];

    (void)state;
    assert_true(value_region(parts, &f, "0,20,50,100"));
    assert_int_equal(parts[0], 0);
    assert_int_equal(parts[1], 2000);
    assert_int_equal(parts[2], 5000);
    assert_int_equal(parts[3], 10000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(value_region(parts, &f, bad[i]));
        assert_int_equal(parts[1], 2000);
    }
}

static void a_timecode_has_seconds_minutes_and_hours(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        { "0", 0 },          { "83", 83000 },        { "1:23", 83000 },
        { "1:23.5", 83500 }, { "1:02:03", 3723000 },
    };
    static const char *const bad[] = { "", ":", "1:", "1:60", "1:60:00", "x" };
    uint64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(value_timecode(&ms, &f, good[i].text));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(value_timecode(&ms, &f, bad[i]));
}

static void an_id_has_6_to_64_hex_digits(void **state)
{
    char digits[66];

    (void)state;
    memset(digits, 'a', sizeof digits);
    digits[65] = '\0';
    assert_false(value_is_id(digits));
    digits[64] = '\0';
    assert_true(value_is_id(digits));
    assert_true(value_is_id("0123ef"));
    assert_false(value_is_id("0123e"));
    assert_false(value_is_id("0123eg"));
    assert_false(value_is_id(""));
}

static void a_path_makes_the_objects_on_its_way(void **state)
{
    json_t *root = json_object();
    json_t *want = json_pack("{s:{s:{s:s},s:[s,s]}}", "fields", "terms", "pay",
                             "none", "needs", "a", "b");

    (void)state;
    assert_null(value_at(root, "fields.terms.pay"));
    assert_true(value_put(root, "fields.terms.pay", json_string("none")));
    assert_true(value_append(root, "fields.needs", json_string("a")));
    assert_true(value_append(root, "fields.needs", json_string("b")));
    assert_true(json_equal(root, want));
    assert_string_equal(json_string_value(value_at(root, "fields.terms.pay")),
                        "none");
    json_decref(root);
    json_decref(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_rfc_3339),
        cmocka_unit_test(a_date_means_its_end_where_one_lives),
        cmocka_unit_test(a_span_counts_from_now),
        cmocka_unit_test(other_times_are_refused),
        cmocka_unit_test(a_size_has_a_unit),
        cmocka_unit_test(a_share_is_a_percentage),
        cmocka_unit_test(a_region_is_four_percentages),
        cmocka_unit_test(a_timecode_has_seconds_minutes_and_hours),
        cmocka_unit_test(an_id_has_6_to_64_hex_digits),
        cmocka_unit_test(a_path_makes_the_objects_on_its_way),
    };

    /* A zone by its rule, so that no database of zones is needed. */
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
