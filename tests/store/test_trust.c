/*
 * What a power cut leaves of an index whose commits waited for no flush, and
 * when it is believed.  A copy of the files, opened as if under another start
 * of the machine, stands in for the cut; pages that never reached the disk are
 * put back to what they were.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/verify.h"

#define PAGE     4096
#define FILE_MAX (16 << 20)

/* What waits for the disk, by whoever it is called: LMDB finds these first. */
static unsigned flushes;

int fdatasync(int fd)
{
    flushes++;
    return (int)syscall(SYS_fdatasync, fd);
}

/* As libraries call it; here the name means pwrite64(). */
ssize_t counted_pwrite(int fd, const void *data, size_t len,
                       off_t at) __asm__("pwrite");

ssize_t counted_pwrite(int fd, const void *data, size_t len, off_t at)
{
    flushes += (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    return syscall(SYS_pwrite64, fd, data, len, at);
}

struct rebuild {
    unsigned done;
};

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct rebuild *r = arg;

    assert_true(done <= total);
    r->done += done == total;
}

/* Opens the folder under a start of the machine; how often all was done. */
static unsigned open_under(struct fixture *f, const char *boot)
{
    struct rebuild rebuild = { 0 };
    struct store_options options;

    fixture_options(&options);
    options.boot = boot;
    options.progress = on_progress;
    options.progress_arg = &rebuild;
    assert_int_equal(store_open(&f->store, f->dir, &options), ERR_OK);
    return rebuild.done;
}

static void start(struct fixture *f, const char *boot)
{
    memset(f, 0, sizeof *f);
    strcpy(f->dir, "/tmp/troupe-trust-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(store_batch_new(&f->batch), ERR_OK);
    (void)open_under(f, boot);
}

static void put_some(struct fixture *f, uint32_t first, uint32_t count)
{
    uint8_t id[ID_LEN];

    for (uint32_t i = 0; i < count; i++)
        (void)put(f, &(struct sketch){ .number = first + i }, id);
}

/* What the disk has at this moment, in a folder of its own. */
static struct fixture cut(const struct fixture *f)
{
    struct fixture copy = { .store = NULL };
    char command[256];

    strcpy(copy.dir, "/tmp/troupe-trust-XXXXXX");
    assert_non_null(mkdtemp(copy.dir));
    (void)snprintf(command, sizeof command, "cp %s/*.mdb %s", f->dir, copy.dir);
    assert_int_equal(system(command), 0);
    return copy;
}

static void end(struct fixture *f)
{
    store_close(f->store);
    store_batch_free(f->batch);
    fixture_remove_tree(f->dir);
}

static void assert_whole(struct fixture *f, uint64_t count)
{
    static struct store_finding findings[1000];
    struct blob_progress progress = { 0 };
    struct store_verify *verify;
    struct store_totals totals;
    bool done = false;
    size_t n;

    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.last_seq, count);
    assert_int_equal(store_verify_new(&verify, f->store, true), ERR_OK);
    while (!done) {
        assert_int_equal(
            store_verify_step(verify, findings, 1000, &n, &done, &progress),
            ERR_OK);
        assert_int_equal(n, 0);
    }
    store_verify_free(verify);
}

static void the_end_of_the_process_leaves_a_good_index(void **state)
{
    struct fixture f;
    struct fixture after;

    (void)state;
    start(&f, "monday");
    put_some(&f, 0, 3);
    after = cut(&f);
    assert_int_equal(open_under(&after, "monday"), 0);
    assert_whole(&after, 3);
    end(&after);
    end(&f);
}

static void the_end_of_the_machine_has_it_made_anew(void **state)
{
    struct fixture f;
    struct fixture after;

    (void)state;
    start(&f, "monday");
    put_some(&f, 0, 3);
    after = cut(&f);
    assert_int_equal(open_under(&after, "tuesday"), 1);
    assert_whole(&after, 3);
    store_close(after.store);
    assert_int_equal(open_under(&after, "wednesday"), 0); /* once is enough */
    end(&after);
    end(&f);
}

