/* Files of bundles: written in one go, cut off, gone on with, read, piped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bundle_file.h"
#include "proto/bundle.h"

static char folder[64];
static char path[128];
static char part[136];
static _Atomic bool cancel;

static int enter(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/troupe-bundle-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", folder);
    (void)snprintf(part, sizeof part, "%s.part", path);
    cancel = false;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(part);
    return rmdir(folder);
}

static void put_file(const char *name, struct bytes content)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.data, content.len), content.len);
    assert_int_equal(close(fd), 0);
}

/* The file has this content, and nothing stands beside it. */
static void expect_file(struct bytes content)
{
    uint8_t *got = malloc(content.len + 1);
    int fd = open(path, O_RDONLY);
    struct stat st;

    assert_true(fd >= 0 && got != NULL);
    assert_int_equal(read(fd, got, content.len + 1), content.len);
    assert_memory_equal(got, content.data, content.len);
    assert_int_equal(close(fd), 0);
    assert_int_equal(lstat(part, &st), -1);
    free(got);
}

static bool is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

static void write_all(struct bytes content, size_t piece, uint64_t kept)
{
    struct bundle_sink *sink;

    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_OK);
    while (content.len > 0) {
        size_t len = content.len < piece ? content.len : piece;

        assert_int_equal(
            bundle_sink_write(sink, (struct bytes){ content.data, len }),
            ERR_OK);
        content.data += len;
        content.len -= len;
    }
    assert_false(is_there(path));
    assert_int_equal(bundle_sink_finish(sink), ERR_OK);
    assert_int_equal(bundle_sink_kept(sink), kept);
    bundle_sink_close(sink);
}

static struct bytes big(void)
{
    static uint8_t data[300000];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + (i >> 8));
    return BYTES_ARRAY(data);
}

static void a_file_has_its_name_when_it_is_whole(void **state)
{
    (void)state;
    write_all(big(), 1000, 0);
    expect_file(big());
}

static void a_file_that_is_there_is_not_written_over(void **state)
{
    struct bundle_sink *sink;

    (void)state;
    put_file(path, BYTES_LITERAL("mine"));
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_EXISTS);
    expect_file(BYTES_LITERAL("mine"));
}

static void one_that_appears_meanwhile_is_not_either(void **state)
{
    struct bundle_sink *sink;

    (void)state;
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_write(sink, BYTES_LITERAL("ours")), ERR_OK);
    put_file(path, BYTES_LITERAL("mine"));
    assert_int_equal(bundle_sink_finish(sink), ERR_EXISTS);
    bundle_sink_close(sink);
    (void)unlink(part);
    expect_file(BYTES_LITERAL("mine"));
}

static void what_was_cut_off_is_gone_on_with(void **state)
{
    struct bytes all = big();

    (void)state;
    for (size_t len = 0; len <= all.len; len += 99999) {
        put_file(part, (struct bytes){ all.data, len });
        write_all(all, 70001, len);
        expect_file(all);
        (void)unlink(path);
    }
}

static void what_differs_is_written_anew(void **state)
{
    struct bytes all = big();
    uint8_t *old = malloc(all.len + 10);

    (void)state;
    assert_non_null(old);
    memcpy(old, all.data, all.len);
    memset(old + all.len, 1, 10);
    put_file(part, (struct bytes){ old, all.len + 10 });
    write_all(all, all.len, all.len); /* longer than it must be */
    expect_file(all);
    (void)unlink(path);
    old[200000] ^= 1;
    put_file(part, (struct bytes){ old, all.len });
    write_all(all, all.len, 196608); /* whole pieces before the difference */
    expect_file(all);
    free(old);
}

static void nobody_else_writes_the_same_file(void **state)
{
    struct bundle_sink *sink;
    struct bundle_sink *other;

    (void)state;
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_open(&other, path, false, &cancel),
                     ERR_LOCKED);
    assert_true(is_there(part));
    bundle_sink_close(sink);
    assert_false(is_there(part)); /* nothing was written */
}

static void folders_that_are_not_there_are_not_found(void **state)
{
    struct bundle_sink *sink;
    struct bundle_source *source;

    (void)state;
    assert_int_equal(bundle_sink_open(&sink, "/no/such/file", false, &cancel),
                     ERR_NOT_FOUND);
    assert_int_equal(bundle_source_open(&source, "/no/such/file", &cancel),
                     ERR_NOT_FOUND);
    assert_int_equal(bundle_source_open(&source, folder, &cancel),
                     ERR_NOT_FOUND);
}

static void a_cancel_is_heard_and_leaves_the_part(void **state)
{
    struct bundle_sink *sink;

    (void)state;
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_write(sink, BYTES_LITERAL("some")), ERR_OK);
    cancel = true;
    assert_int_equal(bundle_sink_write(sink, BYTES_LITERAL("more")),
                     ERR_CANCELLED);
    bundle_sink_close(sink);
    assert_true(is_there(part));
    assert_false(is_there(path));
}

/* ---- Reading ------------------------------------------------------------ */

