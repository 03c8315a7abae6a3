#ifndef PROTO_LINEAGE_H
#define PROTO_LINEAGE_H

#include "proto/licence.h"
#include "proto/topic_state.h"

/*
 * Who built on what (docs/protocol.md §7.7): the graph of the citations in
 * force inside one judged topic.  It has no cycles, for authority_judge() voids
 * the citation that would close one.
 */

#define LINEAGE_NODES_MAX 1024
#define LINEAGE_EDGES_MAX 4096

struct lineage_node {
    uint8_t id[ID_LEN];
    const struct topic_entry *entry;    /* NULL for a source in another topic */
    const struct topic_entry *named_by; /* resource that names it, if NULL */
    int32_t generation; /* 0 the record asked for, < 0 what it is built on */
};

struct lineage_edge {
    const struct topic_entry *resource;
    uint8_t child[ID_LEN];
    bool has_source; /* else the source is text alone */
    uint8_t source[ID_LEN];
};

struct lineage_tree {
    struct lineage_node *nodes; /* by generation, then order of citation */
    uint32_t nodes_count;
    struct lineage_edge *edges; /* by (created_ms, id) of the resource */
    uint32_t edges_count;
    bool is_cut; /* a limit was reached: the tree goes on */
};

/*
 * Everything that the record `id` is built on and everything built on it.  On
 * ERR_OK the caller wipes *out; it borrows from `ts`.
 *   ERR_NOT_FOUND  no such record in the topic
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err lineage_tree(struct lineage_tree *out,
                                 const struct topic_state *ts,
                                 const uint8_t id[ID_LEN]);
void lineage_tree_wipe(struct lineage_tree *tree);

/*
 * Adds to `mix` the licence of record `id` and of all that it uses, adapts or
 * performs, through the whole lineage; mere inspiration binds nobody.
 * ERR_NOT_FOUND, ERR_NO_MEMORY.
 */
MUST_CHECK enum err lineage_mix(struct licence_mix *mix,
                                const struct topic_state *ts,
                                const uint8_t id[ID_LEN]);

#endif
