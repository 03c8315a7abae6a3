/* The bundle's items: written, read again, and read after every mischief. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bundle.h"

enum { SMALL = 300, LARGE = BLOB_SPAN_LEN + 5 };

static const struct bundle_begin about = {
    .network = { 3, "lab" },
    .topic = { 7 },
    .has_subject = true,
    .subject = { 9 },
};

/* What a reading came to. */
struct seen {
    struct bundle_counts counts;
    unsigned bad;
    unsigned ignored;
    size_t used;
    enum err err;
};

static struct bytes fill(uint8_t *out, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 13 + (i >> 8) + seed);
    return (struct bytes){ out, len };
}

/* Names bytes; `layer` gets the hashes of their spans. */
static struct blob_id name_of(struct bytes bytes, struct writer *layer)
{
    struct blob_hasher h;
    struct blob_id id;

    blob_hasher_init(&h, NULL);
    assert_int_equal(blob_hasher_feed(&h, layer, bytes), ERR_OK);
    assert_int_equal(blob_hasher_finish(&h, layer, &id), ERR_OK);
    blob_hasher_wipe(&h);
    return id;
}

static void put_records(struct bundle_writer *b, struct writer *w)
{
    static const uint8_t signature[SIGNATURE_LEN] = { 5 };

    bundle_writer_begin(b, w, &about);
    bundle_writer_record(b, w, BYTES_LITERAL("one record"));
    bundle_writer_record(b, w, BYTES_LITERAL("and another"));
    bundle_writer_head(b, w, BYTES_LITERAL("a head"), signature);
}

static void put_small(struct bundle_writer *b, struct writer *w)
{
    static uint8_t data[SMALL];
    struct writer none = writer_growing(HASH_LEN);
    struct bytes bytes = fill(data, sizeof data, 1);
    struct blob_id id = name_of(bytes, &none);

    bundle_writer_blob(b, w, &id);
    bundle_writer_span(b, w, 0);
    writer_bytes(w, bytes);
    writer_free(&none);
}

/* A blob of two spans, the given ones of which are there. */
static void put_large(struct bundle_writer *b, struct writer *w, bool first,
                      bool second)
{
    static uint8_t data[LARGE];
    struct writer layer = writer_growing(2 * HASH_LEN);
    struct bytes bytes = fill(data, sizeof data, 2);
    struct blob_id id = name_of(bytes, &layer);

    bundle_writer_blob(b, w, &id);
    bundle_writer_page(b, w, 0, writer_view(&layer),
                       (struct bytes){ (const uint8_t *)"", 0 });
    if (first) {
        bundle_writer_span(b, w, 0);
        writer_bytes(w, (struct bytes){ bytes.data, BLOB_SPAN_LEN });
    }
    if (second) {
        bundle_writer_span(b, w, 1);
        writer_bytes(w, (struct bytes){ bytes.data + BLOB_SPAN_LEN, 5 });
    }
    writer_free(&layer);
}

static void put_hole(struct bundle_writer *b, struct writer *w)
{
    struct blob_id id = { .size = 77 };

    memset(id.root, 0xff, HASH_LEN);
    bundle_writer_blob(b, w, &id);
}

static struct writer small_bundle(void)
{
    struct writer w = writer_growing(1 << 16);
    struct bundle_writer b;

    bundle_writer_init(&b);
    put_records(&b, &w);
    put_small(&b, &w);
    put_hole(&b, &w);
    bundle_writer_end(&b, &w);
    bundle_writer_wipe(&b);
    assert_int_equal(w.err, ERR_OK);
    return w;
}

static struct writer large_bundle(bool first, bool second)
{
    struct writer w = writer_growing(1 << 22);
    struct bundle_writer b;

    bundle_writer_init(&b);
    put_records(&b, &w);
    put_large(&b, &w, first, second);
    put_hole(&b, &w);
    bundle_writer_end(&b, &w);
    bundle_writer_wipe(&b);
    assert_int_equal(w.err, ERR_OK);
    return w;
}

/* Reads to the end or to the first error that is not a bad span. */
static struct seen read_all(struct bytes file)
{
    struct seen seen = { .err = ERR_OK };
    struct bundle_reader b;
    struct bundle_item item;

    bundle_reader_init(&b, NULL);
    while (seen.err == ERR_OK && !bundle_reader_is_done(&b)) {
        struct bytes left = { file.data + seen.used, file.len - seen.used };

        seen.err = bundle_reader_look(&b, &item, left);
        if (seen.err == ERR_OK && item.len > left.len)
            seen.err = ERR_TRUNCATED;
        if (seen.err != ERR_OK)
            break;
        left.len = item.len;
        seen.err = bundle_reader_take(&b, &item, left);
        seen.used += item.len;
        seen.ignored += item.type % 2;
        if (seen.err == ERR_BAD_BLOB) {
            seen.bad++;
            seen.err = ERR_OK;
        }
    }
    if (seen.err == ERR_OK && seen.used < file.len)
        seen.err = ERR_TRAILING;
    seen.counts = *bundle_reader_counts(&b);
    bundle_reader_wipe(&b);
    return seen;
}

