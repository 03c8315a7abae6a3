/* The table of kinds: what every part that follows from it takes for granted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/kind.h"

static struct bytes text_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static void numbers_and_names_of_kinds_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        assert_ptr_equal(kind_find(kind_at(i)->number), kind_at(i));
        assert_ptr_equal(kind_by_name(text_of(kind_at(i)->name)), kind_at(i));
    }
    assert_null(kind_find(0));
    assert_null(kind_find(999999));
    assert_null(kind_by_name(text_of("nonsense")));
}

static void kinds_of_nodes_are_those_of_the_frozen_range(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        struct record r = { .kind = kind_at(i)->number };

        assert_int_equal(record_is_by_node(&r),
                         kind_at(i)->author == AUTHOR_NODE);
    }
}

/* Bodies are written field by field, so their order is the map's. */
static void fields_stand_in_canonical_order(void **state)
{
    (void)state;
    for (int shape = 0; shape < SHAPE_COUNT; shape++) {
        size_t count;
        const struct field *f = kind_fields((enum shape)shape, &count);

        assert_in_range(count, 1, 64); /* kind_check has a bit for each */
        for (size_t i = 0; i < count; i++) {
            assert_true(strlen(f[i].name) <= MP_KEY_MAX);
            assert_ptr_equal(kind_field((enum shape)shape, text_of(f[i].name)),
                             &f[i]);
            if (i > 0)
                assert_true(strcmp(f[i - 1].name, f[i].name) < 0);
            if (f[i].type == FIELD_LINE || f[i].type == FIELD_TEXT ||
                f[i].type == FIELD_UINT)
                assert_true(f[i].max > 0);
            if (f[i].type == FIELD_LINK)
                assert_string_equal(kind_relation_name(f[i].ref), f[i].name);
        }
    }
}

static void choices_are_numbered_from_one_without_gaps(void **state)
{
    (void)state;
    for (int c = 0; c < CHOICES_COUNT; c++) {
        const char *name;
        uint64_t value;
        size_t i;

        for (i = 0; (name = kind_choice_at((enum choices)c, i, &value)); i++) {
            assert_int_equal(value, i + 1);
            assert_string_equal(kind_choice_name((enum choices)c, value), name);
            assert_int_equal(kind_choice_value((enum choices)c, text_of(name)),
                             value);
        }
        assert_true(i >= 2);
        assert_string_equal(kind_choice_name((enum choices)c, i + 1), "other");
    }
    assert_int_equal(kind_choice_value(CHOICES_ROLE, text_of("king")), 0);
    assert_null(kind_relation_name(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names_of_kinds_are_unique),
        cmocka_unit_test(kinds_of_nodes_are_those_of_the_frozen_range),
        cmocka_unit_test(fields_stand_in_canonical_order),
        cmocka_unit_test(choices_are_numbered_from_one_without_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
