/*
 * Trees against sorted arrays that get the same changes and are asked the
 * same, in a database of their own; and what becomes of damaged ones.
 */
#include "fixture.h"

#include <stdio.h>

#include "store/internal.h"
#include "store/tree.h"
#include "store/tree_build.h"
#include "store/tree_check.h"
#include "store/tree_edit.h"

#define MODEL_MAX 30000

static const char *const TABLES[] = { "tree" };
static_assert(I_TREE == 0, "the only table here is that of the trees");

/* What a topic's tree should be. */
struct model {
    uint8_t topic[ID_LEN];
    size_t n;
    struct tree_entry entries[MODEL_MAX];
    struct tree_sum below[MODEL_MAX + 1]; /* of the entries before each */
};

struct orchard {
    char dir[64];
    struct env *env;
    struct txn *txn;
    struct tree_cache *cache;
    uint64_t seed;
};

static struct model models[3];

static uint64_t next_random(struct orchard *o)
{
    o->seed = o->seed * 6364136223846793005u + 1442695040888963407u;
    return o->seed >> 33;
}

static void begin(struct orchard *o)
{
    assert_int_equal(txn_begin(&o->txn, o->env, true), ERR_OK);
    tree_cache_begin(o->cache, o->txn);
}

static void commit(struct orchard *o)
{
    assert_int_equal(tree_cache_flush(o->cache), ERR_OK);
    assert_int_equal(txn_commit(o->txn), ERR_OK);
    o->txn = NULL;
}

static void orchard_open(struct orchard *o)
{
    char path[80];

    strcpy(o->dir, "/tmp/troupe-tree-XXXXXX");
    assert_non_null(mkdtemp(o->dir));
    (void)snprintf(path, sizeof path, "%s/tree.mdb", o->dir);
    assert_int_equal(
        env_open(&o->env, path, TABLES, 1, (uint64_t)1 << 30, false), ERR_OK);
    assert_int_equal(tree_cache_new(&o->cache), ERR_OK);
    o->seed = 11;
    for (size_t i = 0; i < 3; i++) {
        models[i].n = 0;
        memset(models[i].topic, (int)(7 * i), ID_LEN);
    }
}

static void orchard_close(struct orchard *o)
{
    txn_abort(o->txn);
    tree_cache_free(o->cache);
    env_close(o->env);
    fixture_remove_tree(o->dir);
}

/* ---- The model -------------------------------------------------------- */

