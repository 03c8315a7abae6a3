#ifndef PROTO_MERKLE_PATH_H
#define PROTO_MERKLE_PATH_H

#include "proto/merkle.h"

/*
 * Ways through the trees of proto/merkle.h: the siblings that lead from a node
 * up to the root, and the walk that checks them.
 */

/*
 * Appends the `height` siblings, lowest first, of node `index` in the tree of
 * 2^height places whose first ones are `nodes` (32 bytes each, at least one)
 * and whose others are `pad`.  Hashes each of the nodes about once.
 */
void merkle_path(struct merkle *m, struct writer *out, struct bytes nodes,
                 uint64_t index, unsigned height, const uint8_t pad[HASH_LEN]);

/*
 * `node`, at place `index` of its level, becomes what it and its siblings (32
 * bytes each, lowest first) lead to.
 */
void merkle_climb(struct merkle *m, uint8_t node[HASH_LEN], uint64_t index,
                  struct bytes siblings);

#endif
