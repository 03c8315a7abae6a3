#ifndef PROTO_LEASE_H
#define PROTO_LEASE_H

#include "proto/blob_tree.h"
#include "proto/domain.h"

/*
 * A lease (docs/protocol.md §6.6): a node's signed word on which whole blobs it
 * holds for a topic, good for a week at most.  Of the blobs it has their number
 * and the root of a tree over their sorted names, so that the word on any one
 * of them can be proved to whoever has the lease, by anybody.
 */

/* Array, form, node, topic, times, count, root, signature; room to grow. */
#define LEASE_MAX 320

struct lease {
    uint8_t node[KEY_LEN];
    uint8_t topic[ID_LEN];
    uint64_t made_ms;  /* by the node's clock */
    uint64_t until_ms; /* it ends then */
    uint64_t count;    /* of blobs, at most LEASE_COUNT_MAX */
    uint8_t root[HASH_LEN];
};

/* Appends [1, node, topic, made, until, count, root] and the signature. */
void lease_write(struct writer *w, const struct lease *lease,
                 const struct network *network, const struct sign_key *key);

/*
 * Takes one lease, exactly; the signature is not looked at.
 *   ERR_TOO_LARGE, ERR_MALFORMED and the other errors of decoding
 */
MUST_CHECK enum err lease_read(struct lease *out, struct bytes src);
/* ERR_BAD_SIGNATURE; `src` has passed lease_read(). */
MUST_CHECK enum err lease_verify(struct bytes src,
                                 const struct network *network);

/* Whether `a` takes the place of `b`, of the same node and topic. */
bool lease_is_newer(const struct lease *a, const struct lease *b);
/* Good now: not over, and not made more than a day ahead of this clock. */
bool lease_is_live(const struct lease *lease, uint64_t wall_ms);

/* ---- The list ------------------------------------------------------------
 *
 * Names of blobs, root (32) || size (8), ascending and none twice.  The tree is
 * over SHA-256("troupe held 1\0" || name), padded with zeros to a power of two
 * (§6.1).  The list travels in pages of LEASE_PAGE names.
 */
#define LEASE_NAME_LEN   40
#define LEASE_UNCLES_MAX 18

uint64_t lease_page_count(uint64_t count);
/* Names in a page that the list has: 1 to LEASE_PAGE. */
size_t lease_page_len(uint64_t count, uint64_t page);

/* How to write a name, and to read one; as blob_id_check(). */
void lease_name(uint8_t out[LEASE_NAME_LEN], const struct blob_id *id);
MUST_CHECK enum err lease_name_read(struct blob_id *out,
                                    const uint8_t name[LEASE_NAME_LEN]);

/*
 * Some of the names and what leads from them to the root: those of the subtree
 * of 2^level places that begins at number `first`.
 */
struct lease_proof {
    unsigned level;
    uint64_t first;
    struct bytes names;
    struct bytes uncles;
};

/* Root of one page's subtree, by which lease_root() and uncles are made. */
MUST_CHECK enum err lease_page_root(uint8_t out[HASH_LEN], uint64_t count,
                                    uint64_t page, struct bytes names);
/* Root of the list from the roots of all pages; zeros for an empty list. */
MUST_CHECK enum err lease_root(uint8_t out[HASH_LEN], uint64_t count,
                               struct bytes page_roots);
/* Appends the siblings of a page. */
MUST_CHECK enum err lease_page_uncles(struct writer *out, uint64_t count,
                                      uint64_t page, struct bytes page_roots);
/* Appends the siblings of the name at `place` of a page, up to its root. */
MUST_CHECK enum err lease_name_uncles(struct writer *out, uint64_t count,
                                      uint64_t page, struct bytes names,
                                      size_t place);
/* The place of a name among sorted ones; false if it is not there. */
bool lease_find(struct bytes names, const uint8_t name[LEASE_NAME_LEN],
                size_t *place);

/*
 * Checks names against the lease's root.
 *   ERR_MALFORMED  no such part of the list, or names out of order
 *   ERR_BAD_PROOF  they do not lead to the root
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err lease_proof_verify(const struct lease *lease,
                                       const struct lease_proof *proof);

#endif
