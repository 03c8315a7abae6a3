#ifndef STORE_TREE_EDIT_H
#define STORE_TREE_EDIT_H

#include "store/tree_cache.h"

/*
 * Changes of a topic's tree within a write transaction.  On an error the tree
 * is half changed: the transaction must be given up.
 */

/* *added tells whether the key was not there; else nothing happens. */
MUST_CHECK enum err tree_edit_insert(struct tree_cache *cache,
                                     const uint8_t topic[ID_LEN],
                                     const struct tree_entry *entry,
                                     bool *added);
/* ERR_NOT_FOUND */
MUST_CHECK enum err tree_edit_remove(struct tree_cache *cache,
                                     const uint8_t topic[ID_LEN],
                                     const struct record_key *key);
/* The entry of that key holds so many bytes now.  ERR_NOT_FOUND */
MUST_CHECK enum err tree_edit_resize(struct tree_cache *cache,
                                     const uint8_t topic[ID_LEN],
                                     const struct record_key *key,
                                     uint64_t bytes);

/* The shortest key above `below` and not above `key`. */
struct record_key tree_edit_separator(const struct record_key *below,
                                      const struct record_key *key);

#endif
