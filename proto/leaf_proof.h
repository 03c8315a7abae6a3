#ifndef PROTO_LEAF_PROOF_H
#define PROTO_LEAF_PROOF_H

#include "proto/blob_tree.h"

/*
 * One leaf of a blob with all the hashes that lead from it to the root
 * (docs/protocol.md §6.8): what a challenge asks for.  Whoever knows the blob's
 * name alone can check it.
 */

/* Siblings from a leaf to the root of the largest blob. */
#define LEAF_UNCLES_MAX MERKLE_HEIGHT_MAX

/* How many siblings a leaf of such a blob has; the size is not 0. */
unsigned leaf_proof_height(uint64_t size);
/* Bytes of leaf `leaf`, which the blob has. */
size_t leaf_proof_len(uint64_t size, uint64_t leaf);

/*
 * Appends the siblings of `leaf`.  `leaves` are the hashes of all leaves of its
 * span; of a blob over 1 MiB `page` are the hashes of the page of the layer
 * that the span is in, and `uncles` that page's, else both are empty.
 * ERR_NO_MEMORY
 */
MUST_CHECK enum err leaf_proof_build(struct writer *out, uint64_t size,
                                     uint64_t leaf, struct bytes leaves,
                                     struct bytes page, struct bytes uncles);

/*
 * Checks the bytes of a leaf against the blob's name.
 *   ERR_MALFORMED  not a leaf of the blob, or another number of siblings
 *   ERR_BAD_BLOB   it has another length, or they lead elsewhere
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err leaf_proof_verify(const struct blob_id *id, uint64_t leaf,
                                      struct bytes bytes,
                                      struct bytes siblings);

#endif
