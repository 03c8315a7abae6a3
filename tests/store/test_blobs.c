/* Blobs: import, parts, reading, export, release; and what a crash leaves. */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_file.h"
#include "store/internal.h"
#include "store/keep.h"

static const uint8_t T1[ID_LEN] = { 1 };
static const uint8_t T2[ID_LEN] = { 2 };

static int setup(void **state)
{
    static struct fixture f;

    fixture_open(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

/* Content that differs from span to span. */
static uint8_t *content_of(size_t len)
{
    uint8_t *data = malloc(len + 1);

    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 12) * 7);
    return data;
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
    FILE *out = fopen(path, "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static void assert_file(const char *path, const uint8_t *data, size_t len)
{
    uint8_t *got = malloc(len + 1);
    FILE *in = fopen(path, "rb");

    assert_non_null(in);
    assert_int_equal(fread(got, 1, len + 1, in), len);
    assert_memory_equal(got, data, len);
    fclose(in);
    free(got);
}

static struct blob_id name_of(const uint8_t *data, size_t len)
{
    struct writer layer = writer_growing(1 << 20);
    struct blob_hasher hasher;
    struct blob_id id;

    blob_hasher_init(&hasher, NULL);
    assert_int_equal(
        blob_hasher_feed(&hasher, &layer, (struct bytes){ data, len }), ERR_OK);
    assert_int_equal(blob_hasher_finish(&hasher, &layer, &id), ERR_OK);
    blob_hasher_wipe(&hasher);
    writer_free(&layer);
    return id;
}

static struct blob_id import(struct fixture *f, const char *name,
                             const uint8_t *topic, bool in_place)
{
    struct blob_progress progress = { 0 };
    struct blob_import *import;
    struct blob_id id;

    assert_int_equal(blob_import_new(&import, f->store, fixture_path(f, name),
                                     topic, in_place),
                     ERR_OK);
    assert_int_equal(fixture_import_run(import, &progress), ERR_OK);
    blob_import_id(import, &id);
    store_batch_clear(f->batch);
    assert_int_equal(blob_import_put(import, f->batch), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_OK);
    blob_import_free(import);
    return id;
}

static void assert_content(struct fixture *f, const struct blob_id *id,
                           const uint8_t *data)
{
    struct blob_progress progress = { 0 };
    struct blob_reader *reader;
    uint8_t *got = blob_disk_buffer(id->size + 1);

    assert_non_null(got);
    assert_int_equal(blob_reader_open(&reader, f->store, id, NULL), ERR_OK);
    assert_int_equal(blob_reader_read(reader, 0, got, id->size), ERR_OK);
    assert_memory_equal(got, data, id->size);
    blob_reader_pass_by(reader);
    memset(got, 0, id->size);
    assert_int_equal(blob_reader_read(reader, 0, got, id->size), ERR_OK);
    assert_memory_equal(got, data, id->size);
    assert_int_equal(blob_reader_verify(reader, &progress), ERR_OK);
    assert_int_equal(blob_reader_read(reader, 1, got, id->size), ERR_NOT_HELD);
    blob_reader_close(reader);
    free(got);
}

static void files_of_all_sizes_come_back(void **state)
{
    static const size_t SIZES[] = {
        0, 1, 16384, 16385, 1 << 20, (1 << 20) + 1, 3 << 20, (5 << 20) - 1
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        uint8_t *data = content_of(SIZES[i]);
        struct blob_id expected = name_of(data, SIZES[i]);
        struct blob_info info;
        struct blob_id id;

        write_file(fixture_path(f, "in"), data, SIZES[i]);
        id = import(f, "in", T1, false);
        assert_true(blob_id_equal(&id, &expected));
        assert_int_equal(blobs_find(f->store, &id, &info), ERR_OK);
        assert_int_equal(info.state,
                         SIZES[i] <= 16384 ? BLOB_INLINE : BLOB_FILE);
        assert_int_equal(info.topics, 1);
        assert_int_equal(info.have_bytes, SIZES[i]);
        assert_content(f, &id, data);
        free(data);
    }
}

static void every_page_of_an_imported_layer_is_proved(void **state)
{
    struct fixture *f = *state;
    size_t len = (3 << 20) + 5;
    uint8_t *data = content_of(len);
    struct writer hashes = writer_growing(BLOB_LAYER_PAGE * HASH_LEN);
    struct writer uncles = writer_growing(BLOB_UNCLES_MAX * HASH_LEN);
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, len);
    id = import(f, "in", T1, false);
    assert_int_equal(blobs_layer_page(f->store, &id, 0, &hashes, &uncles),
                     ERR_OK);
    assert_int_equal(
        blob_page_verify(&id, 0, writer_view(&hashes), writer_view(&uncles)),
        ERR_OK);
    assert_int_equal(blobs_layer_page(f->store, &id, 1, &hashes, &uncles),
                     ERR_NOT_FOUND);
    writer_free(&hashes);
    writer_free(&uncles);
    free(data);
}

static void a_blob_is_served_only_for_topics_it_is_held_for(void **state)
{
    struct fixture *f = *state;
    struct blob_reader *reader = NULL;
    struct blob_info infos[2];
    uint64_t bytes;
    struct blob_id id;
    size_t n;

    assert_int_equal(
        blobs_put_inline(f->batch, T1, BYTES_LITERAL("hello"), &id), ERR_OK);
    apply(f);
    assert_true(blobs_held_for(f->store, &id, T1));
    assert_false(blobs_held_for(f->store, &id, T2));
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T2),
                     ERR_NOT_HELD);
    assert_null(reader);
    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_hold(f->batch, &id, T2), ERR_OK);
    assert_int_equal(blobs_put_hold(f->batch, &id, T2), ERR_OK);
    apply(f);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T2), ERR_OK);
    blob_reader_close(reader);
    assert_int_equal(blobs_of_topic(f->store, T2, NULL, infos, 2, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(infos[0].topics, 2);
    assert_int_equal(blobs_of_topic(f->store, T2, &id, infos, 2, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(blobs_topic_bytes(f->store, T2, &bytes), ERR_OK);
    assert_int_equal(bytes, 5);
}

static void the_last_release_removes_the_file(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(20000);
    struct store_totals totals;
    struct blob_info info;
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, 20000);
    id = import(f, "in", T1, false);
    id = import(f, "in", T2, false);
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.blobs, 1);
    assert_int_equal(totals.blob_bytes, 20000);
    for (int i = 0; i < 2; i++) {
        store_batch_clear(f->batch);
        assert_int_equal(blobs_put_release(f->batch, &id, i == 0 ? T1 : T2),
                         ERR_OK);
        apply(f);
        assert_int_equal(blobs_find(f->store, &id, &info),
                         i == 0 ? ERR_OK : ERR_NOT_FOUND);
    }
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.blobs, 0);
    assert_int_equal(totals.blob_bytes, 0);
    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_release(f->batch, &id, T1), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_NOT_FOUND);
    free(data);
}