static void what_was_written_is_read(void **state)
{
    struct writer w = small_bundle();
    struct seen seen = read_all(writer_view(&w));

    (void)state;
    assert_int_equal(seen.err, ERR_OK);
    assert_int_equal(seen.bad, 0);
    assert_int_equal(seen.used, w.len);
    assert_int_equal(seen.counts.records, 2);
    assert_int_equal(seen.counts.heads, 1);
    assert_int_equal(seen.counts.blobs, 2);
    assert_int_equal(seen.counts.holes, 1);
    assert_int_equal(seen.counts.spans, 1);
    assert_int_equal(seen.counts.bytes, SMALL);
    writer_free(&w);
}

static void each_item_says_what_it_holds(void **state)
{
    struct writer w = small_bundle();
    struct bundle_reader b;
    struct bundle_item item;
    struct bytes left = writer_view(&w);
    unsigned types[8] = { 0 };
    size_t n = 0;

    (void)state;
    bundle_reader_init(&b, NULL);
    while (!bundle_reader_is_done(&b)) {
        struct bytes whole;

        assert_int_equal(bundle_reader_look(&b, &item, left), ERR_OK);
        whole = (struct bytes){ left.data, item.len };
        assert_int_equal(bundle_reader_take(&b, &item, whole), ERR_OK);
        left = (struct bytes){ left.data + item.len, left.len - item.len };
        if (item.type == BUNDLE_BEGIN) {
            assert_string_equal(item.at.begin.network.name, "lab");
            assert_memory_equal(item.at.begin.topic, about.topic, ID_LEN);
            assert_memory_equal(item.at.begin.subject, about.subject, ID_LEN);
        }
        if (item.type == BUNDLE_HEAD) {
            assert_true(
                bytes_equal(item.at.known.head, BYTES_LITERAL("a head")));
            assert_int_equal(item.at.known.signature[0], 5);
        }
        if (item.type == BUNDLE_SPAN)
            assert_int_equal(item.at.bytes.len, SMALL);
        types[item.type / 2]++;
        n++;
    }
    assert_int_equal(n, 9);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(types[i],
                         i == BUNDLE_RECORD / 2 || i == BUNDLE_BLOB / 2 ? 2
                         : i == BUNDLE_PAGE / 2                         ? 0
                                                                        : 1);
    bundle_reader_wipe(&b);
    writer_free(&w);
}

static void every_truncation_is_an_error(void **state)
{
    struct writer w = small_bundle();

    (void)state;
    for (size_t len = 0; len < w.len; len++) {
        uint8_t *part = malloc(len + 1);
        struct seen seen;

        assert_non_null(part);
        memcpy(part, w.data, len);
        seen = read_all((struct bytes){ part, len });
        assert_int_equal(seen.err, ERR_TRUNCATED);
        free(part);
    }
    writer_free(&w);
}

static void bytes_after_the_end_are_no_part_of_it(void **state)
{
    struct writer w = small_bundle();

    (void)state;
    writer_u8(&w, 0);
    assert_int_equal(read_all(writer_view(&w)).err, ERR_TRAILING);
    writer_free(&w);
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct writer w = small_bundle();

    (void)state;
    for (size_t i = 0; i < w.len * 8; i++) {
        struct seen seen;

        w.data[i / 8] = (uint8_t)(w.data[i / 8] ^ (1u << (i % 8)));
        seen = read_all(writer_view(&w));
        assert_true(seen.err != ERR_OK || seen.bad > 0);
        w.data[i / 8] = (uint8_t)(w.data[i / 8] ^ (1u << (i % 8)));
    }
    assert_int_equal(read_all(writer_view(&w)).err, ERR_OK);
    writer_free(&w);
}

static void a_bad_span_is_passed_over_and_the_rest_read(void **state)
{
    struct writer w = large_bundle(true, true);
    struct seen seen = read_all(writer_view(&w));
    size_t inside = w.len - LARGE / 2;

    (void)state;
    assert_int_equal(seen.err, ERR_OK);
    assert_int_equal(seen.bad, 0);
    assert_int_equal(seen.counts.bytes, LARGE);
    assert_int_equal(seen.counts.holes, 1);
    w.data[inside] ^= 1;
    seen = read_all(writer_view(&w));
    assert_int_equal(seen.err, ERR_OK);
    assert_int_equal(seen.bad, 1);
    writer_free(&w);
}

