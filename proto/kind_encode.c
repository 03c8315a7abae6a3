/*
 * Makes bodies from what clients give.  Strict where kind_check() is: what is
 * written here passes there, on every node.
 */
#include "proto/kind.h"

#include <assert.h>
#include <string.h>

#include "proto/hash.h"

struct encoder {
    struct writer *map;
    struct kind_links *links;
    struct bytes wrong; /* the field at fault; data == NULL while none is */
};

static bool encode_shape(struct encoder *e, enum shape shape,
                         const struct mp_value *given);

static struct bytes name_of(const struct field *f)
{
    return (struct bytes){ (const uint8_t *)f->name, strlen(f->name) };
}

static bool encode_text(struct encoder *e, const struct field *f,
                        const struct mp_value *v)
{
    struct bytes text = mp_str(v);

    if (mp_type(v) != MP_STR || text.len == 0 || text.len > f->max ||
        !mp_utf8_valid(text) || (f->type == FIELD_LINE && !kind_is_line(text)))
        return false;
    mp_put_str(e->map, text);
    return true;
}

static bool encode_uint(struct encoder *e, const struct mp_value *v,
                        uint64_t max)
{
    if (mp_type(v) != MP_UINT || mp_uint(v) > max)
        return false;
    mp_put_uint(e->map, mp_uint(v));
    return true;
}

static bool encode_choice(struct encoder *e, const struct field *f,
                          const struct mp_value *v)
{
    uint64_t value = mp_uint(v);

    if (mp_type(v) == MP_STR)
        value = kind_choice_value((enum choices)f->ref, mp_str(v));
    if (value == 0 || value > MP_INT_MAX)
        return false;
    mp_put_uint(e->map, value);
    return true;
}

/* A bin of `len` bytes, or its hex. */
static bool take_bin(const struct mp_value *v, uint8_t *out, size_t len)
{
    struct bytes hex = mp_str(v);
    char digits[2 * ID_LEN];

    assert(len <= ID_LEN);
    if (mp_bin_exact(v, out, len))
        return true;
    if (mp_type(v) != MP_STR || hex.len != 2 * len)
        return false;
    memcpy(digits, hex.data, hex.len);
    return hex_decode(out, len, digits, hex.len) == ERR_OK;
}

static bool encode_bin(struct encoder *e, const struct mp_value *v, size_t len)
{
    uint8_t bin[ID_LEN];

    if (!take_bin(v, bin, len))
        return false;
    mp_put_bin(e->map, (struct bytes){ bin, len });
    return true;
}

/* [root, size], or {root, size} as it is rendered. */
static bool encode_blob(struct encoder *e, const struct mp_value *v)
{
    const struct mp_value *root = mp_at(v, 0);
    const struct mp_value *size = mp_at(v, 1);

    if (mp_type(v) == MP_MAP) {
        root = mp_get(v, "root");
        size = mp_get(v, "size");
    }
    if (mp_count(v) != 2)
        return false;
    mp_put_array(e->map, 2);
    return encode_bin(e, root, HASH_LEN) && encode_uint(e, size, BLOB_SIZE_MAX);
}

static bool encode_value(struct encoder *e, const struct field *f,
                         const struct mp_value *v)
{
    switch (f->type) {
    case FIELD_LINE:
    case FIELD_TEXT:
        return encode_text(e, f, v);
    case FIELD_UINT:
        return encode_uint(e, v, f->max);
    case FIELD_TIME:
        return encode_uint(e, v, RECORD_TIME_MAX_MS);
    case FIELD_BOOL:
        mp_put_bool(e->map, mp_bool(v));
        return mp_type(v) == MP_BOOL;
    case FIELD_ENUM:
        return encode_choice(e, f, v);
    case FIELD_ID:
    case FIELD_PERSON:
    case FIELD_KEY:
    case FIELD_HASH:
        return encode_bin(e, v, ID_LEN);
    case FIELD_PREFIX:
        return encode_bin(e, v, ID_LEN / 2);
    case FIELD_BLOB:
        return encode_blob(e, v);
    case FIELD_MAP:
        return encode_shape(e, (enum shape)f->ref, v);
    case FIELD_ANY:
        mp_put_value(e->map, v);
        return true;
    case FIELD_LINK:
        break;
    }
    assert(false); /* links are no part of the map */
    return false;
}

static bool encode_link(struct encoder *e, const struct field *f,
                        const struct mp_value *v)
{
    struct record_link *link = &e->links->at[e->links->count];

    assert(e->links->count < RECORD_LINKS_MAX);
    if (!take_bin(v, link->id, ID_LEN))
        return false;
    link->relation = f->ref;
    e->links->count++;
    return true;
}

