/*
 * Reading trees.  The sum of a range is what lies below its end less what lies
 * below its beginning: each is found on one path, on which whole children are
 * added by their sums and only the last leaf by its entries.
 */
#include "store/tree.h"

#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/tree_cache.h"

/* ---- One path --------------------------------------------------------- */

/* The node below `node`, in its place; it must be one level down. */
static enum err step_down(struct txn *index, const uint8_t topic[ID_LEN],
                          struct tree_node *node, size_t at)
{
    unsigned level = node->level - 1;
    enum err e = tree_cache_read(index, topic, node->children[at].node, node);

    if (e == ERR_OK && (node->level != level || node->count == 0))
        e = ERR_CORRUPT;
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err tree_find(struct txn *index, const uint8_t topic[ID_LEN],
                   const struct record_key *key, struct tree_entry *out)
{
    struct tree_node node;
    size_t at;
    enum err e = tree_cache_read(index, topic, 0, &node);

    while (e == ERR_OK && node.level > 0)
        e = step_down(index, topic, &node, tree_node_child(&node, key));
    if (e != ERR_OK)
        return e;
    at = tree_node_below(&node, key);
    if (at == node.count || record_key_compare(&node.entries[at].key, key) != 0)
        return ERR_NOT_FOUND;
    *out = node.entries[at];
    return ERR_OK;
}

enum err tree_select(struct txn *index, const uint8_t topic[ID_LEN],
                     uint64_t rank, struct tree_entry *out)
{
    struct tree_node node;
    bool is_root = true;
    enum err e = tree_cache_read(index, topic, 0, &node);

    while (e == ERR_OK && node.level > 0) {
        size_t at = 0;

        while (at < node.count && rank >= node.children[at].sum.records.count)
            rank -= node.children[at++].sum.records.count;
        if (at == node.count)
            return is_root ? ERR_NOT_FOUND : ERR_CORRUPT;
        e = step_down(index, topic, &node, at);
        is_root = false;
    }
    if (e == ERR_OK && rank >= node.count)
        e = is_root ? ERR_NOT_FOUND : ERR_CORRUPT;
    if (e == ERR_OK)
        *out = node.entries[rank];
    return e;
}

/* ---- Sums ------------------------------------------------------------- */

/* Adds the first `n` entries of a leaf, whose sum is `whole` if not NULL. */
static void add_leaf(struct tree_sum *sum, const struct tree_node *leaf,
                     size_t n, const struct tree_sum *whole)
{
    struct tree_sum rest = { .bytes = 0 };

    if (whole == NULL || n <= leaf->count / 2) {
        for (size_t i = 0; i < n; i++)
            tree_sum_add(sum, &leaf->entries[i]);
        return;
    }
    for (size_t i = n; i < leaf->count; i++)
        tree_sum_add(&rest, &leaf->entries[i]);
    tree_sum_join(sum, whole);
    tree_sum_cut(sum, &rest);
}

static void count_leaf(struct tree_sum *sum, const struct tree_node *leaf,
                       size_t n)
{
    sum->records.count += n;
    for (size_t i = 0; i < n; i++)
        sum->bytes += leaf->entries[i].bytes;
}

/* What all entries below `key` add up to. */
static enum err sum_below(struct txn *index, const uint8_t topic[ID_LEN],
                          const struct record_key *key, bool lanes,
                          struct tree_sum *out)
{
    struct tree_sum sum = { .bytes = 0 };
    struct tree_sum whole;
    struct tree_node node;
    bool is_root = true;
    enum err e = tree_cache_read(index, topic, 0, &node);

    while (e == ERR_OK && node.level > 0) {
        size_t at = tree_node_child(&node, key);

        for (size_t i = 0; i < at; i++)
            tree_sum_join(&sum, &node.children[i].sum);
        whole = node.children[at].sum;
        e = step_down(index, topic, &node, at);
        is_root = false;
    }
    if (e == ERR_OK && lanes)
        add_leaf(&sum, &node, tree_node_below(&node, key),
                 is_root ? NULL : &whole);
    else if (e == ERR_OK)
        count_leaf(&sum, &node, tree_node_below(&node, key));
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *out = sum;
    return ERR_OK;
}

static enum err sum_range(struct txn *index, const uint8_t topic[ID_LEN],
                          const struct record_range *range, bool lanes,
                          struct tree_sum *out)
{
    struct tree_sum below = { .bytes = 0 };
    struct tree_sum sum = { .bytes = 0 };
    struct record_key zero = record_key_at(0);
    enum err e = ERR_OK;

