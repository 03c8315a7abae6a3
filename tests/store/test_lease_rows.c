/* Leases that are known, and the lists they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "store/want_last.h"
#include "tests/store/fixture.h"

static const uint8_t topic[ID_LEN] = { 7 };

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static void make(struct store_lease *out, uint8_t node, uint64_t count)
{
    const uint8_t seed[32] = { node };
    struct sign_key key;
    struct writer w;

    memset(out, 0, sizeof *out);
    sign_key_from_seed(&key, seed);
    memcpy(out->lease.node, key.public_key, KEY_LEN);
    memcpy(out->lease.topic, topic, ID_LEN);
    out->lease.made_ms = DAY0;
    out->lease.until_ms = DAY0 + DAY_MS;
    out->lease.count = count;
    if (count > 0)
        memset(out->lease.root, (int)(count % 255) + 1, HASH_LEN);
    w = writer_fixed(out->bytes, sizeof out->bytes);
    lease_write(&w, &out->lease, &LAB, &key);
    assert_int_equal(w.err, ERR_OK);
    out->len = w.len;
}

static void put_row(struct fixture *f, const struct store_lease *row)
{
    store_batch_clear(f->batch);
    assert_int_equal(lease_rows_put(f->batch, row), ERR_OK);
    apply(f);
}

/* Names of blobs with the even numbers below 2 * count, in pages. */
static struct blob_id numbered(uint64_t number)
{
    struct blob_id id = { .size = 5 };

    put_u64(id.root, number + 1);
    return id;
}

static void put_list(struct fixture *f, const struct lease *lease)
{
    struct writer w = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);

    store_batch_clear(f->batch);
    for (uint64_t page = 0; page < lease_page_count(lease->count); page++) {
        writer_reset(&w);
        for (size_t i = 0; i < lease_page_len(lease->count, page); i++) {
            struct blob_id id = numbered(2 * (page * LEASE_PAGE + i));
            uint8_t name[LEASE_NAME_LEN];

            lease_name(name, &id);
            writer_bytes(&w, BYTES_ARRAY(name));
        }
        assert_int_equal(lease_rows_put_page(f->batch, lease->topic,
                                             lease->node, page,
                                             writer_view(&w)),
                         ERR_OK);
    }
    apply(f);
    writer_free(&w);
}

static void what_is_put_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct store_lease out;
    size_t n;

    make(&row, 1, 3);
    row.has_list = true;
    row.challenged_ms = 11;
    row.failed_ms = 12;
    row.network = 13;
    row.root[0] = 14;
    row.failed = numbered(15);
    put_row(f, &row);
    fixture_reopen(f);
    assert_int_equal(lease_rows_page(f->store, NULL, NULL, &out, 1, &n),
                     ERR_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(&out.lease, &row.lease, sizeof row.lease);
    assert_true(out.len == row.len && out.has_list);
    assert_memory_equal(out.bytes, row.bytes, row.len);
    assert_true(out.challenged_ms == 11 && out.failed_ms == 12);
    assert_true(out.network == 13 && out.root[0] == 14);
    assert_true(blob_id_equal(&out.failed, &row.failed));
    assert_int_equal(
        lease_rows_page(f->store, row.lease.topic, row.lease.node, &out, 1, &n),
        ERR_OK);
    assert_int_equal(n, 0);
}

