/* Every blob frame: its bytes, every cut, every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/blob_msg.h"

#define MIB ((uint64_t)1024 * 1024)

static const uint8_t hashes[(BLOB_LAYER_PAGE + 1) * HASH_LEN] = { 1 };
static const uint8_t chunk[BLOB_DATA_CHUNK_MAX + 1] = { 2 };

static struct blob_msg ask_of(enum blob_what what, uint64_t first,
                              uint32_t count)
{
    return (struct blob_msg){
        .type = FRAME_BLOB_ASK,
        .request = 0x01020304,
        .ask = { .tag = { 9, 8, 7, 6, 5, 4, 3, 2 },
                 .id = { .root = { 0xaa }, .size = 600 * MIB + 1 },
                 .what = what,
                 .first = first,
                 .count = count },
    };
}

static size_t encode(uint8_t buf[BLOB_MSG_MAX], const struct blob_msg *msg)
{
    struct writer w = writer_fixed(buf, BLOB_MSG_MAX);

    blob_msg_encode(&w, msg);
    assert_int_equal(w.err, ERR_OK);
    return w.len;
}

static enum err decode(struct blob_msg *out, enum frame_type type,
                       const uint8_t *data, size_t len)
{
    return blob_msg_decode(out, type, (struct bytes){ data, len });
}

static void an_ask_has_the_bytes_of_the_protocol(void **state)
{
    struct blob_msg msg = ask_of(BLOB_WHAT_BLOCKS, 17, 15), back;
    uint8_t buf[BLOB_MSG_MAX], root[32] = { 0xaa };
    static const uint8_t before[] = { 1, 2, 3, 4, 9, 8, 7, 6, 5, 4, 3, 2 };
    static const uint8_t after[] = { 0, 0, 0, 0, 0x25, 0x80, 0, 1, 1, 0, 0,
                                     0, 0, 0, 0, 0,    17,   0, 0, 0, 15 };

    (void)state;
    assert_int_equal(encode(buf, &msg), 65);
    assert_memory_equal(buf, before, sizeof before);
    assert_memory_equal(buf + 12, root, 32);
    assert_memory_equal(buf + 44, after, sizeof after);
    assert_int_equal(decode(&back, FRAME_BLOB_ASK, buf, 65), ERR_OK);
    assert_memory_equal(back.ask.tag, msg.ask.tag, BLOB_TAG_LEN);
    assert_true(blob_id_equal(&back.ask.id, &msg.ask.id));
    assert_int_equal(back.request, msg.request);
    assert_int_equal(back.ask.first, 17);
    assert_int_equal(back.ask.count, 15);
}

/* The asker's own message, with `msg.ask` altered, as a peer might send it. */
static enum err altered(size_t at, size_t len, uint64_t value,
                        const struct blob_msg *msg)
{
    uint8_t buf[BLOB_MSG_MAX];
    struct blob_msg back;
    size_t size = encode(buf, msg);

    for (size_t i = 0; i < len; i++)
        buf[at + i] = (uint8_t)(value >> 8 * (len - 1 - i));
    return decode(&back, FRAME_BLOB_ASK, buf, size);
}

