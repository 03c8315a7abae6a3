/* Leaves of blobs and what leads from them to the root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/leaf_proof.h"
#include "proto/merkle_path.h"

/* A blob of `size` bytes, its layer, and how to prove its leaves. */
struct made {
    struct blob_id id;
    uint8_t *bytes;
    uint64_t repeats; /* 0, or all spans are the same, and it stands once */
    struct writer layer;
};

static void make(struct made *m, uint64_t size)
{
    struct blob_hasher h;

    m->repeats = 0;
    m->bytes = malloc((size_t)size);
    assert_non_null(m->bytes);
    for (uint64_t i = 0; i < size; i++)
        m->bytes[i] = (uint8_t)(i * 31 + i / BLOB_LEAF_LEN);
    m->layer = writer_growing(1 << 20);
    blob_hasher_init(&h, NULL);
    assert_int_equal(blob_hasher_feed(&h, &m->layer,
                                      (struct bytes){ m->bytes, (size_t)size }),
                     ERR_OK);
    assert_int_equal(blob_hasher_finish(&h, &m->layer, &m->id), ERR_OK);
    blob_hasher_wipe(&h);
}

/* So many spans that are all the same. */
static void make_of_spans(struct made *m, uint64_t spans)
{
    uint8_t hash[HASH_LEN];

    make(m, BLOB_SPAN_LEN);
    m->repeats = spans;
    m->id.size = spans * BLOB_SPAN_LEN;
    memcpy(hash, m->id.root, HASH_LEN);
    for (uint64_t i = 0; i < spans; i++)
        writer_bytes(&m->layer, BYTES_ARRAY(hash));
    assert_int_equal(
        blob_layer_root(m->id.root, m->id.size, writer_view(&m->layer)),
        ERR_OK);
}

static void drop(struct made *m)
{
    free(m->bytes);
    writer_free(&m->layer);
}

static struct bytes leaf_of(const struct made *m, uint64_t leaf)
{
    uint64_t at = m->repeats == 0 ? leaf : leaf % BLOB_SPAN_LEAVES;

    return (struct bytes){ m->bytes + at * BLOB_LEAF_LEN,
                           leaf_proof_len(m->id.size, leaf) };
}

static void prove(const struct made *m, uint64_t leaf, struct writer *out)
{
    uint64_t span = leaf / BLOB_SPAN_LEAVES;
    uint64_t page = span / BLOB_LAYER_PAGE;
    uint8_t hashes[BLOB_SPAN_LEAVES * HASH_LEN];
    size_t span_len = blob_span_len(m->id.size, span);
    size_t leaves = (span_len + BLOB_LEAF_LEN - 1) / BLOB_LEAF_LEN;
    struct bytes one_page = { NULL, 0 };
    struct writer uncles = writer_growing(1024);
    struct writer roots = writer_growing(1 << 20);

    assert_int_equal(
        blob_span_leaves(
            NULL, hashes,
            (struct bytes){ leaf_of(m, span * BLOB_SPAN_LEAVES).data,
                            span_len }),
        ERR_OK);
    if (m->id.size > BLOB_SPAN_LEN) {
        uint8_t buf[BLOB_UNCLES_MAX * HASH_LEN];

        for (uint64_t p = 0; p < blob_page_count(m->id.size); p++) {
            uint8_t root[HASH_LEN];
            struct bytes part = { m->layer.data +
                                      p * BLOB_LAYER_PAGE * HASH_LEN,
                                  blob_page_len(m->id.size, p) * HASH_LEN };

            assert_int_equal(blob_page_root(root, m->id.size, p, part), ERR_OK);
            writer_bytes(&roots, BYTES_ARRAY(root));
            if (p == page)
                one_page = part;
        }
        assert_int_equal(
            blob_page_uncles(buf, m->id.size, page, writer_view(&roots)),
            ERR_OK);
        writer_bytes(
            &uncles,
            (struct bytes){ buf, blob_uncle_count(m->id.size) * HASH_LEN });
    }
    writer_reset(out);
    assert_int_equal(
        leaf_proof_build(out, m->id.size, leaf,
                         (struct bytes){ hashes, leaves * HASH_LEN }, one_page,
                         writer_view(&uncles)),
        ERR_OK);
    writer_free(&uncles);
    writer_free(&roots);
}