static void a_file_in_place_is_not_served_once_it_changed(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(50000);
    struct blob_reader *reader;
    struct blob_reader *late = NULL;
    struct blob_info info;
    struct blob_id id;
    uint8_t byte;

    write_file(fixture_path(f, "in"), data, 50000);
    id = import(f, "in", T1, true);
    assert_int_equal(blobs_find(f->store, &id, &info), ERR_OK);
    assert_int_equal(info.state, BLOB_EXTERNAL);
    assert_content(f, &id, data);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_OK);
    write_file(fixture_path(f, "in"), data, 49999);
    assert_int_equal(blob_reader_read(reader, 0, &byte, 1), ERR_CHANGED);
    assert_int_equal(blob_reader_open(&late, f->store, &id, T1), ERR_CHANGED);
    assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1); /* not its file */
    blob_reader_close(reader);
    /* The same content again, imported again, is served again. */
    write_file(fixture_path(f, "in"), data, 50000);
    (void)import(f, "in", T1, true);
    assert_content(f, &id, data);
    free(data);
}

/* What was written to or removed is gone; what is not there may come back. */
static void a_file_in_place_has_changed_or_its_disk_is_away(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(50000);
    struct blob_id id;
    char path[256];
    char away[256];

    assert_int_equal(mkdir(fixture_path(f, "disk"), 0700), 0);
    write_file(fixture_path(f, "disk/in"), data, 50000);
    id = import(f, "disk/in", T1, true);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    (void)snprintf(path, sizeof path, "%s", fixture_path(f, "disk"));
    (void)snprintf(away, sizeof away, "%s", fixture_path(f, "away"));
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    write_file(fixture_path(f, "disk/in"), data, 49999);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_CHANGED);
    assert_int_equal(unlink(fixture_path(f, "disk/in")), 0);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_CHANGED);
    /* What is kept here is our own affair, and so is what is not. */
    write_file(fixture_path(f, "in"), data, 40000);
    id = import(f, "in", T1, false);
    write_file(fixture_path(f, "in"), data, 39999);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    id.size++;
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    free(data);
}