static void an_ask_for_what_cannot_be_is_refused(void **state)
{
    struct blob_msg blocks = ask_of(BLOB_WHAT_BLOCKS, 16, 16);
    struct blob_msg last = ask_of(BLOB_WHAT_BLOCKS, 9600, 1);
    struct blob_msg page = ask_of(BLOB_WHAT_LAYER, 1, 0);
    struct blob_msg inner = ask_of(BLOB_WHAT_INNER, 600, 0);

    (void)state;
    assert_int_equal(altered(61, 4, 16, &blocks), ERR_OK);
    assert_int_equal(altered(61, 4, 17, &blocks), ERR_MALFORMED);
    assert_int_equal(altered(61, 4, 0, &blocks), ERR_MALFORMED);
    assert_int_equal(altered(53, 8, 17, &blocks), ERR_MALFORMED); /* 2 spans */
    assert_int_equal(altered(61, 4, UINT32_MAX, &blocks), ERR_MALFORMED);
    assert_int_equal(altered(53, 8, 9601, &last), ERR_MALFORMED);
    assert_int_equal(altered(61, 4, 2, &last), ERR_MALFORMED);
    assert_int_equal(altered(53, 8, UINT64_MAX, &last), ERR_MALFORMED);
    assert_int_equal(altered(53, 8, 2, &page), ERR_MALFORMED);
    assert_int_equal(altered(61, 4, 1, &page), ERR_MALFORMED);
    assert_int_equal(altered(44, 8, MIB, &page), ERR_MALFORMED);
    assert_int_equal(altered(53, 8, 601, &inner), ERR_MALFORMED);
    assert_int_equal(altered(61, 4, 1, &inner), ERR_MALFORMED);
    assert_int_equal(altered(52, 1, 3, &inner), ERR_MALFORMED);
    assert_int_equal(altered(44, 8, BLOB_SIZE_MAX, &inner), ERR_OK);
    assert_int_equal(altered(44, 8, BLOB_SIZE_MAX + 1, &inner), ERR_MALFORMED);
    assert_int_equal(altered(44, 8, 0, &inner), ERR_MALFORMED);
    assert_int_equal(altered(12, 1, 0, &inner), ERR_MALFORMED); /* root */
}

static void an_ask_covers_its_blocks_to_the_end_of_the_blob(void **state)
{
    struct blob_msg msg = ask_of(BLOB_WHAT_BLOCKS, 16, 2);
    uint64_t from, to;

    (void)state;
    blob_ask_range(&msg.ask, &from, &to);
    assert_int_equal(from, MIB);
    assert_int_equal(to, MIB + 131072);
    msg.ask.first = 9600;
    msg.ask.count = 1;
    blob_ask_range(&msg.ask, &from, &to);
    assert_int_equal(to - from, 1);
}

static struct blob_msg hashes_of(enum frame_type type, size_t count,
                                 size_t uncles)
{
    struct blob_msg msg = { .type = type, .request = 5 };

    if (type == FRAME_BLOB_LAYER) {
        msg.layer.page = 3;
        msg.layer.uncles = (struct bytes){ hashes, uncles * HASH_LEN };
        msg.layer.hashes = (struct bytes){ hashes, count * HASH_LEN };
    } else {
        msg.inner.span = 3;
        msg.inner.hashes = (struct bytes){ hashes, count * HASH_LEN };
    }
    return msg;
}

static void hashes_are_counted_and_bounded(void **state)
{
    uint8_t buf[BLOB_MSG_MAX + 64];
    struct blob_msg msg, back;
    size_t len;

    (void)state;
    msg = hashes_of(FRAME_BLOB_LAYER, BLOB_LAYER_PAGE, BLOB_UNCLES_MAX);
    len = encode(buf, &msg);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_OK);
    assert_int_equal(back.layer.page, 3);
    assert_int_equal(back.layer.hashes.len, BLOB_LAYER_PAGE * HASH_LEN);
    assert_int_equal(back.layer.uncles.len, BLOB_UNCLES_MAX * HASH_LEN);
    buf[12] = BLOB_UNCLES_MAX - 1; /* one more hash, one uncle less */
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_TOO_LARGE);
    buf[12] = BLOB_UNCLES_MAX + 1;
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_TOO_LARGE);
    msg = hashes_of(FRAME_BLOB_INNER, BLOB_SPAN_LEAVES, 0);
    len = encode(buf, &msg);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_OK);
    assert_int_equal(back.inner.hashes.len, BLOB_SPAN_LEAVES * HASH_LEN);
    assert_int_equal(decode(&back, msg.type, buf, len + HASH_LEN),
                     ERR_TOO_LARGE);
}

