/*
 * Proof of a whole tree, node by node, with a stack as deep as a tree may be.
 * Each node is held to the range that its parents give it: no node can be met
 * twice, so damage costs no more time than health.
 */
#include "store/tree_check.h"

#include <stdlib.h>
#include <string.h>

#include "store/internal.h"
#include "store/page.h"
#include "store/tree.h"
#include "store/tree_cache.h"

/* A node on the way down, and what must be true of it. */
struct place {
    struct tree_node node;
    struct record_range range; /* of all keys below */
    struct tree_sum sum;       /* as the parent says; not of the root */
    size_t at;                 /* the child to be checked next */
};

struct check {
    struct txn *index;
    const uint8_t *topic;
    uint64_t next; /* no node has this number, or a larger one */
    uint64_t nodes;
    uint64_t entries;
    size_t depth;
    struct place places[TREE_LEVELS_MAX];
};

static bool is_within(const struct record_range *range,
                      const struct record_key *key)
{
    return record_key_compare(key, &range->lo) >= 0 &&
           record_key_compare(key, &range->hi) < 0;
}

static enum err check_leaf(struct check *c, const struct place *p)
{
    for (size_t i = 0; i < p->node.count; i++)
        if (!is_within(&p->range, &p->node.entries[i].key))
            return ERR_CORRUPT;
    c->entries += p->node.count;
    return ERR_OK;
}

/* The range of the child at `at`, within that of its parent. */
static enum err child_range(const struct place *p, struct record_range *out)
{
    const struct tree_child *child = &p->node.children[p->at];

    *out = p->range;
    if (p->at > 0)
        out->lo = child->least;
    if (p->at + 1 < p->node.count)
        out->hi = child[1].least;
    if (!is_within(&p->range, &out->lo) ||
        record_key_compare(&out->lo, &out->hi) >= 0 ||
        record_key_compare(&out->hi, &p->range.hi) > 0)
        return ERR_CORRUPT;
    return ERR_OK;
}

static enum err enter_child(struct check *c)
{
    struct place *p = &c->places[c->depth - 1];
    struct place *below = p + 1;
    const struct tree_child *child = &p->node.children[p->at];
    enum err e = child_range(p, &below->range);

    if (e == ERR_OK && (c->depth == TREE_LEVELS_MAX || child->node >= c->next))
        e = ERR_CORRUPT;
    if (e == ERR_OK)
        e = tree_cache_read(c->index, c->topic, child->node, &below->node);
    if (e == ERR_NOT_FOUND ||
        (e == ERR_OK && (below->node.level + 1 != p->node.level ||
                         below->node.count == 0 || below->node.next != 0)))
        e = ERR_CORRUPT;
    below->sum = child->sum;
    below->at = 0;
    p->at++;
    c->depth++;
    c->nodes++;
    return e;
}

/* All below has been checked: does it add up to what the parent says? */
static enum err leave(struct check *c)
{
    const struct place *p = &c->places[--c->depth];
    struct tree_sum sum;

    if (c->depth == 0)
        return ERR_OK;
    tree_node_sum(&p->node, &sum);
    return memcmp(&sum, &p->sum, sizeof sum) == 0 ? ERR_OK : ERR_CORRUPT;
}

static enum err check_tree(struct check *c)
{
    struct place *root = &c->places[0];
    enum err e = tree_cache_read(c->index, c->topic, 0, &root->node);

    if (e != ERR_OK)
        return e;
    root->range = tree_everything();
    root->at = 0;
    c->next = root->node.next;
    c->nodes = 1;
    c->depth = 1;
    if (root->node.count == 0 || c->next == 0)
        return ERR_CORRUPT;
    while (e == ERR_OK && c->depth > 0) {
        struct place *p = &c->places[c->depth - 1];

        if (p->node.level > 0 && p->at < p->node.count) {
            e = enter_child(c);
            continue;
        }
        if (p->node.level == 0)
            e = check_leaf(c, p);
        if (e == ERR_OK)
            e = leave(c);
    }
    return e;
}

/* Whether the table has just as many nodes of the topic as were met. */
static enum err check_rows(const struct check *c)
{
    struct page page = { .txn = c->index,
                         .table = I_TREE,
                         .from = key_of_id(c->topic),
                         .until = key_of_id(c->topic) };
    size_t rows;
    enum err e = page_read(&page, c->nodes + 1, &rows); /* one is too many */

    if (e != ERR_OK)
        return e;
    return rows == c->nodes ? ERR_OK : ERR_CORRUPT;
}

enum err tree_check(struct txn *index, const uint8_t topic[ID_LEN], uint64_t *n)
{
    struct check *c = malloc(sizeof *c);
    enum err e;

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->index = index;
    c->topic = topic;
    c->nodes = 0;
    c->entries = 0;
    e = check_tree(c);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = check_rows(c);
    if (e == ERR_OK)
        *n = c->entries;
    free(c);
    return e;
}

enum err tree_check_next(struct txn *index, const uint8_t *after,
                         uint8_t topic[ID_LEN])
{
    static const uint8_t FIRST[ID_LEN];
    struct key from = key_of_id(after != NULL ? after : FIRST);
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum err e;

    if (after != NULL && !key_after_prefix(&from))
        return ERR_NOT_FOUND;
    e = cursor_open(&cursor, index, I_TREE);
    if (e != ERR_OK)
        return e;
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    if (e == ERR_OK && at.len < ID_LEN)
        e = ERR_CORRUPT;
    if (e == ERR_OK)
        memcpy(topic, at.data, ID_LEN);
    cursor_close(cursor);
    return e;
}
