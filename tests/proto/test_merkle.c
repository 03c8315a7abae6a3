/* SHA-256 trees: against FIPS 180-4's example and against themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/merkle.h"

static void hashing_in_pieces_gives_the_standards_digest(void **state)
{
    uint8_t expected[HASH_LEN], whole[HASH_LEN], pieces[HASH_LEN];
    struct merkle m;

    (void)state;
    assert_int_equal(
        hex_decode(expected, HASH_LEN,
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
                   "f20015ad",
                   64),
        ERR_OK);
    merkle_init(&m);
    merkle_hash(&m, whole, BYTES_LITERAL("abc"));
    merkle_start(&m);
    merkle_feed(&m, BYTES_LITERAL("a"));
    merkle_feed(&m, BYTES_LITERAL(""));
    merkle_feed(&m, BYTES_LITERAL("bc"));
    merkle_end(&m, pieces);
    assert_int_equal(m.err, ERR_OK);
    assert_memory_equal(whole, expected, HASH_LEN);
    assert_memory_equal(pieces, expected, HASH_LEN);
    merkle_wipe(&m);
    merkle_wipe(&m); /* accepts a zeroed one */
}

static void a_height_is_the_least_that_has_room(void **state)
{
    (void)state;
    assert_int_equal(merkle_height(1), 0);
    assert_int_equal(merkle_height(2), 1);
    assert_int_equal(merkle_height(3), 2);
    assert_int_equal(merkle_height(512), 9);
    assert_int_equal(merkle_height(513), 10);
    assert_int_equal(merkle_height((uint64_t)1 << 63), 63);
}

/* The same root by the definition: pad the list, then join level by level. */
static void slow_root(struct merkle *m, uint8_t out[HASH_LEN],
                      const uint8_t *nodes, size_t count, unsigned height,
                      const uint8_t pad[HASH_LEN])
{
    uint8_t level[32][HASH_LEN];
    size_t width = (size_t)1 << height;

    assert_true(width <= 32);
    for (size_t i = 0; i < width; i++)
        memcpy(level[i], i < count ? nodes + i * HASH_LEN : pad, HASH_LEN);
    for (; width > 1; width /= 2)
        for (size_t i = 0; i < width / 2; i++)
            merkle_join(m, level[i], level[2 * i], level[2 * i + 1]);
    memcpy(out, level[0], HASH_LEN);
}

static void every_count_at_every_height_is_padded_on_the_right(void **state)
{
    uint8_t nodes[32 * HASH_LEN], pad[HASH_LEN], fast[HASH_LEN], slow[HASH_LEN];
    struct merkle m;

    (void)state;
    for (size_t i = 0; i < sizeof nodes; i++)
        nodes[i] = (uint8_t)(i * 7 + i / 256);
    merkle_init(&m);
    merkle_padding(&m, pad, 3);
    for (unsigned height = 0; height <= 5; height++) {
        for (size_t n = 1; n <= (size_t)1 << height; n++) {
            struct bytes list = { nodes, n * HASH_LEN };

            merkle_root(&m, fast, list, height, pad);
            slow_root(&m, slow, nodes, n, height, pad);
            assert_memory_equal(fast, slow, HASH_LEN);
        }
    }
    assert_int_equal(m.err, ERR_OK);
    merkle_wipe(&m);
}

static void an_error_sticks_and_yields_zeros(void **state)
{
    static const uint8_t zeros[HASH_LEN];
    uint8_t out[HASH_LEN] = { 1 };
    struct merkle m = { .ctx = NULL, .err = ERR_NO_MEMORY };

    (void)state;
    merkle_hash(&m, out, BYTES_LITERAL("abc"));
    assert_memory_equal(out, zeros, HASH_LEN);
    assert_int_equal(m.err, ERR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashing_in_pieces_gives_the_standards_digest),
        cmocka_unit_test(a_height_is_the_least_that_has_room),
        cmocka_unit_test(every_count_at_every_height_is_padded_on_the_right),
        cmocka_unit_test(an_error_sticks_and_yields_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