static void every_leaf_of_every_shape_is_proved(void **state)
{
    static const uint64_t sizes[] = {
        1,
        BLOB_LEAF_LEN - 1,
        BLOB_LEAF_LEN,
        BLOB_LEAF_LEN + 1,
        3 * BLOB_LEAF_LEN,
        BLOB_SPAN_LEN - 1,
        BLOB_SPAN_LEN,
        BLOB_SPAN_LEN + 1,
        5 * BLOB_SPAN_LEN / 2,
        8 * BLOB_SPAN_LEN,
    };
    struct writer out = writer_growing(4096);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t leaves = blob_leaf_count(sizes[i]);
        struct made m;

        make(&m, sizes[i]);
        for (uint64_t leaf = 0; leaf < leaves; leaf++) {
            prove(&m, leaf, &out);
            assert_int_equal(out.len, leaf_proof_height(sizes[i]) * HASH_LEN);
            assert_int_equal(leaf_proof_verify(&m.id, leaf, leaf_of(&m, leaf),
                                               writer_view(&out)),
                             ERR_OK);
        }
        drop(&m);
    }
    writer_free(&out);
}

/* More than one page of the layer: 513 spans. */
static void a_leaf_behind_uncles_of_pages_is_proved(void **state)
{
    struct writer out = writer_growing(4096);
    struct made m;

    (void)state;
    make_of_spans(&m, 513);
    assert_int_equal(leaf_proof_height(m.id.size), 16);
    for (uint64_t leaf = 0; leaf < 513 * BLOB_SPAN_LEAVES; leaf += 4097) {
        prove(&m, leaf, &out);
        assert_int_equal(leaf_proof_verify(&m.id, leaf, leaf_of(&m, leaf),
                                           writer_view(&out)),
                         ERR_OK);
    }
    drop(&m);
    writer_free(&out);
}

static void what_is_not_that_leaf_proves_nothing(void **state)
{
    uint64_t size = 5 * BLOB_SPAN_LEN / 2;
    struct writer out = writer_growing(4096);
    struct bytes proof;
    struct blob_id other;
    struct made m;

    (void)state;
    make(&m, size);
    prove(&m, 70, &out);
    proof = writer_view(&out);
    assert_int_equal(leaf_proof_verify(&m.id, 71, leaf_of(&m, 70), proof),
                     ERR_BAD_BLOB);
    assert_int_equal(leaf_proof_verify(&m.id, 70, leaf_of(&m, 71), proof),
                     ERR_BAD_BLOB);
    assert_int_equal(
        leaf_proof_verify(&m.id, 70,
                          (struct bytes){ m.bytes, BLOB_LEAF_LEN - 1 }, proof),
        ERR_BAD_BLOB);
    assert_int_equal(
        leaf_proof_verify(&m.id, blob_leaf_count(size), leaf_of(&m, 70), proof),
        ERR_MALFORMED);
    proof.len -= HASH_LEN;
    assert_int_equal(leaf_proof_verify(&m.id, 70, leaf_of(&m, 70), proof),
                     ERR_MALFORMED);
    for (size_t i = 0; i < out.len; i += 7) {
        out.data[i] ^= 1;
        assert_int_equal(
            leaf_proof_verify(&m.id, 70, leaf_of(&m, 70), writer_view(&out)),
            ERR_BAD_BLOB);
        out.data[i] ^= 1;
    }
    other = m.id;
    other.size = 0;
    assert_int_equal(leaf_proof_verify(&other, 0, leaf_of(&m, 0), proof),
                     ERR_MALFORMED);
    drop(&m);
    writer_free(&out);
}

/* Two hashes of the tree are 64 bytes: as a blob they are another one (§6.1).
 */
static void the_top_of_a_tree_is_no_leaf(void **state)
{
    struct writer out = writer_growing(4096);
    struct made m;

    (void)state;
    make(&m, 2 * BLOB_LEAF_LEN);
    prove(&m, 0, &out);
    /* Its only leaf hashes to the root, and yet the size is not the blob's. */
    assert_int_equal(leaf_proof_verify(&m.id, 0,
                                       (struct bytes){ out.data, HASH_LEN },
                                       (struct bytes){ NULL, 0 }),
                     ERR_MALFORMED);
    drop(&m);
    writer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leaf_of_every_shape_is_proved),
        cmocka_unit_test(a_leaf_behind_uncles_of_pages_is_proved),
        cmocka_unit_test(what_is_not_that_leaf_proves_nothing),
        cmocka_unit_test(the_top_of_a_tree_is_no_leaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
