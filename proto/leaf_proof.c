/* From a leaf to the root (docs/protocol.md §6.8). */
#include "proto/leaf_proof.h"

#include <assert.h>
#include <string.h>

#include "proto/merkle_path.h"

/* Levels inside a span, and inside a full page of the layer. */
enum { SPAN_HEIGHT = 6, PAGE_HEIGHT = 9 };

static_assert(1 << SPAN_HEIGHT == BLOB_SPAN_LEAVES, "a span's leaves");
static_assert(1 << PAGE_HEIGHT == BLOB_LAYER_PAGE, "a page's spans");

static const uint8_t ZEROS[HASH_LEN];

unsigned leaf_proof_height(uint64_t size)
{
    assert(size > 0);
    return merkle_height(blob_leaf_count(size));
}

size_t leaf_proof_len(uint64_t size, uint64_t leaf)
{
    uint64_t left = size - leaf * BLOB_LEAF_LEN;

    assert(leaf < blob_leaf_count(size));
    return left < BLOB_LEAF_LEN ? (size_t)left : BLOB_LEAF_LEN;
}

enum err leaf_proof_build(struct writer *out, uint64_t size, uint64_t leaf,
                          struct bytes leaves, struct bytes page,
                          struct bytes uncles)
{
    uint64_t span = leaf / BLOB_SPAN_LEAVES;
    unsigned height = leaf_proof_height(size);
    uint8_t pad[HASH_LEN];
    struct merkle m;
    enum err e;

    merkle_init(&m);
    if (page.len == 0) {
        assert(size <= BLOB_SPAN_LEN);
        merkle_path(&m, out, leaves, leaf, height, ZEROS);
    } else {
        unsigned in_page = height - SPAN_HEIGHT;

        if (in_page > PAGE_HEIGHT)
            in_page = PAGE_HEIGHT;
        merkle_path(&m, out, leaves, leaf % BLOB_SPAN_LEAVES, SPAN_HEIGHT,
                    ZEROS);
        merkle_padding(&m, pad, SPAN_HEIGHT);
        merkle_path(&m, out, page, span % BLOB_LAYER_PAGE, in_page, pad);
        writer_bytes(out, uncles);
    }
    e = m.err != ERR_OK ? m.err : out->err;
    merkle_wipe(&m);
    return e;
}

enum err leaf_proof_verify(const struct blob_id *id, uint64_t leaf,
                           struct bytes bytes, struct bytes siblings)
{
    uint8_t node[HASH_LEN];
    struct merkle m;
    enum err e;

    if (id->size == 0 || leaf >= blob_leaf_count(id->size) ||
        siblings.len != (size_t)leaf_proof_height(id->size) * HASH_LEN)
        return ERR_MALFORMED;
    if (bytes.len != leaf_proof_len(id->size, leaf))
        return ERR_BAD_BLOB;
    merkle_init(&m);
    merkle_hash(&m, node, bytes);
    merkle_climb(&m, node, leaf, siblings);
    e = m.err;
    merkle_wipe(&m);
    if (e != ERR_OK)
        return e;
    return memcmp(node, id->root, HASH_LEN) == 0 ? ERR_OK : ERR_BAD_BLOB;
}
