/* Siblings on the way to the root. */
#include "proto/merkle_path.h"

#include <assert.h>
#include <string.h>

/* Root of a subtree of 2^height places that all hold `pad`. */
static void empty_root(struct merkle *m, uint8_t out[HASH_LEN], unsigned height,
                       const uint8_t pad[HASH_LEN])
{
    memcpy(out, pad, HASH_LEN);
    for (unsigned i = 0; i < height; i++)
        merkle_join(m, out, out, out);
}

/* Root of the subtree of 2^height places that begins at node `from`. */
static void subtree_root(struct merkle *m, uint8_t out[HASH_LEN],
                         struct bytes nodes, uint64_t from, unsigned height,
                         const uint8_t pad[HASH_LEN])
{
    uint64_t count = nodes.len / HASH_LEN;
    uint64_t places = (uint64_t)1 << height;
    uint64_t n;

    if (from >= count) {
        empty_root(m, out, height, pad);
        return;
    }
    n = count - from < places ? count - from : places;
    merkle_root(m, out,
                (struct bytes){ nodes.data + (size_t)from * HASH_LEN,
                                (size_t)n * HASH_LEN },
                height, pad);
}

void merkle_path(struct merkle *m, struct writer *out, struct bytes nodes,
                 uint64_t index, unsigned height, const uint8_t pad[HASH_LEN])
{
    assert(nodes.len > 0 && nodes.len % HASH_LEN == 0);
    assert(height <= MERKLE_HEIGHT_MAX && index >> height == 0);
    for (unsigned k = 0; k < height; k++) {
        uint8_t sibling[HASH_LEN];

        subtree_root(m, sibling, nodes, ((index >> k) ^ 1) << k, k, pad);
        writer_bytes(out, BYTES_ARRAY(sibling));
    }
}

void merkle_climb(struct merkle *m, uint8_t node[HASH_LEN], uint64_t index,
                  struct bytes siblings)
{
    assert(siblings.len % HASH_LEN == 0);
    for (size_t k = 0; k < siblings.len / HASH_LEN; k++) {
        const uint8_t *sibling = siblings.data + k * HASH_LEN;

        if ((index >> k & 1) != 0)
            merkle_join(m, node, sibling, node);
        else
            merkle_join(m, node, node, sibling);
    }
}
