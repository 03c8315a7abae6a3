/*
 * The trees of a store: the set that sync asks, against a sorted array that is
 * asked the same; an index that is made anew; and damage that is found.
 */
#include "fixture.h"

#include <unistd.h>

#include "store/internal.h"
#include "store/tree.h"
#include "store/tree_check.h"
#include "store/tree_edit.h"
#include "store/verify.h"

#define N 600

struct entry {
    struct record_key key;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    return record_key_compare(&x->key, &y->key);
}

/* A small generator with a fixed seed: failures repeat. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* N entries of one topic over ten days, in the store and in `array`. */
static void fill(struct fixture *f, uint8_t topic[ID_LEN], struct entry *array,
                 uint64_t *seed)
{
    size_t n = 0;

    put(f, &(struct sketch){ .created_ms = DAY0, .number = 77 }, topic);
    array[n].key.created_ms = DAY0;
    memcpy(array[n++].key.id, topic, ID_LEN);
    store_batch_clear(f->batch);
    for (uint32_t i = 1; i < N; i++) {
        uint64_t day = next_random(seed) % 10;
        /* Many at the very edge of a day, and many at one moment. */
        uint64_t in_day = i % 3 == 0   ? 0
                          : i % 3 == 1 ? DAY_MS - 1
                                       : next_random(seed) % DAY_MS;
        struct made made = record_of(
            &(struct sketch){ .topic = topic,
                              .number = i,
                              .created_ms = DAY0 + day * DAY_MS + in_day });

        if (i % 4 == 0)
            assert_int_equal(
                store_batch_put_not_kept(f->batch, &made.record, 0), ERR_OK);
        else
            assert_int_equal(store_batch_put_record(f->batch, &made.record,
                                                    made.record.certificate, 0),
                             ERR_OK);
        array[n].key.created_ms = made.record.created_ms;
        memcpy(array[n++].key.id, made.record.id, ID_LEN);
        made_free(&made);
    }
    apply(f);
    qsort(array, N, sizeof array[0], compare);
}

static struct record_key some_key(const struct entry *array, uint64_t *seed)
{
    struct record_key key = array[next_random(seed) % N].key;

    switch (next_random(seed) % 4) {
    case 0:
        return record_key_at(key.created_ms);
    case 1:
        return record_key_at(key.created_ms / DAY_MS * DAY_MS);
    case 2:
        return record_key_at(DAY0 + next_random(seed) % (12 * DAY_MS) - DAY_MS);
    default:
        return key;
    }
}

static void check_range(struct record_set set, const uint8_t *topic,
                        const struct entry *array,
                        const struct record_range *range)
{
    static struct record_key listed[N];
    struct record_sum expected = { .count = 0 };
    struct record_sum got;
    uint64_t below = 0;
    uint64_t rank;
    size_t n;

    assert_int_equal(set.ops->list(set.set, topic, range, listed, N, &n),
                     ERR_OK);
    for (size_t i = 0; i < N; i++) {
        const struct record_key *key = &array[i].key;

        if (record_key_compare(key, &range->lo) < 0)
            below++;
        if (record_key_compare(key, &range->lo) < 0 ||
            record_key_compare(key, &range->hi) >= 0)
            continue;
        assert_true(expected.count < n);
        assert_int_equal(record_key_compare(&listed[expected.count], key), 0);
        record_sum_add(&expected, key->id);
    }
    assert_int_equal(n, expected.count);
    assert_int_equal(set.ops->sum(set.set, topic, range, &got), ERR_OK);
    assert_memory_equal(&got, &expected, sizeof got);
    assert_int_equal(set.ops->rank(set.set, topic, &range->lo, &rank), ERR_OK);
    assert_int_equal(rank, below);
}

static void the_set_answers_like_a_sorted_array(void **state)
{
    static struct entry array[N];
    struct record_key key;
    struct record_range range;
    struct record_set set;
    struct fixture f;
    uint8_t topic[ID_LEN];
    uint64_t seed = 7;

    (void)state;
    fixture_open(&f);
    fill(&f, topic, array, &seed);
    set = store_record_set(f.store);
    for (unsigned i = 0; i < 400; i++) {
        range.lo = some_key(array, &seed);
        range.hi = some_key(array, &seed);
        check_range(set, topic, array, &range);
    }
    for (uint64_t i = 0; i < N; i++) {
        assert_int_equal(set.ops->select(set.set, topic, i, &key), ERR_OK);
        assert_int_equal(record_key_compare(&key, &array[i].key), 0);
    }
    assert_int_equal(set.ops->select(set.set, topic, N, &key), ERR_NOT_FOUND);
    fixture_close(&f);
}

