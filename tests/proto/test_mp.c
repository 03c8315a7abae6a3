/* MessagePack: grades of the walk, fixed shapes, writing, and trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/mp.h"

struct sample {
    struct bytes src;
    enum err err;
    enum mp_grade grade;
};

#define S(text) BYTES_LITERAL(text)
/* The same where C wants a constant. */
#define L(text)                                                                \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
/* clang-format off */
static const struct sample samples[] = {
    { L("\xc0"), ERR_OK, MP_CANONICAL },
    { L("\xc1"), ERR_MALFORMED, MP_REFUSED },
    { L("\xc2"), ERR_OK, MP_CANONICAL },
    { L("\x7f"), ERR_OK, MP_CANONICAL },
    { L("\xcc\x7f"), ERR_OK, MP_WELL_FORMED },
    { L("\xcc\x80"), ERR_OK, MP_CANONICAL },
    { L("\xcd\x00\xff"), ERR_OK, MP_WELL_FORMED },
    { L("\xcd\x01\x00"), ERR_OK, MP_CANONICAL },
    { L("\xce\x00\x00\xff\xff"), ERR_OK, MP_WELL_FORMED },
    { L("\xce\x00\x01\x00\x00"), ERR_OK, MP_CANONICAL },
    { L("\xcf\x00\x00\x00\x00\xff\xff\xff\xff"), ERR_OK, MP_WELL_FORMED },
    { L("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), ERR_OK, MP_CANONICAL },
    { L("\xcf\x00\x1f\xff\xff\xff\xff\xff\xff"), ERR_OK, MP_CANONICAL },
    { L("\xcf\x00\x20\x00\x00\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xd0\x01"), ERR_OK, MP_WELL_FORMED },
    { L("\xd3\x00\x00\x00\x01\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xe0"), ERR_OK, MP_CANONICAL },
    { L("\xd0\xe0"), ERR_OK, MP_WELL_FORMED },
    { L("\xd0\xdf"), ERR_OK, MP_CANONICAL },
    { L("\xd1\xff\x80"), ERR_OK, MP_WELL_FORMED },
    { L("\xd1\xff\x7f"), ERR_OK, MP_CANONICAL },
    { L("\xd2\xff\xff\x80\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xd2\xff\xff\x7f\xff"), ERR_OK, MP_CANONICAL },
    { L("\xd3\xff\xff\xff\xff\x80\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"), ERR_OK, MP_CANONICAL },
    { L("\xd3\xff\xe0\x00\x00\x00\x00\x00\x01"), ERR_OK, MP_CANONICAL },
    { L("\xd3\xff\xe0\x00\x00\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xca\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\xa1" "a"), ERR_OK, MP_CANONICAL },
    { L("\xd9\x01" "a"), ERR_OK, MP_WELL_FORMED },
    { L("\xa1\xff"), ERR_OK, MP_WELL_FORMED },
    { L("\xc4\x01\xff"), ERR_OK, MP_CANONICAL },
    { L("\xc4\x00"), ERR_OK, MP_CANONICAL },
    { L("\xc5\x00\x01\xff"), ERR_OK, MP_WELL_FORMED },
    { L("\xd4\x01\x10"), ERR_OK, MP_WELL_FORMED },
    { L("\xc7\x00\x06"), ERR_OK, MP_WELL_FORMED },
    { L("\x90"), ERR_OK, MP_CANONICAL },
    { L("\xdc\x00\x01\x01"), ERR_OK, MP_WELL_FORMED },
    { L("\xde\x00\x00"), ERR_OK, MP_WELL_FORMED },
    { L("\x82\xa1" "a\x01\xa1" "b\x02"), ERR_OK, MP_CANONICAL },
    { L("\x82\xa1" "a\x01\xa2" "aa\x02"), ERR_OK, MP_CANONICAL },
    { L("\x82\xa1" "b\x01\xa1" "a\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x82\xa2" "aa\x01\xa1" "a\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x82\xa1" "a\x01\xa1" "a\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x82\xa0\x01\xa0\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x81\x01\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x81\x90\x02"), ERR_OK, MP_WELL_FORMED },
    { L("\x82\xa1" "a\x91\xc0\xa1" "b\x80"), ERR_OK, MP_CANONICAL },
    { L(""), ERR_TRUNCATED, MP_REFUSED },
    { L("\xdd\xff\xff\xff\xff"), ERR_TRUNCATED, MP_REFUSED },
    { L("\xdf\xff\xff\xff\xff"), ERR_TRUNCATED, MP_REFUSED },
    { L("\xdb\xff\xff\xff\xff"), ERR_TRUNCATED, MP_REFUSED },
    { L("\xc9\xff\xff\xff\xff"), ERR_TRUNCATED, MP_REFUSED },
    { L("\x92\xdd\x00\x00\x00\x02\x01\x01"), ERR_TRUNCATED, MP_REFUSED },
    { L("\x91\x91\x91\x91\x91\x91\x91\x90"), ERR_OK, MP_CANONICAL },
    { L("\x91\x91\x91\x91\x91\x91\x91\x91\x01"), ERR_OK, MP_CANONICAL },
    { L("\x91\x91\x91\x91\x91\x91\x91\x91\x90"), ERR_TOO_DEEP, MP_REFUSED },
};
/* clang-format on */

static void every_form_has_its_grade(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        enum mp_grade grade = MP_REFUSED;
        size_t used = 0;
        enum err e = mp_walk(&grade, &used, samples[i].src);

        if (e != samples[i].err || grade != samples[i].grade)
            fail_msg("sample %zu: %s, grade %d", i, err_name(e), (int)grade);
        assert_int_equal(used, e == ERR_OK ? samples[i].src.len : 0);
    }
}

static void every_truncation_of_every_form_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct bytes part = samples[i].src;

        if (samples[i].err != ERR_OK)
            continue;
        while (part.len-- > 0) {
            enum mp_grade grade = MP_REFUSED;
            size_t used = 7;

            assert_int_equal(mp_walk(&grade, &used, part), ERR_TRUNCATED);
            assert_int_equal(grade, MP_REFUSED);
            assert_int_equal(used, 7);
        }
    }
}

