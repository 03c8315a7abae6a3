/* Roots, layers and proofs against vectors made by an independent script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/blob_tree.h"

#define MIB ((size_t)1024 * 1024)

static json_t *vectors;
static struct multi_hash *multi; /* none, and then what this machine has */

static int load(void **state)
{
    (void)state;
    vectors = json_load_file(VECTORS "/blobs/blobs.json", 0, NULL);
    return vectors == NULL;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    multi_hash_free(multi);
    return 0;
}

static int load_with_multi(void **state)
{
    multi = multi_hash_new();
    return load(state);
}

/* The content of every vector (tests/vectors/blobs/make.py). */
static uint8_t *content(size_t len)
{
    uint8_t *out = malloc(len + 1);

    assert_non_null(out);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16) * 13);
    return out;
}

static void unhex(uint8_t out[HASH_LEN], const json_t *text)
{
    assert_int_equal(hex_decode(out, HASH_LEN, json_string_value(text),
                                json_string_length(text)),
                     ERR_OK);
}

static uint64_t number(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* Feeds `data` in pieces of `piece` bytes. */
static struct blob_id hash_all(struct writer *layer, struct bytes data,
                               size_t piece)
{
    struct blob_hasher h;
    struct blob_id id;

    blob_hasher_init(&h, multi);
    while (data.len > 0) {
        size_t len = data.len < piece ? data.len : piece;

        assert_int_equal(
            blob_hasher_feed(&h, layer, (struct bytes){ data.data, len }),
            ERR_OK);
        data = (struct bytes){ data.data + len, data.len - len };
    }
    assert_int_equal(blob_hasher_finish(&h, layer, &id), ERR_OK);
    blob_hasher_wipe(&h);
    return id;
}

static void the_hasher_gives_the_roots_and_layers_of_bep_52(void **state)
{
    static const size_t pieces[] = { SIZE_MAX, 1, 4093, 65536, 1000003 };
    uint8_t *data = content(6 * MIB);
    size_t i;
    json_t *v;

    (void)state;
    assert_true(json_array_size(json_object_get(vectors, "roots")) > 20);
    json_array_foreach (json_object_get(vectors, "roots"), i, v) {
        size_t size = (size_t)number(v, "size");
        json_t *layer = json_object_get(v, "layer");
        uint8_t root[HASH_LEN], hash[HASH_LEN];

        unhex(root, json_object_get(v, "root"));
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct writer w = writer_growing(8 * HASH_LEN);
            struct blob_id id;

            if (pieces[p] == 1 && size > 70000)
                continue; /* byte by byte is slow and shows nothing more */
            id = hash_all(&w, (struct bytes){ data, size }, pieces[p]);
            assert_int_equal(id.size, size);
            assert_memory_equal(id.root, root, HASH_LEN);
            assert_int_equal(w.len, json_array_size(layer) * HASH_LEN);
            for (size_t k = 0; k < json_array_size(layer); k++) {
                unhex(hash, json_array_get(layer, k));
                assert_memory_equal(w.data + k * HASH_LEN, hash, HASH_LEN);
            }
            writer_free(&w);
        }
    }
    free(data);
}

static void each_span_hashes_to_its_place_in_the_layer(void **state)
{
    uint8_t *data = content(6 * MIB);
    size_t i;
    json_t *v;

    (void)state;
    json_array_foreach (json_object_get(vectors, "roots"), i, v) {
        uint64_t size = number(v, "size");
        uint8_t hash[HASH_LEN], expected[HASH_LEN];
        uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];

        for (uint64_t s = 0; s < blob_span_count(size); s++) {
            struct bytes span = { data + s * MIB, blob_span_len(size, s) };
            size_t len = (size_t)blob_leaf_count(span.len) * HASH_LEN;

            unhex(expected, size > MIB
                                ? json_array_get(json_object_get(v, "layer"), s)
                                : json_object_get(v, "root"));
            assert_int_equal(blob_span_hash(multi, hash, size, span), ERR_OK);
            assert_memory_equal(hash, expected, HASH_LEN);
            assert_int_equal(blob_span_leaves(multi, leaves, span), ERR_OK);
            assert_int_equal(blob_leaves_verify(expected, size,
                                                (struct bytes){ leaves, len }),
                             ERR_OK);
            leaves[len - 1] ^= 1;
            assert_int_equal(blob_leaves_verify(expected, size,
                                                (struct bytes){ leaves, len }),
                             ERR_BAD_PROOF);
        }
    }
    free(data);
}

