/* SHA-256 trees over one reused context.  Knows nothing of blobs. */
#include "proto/merkle.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

static void check(struct merkle *m, int ok)
{
    if (ok != 1 && m->err == ERR_OK)
        m->err = ERR_INTERNAL;
}

void merkle_init(struct merkle *m)
{
    *m = (struct merkle){ .ctx = EVP_MD_CTX_new(), .err = ERR_OK };
    if (m->ctx == NULL)
        m->err = ERR_NO_MEMORY;
    else
        check(m, EVP_DigestInit_ex2(m->ctx, EVP_sha256(), NULL));
}

void merkle_wipe(struct merkle *m)
{
    EVP_MD_CTX_free(m->ctx);
    *m = (struct merkle){ 0 };
}

void merkle_start(struct merkle *m)
{
    if (m->err == ERR_OK) /* the same digest again, without looking it up */
        check(m, EVP_DigestInit_ex2(m->ctx, NULL, NULL));
}

void merkle_feed(struct merkle *m, struct bytes src)
{
    if (m->err == ERR_OK)
        check(m, EVP_DigestUpdate(m->ctx, src.data, src.len));
}

void merkle_end(struct merkle *m, uint8_t out[HASH_LEN])
{
    if (m->err == ERR_OK)
        check(m, EVP_DigestFinal_ex(m->ctx, out, NULL));
    if (m->err != ERR_OK)
        memset(out, 0, HASH_LEN);
}

void merkle_hash(struct merkle *m, uint8_t out[HASH_LEN], struct bytes src)
{
    merkle_start(m);
    merkle_feed(m, src);
    merkle_end(m, out);
}

void merkle_join(struct merkle *m, uint8_t out[HASH_LEN],
                 const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN])
{
    uint8_t pair[2 * HASH_LEN];

    memcpy(pair, left, HASH_LEN);
    memcpy(pair + HASH_LEN, right, HASH_LEN);
    merkle_hash(m, out, BYTES_ARRAY(pair));
}

unsigned merkle_height(uint64_t n)
{
    unsigned height = 0;

    assert(n >= 1 && n <= (uint64_t)1 << 63);
    while ((uint64_t)1 << height < n) /* at most 63 turns */
        height++;
    return height;
}

void merkle_padding(struct merkle *m, uint8_t out[HASH_LEN], unsigned height)
{
    memset(out, 0, HASH_LEN);
    for (unsigned k = 0; k < height; k++)
        merkle_join(m, out, out, out);
}

void merkle_tree_push(struct merkle *m, struct merkle_tree *t,
                      const uint8_t node[HASH_LEN])
{
    uint8_t carry[HASH_LEN];
    unsigned k = 0;

    assert(t->count < (uint64_t)1 << MERKLE_HEIGHT_MAX);
    memcpy(carry, node, HASH_LEN);
    for (; (t->count >> k & 1) != 0; k++)
        merkle_join(m, carry, t->node[k], carry);
    memcpy(t->node[k], carry, HASH_LEN);
    t->count++;
}

void merkle_tree_root(struct merkle *m, uint8_t out[HASH_LEN],
                      const struct merkle_tree *t, unsigned height,
                      const uint8_t pad[HASH_LEN])
{
    uint8_t carry[HASH_LEN], missing[HASH_LEN];
    bool open = false; /* carry holds a subtree whose left may be padding */

    assert(t->count >= 1 && t->count <= (uint64_t)1 << height);
    memcpy(missing, pad, HASH_LEN);
    for (unsigned k = 0; k < height; k++) {
        if ((t->count >> k & 1) != 0) {
            merkle_join(m, carry, t->node[k], open ? carry : missing);
            open = true;
        } else if (open) {
            merkle_join(m, carry, carry, missing);
        }
        merkle_join(m, missing, missing, missing);
    }
    memcpy(out, open ? carry : t->node[height], HASH_LEN);
}

void merkle_root(struct merkle *m, uint8_t out[HASH_LEN], struct bytes nodes,
                 unsigned height, const uint8_t pad[HASH_LEN])
{
    struct merkle_tree t = { .count = 0 };

    assert(nodes.len % HASH_LEN == 0);
    for (size_t at = 0; at < nodes.len; at += HASH_LEN)
        merkle_tree_push(m, &t, nodes.data + at);
    merkle_tree_root(m, out, &t, height, pad);
}
