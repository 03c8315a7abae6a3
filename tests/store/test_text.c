/* Words as they are found, however they are written. */
#include "store/text.h"

#include "fixture.h"
#include "store/key.h"

static char found[4096];

static enum err note(void *context, struct bytes word)
{
    size_t len = strlen(found);

    (void)context;
    (void)snprintf(found + len, sizeof found - len, "%s%.*s",
                   len == 0 ? "" : "|", (int)word.len, (const char *)word.data);
    return ERR_OK;
}

static const char *words(const char *text)
{
    struct bytes bytes = { (const uint8_t *)text, strlen(text) };

    found[0] = '\0';
    assert_int_equal(text_each_word(bytes, note, NULL), ERR_OK);
    return found;
}

static void text_is_folded_and_cut_into_words(void **state)
{
    (void)state;
    assert_string_equal(words("The Crowned Cat, 2 of 3!"),
                        "the|crowned|cat|2|of|3");
    assert_string_equal(words("Émile Ångström Größe STRASSE"),
                        "emile|angstrom|grosse|strasse");
    assert_string_equal(words("E\u0301mile"), "emile");
    assert_string_equal(words("don't stop"), "don't|stop");
    assert_string_equal(words("東京"), "東|京");
    assert_string_equal(words("ﬁlm ½ Ⅳ"), "film|1\u20442|iv");
    assert_string_equal(words("𝐀rt"), "art");
    assert_string_equal(words(""), "");
    assert_string_equal(words(" -- ?!"), "");
}

static void a_tag_is_one_word(void **state)
{
    (void)state;
    found[0] = '\0';
    assert_int_equal(text_tag(BYTES_LITERAL("Life Drawing"), note, NULL),
                     ERR_OK);
    assert_string_equal(found, "life drawing");
}

static void of_a_long_word_the_beginning_counts(void **state)
{
    char text[TEXT_WORD_MAX + 2] = "";

    (void)state;
    memset(text, 'a', TEXT_WORD_MAX + 1);
    assert_int_equal(strlen(words(text)), TEXT_WORD_MAX);
}

static void what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    assert_int_equal(text_each_word(BYTES_LITERAL("a\xff"), note, NULL),
                     ERR_MALFORMED);
    assert_int_equal(text_tag(BYTES_LITERAL("\xc3"), note, NULL),
                     ERR_MALFORMED);
}

static void a_key_says_what_it_was_made_of(void **state)
{
    const struct store_hit hit = { .kind = KIND_REQUEST,
                                   .created_ms = 1234567890123,
                                   .place = UINT64_MAX - 7,
                                   .seq = 42 };
    struct key key = text_key(TEXT_WORD, BYTES_LITERAL("cat"), &hit);
    struct key prefix = text_prefix(TEXT_WORD, BYTES_LITERAL("ca"), false);
    struct key whole = text_prefix(TEXT_WORD, BYTES_LITERAL("ca"), true);
    struct store_hit read;

    (void)state;
    assert_true(key_has_prefix(key_view(&key), key_view(&prefix)));
    assert_false(key_has_prefix(key_view(&key), key_view(&whole)));
    assert_true(text_key_read(key_view(&key), &read));
    assert_memory_equal(&read, &hit, sizeof hit);
    for (size_t len = 0; len < 1 + 26; len++)
        assert_false(text_key_read((struct bytes){ key.data, len }, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_folded_and_cut_into_words),
        cmocka_unit_test(a_tag_is_one_word),
        cmocka_unit_test(of_a_long_word_the_beginning_counts),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(a_key_says_what_it_was_made_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