static void
a_machine_that_does_not_say_when_it_started_is_not_believed(void **state)
{
    struct fixture f;
    struct fixture after;

    (void)state;
    start(&f, "");
    put_some(&f, 0, 2);
    after = cut(&f);
    assert_int_equal(open_under(&after, ""), 1);
    assert_whole(&after, 2);
    end(&after);
    end(&f);
}

static void a_flushed_index_outlives_the_machine(void **state)
{
    struct fixture f;
    struct fixture after;

    (void)state;
    start(&f, "monday");
    put_some(&f, 0, 3);
    assert_int_equal(store_settle(f.store), ERR_OK);
    after = cut(&f);
    assert_int_equal(open_under(&after, "tuesday"), 0);
    assert_whole(&after, 3);
    end(&after);
    put_some(&f, 3, 1); /* loose again */
    after = cut(&f);
    assert_int_equal(open_under(&after, "tuesday"), 1);
    assert_whole(&after, 4);
    end(&after);
    store_close(f.store);
    assert_int_equal(open_under(&f, "tuesday"), 0); /* closing flushes, too */
    assert_whole(&f, 4);
    end(&f);
}

static uint8_t *read_pages(const char *path, size_t *len)
{
    uint8_t *pages = calloc(1, FILE_MAX);
    FILE *file = fopen(path, "r");

    assert_non_null(pages);
    assert_non_null(file);
    *len = fread(pages, 1, FILE_MAX, file);
    assert_int_equal(fclose(file), 0);
    return pages;
}

/* Any pages of the index may be old or new, in any mixture. */
static void whatever_pages_were_lost_the_index_is_right(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "monday");
    put_some(&f, 0, 40);
    assert_int_equal(store_settle(f.store), ERR_OK);
    for (uint32_t round = 0; round < 8; round++) {
        uint32_t seed = round;
        struct fixture after;
        uint8_t *before;
        uint8_t *now;
        size_t before_len;
        size_t len;
        FILE *file;

        before = read_pages(fixture_path(&f, "index.mdb"), &before_len);
        put_some(&f, 40 + 20 * round, 20);
        after = cut(&f);
        now = read_pages(fixture_path(&after, "index.mdb"), &len);
        for (size_t at = 0; at + PAGE <= before_len; at += PAGE) {
            seed = seed * 1103515245 + 12345;
            if ((seed >> 16) % 2 == 0)
                memcpy(now + at, before + at, PAGE);
        }
        file = fopen(fixture_path(&after, "index.mdb"), "w");
        assert_non_null(file);
        assert_int_equal(fwrite(now, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(open_under(&after, "tuesday"), 1);
        assert_whole(&after, 60 + 20 * round);
        end(&after);
        free(before);
        free(now);
    }
    end(&f);
}

/* docs/storage.md §2: the pages of records.mdb, then its meta page. */
static void a_batch_waits_for_two_flushes(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "monday");
    put_some(&f, 0, 1); /* the mark of a loose index is in the same change */
    flushes = 0;
    put_some(&f, 1, 1);
    assert_int_equal(flushes, 2);
    put_some(&f, 2, 1);
    assert_int_equal(flushes, 4);
    assert_int_equal(store_settle(f.store), ERR_OK);
    assert_int_equal(flushes, 7); /* the index, and that it is flushed */
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_the_process_leaves_a_good_index),
        cmocka_unit_test(the_end_of_the_machine_has_it_made_anew),
        cmocka_unit_test(
            a_machine_that_does_not_say_when_it_started_is_not_believed),
        cmocka_unit_test(a_flushed_index_outlives_the_machine),
        cmocka_unit_test(whatever_pages_were_lost_the_index_is_right),
        cmocka_unit_test(a_batch_waits_for_two_flushes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
