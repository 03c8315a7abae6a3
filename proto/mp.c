/*
 * Reading fixed shapes, writing, and trees.  The only file that includes
 * msgpack-c, which is given nothing that has not passed mp_walk(): it would
 * reserve memory by what a header claims.
 */
#include "proto/mp.h"

#include <assert.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp_token.h"

/* Fixed shapes */

static struct mp_token read_typed(struct reader *r, enum mp_type type)
{
    struct mp_token t = mp_token_read(r);

    if (r->err == ERR_OK && t.type != type)
        reader_fail(r, ERR_MALFORMED);
    if (r->err == ERR_OK && !t.shortest)
        reader_fail(r, ERR_NOT_CANONICAL);
    if (r->err != ERR_OK)
        return (struct mp_token){ .type = MP_NIL };
    return t;
}

uint64_t mp_read_uint(struct reader *r)
{
    uint64_t v;

    return mp_token_small(r, &v) ? v : read_typed(r, MP_UINT).number;
}

bool mp_read_bool(struct reader *r)
{
    return read_typed(r, MP_BOOL).number == 1;
}

struct bytes mp_read_bin(struct reader *r)
{
    struct bytes bin;

    return mp_token_short_bin(r, &bin) ? bin : read_typed(r, MP_BIN).payload;
}

void mp_read_bin_exact(struct reader *r, uint8_t *out, size_t len)
{
    struct bytes bin = mp_read_bin(r);

    if (r->err == ERR_OK && bin.len != len)
        reader_fail(r, ERR_MALFORMED);
    if (r->err == ERR_OK)
        memcpy(out, bin.data, len);
    else
        memset(out, 0, len);
}

struct bytes mp_read_str(struct reader *r)
{
    struct bytes text = read_typed(r, MP_STR).payload;

    if (r->err == ERR_OK && !mp_utf8_valid(text))
        reader_fail(r, ERR_BAD_UTF8);
    return r->err == ERR_OK ? text : (struct bytes){ NULL, 0 };
}

static uint32_t read_count(struct reader *r, enum mp_type type, uint32_t max,
                           size_t bytes_each)
{
    uint64_t n = read_typed(r, type).number;

    if (r->err == ERR_OK && n > max)
        reader_fail(r, ERR_TOO_LARGE);
    if (r->err == ERR_OK && n > r->left / bytes_each)
        reader_fail(r, ERR_TRUNCATED);
    return r->err == ERR_OK ? (uint32_t)n : 0;
}

uint32_t mp_read_array(struct reader *r, uint32_t max)
{
    return read_count(r, MP_ARRAY, max, 1);
}

uint32_t mp_read_map(struct reader *r, uint32_t max)
{
    return read_count(r, MP_MAP, max, 2);
}

bool mp_read_nil(struct reader *r)
{
    if (r->err != ERR_OK || r->left == 0 || r->pos[0] != 0xc0)
        return false;
    (void)reader_u8(r);
    return true;
}

struct bytes mp_read_any(struct reader *r)
{
    enum mp_grade grade = MP_REFUSED;
    size_t used = 0;
    enum err e;

    if (r->err != ERR_OK)
        return (struct bytes){ NULL, 0 };
    e = mp_walk(&grade, &used, (struct bytes){ r->pos, r->left });
    if (e == ERR_OK && grade != MP_CANONICAL)
        e = ERR_NOT_CANONICAL;
    if (e != ERR_OK)
        reader_fail(r, e);
    return reader_bytes(r, used);
}

/* Writing */

static int pack_bytes(void *data, const char *buf, size_t len)
{
    struct writer *w = data;

    writer_bytes(w, (struct bytes){ (const uint8_t *)buf, len });
    return w->err == ERR_OK ? 0 : -1;
}

/* Errors of a packer are those that stick in its writer. */
static msgpack_packer packer_of(struct writer *w)
{
    msgpack_packer p;

    msgpack_packer_init(&p, w, pack_bytes);
    return p;
}

void mp_put_nil(struct writer *w)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_nil(&p);
}

void mp_put_bool(struct writer *w, bool v)
{
    msgpack_packer p = packer_of(w);

    (void)(v ? msgpack_pack_true(&p) : msgpack_pack_false(&p));
}

void mp_put_uint(struct writer *w, uint64_t v)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_uint64(&p, v);
}

void mp_put_int(struct writer *w, int64_t v)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_int64(&p, v);
}

void mp_put_double(struct writer *w, double v)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_double(&p, v);
}

void mp_put_str(struct writer *w, struct bytes text)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_str(&p, text.len);
    writer_bytes(w, text);
}

void mp_put_text(struct writer *w, const char *text)
{
    mp_put_str(w, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

void mp_put_bin(struct writer *w, struct bytes bin)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_bin(&p, bin.len);
    writer_bytes(w, bin);
}

void mp_put_array(struct writer *w, uint32_t count)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_array(&p, count);
}

void mp_put_map(struct writer *w, uint32_t count)
{
    msgpack_packer p = packer_of(w);

    (void)msgpack_pack_map(&p, count);
}

/* Trees */

struct mp_value {
    msgpack_object object;
};

struct mp_doc {
    msgpack_zone zone;
    struct mp_value root;
};

static enum err doc_check(struct bytes src, enum mp_grade floor)
{
    enum mp_grade grade = MP_REFUSED;
    size_t used = 0;
    enum err e;

    assert(floor != MP_REFUSED);
    if (floor == MP_CANONICAL)
        return mp_check_canonical(src);
    e = mp_walk(&grade, &used, src);
    if (e != ERR_OK)
        return e;
    return used == src.len ? ERR_OK : ERR_TRAILING;
}

