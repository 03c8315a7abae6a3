/*
 * What a crash leaves: a child that stores and reports what was acknowledged
 * is killed at any moment; all that it reported is there, and the trees have
 * just that.  The same while an index is made anew.  And what a full disk
 * leaves: the old state.
 */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/verify.h"

#define ROUNDS 8
#define BATCH  5

/* One topic has everything, so that its tree grows. */
static const uint8_t TOPIC[ID_LEN] = { 5, 5, 5 };

static struct sketch sketch_of(uint32_t number)
{
    return (struct sketch){ .number = number,
                            .topic = TOPIC,
                            .created_ms = DAY0 + number * 7919 % 100003 * 1000,
                            .text_len = 300 };
}

/* Stores batches for ever; after each, tells the number of the last record. */
static void child_store(const char *dir, uint32_t first, int out)
{
    struct fixture f = { .store = NULL };

    snprintf(f.dir, sizeof f.dir, "%s", dir);
    assert_int_equal(store_batch_new(&f.batch), ERR_OK);
    fixture_reopen(&f);
    for (uint32_t number = first;; number += BATCH) {
        uint64_t seq;

        store_batch_clear(f.batch);
        for (uint32_t i = 0; i < BATCH; i++) {
            struct sketch sketch = sketch_of(number + i);
            struct made made = record_of(&sketch);

            assert_int_equal(store_batch_put_record(f.batch, &made.record,
                                                    made.record.certificate,
                                                    number + i),
                             ERR_OK);
            made_free(&made);
        }
        assert_int_equal(store_apply(f.store, f.batch), ERR_OK);
        seq = store_batch_result(f.batch, BATCH - 1)->seq;
        if (write(out, &seq, sizeof seq) != sizeof seq)
            _exit(1);
    }
}

/* Lets a child run for `acks` batches and kills it in the middle of more. */
static uint64_t run_and_kill(const char *dir, uint32_t first, unsigned acks)
{
    uint64_t last = 0;
    uint64_t seq;
    int pipes[2];
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child_store(dir, first, pipes[1]);
    }
    close(pipes[1]);
    for (unsigned i = 0; i < acks; i++) {
        assert_int_equal(read(pipes[0], &seq, sizeof seq), sizeof seq);
        last = seq;
    }
    kill(pid, SIGKILL);
    /* What it still said before it died counts as well. */
    while (read(pipes[0], &seq, sizeof seq) == sizeof seq)
        last = seq;
    close(pipes[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return last;
}

static void assert_all_verified(struct store *store)
{
    static struct store_finding findings[1000];
    struct blob_progress progress = { 0 };
    struct store_verify *verify;
    bool done = false;
    size_t n;

    assert_int_equal(store_verify_new(&verify, store, true), ERR_OK);
    while (!done) {
        assert_int_equal(
            store_verify_step(verify, findings, 1000, &n, &done, &progress),
            ERR_OK);
        assert_int_equal(n, 0);
    }
    store_verify_free(verify);
}

/* Everything is in the topic's tree, and nothing else. */
static void assert_tree_has_all(struct store *store)
{
    struct store_totals totals;
    struct store_topic_size size;

    assert_all_verified(store); /* each record is there, and sums are right */
    assert_int_equal(store_totals(store, &totals), ERR_OK);
    assert_int_equal(store_topic_size(store, TOPIC, &size), ERR_OK);
    assert_int_equal(size.count, totals.records);
    assert_int_equal(size.bytes, totals.bytes);
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct store_totals totals;
    struct fixture f;
    uint64_t stored = 0;

    (void)state;
    fixture_open(&f);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t acknowledged;

        store_close(f.store);
        f.store = NULL;
        acknowledged = run_and_kill(f.dir, 100000 * round, 1 + round * 3);
        fixture_reopen(&f);
        assert_int_equal(store_totals(f.store, &totals), ERR_OK);
        assert_true(totals.last_seq >= acknowledged);
        assert_true(totals.records == totals.last_seq);
        assert_true((totals.last_seq - stored) % BATCH == 0); /* none is half */
        stored = totals.last_seq;
        assert_tree_has_all(f.store);
    }
    fixture_close(&f);
}

