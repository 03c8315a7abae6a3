#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/common/memory_set.h"
#include "tests/sim/set.h"

enum { RECORDS = 1000 };

/* A world of records a few of which share a millisecond. */
struct world {
    struct rng rng;
    struct records records;
    uint32_t order[RECORDS]; /* a permutation of their numbers */
};

static void world_init(struct world *w, uint64_t seed)
{
    rng_init(&w->rng, seed);
    records_init(&w->records, &w->rng, 1000);
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint32_t other = (uint32_t)rng_below(&w->rng, i + 1);

        if (i > 0)
            (void)records_make(&w->records, 0,
                               1000 + rng_below(&w->rng, RECORDS), 10);
        w->order[i] = w->order[other];
        w->order[other] = i;
    }
}

static struct record_key any_key(struct world *w)
{
    uint64_t at = rng_below(&w->rng, RECORDS);

    if (rng_chance(&w->rng, 500000))
        return w->records.all[at].key;
    return record_key_at(990 + at);
}

/* All questions, with answers from two kinds of sets. */
static void assert_alike(struct world *w, struct record_set a,
                         struct record_set b)
{
    const uint8_t *topic = w->records.topic;
    struct record_range range = { any_key(w), any_key(w) };
    struct record_sum sum[2];
    struct record_key keys[2][100];
    uint64_t rank[2];
    size_t n[2];
    uint64_t at = rng_below(&w->rng, RECORDS + 2);
    enum err e[2];

    e[0] = a.ops->sum(a.set, topic, &range, &sum[0]);
    e[1] = b.ops->sum(b.set, topic, &range, &sum[1]);
    assert_true(e[0] == ERR_OK && e[1] == ERR_OK);
    assert_memory_equal(&sum[0], &sum[1], sizeof sum[0]);
    e[0] = a.ops->rank(a.set, topic, &range.lo, &rank[0]);
    e[1] = b.ops->rank(b.set, topic, &range.lo, &rank[1]);
    assert_true(e[0] == ERR_OK && e[1] == ERR_OK);
    assert_int_equal(rank[0], rank[1]);
    e[0] = a.ops->list(a.set, topic, &range, keys[0], 100, &n[0]);
    e[1] = b.ops->list(b.set, topic, &range, keys[1], 100, &n[1]);
    assert_true(e[0] == ERR_OK && e[1] == ERR_OK);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(keys[0], keys[1], n[0] * sizeof keys[0][0]);
    e[0] = a.ops->select(a.set, topic, at, &keys[0][0]);
    e[1] = b.ops->select(b.set, topic, at, &keys[1][0]);
    assert_int_equal(e[0], e[1]);
    if (e[0] == ERR_OK)
        assert_memory_equal(keys[0], keys[1], sizeof keys[0][0]);
}

static void a_set_answers_as_a_sorted_array_does(void **state)
{
    static struct world w;
    struct memory_set plain = { 0 };
    struct set set;

    (void)state;
    world_init(&w, 7);
    set_init(&set, &w.records);
    for (uint32_t i = 0; i < RECORDS; i++) {
        const struct record_key *key = &w.records.all[w.order[i]].key;

        assert_alike(&w, set_view(&set), memory_set_view(&plain));
        assert_int_equal(set_add(&set, w.order[i], i % 5 != 0), RECORD_ABSENT);
        assert_true(memory_set_add(&plain, w.records.topic, key, i % 5 != 0));
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_alike(&w, set_view(&set), memory_set_view(&plain));
    set_wipe(&set);
    memory_set_wipe(&plain);
    records_wipe(&w.records);
}

static void what_is_held_stays_held(void **state)
{
    static struct world w;
    struct set set;

    (void)state;
    world_init(&w, 8);
    set_init(&set, &w.records);
    assert_int_equal(set_presence(&set, 5), RECORD_ABSENT);
    assert_int_equal(set_add(&set, 5, false), RECORD_ABSENT);
    assert_int_equal(set_presence(&set, 5), RECORD_NOT_KEPT);
    assert_int_equal(set_add(&set, 5, true), RECORD_NOT_KEPT);
    assert_int_equal(set_add(&set, 5, false), RECORD_HELD);
    assert_int_equal(set_presence(&set, 5), RECORD_HELD);
    assert_int_equal(set.count, 1);
    set_wipe(&set);
    records_wipe(&w.records);
}

/* Of 70 a day the 64 with the smallest ids stay, in whatever order they came.
 */
static void a_strangers_day_keeps_the_smallest_ids(void **state)
{
    static struct world w;
    struct set set;
    uint32_t author;
    uint32_t numbers[70];
    uint32_t kept = 0;

    (void)state;
    world_init(&w, 9);
    set_init(&set, &w.records);
    author = records_add_author(&w.records, true);
    for (uint32_t i = 0; i < 70; i++) {
        numbers[i] = records_make(&w.records, author, 5000 + i, 10);
        (void)set_add(&set, numbers[i], true);
        set_trim(&set, numbers[i]);
    }
    for (uint32_t i = 0; i < 70; i++) {
        const struct author *a = &w.records.authors[author];
        bool is_held = set_presence(&set, a->numbers[i]) == RECORD_HELD;

        assert_true(is_held == (i < 64));
        kept += is_held;
    }
    assert_int_equal(kept, 64);
    assert_int_equal(set.count, 70);
    set_wipe(&set);
    records_wipe(&w.records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_answers_as_a_sorted_array_does),
        cmocka_unit_test(what_is_held_stays_held),
        cmocka_unit_test(a_strangers_day_keeps_the_smallest_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
