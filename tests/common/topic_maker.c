#include "tests/common/topic_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/identity.h"

static struct network network(void)
{
    struct network n;

    assert_int_equal(network_parse(&n, "test"), ERR_OK);
    return n;
}

struct person {
    struct sign_key key;
    struct sign_key device;
    uint8_t commitment[HASH_LEN];
    uint8_t id[ID_LEN];
};

/* Made once each: keys cost more than all else here. */
static struct person person_of(char who)
{
    static struct person known[128];
    static bool is_known[128];
    uint8_t seed[32] = { (uint8_t)who };
    struct sign_key next;
    struct person p;

    assert_true(who > 0);
    if (is_known[(uint8_t)who])
        return known[(uint8_t)who];

    sign_key_from_seed(&p.key, seed);
    seed[1] = 1;
    sign_key_from_seed(&p.device, seed);
    seed[1] = 2;
    sign_key_from_seed(&next, seed);
    person_key_commit(p.commitment, next.public_key);
    person_id(p.id, p.key.public_key, p.commitment);
    known[(uint8_t)who] = p;
    is_known[(uint8_t)who] = true;
    return p;
}

void maker_person(uint8_t out[ID_LEN], char who)
{
    struct person p = person_of(who);

    memcpy(out, p.id, ID_LEN);
}

const char *maker_person_hex(char who)
{
    static char hex[8][2 * ID_LEN + 1];
    static unsigned turn;
    struct person p = person_of(who);
    char *out = hex[turn++ % 8];

    hex_encode(out, BYTES_ARRAY(p.id));
    return out;
}

static void put_json(struct writer *w, const json_t *v)
{
    const char *key;
    json_t *item;
    size_t i;

    switch (json_typeof(v)) {
    case JSON_OBJECT:
        mp_put_map(w, (uint32_t)json_object_size(v));
        json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
            mp_put_text(w, key);
            put_json(w, item);
        }
        break;
    case JSON_ARRAY:
        mp_put_array(w, (uint32_t)json_array_size(v));
        json_array_foreach (v, i, item)
            put_json(w, item);
        break;
    case JSON_STRING:
        mp_put_text(w, json_string_value(v));
        break;
    case JSON_INTEGER:
        mp_put_uint(w, (uint64_t)json_integer_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        mp_put_bool(w, json_is_true(v));
        break;
    case JSON_REAL:
    case JSON_NULL:
    default:
        mp_put_nil(w);
    }
}

/* Body map and links from JSON, by the table of kinds. */
static void encode(struct writer *map, struct kind_links *links,
                   enum kind_number kind, const char *text)
{
    struct writer given = writer_growing(1 << 20);
    json_error_t why;
    json_t *json = json_loads(text, 0, &why);
    struct bytes field = { 0 };
    struct mp_doc *doc;

    if (json == NULL)
        fail_msg("%s in %s", why.text, text);
    put_json(&given, json);
    json_decref(json);
    assert_int_equal(mp_doc_parse(&doc, writer_view(&given), MP_WELL_FORMED),
                     ERR_OK);
    if (kind_encode(kind_find(kind), map, links, &field, mp_doc_root(doc)) !=
        ERR_OK)
        fail_msg("field %.*s in %s", (int)field.len, (const char *)field.data,
                 text);
    mp_doc_free(doc);
    writer_free(&given);
}

/* Signs and takes the bytes. */
static struct made sign(struct maker *m, struct record_draft *draft, char who)
{
    struct person p = person_of(who);
    struct network n = network();
    struct sign_key *signer = m->with_person_key ? &p.key : &p.device;
    uint8_t certificate[RECORD_CERTIFICATE_MAX];
    struct writer c = writer_fixed(certificate, sizeof certificate);
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct made made;

    certificate_write(&c, &n, &p.key, p.commitment, signer->public_key, 1);
    memcpy(draft->author, p.id, ID_LEN);
    memcpy(draft->topic, m->topic, ID_LEN);
    draft->flags = m->flags;
    draft->revises = m->revises == NULL ? NULL : m->revises->id;
    assert_int_equal(
        record_write(&w, made.id, draft, signer, writer_view(&c), &n), ERR_OK);
    hex_encode(made.hex, BYTES_ARRAY(made.id));
    made.len = w.len;
    made.whole = malloc(w.len);
    assert_non_null(made.whole);
    memcpy(made.whole, w.data, w.len);
    writer_free(&w);
    m->revises = NULL;
    m->with_person_key = false;
    m->malformed = false;
    m->body = (struct bytes){ NULL, 0 };
    m->flags = 0;
    return made;
}

struct made make(struct maker *m, enum kind_number kind, char who,
                 uint64_t created_ms, const char *format, ...)
{
    static const uint8_t empty[] = { 0x80 };
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct kind_links links = { .count = 0 };
    struct record_draft draft = { .kind = kind, .created_ms = created_ms };
    struct made made;
    static char json[1 << 16];
    va_list args;

    va_start(args, format);
    assert_true(vsnprintf(json, sizeof json, format, args) < (int)sizeof json);
    va_end(args);
    encode(&map, &links, kind, json);
    draft.map = m->malformed ? BYTES_ARRAY(empty) : writer_view(&map);
    if (m->body.data != NULL)
        draft.map = m->body;
    draft.links = links.at;
    draft.links_count = links.count;
    made = sign(m, &draft, who);
    writer_free(&map);
    return made;
}

struct made make_unknown(struct maker *m, uint64_t kind, char who,
                         uint64_t created_ms, const struct made *target)
{
    static const uint8_t empty[] = { 0x80 };
    struct record_link link = { .relation = RELATION_TARGET };
    struct record_draft draft = { .kind = kind,
                                  .created_ms = created_ms,
                                  .map = BYTES_ARRAY(empty),
                                  .links = &link,
                                  .links_count = 1 };

    memcpy(link.id, target->id, ID_LEN);
    return sign(m, &draft, who);
}

struct made made_erased(const struct made *from)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct made made = *from;
    struct record r;

    assert_int_equal(
        record_decode(&r, (struct bytes){ from->whole, from->len }), ERR_OK);
    record_join(&w, r.head, (struct bytes){ 0 }, r.signature, r.certificate);
    assert_int_equal(w.err, ERR_OK);
    made.len = w.len;
    made.whole = malloc(w.len);
    assert_non_null(made.whole);
    memcpy(made.whole, w.data, w.len);
    writer_free(&w);
    return made;
}

void made_free(struct made *made)
{
    free(made->whole);
    made->whole = NULL;
}