/* ---- A crash while the index is made anew ------------------------------ */

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
    const int *out = arg;

    (void)total;
    if (write(*out, &done, sizeof done) != sizeof done)
        _exit(1);
}

/* Opens the store and tells each step of it. */
static void child_open(const char *dir, int out)
{
    struct store_options options;
    struct store *store;

    fixture_options(&options);
    options.progress = on_progress;
    options.progress_arg = &out;
    _exit(store_open(&store, dir, &options) == ERR_OK ? 0 : 1);
}

/* Kills it after so many steps; whether it got that far. */
static bool open_and_kill(const char *dir, unsigned steps)
{
    uint64_t done;
    int pipes[2];
    unsigned n = 0;
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child_open(dir, pipes[1]);
    }
    close(pipes[1]);
    while (n < steps && read(pipes[0], &done, sizeof done) == sizeof done)
        n++;
    kill(pid, SIGKILL);
    close(pipes[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return n == steps;
}

static void an_index_half_made_is_begun_again(void **state)
{
    struct store_totals totals;
    struct fixture f;
    uint64_t stored;
    unsigned steps = 1;

    (void)state;
    fixture_open(&f);
    for (unsigned batch = 0; batch < 5; batch++) {
        store_batch_clear(f.batch);
        for (uint32_t i = 0; i < 500; i++) {
            struct sketch sketch = sketch_of(batch * 500 + i);
            struct made made = record_of(&sketch);

            assert_int_equal(store_batch_put_record(f.batch, &made.record,
                                                    made.record.certificate, 0),
                             ERR_OK);
            made_free(&made);
        }
        apply(&f);
    }
    assert_int_equal(store_totals(f.store, &totals), ERR_OK);
    stored = totals.records;
    for (bool more = true; more; steps++) {
        store_close(f.store);
        f.store = NULL;
        assert_int_equal(remove(fixture_path(&f, "index.mdb")), 0);
        assert_true(open_and_kill(f.dir, 1));
        more = open_and_kill(f.dir, steps); /* once more, and farther */
        fixture_reopen(&f);
        assert_tree_has_all(f.store);
        assert_int_equal(store_totals(f.store, &totals), ERR_OK);
        assert_int_equal(totals.records, stored);
    }
    assert_true(steps > 3); /* records, more records, rows */
    fixture_close(&f);
}

/* ---- A full disk ------------------------------------------------------- */

/*
 * A limit on the size of files stands in for the disk's end: writes beyond it
 * fail as they would there.
 */
static void a_full_disk_leaves_the_old_state(void **state)
{
    struct rlimit unlimited;
    struct rlimit limited;
    struct store_totals totals;
    struct fixture f;
    enum err e = ERR_OK;
    uint32_t stored = 0;
    uint8_t id[ID_LEN];

    (void)state;
    fixture_open(&f);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    limited = unlimited;
    limited.rlim_cur = 2 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    while (e == ERR_OK && stored < 1000) {
        struct made made =
            record_of(&(struct sketch){ .number = stored, .text_len = 50000 });

        store_batch_clear(f.batch);
        assert_int_equal(store_batch_put_record(f.batch, &made.record,
                                                made.record.certificate, 0),
                         ERR_OK);
        e = store_apply(f.store, f.batch);
        stored += e == ERR_OK;
        made_free(&made);
    }
    /* A write that ends halfway is no more than a failed one to LMDB. */
    assert_true(e == ERR_NO_SPACE || e == ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    store_refresh(f.store);
    assert_int_equal(store_totals(f.store, &totals), ERR_OK);
    assert_int_equal(totals.records, stored);
    if (store_failed(f.store))
        assert_int_equal(store_reopen(f.store), ERR_OK);
    put(&f, &(struct sketch){ .number = 5000 }, id); /* and it goes on */
    assert_int_equal(store_totals(f.store, &totals), ERR_OK);
    assert_int_equal(totals.records, stored + 1);
    fixture_reopen(&f);
    assert_all_verified(f.store);
    fixture_close(&f);
}

static off_t length(const struct fixture *f, const char *name)
{
    struct stat st;

    assert_int_equal(stat(fixture_path(f, name), &st), 0);
    return st.st_size;
}

/* Applies `count` records in one batch; the id of the last one. */
static void put_many(struct fixture *f, uint32_t from, uint32_t count,
                     uint8_t last[ID_LEN])
{
    store_batch_clear(f->batch);
    for (uint32_t i = from; i < from + count; i++) {
        struct made made =
            record_of(&(struct sketch){ .number = i, .topic = TOPIC });

        assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                                made.record.certificate, i),
                         ERR_OK);
        memcpy(last, made.record.id, ID_LEN);
        made_free(&made);
    }
    apply(f);
}

