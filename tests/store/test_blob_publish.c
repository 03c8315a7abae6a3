/* Flushes and names, in the order that a power cut asks for. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_publish.h"
#include "store/flush.h"

enum { MANY = 20, LOG_MAX = 256 };

/* What was done, a letter each: see the wrappers. */
static char done[LOG_MAX];
static size_t done_count;
static char fails;        /* the letter that does, the `fails_at`th time */
static unsigned fails_at; /* counted from 0 */
static bool is_cheap;     /* to flush all of the file system */

int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_sync_file_range(int fd, off_t offset, off_t len, unsigned flags);
int __wrap_rename(const char *from, const char *to);
int __real_rename(const char *from, const char *to);
bool __wrap_flush_all_is_cheap(void);

bool __wrap_flush_all_is_cheap(void)
{
    return is_cheap;
}

static int note(char what)
{
    assert_true(done_count < LOG_MAX - 1);
    done[done_count++] = what;
    if (what != fails || fails_at-- > 0)
        return 0;
    errno = what == 'r' ? ENOSPC : EIO;
    return -1;
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    return note('d');
}

int __wrap_fsync(int fd)
{
    (void)fd;
    return note('f'); /* of a folder */
}

int __wrap_syncfs(int fd)
{
    (void)fd;
    return note('s');
}

int __wrap_sync_file_range(int fd, off_t offset, off_t len, unsigned flags)
{
    (void)fd;
    (void)offset;
    (void)len;
    return (flags & SYNC_FILE_RANGE_WAIT_AFTER) == 0 ? 0 : note('w');
}

int __wrap_rename(const char *from, const char *to)
{
    return note('r') == 0 ? __real_rename(from, to) : -1;
}

static int setup(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    memset(done, 0, sizeof done);
    done_count = 0;
    fails = '\0';
    fails_at = 0;
    is_cheap = true;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

/* Files with a byte each; one in each folder, or all in the same. */
static enum err publish(struct fixture *f, size_t count, bool is_spread,
                        size_t *failed)
{
    struct blob_new files[MANY] = { 0 };
    char *paths[MANY];
    enum err e;

    for (size_t i = 0; i < count; i++) {
        int fd;

        assert_int_equal(blob_file_temporary(f->store, &paths[i], &fd), ERR_OK);
        assert_int_equal(write(fd, "x", 1), 1);
        files[i] = (struct blob_new){ .fd = fd,
                                      .path = paths[i],
                                      .id = { .size = 1 + i } };
        files[i].id.root[0] = is_spread ? (uint8_t)i : 7;
    }
    done_count = 0;
    memset(done, 0, sizeof done);
    e = blob_publish(f->store, files, count, failed);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(close(files[i].fd), 0);
        (void)unlink(paths[i]);
        free(paths[i]);
    }
    return e;
}

static bool has_name(const struct fixture *f, size_t i, bool is_spread)
{
    struct blob_id id = { .size = 1 + i };
    char *path;
    bool has;

    id.root[0] = is_spread ? (uint8_t)i : 7;
    path = blob_file_path(f->store, &id, false);
    assert_non_null(path);
    has = access(path, F_OK) == 0;
    free(path);
    return has;
}

static void
a_few_are_flushed_each_and_named_and_their_folders_flushed(void **state)
{
    size_t failed;

    assert_int_equal(publish(*state, 3, true, &failed), ERR_OK);
    assert_string_equal(done, "dddrrrffff");
    for (size_t i = 0; i < 3; i++)
        assert_true(has_name(*state, i, true));
}

static void a_folder_of_many_files_is_flushed_once(void **state)
{
    size_t failed;

    assert_int_equal(publish(*state, 8, false, &failed), ERR_OK);
    assert_string_equal(done, "ddddddddrrrrrrrrff");
}

static void many_cost_two_flushes_of_all(void **state)
{
    size_t failed;

    assert_int_equal(publish(*state, MANY, true, &failed), ERR_OK);
    assert_string_equal(done, "wwwwwwwwwwwwwwwwwwwws"
                              "rrrrrrrrrrrrrrrrrrrrs");
    for (size_t i = 0; i < MANY; i++)
        assert_true(has_name(*state, i, true));
}

static void while_others_write_much_each_is_flushed(void **state)
{
    size_t failed;

    is_cheap = false;
    assert_int_equal(publish(*state, MANY, true, &failed), ERR_OK);
    assert_string_equal(done, "dddddddddddddddddddd"
                              "rrrrrrrrrrrrrrrrrrrr"
                              "fffffffffffffffffffff");
}

static void what_is_durable_already_is_only_named(void **state)
{
    struct fixture *f = *state;
    struct blob_new file = { .fd = -1, .id = { .size = 1 } };
    size_t failed;
    char *path;
    int fd;

    assert_int_equal(blob_file_temporary(f->store, &path, &fd), ERR_OK);
    assert_int_equal(close(fd), 0);
    file.path = path;
    done_count = 0;
    assert_int_equal(blob_publish(f->store, &file, 1, &failed), ERR_OK);
    assert_string_equal(done, "rff");
    free(path);
}

static void what_is_not_durable_gets_no_name(void **state)
{
    static const struct {
        size_t count;
        char fails;
        unsigned at;
        size_t failed;
    } cases[] = {
        { 3, 'd', 0, 0 },           { 3, 'd', 2, 2 },
        { MANY, 'w', 0, 0 },        { MANY, 'w', MANY - 1, MANY - 1 },
        { MANY, 's', 0, MANY - 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t failed = SIZE_MAX;

        fails = cases[i].fails;
        fails_at = cases[i].at;
        assert_int_equal(publish(*state, cases[i].count, true, &failed),
                         ERR_IO);
        assert_int_equal(failed, cases[i].failed);
        assert_null(strchr(done, 'r'));
    }
}

static void a_name_that_is_not_durable_is_an_error(void **state)
{
    size_t failed;

    fails = 'f';
    assert_int_equal(publish(*state, 1, true, &failed), ERR_IO);
    fails = 's';
    fails_at = 1;
    assert_int_equal(publish(*state, MANY, true, &failed), ERR_IO);
    fails = 'r';
    fails_at = 4;
    assert_int_equal(publish(*state, MANY, true, &failed), ERR_NO_SPACE);
    assert_int_equal(failed, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_few_are_flushed_each_and_named_and_their_folders_flushed),
        TEST(a_folder_of_many_files_is_flushed_once),
        TEST(many_cost_two_flushes_of_all),
        TEST(while_others_write_much_each_is_flushed),
        TEST(what_is_durable_already_is_only_named),
        TEST(what_is_not_durable_gets_no_name),
        TEST(a_name_that_is_not_durable_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
