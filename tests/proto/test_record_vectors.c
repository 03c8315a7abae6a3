/*
 * Records made by an independent script from docs/protocol.md: every kind is
 * admitted, follows the schema and is written again byte by byte; everything
 * spoiled is refused with the error that the document names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"
#include "proto/record.h"

static const char *text_of(const json_t *vector, const char *key)
{
    return json_string_value(json_object_get(vector, key));
}

/* The bytes of a hex member; the caller frees them. */
static struct bytes bytes_of(const json_t *vector, const char *key)
{
    const char *hex = text_of(vector, key);
    size_t len;
    uint8_t *out;

    assert_non_null(hex);
    len = strlen(hex) / 2;
    out = malloc(len + 1);
    assert_non_null(out);
    assert_int_equal(hex_decode(out, len, hex, 2 * len), ERR_OK);
    return (struct bytes){ out, len };
}

static void bytes_free(struct bytes b)
{
    union {
        const uint8_t *given;
        void *taken;
    } u = { .given = b.data };

    free(u.taken);
}

static void assert_hex(const json_t *vector, const char *key,
                       const uint8_t *actual, size_t len)
{
    struct bytes want = bytes_of(vector, key);

    assert_int_equal(want.len, len);
    assert_memory_equal(want.data, actual, len);
    bytes_free(want);
}

/* All that stands between a record's arrival and its place in the store. */
static enum err take(struct record *out, struct bytes src,
                     const struct network *network)
{
    struct certificate certificate;
    enum err e = record_decode(out, src);
    const char *field;

    if (e == ERR_OK && out->certificate.data != NULL)
        e = certificate_verify(&certificate, out->certificate, network);
    if (e == ERR_OK)
        e = record_admit(
            out, out->certificate.data == NULL ? NULL : &certificate, network);
    return e == ERR_OK ? kind_check(out, &field) : e;
}

static void assert_written_alike(const json_t *vector, const struct record *r,
                                 struct bytes whole,
                                 const struct network *network)
{
    static struct record_link list[RECORD_LINKS_MAX];
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct reader links = reader_of(r->links);
    struct bytes seed = bytes_of(vector, "seed");
    struct record_draft draft = { .kind = r->kind,
                                  .created_ms = r->created_ms,
                                  .revises = r->has_revises ? r->revises : NULL,
                                  .links = list,
                                  .flags = r->flags };
    struct sign_key key;
    uint8_t id[ID_LEN];

    sign_key_from_seed(&key, seed.data);
    memcpy(draft.author, r->author, ID_LEN);
    memcpy(draft.salt, r->body.data, RECORD_SALT_LEN);
    if (!r->founds_topic)
        memcpy(draft.topic, r->topic, ID_LEN);
    draft.map = (struct bytes){ r->body.data + RECORD_SALT_LEN,
                                r->body.len - RECORD_SALT_LEN };
    while (record_link_next(&links, &list[draft.links_count]))
        draft.links_count++;
    assert_int_equal(
        record_write(&w, id, &draft, &key, r->certificate, network), ERR_OK);
    assert_true(bytes_equal(writer_view(&w), whole));
    assert_memory_equal(id, r->id, ID_LEN);
    writer_free(&w);
    bytes_free(seed);
}

static void check_golden(const json_t *vector)
{
    struct bytes whole = bytes_of(vector, "hex");
    const json_t *kind = json_object_get(vector, "kind");
    struct network network;
    struct record r;
    enum err e;

    assert_int_equal(network_parse(&network, text_of(vector, "network")),
                     ERR_OK);
    e = take(&r, whole, &network);
    if (e != ERR_OK)
        fail_msg("%s: %s", text_of(vector, "name"), err_name(e));
    assert_int_equal(r.kind, (uint64_t)json_integer_value(kind));
    assert_hex(vector, "id", r.id, ID_LEN);
    assert_hex(vector, "author", r.author, ID_LEN);
    assert_hex(vector, "signer", r.signer, KEY_LEN);
    assert_hex(vector, "topic", r.topic, ID_LEN);
    if (r.certificate.data != NULL)
        assert_hex(vector, "certificate", r.certificate.data,
                   r.certificate.len);
    if (!json_is_false(json_object_get(vector, "written")))
        assert_written_alike(vector, &r, whole, &network);
    bytes_free(whole);
}

/* What is shown of a record, given back, makes the same body again. */
static void check_shown(const json_t *vector)
{
    static struct kind_links links;
    struct bytes whole = bytes_of(vector, "hex");
    struct writer shown = writer_growing(4 * RECORD_BODY_MAX);
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct bytes wrong = { NULL, 0 };
    struct mp_doc *doc;
    struct record r;

    assert_int_equal(record_decode(&r, whole), ERR_OK);
    assert_int_equal(kind_render(&r, &shown), ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&shown), MP_WELL_FORMED),
                     ERR_OK);
    assert_null(mp_get(mp_doc_root(doc), "other"));
    assert_null(mp_get(mp_doc_root(doc), "other_links"));
    if (kind_encode(kind_find(r.kind), &map, &links, &wrong,
                    mp_doc_root(doc)) != ERR_OK)
        fail_msg("%s: %.*s", text_of(vector, "name"), (int)wrong.len,
                 (const char *)wrong.data);
    assert_true(bytes_equal(writer_view(&map), record_body_map(&r)));
    assert_int_equal(links.count, r.links_count);
    mp_doc_free(doc);
    writer_free(&map);
    writer_free(&shown);
    bytes_free(whole);
}

static json_t *vectors_load(const char *path)
{
    json_error_t error;
    json_t *vectors = json_load_file(path, 0, &error);

    if (vectors == NULL)
        fail_msg("%s: %s", path, error.text);
    return vectors;
}

static void golden_records_are_taken_and_written_alike(void **state)
{
    json_t *vectors = vectors_load(VECTORS "/records/records.json");
    const json_t *vector;
    size_t i;

    (void)state;
    assert_true(json_array_size(vectors) > 80);
    json_array_foreach(vectors, i, vector)
    {
        check_golden(vector);
    }
    json_decref(vectors);
}

static void golden_records_of_every_kind_show_all_they_hold(void **state)
{
    json_t *vectors = vectors_load(VECTORS "/records/records.json");
    const json_t *vector;
    size_t shown = 0;
    size_t kinds = 0;
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        if (json_object_get(vector, "fields") == NULL)
            continue;
        check_shown(vector);
        shown++;
    }
    while (kind_at(kinds) != NULL)
        kinds++;
    assert_int_equal(shown, 2 * kinds);
    json_decref(vectors);
}

static void spoiled_records_are_refused_with_their_error(void **state)
{
    json_t *vectors = vectors_load(VECTORS "/records/refused.json");
    const json_t *vector;
    size_t i;
    bool failed = false;

    (void)state;
    assert_true(json_array_size(vectors) > 80);
    json_array_foreach(vectors, i, vector)
    {
        struct bytes whole = bytes_of(vector, "hex");
        struct network network;
        struct record r;
        enum err e;

        assert_int_equal(network_parse(&network, text_of(vector, "network")),
                         ERR_OK);
        e = take(&r, whole, &network);
        if (strcmp(err_name(e), text_of(vector, "error")) != 0) {
            print_error("%s: %s instead of %s\n", text_of(vector, "name"),
                        err_name(e), text_of(vector, "error"));
            failed = true;
        }
        bytes_free(whole);
    }
    json_decref(vectors);
    assert_false(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_records_are_taken_and_written_alike),
        cmocka_unit_test(golden_records_of_every_kind_show_all_they_hold),
        cmocka_unit_test(spoiled_records_are_refused_with_their_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
