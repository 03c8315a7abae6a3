/* Frames: every type, every length form, every truncation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/frame.h"

static uint8_t buf[FRAME_HEADER_MAX + FRAME_PAYLOAD_MAX + 16];

static void a_header_has_two_to_four_bytes(void **state)
{
    static const struct {
        size_t len;
        size_t header;
    } cases[] = { { 0, 2 },     { 127, 2 },   { 128, 3 },
                  { 16383, 3 }, { 16384, 4 }, { FRAME_PAYLOAD_MAX, 4 } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t header = frame_header(buf, FRAME_RECORD, cases[i].len);
        struct reader r =
            reader_of((struct bytes){ buf, header + cases[i].len });
        struct frame f;

        assert_int_equal(header, cases[i].header);
        assert_int_equal(frame_next(&f, &r), ERR_OK);
        assert_int_equal(f.type, FRAME_RECORD);
        assert_int_equal(f.payload.len, cases[i].len);
        assert_ptr_equal(f.payload.data, buf + header);
        assert_int_equal(r.left, 0);
    }
}

static void the_largest_frame_fills_one_noise_message(void **state)
{
    (void)state;
    assert_int_equal(frame_header(buf, FRAME_BLOB_DATA, FRAME_PAYLOAD_MAX) +
                         FRAME_PAYLOAD_MAX + NOISE_TAG_LEN,
                     NOISE_MESSAGE_MAX);
}

static void every_truncation_is_an_error_and_keeps_the_output(void **state)
{
    static const size_t lens[] = { 1, 127, 128, 300, 16384 };

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        size_t whole = frame_header(buf, FRAME_SYNC, lens[i]) + lens[i];

        for (size_t len = 0; len < whole; len++) {
            struct reader r = reader_of((struct bytes){ buf, len });
            struct frame f = { .type = 99 };

            assert_int_equal(frame_next(&f, &r), ERR_TRUNCATED);
            assert_int_equal(f.type, 99);
            assert_null(f.payload.data);
            assert_int_equal(frame_check_all((struct bytes){ buf, len }),
                             ERR_TRUNCATED);
        }
    }
}

/* A length beyond any message must not wrap into one that fits. */
static void a_huge_length_is_truncated(void **state)
{
    static const uint8_t huge[] = { FRAME_RECORD, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff,         0xff, 0xff, 0xff, 0x01, 'x' };

    (void)state;
    assert_int_equal(frame_check_all(BYTES_ARRAY(huge)), ERR_TRUNCATED);
}

static void a_length_longer_than_needed_is_not_canonical(void **state)
{
    static const uint8_t padded[] = { FRAME_RECORD, 0x81, 0x00, 'x' };
    static const uint8_t zero[] = { FRAME_RECORD, 0x80, 0x00 };

    (void)state;
    assert_int_equal(frame_check_all(BYTES_ARRAY(padded)), ERR_NOT_CANONICAL);
    assert_int_equal(frame_check_all(BYTES_ARRAY(zero)), ERR_NOT_CANONICAL);
}

static void frames_follow_each_other(void **state)
{
    static const uint8_t text[] = { FRAME_RECORD, 2, 'a', 'b', 77, 0,
                                    FRAME_SYNC,   1, 'c' };
    struct reader r = reader_of(BYTES_ARRAY(text));
    struct frame f;

    (void)state;
    assert_int_equal(frame_check_all(BYTES_ARRAY(text)), ERR_OK);
    assert_int_equal(frame_next(&f, &r), ERR_OK);
    assert_int_equal(f.type, FRAME_RECORD);
    assert_memory_equal(f.payload.data, "ab", 2);
    assert_int_equal(frame_next(&f, &r), ERR_OK);
    assert_int_equal(f.type, 77);
    assert_int_equal(f.payload.len, 0);
    assert_int_equal(frame_next(&f, &r), ERR_OK);
    assert_int_equal(f.type, FRAME_SYNC);
    assert_int_equal(frame_next(&f, &r), ERR_TRUNCATED);
}

static void a_message_without_a_frame_is_refused(void **state)
{
    (void)state;
    assert_int_equal(frame_check_all((struct bytes){ NULL, 0 }), ERR_TRUNCATED);
}

/* §4.4: odd ones may be ignored, even ones may not. */
static void an_unknown_type_is_refused_if_it_is_even(void **state)
{
    size_t known = 0;
    int blobs = 0;

    (void)state;
    for (int type = 0; type <= UINT8_MAX; type++) {
        uint8_t text[] = { (uint8_t)type, 0 };
        bool is_known = frame_is_known((uint8_t)type);

        known += is_known ? 1 : 0;
        assert_true(is_known || !frame_is_bulk((uint8_t)type));
        assert_true(is_known || !frame_is_blob((uint8_t)type));
        blobs += frame_is_blob((uint8_t)type);
        assert_int_equal(frame_check_all(BYTES_ARRAY(text)),
                         type % 2 == 0 && !is_known ? ERR_UNKNOWN_FRAME
                                                    : ERR_OK);
    }
    assert_int_equal(known, 26);
    assert_int_equal(blobs, 10);
}

/* Wherever it stands: nothing of such a message may be acted on. */
static void one_bad_frame_condemns_the_message(void **state)
{
    static const uint8_t last[] = { FRAME_PING, 0, FRAME_HELLO, 0, 100, 0 };
    static const uint8_t first[] = { 100, 0, FRAME_PING, 0 };

    (void)state;
    assert_int_equal(frame_check_all(BYTES_ARRAY(last)), ERR_UNKNOWN_FRAME);
    assert_int_equal(frame_check_all(BYTES_ARRAY(first)), ERR_UNKNOWN_FRAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_two_to_four_bytes),
        cmocka_unit_test(the_largest_frame_fills_one_noise_message),
        cmocka_unit_test(every_truncation_is_an_error_and_keeps_the_output),
        cmocka_unit_test(a_huge_length_is_truncated),
        cmocka_unit_test(a_length_longer_than_needed_is_not_canonical),
        cmocka_unit_test(frames_follow_each_other),
        cmocka_unit_test(a_message_without_a_frame_is_refused),
        cmocka_unit_test(an_unknown_type_is_refused_if_it_is_even),
        cmocka_unit_test(one_bad_frame_condemns_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
