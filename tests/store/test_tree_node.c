/* Nodes as values: there and back, at their limits, and damaged. */
#include "fixture.h"

#include "store/tree_node.h"

static struct tree_node node;
static struct tree_node again;

/* A leaf of `n` entries, `step` milliseconds and numbers apart. */
static void make_leaf(size_t n, uint64_t step, uint64_t bytes)
{
    memset(&node, 0, sizeof node);
    node.next = 7;
    node.count = n;
    for (size_t i = 0; i < n; i++) {
        node.entries[i].key = record_key_at(DAY0 + i * step);
        node.entries[i].key.id[0] = (uint8_t)i;
        node.entries[i].seq = 1 + (n - i) * step;
        node.entries[i].bytes = i == 0 ? 0 : bytes;
    }
}

/* Children whose separators have ids of `id_len` bytes. */
static void make_inner(size_t n, size_t id_len)
{
    memset(&node, 0, sizeof node);
    node.level = 2;
    node.count = n;
    for (size_t i = 0; i < n; i++) {
        struct tree_child *child = &node.children[i];

        if (i > 0)
            child->least = record_key_at(DAY0 + i);
        if (i > 0 && id_len > 0)
            child->least.id[id_len - 1] = 9;
        child->node = 100 + i;
        child->sum.records.count = i + 1;
        child->sum.bytes = i * 1000;
        for (size_t j = 0; j < SYNC_LANES; j++)
            child->sum.records.lanes[j] = UINT64_MAX - i - j;
    }
}

static size_t write_node(uint8_t buf[TREE_NODE_LEN_MAX])
{
    struct writer w = writer_fixed(buf, TREE_NODE_LEN_MAX);

    tree_node_write(&w, &node);
    assert_int_equal(w.err, ERR_OK);
    assert_int_equal(w.len, tree_node_len(&node));
    return w.len;
}

static void assert_there_and_back(void)
{
    uint8_t buf[TREE_NODE_LEN_MAX];
    size_t len = write_node(buf);

    memset(&again, 0xee, sizeof again);
    assert_int_equal(tree_node_read(&again, (struct bytes){ buf, len }),
                     ERR_OK);
    assert_false(again.changed || again.gone);
    assert_int_equal(again.level, node.level);
    assert_int_equal(again.next, node.next);
    assert_int_equal(again.count, node.count);
    if (node.level == 0)
        assert_memory_equal(again.entries, node.entries,
                            node.count * sizeof node.entries[0]);
    else
        assert_memory_equal(again.children, node.children,
                            node.count * sizeof node.children[0]);
}

static void nodes_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t n = 0; n < 70; n++) {
        make_leaf(n, 1, 0);
        assert_there_and_back();
        make_leaf(n, 5000, 60000);
        assert_there_and_back();
        make_leaf(n, (uint64_t)1 << 35, UINT64_MAX);
        assert_there_and_back();
    }
    for (size_t n = 1; n <= 20; n++)
        for (size_t id_len = 0; id_len <= ID_LEN; id_len += 8) {
            make_inner(n, id_len);
            assert_there_and_back();
        }
}

/* The largest node of a kind that fits is one page; the next one is told. */
static void a_node_is_full_at_4080_bytes(void **state)
{
    size_t n = 1;

    (void)state;
    for (make_leaf(n, 0, 0); tree_node_len(&node) <= TREE_NODE_LEN_MAX;)
        make_leaf(++n, 0, 0);
    assert_int_equal(n, TREE_ENTRIES_MAX + 1);
    make_leaf(n - 1, 0, 0);
    assert_there_and_back();
    n = 1;
    for (make_inner(n, 0); tree_node_len(&node) <= TREE_NODE_LEN_MAX;)
        make_inner(++n, 0);
    assert_int_equal(n, TREE_CHILDREN_MAX + 1);
    make_inner(n - 1, 0);
    assert_there_and_back();
}

static void a_node_cut_short_or_with_more_behind_is_refused(void **state)
{
    uint8_t buf[TREE_NODE_LEN_MAX + 1] = { 0 };

    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        size_t len;

        if (kind < 2)
            make_leaf(kind == 0 ? 0 : 20, 77, 900);
        else
            make_inner(9, 3);
        len = write_node(buf);
        for (size_t i = 0; i <= len + 1; i++) {
            enum err e = tree_node_read(&again, (struct bytes){ buf, i });

            assert_int_equal(e, i == len ? ERR_OK : ERR_CORRUPT);
        }
    }
}

