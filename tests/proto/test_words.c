/* Recovery words: against the reference implementation, and as people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "proto/words.h"

static const char ZEROS[] =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon "
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon "
    "abandon abandon abandon abandon abandon art";

static enum err decode(uint8_t entropy[ENTROPY_LEN], const char *text)
{
    return words_decode(entropy,
                        (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void words_are_those_of_the_reference(void **state)
{
    json_t *cases = json_load_file(VECTORS "/words/words.json", 0, NULL);
    size_t i;
    json_t *item;

    (void)state;
    assert_int_equal(json_array_size(cases), 200);
    json_array_foreach (cases, i, item) {
        const char *hex = json_string_value(json_object_get(item, "entropy"));
        const char *words = json_string_value(json_object_get(item, "words"));
        uint8_t entropy[ENTROPY_LEN], back[ENTROPY_LEN];
        char ours[WORDS_TEXT_MAX];

        assert_int_equal(hex_decode(entropy, sizeof entropy, hex, strlen(hex)),
                         ERR_OK);
        words_encode(ours, entropy);
        assert_string_equal(ours, words);
        assert_int_equal(decode(back, words), ERR_OK);
        assert_memory_equal(back, entropy, ENTROPY_LEN);
    }
    json_decref(cases);
}

static void case_space_and_short_forms_do_not_matter(void **state)
{
    uint8_t entropy[ENTROPY_LEN];
    uint8_t zeros[ENTROPY_LEN] = { 0 };

    (void)state;
    memset(entropy, 1, sizeof entropy);
    assert_int_equal(
        decode(entropy,
               "  ABANDON\tAban aband\r\nabandon aban aban aban aban aban aban "
               "aban aban aban aban aban aban aban aban aban aban aban aban "
               "aban Art\n \n"),
        ERR_OK);
    assert_memory_equal(entropy, zeros, ENTROPY_LEN);
}

static void every_other_text_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        " ",
        "abandon",
    };
    uint8_t entropy[ENTROPY_LEN] = { 42 };
    uint8_t kept[ENTROPY_LEN] = { 42 };
    char text[sizeof ZEROS + 8];

    (void)state;
    memcpy(text, ZEROS, sizeof ZEROS);
    memcpy(text, "     aba", 8); /* three letters are too few */
    assert_int_equal(decode(entropy, text), ERR_BAD_WORDS);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode(entropy, wrong[i]), ERR_BAD_WORDS);
    for (size_t len = 0; len < sizeof ZEROS - 1; len++)
        assert_int_equal(
            words_decode(entropy,
                         (struct bytes){ (const uint8_t *)ZEROS, len }),
            ERR_BAD_WORDS);
    memcpy(text, ZEROS, sizeof ZEROS);
    memcpy(text + sizeof ZEROS - 1, " art", 5); /* a 25th word */
    assert_int_equal(decode(entropy, text), ERR_BAD_WORDS);
    memcpy(text + sizeof ZEROS - 4, "arm", 4); /* the checksum */
    assert_int_equal(decode(entropy, text), ERR_BAD_WORDS);
    memcpy(text, ZEROS, sizeof ZEROS);
    text[0] = '@';
    assert_int_equal(decode(entropy, text), ERR_BAD_WORDS);
    text[0] = '\0';
    assert_int_equal(
        words_decode(entropy,
                     (struct bytes){ (const uint8_t *)text, sizeof ZEROS - 1 }),
        ERR_BAD_WORDS);
    assert_memory_equal(entropy, kept, ENTROPY_LEN);
}

static void a_swapped_pair_of_words_is_noticed(void **state)
{
    uint8_t entropy[ENTROPY_LEN];
    char text[] = "ability abandon abandon abandon abandon abandon abandon "
                  "abandon abandon abandon abandon abandon abandon abandon "
                  "abandon abandon abandon abandon abandon abandon abandon "
                  "abandon abandon art";

    (void)state;
    assert_int_equal(decode(entropy, text), ERR_BAD_WORDS);
}

static void text_over_the_limit_is_not_even_read(void **state)
{
    static char text[WORDS_INPUT_MAX + 1];
    uint8_t entropy[ENTROPY_LEN];

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, ZEROS, sizeof ZEROS - 1);
    assert_int_equal(
        words_decode(entropy,
                     (struct bytes){ (const uint8_t *)text, WORDS_INPUT_MAX }),
        ERR_OK);
    assert_int_equal(
        words_decode(entropy, (struct bytes){ (const uint8_t *)text,
                                              WORDS_INPUT_MAX + 1 }),
        ERR_BAD_WORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_the_reference),
        cmocka_unit_test(case_space_and_short_forms_do_not_matter),
        cmocka_unit_test(every_other_text_is_refused),
        cmocka_unit_test(a_swapped_pair_of_words_is_noticed),
        cmocka_unit_test(text_over_the_limit_is_not_even_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