static void data_brings_1_to_32768_bytes(void **state)
{
    static const uint8_t header[] = { 0, 0, 0, 5, 0, 0, 0, 0, 0, 16, 0, 0 };
    uint8_t buf[BLOB_MSG_MAX];
    struct blob_msg msg = { .type = FRAME_BLOB_DATA, .request = 5 }, back;
    size_t len;

    (void)state;
    msg.data.offset = 1 << 20;
    msg.data.bytes = (struct bytes){ chunk, BLOB_DATA_CHUNK_MAX };
    len = encode(buf, &msg);
    assert_memory_equal(buf, header, sizeof header);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_OK);
    assert_int_equal(back.data.offset, 1 << 20);
    assert_int_equal(back.data.bytes.len, BLOB_DATA_CHUNK_MAX);
    assert_int_equal(decode(&back, msg.type, buf, len + 1), ERR_TOO_LARGE);
    assert_int_equal(decode(&back, msg.type, buf, 13), ERR_OK);
    assert_int_equal(decode(&back, msg.type, buf, 12), ERR_TRUNCATED);
}

static void an_unknown_code_counts_as_not_held(void **state)
{
    static const uint8_t unknown[] = { 0, 0, 0, 5, 0xff, 0x7f };
    static const uint8_t padded[] = { 0, 0, 0, 5, 0x80, 0x00 };
    static const uint8_t good[] = { 0, 0, 0, 5, 0 };
    struct blob_msg back;

    (void)state;
    assert_int_equal(decode(&back, FRAME_BLOB_END, unknown, 6), ERR_OK);
    assert_int_equal(back.end, ERR_NOT_HELD);
    assert_int_equal(decode(&back, FRAME_BLOB_END, padded, 6),
                     ERR_NOT_CANONICAL);
    assert_int_equal(decode(&back, FRAME_BLOB_END, good, 5), ERR_OK);
    assert_int_equal(back.end, ERR_OK);
}

static void a_watch_has_the_bytes_of_the_protocol(void **state)
{
    struct blob_msg msg = { .type = FRAME_BLOB_WATCH, .request = 0x01020304 };
    static const uint8_t before[] = { 1, 2, 3, 4, 9, 0, 0, 0, 0, 0, 0, 0 };
    static const uint8_t after[] = { 0, 0, 0, 0, 0x25, 0x80, 0, 1 };
    uint8_t buf[BLOB_MSG_MAX];
    struct blob_msg back;

    (void)state;
    msg.watch.tag[0] = 9;
    msg.watch.id = (struct blob_id){ { 0xaa }, 600 * MIB + 1 };
    assert_int_equal(encode(buf, &msg), 52);
    assert_memory_equal(buf, before, sizeof before);
    assert_memory_equal(buf + 12, msg.watch.id.root, 32);
    assert_memory_equal(buf + 44, after, sizeof after);
    assert_int_equal(decode(&back, msg.type, buf, 52), ERR_OK);
    assert_true(blob_id_equal(&back.watch.id, &msg.watch.id));
    buf[12] = 0; /* no root, and bytes */
    assert_int_equal(decode(&back, msg.type, buf, 52), ERR_MALFORMED);
    buf[12] = 0xaa;
    buf[45] = 0x10; /* 2^52 bytes */
    assert_int_equal(decode(&back, msg.type, buf, 52), ERR_MALFORMED);
}

static void a_map_is_of_whole_bytes_and_bounded(void **state)
{
    static uint8_t buf[BLOB_MSG_MAX + 1];
    struct blob_msg msg = { .type = FRAME_BLOB_HAVE, .request = 5 }, back;
    size_t len;

    (void)state;
    msg.have.first = 16;
    msg.have.bits = (struct bytes){ chunk, BLOB_HAVE_MAX };
    len = encode(buf, &msg);
    assert_int_equal(len, 12 + BLOB_HAVE_MAX);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_OK);
    assert_int_equal(back.have.first, 16);
    assert_int_equal(back.have.bits.len, BLOB_HAVE_MAX);
    assert_int_equal(decode(&back, msg.type, buf, len + 1), ERR_TOO_LARGE);
    buf[11] = 17;
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_MALFORMED);
    buf[11] = 15;
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_MALFORMED);
    put_u64(buf + 4, BLOB_SIZE_MAX / BLOB_SPAN_LEN - 8);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_OK);
    put_u64(buf + 4, BLOB_SIZE_MAX / BLOB_SPAN_LEN);
    assert_int_equal(decode(&back, msg.type, buf, len), ERR_MALFORMED);
}