/* Every bit flipped: refused, or another node that is written the same. */
static void a_damaged_node_is_refused_or_is_another(void **state)
{
    uint8_t buf[TREE_NODE_LEN_MAX];
    uint8_t out[TREE_NODE_LEN_MAX];

    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        size_t len;

        if (kind == 0)
            make_leaf(20, 77, 900);
        else
            make_inner(9, 3);
        len = write_node(buf);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct writer w = writer_fixed(out, sizeof out);
            enum err e;

            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            e = tree_node_read(&again, (struct bytes){ buf, len });
            if (e == ERR_OK) {
                tree_node_write(&w, &again);
                assert_int_equal(w.len, len);
                assert_memory_equal(out, buf, len);
            } else {
                assert_int_equal(e, ERR_CORRUPT);
            }
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* What has the right form but cannot be. */
static void nodes_that_cannot_be_are_refused(void **state)
{
    uint8_t buf[TREE_NODE_LEN_MAX];

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        struct bytes value = { buf, 0 };

        if (i < 3)
            make_leaf(5, 1000, 1);
        else
            make_inner(5, 2);
        switch (i) {
        case 0: /* the same key twice */
            node.entries[2].key = node.entries[1].key;
            break;
        case 1: /* later than there can be */
            node.entries[4].key = record_key_at(RECORD_TIME_MAX_MS + 1);
            break;
        case 2: /* ids that descend at one moment */
            node.entries[3].key = node.entries[2].key;
            node.entries[3].key.id[0]--;
            break;
        case 3: /* separators in disorder */
            node.children[3].least = node.children[1].least;
            break;
        case 4: /* a first child that is bounded */
            node.children[0].least.created_ms = 1;
            break;
        case 5: /* the root as a child */
            node.children[4].node = 0;
            break;
        default: /* a child with nothing in it */
            node.children[4].sum.records.count = 0;
        }
        value.len = write_node(buf);
        assert_int_equal(tree_node_read(&again, value), ERR_CORRUPT);
    }
}

static void places_are_found_among_keys(void **state)
{
    struct record_key key;

    (void)state;
    make_leaf(9, 1000, 1);
    for (size_t i = 0; i < 9; i++) {
        key = node.entries[i].key;
        assert_int_equal(tree_node_below(&node, &key), i);
        key = record_key_after(&key);
        assert_int_equal(tree_node_below(&node, &key), i + 1);
    }
    make_inner(9, 2);
    key = record_key_at(0);
    assert_int_equal(tree_node_child(&node, &key), 0);
    for (size_t i = 1; i < 9; i++) {
        key = node.children[i].least;
        assert_int_equal(tree_node_child(&node, &key), i);
        key.id[1]--; /* just below it */
        assert_int_equal(tree_node_child(&node, &key), i - 1);
    }
}

static void what_was_added_can_be_taken_away(void **state)
{
    struct tree_sum zero = { .bytes = 0 };
    struct tree_sum sum = { .bytes = 0 };
    struct tree_sum all;

    (void)state;
    make_leaf(30, 5, 100);
    tree_node_sum(&node, &all);
    assert_int_equal(all.records.count, 30);
    assert_int_equal(all.bytes, 2900);
    for (size_t i = 0; i < 30; i++)
        tree_sum_add(&sum, &node.entries[29 - i]);
    assert_memory_equal(&sum, &all, sizeof sum);
    tree_sum_cut(&sum, &all);
    assert_memory_equal(&sum, &zero, sizeof sum);
    tree_sum_join(&sum, &all);
    assert_memory_equal(&sum, &all, sizeof sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_come_back_as_they_were),
        cmocka_unit_test(a_node_is_full_at_4080_bytes),
        cmocka_unit_test(a_node_cut_short_or_with_more_behind_is_refused),
        cmocka_unit_test(a_damaged_node_is_refused_or_is_another),
        cmocka_unit_test(nodes_that_cannot_be_are_refused),
        cmocka_unit_test(places_are_found_among_keys),
        cmocka_unit_test(what_was_added_can_be_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
