/*
 * Taking files in: a real loop with its pool, a real store, real files.  What
 * the importer asks of calls, the node and its quota is answered here.
 */
#include "tests/store/fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/call.h"
#include "daemon/home.h"
#include "daemon/importer.h"
#include "daemon/job.h"
#include "daemon/node.h"
#include "daemon/node_parts.h"
#include "daemon/quota.h"
#include "daemon/safety.h"
#include "node_around.h"
#include "store/internal.h"

enum {
    MANY = 1000,
    OURS = 300,
    LONG = (17 << 20) + 12345,
    MIDDLE = 1234567,
    ALLOCS = 3 * MANY
};

static const uint8_t T1[ID_LEN] = { 1 };
static const uint8_t T2[ID_LEN] = { 2 };

struct rig {
    struct fixture f;
    uv_loop_t loop;
    struct home home;
    void *allocated[ALLOCS];
    size_t allocs;
    struct import_list list;
    unsigned done;
    enum err failed; /* what the call failed with */
    char said[512];
    bool stopping;
    bool has_left; /* the client */

    bool too_many; /* jobs */
    bool job_runs;
    uint64_t job_done; /* bytes */
    uint64_t job_total;
    void (*on_cancel)(void *context);
    void *cancel_context;

    enum err quota_says;
    uint64_t asked; /* of the quota */
    uint64_t given; /* back to it */

    unsigned applied;     /* batches */
    unsigned apply_fails; /* this one does, counted from 1; 0: none */
    bool refuses_all;
};

static struct rig rig;

/* ---- What the importer asks of others ------------------------------------ */

struct node *call_node(const struct call *call)
{
    (void)call;
    return NULL; /* there is one, which is the rig */
}

struct client *call_client(const struct call *call)
{
    (void)call;
    return rig.has_left ? NULL : (struct client *)&rig;
}

void *call_alloc(struct call *call, size_t size)
{
    (void)call;
    assert_true(rig.allocs < ALLOCS);
    rig.allocated[rig.allocs] = calloc(1, size);
    assert_non_null(rig.allocated[rig.allocs]);
    return rig.allocated[rig.allocs++];
}

void call_progress(struct call *call, uint64_t job, uint64_t done,
                   uint64_t total, uint64_t rate)
{
    (void)call;
    (void)rate;
    assert_true(done <= total);
    assert_int_equal(job, rig.job_runs ? 7 : 0);
}

struct desk *call_desk(const struct call *call)
{
    (void)call;
    return NULL;
}

struct jobs *desk_jobs(const struct desk *desk)
{
    (void)desk;
    return NULL;
}

struct job *job_start_beside(struct jobs *jobs, struct call *call,
                             const char *unit, const char *about)
{
    (void)jobs;
    (void)call;
    assert_string_equal(unit, "bytes");
    assert_string_equal(about, rig.list.files[0].name);
    rig.job_runs = !rig.too_many;
    return rig.too_many ? NULL : (struct job *)&rig;
}

uint64_t job_number(const struct job *job)
{
    assert_ptr_equal(job, &rig);
    return 7;
}

void job_progress(struct job *job, uint64_t done, uint64_t total)
{
    assert_ptr_equal(job, &rig);
    assert_true(rig.job_runs);
    rig.job_done = done;
    rig.job_total = total;
}

void job_on_cancel(struct job *job, void (*on_cancel)(void *context),
                   void *context)
{
    assert_ptr_equal(job, &rig);
    assert_true(rig.job_runs);
    rig.on_cancel = on_cancel;
    rig.cancel_context = context;
}

/* A call is answered once, and nothing of it runs on then. */
static void answer(enum err e)
{
    assert_int_equal(rig.done, 0);
    assert_int_equal(rig.failed, ERR_OK);
    assert_null(rig.on_cancel); /* too late for that */
    rig.failed = e;
    rig.job_runs = false;
}

void call_fail(struct call *call, enum err e, const char *text,
               const char *hint)
{
    (void)call;
    (void)hint;
    answer(e);
    (void)snprintf(rig.said, sizeof rig.said, "%s", text == NULL ? "" : text);
}

