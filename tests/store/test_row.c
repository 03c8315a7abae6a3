/* Rows that were damaged are refused, each way, and never crash a reader. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "store/internal.h"

/* Reads a row; the key is that of a table. */
typedef enum err (*read_fn)(struct bytes key, struct bytes value);

static enum err read_record(struct bytes key, struct bytes value)
{
    struct row_record out;

    (void)key;
    return row_record_read(&out, value);
}

static enum err read_follow(struct bytes key, struct bytes value)
{
    struct store_follow out;

    return row_follow_read(&out, key, value);
}

static enum err read_want(struct bytes key, struct bytes value)
{
    struct store_want out;

    return row_want_read(&out, key, value);
}

static enum err read_totals(struct bytes key, struct bytes value)
{
    struct row_totals out;

    (void)key;
    return row_totals_read(&out, value);
}

/* The whole row is read; each truncation, a byte more, another format not. */
static void check(read_fn read, struct bytes key, struct bytes value)
{
    for (size_t len = 0; len <= value.len + 1; len++) {
        uint8_t *copy = calloc(1, len + 1); /* so that ASan sees the end */

        memcpy(copy, value.data, len < value.len ? len : value.len);
        assert_int_equal(read(key, (struct bytes){ copy, len }),
                         len == value.len ? ERR_OK : ERR_CORRUPT);
        if (len == value.len) {
            copy[0] = 2;
            assert_int_equal(read(key, (struct bytes){ copy, len }),
                             ERR_CORRUPT);
        }
        free(copy);
    }
}

static void damaged_record_rows_are_refused(void **state)
{
    struct made made = record_of(&(struct sketch){ .text_len = 40 });
    struct writer w = writer_growing(RECORD_LEN_MAX);

    (void)state;
    row_record_write(&w, &(struct row_record){ .held = true,
                                               .account = STORE_ACCOUNT_BOARD,
                                               .received_ms = 1,
                                               .record = made.record });
    check(read_record, (struct bytes){ 0 }, writer_view(&w));
    w.data[1] = 2; /* a body without being held */
    assert_int_equal(read_record((struct bytes){ 0 }, writer_view(&w)),
                     ERR_CORRUPT);
    w.data[1] = 3 | 3 << 2; /* no such account */
    assert_int_equal(read_record((struct bytes){ 0 }, writer_view(&w)),
                     ERR_CORRUPT);
    writer_free(&w);
    made_free(&made);
}

static void damaged_rows_of_the_daemon_are_refused(void **state)
{
    struct store_follow follow = { .policy = STORE_POLICY_SEED };
    struct store_want want = { .why = STORE_WHY_SEED,
                               .blob = { .root = { 1 }, .size = 5 } };
    struct row_totals totals = { .last_seq = 1 };
    struct writer w = writer_growing(256);
    struct key key = key_of_id(want.topic);

    (void)state;
    row_follow_write(&w, &follow);
    check(read_follow, (struct bytes){ follow.topic, ID_LEN }, writer_view(&w));
    w.data[1] = 9; /* no such policy */
    assert_int_equal(
        read_follow((struct bytes){ follow.topic, ID_LEN }, writer_view(&w)),
        ERR_CORRUPT);
    writer_reset(&w);
    key_add_blob(&key, &want.blob);
    row_want_write(&w, &want);
    check(read_want, key_view(&key), writer_view(&w));
    writer_reset(&w);
    row_totals_write(&w, &totals);
    check(read_totals, (struct bytes){ 0 }, writer_view(&w));
    writer_free(&w);
}

static void external_rows_name_an_absolute_path(void **state)
{
    static const char *const PATHS[] = { "/a", "a", "", "/a\0b" };
    static const size_t LENS[] = { 2, 1, 0, 4 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct row_external row = { .path = { (const uint8_t *)PATHS[i],
                                              LENS[i] } };
        struct row_external out;
        struct writer w = writer_growing(64);

        row_external_write(&w, &row);
        assert_int_equal(row_external_read(&out, writer_view(&w)),
                         i == 0 ? ERR_OK : ERR_CORRUPT);
        writer_free(&w);
    }
}

/* Puts a value straight into a table, behind the store's back. */
static void damage(struct fixture *f, struct env *env, unsigned table,
                   struct bytes key, struct bytes value)
{
    struct txn *txn;

    store_refresh(f->store);
    assert_int_equal(txn_begin(&txn, env, true), ERR_OK);
    assert_int_equal(txn_put(txn, table, key, value), ERR_OK);
    assert_int_equal(txn_commit(txn), ERR_OK);
}

static void a_damaged_record_costs_no_other(void **state)
{
    struct key first = key_of_u64(1);
    struct store_scan scan;
    struct store_item items[4];
    struct store_totals totals;
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct fixture f;
    uint8_t ids[3][ID_LEN];
    size_t n;

    (void)state;
    fixture_open(&f);
    for (uint32_t i = 0; i < 3; i++)
        put(&f, &(struct sketch){ .number = i }, ids[i]);
    damage(&f, f.store->records, T_RECORDS, key_view(&first),
           BYTES_LITERAL("\1\3junk"));
    assert_int_equal(store_read(f.store, ids[0], true, &w, NULL), ERR_CORRUPT);
    assert_int_equal(store_read(f.store, ids[1], true, &w, NULL), ERR_OK);
    store_scan_by_seq(&scan, 0);
    assert_int_equal(store_scan_next(f.store, &scan, items, 4, &n),
                     ERR_CORRUPT);
    store_scan_by_seq(&scan, 1);
    assert_int_equal(store_scan_next(f.store, &scan, items, 4, &n), ERR_OK);
    assert_int_equal(n, 2);
    /* The index is made anew without it. */
    assert_int_equal(unlink(fixture_path(&f, "index.mdb")), 0);
    fixture_reopen(&f);
    assert_int_equal(store_totals(f.store, &totals), ERR_OK);
    assert_int_equal(totals.last_seq, 3);
    store_scan_by_author(&scan, author_of(0)->person);
    assert_int_equal(store_scan_next(f.store, &scan, items, 4, &n), ERR_OK);
    assert_int_equal(n, 2);
    writer_free(&w);
    fixture_close(&f);
}

static void an_id_that_leads_elsewhere_is_damage(void **state)
{
    struct store_item item;
    struct fixture f;
    struct key key;
    struct key two = key_of_u64(2);
    uint8_t ids[2][ID_LEN];

    (void)state;
    fixture_open(&f);
    for (uint32_t i = 0; i < 2; i++)
        put(&f, &(struct sketch){ .number = i }, ids[i]);
    key = key_of_id(ids[0]);
    damage(&f, f.store->index, I_IDS, key_view(&key), key_view(&two));
    assert_int_equal(store_find(f.store, ids[0], &item), ERR_CORRUPT);
    damage(&f, f.store->index, I_IDS, key_view(&key), BYTES_LITERAL("short"));
    assert_int_equal(store_find(f.store, ids[0], &item), ERR_CORRUPT);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_record_rows_are_refused),
        cmocka_unit_test(damaged_rows_of_the_daemon_are_refused),
        cmocka_unit_test(external_rows_name_an_absolute_path),
        cmocka_unit_test(a_damaged_record_costs_no_other),
        cmocka_unit_test(an_id_that_leads_elsewhere_is_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