static void spans_that_are_not_there_make_a_hole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct writer w = large_bundle(i == 1, i == 2);
        struct seen seen = read_all(writer_view(&w));

        assert_int_equal(seen.err, ERR_OK);
        assert_int_equal(seen.counts.holes, 2);
        assert_int_equal(seen.counts.spans, i == 0 ? 0 : 1);
        writer_free(&w);
    }
}

/* A span whose bytes are of no interest counts all the same. */
static void spans_may_be_passed_and_compared_by_others(void **state)
{
    struct writer w = large_bundle(true, true);
    struct bytes left = writer_view(&w);
    struct bundle_reader b;
    struct bundle_item item;

    (void)state;
    bundle_reader_init(&b, NULL);
    while (!bundle_reader_is_done(&b)) {
        assert_int_equal(bundle_reader_look(&b, &item, left), ERR_OK);
        if (item.type == BUNDLE_SPAN) {
            struct bytes content = { left.data + BUNDLE_SPAN_LEN,
                                     item.len - BUNDLE_SPAN_LEN };
            uint8_t hash[HASH_LEN];
            uint8_t expected[HASH_LEN];

            assert_int_equal(
                blob_span_hash(NULL, hash, b.tally.blob.size, content), ERR_OK);
            bundle_reader_expected(&b, &item, expected);
            assert_memory_equal(hash, expected, HASH_LEN);
            bundle_reader_pass(&b, &item,
                               (struct bytes){ left.data, BUNDLE_SPAN_LEN });
        } else {
            assert_int_equal(
                bundle_reader_take(&b, &item,
                                   (struct bytes){ left.data, item.len }),
                ERR_OK);
        }
        left = (struct bytes){ left.data + item.len, left.len - item.len };
    }
    assert_int_equal(left.len, 0);
    bundle_reader_wipe(&b);
    writer_free(&w);
}

/* ---- Out of order ------------------------------------------------------- */

static enum err read_made(void (*make)(struct bundle_writer *b,
                                       struct writer *w))
{
    struct writer w = writer_growing(1 << 22);
    struct bundle_writer b;
    enum err e;

    bundle_writer_init(&b);
    make(&b, &w);
    bundle_writer_end(&b, &w);
    bundle_writer_wipe(&b);
    assert_int_equal(w.err, ERR_OK);
    e = read_all(writer_view(&w)).err;
    writer_free(&w);
    return e;
}

static void no_begin(struct bundle_writer *b, struct writer *w)
{
    writer_bytes(w, BYTES_LITERAL("troupe bundle 1\n"));
    bundle_writer_record(b, w, BYTES_LITERAL("a record"));
}

static void two_begins(struct bundle_writer *b, struct writer *w)
{
    struct writer again = writer_growing(1 << 10);

    bundle_writer_begin(b, w, &about);
    bundle_writer_begin(b, &again, &about);
    writer_bytes(w, (struct bytes){ again.data + 16, again.len - 16 });
    writer_free(&again);
}

static void record_after_blob(struct bundle_writer *b, struct writer *w)
{
    put_records(b, w);
    put_small(b, w);
    bundle_writer_record(b, w, BYTES_LITERAL("late"));
}

static void blob_twice(struct bundle_writer *b, struct writer *w)
{
    put_records(b, w);
    put_small(b, w);
    put_small(b, w);
}

static void blobs_descending(struct bundle_writer *b, struct writer *w)
{
    put_records(b, w);
    put_hole(b, w);
    put_small(b, w);
}

static void page_twice(struct bundle_writer *b, struct writer *w)
{
    static uint8_t data[LARGE];
    struct writer layer = writer_growing(2 * HASH_LEN);

    put_records(b, w);
    (void)name_of(fill(data, sizeof data, 2), &layer);
    put_large(b, w, false, false);
    bundle_writer_page(b, w, 0, writer_view(&layer),
                       (struct bytes){ (const uint8_t *)"", 0 });
    writer_free(&layer);
}

static void span_without_page(struct bundle_writer *b, struct writer *w)
{
    struct blob_id id = { .root = { 1 }, .size = LARGE };

    put_records(b, w);
    bundle_writer_blob(b, w, &id);
    bundle_writer_span(b, w, 1);
    writer_bytes(w, BYTES_LITERAL("12345"));
}

static void span_before_blob(struct bundle_writer *b, struct writer *w)
{
    put_records(b, w);
    b->tally.blob.size = 3;
    bundle_writer_span(b, w, 0);
    writer_bytes(w, BYTES_LITERAL("123"));
}