static void a_file_is_read_skipped_and_begun_again(void **state)
{
    struct bytes all = big();
    struct bundle_source *source;
    struct bytes got;

    (void)state;
    put_file(path, all);
    assert_int_equal(bundle_source_open(&source, path, &cancel), ERR_OK);
    assert_int_equal(bundle_source_size(source), all.len);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(bundle_source_look(source, 16, &got), ERR_OK);
        assert_true(got.len >= 16);
        assert_memory_equal(got.data, all.data, 16);
        assert_int_equal(bundle_source_skip(source, 150000), ERR_OK);
        assert_int_equal(bundle_source_offset(source), 150000);
        assert_int_equal(bundle_source_look(source, 1000, &got), ERR_OK);
        assert_memory_equal(got.data, all.data + 150000, 1000);
        assert_int_equal(bundle_source_skip(source, 150001), ERR_TRUNCATED);
        assert_int_equal(bundle_source_skip(source, 150000), ERR_OK);
        assert_int_equal(bundle_source_look(source, 1, &got), ERR_OK);
        assert_int_equal(got.len, 0);
        assert_int_equal(bundle_source_rewind(source), ERR_OK);
    }
    bundle_source_close(source);
}

/* However much of it was looked at, and so lies in the buffer. */
static void bytes_are_moved_to_where_they_are_wanted(void **state)
{
    struct bytes all = big();
    uint8_t *out = malloc(all.len);
    struct bundle_source *source;
    struct bytes got;

    (void)state;
    assert_non_null(out);
    put_file(path, all);
    assert_int_equal(bundle_source_open(&source, path, &cancel), ERR_OK);
    for (size_t len = 1; len < 200000; len = len * 7 + 1) {
        assert_int_equal(bundle_source_look(source, 16, &got), ERR_OK);
        assert_int_equal(bundle_source_skip(source, 13), ERR_OK);
        assert_int_equal(bundle_source_read(source, out, len), ERR_OK);
        assert_memory_equal(out, all.data + 13, len);
        assert_int_equal(bundle_source_offset(source), 13 + len);
        assert_int_equal(bundle_source_look(source, 16, &got), ERR_OK);
        assert_memory_equal(got.data, all.data + 13 + len, 16);
        assert_int_equal(bundle_source_read(source, out, 0), ERR_OK);
        assert_int_equal(bundle_source_rewind(source), ERR_OK);
    }
    assert_int_equal(bundle_source_read(source, out, all.len), ERR_OK);
    assert_memory_equal(out, all.data, all.len);
    assert_int_equal(bundle_source_read(source, out, 1), ERR_TRUNCATED);
    assert_int_equal(bundle_source_rewind(source), ERR_OK);
    assert_int_equal(bundle_source_skip(source, 1), ERR_OK);
    assert_int_equal(bundle_source_read(source, out, all.len), ERR_TRUNCATED);
    bundle_source_close(source);
    free(out);
}

/* Behind what the buffer takes, so that it is sought in. */
static void large_files_are_sought_in(void **state)
{
    struct bundle_source *source;
    struct bytes got;
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    (void)state;
    assert_int_equal(pwrite(fd, "end", 3, 50 << 20), 3);
    assert_int_equal(close(fd), 0);
    assert_int_equal(bundle_source_open(&source, path, &cancel), ERR_OK);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(bundle_source_look(source, 13, &got), ERR_OK);
        assert_int_equal(bundle_source_skip(source, 1 << 20), ERR_OK);
    }
    assert_int_equal(bundle_source_look(source, BUNDLE_ITEM_MAX, &got), ERR_OK);
    assert_true(bytes_equal(got, BYTES_LITERAL("end")));
    bundle_source_close(source);
}

/* ---- Pipes -------------------------------------------------------------- */

static void pipes_flow_both_ways(void **state)
{
    struct bytes all = { big().data, 60000 }; /* what a pipe takes at once */
    struct bundle_source *source;
    struct bundle_sink *sink;
    struct bytes got;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel),
                     ERR_NOT_FOUND); /* nobody reads */
    assert_int_equal(bundle_source_open(&source, path, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_open(&sink, path, false, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_write(sink, all), ERR_OK);
    assert_int_equal(bundle_sink_finish(sink), ERR_OK);
    bundle_sink_close(sink);
    assert_int_equal(bundle_source_size(source), 0);
    assert_int_equal(bundle_source_rewind(source), ERR_REFUSED);
    assert_int_equal(bundle_source_skip(source, 10000), ERR_OK);
    assert_int_equal(bundle_source_look(source, 60000, &got), ERR_OK);
    assert_int_equal(got.len, 50000);
    assert_memory_equal(got.data, all.data + 10000, 50000);
    bundle_source_close(source);
}

static void a_pipe_that_nobody_reads_any_more_ends_it(void **state)
{
    struct bundle_source *source;
    struct bundle_sink *sink;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(bundle_source_open(&source, path, &cancel), ERR_OK);
    assert_int_equal(bundle_sink_open(&sink, path, true, &cancel), ERR_OK);
    bundle_source_close(source);
    assert_int_equal(bundle_sink_write(sink, big()), ERR_CLOSED);
    bundle_sink_close(sink);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_its_name_when_it_is_whole),
        TEST(a_file_that_is_there_is_not_written_over),
        TEST(one_that_appears_meanwhile_is_not_either),
        TEST(what_was_cut_off_is_gone_on_with),
        TEST(what_differs_is_written_anew),
        TEST(nobody_else_writes_the_same_file),
        TEST(folders_that_are_not_there_are_not_found),
        TEST(a_cancel_is_heard_and_leaves_the_part),
        TEST(a_file_is_read_skipped_and_begun_again),
        TEST(bytes_are_moved_to_where_they_are_wanted),
        TEST(large_files_are_sought_in),
        TEST(pipes_flow_both_ways),
        TEST(a_pipe_that_nobody_reads_any_more_ends_it),
    };

    /* A pipe's end is told by the write, as in the daemon. */
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