enum err mp_doc_parse(struct mp_doc **out, struct bytes src,
                      enum mp_grade floor)
{
    struct mp_doc *doc;
    size_t offset = 0;
    enum err e = doc_check(src, floor);

    if (e != ERR_OK)
        return e;
    doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return ERR_NO_MEMORY;
    if (!msgpack_zone_init(&doc->zone, MSGPACK_ZONE_CHUNK_SIZE)) {
        free(doc);
        return ERR_NO_MEMORY;
    }
    if (msgpack_unpack((const char *)src.data, src.len, &offset, &doc->zone,
                       &doc->root.object) != MSGPACK_UNPACK_SUCCESS) {
        /* The walk has passed it, so that only memory can be wanting. */
        mp_doc_free(doc);
        return ERR_NO_MEMORY;
    }
    *out = doc;
    return ERR_OK;
}

void mp_doc_free(struct mp_doc *doc)
{
    if (doc == NULL)
        return;
    msgpack_zone_destroy(&doc->zone);
    free(doc);
}

const struct mp_value *mp_doc_root(const struct mp_doc *doc)
{
    return &doc->root;
}

enum mp_type mp_type(const struct mp_value *v)
{
    if (v == NULL)
        return MP_NIL;
    switch (v->object.type) {
    case MSGPACK_OBJECT_BOOLEAN:
        return MP_BOOL;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return MP_UINT;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return MP_NEGATIVE;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return MP_DOUBLE;
    case MSGPACK_OBJECT_STR:
        return MP_STR;
    case MSGPACK_OBJECT_BIN:
        return MP_BIN;
    case MSGPACK_OBJECT_ARRAY:
        return MP_ARRAY;
    case MSGPACK_OBJECT_MAP:
        return MP_MAP;
    case MSGPACK_OBJECT_EXT:
        return MP_EXT;
    case MSGPACK_OBJECT_NIL:
        break;
    }
    return MP_NIL;
}

bool mp_bool(const struct mp_value *v)
{
    return mp_type(v) == MP_BOOL && v->object.via.boolean;
}

uint64_t mp_uint(const struct mp_value *v)
{
    return mp_type(v) == MP_UINT ? v->object.via.u64 : 0;
}

int64_t mp_int(const struct mp_value *v)
{
    uint64_t u = mp_uint(v);

    if (mp_type(v) == MP_NEGATIVE)
        return v->object.via.i64;
    return u > INT64_MAX ? INT64_MAX : (int64_t)u;
}

double mp_double(const struct mp_value *v)
{
    return mp_type(v) == MP_DOUBLE ? v->object.via.f64 : 0;
}

struct bytes mp_str(const struct mp_value *v)
{
    if (mp_type(v) != MP_STR)
        return (struct bytes){ NULL, 0 };
    return (struct bytes){ (const uint8_t *)v->object.via.str.ptr,
                           v->object.via.str.size };
}

struct bytes mp_bin(const struct mp_value *v)
{
    if (mp_type(v) != MP_BIN)
        return (struct bytes){ NULL, 0 };
    return (struct bytes){ (const uint8_t *)v->object.via.bin.ptr,
                           v->object.via.bin.size };
}

uint32_t mp_count(const struct mp_value *v)
{
    if (mp_type(v) == MP_ARRAY)
        return v->object.via.array.size;
    return mp_type(v) == MP_MAP ? v->object.via.map.size : 0;
}

/* Only the member that is a msgpack_object is ever touched through it. */
static const struct mp_value *value_of(const msgpack_object *object)
{
    return (const struct mp_value *)object;
}

const struct mp_value *mp_at(const struct mp_value *array, uint32_t i)
{
    if (mp_type(array) != MP_ARRAY || i >= mp_count(array))
        return NULL;
    return value_of(&array->object.via.array.ptr[i]);
}

struct bytes mp_key_at(const struct mp_value *map, uint32_t i)
{
    if (mp_type(map) != MP_MAP || i >= mp_count(map))
        return (struct bytes){ NULL, 0 };
    return mp_str(value_of(&map->object.via.map.ptr[i].key));
}

const struct mp_value *mp_value_at(const struct mp_value *map, uint32_t i)
{
    if (mp_type(map) != MP_MAP || i >= mp_count(map))
        return NULL;
    return value_of(&map->object.via.map.ptr[i].val);
}

const struct mp_value *mp_get(const struct mp_value *map, const char *key)
{
    struct bytes wanted = { (const uint8_t *)key, strlen(key) };

    if (mp_type(map) != MP_MAP)
        return NULL;
    for (uint32_t i = 0; i < mp_count(map); i++) {
        const struct mp_value *k = value_of(&map->object.via.map.ptr[i].key);

        if (mp_type(k) == MP_STR && bytes_equal(mp_str(k), wanted))
            return mp_value_at(map, i);
    }
    return NULL;
}

bool mp_bin_exact(const struct mp_value *v, uint8_t *out, size_t len)
{
    struct bytes bin = mp_bin(v);

    if (mp_type(v) != MP_BIN || bin.len != len)
        return false;
    memcpy(out, bin.data, len);
    return true;
}

void mp_put_value(struct writer *w, const struct mp_value *v)
{
    msgpack_packer p = packer_of(w);

    if (v == NULL)
        mp_put_nil(w);
    else /* recurses, but no deeper than MP_DEPTH_MAX: the walk saw to it */
        (void)msgpack_pack_object(&p, v->object);
}