static void the_check_says_why_a_value_is_not_canonical(void **state)
{
    (void)state;
    assert_int_equal(mp_check_canonical(S("\x01")), ERR_OK);
    assert_int_equal(mp_check_canonical(S("\x01\x01")), ERR_TRAILING);
    assert_int_equal(mp_check_canonical(S("\xcc\x01")), ERR_NOT_CANONICAL);
    assert_int_equal(mp_check_canonical(S("\xa1\x80")), ERR_BAD_UTF8);
    assert_int_equal(mp_check_canonical(S("\x92\x01")), ERR_TRUNCATED);
    assert_int_equal(mp_check_canonical(S("\xc1")), ERR_MALFORMED);
}

static void keys_are_at_most_64_bytes(void **state)
{
    uint8_t buf[128];

    (void)state;
    for (size_t len = MP_KEY_MAX - 1; len <= MP_KEY_MAX + 1; len++) {
        struct writer w = writer_fixed(buf, sizeof buf);
        uint8_t key[MP_KEY_MAX + 1];
        enum err want = len <= MP_KEY_MAX ? ERR_OK : ERR_NOT_CANONICAL;

        memset(key, 'k', sizeof key);
        mp_put_map(&w, 1);
        mp_put_str(&w, (struct bytes){ key, len });
        mp_put_nil(&w);
        assert_int_equal(mp_check_canonical(writer_view(&w)), want);
    }
}

