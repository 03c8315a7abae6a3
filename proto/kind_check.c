/*
 * Schema, protocol.md §3.7: reads a body straight off its bytes and compares
 * it with the table.  Nothing is allocated; nesting follows the table, not the
 * input, so that the recursion has its depth (maps in kinds, two).
 */
#include "proto/kind.h"

#include <assert.h>

static uint32_t utf8_next(struct bytes text, size_t *i)
{
    uint8_t lead = text.data[(*i)++];
    uint32_t c = lead;
    int follow = lead < 0xc0 ? 0 : (lead < 0xe0 ? 1 : (lead < 0xf0 ? 2 : 3));

    if (follow > 0)
        c = lead & (0x3fu >> follow);
    for (; follow > 0 && *i < text.len; follow--)
        c = (c << 6) | (text.data[(*i)++] & 0x3fu);
    return c;
}

bool kind_is_line(struct bytes text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t c = utf8_next(text, &i);

        if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 ||
            c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
            (c >= 0x2066 && c <= 0x2069))
            return false;
    }
    return true;
}

static void check_shape(struct reader *r, enum shape shape,
                        const struct record *rec, const char **wrong);

static void check_text(struct reader *r, const struct field *f)
{
    struct bytes text = mp_read_str(r);

    if (r->err != ERR_OK)
        return;
    if (text.len == 0 || text.len > f->max ||
        (f->type == FIELD_LINE && !kind_is_line(text)))
        reader_fail(r, ERR_MALFORMED_BODY);
}

static void check_uint(struct reader *r, uint64_t min, uint64_t max)
{
    uint64_t v = mp_read_uint(r);

    if (r->err == ERR_OK && (v < min || v > max))
        reader_fail(r, ERR_MALFORMED_BODY);
}

static void check_bin(struct reader *r, size_t len)
{
    if (mp_read_bin(r).len != len)
        reader_fail(r, ERR_MALFORMED_BODY);
}

static void check_blob(struct reader *r)
{
    if (mp_read_array(r, 2) != 2)
        reader_fail(r, ERR_MALFORMED_BODY);
    check_bin(r, HASH_LEN);
    check_uint(r, 0, BLOB_SIZE_MAX);
}

/* One value of the field's type; errors stick in the reader. */
static void check_value(struct reader *r, const struct field *f,
                        const char **wrong)
{
    switch (f->type) {
    case FIELD_LINE:
    case FIELD_TEXT:
        check_text(r, f);
        break;
    case FIELD_UINT:
        check_uint(r, 0, f->max);
        break;
    case FIELD_TIME:
        check_uint(r, 0, RECORD_TIME_MAX_MS);
        break;
    case FIELD_BOOL:
        (void)mp_read_bool(r);
        break;
    case FIELD_ENUM: /* values of later releases are taken as they are */
        check_uint(r, 1, MP_INT_MAX);
        break;
    case FIELD_ID:
    case FIELD_PERSON:
    case FIELD_KEY:
    case FIELD_HASH:
        check_bin(r, ID_LEN);
        break;
    case FIELD_PREFIX:
        check_bin(r, ID_LEN / 2);
        break;
    case FIELD_BLOB:
        check_blob(r);
        break;
    case FIELD_MAP:
        check_shape(r, (enum shape)f->ref, NULL, wrong);
        break;
    case FIELD_ANY:
    case FIELD_LINK: /* a key that is no field: links stand in the head */
        (void)mp_read_any(r);
        break;
    }
}

static void check_field(struct reader *r, const struct field *f,
                        const char **wrong)
{
    uint32_t n = 1;

    if (f->many > 0)
        n = mp_read_array(r, f->many);
    for (uint32_t i = 0; i < n && r->err == ERR_OK; i++)
        check_value(r, f, wrong);
    /* The innermost field is the one to name. */
    if (r->err != ERR_OK && *wrong == NULL)
        *wrong = f->name;
}

/* What has to be there is there: `seen` has a bit for each field. */
static void check_presence(struct reader *r, enum shape shape, uint64_t seen,
                           const char **wrong)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);
    const char *either = NULL;
    bool either_seen = false;

    for (size_t i = 0; i < count; i++) {
        bool present = ((seen >> i) & 1) != 0;

        if (f[i].presence == FIELD_EITHER) {
            either = f[i].name;
            either_seen = either_seen || present;
        }
        if (f[i].presence == FIELD_MUST && !present) {
            reader_fail(r, ERR_MALFORMED_BODY);
            *wrong = f[i].name;
            return;
        }
    }
    if (either != NULL && !either_seen) {
        reader_fail(r, ERR_MALFORMED_BODY);
        *wrong = either;
    }
}

/* A bit for each field of the kind that is a link which the head has. */
static uint64_t links_seen(const struct record *rec, enum shape shape)
{
    size_t count;
    const struct field *f = kind_fields(shape, &count);
    uint8_t id[ID_LEN];
    uint64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        if (f[i].type == FIELD_LINK && record_link_find(rec, f[i].ref, id))
            seen |= UINT64_C(1) << i;
    }
    return seen;
}

/* A map of that shape; `rec` where it is a kind's own body. */
static void check_shape(struct reader *r, enum shape shape,
                        const struct record *rec, const char **wrong)
{
    size_t count;
    const struct field *fields = kind_fields(shape, &count);
    uint32_t pairs = mp_read_map(r, UINT32_MAX);
    uint64_t seen = rec == NULL ? 0 : links_seen(rec, shape);

    assert(count <= 64);
    for (uint32_t i = 0; i < pairs && r->err == ERR_OK; i++) {
        const struct field *f = kind_field(shape, mp_read_str(r));

        if (f == NULL || f->type == FIELD_LINK) {
            (void)mp_read_any(r);
            continue;
        }
        check_field(r, f, wrong);
        seen |= UINT64_C(1) << (f - fields);
    }
    if (r->err == ERR_OK)
        check_presence(r, shape, seen, wrong);
}

enum err kind_check(const struct record *r, const char **field)
{
    const struct kind *kind = kind_find(r->kind);
    struct bytes map = record_body_map(r);
    struct reader reader = reader_of(map);
    const char *wrong = NULL;

    if (kind == NULL || map.data == NULL)
        return ERR_OK;
    check_shape(&reader, kind->shape, r, &wrong);
    if (reader_finish(&reader) == ERR_OK)
        return ERR_OK;
    *field = wrong == NULL ? kind->name : wrong;
    return ERR_MALFORMED_BODY;
}