/* Puts a file of this content and of the same time at its place. */
static void replace_file(struct fixture *f, const char *name,
                         const uint8_t *data, size_t len)
{
    char path[256];
    char other[256];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s", fixture_path(f, name));
    (void)snprintf(other, sizeof other, "%s", fixture_path(f, "other"));
    write_file(other, data, len);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(utimensat(AT_FDCWD, other,
                               (struct timespec[]){ st.st_atim, st.st_mtim },
                               0),
                     0);
    assert_int_equal(rename(other, path), 0);
}

/* As rehash.c does it; whether it is what it was. */
static bool hash_again(struct fixture *f, const struct blob_id *id)
{
    struct blob_progress progress = { 0 };
    struct blob_import *import;
    struct blob_id found;
    bool same;

    assert_int_equal(blob_import_again(&import, f->store, id, T1), ERR_OK);
    assert_int_equal(fixture_import_run(import, &progress), ERR_OK);
    blob_import_id(import, &found);
    same = blob_id_equal(&found, id);
    store_batch_clear(f->batch);
    assert_int_equal(blob_import_put_again(import, f->batch), ERR_OK);
    if (same)
        apply(f);
    blob_import_free(import);
    return same;
}

static void
a_file_in_place_that_is_another_one_now_is_hashed_again(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(50000);
    struct blob_import *again;
    struct blob_reader *reader;
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, 50000);
    id = import(f, "in", T1, true);
    replace_file(f, "in", data, 50000);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_OTHER);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_CHANGED);
    assert_true(hash_again(f, &id));
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_KEPT);
    assert_content(f, &id, data);
    data[49999] ^= 1;
    replace_file(f, "in", data, 50000);
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_OTHER);
    assert_false(hash_again(f, &id));
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_CHANGED);
    /* Only what lies in place can be hashed there. */
    id.size++;
    assert_int_equal(blob_import_again(&again, f->store, &id, T1),
                     ERR_NOT_FOUND);
    write_file(fixture_path(f, "in"), data, 40000);
    id = import(f, "in", T1, false);
    assert_int_equal(blob_import_again(&again, f->store, &id, T1),
                     ERR_NOT_FOUND);
    free(data);
}

static void what_is_let_go_of_while_it_is_hashed_again_stays_so(void **state)
{
    struct fixture *f = *state;
    struct blob_progress progress = { 0 };
    uint8_t *data = content_of(50000);
    struct blob_import *again;
    struct blob_info info;
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, 50000);
    id = import(f, "in", T1, true);
    replace_file(f, "in", data, 50000);
    assert_int_equal(blob_import_again(&again, f->store, &id, T1), ERR_OK);
    assert_int_equal(fixture_import_run(again, &progress), ERR_OK);
    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_hold(f->batch, &id, T2), ERR_OK);
    assert_int_equal(blobs_put_release(f->batch, &id, T1), ERR_OK);
    assert_int_equal(blob_import_put_again(again, f->batch), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 2)->err, ERR_NOT_FOUND);
    assert_false(blobs_held_for(f->store, &id, T1));
    assert_int_equal(blobs_look_in_place(f->store, &id), IN_PLACE_OTHER);
    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_release(f->batch, &id, T2), ERR_OK);
    assert_int_equal(blob_import_put_again(again, f->batch), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 1)->err, ERR_NOT_FOUND);
    assert_int_equal(blobs_find(f->store, &id, &info), ERR_NOT_FOUND);
    blob_import_free(again);
    free(data);
}

static void what_tells_a_file_is_its_size_time_and_inode(void **state)
{
    struct stat st = { .st_size = 7, .st_ino = 5, .st_dev = 3 };
    struct row_external row;

    (void)state;
    st.st_mtim = (struct timespec){ .tv_sec = 9, .tv_nsec = 1 };
    external_of(&row, &st);
    assert_true(external_same(&row, 7, &st));
    assert_false(external_same(&row, 8, &st));
    st.st_dev = 4; /* plugged in elsewhere */
    assert_true(external_same(&row, 7, &st));
    st.st_ino = 6;
    assert_false(external_same(&row, 7, &st));
    row.inode = 0; /* its file system has none */
    assert_true(external_same(&row, 7, &st));
    st.st_mtim.tv_nsec = 2;
    assert_false(external_same(&row, 7, &st));
}