static void rows_come_in_pages(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct store_lease out[4];
    size_t n;

    for (uint8_t i = 1; i <= 5; i++) {
        make(&row, i, 0);
        put_row(f, &row);
    }
    assert_int_equal(lease_rows_page(f->store, NULL, NULL, out, 3, &n), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(
        lease_rows_page(f->store, topic, out[2].lease.node, out, 4, &n),
        ERR_OK);
    assert_int_equal(n, 2);
}

static void names_are_found_in_every_page(void **state)
{
    static const uint64_t counts[] = { 1, 1024, 1025, 3000 };
    struct fixture *f = *state;

    for (size_t c = 0; c < 4; c++) {
        struct store_lease row;

        make(&row, (uint8_t)(10 + c), counts[c]);
        put_list(f, &row.lease);
        for (uint64_t i = 0; i < 2 * counts[c]; i++) {
            struct blob_id id = numbered(i);
            uint64_t number = 0;
            bool found;

            assert_int_equal(
                lease_rows_look_up(f->store, &row.lease, &id, &found, &number),
                ERR_OK);
            assert_true(found == (i % 2 == 0));
            assert_true(!found || number == i / 2);
        }
    }
}

static void an_empty_list_has_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct blob_id id = numbered(0);
    uint64_t number;
    bool found = true;

    make(&row, 1, 0);
    assert_int_equal(
        lease_rows_look_up(f->store, &row.lease, &id, &found, &number), ERR_OK);
    assert_false(found);
}

static void a_list_goes_with_its_lease(void **state)
{
    struct fixture *f = *state;
    struct writer w = writer_growing(LEASE_PAGE * LEASE_NAME_LEN);
    struct store_lease row;

    make(&row, 1, 2000);
    put_row(f, &row);
    put_list(f, &row.lease);
    assert_int_equal(lease_rows_names(f->store, topic, row.lease.node, 1, &w),
                     ERR_OK);
    assert_int_equal(w.len, 976 * LEASE_NAME_LEN);
    store_batch_clear(f->batch);
    assert_int_equal(lease_rows_remove(f->batch, topic, row.lease.node),
                     ERR_OK);
    assert_int_equal(lease_rows_remove(f->batch, topic, row.lease.node),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->err, ERR_OK);
    assert_int_equal(store_batch_result(f->batch, 1)->err, ERR_NOT_FOUND);
    for (uint64_t page = 0; page < 2; page++)
        assert_int_equal(
            lease_rows_names(f->store, topic, row.lease.node, page, &w),
            ERR_NOT_FOUND);
    writer_free(&w);
}

static void topics_whose_blobs_changed_are_told_once(void **state)
{
    struct fixture *f = *state;
    uint8_t topics[LEASE_ROWS_CHANGED_MAX][ID_LEN];
    uint8_t other[ID_LEN] = { 8 };
    struct blob_id id;
    size_t n;

    assert_true(lease_rows_changed(f->store, topics, &n));
    assert_int_equal(n, 0);
    store_batch_clear(f->batch);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            blobs_put_inline(f->batch, topic, BYTES_LITERAL("a"), &id), ERR_OK);
        assert_int_equal(
            blobs_put_inline(f->batch, other, BYTES_LITERAL("b"), &id), ERR_OK);
    }
    apply(f);
    assert_true(lease_rows_changed(f->store, topics, &n));
    assert_int_equal(n, 2);
    assert_memory_equal(topics[0], topic, ID_LEN);
    assert_true(lease_rows_changed(f->store, topics, &n));
    assert_int_equal(n, 0);
}

static void more_topics_than_are_noted_may_be_any(void **state)
{
    struct fixture *f = *state;
    uint8_t topics[LEASE_ROWS_CHANGED_MAX][ID_LEN];
    struct blob_id id;
    size_t n;

    store_batch_clear(f->batch);
    for (uint8_t i = 0; i <= LEASE_ROWS_CHANGED_MAX; i++) {
        uint8_t one[ID_LEN] = { i };

        assert_int_equal(
            blobs_put_inline(f->batch, one, BYTES_LITERAL("a"), &id), ERR_OK);
    }
    apply(f);
    assert_false(lease_rows_changed(f->store, topics, &n));
    assert_int_equal(n, LEASE_ROWS_CHANGED_MAX);
    assert_true(lease_rows_changed(f->store, topics, &n));
}

/* ---- Who had it last ---------------------------------------------------- */

static struct store_want want_of(const struct store_lease *row, uint64_t number,
                                 uint32_t tries)
{
    struct store_want want = { .blob = numbered(number),
                               .why = STORE_WHY_SEED,
                               .tries = tries };

    memcpy(want.topic, row->lease.topic, ID_LEN);
    return want;
}

