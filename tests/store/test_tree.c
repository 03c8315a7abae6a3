/* The set that sync asks, against a sorted array that is asked the same. */
#include "fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_answers_like_a_sorted_array),
        cmocka_unit_test(an_unknown_topic_is_an_empty_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