struct hand {
    struct blob_import *import;
    struct blob_progress *progress;
};

static void *work(void *arg)
{
    struct hand *hand = arg;

    blob_import_work(hand->import, hand->progress);
    return NULL;
}

static void hands_beside_each_other_make_one_blob(void **state)
{
    struct fixture *f = *state;
    size_t len = 21 * (size_t)BLOB_SPAN_LEN + 7;
    uint8_t *data = content_of(len);
    struct blob_id expected = name_of(data, len);
    struct blob_progress progress = { 0 };
    struct blob_import *import;
    struct hand hand;
    pthread_t threads[3];
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, len);
    assert_int_equal(
        blob_import_new(&import, f->store, fixture_path(f, "in"), T1, false),
        ERR_OK);
    assert_int_equal(blob_import_begin(import, &progress), ERR_OK);
    assert_true(blob_import_is_long(import));
    assert_int_equal(blob_import_size(import), len);
    hand = (struct hand){ import, &progress };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &hand), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(fixture_import_finish(import), ERR_OK);
    assert_int_equal(progress.done, len);
    blob_import_id(import, &id);
    assert_true(blob_id_equal(&id, &expected));
    store_batch_clear(f->batch);
    assert_int_equal(blob_import_put(import, f->batch), ERR_OK);
    apply(f);
    blob_import_free(import);
    assert_content(f, &id, data);
    free(data);
}

/* A film of 40 MiB of which only the last bytes were ever written. */
static void holes_are_zeros_and_stay_holes(void **state)
{
    struct fixture *f = *state;
    size_t len = 40 * (size_t)BLOB_SPAN_LEN;
    uint8_t *data = calloc(1, len);
    struct blob_id expected;
    struct blob_id id;
    char name[BLOB_NAME_MAX];
    struct stat st;
    int fd = open(fixture_path(f, "in"), O_WRONLY | O_CREAT, 0600);

    data[len - 1] = 'x';
    expected = name_of(data, len);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)len - 1), 1);
    close(fd);
    id = import(f, "in", T1, false);
    assert_true(blob_id_equal(&id, &expected));
    assert_content(f, &id, data);
    blob_file_name(name, &id, false);
    assert_int_equal(stat(fixture_path(f, name), &st), 0);
    assert_true(st.st_blocks * 512 <= 2 * BLOB_SPAN_LEN);
    free(data);
}

/* The work is not for who called it to leave out. */
/* As many as are flushed all at once, and as few as are flushed one by one. */
static void imports_that_are_flushed_together_are_all_there(void **state)
{
    enum { MOST = 20 };
    static const size_t counts[] = { 0, 1, 8, 9, MOST };
    struct fixture *f = *state;
    struct blob_import *imports[MOST];
    uint8_t *data = content_of(20000);
    size_t failed;

    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        struct blob_progress progress = { 0 };

        for (size_t i = 0; i < counts[k]; i++) {
            const char *path = fixture_path(f, "source");

            data[0] = (uint8_t)i;
            data[1] = (uint8_t)k;
            write_file(path, data, i == 0 ? 10 : 20000);
            assert_int_equal(
                blob_import_new(&imports[i], f->store, path, T1, false),
                ERR_OK);
            assert_int_equal(blob_import_begin(imports[i], &progress), ERR_OK);
            blob_import_work(imports[i], &progress);
            assert_int_equal(blob_import_end(imports[i]), ERR_OK);
        }
        assert_int_equal(blob_imports_flush(imports, counts[k], &failed),
                         ERR_OK);
        store_batch_clear(f->batch);
        for (size_t i = 0; i < counts[k]; i++)
            assert_int_equal(blob_import_put(imports[i], f->batch), ERR_OK);
        apply(f);
        for (size_t i = 0; i < counts[k]; i++) {
            struct blob_id id;

            blob_import_id(imports[i], &id);
            data[0] = (uint8_t)i;
            data[1] = (uint8_t)k;
            assert_content(f, &id, data);
            blob_import_free(imports[i]);
        }
    }
    free(data);
}

