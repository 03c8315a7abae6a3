/* The frames that leases need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/lease_msg.h"

static const uint8_t hashes[LEAF_UNCLES_MAX * HASH_LEN + HASH_LEN];
static uint8_t names[(LEASE_PAGE + 1) * LEASE_NAME_LEN];
static const uint8_t leaf[BLOB_LEAF_LEN + 1];

static uint8_t buf[LEASE_MSG_MAX + 4096];
static size_t len;

static enum err put(const struct lease_msg *msg)
{
    struct writer w = writer_fixed(buf, sizeof buf);
    struct lease_msg out;

    lease_msg_encode(&w, msg);
    assert_int_equal(w.err, ERR_OK);
    len = w.len;
    return lease_msg_decode(&out, msg->type, writer_view(&w));
}

static enum err take(struct lease_msg *out, enum frame_type type, size_t n)
{
    return lease_msg_decode(out, type, (struct bytes){ buf, n });
}

static struct lease_msg leases_of(struct writer *w, unsigned count, size_t each)
{
    static const uint8_t bytes[LEASE_MAX + 1];

    writer_reset(w);
    for (unsigned i = 0; i < count; i++) {
        writer_u16(w, (uint16_t)each);
        writer_bytes(w, (struct bytes){ bytes, each });
    }
    return (struct lease_msg){ .type = FRAME_LEASES, .leases = writer_view(w) };
}

static struct lease_msg held_of(size_t count, size_t uncles)
{
    struct lease_msg msg = { .type = FRAME_HELD, .request = 9 };

    msg.held.proof.level = 10;
    msg.held.proof.first = 2048;
    msg.held.proof.names = (struct bytes){ names, count * LEASE_NAME_LEN };
    msg.held.proof.uncles = (struct bytes){ hashes, uncles * HASH_LEN };
    return msg;
}

static struct lease_msg leaf_of(size_t count, size_t siblings)
{
    struct lease_msg msg = { .type = FRAME_LEAF, .request = 9 };

    msg.leaf.bytes = (struct bytes){ leaf, count };
    msg.leaf.siblings = (struct bytes){ hashes, siblings * HASH_LEN };
    return msg;
}

static void what_was_written_is_read_again(void **state)
{
    struct writer w = writer_growing(LEASE_MSG_MAX);
    struct lease_msg msg;
    struct lease_msg out;
    struct reader r;
    struct bytes one;

    (void)state;
    msg = leases_of(&w, 2, 100);
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_LEASES, len), ERR_OK);
    r = reader_of(out.leases);
    assert_true(lease_msg_next(&r, &one) && one.len == 100);
    assert_true(lease_msg_next(&r, &one) && one.len == 100);
    assert_false(lease_msg_next(&r, &one));
    msg = (struct lease_msg){ .type = FRAME_HELD_ASK,
                              .request = 7,
                              .tag = { 3 } };
    msg.held_ask.node[0] = 4;
    msg.held_ask.root[0] = 5;
    msg.held_ask.page = 6;
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_HELD_ASK, len), ERR_OK);
    assert_true(out.request == 7 && out.tag[0] == 3);
    assert_true(out.held_ask.node[0] == 4 && out.held_ask.root[0] == 5);
    assert_true(out.held_ask.what == LEASE_WHAT_PAGE && out.held_ask.page == 6);
    msg.held_ask.what = LEASE_WHAT_BLOB;
    msg.held_ask.blob = (struct blob_id){ .root = { 8 }, .size = 9 };
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_HELD_ASK, len), ERR_OK);
    assert_true(blob_id_equal(&out.held_ask.blob, &msg.held_ask.blob));
    msg = held_of(5, 3);
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_HELD, len), ERR_OK);
    assert_true(out.held.proof.level == 10 && out.held.proof.first == 2048);
    assert_true(bytes_equal(out.held.proof.names, msg.held.proof.names));
    assert_true(bytes_equal(out.held.proof.uncles, msg.held.proof.uncles));
    msg = (struct lease_msg){ .type = FRAME_CHALLENGE, .request = 1 };
    msg.challenge.blob = (struct blob_id){ .root = { 1 }, .size = 70000 };
    msg.challenge.leaf = 4;
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_CHALLENGE, len), ERR_OK);
    assert_true(out.challenge.leaf == 4);
    msg = leaf_of(100, 4);
    assert_int_equal(put(&msg), ERR_OK);
    assert_int_equal(take(&out, FRAME_LEAF, len), ERR_OK);
    assert_int_equal(out.leaf.bytes.len, 100);
    assert_int_equal(out.leaf.siblings.len, 4 * HASH_LEN);
    writer_free(&w);
}

/* Every prefix of each is refused; where lists end it is cut, as is said. */
static void every_truncation_and_trailing_byte_is_refused(void **state)
{
    struct lease_msg msgs[5] = {
        { .type = FRAME_HELD_ASK },
        { .type = FRAME_HELD_ASK },
        { .type = FRAME_CHALLENGE },
        { .type = FRAME_HELD, .held.code = ERR_BUSY },
        { .type = FRAME_LEAF, .leaf.code = ERR_NOT_HELD },
    };
    struct lease_msg out;

    (void)state;
    msgs[1].held_ask.what = LEASE_WHAT_BLOB;
    msgs[2].challenge.blob = (struct blob_id){ .root = { 1 }, .size = 1 };
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(put(&msgs[i]), ERR_OK);
        for (size_t n = 0; n < len; n++)
            assert_int_not_equal(take(&out, msgs[i].type, n), ERR_OK);
        buf[len] = 0;
        assert_int_not_equal(take(&out, msgs[i].type, len + 1), ERR_OK);
    }
}

