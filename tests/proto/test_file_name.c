/* Names of files in records: which of them may be written to a disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/file_name.h"

static bool is_good(const char *name)
{
    return file_name_is_good(
        (struct bytes){ (const uint8_t *)name, strlen(name) });
}

static void a_name_may_have_folders(void **state)
{
    (void)state;
    assert_true(is_good("a"));
    assert_true(is_good("song.flac"));
    assert_true(is_good("album/cd 1/song.flac"));
    assert_true(is_good("..."));
    assert_true(is_good("a/..b/.c"));
    assert_true(is_good("L\xc3\xa4rm.wav"));
}

static void no_part_leads_out_of_the_folder(void **state)
{
    static const char *const NAMES[] = { "",     ".",    "..",     "/",
                                         "/a",   "a/",   "a//b",   "./a",
                                         "../a", "a/..", "a/../b", "a/./b",
                                         "a/.",  "//",   "../.." };

    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        assert_false(is_good(NAMES[i]));
}

static void a_name_is_text_of_one_line(void **state)
{
    (void)state;
    assert_false(is_good("a\nb"));
    assert_false(is_good("a\x7f"));
    assert_false(is_good("a\xff"));
    assert_false(is_good("a\xe2\x80\xae"
                         "b")); /* U+202E turns text around */
    assert_false(
        file_name_is_good((struct bytes){ (const uint8_t *)"a\0b", 3 }));
}

static void a_name_has_at_most_255_bytes(void **state)
{
    char name[FILE_NAME_MAX + 2];

    (void)state;
    memset(name, 'a', sizeof name);
    name[FILE_NAME_MAX + 1] = '\0';
    assert_false(is_good(name));
    name[FILE_NAME_MAX] = '\0';
    assert_true(is_good(name));
    name[FILE_NAME_MAX - 1] = '\0';
    assert_true(is_good(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_may_have_folders),
        cmocka_unit_test(no_part_leads_out_of_the_folder),
        cmocka_unit_test(a_name_is_text_of_one_line),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
