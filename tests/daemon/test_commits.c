/* The one writer: what goes together, in which order, and who makes way. */
#include "tests/store/fixture.h"

#include "daemon/commits.h"
#include "store/blob_disk.h"
#include "store/internal.h"

enum { TOLD_MAX = 8 };

static struct fixture f;
static uv_loop_t loop;
static uint64_t now_ms;
static struct commits *commits;
static char told[TOLD_MAX + 1]; /* who was told, in order */
static enum err told_err[TOLD_MAX];

/* The time is the test's. */
uint64_t uv_now(const uv_loop_t *of)
{
    (void)of;
    return now_ms;
}

static void note(char who, enum err e)
{
    size_t n = strlen(told);

    assert_true(n < TOLD_MAX);
    told[n] = who;
    told_err[n] = e;
}

static void on_done(void *context, enum err e,
                    const struct store_result *result)
{
    assert_true((result != NULL) == (e == ERR_OK));
    note(*(const char *)context, e);
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    note(*(const char *)context, e);
    store_batch_free(batch);
}

static int begin(void **state)
{
    (void)state;
    fixture_open(&f);
    now_ms = 100000;
    memset(told, 0, sizeof told);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(commits_open(&commits, &loop, f.store), ERR_OK);
    return 0;
}

static void want(struct store_batch *batch, uint8_t root)
{
    struct store_want want = { .blob = { .root = { root }, .size = 10 },
                               .why = STORE_WHY_SEED };

    assert_int_equal(store_batch_want(batch, &want), ERR_OK);
}

/* An operation, of which that letter is to be told. */
static void do_one(const char *who)
{
    struct store_batch *batch;

    assert_int_equal(commits_batch(commits, &batch), ERR_OK);
    want(batch, (uint8_t)*who);
    commits_expect(commits, on_done, (void *)(uintptr_t)who);
}

/* A whole batch that somebody else has made. */
static void give_one(const char *who)
{
    struct store_batch *batch;

    assert_int_equal(store_batch_new(&batch), ERR_OK);
    want(batch, (uint8_t)*who);
    commits_give(commits, batch, on_applied, (void *)(uintptr_t)who);
}

/* One commit after the other, as the loop turns. */
static void run_all(void)
{
    while (!commits_is_idle(commits)) {
        commits_flush(commits, false);
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
}

static int end(void **state)
{
    (void)state;
    run_all(); /* if a test has failed before it did */
    commits_close(commits);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    fixture_close(&f);
    return 0;
}

static unsigned wants_stored(void)
{
    static const uint8_t nowhere[ID_LEN];
    struct store_want found[TOLD_MAX];
    size_t n;

    assert_int_equal(
        store_wants_of(f.store, nowhere, NULL, found, TOLD_MAX, &n), ERR_OK);
    return (unsigned)n;
}

/* ---- What goes together ------------------------------------------------- */

static void nobody_is_told_before_it_is_stored(void **state)
{
    (void)state;
    do_one("a");
    do_one("b");
    assert_false(commits_is_idle(commits));
    commits_flush(commits, false);
    assert_string_equal(told, "");
    run_all();
    assert_string_equal(told, "ab");
    assert_int_equal(told_err[0] | told_err[1], ERR_OK);
    assert_int_equal(wants_stored(), 2);
}

static void each_is_told_in_order_and_a_given_batch_between(void **state)
{
    (void)state;
    do_one("a");
    commits_flush(commits, false); /* the writer has it */
    do_one("b");
    do_one("c");
    give_one("d");
    do_one("e");
    run_all();
    assert_string_equal(told, "abcde");
    assert_int_equal(wants_stored(), 5);
}

static void a_batch_waits_for_what_is_about_to_come_but_not_long(void **state)
{
    (void)state;
    do_one("a");
    now_ms += COMMITS_GATHER_MS - 1;
    commits_flush(commits, true);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    do_one("b"); /* still with it */
    now_ms += 1;
    commits_flush(commits, true);
    do_one("c");
    (void)uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(told, "ab");
    run_all();
    assert_string_equal(told, "abc");
}

static void what_cannot_be_stored_fails_for_all_of_its_batch(void **state)
{
    (void)state;
    f.store->options.reserve_bytes = UINT64_MAX;
    do_one("a");
    do_one("b");
    run_all();
    f.store->options.reserve_bytes = 1;
    assert_string_equal(told, "ab");
    assert_int_equal(told_err[0], ERR_NO_SPACE);
    assert_int_equal(told_err[1], ERR_NO_SPACE);
    assert_int_equal(wants_stored(), 0);
    do_one("c");
    run_all();
    assert_int_equal(told_err[2], ERR_OK);
}

/* ---- Who makes way ------------------------------------------------------ */

static bool is_shared(void)
{
    return blob_disk_piece() < BLOB_SPAN_LEN;
}

static void the_disk_is_shared_until_a_moment_after_a_record(void **state)
{
    (void)state;
    commits_flush(commits, false);
    assert_false(is_shared());
    commits_hurry(commits);
    assert_true(is_shared());
    now_ms += COMMITS_SHARE_MS - 1;
    commits_flush(commits, false);
    assert_true(is_shared());
    commits_hurry(commits); /* another one */
    now_ms += COMMITS_SHARE_MS - 1;
    commits_flush(commits, false);
    assert_true(is_shared());
    now_ms += 1;
    commits_flush(commits, false);
    assert_false(is_shared());
}

static void the_disk_is_not_shared_for_other_operations(void **state)
{
    (void)state;
    do_one("a");
    run_all();
    assert_false(is_shared());
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(nobody_is_told_before_it_is_stored),
        T(each_is_told_in_order_and_a_given_batch_between),
        T(a_batch_waits_for_what_is_about_to_come_but_not_long),
        T(what_cannot_be_stored_fails_for_all_of_its_batch),
        T(the_disk_is_shared_until_a_moment_after_a_record),
        T(the_disk_is_not_shared_for_other_operations),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