/*
 * No prefix of a message is a message, unless the cut is where lists and bytes
 * may end; and nothing may follow a message of fixed length.
 */
static void cut_everywhere(const struct blob_msg *msg, size_t fixed,
                           size_t unit)
{
    uint8_t buf[BLOB_MSG_MAX + 1] = { 0 };
    size_t len = encode(buf, msg);
    struct blob_msg back = { .request = 77 };

    for (size_t cut = 0; cut < len; cut++) {
        bool whole = unit > 0 && cut > fixed && (cut - fixed) % unit == 0;
        enum err e = decode(&back, msg->type, buf, cut);

        assert_int_equal(e, whole ? ERR_OK : ERR_TRUNCATED);
        if (!whole && cut <= fixed)
            assert_int_equal(back.request, 77); /* kept */
    }
    if (unit == 0)
        assert_int_equal(decode(&back, msg->type, buf, len + 1), ERR_TRAILING);
}

static void every_cut_of_every_message_is_an_error(void **state)
{
    struct blob_msg ask = ask_of(BLOB_WHAT_BLOCKS, 0, 1);
    struct blob_msg layer = hashes_of(FRAME_BLOB_LAYER, 3, 2);
    struct blob_msg inner = hashes_of(FRAME_BLOB_INNER, 3, 0);
    struct blob_msg data = { .type = FRAME_BLOB_DATA };
    struct blob_msg end = { .type = FRAME_BLOB_END, .end = ERR_BUSY };
    struct blob_msg cancel = { .type = FRAME_BLOB_CANCEL };
    struct blob_msg watch = { .type = FRAME_BLOB_WATCH };
    struct blob_msg have = { .type = FRAME_BLOB_HAVE };

    (void)state;
    data.data.bytes = (struct bytes){ chunk, 5 };
    cut_everywhere(&ask, 65, 0);
    cut_everywhere(&layer, 13 + 64, HASH_LEN);
    cut_everywhere(&inner, 12, HASH_LEN);
    cut_everywhere(&data, 12, 1);
    cut_everywhere(&end, 5, 0);
    cut_everywhere(&cancel, 4, 0);
    memcpy(watch.watch.tag, ask.ask.tag, BLOB_TAG_LEN);
    watch.watch.id = ask.ask.id;
    cut_everywhere(&watch, 52, 0);
    have.have.first = 8;
    have.have.bits = (struct bytes){ chunk, 3 };
    cut_everywhere(&have, 12, 1);
}

static void an_end_waits_behind_the_bytes_that_it_ends(void **state)
{
    (void)state;
    assert_true(frame_is_bulk(FRAME_BLOB_DATA));
    assert_true(frame_is_bulk(FRAME_BLOB_LAYER));
    assert_true(frame_is_bulk(FRAME_BLOB_INNER));
    assert_true(frame_is_bulk(FRAME_BLOB_END));
    assert_false(frame_is_bulk(FRAME_BLOB_ASK));
    assert_false(frame_is_bulk(FRAME_BLOB_CANCEL));
    assert_false(frame_is_bulk(FRAME_BLOB_WATCH));
    assert_false(frame_is_bulk(FRAME_BLOB_HAVE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_has_the_bytes_of_the_protocol),
        cmocka_unit_test(an_ask_for_what_cannot_be_is_refused),
        cmocka_unit_test(an_ask_covers_its_blocks_to_the_end_of_the_blob),
        cmocka_unit_test(hashes_are_counted_and_bounded),
        cmocka_unit_test(data_brings_1_to_32768_bytes),
        cmocka_unit_test(an_unknown_code_counts_as_not_held),
        cmocka_unit_test(a_watch_has_the_bytes_of_the_protocol),
        cmocka_unit_test(a_map_is_of_whole_bytes_and_bounded),
        cmocka_unit_test(every_cut_of_every_message_is_an_error),
        cmocka_unit_test(an_end_waits_behind_the_bytes_that_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