static void what_could_not_be_begun_is_not_worked_on(void **state)
{
    struct fixture *f = *state;

    for (int in_place = 0; in_place < 2; in_place++) {
        struct blob_progress progress = { 0 };
        struct blob_import *import;

        assert_int_equal(blob_import_new(&import, f->store,
                                         fixture_path(f, "none"), T1,
                                         in_place == 1),
                         ERR_OK);
        assert_int_equal(blob_import_begin(import, &progress), ERR_NOT_FOUND);
        assert_false(blob_import_is_long(import));
        blob_import_work(import, &progress);
        assert_int_equal(fixture_import_finish(import), ERR_NOT_FOUND);
        assert_int_equal(progress.done, 0);
        blob_import_free(import);
    }
}

static void a_file_that_changes_meanwhile_is_not_taken(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(50000);

    for (int in_place = 0; in_place < 2; in_place++) {
        struct blob_progress progress = { 0 };
        struct blob_import *import;

        write_file(fixture_path(f, "in"), data, 50000);
        assert_int_equal(blob_import_new(&import, f->store,
                                         fixture_path(f, "in"), T1,
                                         in_place == 1),
                         ERR_OK);
        assert_int_equal(blob_import_begin(import, &progress), ERR_OK);
        write_file(fixture_path(f, "in"), data, 49999);
        blob_import_work(import, &progress);
        assert_int_equal(fixture_import_finish(import), ERR_CHANGED);
        blob_import_free(import);
    }
    assert_int_equal(rmdir(fixture_path(f, "blobs/tmp")), 0); /* is empty */
    assert_int_equal(mkdir(fixture_path(f, "blobs/tmp"), 0700), 0);
    free(data);
}

static void a_cancelled_import_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct blob_progress progress = { .cancel = true };
    uint8_t *data = content_of(50000);
    struct blob_import *import;

    write_file(fixture_path(f, "in"), data, 50000);
    assert_int_equal(
        blob_import_new(&import, f->store, fixture_path(f, "in"), T1, false),
        ERR_OK);
    assert_int_equal(fixture_import_run(import, &progress), ERR_CANCELLED);
    blob_import_free(import);
    assert_int_equal(rmdir(fixture_path(f, "blobs/tmp")), 0); /* is empty */
    assert_int_equal(mkdir(fixture_path(f, "blobs/tmp"), 0700), 0);
    free(data);
}

static void what_is_no_file_is_not_imported(void **state)
{
    struct fixture *f = *state;
    struct blob_progress progress = { 0 };
    static const char *const NAMES[] = { "missing", "blobs", "fifo" };

    assert_int_equal(mkfifo(fixture_path(f, "fifo"), 0600), 0);
    for (size_t i = 0; i < 3; i++) {
        struct blob_import *import;

        assert_int_equal(blob_import_new(&import, f->store,
                                         fixture_path(f, NAMES[i]), T1, false),
                         ERR_OK);
        assert_int_equal(fixture_import_run(import, &progress), ERR_NOT_FOUND);
        blob_import_free(import);
    }
}

/* ---- Parts ------------------------------------------------------------ */

static struct blob_part *begin_part(struct fixture *f, const struct blob_id *id)
{
    struct blob_part *part;

    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_begin(f->batch, id, T1), ERR_OK);
    apply(f);
    assert_int_equal(blob_part_open(&part, f->store, id), ERR_OK);
    return part;
}

static void write_span(struct blob_part *part, const uint8_t *data,
                       const struct blob_id *id, uint64_t span)
{
    struct bytes bytes = { data + span * BLOB_SPAN_LEN,
                           blob_span_len(id->size, span) };

    assert_int_equal(blob_part_write(part, span, bytes), ERR_OK);
}

static void sync_part(struct fixture *f, struct blob_part *part)
{
    store_batch_clear(f->batch);
    assert_int_equal(blob_part_sync(part, f->batch), ERR_OK);
    apply(f);
}

static void finish_part(struct fixture *f, struct blob_part *part)
{
    store_batch_clear(f->batch);
    assert_int_equal(blob_part_finish(part, f->batch), ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_OK);
    blob_part_close(part);
}

static uint64_t part_bytes(struct fixture *f)
{
    struct store_totals totals;

    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    return totals.part_bytes;
}

