/* Files that end before the last page that LMDB counts. */
#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/env.h"
#include "store/key.h"

#define KEPT_KEYS 400
#define MAP_BYTES ((uint64_t)64 << 20)

static const char *const TABLES[] = { "one", "two" };

struct file {
    char dir[64];
    char path[80];
    struct env *env;
};

static enum err try_open(struct file *f)
{
    return env_open(&f->env, f->path, TABLES, 2, MAP_BYTES, true);
}

static struct txn *begin(struct file *f)
{
    struct txn *txn;

    assert_int_equal(txn_begin(&txn, f->env, true), ERR_OK);
    return txn;
}

static void put_row(struct txn *txn, unsigned table, uint64_t number)
{
    uint8_t value[700];
    struct key key = key_of_u64(number);

    memset(value, (int)(number % 251), sizeof value);
    assert_int_equal(txn_put(txn, table, key_view(&key),
                             (struct bytes){ value, 1 + number % 700 }),
                     ERR_OK);
}

static off_t length(const struct file *f)
{
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    return st.st_size;
}

static int setup(void **state)
{
    struct file *f = calloc(1, sizeof *f);
    struct txn *txn;

    assert_non_null(f);
    strcpy(f->dir, "/tmp/troupe-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/a.mdb", f->dir);
    assert_int_equal(try_open(f), ERR_OK);
    txn = begin(f);
    for (uint64_t i = 0; i < KEPT_KEYS; i++)
        put_row(txn, 0, i);
    assert_int_equal(txn_commit(txn), ERR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct file *f = *state;
    char lock[96];

    env_close(f->env);
    (void)snprintf(lock, sizeof lock, "%s-lock", f->path);
    (void)unlink(lock);
    (void)unlink(f->path);
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

/* In one transaction: values of more than a page come, and go. */
static void come_and_go(struct file *f, uint64_t count)
{
    static const uint8_t value[5000];
    struct txn *txn = begin(f);

    for (uint64_t i = 0; i < count; i++) {
        struct key key = key_of_u64(i);

        assert_int_equal(txn_put(txn, 1, key_view(&key),
                                 (struct bytes){ value, sizeof value }),
                         ERR_OK);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct key key = key_of_u64(i);

        assert_int_equal(txn_delete(txn, 1, key_view(&key)), ERR_OK);
    }
    assert_int_equal(txn_commit(txn), ERR_OK);
}

static void check_kept(struct file *f)
{
    struct txn *txn;

    assert_int_equal(txn_begin(&txn, f->env, false), ERR_OK);
    for (uint64_t i = 0; i < KEPT_KEYS; i++) {
        struct key key = key_of_u64(i);
        struct bytes value;

        assert_int_equal(txn_get(txn, 0, key_view(&key), &value), ERR_OK);
        assert_int_equal(value.len, 1 + i % 700);
        assert_int_equal(value.data[value.len - 1], i % 251);
    }
    txn_abort(txn);
}

/* Closes, opens, and tells whether the file had been short. */
static bool reopen(struct file *f)
{
    off_t before;
    off_t after;

    env_close(f->env);
    f->env = NULL;
    before = length(f);
    assert_int_equal(try_open(f), ERR_OK);
    after = length(f);
    assert_true(after >= before);
    return after > before;
}

static void a_file_that_lacks_free_pages_alone_is_opened(void **state)
{
    struct file *f = *state;
    unsigned times_short = 0;

    for (uint64_t round = 1; round < 30; round++) {
        come_and_go(f, 7 * round);
        times_short += reopen(f);
        check_kept(f);
    }
    assert_true(times_short > 1);
}

static void its_pages_are_used_again(void **state)
{
    struct file *f = *state;
    struct txn *txn;

    for (uint64_t round = 1; !reopen(f); round++) {
        assert_true(round < 30);
        come_and_go(f, 7 * round);
    }
    txn = begin(f);
    for (uint64_t i = 0; i < 3000; i++)
        put_row(txn, 1, i);
    assert_int_equal(txn_commit(txn), ERR_OK);
    check_kept(f);
    (void)reopen(f);
    check_kept(f);
}

static void a_file_cut_anywhere_is_refused_and_left_as_it_is(void **state)
{
    struct file *f = *state;
    off_t whole;

    env_close(f->env);
    f->env = NULL;
    whole = length(f);
    for (off_t len = whole - 1; len > 2 * 4096; len -= 1733) {
        assert_int_equal(truncate(f->path, len), 0);
        assert_int_equal(try_open(f), ERR_CORRUPT);
        assert_int_equal(length(f), len);
    }
}

/* What is cut off lies before the pages that are missing by right. */
static void a_file_short_by_right_and_cut_is_refused(void **state)
{
    struct file *f = *state;
    off_t whole;

    come_and_go(f, 50);
    env_close(f->env);
    f->env = NULL;
    whole = length(f);
    for (off_t len = 2 * 4096 + 1; len < whole / 2; len += 4001) {
        assert_int_equal(truncate(f->path, len), 0);
        assert_int_equal(try_open(f), ERR_CORRUPT);
        assert_int_equal(length(f), len);
    }
}

/* What table 1 is to have: the length of each row, 0 where there is none. */
#define MODEL_KEYS 700

static void agrees(struct txn *txn, const size_t model[MODEL_KEYS])
{
    struct key first = key_of_u64(0);
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes value;
    struct bytes at;

    assert_int_equal(cursor_open(&cursor, txn, 1), ERR_OK);
    for (uint64_t i = 0; i < MODEL_KEYS; i++) {
        struct key key = key_of_u64(i);

        if (model[i] == 0)
            continue;
        assert_int_equal(
            cursor_move(cursor, step, key_view(&first), &at, &value), ERR_OK);
        assert_true(bytes_equal(at, key_view(&key)));
        assert_int_equal(value.len, model[i]);
        step = CURSOR_NEXT;
    }
    assert_int_equal(cursor_move(cursor, step, key_view(&first), &at, &value),
                     ERR_NOT_FOUND);
    cursor_close(cursor);
}

static void step_at(struct txn *txn, size_t model[MODEL_KEYS], uint64_t i,
                    unsigned what, size_t len)
{
    static const uint8_t content[900];
    struct key key = key_of_u64(i);
    struct bytes value = { content, len };
    struct bytes there;
    enum err e;

    switch (what) {
    case 0:
    case 1:
        assert_int_equal(txn_put(txn, 1, key_view(&key), value), ERR_OK);
        model[i] = len;
        break;
    case 2:
        e = txn_put_new(txn, 1, key_view(&key), value, &there);
        assert_int_equal(e, model[i] == 0 ? ERR_OK : ERR_EXISTS);
        if (e == ERR_EXISTS)
            assert_int_equal(there.len, model[i]);
        else
            model[i] = len;
        break;
    case 3:
        e = txn_delete(txn, 1, key_view(&key));
        assert_int_equal(e, model[i] == 0 ? ERR_NOT_FOUND : ERR_OK);
        model[i] = 0;
        break;
    default:
        e = txn_get(txn, 1, key_view(&key), &there);
        assert_int_equal(e, model[i] == 0 ? ERR_NOT_FOUND : ERR_OK);
        if (e == ERR_OK)
            assert_int_equal(there.len, model[i]);
    }
}

/* Runs of neighbours and leaps, in changes of any length, one undone. */
static void a_table_agrees_with_an_array_after_any_steps(void **state)
{
    struct file *f = *state;
    size_t model[MODEL_KEYS] = { 0 };
    size_t kept[MODEL_KEYS] = { 0 };
    uint64_t random = 1;
    uint64_t i = 0;
    struct txn *txn = begin(f);

    for (unsigned n = 0; n < 60000; n++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        i = random >> 60 == 0 ? (random >> 20) % MODEL_KEYS
                              : (i + 1) % MODEL_KEYS;
        step_at(txn, model, i, (unsigned)(random >> 40 & 7),
                1 + (size_t)(random >> 32) % 900);
        if (random >> 54 != 0)
            continue;
        agrees(txn, model);
        if (n % 3 == 0) {
            txn_abort(txn);
            memcpy(model, kept, sizeof model);
        } else {
            assert_int_equal(txn_commit(txn), ERR_OK);
            memcpy(kept, model, sizeof kept);
        }
        txn = begin(f);
        agrees(txn, model);
        if (n % 5 == 0) {
            assert_int_equal(txn_clear(txn, 1), ERR_OK);
            memset(model, 0, sizeof model);
        }
    }
    agrees(txn, model);
    txn_abort(txn);
    check_kept(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_file_that_lacks_free_pages_alone_is_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(its_pages_are_used_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_file_cut_anywhere_is_refused_and_left_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_file_short_by_right_and_cut_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_table_agrees_with_an_array_after_any_steps, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
