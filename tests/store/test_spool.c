/* Rows go in anyhow and come out sorted, each key as it was said last. */
#include "fixture.h"

#include <dirent.h>

#include "store/spool.h"

#define ROWS_MAX 200000 /* more than three runs */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static int compare(const void *left, const void *right)
{
    const struct spool_row *a = left;
    const struct spool_row *b = right;
    int order;

    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    order = bytes_compare((struct bytes){ a->key, a->key_len },
                          (struct bytes){ b->key, b->key_len });
    return order != 0 ? order : a->seq < b->seq ? -1 : 1;
}

/* Row number `i`: few enough keys that many are said more than once. */
static struct spool_row row_of(uint64_t i, uint64_t *seed)
{
    struct key key = key_of_u64(next_random(seed) % 150000);
    struct spool_row row;

    if (next_random(seed) % 2 == 0)
        key_add_u64(&key, 7); /* a longer key than its neighbour */
    row = spool_row_of((unsigned)(next_random(seed) % 3), &key);
    row.gone = next_random(seed) % 5 == 0;
    row.seq = i;
    row.bytes = ~i;
    return row;
}

/* Whether `rows[i]` is what was said last of its key. */
static bool counts(const struct spool_row *rows, size_t n, size_t i)
{
    return !rows[i].gone &&
           (i + 1 == n || rows[i].table != rows[i + 1].table ||
            rows[i].key_len != rows[i + 1].key_len ||
            memcmp(rows[i].key, rows[i + 1].key, rows[i].key_len) != 0);
}

static void check_spool(const char *dir, size_t n)
{
    struct spool_row *rows = calloc(n + 1, sizeof *rows);
    struct spool *spool;
    struct spool_row row;
    uint64_t seed = n;

    assert_non_null(rows);
    assert_int_equal(spool_new(&spool, dir), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        rows[i] = row_of(i, &seed);
        assert_int_equal(spool_add(spool, &rows[i]), ERR_OK);
    }
    assert_int_equal(spool_count(spool), n);
    qsort(rows, n, sizeof *rows, compare);
    assert_int_equal(spool_sort(spool), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        if (!counts(rows, n, i))
            continue;
        assert_int_equal(spool_next(spool, &row), ERR_OK);
        row.order = rows[i].order;
        assert_memory_equal(&row, &rows[i], sizeof row);
    }
    assert_int_equal(spool_next(spool, &row), ERR_NOT_FOUND);
    assert_int_equal(spool_next(spool, &row), ERR_NOT_FOUND);
    spool_free(spool);
    free(rows);
}

static void any_number_of_rows_comes_out_sorted(void **state)
{
    static const size_t COUNTS[] = { 0,     1,     2,         65535,
                                     65536, 65537, 2 * 65536, ROWS_MAX };
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++)
        check_spool(f.dir, COUNTS[i]);
    fixture_close(&f);
}

static void
no_file_stays_and_none_is_made_where_there_is_no_folder(void **state)
{
    struct spool *spool;
    struct dirent *entry;
    struct fixture f;
    DIR *dir;

    (void)state;
    fixture_open(&f);
    assert_int_equal(spool_new(&spool, f.dir), ERR_OK);
    dir = opendir(f.dir);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        assert_int_not_equal(strncmp(entry->d_name, "rebuild", 7), 0);
    closedir(dir);
    spool_free(spool);
    assert_int_equal(spool_new(&spool, fixture_path(&f, "absent")), ERR_IO);
    spool_free(NULL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_rows_comes_out_sorted),
        cmocka_unit_test(
            no_file_stays_and_none_is_made_where_there_is_no_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
