/*
 * Shows records: names for numbers, links beside fields.  What does not follow
 * the table is shown as it stands, so that nothing that is stored is hidden.
 */
#include "proto/kind.h"

#include <assert.h>
#include <string.h>

/*
 * A reply nests what is shown up to 5 deep itself, and a kind's own fields take
 * the other 3 of MP_DEPTH_MAX: so much is left for values that no table bounds.
 */
#define ROOM_IN_KIND   2
#define ROOM_IN_SUBMAP 0

static void render_map(struct writer *w, enum shape shape,
                       const struct mp_value *map);

/* How deep a value nests; the walk saw to it that this ends. */
static unsigned depth_of(const struct mp_value *v)
{
    unsigned deepest = 0;

    if (mp_type(v) != MP_ARRAY && mp_type(v) != MP_MAP)
        return 0;
    for (uint32_t i = 0; i < mp_count(v); i++) {
        bool is_map = mp_type(v) == MP_MAP;
        unsigned depth = depth_of(is_map ? mp_value_at(v, i) : mp_at(v, i));

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* A value as it stands, or a bin of its bytes where it would nest too deep. */
static void render_raw(struct writer *w, const struct mp_value *v,
                       unsigned room)
{
    struct writer bytes = writer_growing(RECORD_BODY_MAX);

    if (depth_of(v) <= room) {
        mp_put_value(w, v);
        return;
    }
    mp_put_value(&bytes, v);
    if (bytes.err != ERR_OK)
        writer_fail(w, bytes.err);
    else
        mp_put_bin(w, writer_view(&bytes));
    writer_free(&bytes);
}

static void render_blob(struct writer *w, const struct mp_value *v)
{
    mp_put_map(w, 2);
    mp_put_text(w, "root");
    render_raw(w, mp_at(v, 0), 0);
    mp_put_text(w, "size");
    render_raw(w, mp_at(v, 1), 0);
}

/*
 * By name.  An unknown one is "other", unless that names a choice of its own:
 * given back, it would become that one.
 */
static void render_choice(struct writer *w, enum choices choices,
                          uint64_t value)
{
    const char *name = kind_choice_name(choices, value);
    uint64_t named = kind_choice_value(
        choices, (struct bytes){ (const uint8_t *)name, strlen(name) });

    if (named == 0 || named == value)
        mp_put_text(w, name);
    else
        mp_put_uint(w, value);
}

static void render_value(struct writer *w, const struct field *f,
                         const struct mp_value *v, unsigned room)
{
    if (f->type == FIELD_ENUM && mp_type(v) == MP_UINT)
        render_choice(w, (enum choices)f->ref, mp_uint(v));
    else if (f->type == FIELD_BLOB && mp_type(v) == MP_ARRAY)
        render_blob(w, v);
    else if (f->type == FIELD_MAP && mp_type(v) == MP_MAP)
        render_map(w, (enum shape)f->ref, v);
    else
        render_raw(w, v, room);
}

static void render_field(struct writer *w, const struct field *f,
                         const struct mp_value *v, unsigned room)
{
    mp_put_text(w, f->name);
    if (f->many == 0 || mp_type(v) != MP_ARRAY) {
        render_value(w, f, v, room);
        return;
    }
    /* Names are longer than numbers: only so many of them are written. */
    if (mp_count(v) > f->many) {
        render_raw(w, v, room);
        return;
    }
    mp_put_array(w, mp_count(v));
    for (uint32_t i = 0; i < mp_count(v); i++)
        render_value(w, f, mp_at(v, i), room);
}

/* The field under which the i-th key of a body is shown, or NULL. */
static const struct field *body_field(enum shape shape,
                                      const struct mp_value *map, uint32_t i)
{
    const struct field *f = NULL;

    if (shape < SHAPE_COUNT)
        f = kind_field(shape, mp_key_at(map, i));
    return f == NULL || f->type == FIELD_LINK ? NULL : f;
}

static uint32_t count_unknown(enum shape shape, const struct mp_value *map)
{
    uint32_t unknown = 0;

    for (uint32_t i = 0; i < mp_count(map); i++)
        unknown += body_field(shape, map, i) == NULL ? 1 : 0;
    return unknown;
}

/* The pairs of a body's map, unknown ones in a map under "other". */
static void render_pairs(struct writer *w, enum shape shape,
                         const struct mp_value *map, unsigned room)
{
    uint32_t unknown = count_unknown(shape, map);

    for (uint32_t i = 0; i < mp_count(map); i++) {
        const struct field *f = body_field(shape, map, i);

        if (f != NULL)
            render_field(w, f, mp_value_at(map, i), room);
    }
    if (unknown == 0)
        return;
    mp_put_text(w, "other");
    mp_put_map(w, unknown);
    for (uint32_t i = 0; i < mp_count(map); i++) {
        if (body_field(shape, map, i) != NULL)
            continue;
        mp_put_str(w, mp_key_at(map, i));
        render_raw(w, mp_value_at(map, i), room);
    }
}

static uint32_t count_pairs(enum shape shape, const struct mp_value *map)
{
    uint32_t unknown = count_unknown(shape, map);

    return mp_count(map) - unknown + (unknown > 0 ? 1 : 0);
}

static void render_map(struct writer *w, enum shape shape,
                       const struct mp_value *map)
{
    mp_put_map(w, count_pairs(shape, map));
    render_pairs(w, shape, map, ROOM_IN_SUBMAP);
}

/* The name under which links of a relation stand in that shape, or NULL. */
static const char *link_name(enum shape shape, uint64_t relation)
{
    size_t count = 0;
    const struct field *f = NULL;

    if (shape < SHAPE_COUNT)
        f = kind_fields(shape, &count);
    for (size_t i = 0; i < count; i++) {
        if (f[i].type == FIELD_LINK && f[i].ref == relation)
            return f[i].name;
    }
    return NULL;
}

/* The first link of a relation is the field's; all others are extra. */
static bool is_field_link(const struct record *r, enum shape shape,
                          const struct reader *after,
                          const struct record_link *link)
{
    struct reader links = reader_of(r->links);
    struct record_link before;

    if (link_name(shape, link->relation) == NULL)
        return false;
    while (links.left > after->left && record_link_next(&links, &before)) {
        if (before.relation == link->relation)
            return links.left == after->left;
    }
    return false;
}

static uint32_t count_links(const struct record *r, enum shape shape,
                            uint32_t *extra)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    uint32_t named = 0;

    while (record_link_next(&links, &link))
        named += is_field_link(r, shape, &links, &link) ? 1 : 0;
    *extra = r->links_count - named;
    return named + (*extra > 0 ? 1 : 0);
}

static void render_links(struct writer *w, const struct record *r,
                         enum shape shape, uint32_t extra)
{
    struct reader links = reader_of(r->links);
    struct record_link link;

    while (record_link_next(&links, &link)) {
        if (!is_field_link(r, shape, &links, &link))
            continue;
        mp_put_text(w, link_name(shape, link.relation));
        mp_put_bin(w, BYTES_ARRAY(link.id));
    }
    if (extra == 0)
        return;
    mp_put_text(w, "other_links");
    mp_put_array(w, extra);
    links = reader_of(r->links);
    while (record_link_next(&links, &link)) {
        if (is_field_link(r, shape, &links, &link))
            continue;
        mp_put_array(w, 2);
        mp_put_uint(w, link.relation);
        mp_put_bin(w, BYTES_ARRAY(link.id));
    }
}

enum err kind_render(const struct record *r, struct writer *w)
{
    const struct kind *kind = kind_find(r->kind);
    enum shape shape = kind == NULL ? SHAPE_COUNT : kind->shape;
    struct bytes map = record_body_map(r);
    const struct mp_value *root = NULL;
    struct mp_doc *doc = NULL;
    uint32_t extra;
    uint32_t named = count_links(r, shape, &extra);

    if (map.data != NULL) {
        enum err e = mp_doc_parse(&doc, map, MP_CANONICAL);

        if (e != ERR_OK)
            return e;
        root = mp_doc_root(doc);
    }
    mp_put_map(w, named + count_pairs(shape, root));
    render_links(w, r, shape, extra);
    render_pairs(w, shape, root, ROOM_IN_KIND);
    mp_doc_free(doc);
    return w->err;
}
