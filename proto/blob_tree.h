#ifndef PROTO_BLOB_TREE_H
#define PROTO_BLOB_TREE_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "proto/merkle.h"
#include "proto/multi_hash.h"

/*
 * What a blob is called and how its bytes lead to that name (docs/protocol.md
 * §6.1, §6.2): leaves of 16 KiB, spans of 1 MiB, the layer of the spans' hashes
 * in pages of 512, and the root.  Pure; any thread may call it.  Functions
 * that hash return ERR_NO_MEMORY without memory, beside what they list.  Those
 * that hash leaves take what the thread has to hash many at once, or NULL.
 */

/* A blob: BEP 52's file root and the length in bytes; only both name it. */
struct blob_id {
    uint8_t root[HASH_LEN];
    uint64_t size;
};

bool blob_id_equal(const struct blob_id *a, const struct blob_id *b);
/* The order of blobs in bundles and lists: by root, then by size. */
int blob_id_compare(const struct blob_id *a, const struct blob_id *b);
/* ERR_MALFORMED unless size <= BLOB_SIZE_MAX, and 0 with a zero root only. */
MUST_CHECK enum err blob_id_check(const struct blob_id *id);

/* How many of each a blob of `size` bytes has; the empty one has none. */
uint64_t blob_leaf_count(uint64_t size);
uint64_t blob_block_count(uint64_t size);
uint64_t blob_span_count(uint64_t size);
/* Pages of the layer: none up to 1 MiB, where the span's hash is the root. */
uint64_t blob_page_count(uint64_t size);
/* Bytes of span `span`, which the blob has. */
size_t blob_span_len(uint64_t size, uint64_t span);
/* Hashes in page `page`, which the blob has: 1 to BLOB_LAYER_PAGE. */
size_t blob_page_len(uint64_t size, uint64_t page);
/* Uncles that lead from a page to the root: 0 to BLOB_UNCLES_MAX. */
unsigned blob_uncle_count(uint64_t size);

/*
 * Hash of one span of a blob of `size` bytes from the span's bytes (1 to
 * BLOB_SPAN_LEN): of a blob up to 1 MiB the root, else its place in the layer.
 */
MUST_CHECK enum err blob_span_hash(struct multi_hash *multi,
                                   uint8_t out[HASH_LEN], uint64_t size,
                                   struct bytes span);
/* Leaf hashes of a span, 32 bytes each, as many as it has leaves. */
MUST_CHECK enum err blob_span_leaves(struct multi_hash *multi,
                                     uint8_t out[BLOB_SPAN_LEAVES * HASH_LEN],
                                     struct bytes span);
/*
 * ERR_BAD_PROOF unless `leaves`, the leaf hashes of a span of a blob of `size`
 * bytes, lead to `expected`, that span's hash.  At least one, at most 64.
 */
MUST_CHECK enum err blob_leaves_verify(const uint8_t expected[HASH_LEN],
                                       uint64_t size, struct bytes leaves);

/* Root of a blob over 1 MiB from its whole layer, 32 bytes a span. */
MUST_CHECK enum err blob_layer_root(uint8_t out[HASH_LEN], uint64_t size,
                                    struct bytes layer);
/* Root of the subtree of one page's hashes. */
MUST_CHECK enum err blob_page_root(uint8_t out[HASH_LEN], uint64_t size,
                                   uint64_t page, struct bytes hashes);
/*
 * Uncles of `page`, lowest first, from the roots of all pages (32 bytes each,
 * in order): blob_uncle_count() hashes are written.
 */
MUST_CHECK enum err blob_page_uncles(uint8_t out[BLOB_UNCLES_MAX * HASH_LEN],
                                     uint64_t size, uint64_t page,
                                     struct bytes page_roots);
/*
 * Proves a page against the blob's name.
 *   ERR_MALFORMED  not a page of the blob, or another number of hashes
 *   ERR_BAD_PROOF  they do not lead to the root
 */
MUST_CHECK enum err blob_page_verify(const struct blob_id *id, uint64_t page,
                                     struct bytes hashes, struct bytes uncles);

/*
 * Hashes a blob whose bytes come in order and whose size is known only at the
 * end, in fixed memory.  Hashes of the layer are appended to the caller's
 * writer as they are known; the caller may empty it between calls.
 */
struct blob_hasher {
    struct merkle merkle;
    struct multi_hash *multi;
    struct merkle_tree span;  /* leaves of the span being fed */
    struct merkle_tree layer; /* hashes of the spans before it */
    uint64_t size;
};

/* To be wiped whatever happens later; `multi` stays the caller's. */
void blob_hasher_init(struct blob_hasher *h, struct multi_hash *multi);
void blob_hasher_wipe(struct blob_hasher *h);
/* ERR_TOO_LARGE over BLOB_SIZE_MAX; or the error of the writer. */
MUST_CHECK enum err blob_hasher_feed(struct blob_hasher *h,
                                     struct writer *layer, struct bytes src);
/* Appends the last hash of the layer, if the blob has one, and names it. */
MUST_CHECK enum err blob_hasher_finish(struct blob_hasher *h,
                                       struct writer *layer,
                                       struct blob_id *out);

#endif
