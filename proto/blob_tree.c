/* From bytes to roots.  Reads no file and sends nothing. */
#include "proto/blob_tree.h"

#include <assert.h>
#include <string.h>

/* Heights above the leaves, in the tree of BEP 52. */
#define SPAN_HEIGHT 6
#define PAGE_HEIGHT 9

static_assert(1 << SPAN_HEIGHT == BLOB_SPAN_LEAVES, "leaves of a span");
static_assert(1 << PAGE_HEIGHT == BLOB_LAYER_PAGE, "hashes of a page");

/* From how many leaves on hashing them at once is worth it: it takes as long
 * for one leaf as for all that fit side by side. */
#define MULTI_HASH_WORTH 6

static const uint8_t zeros[HASH_LEN];

bool blob_id_equal(const struct blob_id *a, const struct blob_id *b)
{
    return a->size == b->size && memcmp(a->root, b->root, HASH_LEN) == 0;
}

int blob_id_compare(const struct blob_id *a, const struct blob_id *b)
{
    int order = memcmp(a->root, b->root, HASH_LEN);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

enum err blob_id_check(const struct blob_id *id)
{
    bool unnamed = memcmp(id->root, zeros, HASH_LEN) == 0;

    if (id->size > BLOB_SIZE_MAX || unnamed != (id->size == 0))
        return ERR_MALFORMED;
    return ERR_OK;
}

static uint64_t count_of(uint64_t size, uint64_t unit)
{
    return size / unit + (size % unit != 0);
}

uint64_t blob_leaf_count(uint64_t size)
{
    return count_of(size, BLOB_LEAF_LEN);
}

uint64_t blob_block_count(uint64_t size)
{
    return count_of(size, BLOB_BLOCK_LEN);
}

uint64_t blob_span_count(uint64_t size)
{
    return count_of(size, BLOB_SPAN_LEN);
}

uint64_t blob_page_count(uint64_t size)
{
    if (size <= BLOB_SPAN_LEN)
        return 0;
    return count_of(blob_span_count(size), BLOB_LAYER_PAGE);
}

size_t blob_span_len(uint64_t size, uint64_t span)
{
    uint64_t left;

    assert(span < blob_span_count(size));
    left = size - span * BLOB_SPAN_LEN;
    return left < BLOB_SPAN_LEN ? (size_t)left : BLOB_SPAN_LEN;
}

size_t blob_page_len(uint64_t size, uint64_t page)
{
    uint64_t left;

    assert(page < blob_page_count(size));
    left = blob_span_count(size) - page * BLOB_LAYER_PAGE;
    return left < BLOB_LAYER_PAGE ? (size_t)left : BLOB_LAYER_PAGE;
}

unsigned blob_uncle_count(uint64_t size)
{
    uint64_t pages = blob_page_count(size);

    return pages == 0 ? 0 : merkle_height(pages);
}

/* Height above the leaves of a span: of a small blob only what it needs. */
static unsigned span_height(uint64_t size)
{
    if (size > BLOB_SPAN_LEN)
        return SPAN_HEIGHT;
    return merkle_height(blob_leaf_count(size));
}

/* Height of a page above the layer: of a lone page only what it needs. */
static unsigned page_height(uint64_t size)
{
    if (blob_page_count(size) > 1)
        return PAGE_HEIGHT;
    return merkle_height(blob_span_count(size));
}

static enum err finish(struct merkle *m)
{
    enum err e = m->err;

    merkle_wipe(m);
    return e;
}

/* Hashes of `count` whole leaves that lie side by side. */
static void hash_leaves(struct merkle *m, struct multi_hash *multi,
                        uint8_t *out, const uint8_t *src, size_t count)
{
    if (count >= MULTI_HASH_WORTH &&
        multi_hash_pieces(multi, out, src, BLOB_LEAF_LEN, count))
        return;
    for (size_t i = 0; i < count; i++)
        merkle_hash(m, out + i * HASH_LEN,
                    (struct bytes){ src + i * BLOB_LEAF_LEN, BLOB_LEAF_LEN });
}

enum err blob_span_leaves(struct multi_hash *multi,
                          uint8_t out[BLOB_SPAN_LEAVES * HASH_LEN],
                          struct bytes span)
{
    size_t whole = span.len / BLOB_LEAF_LEN;
    struct merkle m;

    assert(span.len >= 1 && span.len <= BLOB_SPAN_LEN);
    merkle_init(&m);
    hash_leaves(&m, multi, out, span.data, whole);
    if (span.len % BLOB_LEAF_LEN != 0) /* the last one */
        merkle_hash(&m, out + whole * HASH_LEN,
                    (struct bytes){ span.data + whole * BLOB_LEAF_LEN,
                                    span.len % BLOB_LEAF_LEN });
    return finish(&m);
}

static enum err leaves_root(uint8_t out[HASH_LEN], uint64_t size,
                            struct bytes leaves)
{
    struct merkle m;

    merkle_init(&m);
    merkle_root(&m, out, leaves, span_height(size), zeros);
    return finish(&m);
}

enum err blob_span_hash(struct multi_hash *multi, uint8_t out[HASH_LEN],
                        uint64_t size, struct bytes span)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    size_t count = (size_t)blob_leaf_count(span.len);
    enum err e;

    assert(span.len <= size);
    e = blob_span_leaves(multi, leaves, span);
    if (e != ERR_OK)
        return e;
    return leaves_root(out, size, (struct bytes){ leaves, count * HASH_LEN });
}

