/*
 * Insertion and removal along one path from the root.
 *
 * The root keeps the number 0: when it splits, what it had moves to a new node
 * below it.  A node splits in the middle, but at the tree's right edge only
 * what was added moves, so that records that come in order fill their nodes.
 * Nodes are removed when they are empty and never joined: hardly anything is
 * ever removed.
 */
#include "store/tree_edit.h"

#include <assert.h>
#include <string.h>

/* From the root down; `at` is the child that was taken, or the entry. */
struct path {
    struct tree_cache *cache;
    const uint8_t *topic;
    size_t depth;
    struct tree_node *nodes[TREE_LEVELS_MAX];
    size_t at[TREE_LEVELS_MAX];
};

struct record_key tree_edit_separator(const struct record_key *below,
                                      const struct record_key *key)
{
    struct record_key out = record_key_at(key->created_ms);

    assert(record_key_compare(below, key) < 0);
    if (below->created_ms < key->created_ms)
        return out;
    for (size_t i = 0; i < ID_LEN; i++) {
        out.id[i] = key->id[i];
        if (key->id[i] != below->id[i])
            break;
    }
    return out;
}

/* ---- Going down ------------------------------------------------------- */

static enum err descend(struct path *path, struct tree_node *root,
                        const struct record_key *key)
{
    struct tree_node *node = root;

    path->depth = 0;
    for (;;) { /* each step is one level down */
        struct tree_node *below;
        size_t at;
        enum err e;

        path->nodes[path->depth] = node;
        if (node->level == 0)
            break;
        at = tree_node_child(node, key);
        path->at[path->depth++] = at;
        e = tree_cache_get(path->cache, path->topic, node->children[at].node,
                           &below);
        if (e != ERR_OK)
            return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
        if (below->level != node->level - 1 || below->count == 0)
            return ERR_CORRUPT;
        node = below;
    }
    path->at[path->depth++] = tree_node_below(node, key);
    return ERR_OK;
}

static struct tree_node *leaf_of(const struct path *path)
{
    return path->nodes[path->depth - 1];
}

/* The entry of the key to which the path leads, or NULL. */
static struct tree_entry *entry_at(const struct path *path,
                                   const struct record_key *key)
{
    struct tree_node *leaf = leaf_of(path);
    size_t at = path->at[path->depth - 1];

    if (at == leaf->count ||
        record_key_compare(&leaf->entries[at].key, key) != 0)
        return NULL;
    return &leaf->entries[at];
}

static enum err find(struct path *path, const struct record_key *key,
                     struct tree_entry **out)
{
    struct tree_node *root;
    enum err e = tree_cache_room(path->cache);

    if (e == ERR_OK)
        e = tree_cache_get(path->cache, path->topic, 0, &root);
    if (e == ERR_OK)
        e = descend(path, root, key);
    if (e != ERR_OK)
        return e;
    *out = entry_at(path, key);
    return *out == NULL ? ERR_NOT_FOUND : ERR_OK;
}

/* ---- Splitting -------------------------------------------------------- */

/* A new node below the root takes what the root had. */
static enum err raise_root(struct path *path)
{
    struct tree_node *root = path->nodes[0];
    struct tree_node *below;
    uint64_t number = root->next;
    enum err e;

    if (root->level + 1 >= TREE_LEVELS_MAX || number == 0)
        return ERR_CORRUPT;
    e = tree_cache_make(path->cache, path->topic, number, root->level, &below);
    if (e != ERR_OK)
        return e;
    *below = *root;
    below->next = 0;
    below->changed = true;
    root->next++;
    root->level++;
    root->count = 1;
    root->children[0].least = record_key_at(0);
    root->children[0].node = number;
    tree_node_sum(below, &root->children[0].sum);
    memmove(path->nodes + 1, path->nodes, path->depth * sizeof path->nodes[0]);
    memmove(path->at + 1, path->at, path->depth * sizeof path->at[0]);
    path->nodes[1] = below;
    path->at[0] = 0;
    path->depth++;
    return ERR_OK;
}

/* How much of the node stays: all but what was added, at the right edge. */
static size_t cut_of(const struct path *path, size_t i)
{
    const struct tree_node *node = path->nodes[i];

    for (size_t above = 0; above <= i; above++)
        if (path->at[above] + 1 != path->nodes[above]->count)
            return node->count / 2;
    return node->count - 1;
}

/* Moves what is behind `cut` to `right`, and tells what separates them. */
static void move_tail(struct tree_node *node, struct tree_node *right,
                      size_t cut, struct record_key *least)
{
    right->count = node->count - cut;
    node->count = cut;
    node->changed = true;
    if (node->level == 0) {
        memcpy(right->entries, node->entries + cut,
               right->count * sizeof right->entries[0]);
        *least = tree_edit_separator(&node->entries[cut - 1].key,
                                     &right->entries[0].key);
        return;
    }
    memcpy(right->children, node->children + cut,
           right->count * sizeof right->children[0]);
    *least = right->children[0].least;
    right->children[0].least = record_key_at(0);
}

static void insert_child(struct tree_node *node, size_t at,
                         const struct tree_child *child)
{
    memmove(node->children + at + 1, node->children + at,
            (node->count - at) * sizeof node->children[0]);
    node->children[at] = *child;
    node->count++;
    node->changed = true;
}

