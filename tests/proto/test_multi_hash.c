/* Hashes side by side are those of libcrypto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/multi_hash.h"

enum { COUNT_MAX = 70 }; /* more than any processor does at once, and a rest */

static struct multi_hash *multi;

static int open_multi(void **state)
{
    (void)state;
    multi = multi_hash_new();
    return HAVE_MULTI_HASH && multi == NULL;
}

static int close_multi(void **state)
{
    (void)state;
    multi_hash_free(multi);
    return 0;
}

/* Starts anywhere, so that nothing rests on where it lies. */
static void compare(const uint8_t *src, size_t len, size_t count)
{
    uint8_t *found = malloc(count * HASH_LEN + 1);

    assert_non_null(found);
    memset(found, 0xEE, count * HASH_LEN + 1);
    if (!HAVE_MULTI_HASH)
        assert_false(multi_hash_pieces(multi, found, src, len, count));
    else
        assert_true(multi_hash_pieces(multi, found, src, len, count));
    for (size_t i = 0; HAVE_MULTI_HASH && i < count; i++) {
        uint8_t expected[HASH_LEN];

        hash_bytes(expected, (struct bytes){ src + i * len, len });
        assert_memory_equal(found + i * HASH_LEN, expected, HASH_LEN);
    }
    assert_int_equal(found[count * HASH_LEN], 0xEE); /* nothing behind */
    free(found);
}

/* `len` bytes of their own, so that a sanitizer sees what is read behind. */
static uint8_t *some_bytes(size_t len)
{
    uint8_t *out = malloc(len);

    assert_non_null(out);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 131 + (i >> 8) * 17 + (i >> 16));
    return out;
}

static void hashes_are_right_at_every_length_around_blocks(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 260; len++) {
        uint8_t *src = some_bytes(17 * len);

        compare(src, len, 17);
        free(src);
    }
}

static void hashes_are_right_for_every_number_of_pieces(void **state)
{
    uint8_t *src = some_bytes(COUNT_MAX * 1000);

    (void)state;
    for (size_t count = 0; count <= COUNT_MAX; count++)
        compare(src, 1000, count);
    free(src);
}

static void hashes_are_right_wherever_pieces_lie(void **state)
{
    uint8_t *src = some_bytes(64 * 16384 + 64);

    (void)state;
    for (size_t at = 0; at <= 64; at += 13)
        compare(src + at, 16384, 64);
    free(src);
}

static void without_one_nothing_is_hashed(void **state)
{
    uint8_t out[HASH_LEN] = { 1, 2, 3 };
    uint8_t same[HASH_LEN] = { 1, 2, 3 };

    (void)state;
    assert_false(multi_hash_pieces(NULL, out, (const uint8_t *)"a", 1, 1));
    assert_memory_equal(out, same, HASH_LEN);
    multi_hash_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_right_at_every_length_around_blocks),
        cmocka_unit_test(hashes_are_right_for_every_number_of_pieces),
        cmocka_unit_test(hashes_are_right_wherever_pieces_lie),
        cmocka_unit_test(without_one_nothing_is_hashed),
    };

    return cmocka_run_group_tests(tests, open_multi, close_multi);
}
