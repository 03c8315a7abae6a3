/*
 * Copies for the user: from memory, from the store, and from both; on a file
 * system with files that have no name, on one without, and on one that cannot
 * rename without replacing either.
 */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_copy.h"

#define LEN   ((size_t)(3 << 20) + 5000)
#define SPANS 4

static const uint8_t T1[ID_LEN] = { 1 };

/* ---- File systems that can less ----------------------------------------- */

static enum { ALL, NAMED_ONLY, LINKED_ONLY } disk_can;
static unsigned refused; /* how often it was asked for more */

/* What somebody else writes while a copy becomes durable, if anybody does. */
static const char *rival_path;
static const uint8_t *rival_data;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_open64(const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start(args, flags);
    mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (disk_can == ALL || (flags & O_TMPFILE) != O_TMPFILE)
        return __real_open64(path, flags, mode);
    refused++;
    errno = EOPNOTSUPP;
    return -1;
}

int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags)
{
    if (disk_can != LINKED_ONLY)
        return __real_renameat2(from_dir, from, to_dir, to, flags);
    refused++;
    errno = EINVAL;
    return -1;
}

int __wrap_fsync(int fd)
{
    if (rival_path != NULL) {
        FILE *file = fopen(rival_path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(rival_data, 1, LEN, file), LEN);
        assert_int_equal(fclose(file), 0);
        rival_path = NULL;
    }
    return __real_fsync(fd);
}

/* ---- The rig ------------------------------------------------------------ */

struct rig {
    struct fixture f;
    uint8_t *data;
    struct blob_id id;
    struct blob_reader *reader;
    struct blob_progress progress;
    char chosen[BLOB_PATH_MAX];
};

static const char *path_in(struct rig *r, const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", r->f.dir, name);
    return path;
}

static void import(struct rig *r)
{
    struct blob_import *import;
    FILE *file = fopen(path_in(r, "in"), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(r->data, 1, LEN, file), LEN);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(
        blob_import_new(&import, r->f.store, path_in(r, "in"), T1, false),
        ERR_OK);
    assert_int_equal(fixture_import_run(import, &r->progress), ERR_OK);
    blob_import_id(import, &r->id);
    store_batch_clear(r->f.batch);
    assert_int_equal(blob_import_put(import, r->f.batch), ERR_OK);
    assert_int_equal(store_apply(r->f.store, r->f.batch), ERR_OK);
    blob_import_free(import);
}

static int setup(void **state)
{
    static struct rig r;

    memset(&r, 0, sizeof r);
    fixture_open(&r.f);
    r.data = malloc(LEN);
    assert_non_null(r.data);
    randombytes_buf(r.data, LEN);
    import(&r);
    assert_int_equal(blob_reader_open(&r.reader, r.f.store, &r.id, NULL),
                     ERR_OK);
    assert_int_equal(mkdir(path_in(&r, "out"), 0700), 0);
    *state = &r;
    return 0;
}

static int setup_named(void **state)
{
    int result = setup(state);

    disk_can = NAMED_ONLY;
    refused = 0;
    return result;
}

static int setup_linked(void **state)
{
    int result = setup_named(state);

    disk_can = LINKED_ONLY;
    return result;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    disk_can = ALL;
    blob_reader_close(r->reader);
    free(r->data);
    fixture_close(&r->f);
    return 0;
}

static struct blob_copy *copy_of(struct rig *r, const char *name)
{
    struct blob_copy *copy;

    assert_int_equal(blob_copy_new(&copy, &r->id, path_in(r, name)), ERR_OK);
    assert_false(blob_copy_is_whole(copy));
    return copy;
}

/* What the span holds, with every byte changed if it is `wrong`. */
static void write_span(struct rig *r, struct blob_copy *copy, uint64_t span,
                       bool wrong)
{
    size_t len = blob_span_len(LEN, span);
    uint8_t *buf = malloc(len);

    assert_non_null(buf);
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(r->data[span * BLOB_SPAN_LEN + i] ^ wrong);
    blob_copy_write(copy, span, (struct bytes){ buf, len });
    free(buf);
}

static enum err export(struct rig *r, struct blob_copy *copy) {
    return blob_copy_export(copy, r->reader, &r->progress, r->chosen);
}

/* Every byte, but for spans of `wrong`, whose bytes are changed. */
static void assert_copied(struct rig *r, const char *name, unsigned wrong)
{
    FILE *file = fopen(path_in(r, name), "rb");
    uint8_t *got = malloc(LEN + 1);

    assert_non_null(file);
    assert_non_null(got);
    assert_string_equal(r->chosen, path_in(r, name));
    assert_int_equal(fread(got, 1, LEN + 1, file), LEN);
    for (size_t i = 0; i < LEN; i++)
        got[i] ^= (uint8_t)(wrong >> i / BLOB_SPAN_LEN & 1);
    assert_memory_equal(got, r->data, LEN);
    fclose(file);
    free(got);
}