static void writers_choose_the_shortest_form(void **state)
{
    static const uint64_t numbers[] = {
        0,          127,        128,
        255,        256,        65535,
        65536,      UINT32_MAX, UINT64_C(1) << 32,
        MP_INT_MAX,
    };
    static const size_t lengths[] = { 0, 1, 31, 32, 255, 256, 65535, 65536 };
    static uint8_t payload[65536];
    struct writer w = writer_growing(100000);

    (void)state;
    memset(payload, 'x', sizeof payload);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t minus = -(int64_t)numbers[i];

        writer_reset(&w);
        mp_put_array(&w, 3);
        mp_put_uint(&w, numbers[i]);
        mp_put_int(&w, (int64_t)numbers[i]);
        mp_put_int(&w, minus);
        assert_int_equal(mp_check_canonical(writer_view(&w)), ERR_OK);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bytes part = { payload, lengths[i] };

        writer_reset(&w);
        mp_put_str(&w, part);
        assert_int_equal(mp_check_canonical(writer_view(&w)), ERR_OK);
        writer_reset(&w);
        mp_put_bin(&w, part);
        assert_int_equal(mp_check_canonical(writer_view(&w)), ERR_OK);
    }
    writer_free(&w);
}

static void readers_take_what_writers_put(void **state)
{
    static const uint8_t sent[ID_LEN] = { 1, 2, 3 };
    uint8_t buf[256];
    uint8_t id[ID_LEN];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct reader r;

    (void)state;
    mp_put_array(&w, 6);
    mp_put_uint(&w, MP_INT_MAX);
    mp_put_bool(&w, true);
    mp_put_text(&w, "h\xc3\xa9");
    mp_put_bin(&w, BYTES_ARRAY(sent));
    mp_put_nil(&w);
    mp_put_map(&w, 1);
    mp_put_text(&w, "k");
    mp_put_int(&w, -5);
    r = reader_of(writer_view(&w));
    assert_int_equal(mp_read_array(&r, 6), 6);
    assert_int_equal(mp_read_uint(&r), MP_INT_MAX);
    assert_true(mp_read_bool(&r));
    assert_true(bytes_equal(mp_read_str(&r), S("h\xc3\xa9")));
    assert_false(mp_read_nil(&r));
    mp_read_bin_exact(&r, id, sizeof id);
    assert_memory_equal(id, sent, ID_LEN);
    assert_true(mp_read_nil(&r));
    assert_int_equal(mp_read_any(&r).len, 4);
    assert_int_equal(reader_finish(&r), ERR_OK);
}

static void readers_refuse_other_types_forms_and_sizes(void **state)
{
    struct reader r = reader_of(S("\xcc\x01"));
    uint8_t two[2] = { 1, 1 };

    (void)state;
    assert_int_equal(mp_read_uint(&r), 0);
    assert_int_equal(r.err, ERR_NOT_CANONICAL);
    assert_int_equal(mp_read_uint(&r), 0); /* the first error sticks */
    assert_int_equal(r.err, ERR_NOT_CANONICAL);
    r = reader_of(S("\xa1"
                    "a"));
    assert_int_equal(mp_read_bin(&r).len, 0);
    assert_int_equal(r.err, ERR_MALFORMED);
    r = reader_of(S("\xc4\x01\x07"));
    mp_read_bin_exact(&r, two, sizeof two);
    assert_int_equal(r.err, ERR_MALFORMED);
    assert_int_equal(two[0], 0);
    r = reader_of(S("\x93\x01\x01\x01"));
    assert_int_equal(mp_read_array(&r, 2), 0);
    assert_int_equal(r.err, ERR_TOO_LARGE);
    r = reader_of(S("\xdd\xff\xff\xff\xff"));
    assert_int_equal(mp_read_array(&r, UINT32_MAX), 0);
    assert_int_equal(r.err, ERR_TRUNCATED);
    r = reader_of(S("\x82\x01\x01"));
    assert_int_equal(mp_read_map(&r, 2), 0);
    assert_int_equal(r.err, ERR_TRUNCATED);
    r = reader_of(S("\xa1\xff"));
    assert_int_equal(mp_read_str(&r).len, 0);
    assert_int_equal(r.err, ERR_BAD_UTF8);
    r = reader_of(S("\x91\xcc\x01"));
    assert_int_equal(mp_read_any(&r).len, 0);
    assert_int_equal(r.err, ERR_NOT_CANONICAL);
}

