/* Frames that wait: their order and their bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/outbox.h"

static struct outbox box;

static int empty_box(void **state)
{
    (void)state;
    outbox_init(&box, 1000);
    return 0;
}

static int wipe_box(void **state)
{
    (void)state;
    outbox_wipe(&box);
    return 0;
}

static enum err add(uint8_t type, size_t len)
{
    static const uint8_t payload[FRAME_PAYLOAD_MAX + 1];
    struct bytes part = { payload, len };

    return outbox_add(&box, type, &part, 1);
}

static void frames_leave_in_the_order_they_came(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 3; i++)
        assert_int_equal(add((uint8_t)(FRAME_HELLO + 2 * i), i), ERR_OK);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(outbox_next_len(&box), 2 + i);
        assert_int_equal(box.first->bytes[0], FRAME_HELLO + 2 * i);
        outbox_drop(&box);
    }
    assert_int_equal(outbox_next_len(&box), 0);
    assert_null(box.last);
    assert_int_equal(box.cost, 0);
    assert_int_equal(add(FRAME_SYNC, 1), ERR_OK); /* and it can go on */
    assert_ptr_equal(box.first, box.last);
}

static void parts_are_joined_behind_one_header(void **state)
{
    struct bytes parts[] = { BYTES_LITERAL("ab"),
                             { NULL, 0 },
                             BYTES_LITERAL("c") };

    (void)state;
    assert_int_equal(outbox_add(&box, FRAME_SYNC, parts, 3), ERR_OK);
    assert_int_equal(outbox_next_len(&box), 5);
    assert_memory_equal(box.first->bytes,
                        "\x0a\x03"
                        "abc",
                        5);
}

/* A header counts as FRAME_HEADER_MAX before it is known. */
static void the_bound_holds_to_the_byte(void **state)
{
    size_t fits = 1000 - OUTBOX_COST - FRAME_HEADER_MAX;

    (void)state;
    assert_int_equal(outbox_room(&box), fits);
    assert_int_equal(add(FRAME_SYNC, fits + 1), ERR_NO_SPACE);
    assert_int_equal(box.cost, 0);
    assert_null(box.first);
    assert_int_equal(add(FRAME_SYNC, fits), ERR_OK);
    assert_true(box.cost <= box.cost_max);
    assert_int_equal(outbox_room(&box), 0);
    assert_int_equal(add(FRAME_SYNC, 0), ERR_NO_SPACE);
    outbox_drop(&box);
    assert_int_equal(outbox_room(&box), fits);
}

static void whatever_room_says_is_taken(void **state)
{
    (void)state;
    for (size_t first = 0; first < 900; first++) {
        size_t room;

        assert_int_equal(add(FRAME_SYNC, first), ERR_OK);
        room = outbox_room(&box);
        assert_int_equal(add(FRAME_SYNC, room + 1), ERR_NO_SPACE);
        if (room > 0)
            assert_int_equal(add(FRAME_SYNC, room), ERR_OK);
        outbox_wipe(&box);
        assert_int_equal(box.cost, 0);
    }
}

static void empty_frames_are_bounded_too(void **state)
{
    size_t count = 0;

    (void)state;
    while (add(FRAME_SYNC, 0) == ERR_OK)
        count++;
    assert_true(count <= 1000 / OUTBOX_COST);
    assert_true(count >= 1000 / (OUTBOX_COST + FRAME_HEADER_MAX));
}

static void a_payload_over_the_limit_is_refused(void **state)
{
    static const uint8_t payload[FRAME_PAYLOAD_MAX];
    struct bytes parts[] = { { payload, FRAME_PAYLOAD_MAX }, { payload, 1 } };
    struct bytes wraps[] = { { payload, 1 }, { payload, SIZE_MAX } };

    (void)state;
    outbox_init(&box, SIZE_MAX);
    assert_int_equal(outbox_room(&box), FRAME_PAYLOAD_MAX);
    assert_int_equal(add(FRAME_SYNC, FRAME_PAYLOAD_MAX), ERR_OK);
    assert_int_equal(add(FRAME_SYNC, FRAME_PAYLOAD_MAX + 1), ERR_TOO_LARGE);
    assert_int_equal(outbox_add(&box, FRAME_SYNC, parts, 2), ERR_TOO_LARGE);
    assert_int_equal(outbox_add(&box, FRAME_SYNC, wraps, 2), ERR_TOO_LARGE);
}

static void wiping_accepts_a_zeroed_box(void **state)
{
    (void)state;
    box = (struct outbox){ 0 };
    outbox_wipe(&box);
    assert_int_equal(outbox_next_len(&box), 0);
    assert_int_equal(outbox_room(&box), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, empty_box, wipe_box)
    const struct CMUnitTest tests[] = {
        T(frames_leave_in_the_order_they_came),
        T(parts_are_joined_behind_one_header),
        T(the_bound_holds_to_the_byte),
        T(whatever_room_says_is_taken),
        T(empty_frames_are_bounded_too),
        T(a_payload_over_the_limit_is_refused),
        T(wiping_accepts_a_zeroed_box),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
