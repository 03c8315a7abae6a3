#ifndef PROTO_MERKLE_H
#define PROTO_MERKLE_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Binary trees of SHA-256 as BEP 52 builds them: a node is the hash of its two
 * children, and what is missing on the right is a padding subtree.  Hashing
 * goes through one context of libcrypto that is made once and reused: on small
 * inputs that is three times faster than a context, or a call, for each hash.
 * A context belongs to one thread at a time.
 */

struct evp_md_ctx_st;

/* A hash context; its first error sticks and later results mean nothing. */
struct merkle {
    struct evp_md_ctx_st *ctx;
    enum err err;
};

/* Always to be wiped; without memory the error is already in it. */
void merkle_init(struct merkle *m);
/* Accepts a zeroed one. */
void merkle_wipe(struct merkle *m);
/* `out` = SHA-256 of `src`. */
void merkle_hash(struct merkle *m, uint8_t out[HASH_LEN], struct bytes src);
/* `out` = SHA-256(left || right); `out` may be either of them. */
void merkle_join(struct merkle *m, uint8_t out[HASH_LEN],
                 const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN]);

/* One SHA-256 over bytes that come in pieces. */
void merkle_start(struct merkle *m);
void merkle_feed(struct merkle *m, struct bytes src);
void merkle_end(struct merkle *m, uint8_t out[HASH_LEN]);

/* Lowest h with 2^h >= n; n is at least 1 and at most 2^63. */
unsigned merkle_height(uint64_t n);

/* Root of a padding subtree of 2^height leaves, each of 32 zero bytes. */
void merkle_padding(struct merkle *m, uint8_t out[HASH_LEN], unsigned height);

/* Enough for 16 TiB of leaves of 16 KiB: 2^30. */
#define MERKLE_HEIGHT_MAX 30

/*
 * A tree fed from the left, in fixed memory: node[k] is the root of the last
 * whole subtree of 2^k nodes that waits for its right sibling, if bit k of
 * `count` is set.
 */
struct merkle_tree {
    uint8_t node[MERKLE_HEIGHT_MAX + 1][HASH_LEN];
    uint64_t count;
};

/* Appends a node; at most 2^MERKLE_HEIGHT_MAX of them. */
void merkle_tree_push(struct merkle *m, struct merkle_tree *t,
                      const uint8_t node[HASH_LEN]);
/*
 * Root of the tree of 2^height nodes whose first ones were pushed and whose
 * others are `pad`.  At least one was pushed, at most 2^height.
 */
void merkle_tree_root(struct merkle *m, uint8_t out[HASH_LEN],
                      const struct merkle_tree *t, unsigned height,
                      const uint8_t pad[HASH_LEN]);

/* The same for nodes that lie side by side, 32 bytes each. */
void merkle_root(struct merkle *m, uint8_t out[HASH_LEN], struct bytes nodes,
                 unsigned height, const uint8_t pad[HASH_LEN]);

#endif