static size_t model_place(const struct model *m, const struct record_key *key)
{
    size_t lo = 0;
    size_t hi = m->n;

    while (lo < hi) {
        size_t middle = (lo + hi) / 2;

        if (record_key_compare(&m->entries[middle].key, key) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static void insert(struct orchard *o, struct model *m,
                   const struct tree_entry *entry)
{
    size_t at = model_place(m, &entry->key);
    bool there =
        at < m->n && record_key_compare(&m->entries[at].key, &entry->key) == 0;
    bool added;

    assert_int_equal(tree_edit_insert(o->cache, m->topic, entry, &added),
                     ERR_OK);
    assert_int_equal(added, !there);
    if (there)
        return;
    assert_true(m->n < MODEL_MAX);
    memmove(m->entries + at + 1, m->entries + at,
            (m->n - at) * sizeof m->entries[0]);
    m->entries[at] = *entry;
    m->n++;
}

static void remove_at(struct orchard *o, struct model *m, size_t at)
{
    struct record_key key = m->entries[at].key;

    assert_int_equal(tree_edit_remove(o->cache, m->topic, &key), ERR_OK);
    assert_int_equal(tree_edit_remove(o->cache, m->topic, &key), ERR_NOT_FOUND);
    m->n--;
    memmove(m->entries + at, m->entries + at + 1,
            (m->n - at) * sizeof m->entries[0]);
}

static void resize_at(struct orchard *o, struct model *m, size_t at)
{
    uint64_t bytes = next_random(o) % 60000;

    assert_int_equal(
        tree_edit_resize(o->cache, m->topic, &m->entries[at].key, bytes),
        ERR_OK);
    m->entries[at].bytes = bytes;
}

static void model_add_up(struct model *m)
{
    memset(&m->below[0], 0, sizeof m->below[0]);
    for (size_t i = 0; i < m->n; i++) {
        m->below[i + 1] = m->below[i];
        tree_sum_add(&m->below[i + 1], &m->entries[i]);
    }
}

/* ---- Comparing -------------------------------------------------------- */

static void assert_entry(const struct tree_entry *a, const struct tree_entry *b)
{
    assert_int_equal(record_key_compare(&a->key, &b->key), 0);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->bytes, b->bytes);
}

static void check_walk(struct txn *txn, const struct model *m,
                       const struct record_range *range, bool newest_first)
{
    size_t lo = model_place(m, &range->lo);
    size_t hi = model_place(m, &range->hi);
    struct tree_walk walk;
    struct tree_entry entry;

    tree_walk_begin(&walk, txn, m->topic, range, newest_first);
    for (size_t i = lo; i < hi; i++) {
        size_t at = newest_first ? hi - 1 - (i - lo) : i;

        assert_int_equal(tree_walk_next(&walk, &entry), ERR_OK);
        assert_entry(&entry, &m->entries[at]);
    }
    assert_int_equal(tree_walk_next(&walk, &entry), ERR_NOT_FOUND);
    assert_int_equal(tree_walk_next(&walk, &entry), ERR_NOT_FOUND);
}

static void check_range(struct txn *txn, const struct model *m,
                        const struct record_range *range)
{
    struct tree_sum expected = m->below[model_place(m, &range->hi)];
    struct tree_sum got;

    if (record_key_compare(&range->lo, &range->hi) >= 0)
        memset(&expected, 0, sizeof expected);
    else
        tree_sum_cut(&expected, &m->below[model_place(m, &range->lo)]);
    assert_int_equal(tree_range(txn, m->topic, range, &got), ERR_OK);
    assert_memory_equal(&got, &expected, sizeof got);
    memset(expected.records.lanes, 0, sizeof expected.records.lanes);
    assert_int_equal(tree_size(txn, m->topic, range, &got), ERR_OK);
    assert_memory_equal(&got, &expected, sizeof got);
}

static struct record_key some_key(struct orchard *o, const struct model *m)
{
    struct record_key key = record_key_at(0);

    if (m->n > 0)
        key = m->entries[next_random(o) % m->n].key;
    switch (next_random(o) % 5) {
    case 0:
        return record_key_at(key.created_ms);
    case 1:
        return record_key_after(&key);
    case 2:
        return record_key_at(next_random(o) % 2 == 0 ? 0 : RECORD_TIME_MAX_MS);
    default:
        return key;
    }
}

/* All that can be asked, of a tree and of its model. */
static void check_same(struct orchard *o, struct model *m)
{
    struct record_range all = tree_everything();
    struct tree_entry entry;
    struct txn *txn;
    uint64_t n;

    model_add_up(m);
    assert_int_equal(txn_begin(&txn, o->env, false), ERR_OK);
    assert_int_equal(tree_check(txn, m->topic, &n), ERR_OK);
    assert_int_equal(n, m->n);
    check_walk(txn, m, &all, false);
    check_walk(txn, m, &all, true);
    for (unsigned i = 0; i < 200; i++) {
        struct record_range range = { some_key(o, m), some_key(o, m) };
        size_t at = model_place(m, &range.lo);
        enum err e = tree_find(txn, m->topic, &range.lo, &entry);

        check_range(txn, m, &range);
        if (i % 20 == 0)
            check_walk(txn, m, &range, i % 40 == 0);
        if (at < m->n &&
            record_key_compare(&m->entries[at].key, &range.lo) == 0) {
            assert_int_equal(e, ERR_OK);
            assert_entry(&entry, &m->entries[at]);
        } else {
            assert_int_equal(e, ERR_NOT_FOUND);
        }
        if (m->n > 0) {
            at = next_random(o) % m->n;
            assert_int_equal(tree_select(txn, m->topic, at, &entry), ERR_OK);
            assert_entry(&entry, &m->entries[at]);
        }
    }
    assert_int_equal(tree_select(txn, m->topic, m->n, &entry), ERR_NOT_FOUND);
    txn_abort(txn);
}

static uint64_t rows_of_all(struct orchard *o)
{
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    struct txn *txn;
    uint64_t rows = 0;

    assert_int_equal(txn_begin(&txn, o->env, false), ERR_OK);
    assert_int_equal(cursor_open(&cursor, txn, I_TREE), ERR_OK);
    while (cursor_move(cursor, step, BYTES_LITERAL("\0"), &at, &value) ==
           ERR_OK) {
        rows++;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    txn_abort(txn);
    return rows;
}

/* ---- Orders of arrival ------------------------------------------------ */

enum order { ASCENDING, DESCENDING, ANYHOW, ONE_MOMENT, CLUSTERS, ORDERS };

static struct tree_entry entry_of(struct orchard *o, enum order order, size_t i)
{
    struct tree_entry entry = { .seq = i + 1, .bytes = next_random(o) % 3000 };
    uint64_t ms = DAY0;

    switch (order) {
    case ASCENDING:
        ms += i;
        break;
    case DESCENDING:
        ms -= i;
        break;
    case ANYHOW:
        ms = next_random(o) * next_random(o) % RECORD_TIME_MAX_MS;
        break;
    case CLUSTERS: /* few moments, in few days, with many records each */
        ms += next_random(o) % 5 * 86400000 + next_random(o) % 3;
        break;
    default:
        break;
    }
    entry.key.created_ms = ms;
    for (size_t j = 0; j < ID_LEN; j++)
        entry.key.id[j] = (uint8_t)next_random(o);
    if (order == ONE_MOMENT && i % 2 == 0) /* separators need the whole id */
        memset(entry.key.id, 0xab, ID_LEN - 4);
    return entry;
}

static int compare_entries(const void *a, const void *b)
{
    const struct tree_entry *x = a;
    const struct tree_entry *y = b;

    return record_key_compare(&x->key, &y->key);
}

/* Entries for the model alone. */
static void model_fill(struct orchard *o, struct model *m, enum order order,
                       size_t n)
{
    for (m->n = 0; m->n < n; m->n++)
        m->entries[m->n] = entry_of(o, order, m->n);
    qsort(m->entries, n, sizeof m->entries[0], compare_entries);
}

static void fill(struct orchard *o, struct model *m, enum order order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct tree_entry entry = entry_of(o, order, i);

        if (i % 1000 == 0) {
            if (o->txn != NULL)
                commit(o);
            begin(o);
        }
        insert(o, m, &entry);
    }
    commit(o);
}

static void a_tree_is_a_sorted_array_in_any_order_of_arrival(void **state)
{
    (void)state;
    for (enum order order = ASCENDING; order < ORDERS; order++) {
        struct orchard o = { .env = NULL };

        orchard_open(&o);
        check_same(&o, &models[0]);
        for (size_t n = 1; n < 6000; n = n * 9 + 1) {
            fill(&o, &models[0], order, n);
            check_same(&o, &models[0]);
        }
        orchard_close(&o);
    }
}

/* Changes of all kinds, with everything written and forgotten now and then. */
static void changes_of_all_kinds_leave_a_tree_as_its_model(void **state)
{
    struct orchard o = { .env = NULL };

    (void)state;
    orchard_open(&o);
    for (unsigned round = 0; round < 40; round++) {
        begin(&o);
        for (unsigned i = 0; i < 500; i++) {
            struct model *m = &models[next_random(&o) % 3];
            struct tree_entry entry = entry_of(
                &o, (enum order)(next_random(&o) % ORDERS), round * 500 + i);
            /* Rounds that grow, and at the end rounds that empty. */
            bool grow = next_random(&o) % 10 < (round < 25 ? 8 : 2);

            if (grow)
                insert(&o, m, &entry);
            else if (m->n > 0)
                remove_at(&o, m, next_random(&o) % m->n);
            if (m->n > 0)
                resize_at(&o, m, next_random(&o) % m->n);
        }
        commit(&o);
        if (round % 4 == 3)
            for (size_t i = 0; i < 3; i++)
                check_same(&o, &models[i]);
    }
    orchard_close(&o);
}

static void what_is_emptied_leaves_no_row_and_can_grow_again(void **state)
{
    struct orchard o = { .env = NULL };
    struct model *m = &models[1];

    (void)state;
    orchard_open(&o);
    for (unsigned round = 0; round < 4; round++) {
        fill(&o, m, ANYHOW, 4000);
        check_same(&o, m);
        begin(&o);
        while (m->n > 0) /* from the left, the right and anywhere */
            remove_at(&o, m,
                      round == 0   ? 0
                      : round == 1 ? m->n - 1
                                   : next_random(&o) % m->n);
        if (round == 3) /* in the same transaction */
            insert(&o, m, &(struct tree_entry){ .seq = 1 });
        commit(&o);
        check_same(&o, m);
        assert_int_equal(rows_of_all(&o), round == 3 ? 1 : 0);
    }
    orchard_close(&o);
}

static void what_comes_in_order_fills_its_nodes(void **state)
{
    struct orchard o = { .env = NULL };

    (void)state;
    orchard_open(&o);
    fill(&o, &models[0], ASCENDING, 20000);
    check_same(&o, &models[0]);
    /* At 36 to 38 bytes an entry; a half-full tree would have 400. */
    assert_in_range(rows_of_all(&o), 180, 210);
    orchard_close(&o);
}

static void a_tree_from_below_is_as_one_that_grew(void **state)
{
    static const size_t COUNTS[] = { 1, 2, 90, 200, 2600, 12000, 29000 };

    (void)state;
    for (enum order order = ASCENDING; order < ORDERS; order++) {
        struct orchard o = { .env = NULL };
        struct tree_build *build;

        orchard_open(&o);
        assert_int_equal(tree_build_new(&build), ERR_OK);
        for (size_t i = 0; i < 3; i++) { /* in one transaction, or in many */
            size_t n = COUNTS[(order * 3 + i) % 7];

            begin(&o);
            model_fill(&o, &models[i], order, n);
            tree_build_begin(build, models[i].topic);
            for (size_t j = 0; j < models[i].n; j++) {
                assert_int_equal(
                    tree_build_add(build, o.txn, &models[i].entries[j]),
                    ERR_OK);
                if (i == 2 && j % 700 == 699) {
                    commit(&o);
                    begin(&o);
                }
            }
            assert_int_equal(
                tree_build_add(build, o.txn, &models[i].entries[0]),
                ERR_CORRUPT);
            assert_int_equal(tree_build_end(build, o.txn), ERR_OK);
            commit(&o);
            check_same(&o, &models[i]);
            fill(&o, &models[i], order, 900); /* and it grows on */
            check_same(&o, &models[i]);
        }
        tree_build_free(build);
        orchard_close(&o);
    }
}

static void a_change_that_is_given_up_leaves_nothing(void **state)
{
    struct orchard o = { .env = NULL };
    struct tree_entry entry;
    bool added;

    (void)state;
    orchard_open(&o);
    fill(&o, &models[0], CLUSTERS, 3000);
    begin(&o);
    for (unsigned i = 0; i < 2000; i++) { /* more than the cache takes */
        entry = entry_of(&o, ANYHOW, i);
        assert_int_equal(
            tree_edit_insert(o.cache, models[0].topic, &entry, &added), ERR_OK);
    }
    txn_abort(o.txn);
    begin(&o);
    insert(&o, &models[0], &entry);
    commit(&o);
    check_same(&o, &models[0]);
    orchard_close(&o);
}

/* ---- Damage ----------------------------------------------------------- */

static void expect_no_more_than_damage(enum err e)
{
    assert_true(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_CORRUPT);
}

/* Whatever the tree says: nothing crashes, hangs or gives another error. */
static void ask_and_change_everything(struct orchard *o, const struct model *m)
{
    struct record_range all = tree_everything();
    struct tree_entry entry;
    struct tree_walk walk;
    struct tree_sum sum;
    size_t walked = 0;
    enum err e = ERR_OK;
    bool added;

    expect_no_more_than_damage(tree_range(o->txn, m->topic, &all, &sum));
    for (unsigned i = 0; i < 10; i++) {
        struct record_range range = { some_key(o, m), some_key(o, m) };

        expect_no_more_than_damage(tree_range(o->txn, m->topic, &range, &sum));
        expect_no_more_than_damage(
            tree_find(o->txn, m->topic, &range.lo, &entry));
        expect_no_more_than_damage(
            tree_select(o->txn, m->topic, next_random(o) % m->n, &entry));
    }
    tree_walk_begin(&walk, o->txn, m->topic, &all, next_random(o) % 2 == 0);
    while (e == ERR_OK && walked++ < 2 * m->n)
        e = tree_walk_next(&walk, &entry);
    assert_true(e == ERR_NOT_FOUND || e == ERR_CORRUPT);
    e = ERR_OK; /* after an error a change is given up */
    for (unsigned i = 0; i < 30 && e != ERR_CORRUPT; i++) {
        struct record_key key = m->entries[next_random(o) % m->n].key;

        entry = entry_of(o, CLUSTERS, i);
        if (i % 3 == 0)
            e = tree_edit_insert(o->cache, m->topic, &entry, &added);
        else if (i % 3 == 1)
            e = tree_edit_resize(o->cache, m->topic, &key, 9);
        else
            e = tree_edit_remove(o->cache, m->topic, &key);
        expect_no_more_than_damage(e);
    }
    if (e != ERR_CORRUPT)
        assert_int_equal(tree_cache_flush(o->cache), ERR_OK);
}

/* Reads a node's row as it is; its length. */
static size_t row_get(struct orchard *o, const struct model *m, uint64_t number,
                      uint8_t buf[TREE_NODE_LEN_MAX])
{
    struct key key = key_of_id(m->topic);
    struct bytes value;

    key_add_u64(&key, number);
    if (txn_get(o->txn, I_TREE, key_view(&key), &value) != ERR_OK)
        return 0;
    memcpy(buf, value.data, value.len);
    return value.len;
}

static void row_put(struct orchard *o, const struct model *m, uint64_t number,
                    struct bytes value)
{
    struct key key = key_of_id(m->topic);

    key_add_u64(&key, number);
    assert_int_equal(txn_put(o->txn, I_TREE, key_view(&key), value), ERR_OK);
}

static void damage_never_does_more_than_be_found(void **state)
{
    uint8_t buf[TREE_NODE_LEN_MAX];
    struct orchard o = { .env = NULL };
    struct model *m = &models[0];
    uint64_t rows;
    uint64_t n;

    (void)state;
    orchard_open(&o);
    fill(&o, m, CLUSTERS, 3000);
    rows = rows_of_all(&o);
    for (unsigned i = 0; i < 1500; i++) {
        uint64_t victim = next_random(&o) % rows;
        size_t len;

        begin(&o);
        len = row_get(&o, m, victim, buf);
        assert_true(len > 0);
        switch (i % 3) {
        case 0: /* a flipped bit; half of them where the numbers are */
            buf[next_random(&o) % (i % 2 == 0 ? len : 64)] ^=
                (uint8_t)(1u << next_random(&o) % 8);
            break;
        case 1: /* cut short */
            len = next_random(&o) % len;
            break;
        default: /* another node in its place */
            len = row_get(&o, m, next_random(&o) % rows, buf);
        }
        row_put(&o, m, victim, (struct bytes){ buf, len });
        if (i % 3 == 1)
            assert_int_equal(tree_check(o.txn, m->topic, &n), ERR_CORRUPT);
        else
            expect_no_more_than_damage(tree_check(o.txn, m->topic, &n));
        ask_and_change_everything(&o, m);
        txn_abort(o.txn);
        o.txn = NULL;
    }
    check_same(&o, m); /* nothing of it stayed */
    orchard_close(&o);
}

/* Each thing that tree_check() looks at, spoiled in a node that parses. */
static void the_check_finds_each_kind_of_damage(void **state)
{
    static struct tree_node node;
    uint8_t buf[TREE_NODE_LEN_MAX];
    struct orchard o = { .env = NULL };
    struct model *m = &models[0];
    uint64_t n;

    (void)state;
    orchard_open(&o);
    fill(&o, m, ASCENDING, 3000);
    for (unsigned i = 0; i < 8; i++) {
        struct writer w = writer_fixed(buf, sizeof buf);
        uint64_t victim = i < 6 ? 0 : 1;

        begin(&o);
        assert_int_equal(tree_cache_read(o.txn, m->topic, victim, &node),
                         ERR_OK);
        assert_int_equal(node.level > 0, victim == 0);
        switch (i) {
        case 0:
            node.children[0].sum.records.lanes[3]++;
            break;
        case 1:
            node.children[0].sum.records.count++;
            break;
        case 2:
            node.children[0].sum.bytes++;
            break;
        case 3:
            node.children[1].least.created_ms++;
            break;
        case 4:
            node.next = 2;
            break;
        case 5:
            node.count--;
            break;
        case 6:
            node.entries[0].bytes++;
            break;
        default:
            node.count--;
            break;
        }
        tree_node_write(&w, &node);
        row_put(&o, m, victim, writer_view(&w));
        assert_int_equal(tree_check(o.txn, m->topic, &n), ERR_CORRUPT);
        txn_abort(o.txn);
        o.txn = NULL;
    }
    begin(&o); /* a node that nothing leads to */
    row_put(&o, m, 999999, (struct bytes){ buf, row_get(&o, m, 1, buf) });
    assert_int_equal(tree_check(o.txn, m->topic, &n), ERR_CORRUPT);
    orchard_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_a_sorted_array_in_any_order_of_arrival),
        cmocka_unit_test(changes_of_all_kinds_leave_a_tree_as_its_model),
        cmocka_unit_test(what_is_emptied_leaves_no_row_and_can_grow_again),
        cmocka_unit_test(what_comes_in_order_fills_its_nodes),
        cmocka_unit_test(a_tree_from_below_is_as_one_that_grew),
        cmocka_unit_test(a_change_that_is_given_up_leaves_nothing),
        cmocka_unit_test(damage_never_does_more_than_be_found),
        cmocka_unit_test(the_check_finds_each_kind_of_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