void call_failf(struct call *call, enum err e, const char *hint,
                const char *format, ...)
{
    va_list args;

    (void)call;
    (void)hint;
    answer(e);
    va_start(args, format);
    (void)vsnprintf(rig.said, sizeof rig.said, format, args);
    va_end(args);
}

const struct home *node_home(const struct node *n)
{
    (void)n;
    return &rig.home;
}

struct quota *node_quota(const struct node *n)
{
    (void)n;
    return NULL;
}

bool node_is_stopping(const struct node *n)
{
    (void)n;
    return rig.stopping;
}

/* A batch with the writer. */
struct applying {
    uv_timer_t timer;
    struct store_batch *batch;
    node_applied_fn *done;
    void *context;
};

static void on_applying_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_apply(uv_timer_t *timer)
{
    struct applying *a = timer->data;

    uv_close((uv_handle_t *)timer, on_applying_closed);
    if (++rig.applied == rig.apply_fails)
        a->done(a->context, ERR_NO_SPACE, a->batch);
    else
        a->done(a->context, store_apply(rig.f.store, a->batch), a->batch);
}

/* The writer answers once the loop has turned. */
void node_apply(struct node *n, struct store_batch *take, node_applied_fn *done,
                void *context)
{
    struct applying *a = malloc(sizeof *a);

    (void)n;
    assert_non_null(a);
    *a = (struct applying){ .batch = take, .done = done, .context = context };
    assert_int_equal(uv_timer_init(&rig.loop, &a->timer), 0);
    a->timer.data = a;
    assert_int_equal(uv_timer_start(&a->timer, on_apply, 0, 0), 0);
}

void quota_ask(struct quota *quota, uint64_t bytes, node_done_fn *done,
               void *context)
{
    (void)quota;
    rig.asked += bytes;
    done(context, rig.quota_says);
}

void quota_give_back(struct quota *quota, uint64_t bytes)
{
    (void)quota;
    rig.given += bytes;
}

bool safety_has(const struct node *n, enum law_kind kind,
                const uint8_t id[ID_LEN])
{
    (void)n;
    (void)id;
    return kind == LAW_NO_BLOB && rig.refuses_all;
}

/* ---- The rig ------------------------------------------------------------ */

static const char *path_in(const char *name)
{
    char *path = call_alloc(NULL, 256);

    (void)snprintf(path, 256, "%s/%s", rig.f.dir, name);
    return path;
}

/* Bytes that are others in each file. */
static const char *write_file(const char *name, size_t len, uint8_t seed)
{
    const char *path = path_in(name);
    uint8_t *data = malloc(len + 1);
    FILE *file = fopen(path, "wb");

    assert_non_null(data);
    assert_non_null(file);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 31 + i / 4096 + seed);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    free(data);
    return path;
}

static int setup(void **state)
{
    memset(&rig, 0, sizeof rig);
    fixture_open(&rig.f);
    assert_int_equal(uv_loop_init(&rig.loop), 0);
    around = (struct node_around){ .loop = &rig.loop, .store = rig.f.store };
    (void)snprintf(rig.home.data, sizeof rig.home.data, "%s/home", rig.f.dir);
    assert_int_equal(mkdir(rig.home.data, 0700), 0);
    rig.list.files = call_alloc(NULL, MANY * sizeof *rig.list.files);
    rig.list.cap = MANY;
    rig.list.max = MANY;
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_close(&rig.loop), 0); /* nothing was left */
    assert_int_equal(rig.given, rig.quota_says == ERR_OK ? rig.asked : 0);
    while (rig.allocs > 0)
        free(rig.allocated[--rig.allocs]);
    fixture_close(&rig.f);
    return 0;
}

static void add(const char *path)
{
    const char *slash = strrchr(path, '/');

    rig.list.files[rig.list.count++] =
        (struct import_file){ .path = path, .name = slash + 1 };
}

static void on_done(struct call *call, struct import_list *list)
{
    (void)call;
    assert_ptr_equal(list, &rig.list);
    answer(ERR_OK);
    rig.done++;
}