static void an_unknown_topic_is_an_empty_set(void **state)
{
    struct record_range all = { record_key_at(0),
                                record_key_at(RECORD_TIME_MAX_MS) };
    struct record_sum sum = { .count = 1 };
    enum record_presence presence;
    uint8_t topic[ID_LEN] = { 9 };
    struct record_key key;
    struct record_set set;
    struct fixture f;
    uint64_t rank;

    (void)state;
    fixture_open(&f);
    set = store_record_set(f.store);
    assert_int_equal(set.ops->sum(set.set, topic, &all, &sum), ERR_OK);
    assert_int_equal(sum.count, 0);
    assert_int_equal(set.ops->rank(set.set, topic, &all.hi, &rank), ERR_OK);
    assert_int_equal(rank, 0);
    assert_int_equal(set.ops->select(set.set, topic, 0, &key), ERR_NOT_FOUND);
    assert_int_equal(set.ops->presence(set.set, topic, topic, &presence),
                     ERR_OK);
    assert_int_equal(presence, RECORD_ABSENT);
    fixture_close(&f);
}

static void the_size_of_days_adds_up_to_the_topic(void **state)
{
    static struct entry array[N];
    struct store_topic_size size;
    struct store_topic_size whole;
    struct store_totals totals;
    struct fixture f;
    uint8_t topic[ID_LEN];
    uint64_t seed = 9;
    uint64_t count = 0;
    uint64_t bytes = 0;

    (void)state;
    fixture_open(&f);
    fill(&f, topic, array, &seed);
    for (uint64_t day = DAY0 - DAY_MS; day < DAY0 + 12 * DAY_MS;
         day += DAY_MS) {
        assert_int_equal(
            store_range_size(f.store, topic, day, day + DAY_MS, &size), ERR_OK);
        count += size.count;
        bytes += size.bytes;
    }
    assert_int_equal(store_topic_size(f.store, topic, &whole), ERR_OK);
    assert_int_equal(store_totals(f.store, &totals), ERR_OK);
    assert_int_equal(whole.count, N);
    assert_int_equal(whole.bytes, totals.bytes);
    assert_int_equal(count, whole.count);
    assert_int_equal(bytes, whole.bytes);
    fixture_close(&f);
}

/* ---- An index made anew ------------------------------------------------ */

