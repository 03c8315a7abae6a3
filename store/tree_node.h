#ifndef STORE_TREE_NODE_H
#define STORE_TREE_NODE_H

#include "proto/record_set.h"

/*
 * One node of a topic's tree (docs/storage.md §4), as a value of the database
 * and as what is worked with: entries in a leaf, children above.  A value is
 * at most one page without an overflow.  It is parsed as if an enemy had
 * written it, and what is accepted is written again to the same bytes.
 */
#define TREE_NODE_LEN_MAX 4080
/* No tree that was built by these rules comes near it. */
#define TREE_LEVELS_MAX 16
/* As many as fit when all but the ids takes no room at all. */
#define TREE_ENTRIES_MAX  126
#define TREE_CHILDREN_MAX 25

/* A record's place in the order, and what it is there. */
struct tree_entry {
    struct record_key key;
    uint64_t seq;
    uint64_t bytes; /* that it holds; 0 if it is known, not held */
};

/* What entries add up to. */
struct tree_sum {
    struct record_sum records;
    uint64_t bytes;
};

void tree_sum_add(struct tree_sum *sum, const struct tree_entry *entry);
void tree_sum_join(struct tree_sum *sum, const struct tree_sum *other);
/* Takes away what was added. */
void tree_sum_cut(struct tree_sum *sum, const struct tree_sum *other);

/* A node below, and what it adds up to. */
struct tree_child {
    struct record_key least; /* no key below is smaller; the first's is 0 */
    uint64_t node;
    struct tree_sum sum;
};

/* Both arrays have room for the one more that makes a node split. */
struct tree_node {
    bool changed;   /* not what the database has; for the cache */
    bool gone;      /* its row is to be removed */
    unsigned level; /* 0: a leaf */
    uint64_t next;  /* in the root: the number of the next new node */
    size_t count;
    union {
        struct tree_entry entries[TREE_ENTRIES_MAX + 1];
        struct tree_child children[TREE_CHILDREN_MAX + 1];
    };
};

/* Bytes that the node takes as a value; over TREE_NODE_LEN_MAX: split it. */
size_t tree_node_len(const struct tree_node *node);
/* The node must fit. */
void tree_node_write(struct writer *w, const struct tree_node *node);
/* ERR_CORRUPT for all that tree_node_write() does not write. */
MUST_CHECK enum err tree_node_read(struct tree_node *out, struct bytes value);

/* How many of a leaf's entries are smaller than `key`. */
size_t tree_node_below(const struct tree_node *leaf,
                       const struct record_key *key);
/* The child in which `key` is, or would be. */
size_t tree_node_child(const struct tree_node *inner,
                       const struct record_key *key);
/* What all of the node adds up to. */
void tree_node_sum(const struct tree_node *node, struct tree_sum *out);

#endif
