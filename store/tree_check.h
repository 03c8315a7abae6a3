#ifndef STORE_TREE_CHECK_H
#define STORE_TREE_CHECK_H

#include "store/env.h"
#include "store/tree_node.h"

/*
 * Checks all of a topic's tree: the order of its keys, separators, sums,
 * levels, and that the database has no node of it too many.  *n gets how many
 * entries it has.  ERR_CORRUPT if anything is not so.
 */
MUST_CHECK enum err tree_check(struct txn *index, const uint8_t topic[ID_LEN],
                               uint64_t *n);
/* The first topic after `after` (NULL: the first of all) that has a tree. */
MUST_CHECK enum err tree_check_next(struct txn *index, const uint8_t *after,
                                    uint8_t topic[ID_LEN]);

#endif
