/*
 * Whether writers of spans take turns.  The linker puts the test's own calls in
 * place: who is at the disk waits there until it is let go, and it is told who
 * gets that far and who finds the turn taken.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_file.h"

enum { WRITERS = 3 };
#define LEN ((size_t)BLOB_SPAN_LEN)

struct writing {
    pthread_t thread;
    uint64_t offset;
    uint8_t *buf;
    enum err err;
};

static char path[64];
static struct blob_disk disk;
static struct writing writings[WRITERS];

/* ---- The disk ----------------------------------------------------------- */

static atomic_bool is_gated; /* who is at the disk waits for `gate` */
static sem_t gate;
static sem_t met; /* one for each that waits: there, or for its turn */
static atomic_uint at_disk, most;
static atomic_uint turns, queued;

ssize_t __real_pwrite64(int fd, const void *buf, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t offset);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t offset)
{
    unsigned count = ++at_disk;
    unsigned before = most;
    ssize_t n;

    while (count > before &&
           !atomic_compare_exchange_weak(&most, &before, count))
        ;
    if (is_gated) {
        (void)sem_post(&met);
        (void)sem_wait(&gate);
    }
    n = __real_pwrite64(fd, buf, len, offset);
    at_disk--;
    return n;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    turns++;
    if (pthread_mutex_trylock(mutex) == 0)
        return 0;
    queued++;
    if (is_gated)
        (void)sem_post(&met);
    return __real_pthread_mutex_lock(mutex);
}

/* ---- Writers ------------------------------------------------------------ */

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "./test-turns-XXXXXX");
    disk.fd = mkostemp(path, O_CLOEXEC);
    assert_true(disk.fd >= 0);
    disk.direct = dup(disk.fd); /* on any file system */
    assert_true(disk.direct >= 0);
    for (unsigned i = 0; i < WRITERS; i++) {
        writings[i].offset = i * LEN;
        writings[i].buf = blob_disk_buffer(LEN);
        assert_non_null(writings[i].buf);
        randombytes_buf(writings[i].buf, LEN);
    }
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_int_equal(sem_init(&met, 0, 0), 0);
    is_gated = true;
    at_disk = most = turns = queued = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    blob_disk_share(false);
    for (unsigned i = 0; i < WRITERS; i++)
        free(writings[i].buf);
    blob_disk_wipe(&disk);
    assert_int_equal(close(disk.fd), 0);
    assert_int_equal(unlink(path), 0);
    (void)sem_destroy(&gate);
    (void)sem_destroy(&met);
    return 0;
}

static void *write_span(void *context)
{
    struct writing *w = context;

    w->err = blob_disk_write(&disk, w->offset, (struct bytes){ w->buf, LEN });
    return NULL;
}

/* Starts these, and waits until each is at the disk or waits for its turn. */
static void start(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        assert_int_equal(
            pthread_create(&writings[i].thread, NULL, write_span, &writings[i]),
            0);
    for (unsigned i = 0; i < count; i++)
        while (sem_wait(&met) != 0)
            ;
}

/* Nobody is kept at the disk any more; what those have written is right. */
static void let_go(unsigned first, unsigned count)
{
    uint8_t *back = malloc(LEN);
    size_t n = 0;

    assert_non_null(back);
    is_gated = false;
    for (unsigned i = 0; i < WRITERS; i++)
        (void)sem_post(&gate);
    for (unsigned i = first; i < first + count; i++) {
        const struct writing *w = &writings[i];

        assert_int_equal(pthread_join(w->thread, NULL), 0);
        assert_int_equal(w->err, ERR_OK);
        assert_int_equal(blob_file_read(disk.fd, w->offset, back, LEN, &n),
                         ERR_OK);
        assert_int_equal(n, LEN);
        assert_memory_equal(back, w->buf, LEN);
    }
    while (sem_trywait(&gate) == 0)
        ;
    free(back);
}

/* ---- Tests -------------------------------------------------------------- */

static void while_records_come_one_writes_at_a_time(void **state)
{
    unsigned there, behind;

    (void)state;
    blob_disk_share(true);
    start(0, WRITERS);
    there = at_disk;
    behind = queued;
    let_go(0, WRITERS);
    assert_int_equal(there, 1);
    assert_int_equal(behind, WRITERS - 1);
    assert_int_equal(most, 1); /* nor of the pieces that came after */
    assert_int_equal(turns, WRITERS * LEN / blob_disk_piece());
}

static void otherwise_all_write_at_once(void **state)
{
    unsigned there;

    (void)state;
    start(0, WRITERS);
    there = at_disk;
    let_go(0, WRITERS);
    assert_int_equal(there, WRITERS);
    assert_int_equal(turns, 0);
}

static void once_records_stop_nobody_waits_for_who_is_writing(void **state)
{
    unsigned there;

    (void)state;
    blob_disk_share(true);
    start(0, 1);
    blob_disk_share(false);
    start(1, WRITERS - 1);
    there = at_disk;
    let_go(0, WRITERS);
    assert_int_equal(there, WRITERS);
    assert_int_equal(queued, 0);
}

static void a_turn_is_given_back_though_records_have_stopped(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        is_gated = true;
        blob_disk_share(true);
        start(i, 1);
        assert_int_equal(queued, 0); /* else it waits for ever */
        blob_disk_share(false);
        let_go(i, 1);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(while_records_come_one_writes_at_a_time),
        T(otherwise_all_write_at_once),
        T(once_records_stop_nobody_waits_for_who_is_writing),
        T(a_turn_is_given_back_though_records_have_stopped),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
