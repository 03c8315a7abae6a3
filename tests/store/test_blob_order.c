/*
 * What reaches the disk before what: bytes, then a name or the bitmap's row.
 * The linker puts the test's own calls in place, which write down who was
 * called and fail when they are told to.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blobs.h"

#define SPANS 3
#define LEN   ((size_t)(2 << 20) + 100)

static const uint8_t T1[ID_LEN] = { 1 };

/* ---- The disk ----------------------------------------------------------- */

static char calls[64]; /* D bytes of a file, R its name, F a folder */
static char failing;   /* the sort of call that fails */

static int note(char call)
{
    size_t n = strlen(calls);

    assert_true(n + 1 < sizeof calls);
    calls[n] = call;
    if (call != failing)
        return 0;
    errno = EIO;
    return -1;
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_fdatasync(int fd)
{
    return note('D') == 0 ? __real_fdatasync(fd) : -1;
}

int __wrap_fsync(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return note(S_ISDIR(st.st_mode) ? 'F' : 'D') == 0 ? __real_fsync(fd) : -1;
}

int __wrap_rename(const char *from, const char *to)
{
    return note('R') == 0 ? __real_rename(from, to) : -1;
}

/* ---- The rig ------------------------------------------------------------ */

struct rig {
    struct fixture f;
    uint8_t *data;
    struct blob_id id;
    struct blob_part *part;
};

static void name(struct rig *r)
{
    struct writer layer = writer_growing(1 << 20);
    struct blob_hasher hasher;

    blob_hasher_init(&hasher, NULL);
    assert_int_equal(
        blob_hasher_feed(&hasher, &layer, (struct bytes){ r->data, LEN }),
        ERR_OK);
    assert_int_equal(blob_hasher_finish(&hasher, &layer, &r->id), ERR_OK);
    blob_hasher_wipe(&hasher);
    writer_free(&layer);
}

static void apply_all(struct rig *r)
{
    apply(&r->f);
    store_batch_clear(r->f.batch);
}

static void open_part(struct rig *r)
{
    assert_int_equal(blob_part_open(&r->part, r->f.store, &r->id), ERR_OK);
    memset(calls, 0, sizeof calls);
}

static int begin(void **state)
{
    static struct rig r;

    memset(&r, 0, sizeof r);
    failing = 0;
    fixture_open(&r.f);
    r.data = malloc(LEN);
    assert_non_null(r.data);
    randombytes_buf(r.data, LEN);
    name(&r);
    store_batch_clear(r.f.batch);
    assert_int_equal(blobs_put_begin(r.f.batch, &r.id, T1), ERR_OK);
    apply_all(&r);
    open_part(&r);
    *state = &r;
    return 0;
}

static int end(void **state)
{
    struct rig *r = *state;

    failing = 0;
    memset(calls, 0, sizeof calls);
    blob_part_close(r->part);
    free(r->data);
    fixture_close(&r->f);
    return 0;
}

static void write_span(struct rig *r, uint64_t span)
{
    struct bytes bytes = { r->data + span * BLOB_SPAN_LEN,
                           blob_span_len(LEN, span) };

    assert_int_equal(blob_part_write(r->part, span, bytes), ERR_OK);
}

static void assert_calls(const char *expected)
{
    assert_string_equal(calls, expected);
    memset(calls, 0, sizeof calls);
}

/* The next process opens it: what does it believe to be there? */
static void assert_durable(struct rig *r, unsigned spans)
{
    blob_part_close(r->part);
    open_part(r);
    for (uint64_t i = 0; i < SPANS; i++)
        assert_int_equal(blob_part_has(r->part, i), spans >> i & 1);
}

/* ---- The order ---------------------------------------------------------- */

static void a_bitmap_stands_for_bytes_that_were_flushed(void **state)
{
    struct rig *r = *state;

    write_span(r, 0);
    assert_calls("");
    assert_int_equal(blob_part_sync(r->part, r->f.batch), ERR_OK);
    assert_calls("DF"); /* a new file has a new entry, too */
    apply_all(r);
    write_span(r, 2);
    assert_int_equal(blob_part_sync(r->part, r->f.batch), ERR_OK);
    assert_calls("D");
    apply_all(r);
    write_span(r, 1); /* the power goes */
    assert_durable(r, 5);
}

static void after_a_failed_flush_only_what_was_durable_is_there(void **state)
{
    struct rig *r = *state;

    write_span(r, 1);
    assert_int_equal(blob_part_sync(r->part, r->f.batch), ERR_OK);
    apply_all(r);
    write_span(r, 0);
    failing = 'D';
    assert_int_equal(blob_part_sync(r->part, r->f.batch), ERR_IO);
    failing = 0;
    assert_true(blob_part_has(r->part, 1));
    assert_false(blob_part_has(r->part, 0));
    assert_int_equal(blob_part_missing(r->part), 2);
    apply_all(r); /* nothing was put */
    assert_durable(r, 2);
}

static void a_name_is_for_bytes_that_were_flushed(void **state)
{
    struct rig *r = *state;
    struct blob_info info;

    for (uint64_t i = 0; i < SPANS; i++)
        write_span(r, i);
    assert_int_equal(blob_part_finish(r->part, r->f.batch), ERR_OK);
    /* The entry of the part; then the name, its folder, and that of both. */
    assert_calls("DFRFF");
    assert_int_equal(blobs_find(r->f.store, &r->id, &info), ERR_OK);
    assert_int_equal(info.state, BLOB_PARTIAL); /* the row is last */
    apply_all(r);
    assert_int_equal(blobs_find(r->f.store, &r->id, &info), ERR_OK);
    assert_int_equal(info.state, BLOB_FILE);
}

static void what_fails_midway_leaves_a_part(void **state)
{
    static const struct {
        char failing;
        const char *calls;
    } cases[] = { { 'D', "D" }, { 'R', "DFR" }, { 'F', "DF" } };
    struct rig *r = *state;
    struct blob_info info;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint64_t span = 0; span < SPANS; span++)
            if (!blob_part_has(r->part, span))
                write_span(r, span);
        failing = cases[i].failing;
        assert_int_equal(blob_part_finish(r->part, r->f.batch), ERR_IO);
        failing = 0;
        assert_calls(cases[i].calls);
        apply_all(r);
        assert_int_equal(blobs_find(r->f.store, &r->id, &info), ERR_OK);
        assert_int_equal(info.state, BLOB_PARTIAL);
        assert_durable(r, 0);
    }
}

static void an_import_is_flushed_before_it_has_a_name(void **state)
{
    struct rig *r = *state;
    struct blob_progress progress = { 0 };
    struct blob_import *import;
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/in", r->f.dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(r->data, 1, LEN, file), LEN);
    assert_int_equal(fclose(file), 0);
    for (int fails = 1; fails >= 0; fails--) {
        memset(calls, 0, sizeof calls);
        failing = fails == 1 ? 'D' : 0;
        assert_int_equal(blob_import_new(&import, r->f.store, path, T1, false),
                         ERR_OK);
        assert_int_equal(fixture_import_run(import, &progress),
                         fails == 1 ? ERR_IO : ERR_OK);
        assert_calls(fails == 1 ? "D" : "DRFF");
        blob_import_free(import);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_bitmap_stands_for_bytes_that_were_flushed),
        TEST(after_a_failed_flush_only_what_was_durable_is_there),
        TEST(a_name_is_for_bytes_that_were_flushed),
        TEST(what_fails_midway_leaves_a_part),
        TEST(an_import_is_flushed_before_it_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