/* Hidden ones, too. */
static unsigned files_in(struct rig *r, const char *name)
{
    DIR *dir = opendir(path_in(r, name));
    struct dirent *entry;
    unsigned count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count +=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

/* Wrong bytes tell which ones came from memory: the store has the right. */
static void spans_from_memory_are_not_read_again(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");

    for (uint64_t i = SPANS; i-- > 0;) {
        assert_false(blob_copy_is_whole(copy));
        write_span(r, copy, i, true);
        write_span(r, copy, i, true); /* twice is once */
    }
    assert_true(blob_copy_is_whole(copy));
    assert_int_equal(export(r, copy), ERR_OK);
    blob_copy_unref(copy);
    assert_copied(r, "out/a.bin", 0xf);
    assert_int_equal(files_in(r, "out"), 1);
}

static void what_is_missing_comes_from_the_store(void **state)
{
    struct rig *r = *state;

    for (unsigned written = 0; written < 1 << SPANS; written++) {
        struct blob_copy *copy = copy_of(r, "out/a.bin");

        for (uint64_t i = 0; i < SPANS; i++) {
            if ((written >> i & 1) != 0)
                write_span(r, copy, i, true);
        }
        assert_int_equal(export(r, copy), ERR_OK);
        assert_true(blob_copy_is_whole(copy));
        blob_copy_unref(copy);
        assert_copied(r, "out/a.bin", written);
        assert_int_equal(unlink(path_in(r, "out/a.bin")), 0);
    }
}

static void a_copy_without_a_name_leaves_nothing(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");

    write_span(r, copy, 0, false);
    assert_ptr_equal(blob_copy_ref(copy), copy);
    blob_copy_unref(copy);
    write_span(r, copy, 1, false); /* there is another reference */
    blob_copy_unref(copy);
    blob_copy_unref(NULL);
    assert_int_equal(files_in(r, "out"), 0);
}

static void a_file_that_came_meanwhile_is_kept(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");
    struct stat st;
    FILE *file;

    write_span(r, copy, 0, false);
    file = fopen(path_in(r, "out/a.bin"), "wb");
    assert_non_null(file);
    assert_int_equal(fputs("mine", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(export(r, copy), ERR_OK);
    blob_copy_unref(copy);
    assert_copied(r, "out/a (2).bin", 0);
    assert_int_equal(stat(path_in(r, "out/a.bin"), &st), 0);
    assert_int_equal(st.st_size, 4);
    assert_int_equal(files_in(r, "out"), 2);
}

/* The same command, run twice, leaves one file. */
static void the_same_that_came_meanwhile_is_the_copy(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");
    char path[256];

    (void)snprintf(path, sizeof path, "%s", path_in(r, "out/a.bin"));
    rival_path = path;
    rival_data = r->data;
    assert_int_equal(export(r, copy), ERR_OK);
    assert_null(rival_path);
    blob_copy_unref(copy);
    assert_copied(r, "out/a.bin", 0);
    assert_int_equal(files_in(r, "out"), 1);
}

static void a_cancelled_one_leaves_nothing(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");

    write_span(r, copy, 0, false);
    r->progress.cancel = true;
    assert_int_equal(export(r, copy), ERR_CANCELLED);
    blob_copy_unref(copy);
    assert_int_equal(files_in(r, "out"), 0);
}

static void without_its_folder_there_is_no_copy(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "none/a.bin");

    for (uint64_t i = 0; i < SPANS; i++)
        write_span(r, copy, i, false);
    assert_false(blob_copy_is_whole(copy));
    assert_int_equal(export(r, copy), ERR_NOT_FOUND);
    blob_copy_unref(copy);
}

/* Its own name is hidden, and goes; what has the wanted name stays. */
static void a_hidden_file_gets_its_name_at_the_end(void **state)
{
    struct rig *r = *state;
    struct blob_copy *copy = copy_of(r, "out/a.bin");
    struct blob_copy *other = copy_of(r, "out/a.bin");
    struct stat st;

    write_span(r, copy, 0, true);
    write_span(r, other, 1, true);
    assert_int_equal(refused, 2);
    assert_int_equal(files_in(r, "out"), 2); /* hidden, both */
    assert_int_equal(stat(path_in(r, "out/a.bin"), &st), -1);
    assert_int_equal(export(r, copy), ERR_OK);
    blob_copy_unref(copy);
    assert_copied(r, "out/a.bin", 1);
    assert_int_equal(files_in(r, "out"), 2);
    assert_int_equal(export(r, other), ERR_OK);
    blob_copy_unref(other);
    assert_copied(r, "out/a (2).bin", 2);
    assert_int_equal(files_in(r, "out"), 2);
}

int main(void)
{
#define TEST_ON(name, begin)                                                   \
    cmocka_unit_test_setup_teardown(name, begin, teardown)
#define TEST(name)                                                             \
    TEST_ON(name, setup),                                                      \
        { #name " (named)", name, setup_named, teardown, NULL },               \
    {                                                                          \
#name " (linked)", name, setup_linked, teardown, NULL                  \
    }
    const struct CMUnitTest tests[] = {
        TEST(spans_from_memory_are_not_read_again),
        TEST(what_is_missing_comes_from_the_store),
        TEST(a_copy_without_a_name_leaves_nothing),
        TEST(a_file_that_came_meanwhile_is_kept),
        TEST(the_same_that_came_meanwhile_is_the_copy),
        TEST(a_cancelled_one_leaves_nothing),
        TEST(without_its_folder_there_is_no_copy),
        TEST_ON(a_hidden_file_gets_its_name_at_the_end, setup_named),
        TEST_ON(a_hidden_file_gets_its_name_at_the_end, setup_linked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