static void a_part_counts_as_far_as_it_is_durable(void **state)
{
    struct fixture *f = *state;
    size_t len = (2 << 20) + 100;
    uint8_t *data = content_of(len);
    struct blob_id id = name_of(data, len);
    struct blob_part *part = begin_part(f, &id);

    assert_int_equal(part_bytes(f), 0);
    write_span(part, data, &id, 2);
    assert_int_equal(part_bytes(f), 0);
    sync_part(f, part);
    assert_int_equal(part_bytes(f), 100);
    write_span(part, data, &id, 0);
    sync_part(f, part);
    sync_part(f, part);
    assert_int_equal(part_bytes(f), (1 << 20) + 100);
    write_span(part, data, &id, 1);
    finish_part(f, part);
    assert_int_equal(part_bytes(f), 0);
    free(data);
}

static void a_part_that_nobody_wants_any_more_counts_no_more(void **state)
{
    struct fixture *f = *state;
    size_t len = (1 << 20) + 100;
    uint8_t *data = content_of(len);
    struct blob_id id = name_of(data, len);
    struct blob_part *part = begin_part(f, &id);

    write_span(part, data, &id, 1);
    sync_part(f, part);
    blob_part_close(part);
    assert_int_equal(part_bytes(f), 100);
    store_batch_clear(f->batch);
    assert_int_equal(blobs_put_release(f->batch, &id, T1), ERR_OK);
    apply(f);
    assert_int_equal(part_bytes(f), 0);
    free(data);
}

static void spans_that_were_not_synced_are_fetched_again(void **state)
{
    struct fixture *f = *state;
    size_t len = (4 << 20) + 100;
    uint8_t *data = content_of(len);
    struct blob_id id = name_of(data, len);
    struct blob_part *part = begin_part(f, &id);
    struct blob_reader *reader;
    struct blob_info info;

    assert_int_equal(blob_part_missing(part), 5);
    write_span(part, data, &id, 4);
    write_span(part, data, &id, 1);
    assert_int_equal(blob_part_unsynced(part), (1 << 20) + 100);
    sync_part(f, part);
    assert_int_equal(blob_part_unsynced(part), 0);
    write_span(part, data, &id, 0); /* never synced */
    assert_int_equal(blob_part_missing(part), 2);
    blob_part_close(part);
    fixture_reopen(f);

    assert_int_equal(blobs_find(f->store, &id, &info), ERR_OK);
    assert_int_equal(info.state, BLOB_PARTIAL);
    assert_int_equal(info.have_bytes, (1 << 20) + 100);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_OK);
    assert_true(blob_reader_has(reader, 1 << 20, 1 << 20));
    assert_true(blob_reader_has(reader, 4 << 20, 100));
    assert_false(blob_reader_has(reader, 4 << 20, 101));
    assert_false(blob_reader_has(reader, (1 << 20) - 1, 2));
    assert_int_equal(blob_reader_here(reader, (1 << 20) - 1, 2), 0);
    assert_int_equal(blob_reader_here(reader, (2 << 20) - 7, 3), 3);
    assert_int_equal(blob_reader_here(reader, (2 << 20) - 7, 8), 7);
    blob_reader_close(reader);
    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_OK);
    assert_false(blob_part_has(part, 0));
    assert_true(blob_part_has(part, 1));
    for (uint64_t i = 0; i < 5; i++)
        if (!blob_part_has(part, i))
            write_span(part, data, &id, i);
    finish_part(f, part);
    assert_content(f, &id, data);
    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_EXISTS);
    free(data);
}

/* ---- What a part takes of the disk -------------------------------------- */

/* Bytes that its file takes, and its length. */
static uint64_t taken_by(struct fixture *f, const struct blob_id *id,
                         uint64_t *len)
{
    char name[128];
    char *at = name + sprintf(name, "blobs/%02x/", id->root[0]);
    struct stat st;

    for (size_t i = 1; i < HASH_LEN; i++)
        at += sprintf(at, "%02x", id->root[i]);
    sprintf(at, ".%llu.part", (unsigned long long)id->size);
    assert_int_equal(stat(fixture_path(f, name), &st), 0);
    *len = (uint64_t)st.st_size;
    return (uint64_t)st.st_blocks * 512;
}

