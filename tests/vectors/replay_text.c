/* MessagePack by the walker and UTF-8 by its validator. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp.h"
#include "tests/vectors/replay.h"

static const char *const verdicts[] = { [MP_REFUSED] = "refused",
                                        [MP_WELL_FORMED] = "well-formed",
                                        [MP_CANONICAL] = "canonical" };

/* One whole value, and of which grade. */
static enum mp_grade grade_of(struct bytes bytes)
{
    enum mp_grade grade;
    size_t used;

    if (mp_walk(&grade, &used, bytes) != ERR_OK || used != bytes.len)
        return MP_REFUSED;
    return grade;
}

/* A plain list: the verdict is shown, and compared where one is given. */
static void plain_case(struct replay *r, const json_t *item, size_t index)
{
    const char *expected = json_string_value(json_object_get(item, "verdict"));
    struct bytes bytes;
    char name[256];
    enum mp_grade grade;

    replay_name(name, sizeof name, item, index);
    if (!replay_hex(&bytes, item, "hex")) {
        replay_case(r, name, "unreadable", false);
        return;
    }
    grade = grade_of(bytes);
    replay_case(r, name, verdicts[grade],
                expected == NULL || strcmp(expected, verdicts[grade]) == 0);
    replay_free(&bytes);
}

static bool is_float(struct bytes b)
{
    return b.len > 0 && (b.data[0] == 0xca || b.data[0] == 0xcb);
}

static bool is_signed_form(struct bytes b)
{
    return b.len > 0 && b.data[0] >= 0xd0 && b.data[0] <= 0xd3;
}

/* Whether this value has a canonical form at all. */
static bool has_canonical(const json_t *value)
{
    const json_t *number = json_object_get(value, "number");
    const char *big = json_string_value(json_object_get(value, "bignum"));

    if (json_object_get(value, "ext") != NULL ||
        json_object_get(value, "timestamp") != NULL)
        return false;
    if (json_is_real(number))
        return false;
    return big == NULL || strlen(big) < 17; /* 2^53 - 1 has 16 digits */
}

/* The first encoding that our rules for integers do not exclude. */
static bool may_be_first(const json_t *value, struct bytes bytes)
{
    const json_t *number = json_object_get(value, "number");

    if (number == NULL)
        return true;
    if (is_float(bytes))
        return false;
    return json_integer_value(number) < 0 || !is_signed_form(bytes);
}

static void suite_value(struct replay *r, const char *file, size_t index,
                        const json_t *value)
{
    bool wanted = has_canonical(value);
    json_t *encoding;
    size_t i;

    json_array_foreach(json_object_get(value, "msgpack"), i, encoding)
    {
        struct bytes bytes;
        char name[256];
        enum mp_grade grade, expected = MP_WELL_FORMED;

        (void)snprintf(name, sizeof name, "%s %zu.%zu", file, index, i);
        if (!replay_hex_text(&bytes, encoding)) {
            replay_case(r, name, "unreadable", false);
            continue;
        }
        if (wanted && may_be_first(value, bytes)) {
            expected = MP_CANONICAL;
            wanted = false;
        }
        grade = grade_of(bytes);
        replay_case(r, name, verdicts[grade], grade == expected);
        replay_free(&bytes);
    }
}

bool replay_msgpack(struct replay *r, json_t *root)
{
    const char *file;
    json_t *values, *item;
    size_t i;

    if (json_is_array(root)) {
        json_array_foreach(root, i, item) plain_case(r, item, i);
        return true;
    }
    if (!json_is_object(root))
        return false;
    json_object_foreach(root, file, values)
    {
        json_array_foreach(values, i, item) suite_value(r, file, i, item);
    }
    return true;
}

/* NUM:valid:TEXT, NUM:valid hex:HEX or NUM:invalid hex:HEX[:...] */
static void utf8_line(struct replay *r, char *line)
{
    char *kind = strchr(line, ':');
    char *text = kind == NULL ? NULL : strchr(kind + 1, ':');
    uint8_t *data;
    size_t len, hex_len;
    bool valid, expected;

    if (text == NULL)
        return;
    *kind++ = '\0';
    *text++ = '\0';
    kind += strspn(kind, " ");
    expected = strncmp(kind, "valid", 5) == 0;
    len = strcspn(text, "\r\n");
    data = (uint8_t *)text;
    if (strstr(kind, "hex") != NULL) {
        hex_len = strcspn(text, ":\r\n");
        if (sodium_hex2bin(data, hex_len, text, hex_len, " ", &len, NULL) !=
            0) {
            replay_case(r, line, "unreadable", false);
            return;
        }
    }
    valid = mp_utf8_valid((struct bytes){ data, len });
    replay_case(r, line, valid ? "valid" : "invalid", valid == expected);
}

bool replay_utf8(struct replay *r, FILE *file)
{
    static char line[65536];
    size_t total = 0;

    while (fgets(line, sizeof line, file) != NULL) {
        size_t len = strlen(line);

        total += len;
        if ((len == 0 || line[len - 1] != '\n') && !feof(file)) {
            fprintf(stderr, "replay: a line is too long, or no text\n");
            return false;
        }
        if (total > REPLAY_FILE_MAX) {
            fprintf(stderr, "replay: the file is too long\n");
            return false;
        }
        if (line[0] >= '0' && line[0] <= '9')
            utf8_line(r, line);
    }
    return true;
}
