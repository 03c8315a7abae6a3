/*
 * Any bytes as a node of a topic's tree.  What is accepted is written again to
 * the same bytes, is in order, and adds up without an end being overrun; what
 * is not is damage and nothing else.
 */
#include "store/tree_node.h"
#include "tests/fuzz/fuzz.h"

static void check_leaf(const struct tree_node *leaf)
{
    for (size_t i = 0; i < leaf->count; i++) {
        const struct record_key *key = &leaf->entries[i].key;
        struct record_key after = record_key_after(key);

        check(tree_node_below(leaf, key) == i);
        check(tree_node_below(leaf, &after) == i + 1);
    }
}

static void check_inner(const struct tree_node *inner)
{
    check(inner->count > 0);
    for (size_t i = 0; i < inner->count; i++)
        check(tree_node_child(inner, &inner->children[i].least) == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tree_node node;
    struct bytes value = { data, size };
    uint8_t buf[TREE_NODE_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct tree_sum sum;
    enum err e = tree_node_read(&node, value);

    check(e == ERR_OK || e == ERR_CORRUPT);
    if (e != ERR_OK)
        return 0;
    check(tree_node_len(&node) == size);
    tree_node_write(&w, &node);
    check(w.err == ERR_OK && bytes_equal(writer_view(&w), value));
    tree_node_sum(&node, &sum);
    if (node.level == 0)
        check_leaf(&node);
    else
        check_inner(&node);
    return 0;
}
