/* What is written round the page cache is what is read through it. */
#include "fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_file.h"

#define LEN ((size_t)BLOB_SPAN_LEN)

struct file {
    char path[64];
    struct blob_disk disk;
    uint8_t *buf;
};

static void open_file(struct file *f)
{
    int fd;

    (void)snprintf(f->path, sizeof f->path, "./test-disk-XXXXXX");
    fd = mkostemp(f->path, O_CLOEXEC);
    assert_true(fd >= 0);
    f->buf = blob_disk_buffer(LEN);
    assert_non_null(f->buf);
    randombytes_buf(f->buf, LEN);
    blob_disk_init(&f->disk, fd);
}

static void close_file(struct file *f)
{
    blob_disk_wipe(&f->disk);
    assert_int_equal(close(f->disk.fd), 0);
    assert_int_equal(unlink(f->path), 0);
    free(f->buf);
}

/* Writes buf[from, from + len) there, and finds it and nothing else. */
static void check(struct file *f, uint64_t offset, size_t from, size_t len)
{
    uint8_t *back = malloc(LEN + 1);
    size_t n = 0;

    assert_non_null(back);
    assert_int_equal(ftruncate(f->disk.fd, 0), 0);
    assert_int_equal(
        blob_disk_write(&f->disk, offset, (struct bytes){ f->buf + from, len }),
        ERR_OK);
    assert_int_equal(blob_file_read(f->disk.fd, offset, back, LEN + 1, &n),
                     ERR_OK);
    assert_int_equal(n, len);
    assert_memory_equal(back, f->buf + from, len);
    free(back);
}

static void check_all(struct file *f)
{
    static const size_t lens[] = { 0,    1,    4095, 4096,    4097,
                                   8191, 8192, 8193, LEN - 1, LEN };

    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        check(f, 0, 0, lens[i]);
        check(f, 3 * LEN, 0, lens[i]);
    }
    check(f, 1, 0, 10000);       /* where no page begins */
    check(f, 4096, 1, 10000);    /* out of no aligned buffer */
    check(f, 4096, 4096, 10000); /* out of the middle of one */
}

static void every_length_and_place_is_written(void **state)
{
    struct file f;

    (void)state;
    open_file(&f);
    check_all(&f);
    close_file(&f);
}

static void a_file_system_without_it_gets_the_same_bytes(void **state)
{
    struct file f;

    (void)state;
    open_file(&f);
    blob_disk_wipe(&f.disk);
    check_all(&f);
    close_file(&f);
}

/* Reads [offset, offset + len) of what was written to buf[0, size). */
static void check_read(struct blob_disk *disk, const uint8_t *written,
                       size_t size, size_t offset, size_t len)
{
    uint8_t *back = blob_disk_buffer(LEN);
    size_t there = offset < size ? size - offset : 0;
    size_t n = SIZE_MAX;

    assert_non_null(back);
    assert_int_equal(blob_disk_read(disk, offset, back, len, &n), ERR_OK);
    assert_int_equal(n, there < len ? there : len);
    assert_memory_equal(back, written + offset, n);
    free(back);
}

/* Of files that end with a page, and before and after. */
static void check_reads(struct file *f, struct blob_disk *disk)
{
    static const size_t sizes[] = { 0, 1, 4096, 8191, 8192, 8193, LEN };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];

        assert_int_equal(ftruncate(f->disk.fd, 0), 0);
        assert_int_equal(
            blob_disk_write(&f->disk, 0, (struct bytes){ f->buf, size }),
            ERR_OK);
        check_read(disk, f->buf, size, 0, LEN);
        check_read(disk, f->buf, size, 0, size);
        check_read(disk, f->buf, size, 0, size / 2);
        check_read(disk, f->buf, size, 4096, LEN - 4096);
        check_read(disk, f->buf, size, 1, LEN - 1); /* where no page begins */
    }
}

static void what_was_written_is_read_either_way(void **state)
{
    struct blob_disk disk;
    struct file f;

    (void)state;
    open_file(&f);
    blob_disk_init_read(&disk, f.disk.fd);
    check_reads(&f, &disk);
    blob_disk_wipe(&disk); /* as where no file system can */
    check_reads(&f, &disk);
    close_file(&f);
}

static void what_the_disk_does_not_give_is_an_error(void **state)
{
    struct blob_disk disk;
    struct file f;
    size_t n = 0;

    (void)state;
    open_file(&f);
    blob_disk_init_read(&disk, f.disk.fd);
    disk.fd = -1;
    assert_int_equal(blob_disk_read(&disk, 0, f.buf, LEN, &n), ERR_IO);
    blob_disk_wipe(&disk);
    close_file(&f);
}

static void who_waits_for_flushes_meets_small_pieces(void **state)
{
    struct file f;

    (void)state;
    open_file(&f);
    assert_true(blob_disk_piece() >= LEN);
    blob_disk_share(true);
    assert_int_equal(blob_disk_piece(), LEN / 4);
    check_all(&f);
    blob_disk_share(false);
    assert_true(blob_disk_piece() >= LEN);
    close_file(&f);
}

/* As one that takes O_DIRECT when asked and then refuses each write. */
static void a_refused_write_goes_the_usual_way(void **state)
{
    struct file f;

    (void)state;
    open_file(&f);
    blob_disk_wipe(&f.disk);
    f.disk.direct = open(f.path, O_RDONLY | O_CLOEXEC);
    assert_true(f.disk.direct >= 0);
    check_all(&f);
    close_file(&f);
}

static void what_neither_way_can_write_is_an_error(void **state)
{
    struct file f;
    int fd;

    (void)state;
    open_file(&f);
    fd = f.disk.fd;
    blob_disk_wipe(&f.disk);
    f.disk.fd = open(f.path, O_RDONLY | O_CLOEXEC);
    assert_true(f.disk.fd >= 0);
    assert_int_equal(blob_disk_write(&f.disk, 0, (struct bytes){ f.buf, 4097 }),
                     ERR_IO);
    assert_int_equal(close(fd), 0);
    close_file(&f);
}

static void buffers_begin_and_end_with_pages(void **state)
{
    static const size_t lens[] = { 0, 1, 4095, 4096, 4097, LEN };

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        uint8_t *buf = blob_disk_buffer(lens[i]);

        assert_non_null(buf);
        assert_int_equal((uintptr_t)buf % BLOB_DISK_ALIGN, 0);
        memset(buf, 1, lens[i]);
        free(buf);
    }
}

static void large_buffers_begin_with_large_pages(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        uint8_t *buf = blob_disk_buffer(n * BLOB_DISK_PAGE);

        assert_non_null(buf);
        assert_int_equal((uintptr_t)buf % BLOB_DISK_PAGE, 0);
        memset(buf, 1, n * BLOB_DISK_PAGE);
        free(buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_and_place_is_written),
        cmocka_unit_test(a_file_system_without_it_gets_the_same_bytes),
        cmocka_unit_test(what_was_written_is_read_either_way),
        cmocka_unit_test(what_the_disk_does_not_give_is_an_error),
        cmocka_unit_test(who_waits_for_flushes_meets_small_pieces),
        cmocka_unit_test(a_refused_write_goes_the_usual_way),
        cmocka_unit_test(what_neither_way_can_write_is_an_error),
        cmocka_unit_test(buffers_begin_and_end_with_pages),
        cmocka_unit_test(large_buffers_begin_with_large_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