static void run(void)
{
    importer_run(NULL, &rig.list, T1, on_done);
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
}

static void assert_failed(enum err e, const char *about)
{
    assert_int_equal(rig.done, 0);
    assert_int_equal(rig.failed, e);
    assert_non_null(strstr(rig.said, about));
}

static unsigned files_in(const char *folder)
{
    char line[512];
    unsigned count = 0;
    FILE *f;

    (void)snprintf(line, sizeof line, "find '%s/%s' -type f | wc -l", rig.f.dir,
                   folder);
    f = popen(line, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(pclose(f), 0);
    for (const char *c = line; *c >= '0' && *c <= '9'; c++)
        count = count * 10 + (unsigned)(*c - '0');
    return count;
}

/* The file is held for T1, and its bytes are those that were there. */
static void assert_held(size_t i)
{
    const struct import_file *file = &rig.list.files[i];
    struct blob_progress progress = { 0 };
    struct blob_reader *reader;
    struct stat st;

    assert_int_equal(stat(file->path, &st), 0);
    assert_int_equal(file->blob.size, st.st_size);
    assert_true(blobs_held_for(rig.f.store, &file->blob, T1));
    assert_false(blobs_held_for(rig.f.store, &file->blob, T2));
    assert_int_equal(blob_reader_open(&reader, rig.f.store, &file->blob, T1),
                     ERR_OK);
    assert_int_equal(blob_reader_verify(reader, &progress), ERR_OK);
    blob_reader_close(reader);
}

/* ---- The tests ---------------------------------------------------------- */

static void an_empty_list_is_done_at_once(void **state)
{
    (void)state;
    importer_run(NULL, &rig.list, T1, on_done);
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.applied, 0);
}

static void files_of_all_sizes_are_held_when_it_is_done(void **state)
{
    static const size_t sizes[] = {
        0, 1, BLOB_INLINE_MAX, BLOB_INLINE_MAX + 1, MIDDLE, LONG
    };
    size_t bytes = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "f%zu.bin", i);
        add(write_file(name, sizes[i], (uint8_t)i));
        bytes += sizes[i];
    }
    run();
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.asked, bytes);
    for (size_t i = 0; i < 6; i++) {
        assert_held(i);
        assert_non_null(strchr(rig.list.files[i].media_type, '/'));
    }
}

static void what_comes_behind_a_long_file_is_taken_too(void **state)
{
    (void)state;
    add(write_file("a.bin", LONG, 1));
    add(write_file("b.bin", 100, 2));
    add(write_file("c.bin", LONG, 3));
    add(write_file("d.bin", MIDDLE, 4));
    run();
    assert_int_equal(rig.done, 1);
    for (size_t i = 0; i < 4; i++)
        assert_held(i);
}

static void the_type_of_a_long_file_is_looked_for(void **state)
{
    const char *path = write_file("film.bin", LONG, 1);
    int fd = open(path, O_WRONLY);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd,
                            "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1"
                            "\x08\2\0\0\0",
                            29, 0),
                     29);
    assert_int_equal(close(fd), 0);
    add(path);
    run();
    assert_int_equal(rig.done, 1);
    assert_string_equal(rig.list.files[0].media_type, "image/png");
}

static void a_folder_becomes_its_files_in_groups(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_in("many"), 0700), 0);
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        const char *path;

        (void)snprintf(name, sizeof name, "many/%04u.txt", i);
        path = write_file(name, 3000, 0);
        assert_int_equal(truncate(path, 2000 + i), 0); /* each is another */
        free(rig.allocated[--rig.allocs]);
    }
    add(path_in("many"));
    rig.list.folders = true;
    run();
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.list.count, MANY);
    assert_true(rig.applied >= 3); /* 400 files at most are a group */
    for (size_t i = 0; i < MANY; i++) {
        assert_held(i);
        assert_string_equal(rig.list.files[i].media_type, "text/plain");
    }
}

