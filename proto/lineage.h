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
    const struct topic_entry *entry; /* first record; NULL: in another topic */
    const struct topic_entry *named_by; /* the resource that names it, then */
};

enum lineage_state {
    LINEAGE_CITED,
    LINEAGE_WITHDRAWN, /* its author took it back, with a reason */
    LINEAGE_CLAIMED,   /* somebody else says so, the author has not answered */
    LINEAGE_DECLINED   /* and has answered no */
};

struct lineage_edge {
    const struct topic_entry *resource;
    enum lineage_state state; /* all but LINEAGE_CITED lead to nothing more */
    uint8_t child[ID_LEN];
    bool has_source; /* else the source is text alone */
    uint8_t source[ID_LEN];
};

struct lineage_tree {
    struct lineage_node *nodes; /* the record asked for, sources, descendants */
    uint32_t nodes_count;
    struct lineage_edge *edges; /* in the order in which they were met */
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
 * From where a lineage is looked at (§7.9.4): a release stays what it was,
 * whatever the authors of its parts say later.  Zeroed: now.
 */
struct lineage_past {
    const struct topic_entry *before; /* the release, or NULL */
    /* By the index of a first record: index + 1 of the version that counts, 0
     * for none; NULL if none is pinned. */
    const uint32_t *pins;
};
/* The version of the work `first` (an index) whose body counts; NULL if none
 * does, as of what is void or retracted. */
const struct topic_entry *lineage_version(const struct topic_state *ts,
                                          const struct lineage_past *past,
                                          uint32_t first);
/* Whether that citation counts. */
bool lineage_counts(const struct topic_state *ts,
                    const struct lineage_past *past,
                    const struct topic_edge *edge);

/* Licences, each with the first work that was found to bear it: the id of its
 * first record, or of a source elsewhere, or zeros for a text. */
struct lineage_licences {
    struct licence_mix mix;
    uint8_t works[LICENCE_COUNT][ID_LEN];
};

/*
 * Adds to `found` the licences of the works `firsts` (indices of first records)
 * and of all that they use, adapt or perform, through the whole lineage; mere
 * inspiration binds nobody, and nor does a work for which its author has
 * granted rights (§7.10.4).  ERR_NO_MEMORY.
 */
MUST_CHECK enum err lineage_licences_of(struct lineage_licences *found,
                                        const struct topic_state *ts,
                                        const struct lineage_past *past,
                                        const uint32_t *firsts, uint32_t count);

/*
 * Whether the work `from` is built on the work `to`, or is it: a citation of
 * `from` by `to` would close a cycle.  Ids that are not in the topic lead
 * nowhere.  ERR_NO_MEMORY.
 */
MUST_CHECK enum err lineage_leads(bool *out, const struct topic_state *ts,
                                  const uint8_t from[ID_LEN],
                                  const uint8_t to[ID_LEN]);

/*
 * A work as somebody about to cite names it: a record of this topic, of which
 * the lineage counts, or else what is said of its licence.
 */
struct lineage_work {
    const uint8_t *id; /* ID_LEN bytes, or NULL: not published yet, or text */
    struct bytes licence; /* where the topic does not hold it; may be empty */
};

/* Two works whose licences exclude each other. */
struct lineage_clash {
    enum licence child;        /* of the citing work or what it is built on */
    enum licence source;       /* of the cited work or what that is built on */
    uint8_t child_id[ID_LEN];  /* zeros: the citing work, not published yet */
    uint8_t source_id[ID_LEN]; /* zeros: a text */
};

/*
 * Whether an impossible mix (§7.9) would come of citing `source` from `child`
 * otherwise than as an inspiration: *out says which two works clash first.
 * Clashes that `child` has already are not looked for.  ERR_NO_MEMORY.
 */
MUST_CHECK enum err lineage_clash_of(bool *clashes, struct lineage_clash *out,
                                     const struct topic_state *ts,
                                     const struct lineage_work *child,
                                     const struct lineage_work *source);

#endif