static enum err compare(const uint8_t a[HASH_LEN], const uint8_t b[HASH_LEN])
{
    return memcmp(a, b, HASH_LEN) == 0 ? ERR_OK : ERR_BAD_PROOF;
}

enum err blob_leaves_verify(const uint8_t expected[HASH_LEN], uint64_t size,
                            struct bytes leaves)
{
    uint8_t root[HASH_LEN];
    enum err e;

    if (leaves.len == 0 || leaves.len % HASH_LEN != 0 ||
        leaves.len / HASH_LEN > (size_t)1 << span_height(size))
        return ERR_BAD_PROOF;
    e = leaves_root(root, size, leaves);
    return e != ERR_OK ? e : compare(root, expected);
}

/* Root of the 2^height hashes of which `hashes` are the first. */
static void layer_subtree(struct merkle *m, uint8_t out[HASH_LEN],
                          struct bytes hashes, unsigned height)
{
    uint8_t pad[HASH_LEN];

    merkle_padding(m, pad, SPAN_HEIGHT);
    merkle_root(m, out, hashes, height, pad);
}

enum err blob_layer_root(uint8_t out[HASH_LEN], uint64_t size,
                         struct bytes layer)
{
    uint64_t spans = blob_span_count(size);
    struct merkle m;

    assert(size > BLOB_SPAN_LEN && layer.len == spans * HASH_LEN);
    merkle_init(&m);
    layer_subtree(&m, out, layer, merkle_height(spans));
    return finish(&m);
}

enum err blob_page_root(uint8_t out[HASH_LEN], uint64_t size, uint64_t page,
                        struct bytes hashes)
{
    struct merkle m;

    assert(hashes.len == blob_page_len(size, page) * HASH_LEN);
    merkle_init(&m);
    layer_subtree(&m, out, hashes, page_height(size));
    return finish(&m);
}

enum err blob_page_uncles(uint8_t out[BLOB_UNCLES_MAX * HASH_LEN],
                          uint64_t size, uint64_t page, struct bytes page_roots)
{
    uint64_t pages = blob_page_count(size);
    unsigned height = blob_uncle_count(size);
    uint8_t pad[HASH_LEN];
    struct merkle m;

    assert(page < pages && page_roots.len == pages * HASH_LEN);
    merkle_init(&m);
    merkle_padding(&m, pad, SPAN_HEIGHT + PAGE_HEIGHT);
    for (unsigned k = 0; k < height; k++) {
        uint64_t first = ((page >> k) ^ 1) << k; /* the sibling's first page */
        uint64_t count = (uint64_t)1 << k;
        uint8_t *uncle = out + k * HASH_LEN;

        if (first >= pages) { /* nothing but padding there */
            merkle_padding(&m, uncle, SPAN_HEIGHT + PAGE_HEIGHT + k);
            continue;
        }
        if (count > pages - first)
            count = pages - first;
        merkle_root(&m, uncle,
                    (struct bytes){ page_roots.data + first * HASH_LEN,
                                    (size_t)count * HASH_LEN },
                    k, pad);
    }
    return finish(&m);
}

enum err blob_page_verify(const struct blob_id *id, uint64_t page,
                          struct bytes hashes, struct bytes uncles)
{
    uint8_t node[HASH_LEN];
    struct merkle m;
    enum err e;

