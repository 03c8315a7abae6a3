/* Small blobs written out together: names, folders, and what is in the way. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_group.h"
#include "store/flush.h"

static const uint8_t T1[ID_LEN] = { 1 };

static bool is_cheap; /* to flush all of the file system */
static unsigned flushes, flushes_of_all;

bool __wrap_flush_all_is_cheap(void);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);

bool __wrap_flush_all_is_cheap(void)
{
    return is_cheap;
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    flushes++;
    return 0;
}

int __wrap_fsync(int fd)
{
    (void)fd;
    flushes++;
    return 0;
}

int __wrap_syncfs(int fd)
{
    (void)fd;
    flushes_of_all++;
    return 0;
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    is_cheap = true;
    assert_int_equal(mkdir(fixture_path(&f, "out"), 0700), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

/* A reader of a blob with that text. */
static struct blob_reader *reader_of_text(struct fixture *f, const char *text)
{
    struct bytes content = { (const uint8_t *)text, strlen(text) };
    struct blob_reader *reader;
    struct blob_id id;

    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_inline(f->batch, T1, content, &id), ERR_OK);
    apply(f);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_OK);
    return reader;
}

static struct blob_group_item item(struct fixture *f, const char *name,
                                   const char *text)
{
    return (struct blob_group_item){ .reader = reader_of_text(f, text),
                                     .name = name };
}

static enum err write_group(struct fixture *f, struct blob_group_item *items,
                            size_t count)
{
    struct blob_progress progress = { 0 };
    char folder[BLOB_PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", fixture_path(f, "out"));
    return blob_group_write(folder, items, count, &progress);
}

static void wipe(struct blob_group_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        blob_reader_close(items[i].reader);
        free(items[i].path);
    }
}

static void assert_text(struct fixture *f, const char *name, const char *text)
{
    char got[64] = "";
    FILE *in = fopen(fixture_path(f, name), "rb");

    assert_non_null(in);
    assert_int_equal(fread(got, 1, sizeof got - 1, in), strlen(text));
    assert_string_equal(got, text);
    fclose(in);
}

static void put_text(struct fixture *f, const char *name, const char *text)
{
    FILE *out = fopen(fixture_path(f, name), "wb");

    assert_non_null(out);
    assert_int_equal(fputs(text, out) >= 0, 1);
    assert_int_equal(fclose(out), 0);
}

/* No name of ours is left: removing what should be there empties it. */
static void assert_only(struct fixture *f, const char *const *names)
{
    for (; *names != NULL; names++)
        assert_int_equal(remove(fixture_path(f, *names)), 0);
    assert_int_equal(rmdir(fixture_path(f, "out")), 0);
}

static void names_get_their_folders(void **state)
{
    struct fixture *f = *state;
    struct blob_group_item items[] = {
        item(f, "a", "one"), item(f, "d/e/b", "two"), item(f, "d/e/c", "three"),
        item(f, "d/f", ""),  item(f, "g", "five"),
    };

    assert_int_equal(write_group(f, items, 5), ERR_OK);
    assert_text(f, "out/a", "one");
    assert_text(f, "out/d/e/b", "two");
    assert_text(f, "out/d/e/c", "three");
    assert_text(f, "out/d/f", "");
    assert_text(f, "out/g", "five");
    assert_string_equal(items[1].path + strlen(items[1].path) - 8, "ut/d/e/b");
    assert_only(f,
                (const char *[]){ "out/a", "out/d/e/b", "out/d/e/c", "out/d/e",
                                  "out/d/f", "out/d", "out/g", NULL });
    wipe(items, 5);
}

/* Both ways lead to the same files. */
static void few_flushes_of_all_or_one_for_each_file_and_folder(void **state)
{
    struct fixture *f = *state;
    struct blob_group_item items[] = { item(f, "a", "one"),
                                       item(f, "d/e/b", "two"),
                                       item(f, "d/e/c", "three"),
                                       item(f, "d/x", "four") };

    flushes = 0;
    flushes_of_all = 0;
    assert_int_equal(write_group(f, items, 2), ERR_OK);
    assert_int_equal(flushes, 0);
    assert_int_equal(flushes_of_all, 2);
    is_cheap = false;
    assert_int_equal(write_group(f, items + 2, 2), ERR_OK);
    assert_int_equal(flushes, 2 + 3 + 1); /* d, d/e, d again, and the top */
    assert_int_equal(flushes_of_all, 2);
    assert_text(f, "out/a", "one");
    assert_text(f, "out/d/e/b", "two");
    assert_text(f, "out/d/e/c", "three");
    assert_text(f, "out/d/x", "four");
    wipe(items, 4);
}

static void what_is_there_is_kept(void **state)
{
    struct fixture *f = *state;
    struct blob_group_item items[] = {
        item(f, "same.txt", "same"),
        item(f, "mine.txt", "theirs"),
        item(f, "twice", "first"),
        item(f, "twice", "second"),
    };

    put_text(f, "out/same.txt", "same");
    put_text(f, "out/mine.txt", "mine");
    assert_int_equal(write_group(f, items, 4), ERR_OK);
    assert_text(f, "out/mine.txt", "mine");
    assert_text(f, "out/mine (2).txt", "theirs");
    assert_text(f, "out/twice", "first");
    assert_text(f, "out/twice (2)", "second");
    assert_only(f, (const char *[]){ "out/same.txt", "out/mine.txt",
                                     "out/mine (2).txt", "out/twice",
                                     "out/twice (2)", NULL });
    wipe(items, 4);
}

static void no_folder_is_entered_through_a_link(void **state)
{
    struct fixture *f = *state;
    struct blob_group_item items[] = { item(f, "a", "one"),
                                       item(f, "link/b", "two") };
    char folder[BLOB_PATH_MAX];

    assert_int_equal(mkdir(fixture_path(f, "elsewhere"), 0700), 0);
    assert_int_equal(symlink("../elsewhere", fixture_path(f, "out/link")), 0);
    assert_int_equal(write_group(f, items, 2), ERR_NOT_FOUND);
    (void)snprintf(folder, sizeof folder, "%s", fixture_path(f, "out"));
    assert_int_equal(blob_group_make_folders(folder, "link/c/d"),
                     ERR_NOT_FOUND);
    assert_int_equal(blob_group_make_folders(folder, "x/y/d"), ERR_OK);
    assert_int_equal(rmdir(fixture_path(f, "elsewhere")), 0); /* is empty */
    assert_only(f, (const char *[]){ "out/link", "out/x/y", "out/x", NULL });
    wipe(items, 2);
}

static void a_cancelled_group_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct blob_group_item items[] = { item(f, "a", "one") };
    struct blob_progress progress = { .cancel = true };
    char folder[BLOB_PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", fixture_path(f, "out"));
    assert_int_equal(blob_group_write(folder, items, 1, &progress),
                     ERR_CANCELLED);
    assert_null(items[0].path);
    assert_only(f, (const char *[]){ NULL });
    assert_int_equal(blob_group_write(folder, items, 1, &progress),
                     ERR_NOT_FOUND); /* no such folder */
    wipe(items, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_get_their_folders),
        TEST(few_flushes_of_all_or_one_for_each_file_and_folder),
        TEST(what_is_there_is_kept),
        TEST(no_folder_is_entered_through_a_link),
        TEST(a_cancelled_group_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
