/*
 * Trees from below.  Of each level the one node is in memory that is being
 * filled; what closes it is the first thing that does not fit.
 */
#include "store/tree_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/tree_cache.h"
#include "store/tree_edit.h"

struct tree_build {
    uint8_t topic[ID_LEN];
    uint64_t next; /* number of the next node; the root gets 0 */
    size_t levels; /* in use */
    struct tree_node nodes[TREE_LEVELS_MAX];
    struct record_key least[TREE_LEVELS_MAX]; /* separators of these */
    struct record_key last;                   /* key of the last entry */
};

enum err tree_build_new(struct tree_build **out)
{
    struct tree_build *build = malloc(sizeof *build);

    if (build == NULL)
        return ERR_NO_MEMORY;
    build->levels = 0;
    *out = build;
    return ERR_OK;
}

void tree_build_free(struct tree_build *build)
{
    free(build);
}

static void open_node(struct tree_build *build, size_t level,
                      const struct record_key *least)
{
    struct tree_node *node = &build->nodes[level];

    node->level = (unsigned)level;
    node->next = 0;
    node->count = 0;
    build->least[level] = *least;
    if (level == build->levels)
        build->levels++;
}

void tree_build_begin(struct tree_build *build, const uint8_t topic[ID_LEN])
{
    struct record_key zero = record_key_at(0);

    memcpy(build->topic, topic, ID_LEN);
    build->next = 1;
    build->levels = 0;
    open_node(build, 0, &zero);
}

/* Writes the node of a level; the child that stands for it one level up. */
static enum err close_node(struct tree_build *build, struct txn *index,
                           size_t level, struct tree_child *out)
{
    const struct tree_node *node = &build->nodes[level];

    out->least = build->least[level];
    out->node = build->next++;
    tree_node_sum(node, &out->sum);
    return tree_cache_write(index, build->topic, out->node, node);
}

/*
 * Puts a child where it belongs.  When it does not fit, that node is closed,
 * and its child is what belongs one level up.
 */
static enum err add_child(struct tree_build *build, struct txn *index,
                          size_t level, struct tree_child child)
{
    for (; level < TREE_LEVELS_MAX; level++) { /* a level up each time */
        struct tree_node *node = &build->nodes[level];
        struct tree_child full;
        enum err e;

        if (level == build->levels)
            open_node(build, level, &child.least);
        node->children[node->count] = child;
        if (node->count++ == 0)
            node->children[0].least = record_key_at(0);
        if (tree_node_len(node) <= TREE_NODE_LEN_MAX)
            return ERR_OK;
        node->count--;
        e = close_node(build, index, level, &full);
        if (e != ERR_OK)
            return e;
        open_node(build, level, &child.least);
        node->children[node->count++] = child;
        node->children[0].least = record_key_at(0);
        child = full;
    }
    return ERR_CORRUPT;
}

enum err tree_build_add(struct tree_build *build, struct txn *index,
                        const struct tree_entry *entry)
{
    struct tree_node *leaf = &build->nodes[0];
    struct tree_child full;
    struct record_key least;
    enum err e;

    assert(build->levels > 0);
    if (leaf->count > 0 && record_key_compare(&build->last, &entry->key) >= 0)
        return ERR_CORRUPT;
    leaf->entries[leaf->count++] = *entry;
    if (tree_node_len(leaf) > TREE_NODE_LEN_MAX) {
        leaf->count--;
        e = close_node(build, index, 0, &full);
        if (e != ERR_OK)
            return e;
        least = tree_edit_separator(&build->last, &entry->key);
        open_node(build, 0, &least);
        leaf->entries[leaf->count++] = *entry;
        e = add_child(build, index, 1, full);
        if (e != ERR_OK)
            return e;
    }
    build->last = entry->key;
    return ERR_OK;
}

enum err tree_build_end(struct tree_build *build, struct txn *index)
{
    struct tree_child child;
    enum err e;

    assert(build->nodes[0].count > 0);
    for (size_t level = 0; level + 1 < build->levels; level++) {
        e = close_node(build, index, level, &child);
        if (e == ERR_OK)
            e = add_child(build, index, level + 1, child);
        if (e != ERR_OK)
            return e;
    }
    build->nodes[build->levels - 1].next = build->next;
    return tree_cache_write(index, build->topic, 0,
                            &build->nodes[build->levels - 1]);
}
