/* The licence algebra: folding, exclusion, independence of order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/licence.h"

static struct bytes text(const char *s)
{
    return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void every_licence_is_read_back_from_its_text(void **state)
{
    (void)state;
    for (enum licence l = 0; l < LICENCE_COUNT; l++)
        assert_int_equal(licence_parse(text(licence_text(l))), l);
}

static void identifiers_are_read_in_either_case_and_nothing_more(void **state)
{
    (void)state;
    assert_int_equal(licence_parse(text("cc-by-sa-4.0")), LICENCE_BY_SA_4);
    assert_int_equal(licence_parse(text("All-Rights")), LICENCE_ALL_RIGHTS);
    assert_int_equal(licence_parse(text("CC-BY-SA-4.0 ")), LICENCE_OTHER);
    assert_int_equal(licence_parse(text("CC-BY-SA-4.")), LICENCE_OTHER);
    assert_int_equal(licence_parse(text("MIT")), LICENCE_OTHER);
    assert_int_equal(licence_parse((struct bytes){ NULL, 0 }), LICENCE_OTHER);
}

static const struct {
    const char *a;
    const char *b;
    const char *folded; /* NULL: they exclude each other */
} pairs[] = {
    { "CC0-1.0", "CC0-1.0", "CC0-1.0" },
    { "CC0-1.0", "CC-BY-3.0", "CC-BY-3.0" },
    { "CC-BY-3.0", "CC-BY-4.0", "CC-BY-4.0" },
    { "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-NC-4.0" },
    { "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-SA-4.0" },
    { "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-SA-4.0" },
    { "CC-BY-SA-3.0", "CC-BY-4.0", "CC-BY-SA-4.0" },
    { "CC-BY-SA-4.0", "CC-BY-NC-4.0", NULL },
    { "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", NULL },
    { "CC-BY-NC-SA-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0" },
    { "CC-BY-ND-4.0", "CC-BY-ND-4.0", "CC-BY-ND-4.0" },
    { "CC-BY-ND-4.0", "CC0-1.0", NULL },
    { "CC-BY-NC-ND-4.0", "CC-BY-4.0", NULL },
    { "all-rights-reserved", "CC-BY-4.0", "all-rights-reserved" },
    { "all-rights-reserved", "CC-BY-NC-4.0", "all-rights-reserved" },
    { "all-rights-reserved", "CC-BY-SA-4.0", NULL },
    { "all-rights-reserved", "CC-BY-ND-4.0", NULL },
    { "other", "CC-BY-4.0", "other" },
    { "other", "CC-BY-SA-4.0", "other" },
    { "other", "all-rights-reserved", "all-rights-reserved" },
};

static void pairs_fold_to_the_strictest_or_exclude_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        enum licence a = licence_parse(text(pairs[i].a));
        enum licence b = licence_parse(text(pairs[i].b));
        enum licence folded = LICENCE_COUNT;
        enum licence clash[2] = { LICENCE_COUNT, LICENCE_COUNT };
        struct licence_mix mix = { 0 };
        struct licence_mix turned = { 0 };
        bool fits;

        licence_mix_add(&mix, a);
        licence_mix_add(&mix, b);
        licence_mix_add(&turned, b);
        licence_mix_add(&turned, a);
        assert_int_equal(mix.set, turned.set);
        fits = licence_mix_fold(mix, &folded, clash);
        assert_int_equal(fits, pairs[i].folded != NULL);
        if (fits) {
            assert_string_equal(licence_text(folded), pairs[i].folded);
            assert_int_equal(clash[0], LICENCE_COUNT);
        } else {
            assert_int_equal(folded, LICENCE_COUNT);
            assert_true((clash[0] == a && clash[1] == b) ||
                        (clash[0] == b && clash[1] == a));
        }
    }
}

/* Whatever joins a mix, what excluded each other in it still does. */
static void a_mix_never_becomes_possible_again(void **state)
{
    (void)state;
    for (uint32_t set = 1; set < (uint32_t)1 << LICENCE_COUNT; set++) {
        struct licence_mix mix = { set };
        enum licence folded;
        enum licence clash[2];

        if (licence_mix_fold(mix, &folded, clash))
            continue;
        licence_mix_add(&mix, (enum licence)(set % LICENCE_COUNT));
        assert_false(licence_mix_fold(mix, &folded, clash));
    }
}

static void every_possible_mix_folds_to_a_licence_that_fits_it(void **state)
{
    (void)state;
    for (uint32_t set = 1; set < (uint32_t)1 << LICENCE_COUNT; set++) {
        struct licence_mix mix = { set };
        enum licence folded;
        enum licence again;
        enum licence clash[2];

        if (!licence_mix_fold(mix, &folded, clash))
            continue;
        licence_mix_add(&mix, folded);
        assert_true(licence_mix_fold(mix, &again, clash));
        assert_int_equal(again, folded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_licence_is_read_back_from_its_text),
        cmocka_unit_test(identifiers_are_read_in_either_case_and_nothing_more),
        cmocka_unit_test(pairs_fold_to_the_strictest_or_exclude_each_other),
        cmocka_unit_test(a_mix_never_becomes_possible_again),
        cmocka_unit_test(every_possible_mix_folds_to_a_licence_that_fits_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