static void put_want(struct fixture *f, const struct store_want *want)
{
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_want(f->batch, want), ERR_OK);
    apply(f);
}

static void put_with_list(struct fixture *f, struct store_lease *row,
                          uint8_t node, uint64_t count)
{
    make(row, node, count);
    row->has_list = true;
    put_list(f, &row->lease);
    put_row(f, row);
}

static bool had_last(const struct fixture *f, const struct store_want *want,
                     const struct store_lease *row, uint64_t at_ms)
{
    struct want_last last;

    if (want_last_find(f->store, &want->blob, want->topic, &last) != ERR_OK)
        return false;
    assert_memory_equal(last.node, row->lease.node, KEY_LEN);
    assert_int_equal(last.at_ms, at_ms);
    assert_int_equal(last.is_shown, row->challenged_ms != 0);
    return true;
}

static void who_takes_it_back_had_it_last(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct store_lease empty;
    struct store_want named;
    struct store_want other;
    struct want_last last;

    make(&row, 1, 3);
    named = want_of(&row, 4, 0);
    other = want_of(&row, 3, 1);
    put_want(f, &named);
    put_want(f, &other);
    put_with_list(f, &row, 1, 3);
    row.challenged_ms = DAY0 + 5;
    put_row(f, &row); /* the same list */
    assert_false(had_last(f, &named, &row, 0));
    make(&empty, 1, 0);
    put_row(f, &empty);
    fixture_reopen(f);
    assert_true(had_last(f, &named, &row, DAY0 + 5));
    assert_false(had_last(f, &other, &row, 0));
    named.tries = 2; /* and is wanted still */
    put_want(f, &named);
    assert_true(had_last(f, &named, &row, DAY0 + 5));
    /* An older word of another is not the last. */
    put_with_list(f, &empty, 2, 3);
    store_batch_clear(f->batch);
    assert_int_equal(
        lease_rows_remove(f->batch, empty.lease.topic, empty.lease.node),
        ERR_OK);
    apply(f);
    assert_true(had_last(f, &named, &row, DAY0 + 5));
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_unwant(f->batch, &named.blob, named.topic),
                     ERR_OK);
    apply(f);
    assert_int_equal(want_last_find(f->store, &named.blob, named.topic, &last),
                     ERR_NOT_FOUND);
}

static void what_a_lease_named_is_remembered_when_it_goes(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct store_want want;

    make(&row, 1, LEASE_PAGE + 2);
    want = want_of(&row, 2 * (LEASE_PAGE + 1), 0);
    put_want(f, &want);
    put_with_list(f, &row, 1, LEASE_PAGE + 2);
    store_batch_clear(f->batch);
    assert_int_equal(
        lease_rows_remove(f->batch, row.lease.topic, row.lease.node), ERR_OK);
    apply(f);
    assert_true(had_last(f, &want, &row, DAY0));
}

static void of_a_list_that_grows_what_was_looked_for_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct store_lease row;
    struct store_lease more;
    struct store_want due;
    struct store_want tried;

    make(&row, 1, 3);
    due = want_of(&row, 0, 0);
    tried = want_of(&row, 2, 1);
    put_want(f, &due);
    put_want(f, &tried);
    put_with_list(f, &row, 1, 3);
    make(&more, 1, 4);
    put_row(f, &more);
    assert_true(had_last(f, &tried, &row, DAY0));
    assert_false(had_last(f, &due, &row, 0));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_put_is_there_after_a_restart),
        T(rows_come_in_pages),
        T(names_are_found_in_every_page),
        T(an_empty_list_has_nothing),
        T(a_list_goes_with_its_lease),
        T(topics_whose_blobs_changed_are_told_once),
        T(more_topics_than_are_noted_may_be_any),
        T(who_takes_it_back_had_it_last),
        T(what_a_lease_named_is_remembered_when_it_goes),
        T(of_a_list_that_grows_what_was_looked_for_is_remembered),
    };
#undef T

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
