/* Pages of a table: where they begin, where they end, and what stops them. */
#include "fixture.h"

#include <stdio.h>

#include "store/page.h"

static const char *const TABLES[] = { "rows" };

static char dir[64];
static struct env *env;
static struct txn *txn;

/* Two numbers a key: 1 to 3 of three groups. */
static int open_rows(void **state)
{
    char path[80];

    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/troupe-page-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/rows.mdb", dir);
    assert_int_equal(env_open(&env, path, TABLES, 1, 1 << 20, true), ERR_OK);
    assert_int_equal(txn_begin(&txn, env, true), ERR_OK);
    for (uint64_t group = 1; group <= 3; group++)
        for (uint64_t i = 1; i <= 3; i++) {
            struct key key = key_of_u64(group);

            key_add_u64(&key, i);
            assert_int_equal(txn_put(txn, 0, key_view(&key), key_view(&key)),
                             ERR_OK);
        }
    return 0;
}

static int close_rows(void **state)
{
    (void)state;
    txn_abort(txn);
    env_close(env);
    fixture_remove_tree(dir);
    return 0;
}

/* Reads two digits: group and number. */
static enum err read_two(void *context, size_t at, struct bytes key,
                         struct bytes value)
{
    unsigned *out = context;

    assert_true(bytes_equal(key, value));
    out[at] = 10u * key.data[7] + key.data[15];
    return ERR_OK;
}

static void rows_come_in_order_after_the_one_before(void **state)
{
    struct page page = { .txn = txn, .read = read_two };
    unsigned got[16];
    struct key last;
    size_t n;

    (void)state;
    page.context = got;
    page.from = key_of_u64(0);
    assert_int_equal(page_read(&page, 4, &n), ERR_OK);
    assert_int_equal(n, 4);
    assert_int_equal(got[0], 11);
    assert_int_equal(got[3], 21);
    last = key_of_u64(2);
    key_add_u64(&last, 1);
    page.from = page_after(&last);
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 5);
    assert_int_equal(got[0], 22);
    assert_int_equal(got[4], 33);
    page.from = key_of_u64(4);
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 0);
}

static void a_page_ends_behind_what_begins_with_its_last_key(void **state)
{
    struct page page = { .txn = txn,
                         .from = key_of_u64(2),
                         .until = key_of_u64(2),
                         .read = read_two };
    unsigned got[16];
    size_t n;

    (void)state;
    page.context = got;
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(got[0], 21);
    assert_int_equal(got[2], 23);
    page.until = key_of_u64(9);
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 6);
    assert_int_equal(got[5], 33);
    page.until = key_of_u64(1);
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 0);
}

static void rows_are_counted_without_a_reader(void **state)
{
    struct page page = { .txn = txn,
                         .from = key_of_u64(2),
                         .until = key_of_u64(2) };
    size_t n;

    (void)state;
    assert_int_equal(page_read(&page, 2, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(page_read(&page, 16, &n), ERR_OK);
    assert_int_equal(n, 3);
}

/* Says so of the second row. */
static enum err fail_second(void *context, size_t at, struct bytes key,
                            struct bytes value)
{
    (void)key;
    (void)value;
    return at == 1 ? *(enum err *)context : ERR_OK;
}

static void what_the_reader_says_of_a_row_is_the_answer(void **state)
{
    struct page page = { .txn = txn,
                         .from = key_of_u64(0),
                         .read = fail_second };
    enum err errs[] = { ERR_CORRUPT, ERR_NOT_FOUND };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t n = 77;

        page.context = &errs[i];
        assert_int_equal(page_read(&page, 16, &n), errs[i]);
        assert_int_equal(n, 77);
        assert_int_equal(page_read(&page, 1, &n), ERR_OK);
        assert_int_equal(n, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order_after_the_one_before),
        cmocka_unit_test(a_page_ends_behind_what_begins_with_its_last_key),
        cmocka_unit_test(rows_are_counted_without_a_reader),
        cmocka_unit_test(what_the_reader_says_of_a_row_is_the_answer),
    };

    return cmocka_run_group_tests(tests, open_rows, close_rows);
}
