#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "store/env.h"
#include "store/tree_node.h"

/*
 * Questions to a topic's tree as the database has it (docs/storage.md §4): all
 * entries of a topic, ordered by (created_ms, id).  Each reads one path, or
 * two, from the root.  A topic that is not known is an empty tree.  Damage is
 * ERR_CORRUPT, and never more work than the tree has nodes.
 */

/* The entry of that key.  ERR_NOT_FOUND */
MUST_CHECK enum err tree_find(struct txn *index, const uint8_t topic[ID_LEN],
                              const struct record_key *key,
                              struct tree_entry *out);
/* What a range adds up to; zero if it ends before it begins. */
MUST_CHECK enum err tree_range(struct txn *index, const uint8_t topic[ID_LEN],
                               const struct record_range *range,
                               struct tree_sum *out);
/* The same without lanes, which are 0: no keystream is made. */
MUST_CHECK enum err tree_size(struct txn *index, const uint8_t topic[ID_LEN],
                              const struct record_range *range,
                              struct tree_sum *out);
/* The entry with `rank` entries below it; ERR_NOT_FOUND past the last. */
MUST_CHECK enum err tree_select(struct txn *index, const uint8_t topic[ID_LEN],
                                uint64_t rank, struct tree_entry *out);
/* The range that has everything. */
struct record_range tree_everything(void);

/* Goes through a range from either end; plain data, within a transaction. */
struct tree_walk {
    struct txn *index;
    uint8_t topic[ID_LEN];
    struct record_range range; /* what is left behind this leaf */
    bool newest_first;
    bool more; /* whether there is a leaf in it */
    size_t at;
    struct tree_node leaf;
};

void tree_walk_begin(struct tree_walk *walk, struct txn *index,
                     const uint8_t topic[ID_LEN],
                     const struct record_range *range, bool newest_first);
/* The next entry; ERR_NOT_FOUND at the end. */
MUST_CHECK enum err tree_walk_next(struct tree_walk *walk,
                                   struct tree_entry *out);

#endif
