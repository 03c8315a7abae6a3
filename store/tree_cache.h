#ifndef STORE_TREE_CACHE_H
#define STORE_TREE_CACHE_H

#include "store/env.h"
#include "store/tree_node.h"

/*
 * Nodes of all trees within one write transaction: read once, changed in
 * memory, written once at its end.  A thousand records that join the end of a
 * topic change the same few nodes.  Its memory is bounded: when it is full,
 * all of it is written and forgotten.  For the one thread that writes.
 */
struct tree_cache;

MUST_CHECK enum err tree_cache_new(struct tree_cache **out);
/* Accepts NULL. */
void tree_cache_free(struct tree_cache *cache);

/* Forgets everything, changes too, and works on `index` from now on. */
void tree_cache_begin(struct tree_cache *cache, struct txn *index);
/* Writes what changed: before the transaction's commit. */
MUST_CHECK enum err tree_cache_flush(struct tree_cache *cache);
/*
 * Makes room for whatever one insertion or removal can touch.  Nodes that were
 * got before are not valid after it, and all are until the next one.
 */
MUST_CHECK enum err tree_cache_room(struct tree_cache *cache);

/*
 * The node `number` of a topic's tree.  Who changes it sets `changed`.
 *   ERR_NOT_FOUND, ERR_CORRUPT
 */
MUST_CHECK enum err tree_cache_get(struct tree_cache *cache,
                                   const uint8_t topic[ID_LEN], uint64_t number,
                                   struct tree_node **out);
/* A new empty node of that number, which must not be there. */
MUST_CHECK enum err tree_cache_make(struct tree_cache *cache,
                                    const uint8_t topic[ID_LEN],
                                    uint64_t number, unsigned level,
                                    struct tree_node **out);

/* Reads a node where nothing is being written.  ERR_NOT_FOUND, ERR_CORRUPT */
MUST_CHECK enum err tree_cache_read(struct txn *index,
                                    const uint8_t topic[ID_LEN],
                                    uint64_t number, struct tree_node *out);
/* Writes one where no cache is at work. */
MUST_CHECK enum err tree_cache_write(struct txn *index,
                                     const uint8_t topic[ID_LEN],
                                     uint64_t number,
                                     const struct tree_node *node);

#endif
