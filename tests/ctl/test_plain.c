/* Plain lines of JSON, which are written as by the usual way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "ctl/convert.h"
#include "ctl/plain.h"

static bool put(struct writer *w, const char *text)
{
    return plain_put(w, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void assert_plain(const char *text)
{
    struct writer plain = writer_growing(8192);
    struct writer usual = writer_growing(8192);
    json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(v);
    convert_from_json(&usual, v);
    assert_true(put(&plain, text));
    assert_int_equal(plain.err, ERR_OK);
    assert_int_equal(plain.len, usual.len);
    assert_memory_equal(plain.data, usual.data, usual.len);
    json_decref(v);
    writer_free(&plain);
    writer_free(&usual);
}

static void assert_left(const char *text)
{
    struct writer w = writer_growing(8192);

    assert_false(put(&w, text));
    assert_int_equal(w.len, 0);
    writer_free(&w);
}

static void a_draft_is_plain(void **state)
{
    (void)state;
    assert_plain("{\"kind\": \"comment\", \"project\": \"abcdef\", \"fields\": "
                 "{\"text\": \"Wie sch\xc3\xb6n.\", \"target\": \"012345\"}}");
    assert_plain(" {\"a\":[1,[],{},[\"x\",{\"y\":[null]}]] , \"b\" :true}\r");
    assert_plain("{}");
    assert_plain("{\"\": false, \"ab\": 0, \"a\": 999999999999999}");
}

static void keys_come_in_order(void **state)
{
    struct writer w = writer_growing(64);

    (void)state;
    assert_true(put(&w, "{\"b\": 1, \"aa\": 2, \"a\": 3}"));
    assert_int_equal(w.len, 11);
    assert_memory_equal(w.data,
                        "\x83\xa1"
                        "a\3\xa2"
                        "aa\2\xa1"
                        "b\1",
                        11);
    writer_free(&w);
}

static void what_is_not_plain_is_left(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "1",
        "\"a\"",
        "{\"a\": -1}",
        "{\"a\": 1.5}",
        "{\"a\": 1e3}",
        "{\"a\": 01}",
        "{\"a\": \"\\n\"}",
        "{\"a\": \"\t\"}",
        "{\"a\": \"\xff\"}",
        "{\"a\": 1000000000000000}",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\\u0041\": 1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_left(texts[i]);
}

static void what_is_no_json_is_left(void **state)
{
    static const char *const texts[] = {
        "{\"a\": 1,}",     "{,}",           "{\"a\" 1}",
        "{\"a\": [1 2]}",  "{a: 1}",        "{\"a\": }",
        "{\"a\": truer}",  "{\"a\": [}]",   "{\"a\": \"1}",
        "{\"a\": \"true}", "{\"a\": 1]",    "{} {}",
        "{\"a\": nul}",    "{\"a\": [1,]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_left(texts[i]);
}

static void every_beginning_of_a_line_is_left(void **state)
{
    static const char whole[] = "{\"a\": [1, \"b\", {\"c\": null}], \"d\": 12}";
    char part[sizeof whole];

    (void)state;
    assert_plain(whole);
    for (size_t len = 0; len + 1 < sizeof whole; len++) {
        memcpy(part, whole, len);
        part[len] = '\0';
        assert_left(part);
    }
}

/* An object of an array of `count` zeros: two values more. */
static void zeros_of(char *out, size_t max, size_t count)
{
    struct writer w = writer_fixed((uint8_t *)out, max);

    writer_bytes(&w, BYTES_LITERAL("{\"a\": [0"));
    for (size_t i = 1; i < count; i++)
        writer_bytes(&w, BYTES_LITERAL(",0"));
    writer_bytes(&w, BYTES_LITERAL("]}"));
    writer_u8(&w, 0);
    assert_int_equal(w.err, ERR_OK);
}

static void sixty_four_values_are_plain(void **state)
{
    char text[512];

    (void)state;
    zeros_of(text, sizeof text, 61);
    assert_plain(text);
    zeros_of(text, sizeof text, 62);
    assert_plain(text);
    zeros_of(text, sizeof text, 63);
    assert_left(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_is_plain),
        cmocka_unit_test(keys_come_in_order),
        cmocka_unit_test(what_is_not_plain_is_left),
        cmocka_unit_test(what_is_no_json_is_left),
        cmocka_unit_test(every_beginning_of_a_line_is_left),
        cmocka_unit_test(sixty_four_values_are_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