    if (page >= blob_page_count(id->size) ||
        hashes.len != blob_page_len(id->size, page) * HASH_LEN ||
        uncles.len != blob_uncle_count(id->size) * HASH_LEN)
        return ERR_MALFORMED;
    merkle_init(&m);
    layer_subtree(&m, node, hashes, page_height(id->size));
    for (size_t k = 0; k < uncles.len / HASH_LEN; k++) {
        const uint8_t *uncle = uncles.data + k * HASH_LEN;

        if ((page >> k & 1) != 0)
            merkle_join(&m, node, uncle, node);
        else
            merkle_join(&m, node, node, uncle);
    }
    e = finish(&m);
    return e != ERR_OK ? e : compare(node, id->root);
}

void blob_hasher_init(struct blob_hasher *h, struct multi_hash *multi)
{
    h->multi = multi;
    h->span.count = 0;
    h->layer.count = 0;
    h->size = 0;
    merkle_init(&h->merkle);
}

void blob_hasher_wipe(struct blob_hasher *h)
{
    merkle_wipe(&h->merkle);
}

/* Closes the leaf being fed. */
static void end_leaf(struct blob_hasher *h)
{
    uint8_t leaf[HASH_LEN];

    merkle_end(&h->merkle, leaf);
    merkle_tree_push(&h->merkle, &h->span, leaf);
}

/* Closes the span whose leaves were fed and adds its hash to the layer. */
static void end_span(struct blob_hasher *h, struct writer *layer)
{
    uint8_t hash[HASH_LEN];

    merkle_tree_root(&h->merkle, hash, &h->span, SPAN_HEIGHT, zeros);
    merkle_tree_push(&h->merkle, &h->layer, hash);
    writer_bytes(layer, BYTES_ARRAY(hash));
    h->span.count = 0;
}

/* Takes what whole leaves the span still lacks; returns how many bytes. */
static size_t feed_leaves(struct blob_hasher *h, struct bytes src)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    size_t count = src.len / BLOB_LEAF_LEN;

    if (count > BLOB_SPAN_LEAVES - h->span.count)
        count = BLOB_SPAN_LEAVES - (size_t)h->span.count;
    hash_leaves(&h->merkle, h->multi, leaves, src.data, count);
    for (size_t i = 0; i < count; i++)
        merkle_tree_push(&h->merkle, &h->span, leaves + i * HASH_LEN);
    return count * BLOB_LEAF_LEN;
}

/* Takes what lies in one leaf; returns how many bytes. */
static size_t feed_leaf(struct blob_hasher *h, size_t used, struct bytes src)
{
    size_t room = BLOB_LEAF_LEN - used;
    size_t len = src.len < room ? src.len : room;

    if (used == 0)
        merkle_start(&h->merkle);
    merkle_feed(&h->merkle, (struct bytes){ src.data, len });
    if (len == room)
        end_leaf(h);
    return len;
}

enum err blob_hasher_feed(struct blob_hasher *h, struct writer *layer,
                          struct bytes src)
{
    if (src.len > BLOB_SIZE_MAX - h->size)
        return ERR_TOO_LARGE;
    while (src.len > 0) {
        size_t used = (size_t)(h->size % BLOB_LEAF_LEN);
        size_t len;

        /* A full span is closed only when more follows: a blob of exactly
         * 1 MiB has no layer. */
        if (h->span.count == BLOB_SPAN_LEAVES)
            end_span(h, layer);
        if (used == 0 && src.len >= BLOB_LEAF_LEN)
            len = feed_leaves(h, src);
        else
            len = feed_leaf(h, used, src);
        h->size += len;
        src = (struct bytes){ src.data + len, src.len - len };
    }
    return h->merkle.err != ERR_OK ? h->merkle.err : layer->err;
}

enum err blob_hasher_finish(struct blob_hasher *h, struct writer *layer,
                            struct blob_id *out)
{
    struct blob_id id = { .size = h->size };
    uint8_t pad[HASH_LEN];

    if (h->size % BLOB_LEAF_LEN != 0)
        end_leaf(h);
    if (h->size > BLOB_SPAN_LEN) {
        end_span(h, layer);
        merkle_padding(&h->merkle, pad, SPAN_HEIGHT);
        merkle_tree_root(&h->merkle, id.root, &h->layer,
                         merkle_height(h->layer.count), pad);
    } else if (h->size > 0) {
        merkle_tree_root(&h->merkle, id.root, &h->span, span_height(h->size),
                         zeros);
    }
    if (h->merkle.err != ERR_OK)
        return h->merkle.err;
    if (layer->err != ERR_OK)
        return layer->err;
    *out = id;
    return ERR_OK;
}