static void lists_end_where_their_elements_do(void **state)
{
    struct writer w = writer_growing(LEASE_MSG_MAX);
    struct lease_msg msg = held_of(2, 1);
    struct lease_msg out;

    (void)state;
    assert_int_equal(put(&msg), ERR_OK);
    for (size_t n = 0; n < len; n++)
        assert_true((take(&out, FRAME_HELD, n) == ERR_OK) ==
                    (n == len - LEASE_NAME_LEN));
    msg = leases_of(&w, 2, 10);
    assert_int_equal(put(&msg), ERR_OK);
    for (size_t n = 0; n < len; n++)
        assert_true((take(&out, FRAME_LEASES, n) == ERR_OK) == (n == len - 12));
    msg = leaf_of(3, 1);
    assert_int_equal(put(&msg), ERR_OK);
    for (size_t n = 0; n < len; n++)
        assert_true((take(&out, FRAME_LEAF, n) == ERR_OK) == (n >= len - 2));
    writer_free(&w);
}

static void each_limit_holds_to_the_last(void **state)
{
    struct writer w = writer_growing(2 * LEASE_MSG_MAX);
    struct lease_msg msg = leases_of(&w, LEASES_FRAME_MAX, LEASE_MAX);

    (void)state;
    assert_int_equal(put(&msg), ERR_OK);
    msg = leases_of(&w, LEASES_FRAME_MAX + 1, 8);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    msg = leases_of(&w, 1, LEASE_MAX + 1);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    msg = held_of(LEASE_PAGE, LEASE_UNCLES_MAX);
    assert_int_equal(put(&msg), ERR_OK);
    msg = held_of(LEASE_PAGE + 1, 1);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    msg = held_of(1, LEASE_UNCLES_MAX + 1);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    msg = leaf_of(BLOB_LEAF_LEN, LEAF_UNCLES_MAX);
    assert_int_equal(put(&msg), ERR_OK);
    msg = leaf_of(BLOB_LEAF_LEN + 1, 1);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    msg = leaf_of(1, LEAF_UNCLES_MAX + 1);
    assert_int_equal(put(&msg), ERR_TOO_LARGE);
    writer_free(&w);
}

static void nobody_asks_for_what_cannot_be(void **state)
{
    struct lease_msg msg = { .type = FRAME_CHALLENGE };

    (void)state;
    msg.challenge.blob =
        (struct blob_id){ .root = { 1 }, .size = BLOB_LEAF_LEN };
    assert_int_equal(put(&msg), ERR_OK);
    msg.challenge.leaf = 1;
    assert_int_equal(put(&msg), ERR_MALFORMED);
    msg.challenge.blob = (struct blob_id){ .size = 0 }; /* it has no leaf */
    msg.challenge.leaf = 0;
    assert_int_equal(put(&msg), ERR_MALFORMED);
    msg.challenge.blob = (struct blob_id){ .size = 1 };
    assert_int_equal(put(&msg), ERR_MALFORMED);
    msg = (struct lease_msg){ .type = FRAME_HELD_ASK };
    msg.held_ask.page = LEASE_COUNT_MAX / LEASE_PAGE - 1;
    assert_int_equal(put(&msg), ERR_OK);
    msg.held_ask.page++;
    assert_int_equal(put(&msg), ERR_MALFORMED);
    msg.held_ask.page = 0;
    assert_int_equal(put(&msg), ERR_OK);
    buf[4 + 8 + 64] = 2;
    assert_int_equal(take(&msg, FRAME_HELD_ASK, len), ERR_MALFORMED);
}

static void a_code_that_is_not_known_is_not_held(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 0, 1, 0xff, 0x7f };
    struct lease_msg out;

    (void)state;
    assert_int_equal(lease_msg_decode(&out, FRAME_HELD, BYTES_ARRAY(bytes)),
                     ERR_OK);
    assert_int_equal(out.held.code, ERR_NOT_HELD);
    assert_int_equal(lease_msg_decode(&out, FRAME_LEAF, BYTES_ARRAY(bytes)),
                     ERR_OK);
    assert_int_equal(out.leaf.code, ERR_NOT_HELD);
}

static void a_meter_lets_through_what_it_says(void **state)
{
    struct lease_meter m = { 0 };

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_true(lease_meter_take(&m, 100, 10, 5000));
    assert_false(lease_meter_take(&m, 100, 10, 5000));
    assert_false(lease_meter_take(&m, 100, 10, 5999));
    for (unsigned i = 0; i < 10; i++)
        assert_true(lease_meter_take(&m, 100, 10, 6000));
    assert_false(lease_meter_take(&m, 100, 10, 6000));
    for (unsigned i = 0; i < 100; i++)
        assert_true(lease_meter_take(&m, 100, 10, UINT64_MAX / 2));
    assert_false(lease_meter_take(&m, 100, 10, UINT64_MAX / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(every_truncation_and_trailing_byte_is_refused),
        cmocka_unit_test(lists_end_where_their_elements_do),
        cmocka_unit_test(each_limit_holds_to_the_last),
        cmocka_unit_test(nobody_asks_for_what_cannot_be),
        cmocka_unit_test(a_code_that_is_not_known_is_not_held),
        cmocka_unit_test(a_meter_lets_through_what_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