static enum err split(struct path *path, size_t i)
{
    struct tree_node *root = path->nodes[0];
    struct tree_node *above = path->nodes[i - 1];
    struct tree_node *right;
    struct tree_child child = { .node = root->next };
    enum err e;

    if (child.node == 0)
        return ERR_CORRUPT;
    e = tree_cache_make(path->cache, path->topic, child.node,
                        path->nodes[i]->level, &right);
    if (e != ERR_OK)
        return e;
    root->next++;
    root->changed = true;
    move_tail(path->nodes[i], right, cut_of(path, i), &child.least);
    tree_node_sum(right, &child.sum);
    tree_sum_cut(&above->children[path->at[i - 1]].sum, &child.sum);
    insert_child(above, ++path->at[i - 1], &child);
    return ERR_OK;
}

/* Splits the leaf if it has grown too large, and so on upwards. */
static enum err split_path(struct path *path)
{
    enum err e = ERR_OK;

    for (size_t i = path->depth; i-- > 0 && e == ERR_OK;) {
        if (tree_node_len(path->nodes[i]) <= TREE_NODE_LEN_MAX)
            break;
        if (i == 0) {
            e = raise_root(path);
            i = 1;
        }
        if (e == ERR_OK)
            e = split(path, i);
    }
    return e;
}

/* ---- Changes ---------------------------------------------------------- */

static enum err find_or_make_root(struct path *path, struct tree_node **out)
{
    enum err e = tree_cache_get(path->cache, path->topic, 0, out);

    if (e != ERR_NOT_FOUND)
        return e;
    e = tree_cache_make(path->cache, path->topic, 0, 0, out);
    if (e == ERR_OK)
        (*out)->next = 1;
    return e;
}

static void insert_entry(struct path *path, const struct tree_entry *entry)
{
    struct tree_node *leaf = leaf_of(path);
    size_t at = path->at[path->depth - 1];
    struct tree_sum sum = { .bytes = 0 };

    tree_sum_add(&sum, entry);
    for (size_t i = 0; i + 1 < path->depth; i++) {
        tree_sum_join(&path->nodes[i]->children[path->at[i]].sum, &sum);
        path->nodes[i]->changed = true;
    }
    memmove(leaf->entries + at + 1, leaf->entries + at,
            (leaf->count - at) * sizeof leaf->entries[0]);
    leaf->entries[at] = *entry;
    leaf->count++;
    leaf->changed = true;
}

enum err tree_edit_insert(struct tree_cache *cache, const uint8_t topic[ID_LEN],
                          const struct tree_entry *entry, bool *added)
{
    struct path path = { .cache = cache, .topic = topic };
    struct tree_node *root;
    enum err e = tree_cache_room(cache);

    if (e == ERR_OK)
        e = find_or_make_root(&path, &root);
    if (e == ERR_OK)
        e = descend(&path, root, &entry->key);
    if (e != ERR_OK)
        return e;
    if (entry_at(&path, &entry->key) != NULL) {
        *added = false;
        return ERR_OK;
    }
    insert_entry(&path, entry);
    e = split_path(&path);
    if (e == ERR_OK)
        *added = true;
    return e;
}

static void remove_at(struct tree_node *node, size_t at)
{
    node->count--;
    node->changed = true;
    if (node->level == 0) {
        memmove(node->entries + at, node->entries + at + 1,
                (node->count - at) * sizeof node->entries[0]);
        return;
    }
    memmove(node->children + at, node->children + at + 1,
            (node->count - at) * sizeof node->children[0]);
    if (node->count > 0)
        node->children[0].least = record_key_at(0);
}

enum err tree_edit_remove(struct tree_cache *cache, const uint8_t topic[ID_LEN],
                          const struct record_key *key)
{
    struct path path = { .cache = cache, .topic = topic };
    struct tree_sum sum = { .bytes = 0 };
    struct tree_entry *entry;
    enum err e = find(&path, key, &entry);

    if (e != ERR_OK)
        return e;
    tree_sum_add(&sum, entry);
    for (size_t i = 0; i + 1 < path.depth; i++) {
        tree_sum_cut(&path.nodes[i]->children[path.at[i]].sum, &sum);
        path.nodes[i]->changed = true;
    }
    for (size_t i = path.depth; i-- > 0;) {
        remove_at(path.nodes[i], path.at[i]);
        if (path.nodes[i]->count > 0)
            break;
        path.nodes[i]->gone = true; /* and its place in the node above */
    }
    return ERR_OK;
}

enum err tree_edit_resize(struct tree_cache *cache, const uint8_t topic[ID_LEN],
                          const struct record_key *key, uint64_t bytes)
{
    struct path path = { .cache = cache, .topic = topic };
    struct tree_entry *entry;
    enum err e = find(&path, key, &entry);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i + 1 < path.depth; i++) {
        struct tree_node *node = path.nodes[i];

        node->children[path.at[i]].sum.bytes += bytes - entry->bytes;
        node->changed = true;
    }
    entry->bytes = bytes;
    leaf_of(&path)->changed = true;
    return split_path(&path);
}
