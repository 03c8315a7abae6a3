/* What others wrote never reaches the terminal raw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"

static char shown[4096];

static FILE *begin(void)
{
    FILE *out;

    memset(shown, 0, sizeof shown);
    out = fmemopen(shown, sizeof shown, "w");
    assert_non_null(out);
    return out;
}

static void assert_put(const char *text, const char *want)
{
    FILE *out = begin();

    text_put(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(shown, want);
}

static void plain_text_is_kept(void **state)
{
    (void)state;
    assert_put("", "");
    assert_put("Zoë — 猫", "Zoë — 猫");
}

static void control_characters_are_spelled(void **state)
{
    (void)state;
    assert_put("a\033[2Jb", "a<U+001B>[2Jb");
    assert_put("a\r\nb\tc\x7f", "a<U+000D><U+000A>b<U+0009>c<U+007F>");
    assert_put("\xc2\x9b"
               "31m",
               "<U+009B>31m");
    assert_put("\u202eevil", "<U+202E>evil");
    assert_put("\u2066x\u2069", "<U+2066>x<U+2069>");
    assert_put("\u200bx\ufeff", "<U+200B>x<U+FEFF>");
}

static void every_control_character_is_spelled(void **state)
{
    (void)state;
    for (unsigned c = 1; c <= 0x9f; c++) {
        char text[3] = { (char)c, 0, 0 };
        FILE *out;

        if (c >= 0x20 && c < 0x7f)
            continue;
        if (c >= 0x80) {
            text[0] = (char)0xc2;
            text[1] = (char)c;
        }
        out = begin();
        text_put(out, text);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(strncmp(shown, "<U+", 3), 0);
    }
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    assert_put("a\xff"
               "b",
               "a\ufffd"
               "b");
    assert_put("\xc3", "\ufffd");
}

static void lines_are_kept_and_indented(void **state)
{
    FILE *out = begin();

    (void)state;
    text_put_lines(out, "a\nb\033\n", 2);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(shown, "a\n  b<U+001B>\n  ");
}

static void a_cell_is_cut_or_filled(void **state)
{
    static const struct {
        const char *text;
        unsigned width;
        const char *want;
    } cases[] = {
        { "abc", 5, "abc  " },     { "abc", 3, "abc" },
        { "abcd", 3, "ab\u2026" }, { "猫猫", 4, "猫猫" },
        { "猫猫", 3, "猫\u2026" }, { "\033x", 4, "\u2026   " },
        { "abc", 1, "\u2026" },    { "", 2, "  " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *out = begin();

        text_put_cell(out, cases[i].text, cases[i].width);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(shown, cases[i].want);
    }
}

static void assert_value(const char *key, json_t *v, bool shorten,
                         const char *want)
{
    char *text = text_of_value(key, v, shorten);

    assert_string_equal(text, want);
    free(text);
    json_decref(v);
}

static void values_read_as_their_fields_say(void **state)
{
    static const char id[] = "00112233445566778899aabbccddeeff"
                             "00112233445566778899aabbccddeeff";

    (void)state;
    assert_value("created_ms", json_integer(951827696000), false,
                 "2000-02-29 12:34");
    assert_value("deadline", json_integer(951827696000), false,
                 "2000-02-29 12:34");
    assert_value("rtt_ms", json_integer(12), false, "12 ms");
    assert_value("size", json_integer(1536), false, "1.5 KiB");
    assert_value("house_share_bp", json_integer(1250), false, "12.50 %");
    assert_value("topics", json_integer(3), false, "3");
    assert_value("open", json_true(), false, "yes");
    assert_value("id", json_string(id), false, id);
    assert_value("id", json_string(id), true, "0011223344556677");
    assert_value("kinds", json_pack("[s,s]", "a", "b"), false, "a, b");
    assert_value("files", json_pack("[{s:s}]", "name", "x.jpg"), false,
                 "x.jpg");
    assert_value("title", json_null(), false, "");
    assert_value("title", NULL, false, "");
}

static void sizes_and_spans_are_short(void **state)
{
    char out[TEXT_SHORT];

    (void)state;
    text_size(out, 999);
    assert_string_equal(out, "999 B");
    text_size(out, 1000);
    assert_string_equal(out, "1.0 KiB");
    text_size(out, (uint64_t)20 << 30);
    assert_string_equal(out, "20 GiB");
    text_span(out, 999);
    assert_string_equal(out, "999 ms");
    text_span(out, 61000);
    assert_string_equal(out, "1 min 1 s");
    text_span(out, (uint64_t)10 * 86400000);
    assert_string_equal(out, "10 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_kept),
        cmocka_unit_test(control_characters_are_spelled),
        cmocka_unit_test(every_control_character_is_spelled),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(lines_are_kept_and_indented),
        cmocka_unit_test(a_cell_is_cut_or_filled),
        cmocka_unit_test(values_read_as_their_fields_say),
        cmocka_unit_test(sizes_and_spans_are_short),
    };

    setenv("TZ", "UTC0", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