static void a_tree_answers_what_it_holds_and_nothing_else(void **state)
{
    struct bytes src = S("\x85\xa1"
                         "a\x92\x01\xff\xa1"
                         "b\xc4\x02hi\xa1"
                         "c\xc3\xa1"
                         "d\xa1x"
                         "\xa1"
                         "e\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00");
    struct mp_doc *doc = NULL;
    const struct mp_value *root;
    uint8_t two[2];

    (void)state;
    assert_int_equal(mp_doc_parse(&doc, src, MP_CANONICAL), ERR_NOT_CANONICAL);
    assert_null(doc);
    assert_int_equal(mp_doc_parse(&doc, src, MP_WELL_FORMED), ERR_OK);
    root = mp_doc_root(doc);
    assert_int_equal(mp_type(root), MP_MAP);
    assert_int_equal(mp_count(root), 5);
    assert_int_equal(mp_count(mp_get(root, "a")), 2);
    assert_int_equal(mp_uint(mp_at(mp_get(root, "a"), 0)), 1);
    assert_int_equal(mp_int(mp_at(mp_get(root, "a"), 1)), -1);
    assert_null(mp_at(mp_get(root, "a"), 2));
    assert_true(mp_bin_exact(mp_get(root, "b"), two, 2));
    assert_false(mp_bin_exact(mp_get(root, "d"), two, 1));
    assert_true(mp_bool(mp_get(root, "c")));
    assert_true(bytes_equal(mp_str(mp_get(root, "d")), S("x")));
    assert_true(mp_double(mp_get(root, "e")) > 0.9);
    assert_true(bytes_equal(mp_key_at(root, 1), S("b")));
    assert_int_equal(mp_type(mp_value_at(root, 2)), MP_BOOL);
    assert_null(mp_get(root, "f"));
    assert_int_equal(mp_type(mp_get(mp_get(root, "f"), "g")), MP_NIL);
    assert_int_equal(mp_uint(mp_get(root, "d")), 0);
    assert_int_equal(mp_str(NULL).len, 0);
    mp_doc_free(doc);
    mp_doc_free(NULL);
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    struct bytes src = S("\x82\xa1"
                         "a\x93\x01\xff\xc0\xa1"
                         "b\xc4\x02hi");
    struct writer w = writer_growing(1000);
    struct mp_doc *doc = NULL;

    (void)state;
    assert_int_equal(mp_doc_parse(&doc, src, MP_CANONICAL), ERR_OK);
    mp_put_value(&w, mp_doc_root(doc));
    assert_true(bytes_equal(writer_view(&w), src));
    writer_reset(&w);
    mp_put_value(&w, NULL);
    assert_true(bytes_equal(writer_view(&w), S("\xc0")));
    mp_doc_free(doc);
    writer_free(&w);
}

static void a_writer_that_is_full_keeps_its_error(void **state)
{
    uint8_t buf[4];
    struct writer w = writer_fixed(buf, sizeof buf);

    (void)state;
    mp_put_text(&w, "long text");
    assert_int_equal(w.err, ERR_NO_SPACE);
    mp_put_nil(&w);
    assert_int_equal(w.err, ERR_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_its_grade),
        cmocka_unit_test(every_truncation_of_every_form_is_refused),
        cmocka_unit_test(the_check_says_why_a_value_is_not_canonical),
        cmocka_unit_test(keys_are_at_most_64_bytes),
        cmocka_unit_test(writers_choose_the_shortest_form),
        cmocka_unit_test(readers_take_what_writers_put),
        cmocka_unit_test(readers_refuse_other_types_forms_and_sizes),
        cmocka_unit_test(a_tree_answers_what_it_holds_and_nothing_else),
        cmocka_unit_test(a_tree_is_written_as_it_was_read),
        cmocka_unit_test(a_writer_that_is_full_keeps_its_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