static void span_twice(struct bundle_writer *b, struct writer *w)
{
    put_records(b, w);
    put_large(b, w, false, true);
    bundle_writer_span(b, w, 1);
    writer_bytes(w, BYTES_LITERAL("12345"));
}

static void false_page(struct bundle_writer *b, struct writer *w)
{
    static const uint8_t hashes[2 * HASH_LEN];
    struct blob_id id = { .root = { 1 }, .size = LARGE };

    put_records(b, w);
    bundle_writer_blob(b, w, &id);
    bundle_writer_page(b, w, 0, BYTES_ARRAY(hashes),
                       (struct bytes){ (const uint8_t *)"", 0 });
}

static void what_stands_where_it_may_not_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_made(no_begin), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(two_begins), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(record_after_blob), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(blob_twice), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(blobs_descending), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(page_twice), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(span_without_page), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(span_before_blob), ERR_OUT_OF_ORDER);
    assert_int_equal(read_made(span_twice), ERR_MALFORMED);
    assert_int_equal(read_made(false_page), ERR_BAD_PROOF);
}

/* ---- What is not known, and what is too large ---------------------------- */

static enum err read_item(uint8_t type, uint32_t len)
{
    uint8_t first[BUNDLE_LOOK_LEN] = { type };
    struct writer w = small_bundle();
    struct bytes left = writer_view(&w);
    struct bundle_reader b;
    struct bundle_item item;
    enum err e;

    bundle_reader_init(&b, NULL);
    for (size_t i = 0; i < 2; i++) { /* magic and BEGIN */
        assert_int_equal(bundle_reader_look(&b, &item, left), ERR_OK);
        assert_int_equal(bundle_reader_take(
                             &b, &item, (struct bytes){ left.data, item.len }),
                         ERR_OK);
        left = (struct bytes){ left.data + item.len, left.len - item.len };
    }
    put_u32(first + 1, len);
    e = bundle_reader_look(&b, &item, BYTES_ARRAY(first));
    bundle_reader_wipe(&b);
    writer_free(&w);
    return e;
}

static void unknown_items_are_ignored_if_odd_alone(void **state)
{
    (void)state;
    assert_int_equal(read_item(1, 0), ERR_OK);
    assert_int_equal(read_item(255, RECORD_LEN_MAX), ERR_OK);
    assert_int_equal(read_item(255, RECORD_LEN_MAX + 1), ERR_TOO_LARGE);
    assert_int_equal(read_item(0, 0), ERR_VERSION);
    assert_int_equal(read_item(16, 0), ERR_VERSION);
    assert_int_equal(read_item(254, 0), ERR_VERSION);
}

static void lengths_are_bounded_before_anything_is_read(void **state)
{
    (void)state;
    assert_int_equal(read_item(BUNDLE_RECORD, RECORD_LEN_MAX), ERR_OK);
    assert_int_equal(read_item(BUNDLE_RECORD, RECORD_LEN_MAX + 1),
                     ERR_TOO_LARGE);
    assert_int_equal(read_item(BUNDLE_BLOB, 40), ERR_OK);
    assert_int_equal(read_item(BUNDLE_BLOB, 41), ERR_TOO_LARGE);
    assert_int_equal(read_item(BUNDLE_END, UINT32_MAX), ERR_TOO_LARGE);
    assert_int_equal(read_item(BUNDLE_HEAD, 2 + 4096 + 64), ERR_OK);
    assert_int_equal(read_item(BUNDLE_HEAD, 2 + 4096 + 65), ERR_TOO_LARGE);
}

static void ignored(struct bundle_writer *b, struct writer *w)
{
    static const uint8_t odd[] = { 99, 0, 0, 0, 2, 'h', 'i' };

    put_records(b, w);
    writer_bytes(w, BYTES_ARRAY(odd));
    merkle_feed(&b->tally.digest, BYTES_ARRAY(odd));
    put_small(b, w);
    writer_bytes(w, BYTES_ARRAY(odd));
    merkle_feed(&b->tally.digest, BYTES_ARRAY(odd));
}

static void what_is_ignored_is_part_of_the_digest(void **state)
{
    (void)state;
    assert_int_equal(read_made(ignored), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(each_item_says_what_it_holds),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(bytes_after_the_end_are_no_part_of_it),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(a_bad_span_is_passed_over_and_the_rest_read),
        cmocka_unit_test(spans_that_are_not_there_make_a_hole),
        cmocka_unit_test(spans_may_be_passed_and_compared_by_others),
        cmocka_unit_test(what_stands_where_it_may_not_is_refused),
        cmocka_unit_test(unknown_items_are_ignored_if_odd_alone),
        cmocka_unit_test(lengths_are_bounded_before_anything_is_read),
        cmocka_unit_test(what_is_ignored_is_part_of_the_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