/* Each is open until its group is flushed, so a group has not many of them. */
static void files_of_ours_are_flushed_and_held_in_groups(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OURS; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "p%03u.raw", i);
        add(write_file(name, BLOB_INLINE_MAX + 1 + i, (uint8_t)i));
    }
    run();
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.applied, 3); /* 128 at most are a group */
    assert_int_equal(files_in("blobs"), OURS);
    assert_int_equal(files_in("blobs/tmp"), 0);
    for (size_t i = 0; i < OURS; i++)
        assert_held(i);
}

static void a_group_that_fails_midway_leaves_no_file(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "p%03u.raw", i);
        add(write_file(name, BLOB_INLINE_MAX + 1 + i, (uint8_t)i));
    }
    rig.list.files[12].path = path_in("nothing");
    run();
    assert_failed(ERR_NOT_FOUND, "nothing");
    assert_int_equal(rig.applied, 0);
    assert_int_equal(files_in("blobs"), 0);
}

static void what_finds_no_room_midway_is_named_and_leaves_no_file(void **state)
{
    (void)state;
    add(write_file("small.txt", 100, 1));
    add(write_file("photo.raw", MIDDLE / 2, 2));
    rig.f.store->options.reserve_bytes = UINT64_MAX;
    run();
    rig.f.store->options.reserve_bytes = 1;
    assert_failed(ERR_NO_SPACE, "photo.raw");
    assert_int_equal(rig.applied, 0);
    assert_int_equal(files_in("blobs"), 0);
}

static void files_in_place_are_not_copied(void **state)
{
    (void)state;
    add(write_file("a.bin", LONG, 1));
    add(write_file("b.bin", MIDDLE, 2));
    rig.list.in_place = true;
    run();
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.asked, 0); /* they take no room here */
    assert_int_equal(files_in("blobs"), 0);
    assert_held(0);
    assert_held(1);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    add(write_file("a.bin", MIDDLE, 1));
    add(path_in("none.bin"));
    run();
    assert_failed(ERR_NOT_FOUND, "none.bin");
    assert_int_equal(rig.applied, 0);
}

static void what_the_quota_refuses_is_not_read(void **state)
{
    (void)state;
    rig.quota_says = ERR_QUOTA;
    add(write_file("a.bin", MIDDLE, 1));
    run();
    assert_failed(ERR_QUOTA, "a.bin");
    assert_int_equal(rig.applied, 0);
    assert_int_equal(files_in("blobs"), 0);
}

static void what_was_taken_down_leaves_no_copy(void **state)
{
    static const size_t sizes[] = { 100, MIDDLE, LONG };

    (void)state;
    rig.refuses_all = true;
    for (size_t i = 0; i < 3; i++) {
        rig.list.count = 0;
        rig.failed = ERR_OK;
        add(write_file("a.bin", sizes[i], 1));
        run();
        assert_failed(ERR_REFUSED, "a.bin");
        assert_int_equal(rig.applied, 0);
        assert_int_equal(files_in("blobs"), 0);
    }
}

/* Whatever goes on beside it is ended first. */
static void a_writer_that_fails_ends_it(void **state)
{
    (void)state;
    add(write_file("a.bin", LONG, 1));
    add(write_file("b.bin", LONG, 2));
    add(write_file("c.bin", LONG, 3));
    rig.apply_fails = 2;
    run();
    assert_failed(ERR_NO_SPACE, ".bin");
    assert_int_equal(rig.applied, 2);
}

/* The daemon's end is seen at the next look at how far it is. */
static void on_soon(uv_timer_t *timer)
{
    rig.stopping = true;
    uv_close((uv_handle_t *)timer, NULL);
}

static void the_daemons_end_cancels_it_or_finds_it_done(void **state)
{
    uv_timer_t timer;

    (void)state;
    add(write_file("a.bin", LONG, 1));
    assert_int_equal(uv_timer_init(&rig.loop, &timer), 0);
    assert_int_equal(uv_timer_start(&timer, on_soon, 0, 0), 0);
    run();
    assert_true(rig.done == 1 || rig.failed == ERR_CANCELLED);
    assert_int_equal(files_in("blobs/tmp"), 0);
}

