/* Metainfo files, byte for byte; libtorrent reads them in tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/torrent.h"

static struct bytes text(const char *s)
{
    return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct blob_id blob(uint8_t first, uint64_t size)
{
    struct blob_id id = { .size = size };

    if (size > 0)
        memset(id.root, first, HASH_LEN);
    return id;
}

/* A torrent of files with these names, each of its own byte and size. */
static struct writer torrent_of(const char *title, const char *const names[],
                                const uint64_t sizes[], size_t count)
{
    struct writer w = writer_growing(1 << 16);
    uint8_t infohash[HASH_LEN];
    struct torrent *t;

    assert_int_equal(torrent_new(&t, text(title)), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct blob_id id = blob((uint8_t)('A' + i), sizes[i]);

        assert_int_equal(torrent_add(t, &id, text(names[i])), ERR_OK);
    }
    assert_int_equal(torrent_put_info(t, &w, infohash), ERR_OK);
    for (size_t i = 0; i < torrent_layers(t); i++) {
        torrent_put_layer(t, &w, i);
        for (uint64_t n = blob_span_count(torrent_layer_at(t, i)->size); n > 0;
             n--)
            writer_bytes(&w, BYTES_ARRAY(torrent_layer_at(t, i)->root));
    }
    torrent_put_end(&w);
    torrent_free(t);
    writer_u8(&w, 0);
    assert_int_equal(w.err, ERR_OK);
    return w;
}

#define A32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B32 "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C32 "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
#define FILE_OF(name, length, root)                                            \
    name "d0:d6:lengthi" length "e11:pieces root32:" root "ee"
#define TAIL(title)                                                            \
    "e12:meta versioni2e4:name" title "12:piece lengthi1048576ee"

static void files_and_layers_stand_in_order(void **state)
{
    static const char *const names[] = { "b", "a", "empty" };
    static const uint64_t sizes[] = { BLOB_SPAN_LEN + 1, 5, 0 };
    struct writer w = torrent_of("T", names, sizes, 3);

    (void)state;
    assert_string_equal(
        (const char *)w.data,
        "d4:infod9:file treed" FILE_OF("1:a", "5", B32)
            FILE_OF("1:b", "1048577", A32) "5:emptyd0:d6:lengthi0eee" TAIL(
                "1:T") "12:piece layersd32:" A32 "64:" A32 A32 "ee");
    writer_free(&w);
}

static void names_that_lead_elsewhere_do_not(void **state)
{
    static const char *const names[] = { "../x", "..", "a\\b" };
    static const uint64_t sizes[] = { 1, 2, 3 };
    struct writer w = torrent_of("../up", names, sizes, 3);

    (void)state;
    assert_string_equal((const char *)w.data,
                        "d4:infod9:file treed" FILE_OF("4:.._x", "1", A32)
                            FILE_OF("1:_", "2", B32) FILE_OF("3:a_b", "3", C32)
                                TAIL("5:.._up") "12:piece layersdee");
    writer_free(&w);
}

static void folders_are_trees(void **state)
{
    static const char *const names[] = { "a/b/c", "a.txt", "a/d" };
    static const uint64_t sizes[] = { 1, 2, 3 };
    struct writer w = torrent_of("T", names, sizes, 3);

    (void)state;
    assert_string_equal(
        (const char *)w.data,
        "d4:infod9:file treed1:ad1:bd" FILE_OF("1:c", "1", A32) "e" FILE_OF(
            "1:d", "3", C32) "e" FILE_OF("5:a.txt", "2", B32)
            TAIL("1:T") "12:piece layersdee");
    writer_free(&w);
}

static void one_name_for_two_files_becomes_two(void **state)
{
    static const char *const names[] = { "a.b", "a.b", "a (2).b" };
    static const uint64_t sizes[] = { 1, 2, 3 };
    struct writer w = torrent_of("T", names, sizes, 3);

    (void)state;
    assert_string_equal((const char *)w.data,
                        "d4:infod9:file treed" FILE_OF("7:a (2).b", "3", C32)
                            FILE_OF("7:a (3).b", "2", B32)
                                FILE_OF("3:a.b", "1", A32)
                                    TAIL("1:T") "12:piece layersdee");
    writer_free(&w);
}

static void a_file_gives_way_to_a_folder(void **state)
{
    static const char *const names[] = { "a", "a/x" };
    static const uint64_t sizes[] = { 1, 2 };
    struct writer w = torrent_of("T", names, sizes, 2);

    (void)state;
    assert_string_equal((const char *)w.data,
                        "d4:infod9:file treed1:ad" FILE_OF(
                            "1:x", "2", B32) "e" FILE_OF("5:a (2)", "1", A32)
                            TAIL("1:T") "12:piece layersdee");
    writer_free(&w);
}

static void the_same_file_twice_stands_once(void **state)
{
    struct writer w = writer_growing(1 << 12);
    struct blob_id id = blob('A', 3 * BLOB_SPAN_LEN);
    uint8_t infohash[HASH_LEN];
    struct torrent *t;

    (void)state;
    assert_int_equal(torrent_new(&t, text("T")), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(torrent_add(t, &id, text(i < 2 ? "a" : "b")), ERR_OK);
    assert_int_equal(torrent_put_info(t, &w, infohash), ERR_OK);
    assert_int_equal(torrent_layers(t), 1);
    torrent_free(t);
    writer_u8(&w, 0);
    assert_string_equal((const char *)w.data,
                        "d4:infod9:file treed" FILE_OF("1:a", "3145728", A32)
                            FILE_OF("1:b", "3145728", A32)
                                TAIL("1:T") "12:piece layersd");
    writer_free(&w);
}

static void titles_are_cut_between_characters(void **state)
{
    struct writer w = writer_growing(1 << 12);
    uint8_t infohash[HASH_LEN];
    char title[300] = "x";
    struct torrent *t;

    (void)state;
    for (size_t i = 1; i + 2 < sizeof title; i += 2)
        memcpy(title + i, "\xc3\xa4", 3);
    assert_int_equal(torrent_new(&t, text(title)), ERR_OK);
    assert_int_equal(torrent_put_info(t, &w, infohash), ERR_OK);
    torrent_free(t);
    writer_u8(&w, 0);
    assert_non_null(strstr((const char *)w.data, "4:name255:x\xc3\xa4"));
    writer_free(&w);
}

static void names_are_1_to_255_bytes(void **state)
{
    struct blob_id id = blob('A', 1);
    char name[257];
    struct torrent *t;

    (void)state;
    memset(name, 'n', sizeof name);
    assert_int_equal(torrent_new(&t, text("")), ERR_OK);
    assert_int_equal(torrent_add(t, &id, text("")), ERR_MALFORMED);
    assert_int_equal(
        torrent_add(t, &id, (struct bytes){ (const uint8_t *)name, 256 }),
        ERR_MALFORMED);
    assert_int_equal(
        torrent_add(t, &id, (struct bytes){ (const uint8_t *)name, 255 }),
        ERR_OK);
    torrent_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_layers_stand_in_order),
        cmocka_unit_test(names_that_lead_elsewhere_do_not),
        cmocka_unit_test(folders_are_trees),
        cmocka_unit_test(one_name_for_two_files_becomes_two),
        cmocka_unit_test(a_file_gives_way_to_a_folder),
        cmocka_unit_test(the_same_file_twice_stands_once),
        cmocka_unit_test(titles_are_cut_between_characters),
        cmocka_unit_test(names_are_1_to_255_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