static void leaf_hashes_of_a_wrong_number_are_refused(void **state)
{
    uint8_t data[2 * BLOB_LEAF_LEN] = { 1 };
    uint8_t leaves[(BLOB_SPAN_LEAVES + 1) * HASH_LEN] = { 0 };
    uint8_t root[HASH_LEN];

    (void)state;
    assert_int_equal(
        blob_span_hash(multi, root, sizeof data, BYTES_ARRAY(data)), ERR_OK);
    assert_int_equal(
        blob_leaves_verify(root, sizeof data, (struct bytes){ leaves, 0 }),
        ERR_BAD_PROOF);
    assert_int_equal(
        blob_leaves_verify(root, sizeof data, (struct bytes){ leaves, 33 }),
        ERR_BAD_PROOF);
    assert_int_equal(
        blob_leaves_verify(root, sizeof data, (struct bytes){ leaves, 96 }),
        ERR_BAD_PROOF);
    assert_int_equal(blob_leaves_verify(root, 2 * MIB, BYTES_ARRAY(leaves)),
                     ERR_BAD_PROOF);
}

/* The layer of a proof vector: hash n is SHA-256 of n as 8 bytes. */
static uint8_t *made_layer(uint64_t spans)
{
    uint8_t *layer = malloc((size_t)spans * HASH_LEN);
    struct merkle m;

    assert_non_null(layer);
    merkle_init(&m);
    for (uint64_t n = 0; n < spans; n++) {
        uint8_t text[8];

        put_u64(text, n);
        merkle_hash(&m, layer + n * HASH_LEN, BYTES_ARRAY(text));
    }
    assert_int_equal(m.err, ERR_OK);
    merkle_wipe(&m);
    return layer;
}

static struct bytes page_of(const uint8_t *layer, uint64_t size, uint64_t page)
{
    return (struct bytes){ layer + page * BLOB_LAYER_PAGE * HASH_LEN,
                           blob_page_len(size, page) * HASH_LEN };
}

static void one_page_verifies_and_nothing_altered_does(const struct blob_id *id,
                                                       uint64_t page,
                                                       uint8_t *hashes,
                                                       uint8_t *uncles)
{
    struct bytes h = { hashes, blob_page_len(id->size, page) * HASH_LEN };
    struct bytes u = { uncles, blob_uncle_count(id->size) * HASH_LEN };
    struct bytes shorter = { hashes, h.len - HASH_LEN };

    assert_int_equal(blob_page_verify(id, page, h, u), ERR_OK);
    assert_int_equal(blob_page_verify(id, page, shorter, u), ERR_MALFORMED);
    assert_int_equal(blob_page_verify(id, blob_page_count(id->size), h, u),
                     ERR_MALFORMED);
    hashes[h.len - 1] ^= 128;
    assert_int_equal(blob_page_verify(id, page, h, u), ERR_BAD_PROOF);
    hashes[h.len - 1] ^= 128;
    for (size_t at = 0; at < u.len; at += HASH_LEN) {
        uncles[at] ^= 1;
        assert_int_equal(blob_page_verify(id, page, h, u), ERR_BAD_PROOF);
        uncles[at] ^= 1;
    }
    if (u.len > 0) {
        u.len -= HASH_LEN;
        assert_int_equal(blob_page_verify(id, page, h, u), ERR_MALFORMED);
    }
}

static void every_page_is_proved_by_its_uncles(void **state)
{
    size_t i;
    json_t *v;

    (void)state;
    json_array_foreach (json_object_get(vectors, "proofs"), i, v) {
        uint64_t spans = number(v, "spans");
        struct blob_id id = { .size = (spans - 1) * MIB + 1 };
        uint64_t pages = blob_page_count(id.size);
        uint8_t *layer = made_layer(spans);
        uint8_t *roots = malloc((size_t)pages * HASH_LEN);
        uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN], expected[HASH_LEN];

        assert_non_null(roots);
        unhex(id.root, json_object_get(v, "root"));
        assert_int_equal(
            blob_layer_root(expected, id.size,
                            (struct bytes){ layer, spans * HASH_LEN }),
            ERR_OK);
        assert_memory_equal(expected, id.root, HASH_LEN);
        for (uint64_t p = 0; p < pages; p++)
            assert_int_equal(blob_page_root(roots + p * HASH_LEN, id.size, p,
                                            page_of(layer, id.size, p)),
                             ERR_OK);
        for (uint64_t p = 0; p < pages; p++) {
            json_t *want = json_array_get(json_object_get(v, "uncles"), p);

            assert_int_equal(json_array_size(want), blob_uncle_count(id.size));
            assert_int_equal(
                blob_page_uncles(uncles, id.size, p,
                                 (struct bytes){ roots, pages * HASH_LEN }),
                ERR_OK);
            for (size_t k = 0; k < json_array_size(want); k++) {
                unhex(expected, json_array_get(want, k));
                assert_memory_equal(uncles + k * HASH_LEN, expected, HASH_LEN);
            }
            one_page_verifies_and_nothing_altered_does(
                &id, p, layer + p * BLOB_LAYER_PAGE * HASH_LEN, uncles);
        }
        free(roots);
        free(layer);
    }
}