static void files_are_held_for_one_topic_more(void **state)
{
    (void)state;
    add(write_file("a.bin", MIDDLE, 1));
    add(write_file("b.bin", 100, 2));
    run();
    assert_int_equal(rig.done, 1);
    rig.done = 0;
    importer_hold(NULL, &rig.list, T2, on_done);
    assert_int_equal(rig.done, 0); /* not before it is durable */
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(rig.done, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_true(blobs_held_for(rig.f.store, &rig.list.files[i].blob, T1));
        assert_true(blobs_held_for(rig.f.store, &rig.list.files[i].blob, T2));
    }
}

static void who_leaves_meanwhile_has_called_it_off(void **state)
{
    (void)state;
    add(write_file("a.bin", LONG, 1));
    add(write_file("b.bin", 100, 2));
    rig.has_left = true;
    run();
    assert_failed(ERR_CANCELLED, "nothing is made");
    assert_int_equal(rig.applied, 0);
    assert_int_equal(files_in("blobs"), 0);
}

static void who_ends_its_job_has_called_it_off(void **state)
{
    (void)state;
    add(write_file("a.bin", LONG, 1));
    add(write_file("b.bin", 100, 2));
    importer_run(NULL, &rig.list, T1, on_done);
    rig.on_cancel(rig.cancel_context);
    assert_int_equal(rig.failed, ERR_OK); /* not in the midst of something */
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
    assert_failed(ERR_CANCELLED, "nothing is made");
    assert_int_equal(rig.applied, 0);
    assert_int_equal(files_in("blobs"), 0);
}

static void its_job_knows_in_the_end_that_all_is_in(void **state)
{
    (void)state;
    add(write_file("a.bin", MIDDLE, 1));
    add(write_file("b.bin", 100, 2));
    run();
    assert_int_equal(rig.done, 1);
    assert_int_equal(rig.job_done, MIDDLE + 100);
    assert_int_equal(rig.job_total, MIDDLE + 100);
}

static void too_many_jobs_are_no_failure(void **state)
{
    (void)state;
    rig.too_many = true;
    add(write_file("a.bin", 100, 1));
    run();
    assert_int_equal(rig.done, 1);
    assert_held(0);
}

static void holding_that_is_not_written_fails(void **state)
{
    (void)state;
    add(write_file("a.bin", 100, 2));
    run();
    assert_int_equal(rig.done, 1);
    rig.done = 0;
    rig.apply_fails = rig.applied + 1;
    importer_hold(NULL, &rig.list, T2, on_done);
    assert_int_equal(uv_run(&rig.loop, UV_RUN_DEFAULT), 0);
    assert_failed(ERR_NO_SPACE, "");
    assert_false(blobs_held_for(rig.f.store, &rig.list.files[0].blob, T2));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_is_done_at_once),
        TEST(files_of_all_sizes_are_held_when_it_is_done),
        TEST(what_comes_behind_a_long_file_is_taken_too),
        TEST(the_type_of_a_long_file_is_looked_for),
        TEST(a_folder_becomes_its_files_in_groups),
        TEST(files_of_ours_are_flushed_and_held_in_groups),
        TEST(a_group_that_fails_midway_leaves_no_file),
        TEST(what_finds_no_room_midway_is_named_and_leaves_no_file),
        TEST(files_in_place_are_not_copied),
        TEST(a_file_that_is_not_there_is_named),
        TEST(what_the_quota_refuses_is_not_read),
        TEST(what_was_taken_down_leaves_no_copy),
        TEST(a_writer_that_fails_ends_it),
        TEST(the_daemons_end_cancels_it_or_finds_it_done),
        TEST(files_are_held_for_one_topic_more),
        TEST(who_leaves_meanwhile_has_called_it_off),
        TEST(who_ends_its_job_has_called_it_off),
        TEST(its_job_knows_in_the_end_that_all_is_in),
        TEST(too_many_jobs_are_no_failure),
        TEST(holding_that_is_not_written_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
