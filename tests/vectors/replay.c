/* The command: reads the file, hands it to its kind, prints the last line. */
#include "tests/vectors/replay.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static size_t json_bytes;

/* jansson's allocator with a budget; over it the file is refused. */
static void *json_take(size_t len)
{
    void *p;

    if (len > REPLAY_JSON_MAX - json_bytes)
        return NULL;
    p = malloc(len);
    if (p != NULL)
        json_bytes += malloc_usable_size(p);
    if (json_bytes > REPLAY_JSON_MAX)
        json_bytes = REPLAY_JSON_MAX;
    return p;
}

static void json_give(void *p)
{
    size_t len = p == NULL ? 0 : malloc_usable_size(p);

    json_bytes -= len < json_bytes ? len : json_bytes;
    free(p);
}

struct source {
    FILE *file;
    size_t left;
};

static size_t source_read(void *out, size_t cap, void *context)
{
    struct source *s = context;
    size_t want = cap < s->left ? cap : s->left;
    size_t got;

    if (s->left == 0)
        return (size_t)-1;
    got = fread(out, 1, want, s->file);
    s->left -= got;
    return got;
}

void replay_case(struct replay *r, const char *name, const char *verdict,
                 bool passed)
{
    printf("%s: %s%s\n", name, verdict, passed ? "" : " (FAILED)");
    if (passed)
        r->passed++;
    else
        r->failed++;
}

void replay_name(char *out, size_t cap, const json_t *item, size_t index)
{
    const json_t *id = json_object_get(item, "tcId");
    const char *text = json_string_value(json_object_get(item, "name"));

    if (text == NULL)
        text = json_string_value(json_object_get(item, "comment"));
    if (text == NULL)
        text = json_string_value(json_object_get(item, "protocol_name"));
    if (json_is_integer(id))
        (void)snprintf(out, cap, "%lld", (long long)json_integer_value(id));
    else if (text != NULL && text[0] != '\0')
        (void)snprintf(out, cap, "%s", text);
    else
        (void)snprintf(out, cap, "%zu", index);
    for (char *c = out; *c != '\0'; c++) /* one case, one line */
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

bool replay_hex_text(struct bytes *out, const json_t *text)
{
    const char *hex = json_string_value(text);
    size_t hex_len = json_string_length(text);
    uint8_t *data;
    size_t len;

    if (hex == NULL || hex_len > 3 * REPLAY_BYTES_MAX)
        return false;
    data = malloc(hex_len / 2 + 1);
    if (data == NULL)
        return false;
    if (sodium_hex2bin(data, hex_len / 2 + 1, hex, hex_len, "-", &len, NULL) !=
            0 ||
        len > REPLAY_BYTES_MAX) {
        free(data);
        return false;
    }
    *out = (struct bytes){ data, len };
    return true;
}

bool replay_hex(struct bytes *out, const json_t *item, const char *key)
{
    return replay_hex_text(out, json_object_get(item, key));
}

void replay_free(struct bytes *bytes)
{
    union {
        const uint8_t *borrowed;
        void *owned;
    } p = { .borrowed = bytes->data };

    free(p.owned);
    *bytes = (struct bytes){ NULL, 0 };
}

bool replay_hex_exact(uint8_t *out, size_t len, const json_t *item,
                      const char *key)
{
    struct bytes b;
    bool fits;

    if (!replay_hex(&b, item, key))
        return false;
    fits = b.len == len;
    if (fits)
        memcpy(out, b.data, len);
    replay_free(&b);
    return fits;
}

bool replay_is(const json_t *item, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(item, key));

    return value != NULL && strcmp(value, text) == 0;
}

bool replay_groups(struct replay *r, const json_t *root, replay_fn *one)
{
    json_t *groups = json_object_get(root, "testGroups");
    size_t i, k;
    json_t *group, *test;

    if (!json_is_array(groups))
        return false;
    json_array_foreach (groups, i, group) {
        json_array_foreach (json_object_get(group, "tests"), k, test) {
            char name[256];

            replay_name(name, sizeof name, test, k);
            one(r, group, test, name);
        }
    }
    return true;
}

static const struct {
    const char *name;
    bool (*replay)(struct replay *r, json_t *root);
} kinds[] = {
    { "noise", replay_noise },     { "ed25519", replay_ed25519 },
    { "x25519", replay_x25519 },   { "aead", replay_aead },
    { "msgpack", replay_msgpack }, { "authority", replay_authority },
};

static bool replay_json(struct replay *r, const char *kind, FILE *file)
{
    struct source source = { file, REPLAY_FILE_MAX };
    json_error_t error;
    json_t *root;
    bool known = false;

    json_set_alloc_funcs(json_take, json_give);
    root = json_load_callback(source_read, &source, JSON_ALLOW_NUL, &error);
    if (root == NULL) {
        fprintf(stderr, "replay: line %d: %s (limit: %zu MiB)\n", error.line,
                error.text, REPLAY_FILE_MAX >> 20);
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            known = kinds[i].replay(r, root);
    json_decref(root);
    if (!known)
        fprintf(stderr, "replay: not a file or a kind that is known\n");
    return known;
}

int main(int argc, char **argv)
{
    struct replay r = { 0 };
    FILE *file;
    bool read;

    if (argc != 3) {
        fprintf(stderr,
                "usage: replay "
                "noise|ed25519|x25519|aead|msgpack|utf8|authority FILE\n");
        return 2;
    }
    file = fopen(argv[2], "rb");
    if (file == NULL || sodium_init() < 0) {
        perror(argv[2]);
        return 2;
    }
    if (strcmp(argv[1], "utf8") == 0)
        read = replay_utf8(&r, file);
    else
        read = replay_json(&r, argv[1], file);
    (void)fclose(file);
    printf("%lu passed, %lu failed\n", r.passed, r.failed);
    if (!read)
        return 2;
    return r.failed > 0;
}