static bool encode_items(struct encoder *e, const struct field *f,
                         const struct mp_value *v)
{
    for (uint32_t i = 0; i < mp_count(v); i++) {
        if (!encode_value(e, f, mp_at(v, i)))
            return false;
    }
    return true;
}

static bool encode_list(struct encoder *e, const struct field *f,
                        const struct mp_value *v)
{
    if (mp_type(v) != MP_ARRAY || mp_count(v) > f->many)
        return false;
    mp_put_array(e->map, mp_count(v));
    return encode_items(e, f, v);
}

static bool encode_field(struct encoder *e, const struct field *f,
                         const struct mp_value *v)
{
    bool good;

    if (f->type == FIELD_LINK) {
        good = encode_link(e, f, v);
    } else {
        mp_put_str(e->map, name_of(f));
        good = f->many > 0 ? encode_list(e, f, v) : encode_value(e, f, v);
    }
    if (!good && e->wrong.data == NULL) /* the innermost is the one to name */
        e->wrong = name_of(f);
    return good;
}

static bool is_given(const struct mp_value *given, const struct field *f)
{
    return mp_type(mp_get(given, f->name)) != MP_NIL;
}

/* Every name is known, what is required is there; *pairs go to the body. */
static bool check_given(struct encoder *e, enum shape shape,
                        const struct mp_value *given, uint32_t *pairs)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);
    const struct field *either = NULL;
    bool either_given = false;

    *pairs = 0;
    for (uint32_t i = 0; i < mp_count(given); i++) {
        if (kind_field(shape, mp_key_at(given, i)) == NULL) {
            e->wrong = mp_key_at(given, i);
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool there = is_given(given, &f[i]);

        *pairs += there && f[i].type != FIELD_LINK ? 1 : 0;
        if (f[i].presence == FIELD_EITHER) {
            either = &f[i];
            either_given = either_given || there;
        }
        if (f[i].presence == FIELD_MUST && !there) {
            e->wrong = name_of(&f[i]);
            return false;
        }
    }
    if (either != NULL && !either_given)
        e->wrong = name_of(either);
    return either == NULL || either_given;
}

/* Fields stand in the order of their names, which is the canonical one. */
static bool encode_shape(struct encoder *e, enum shape shape,
                         const struct mp_value *given)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);
    uint32_t pairs;

    if (mp_type(given) != MP_MAP || !check_given(e, shape, given, &pairs))
        return false;
    mp_put_map(e->map, pairs);
    for (size_t i = 0; i < count; i++) {
        if (is_given(given, &f[i]) &&
            !encode_field(e, &f[i], mp_get(given, f[i].name)))
            return false;
    }
    return true;
}

enum err kind_encode(const struct kind *kind, struct writer *map,
                     struct kind_links *links, struct bytes *field,
                     const struct mp_value *fields)
{
    struct encoder e = { .map = map, .links = links };

    assert(kind != NULL);
    links->count = 0;
    if (!encode_shape(&e, kind->shape, fields)) {
        *field = e.wrong;
        if (e.wrong.data == NULL)
            *field = (struct bytes){ (const uint8_t *)kind->name,
                                     strlen(kind->name) };
        return ERR_USAGE;
    }
    return map->err;
}

enum err kind_encode_items(const struct field *f, struct writer *items,
                           struct bytes *field, const struct mp_value *list)
{
    struct encoder e = { .map = items };

    assert(f->many > 0);
    if (mp_type(list) != MP_ARRAY || !encode_items(&e, f, list)) {
        *field = e.wrong.data != NULL ? e.wrong : name_of(f);
        return ERR_USAGE;
    }
    return items->err;
}

enum err kind_terms_hash(uint8_t out[HASH_LEN], const struct mp_value *project)
{
    const struct mp_value *licence = mp_get(project, "licence");
    const struct mp_value *terms = mp_get(project, "terms");
    struct writer w;
    struct bytes parts[2] = { { (const uint8_t *)"troupe terms 1", 15 } };
    enum err err;

    if (mp_type(licence) != MP_STR || mp_type(terms) != MP_MAP)
        return ERR_MALFORMED_BODY;
    w = writer_growing(RECORD_BODY_MAX);
    mp_put_array(&w, 2);
    mp_put_value(&w, licence);
    mp_put_value(&w, terms);
    err = w.err;
    if (err == ERR_OK) {
        parts[1] = writer_view(&w);
        hash_parts(out, parts, 2);
    }
    writer_free(&w);
    return err;
}
