/* MessagePack and UTF-8 as others test them: tests/vectors/README.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp.h"

#define INPUT_MAX (1 << 20)

/* The bytes of hex text in which '-' and ' ' stand between digits. */
static struct bytes unhex(const char *text)
{
    static uint8_t out[INPUT_MAX];
    size_t len = 0;

    for (; text[0] != '\0' && text[0] != ':' && text[0] != '\n'; text++) {
        if (text[0] == '-' || text[0] == ' ')
            continue;
        assert_true(len < sizeof out);
        assert_int_equal(hex_decode(&out[len++], 1, text++, 2), ERR_OK);
    }
    return (struct bytes){ out, len };
}

static json_t *vectors_load(const char *path)
{
    json_error_t error;
    json_t *vectors = json_load_file(path, 0, &error);

    if (vectors == NULL)
        fail_msg("%s: %s", path, error.text);
    return vectors;
}

/* Floats, ext and integers over 2^53 - 1 have no form that may be signed. */
static bool may_be_signed(const char *group, const json_t *value)
{
    return strncmp(group, "22.", 3) != 0 && strncmp(group, "50.", 3) != 0 &&
           strncmp(group, "60.", 3) != 0 &&
           (json_object_get(value, "bignum") == NULL ||
            json_object_get(value, "number") != NULL);
}

static void only_the_preferred_encoding_is_canonical(void **state)
{
    json_t *suite = vectors_load(VECTORS "/msgpack/msgpack-test-suite.json");
    const char *group;
    json_t *values;
    size_t encodings = 0;

    (void)state;
    json_object_foreach(suite, group, values)
    {
        const json_t *value;
        const json_t *hex;
        size_t i;
        size_t k;

        json_array_foreach(values, i, value)
        {
            json_array_foreach(json_object_get(value, "msgpack"), k, hex)
            {
                struct bytes src = unhex(json_string_value(hex));
                bool first = k == 0 && may_be_signed(group, value);
                enum mp_grade grade;
                size_t used;

                assert_int_equal(mp_walk(&grade, &used, src), ERR_OK);
                assert_int_equal(used, src.len);
                if (grade != (first ? MP_CANONICAL : MP_WELL_FORMED))
                    fail_msg("%s: %s", group, json_string_value(hex));
                encodings++;
            }
        }
    }
    assert_int_equal(encodings, 233);
    json_decref(suite);
}

/* Takes all values that stand in `src` one after the other, then parses. */
static void digest(struct bytes src)
{
    enum mp_grade grade;
    size_t used;

    while (src.len > 0 && mp_walk(&grade, &used, src) == ERR_OK) {
        struct mp_doc *doc;

        assert_in_range(used, 1, src.len);
        assert_int_equal(mp_doc_parse(&doc, (struct bytes){ src.data, used },
                                      MP_WELL_FORMED),
                         ERR_OK);
        mp_doc_free(doc);
        src.data += used;
        src.len -= used;
    }
}

static void crashers_of_other_decoders_are_digested(void **state)
{
    static const char *const files[] = {
        VECTORS "/msgpack/msgpack-c-cases.json",
        VECTORS "/msgpack/msgpack-c-regressions.json",
        VECTORS "/msgpack/msgpack-c-seeds.json",
        VECTORS "/msgpack/shamaton-crashers.json",
    };

    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        json_t *cases = vectors_load(files[f]);
        const json_t *vector;
        size_t i;

        json_array_foreach(cases, i, vector)
        {
            const json_t *hex = json_object_get(vector, "hex");

            digest(unhex(json_string_value(hex)));
        }
        json_decref(cases);
    }
}

/* Lines are "number:valid:text", "number:valid hex:..." and so for invalid. */
static void utf8_is_told_from_what_is_not(void **state)
{
    char line[4096];
    size_t cases = 0;
    FILE *file = fopen(VECTORS "/text/utf8tests.txt", "rb");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *what = strchr(line, ':');
        struct bytes text;
        bool valid;

        if (line[0] == '#' || what == NULL)
            continue;
        what += 1 + strspn(what + 1, " ");
        valid = strncmp(what, "valid", 5) == 0;
        what += valid ? 5 : 7;
        if (strncmp(what, " hex:", 5) == 0)
            text = unhex(what + 5);
        else
            text =
                (struct bytes){ (uint8_t *)what + 1, strcspn(what + 1, "\n") };
        if (mp_utf8_valid(text) != valid)
            fail_msg("%s", line);
        cases++;
    }
    (void)fclose(file);
    assert_int_equal(cases, 222);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_preferred_encoding_is_canonical),
        cmocka_unit_test(crashers_of_other_decoders_are_digested),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