static void what_was_allocated_ahead_is_given_back(void **state)
{
    struct fixture *f = *state;
    struct blob_id id = { .root = { 0xab }, .size = (uint64_t)100 << 20 };
    uint8_t *data = content_of(5 << 20);
    struct blob_part *part = begin_part(f, &id);
    struct blob_reader *reader;
    uint64_t len;
    uint8_t last;

    write_span(part, data, &id, 1);
    write_span(part, data, &id, 4);
    sync_part(f, part);
    assert_true(taken_by(f, &id, &len) > (uint64_t)60 << 20);
    assert_int_equal(blob_part_trim(part), ERR_OK);
    assert_true(taken_by(f, &id, &len) < (uint64_t)3 << 20);
    assert_int_equal(len, 5 << 20);
    blob_part_close(part);
    assert_int_equal(part_bytes(f), 2 << 20);

    assert_int_equal(blob_reader_open(&reader, f->store, &id, T1), ERR_OK);
    assert_int_equal(blob_reader_read(reader, (5 << 20) - 1, &last, 1), ERR_OK);
    assert_int_equal(last, data[(5 << 20) - 1]);
    blob_reader_close(reader);
    free(data);
}

static void what_a_crash_left_unnamed_is_given_back_later(void **state)
{
    struct fixture *f = *state;
    struct blob_id id = { .root = { 0xab }, .size = (uint64_t)100 << 20 };
    uint8_t *data = content_of(8 << 20);
    struct blob_part *part = begin_part(f, &id);
    struct keep_orphan found;
    uint64_t len;
    size_t n;

    write_span(part, data, &id, 0);
    sync_part(f, part);
    for (uint64_t i = 2; i < 8; i++)
        write_span(part, data, &id, i);
    blob_part_close(part);
    fixture_reopen(f);

    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_OK);
    assert_int_equal(keep_orphans(f->store, 0xab, 0, &found, 1, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_true(taken_by(f, &id, &len) > (uint64_t)60 << 20); /* it is open */
    blob_part_close(part);
    assert_int_equal(keep_orphans(f->store, 0xab, 0, &found, 1, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_true(taken_by(f, &id, &len) < (uint64_t)2 << 20);
    assert_int_equal(len, 1 << 20);
    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_OK);
    assert_int_equal(blob_part_missing(part), 99);
    assert_true(blob_part_has(part, 0));
    write_span(part, data, &id, 7);
    sync_part(f, part);
    blob_part_close(part);
    free(data);
}

static void a_crash_between_rename_and_row_loses_nothing(void **state)
{
    struct fixture *f = *state;
    size_t len = (1 << 20) + 9;
    uint8_t *data = content_of(len);
    struct blob_id id = name_of(data, len);
    struct blob_part *part = begin_part(f, &id);

    write_span(part, data, &id, 0);
    write_span(part, data, &id, 1);
    store_batch_clear(f->batch);
    assert_int_equal(blob_part_finish(part, f->batch), ERR_OK);
    blob_part_close(part); /* and the batch is never applied */
    fixture_reopen(f);
    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_OK);
    assert_int_equal(blob_part_missing(part), 0);
    finish_part(f, part);
    assert_content(f, &id, data);
    free(data);
}

static void a_part_whose_file_is_lost_starts_anew(void **state)
{
    struct fixture *f = *state;
    size_t len = (2 << 20) + 9;
    uint8_t *data = content_of(len);
    struct blob_id id = name_of(data, len);
    struct blob_part *part = begin_part(f, &id);
    char hex[2 * HASH_LEN + 1];
    char path[512];

    write_span(part, data, &id, 1);
    sync_part(f, part);
    blob_part_close(part);
    hex_encode(hex, BYTES_ARRAY(id.root));
    snprintf(path, sizeof path, "%s/blobs/%.2s/%s.%zu.part", f->dir, hex,
             hex + 2, len);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(blob_part_open(&part, f->store, &id), ERR_OK);
    assert_int_equal(blob_part_missing(part), 3);
    blob_part_close(part);
    free(data);
}

static void a_small_part_ends_as_a_row(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(700);
    struct blob_id id = name_of(data, 700);
    struct blob_part *part = begin_part(f, &id);
    struct blob_info info;

    write_span(part, data, &id, 0);
    finish_part(f, part);
    assert_int_equal(blobs_find(f->store, &id, &info), ERR_OK);
    assert_int_equal(info.state, BLOB_INLINE);
    assert_content(f, &id, data);
    free(data);
}

/* ---- Export ----------------------------------------------------------- */

static enum err export(struct fixture *f, const struct blob_id *id,
                       const char *name, char chosen[BLOB_PATH_MAX]) {
    struct blob_progress progress = { 0 }; struct blob_reader * reader;
    enum err e;

    assert_int_equal(blob_reader_open(&reader, f->store, id, NULL), ERR_OK);
    e = blob_reader_export(reader, fixture_path(f, name), &progress, chosen);
    blob_reader_close(reader);
    return e;
}

static void an_export_never_replaces_other_content(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(3 << 20);
    char chosen[BLOB_PATH_MAX];
    struct blob_id id;

    write_file(fixture_path(f, "in"), data, 3 << 20);
    id = import(f, "in", T1, false);
    assert_int_equal(export(f, &id, "out.png", chosen), ERR_OK);
    assert_string_equal(chosen, fixture_path(f, "out.png"));
    assert_file(chosen, data, 3 << 20);
    assert_int_equal(export(f, &id, "out.png", chosen), ERR_OK);
    assert_string_equal(chosen, fixture_path(f, "out.png"));
    data[0] ^= 1;
    write_file(fixture_path(f, "out.png"), data, 3 << 20);
    assert_int_equal(export(f, &id, "out.png", chosen), ERR_OK);
    assert_string_equal(chosen, fixture_path(f, "out (2).png"));
    assert_file(fixture_path(f, "out.png"), data, 3 << 20);
    data[0] ^= 1;
    assert_file(fixture_path(f, "out (2).png"), data, 3 << 20);
    assert_int_equal(export(f, &id, "none/out.png", chosen), ERR_NOT_FOUND);
    free(data);
}

static void a_flipped_byte_on_the_disk_is_found(void **state)
{
    struct fixture *f = *state;
    struct blob_progress progress = { 0 };
    uint8_t *data = content_of(2 << 20);
    struct blob_reader *reader;
    char hex[2 * HASH_LEN + 1];
    char path[512];
    struct blob_id id;
    int fd;

    write_file(fixture_path(f, "in"), data, 2 << 20);
    id = import(f, "in", T1, false);
    hex_encode(hex, BYTES_ARRAY(id.root));
    snprintf(path, sizeof path, "%s/blobs/%.2s/%s.%d", f->dir, hex, hex + 2,
             2 << 20);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "!", 1, 1234567), 1);
    close(fd);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, NULL), ERR_OK);
    assert_int_equal(blob_reader_verify(reader, &progress), ERR_BAD_BLOB);
    blob_reader_close(reader);
    assert_int_equal(truncate(path, 5), 0);
    assert_int_equal(blob_reader_open(&reader, f->store, &id, NULL),
                     ERR_CORRUPT);
    free(data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(files_of_all_sizes_come_back),
        TEST(every_page_of_an_imported_layer_is_proved),
        TEST(a_blob_is_served_only_for_topics_it_is_held_for),
        TEST(the_last_release_removes_the_file),
        TEST(a_file_in_place_is_not_served_once_it_changed),
        TEST(a_file_in_place_has_changed_or_its_disk_is_away),
        TEST(a_file_in_place_that_is_another_one_now_is_hashed_again),
        TEST(what_is_let_go_of_while_it_is_hashed_again_stays_so),
        TEST(what_tells_a_file_is_its_size_time_and_inode),
        TEST(hands_beside_each_other_make_one_blob),
        TEST(holes_are_zeros_and_stay_holes),
        TEST(imports_that_are_flushed_together_are_all_there),
        TEST(what_could_not_be_begun_is_not_worked_on),
        TEST(a_file_that_changes_meanwhile_is_not_taken),
        TEST(a_cancelled_import_leaves_nothing),
        TEST(what_is_no_file_is_not_imported),
        TEST(a_part_counts_as_far_as_it_is_durable),
        TEST(a_part_that_nobody_wants_any_more_counts_no_more),
        TEST(spans_that_were_not_synced_are_fetched_again),
        TEST(what_was_allocated_ahead_is_given_back),
        TEST(what_a_crash_left_unnamed_is_given_back_later),
        TEST(a_crash_between_rename_and_row_loses_nothing),
        TEST(a_part_whose_file_is_lost_starts_anew),
        TEST(a_small_part_ends_as_a_row),
        TEST(an_export_never_replaces_other_content),
        TEST(a_flipped_byte_on_the_disk_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