static void counts_change_exactly_at_their_units(void **state)
{
    (void)state;
    assert_int_equal(blob_span_count(0), 0);
    assert_int_equal(blob_page_count(MIB), 0);
    assert_int_equal(blob_page_count(MIB + 1), 1);
    assert_int_equal(blob_page_count(512 * MIB), 1);
    assert_int_equal(blob_page_count(512 * MIB + 1), 2);
    assert_int_equal(blob_uncle_count(512 * MIB), 0);
    assert_int_equal(blob_uncle_count(512 * MIB + 1), 1);
    assert_int_equal(blob_page_count(BLOB_SIZE_MAX), BLOB_PAGES_MAX);
    assert_int_equal(blob_uncle_count(BLOB_SIZE_MAX), BLOB_UNCLES_MAX);
    assert_int_equal(blob_leaf_count(BLOB_LEAF_LEN + 1), 2);
    assert_int_equal(blob_block_count(BLOB_BLOCK_LEN), 1);
    assert_int_equal(blob_span_len(MIB + 1, 1), 1);
    assert_int_equal(blob_page_len(512 * MIB + 1, 1), 1);
}

static void a_name_is_refused_if_no_bytes_can_have_it(void **state)
{
    struct blob_id id = { .root = { 1 }, .size = BLOB_SIZE_MAX };
    struct blob_id empty = { .size = 0 };

    (void)state;
    assert_int_equal(blob_id_check(&id), ERR_OK);
    assert_int_equal(blob_id_check(&empty), ERR_OK);
    id.size++;
    assert_int_equal(blob_id_check(&id), ERR_MALFORMED);
    id.size = 0;
    assert_int_equal(blob_id_check(&id), ERR_MALFORMED);
    empty.size = 1;
    assert_int_equal(blob_id_check(&empty), ERR_MALFORMED);
    assert_false(blob_id_equal(&id, &empty));
    assert_true(blob_id_equal(&id, &id));
}

static void the_hasher_tells_when_the_layer_has_no_room(void **state)
{
    uint8_t *data = content(2 * MIB + 1);
    uint8_t room[HASH_LEN];
    struct writer w = writer_fixed(room, sizeof room);
    struct blob_hasher h;
    struct blob_id id = { .size = 7 };

    (void)state;
    blob_hasher_init(&h, multi);
    assert_int_equal(blob_hasher_feed(&h, &w, (struct bytes){ data, 2 * MIB }),
                     ERR_OK);
    assert_int_equal(
        blob_hasher_feed(&h, &w, (struct bytes){ data + 2 * MIB, 1 }),
        ERR_NO_SPACE);
    assert_int_equal(blob_hasher_finish(&h, &w, &id), ERR_NO_SPACE);
    assert_int_equal(id.size, 7);
    h.size = BLOB_SIZE_MAX;
    assert_int_equal(blob_hasher_feed(&h, &w, (struct bytes){ data, 1 }),
                     ERR_TOO_LARGE);
    blob_hasher_wipe(&h);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hasher_gives_the_roots_and_layers_of_bep_52),
        cmocka_unit_test(each_span_hashes_to_its_place_in_the_layer),
        cmocka_unit_test(leaf_hashes_of_a_wrong_number_are_refused),
        cmocka_unit_test(every_page_is_proved_by_its_uncles),
        cmocka_unit_test(counts_change_exactly_at_their_units),
        cmocka_unit_test(a_name_is_refused_if_no_bytes_can_have_it),
        cmocka_unit_test(the_hasher_tells_when_the_layer_has_no_room),
    };

    return cmocka_run_group_tests(tests, load, unload) +
           cmocka_run_group_tests_name("many leaves at once", tests,
                                       load_with_multi, unload);
}
