#ifndef STORE_TREE_BUILD_H
#define STORE_TREE_BUILD_H

#include "store/env.h"
#include "store/tree_node.h"

/*
 * Makes a topic's tree of all its entries in ascending order, from the leaves
 * up: each node is written once, and full.
 */
struct tree_build;

MUST_CHECK enum err tree_build_new(struct tree_build **out);
/* Accepts NULL. */
void tree_build_free(struct tree_build *build);
/* Begins a topic, which has no tree. */
void tree_build_begin(struct tree_build *build, const uint8_t topic[ID_LEN]);
/* `index` may be another transaction each time.  ERR_CORRUPT: out of order. */
MUST_CHECK enum err tree_build_add(struct tree_build *build, struct txn *index,
                                   const struct tree_entry *entry);
/* Writes what is left; after at least one entry. */
MUST_CHECK enum err tree_build_end(struct tree_build *build, struct txn *index);

#endif