/*
 * Files may not grow past the index, which is the longer one of the two: some
 * commit finds no room for the index, and room for the records.  Returns how
 * many records there are then.
 */
static uint32_t fall_behind(struct fixture *f, struct rlimit *unlimited,
                            uint8_t last[ID_LEN])
{
    struct rlimit limited;
    uint32_t stored = 0;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, unlimited), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (; length(f, "index.mdb") < length(f, "records.mdb") + (256 << 10);
         stored += 500)
        put_many(f, stored, 500, last);
    limited = *unlimited;
    limited.rlim_cur = (rlim_t)length(f, "index.mdb");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    for (; !store_is_behind(f->store); stored++)
        put_many(f, stored, 1, last);
    return stored;
}

static void check_there(struct fixture *f, const uint8_t id[ID_LEN])
{
    struct store_item item;

    store_refresh(f->store);
    assert_int_equal(store_find(f->store, id, &item), ERR_OK);
}

static void an_index_without_room_is_caught_up_with_later(void **state)
{
    struct rlimit unlimited;
    struct store_item item;
    struct fixture f;
    uint8_t last[ID_LEN];

    (void)state;
    fixture_open(&f);
    (void)fall_behind(&f, &unlimited, last);
    store_refresh(f.store);
    assert_int_equal(store_find(f.store, last, &item), ERR_NOT_FOUND);
    assert_int_not_equal(store_catch_up(f.store), ERR_OK);
    assert_true(store_is_behind(f.store));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_false(store_failed(f.store));
    assert_int_equal(store_catch_up(f.store), ERR_OK);
    assert_false(store_is_behind(f.store));
    check_there(&f, last);
    assert_all_verified(f.store);
    fixture_close(&f);
}

static void an_index_that_missed_a_change_is_made_anew(void **state)
{
    struct rlimit unlimited;
    struct fixture f;
    uint8_t last[ID_LEN];
    uint8_t other[ID_LEN];
    uint32_t stored;

    (void)state;
    fixture_open(&f);
    stored = fall_behind(&f, &unlimited, last);
    store_batch_clear(f.batch);
    assert_int_equal(store_batch_erase(f.batch, last, true), ERR_OK);
    assert_int_equal(store_apply(f.store, f.batch), ERR_OK);
    assert_true(store_is_behind(f.store));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_true(store_failed(f.store)); /* catching up has found it out */
    assert_int_equal(store_apply(f.store, f.batch), ERR_IO);
    assert_int_equal(store_reopen(f.store), ERR_OK);
    assert_false(store_failed(f.store));
    check_there(&f, last);
    put_many(&f, stored, 1, other);
    check_there(&f, other);
    assert_all_verified(f.store);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_kill),
        cmocka_unit_test(an_index_half_made_is_begun_again),
        cmocka_unit_test(a_full_disk_leaves_the_old_state),
        cmocka_unit_test(an_index_without_room_is_caught_up_with_later),
        cmocka_unit_test(an_index_that_missed_a_change_is_made_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