    if (record_key_compare(&range->lo, &range->hi) >= 0) {
        *out = sum;
        return ERR_OK;
    }
    if (record_key_compare(&range->lo, &zero) > 0)
        e = sum_below(index, topic, &range->lo, lanes, &below);
    if (e == ERR_OK)
        e = sum_below(index, topic, &range->hi, lanes, &sum);
    if (e != ERR_OK)
        return e;
    if (sum.records.count < below.records.count)
        return ERR_CORRUPT;
    tree_sum_cut(&sum, &below);
    if (!lanes)
        memset(sum.records.lanes, 0, sizeof sum.records.lanes);
    *out = sum;
    return ERR_OK;
}

enum err tree_range(struct txn *index, const uint8_t topic[ID_LEN],
                    const struct record_range *range, struct tree_sum *out)
{
    return sum_range(index, topic, range, true, out);
}

enum err tree_size(struct txn *index, const uint8_t topic[ID_LEN],
                   const struct record_range *range, struct tree_sum *out)
{
    return sum_range(index, topic, range, false, out);
}

struct record_range tree_everything(void)
{
    return (struct record_range){ record_key_at(0), record_key_at(UINT64_MAX) };
}

/* ---- Walking ---------------------------------------------------------- */

void tree_walk_begin(struct tree_walk *walk, struct txn *index,
                     const uint8_t topic[ID_LEN],
                     const struct record_range *range, bool newest_first)
{
    walk->index = index;
    memcpy(walk->topic, topic, ID_LEN);
    walk->range = *range;
    walk->newest_first = newest_first;
    walk->more = record_key_compare(&range->lo, &range->hi) < 0;
    walk->at = 0;
    walk->leaf.level = 0;
    walk->leaf.count = 0;
}

/* The child with the largest keys below `key`, or the first. */
static size_t child_before(const struct tree_node *inner,
                           const struct record_key *key)
{
    size_t at = tree_node_child(inner, key);

    if (at > 0 && record_key_compare(&inner->children[at].least, key) == 0)
        at--;
    return at;
}

/*
 * The leaf in which what is left of the range begins; what is behind that leaf
 * is left then.  Each time a separator is passed, so there is an end.
 */
static enum err next_leaf(struct tree_walk *walk)
{
    struct tree_node *node = &walk->leaf;
    struct record_range left = walk->range;
    bool more = false;
    enum err e = tree_cache_read(walk->index, walk->topic, 0, node);

    while (e == ERR_OK && node->level > 0) {
        size_t at = walk->newest_first ? child_before(node, &walk->range.hi)
                                       : tree_node_child(node, &walk->range.lo);

        if (walk->newest_first && at > 0) {
            left.hi = node->children[at].least;
            more = true;
        } else if (!walk->newest_first && at + 1 < node->count) {
            left.lo = node->children[at + 1].least;
            more = true;
        }
        e = step_down(walk->index, walk->topic, node, at);
    }
    if (e != ERR_OK)
        return e;
    walk->at = tree_node_below(node, walk->newest_first ? &walk->range.hi
                                                        : &walk->range.lo);
    walk->range = left;
    walk->more = more && record_key_compare(&left.lo, &left.hi) < 0;
    return ERR_OK;
}

/* The next entry of the leaf, or NULL if it has no more. */
static const struct tree_entry *leaf_step(struct tree_walk *walk)
{
    if (walk->newest_first)
        return walk->at > 0 ? &walk->leaf.entries[--walk->at] : NULL;
    return walk->at < walk->leaf.count ? &walk->leaf.entries[walk->at++] : NULL;
}

static bool is_in(const struct record_range *range, bool newest_first,
                  const struct record_key *key)
{
    if (newest_first)
        return record_key_compare(key, &range->lo) >= 0;
    return record_key_compare(key, &range->hi) < 0;
}

enum err tree_walk_next(struct tree_walk *walk, struct tree_entry *out)
{
    const struct tree_entry *entry = leaf_step(walk);

    while (entry == NULL && walk->more) {
        enum err e = next_leaf(walk);

        if (e != ERR_OK)
            return e;
        entry = leaf_step(walk);
    }
    if (entry == NULL || !is_in(&walk->range, walk->newest_first, &entry->key))
        return ERR_NOT_FOUND;
    *out = *entry;
    return ERR_OK;
}
