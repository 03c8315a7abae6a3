#ifndef PROTO_PLACEMENT_H
#define PROTO_PLACEMENT_H

#include "proto/blob_tree.h"

/*
 * How archivists with a pledge to a whole community divide the work, without a
 * word between them (docs/protocol.md §6.9): rendezvous hashing, weighted by
 * what each has pledged.  Whoever knows of the same archivists comes to the
 * same order; when one comes or goes, only blobs change hands that are its.
 */

struct placement_node {
    uint8_t node[KEY_LEN];
    uint8_t key[16]; /* from the node; made by placement_node_init() */
    uint64_t weight; /* in MiB, at least 1 */
};

void placement_node_init(struct placement_node *out,
                         const uint8_t node[KEY_LEN], uint64_t pledged_bytes);

/* What a blob costs a node: the cheapest ones are to hold it. */
uint64_t placement_cost(const struct placement_node *node,
                        const struct blob_id *blob);

/* Who holds what, as far as the one who decides knows. */
struct placement_view {
    const struct placement_node *nodes;
    const uint64_t *costs; /* of each: placement_cost() */
    const bool *holds;     /* which of them has it, verified; others may */
    size_t count;
    size_t self; /* the one who decides */
    unsigned target;
};

enum placement {
    PLACEMENT_LEAVE,   /* it is not here, and need not be */
    PLACEMENT_FETCH,   /* it is not here, and is to be */
    PLACEMENT_KEEP,    /* it is here, and is to stay */
    PLACEMENT_RELEASE, /* it is here, and all who are to hold it do */
};

/*
 * Whether `self` is to hold the blob: the first `target` in the order are, and
 * as long as some of them do not, nobody lets go of it.
 */
enum placement placement_decide(const struct placement_view *view);

#endif