static void hash_table(crypto_generichash_state *hash, struct txn *txn,
                       unsigned table)
{
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;

    assert_int_equal(cursor_open(&cursor, txn, table), ERR_OK);
    while (cursor_move(cursor, step, BYTES_LITERAL("\0"), &at, &value) ==
           ERR_OK) {
        crypto_generichash_update(hash, at.data, at.len);
        crypto_generichash_update(hash, value.data, value.len);
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
}

/* The entries, since the same ones may lie in different nodes. */
static size_t hash_trees(crypto_generichash_state *hash, struct txn *txn)
{
    struct record_range all = tree_everything();
    uint8_t topic[ID_LEN] = { 0 };
    struct tree_entry entry;
    struct tree_walk walk;
    size_t topics = 0;
    uint64_t n;

    while (tree_check_next(txn, topics == 0 ? NULL : topic, topic) == ERR_OK) {
        topics++;
        assert_int_equal(tree_check(txn, topic, &n), ERR_OK);
        crypto_generichash_update(hash, topic, ID_LEN);
        tree_walk_begin(&walk, txn, topic, &all, false);
        for (; tree_walk_next(&walk, &entry) == ERR_OK; n--)
            crypto_generichash_update(hash, (const uint8_t *)&entry,
                                      sizeof entry);
        assert_int_equal(n, 0);
    }
    return topics;
}

static void hash_index(struct fixture *f, uint8_t out[32])
{
    crypto_generichash_state hash;
    struct txn *txn;

    crypto_generichash_init(&hash, NULL, 0, 32);
    assert_int_equal(txn_begin(&txn, f->store->index, false), ERR_OK);
    for (unsigned table = 0; table < I_INDEX_COUNT; table++)
        if (table != I_TREE)
            hash_table(&hash, txn, table);
    assert_true(hash_trees(&hash, txn) > 5);
    txn_abort(txn);
    crypto_generichash_final(&hash, out, 32);
}

/* Founders, listed records, links, and more identity records than travel. */
static void fill_anyhow(struct fixture *f, uint64_t *seed)
{
    static uint8_t topics[6][ID_LEN];
    uint8_t id[ID_LEN];

    for (uint32_t i = 0; i < 700; i++) {
        size_t t = next_random(seed) % 6;
        uint64_t ms = DAY0 + next_random(seed) % (5 * DAY_MS);
        struct sketch sketch = {
            .author = author_of((unsigned)next_random(seed) % 3),
            .topic = i < 6 ? NULL : topics[t],
            .created_ms = ms,
            .number = i,
            .text_len = next_random(seed) % 50,
            .flags = next_random(seed) % 3 == 0 ? RECORD_LISTED : 0,
            .revises = i > 10 && i % 7 == 0 ? topics[t] : NULL,
        };

        if (i % 5 == 4) {
            sketch.kind = KIND_DEVICE_REVOKE;
            sketch.author = author_of(i % 15 == 4 ? 1 : 0); /* 93 of one */
            sketch.topic = sketch.author->person;
            sketch.revises = NULL;
            sketch.flags = 0;
        }
        put(f, &sketch, id);
        if (i < 6)
            memcpy(topics[i], id, ID_LEN);
        if (i % 11 == 0 && i > 6) {
            store_batch_clear(f->batch);
            assert_int_equal(store_batch_erase(f->batch, id, i % 2 == 0),
                             ERR_OK);
            apply(f);
        }
    }
}

static void an_index_made_anew_is_the_same_to_the_last_row(void **state)
{
    uint8_t before[32];
    uint8_t after[32];
    struct fixture f;
    uint64_t seed = 3;

    (void)state;
    fixture_open(&f);
    fill_anyhow(&f, &seed);
    hash_index(&f, before);
    store_close(f.store);
    f.store = NULL;
    assert_int_equal(unlink(fixture_path(&f, "index.mdb")), 0);
    fixture_reopen(&f);
    hash_index(&f, after);
    assert_memory_equal(before, after, sizeof before);
    fixture_close(&f);
}

/* ---- Damage ----------------------------------------------------------- */

static size_t findings_of(struct store *store, struct store_finding *out)
{
    static struct store_finding findings[1000];
    struct blob_progress progress = { 0 };
    struct store_verify *verify;
    bool done = false;
    size_t count = 0;
    size_t n;

    assert_int_equal(store_verify_new(&verify, store, false), ERR_OK);
    while (!done) {
        assert_int_equal(
            store_verify_step(verify, findings, 1000, &n, &done, &progress),
            ERR_OK);
        if (n > 0)
            *out = findings[n - 1];
        count += n;
    }
    store_verify_free(verify);
    return count;
}

static void verify_finds_a_tree_that_does_not_add_up(void **state)
{
    static struct tree_node root;
    static struct entry array[N];
    struct store_finding finding;
    struct fixture f;
    uint8_t topic[ID_LEN];
    uint64_t seed = 5;
    struct txn *txn;

    (void)state;
    fixture_open(&f);
    fill(&f, topic, array, &seed);
    assert_int_equal(findings_of(f.store, &finding), 0);
    assert_int_equal(txn_begin(&txn, f.store->index, true), ERR_OK);
    assert_int_equal(tree_cache_read(txn, topic, 0, &root), ERR_OK);
    root.children[1].sum.records.lanes[15]++;
    assert_int_equal(tree_cache_write(txn, topic, 0, &root), ERR_OK);
    assert_int_equal(txn_commit(txn), ERR_OK);
    store_refresh(f.store);
    assert_int_equal(findings_of(f.store, &finding), 1);
    assert_int_equal(finding.err, ERR_CORRUPT);
    assert_true(finding.is_topic && !finding.is_blob);
    assert_memory_equal(finding.topic, topic, ID_LEN);
    fixture_close(&f);
}

static void verify_finds_a_record_that_its_tree_does_not_have(void **state)
{
    static struct entry array[N];
    struct store_finding finding;
    struct fixture f;
    uint8_t topic[ID_LEN];
    uint64_t seed = 5;
    struct txn *txn;

    (void)state;
    fixture_open(&f);
    fill(&f, topic, array, &seed);
    assert_int_equal(txn_begin(&txn, f.store->index, true), ERR_OK);
    index_begin(f.store, txn);
    assert_int_equal(tree_edit_remove(f.store->trees, topic, &array[7].key),
                     ERR_OK);
    assert_int_equal(index_finish(f.store, txn, N), ERR_OK);
    assert_int_equal(txn_commit(txn), ERR_OK);
    store_refresh(f.store);
    assert_int_equal(findings_of(f.store, &finding), 1);
    assert_int_equal(finding.err, ERR_CORRUPT);
    assert_false(finding.is_topic || finding.is_blob);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_answers_like_a_sorted_array),
        cmocka_unit_test(an_unknown_topic_is_an_empty_set),
        cmocka_unit_test(the_size_of_days_adds_up_to_the_topic),
        cmocka_unit_test(an_index_made_anew_is_the_same_to_the_last_row),
        cmocka_unit_test(verify_finds_a_tree_that_does_not_add_up),
        cmocka_unit_test(verify_finds_a_record_that_its_tree_does_not_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
