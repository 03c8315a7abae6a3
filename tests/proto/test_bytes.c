/* Reader, writer and hex: bounds, sticking errors, shortest forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/bytes.h"

static void reader_yields_zeros_after_its_first_error(void **state)
{
    static const uint8_t three[] = { 1, 2, 3 };
    struct reader r = reader_of(BYTES_ARRAY(three));
    struct reader whole = reader_of((struct bytes){ three, sizeof three });

    (void)state;
    assert_int_equal(reader_u16(&r), 0x0102);
    assert_int_equal(reader_u32(&r), 0);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_finish(&r), ERR_TRUNCATED);
    (void)reader_bytes(&whole, 2);
    assert_int_equal(reader_finish(&whole), ERR_TRAILING);
}

static void varint_has_one_form_for_each_number(void **state)
{
    static const uint64_t numbers[] = { 0,   1,          127,       128,
                                        300, UINT32_MAX, UINT64_MAX };
    static const uint8_t padded[] = { 0x80, 0x00 };
    static const uint8_t endless[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0x01 };
    struct reader r = reader_of(BYTES_ARRAY(padded));

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint8_t buf[10];
        struct writer w = writer_fixed(buf, sizeof buf);
        struct reader back;

        writer_varint(&w, numbers[i]);
        back = reader_of(writer_view(&w));
        assert_int_equal(reader_varint(&back), numbers[i]);
        assert_int_equal(reader_finish(&back), ERR_OK);
    }
    (void)reader_varint(&r);
    assert_int_equal(r.err, ERR_NOT_CANONICAL);
    r = reader_of(BYTES_ARRAY(endless));
    (void)reader_varint(&r);
    assert_int_equal(r.err, ERR_TOO_LARGE);
}

static void writer_drops_the_write_that_does_not_fit(void **state)
{
    uint8_t buf[4];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct writer g = writer_growing(1000);

    (void)state;
    writer_u8(&w, 7);
    writer_u32(&w, 1);
    writer_u8(&w, 8);
    assert_int_equal(w.err, ERR_NO_SPACE);
    assert_int_equal(w.len, 1);
    for (int i = 0; i < 1000; i++)
        writer_u8(&g, (uint8_t)i);
    assert_int_equal(g.err, ERR_OK);
    assert_int_equal(g.data[999], (uint8_t)999);
    writer_u8(&g, 0);
    assert_int_equal(g.err, ERR_NO_SPACE);
    assert_int_equal(g.len, 1000);
    writer_free(&g);
}

static void a_key_has_its_place_in_a_sorted_list(void **state)
{
    /* Two bytes of key in three: 0102, 0304, 0304, 0506. */
    static const uint8_t keys[] = { 1, 2, 9, 3, 4, 0, 3, 4, 8, 5, 6, 7 };
    static const struct {
        uint8_t key[2];
        size_t place;
    } rows[] = {
        { { 0, 0 }, 0 }, { { 1, 2 }, 0 }, { { 1, 3 }, 1 }, { { 3, 4 }, 1 },
        { { 3, 5 }, 3 }, { { 5, 6 }, 3 }, { { 5, 7 }, 4 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(bytes_place(keys, 4, 3, BYTES_ARRAY(rows[i].key)),
                         rows[i].place);
    assert_int_equal(bytes_place(NULL, 0, 3, BYTES_ARRAY(rows[0].key)), 0);
}

static void hex_refuses_odd_lengths_and_other_letters(void **state)
{
    uint8_t out[2] = { 9, 9 };
    char text[5];

    (void)state;
    assert_int_equal(hex_decode(out, 2, "00fF", 4), ERR_OK);
    assert_int_equal(out[1], 255);
    hex_encode(text, BYTES_ARRAY(out));
    assert_string_equal(text, "00ff");
    assert_int_equal(hex_decode(out, 2, "00f", 3), ERR_MALFORMED);
    assert_int_equal(hex_decode(out, 2, "00fg", 4), ERR_MALFORMED);
    assert_int_equal(out[0], 0); /* kept */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_yields_zeros_after_its_first_error),
        cmocka_unit_test(varint_has_one_form_for_each_number),
        cmocka_unit_test(writer_drops_the_write_that_does_not_fit),
        cmocka_unit_test(a_key_has_its_place_in_a_sorted_list),
        cmocka_unit_test(hex_refuses_odd_lengths_and_other_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
