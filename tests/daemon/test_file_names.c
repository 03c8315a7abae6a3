/* What records call a file: at most so much of it, and of the files asked for
 * alone. */
#include "named_files.h"

#include "daemon/file_names.h"

static struct fixture f;
static struct file_names_set names;
static uint8_t topic[ID_LEN];

static int begin(void **state)
{
    (void)state;
    fixture_open(&f);
    memset(topic, 0x10, ID_LEN);
    return 0;
}

static int end(void **state)
{
    (void)state;
    file_names_wipe(&names);
    fixture_close(&f);
    return 0;
}

static void find(const struct blob_id *files, size_t count)
{
    file_names_wipe(&names);
    assert_int_equal(file_names_find(&names, f.store, topic, files, count),
                     ERR_OK);
}

static void assert_name(size_t file, size_t at, const char *name)
{
    assert_true(at < names.of[file].count);
    assert_true(
        bytes_equal(names.of[file].names[at],
                    (struct bytes){ (const uint8_t *)name, strlen(name) }));
}

static void a_file_has_the_names_and_parts_that_records_give_it(void **state)
{
    struct blob_id a = named_files_blob(1, 100);
    struct blob_id b = named_files_blob(2, 100);
    struct named_file first[] = { { a, "one.png", 0 }, { b, "two.png", 2 } };
    struct named_file second[] = { { a, "uno.png", 1 }, { a, "one.png", 5 } };
    const struct blob_id asked[] = { b, a };

    (void)state;
    named_files_put(&f, topic, first, 2);
    named_files_put(&f, topic, second, 2);
    find(asked, 2);
    assert_int_equal(names.of[0].count, 1);
    assert_name(0, 0, "two.png");
    assert_int_equal(names.of[0].roles, 1 << 2);
    assert_int_equal(names.of[1].count, 2);
    assert_name(1, 0, "one.png"); /* the earliest first */
    assert_name(1, 1, "uno.png");
    assert_int_equal(names.of[1].roles, 1 | 1 << 1 | 1 << 5);
}

static void no_more_than_four_names_are_told(void **state)
{
    struct blob_id blob = named_files_blob(1, 100);
    char text[8] = "x0.png";

    (void)state;
    for (unsigned i = 0; i < FILE_NAMES_MAX + 1; i++) {
        struct named_file file = { blob, text, 0 };

        text[1] = (char)('0' + i);
        named_files_put(&f, topic, &file, 1);
    }
    find(&blob, 1);
    assert_int_equal(names.of[0].count, FILE_NAMES_MAX);
    assert_name(0, FILE_NAMES_MAX - 1, "x3.png");
}

static void what_no_record_of_the_topic_names_has_no_name(void **state)
{
    struct blob_id blob = named_files_blob(1, 100);
    struct blob_id same_root = named_files_blob(1, 101);
    struct named_file file = { blob, "one.png", 3 };
    uint8_t other[ID_LEN] = { 0x20 };

    (void)state;
    named_files_put(&f, other, &file, 1);
    find(&blob, 1);
    assert_int_equal(names.of[0].count, 0);
    assert_int_equal(names.of[0].roles, 0);
    named_files_put(&f, topic, &file, 1);
    find(&same_root, 1);
    assert_int_equal(names.of[0].count, 0);
    find(NULL, 0);
}

static void a_whole_page_of_files_is_found_in_one_manifest_or_many(void **state)
{
    static struct blob_id asked[FILE_NAMES_ASKED];
    struct named_file files[8];
    char text[FILE_NAMES_ASKED][12];

    (void)state;
    for (unsigned i = 0; i < FILE_NAMES_ASKED; i++) {
        /* Neither in the order of names nor in that of the question. */
        asked[FILE_NAMES_ASKED - 1 - i] = named_files_blob(i * 37 % 512, 9);
        memcpy(text[i], "000.png", 8);
        text[i][0] = (char)('a' + i / 64);
        text[i][1] = (char)('a' + i / 8 % 8);
        text[i][2] = (char)('a' + i % 8);
        files[i % 8] = (struct named_file){ named_files_blob(i * 37 % 512, 9),
                                            text[i], 0 };
        if (i % 8 == 7)
            named_files_put(&f, topic, files, 8);
    }
    find(asked, FILE_NAMES_ASKED);
    for (unsigned i = 0; i < FILE_NAMES_ASKED; i++) {
        assert_int_equal(names.of[i].count, 1);
        assert_name(i, 0, text[FILE_NAMES_ASKED - 1 - i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_the_names_and_parts_that_records_give_it),
        TEST(no_more_than_four_names_are_told),
        TEST(what_no_record_of_the_topic_names_has_no_name),
        TEST(a_whole_page_of_files_is_found_in_one_manifest_or_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
