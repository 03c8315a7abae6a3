/* Walks bodies by the table of kinds; knows nothing of what files are for. */
#include "proto/record_files.h"

#include <assert.h>
#include <string.h>

static bool is_files(const struct field *f)
{
    return f->type == FIELD_MAP && f->ref == SHAPE_FILE;
}

/* A list of files that may go on in pages: of some kind. */
static bool is_files_list(struct bytes name)
{
    const struct kind *kind;

    for (size_t i = 0; (kind = kind_at(i)) != NULL; i++) {
        const struct field *f = kind_field(kind->shape, name);

        if (f != NULL && f->many > 0 && is_files(f))
            return true;
    }
    return false;
}

/* Whether a page goes on with such a list; its other keys are small. */
static bool is_page_of_files(struct bytes map)
{
    struct reader r = reader_of(map);
    uint32_t count = mp_read_map(&r, UINT32_MAX);

    for (uint32_t i = 0; i < count && r.err == ERR_OK; i++) {
        struct bytes key = mp_read_str(&r);

        if (r.err == ERR_OK && bytes_equal(key, BYTES_LITERAL("of")))
            return is_files_list(mp_read_str(&r)) && r.err == ERR_OK;
        (void)mp_read_any(&r);
    }
    return false;
}

/*
 * Whether the map has a key under which files stand: few records do, and the
 * others need no closer look.
 */
static bool has_files(struct bytes map, enum shape shape)
{
    struct reader r = reader_of(map);
    uint32_t count = mp_read_map(&r, UINT32_MAX);

    for (uint32_t i = 0; i < count && r.err == ERR_OK; i++) {
        const struct field *f = kind_field(shape, mp_read_str(&r));

        if (r.err == ERR_OK && f != NULL && is_files(f))
            return true;
        (void)mp_read_any(&r);
    }
    return false;
}

enum err record_files_open(struct record_files *it, const struct record *r)
{
    const struct kind *kind = kind_find(r->kind);
    struct bytes map = record_body_map(r);
    const char *field;
    enum err e;

    *it = (struct record_files){ .is_page = r->kind == KIND_PAGE };
    if (kind == NULL || map.len == 0 ||
        !(it->is_page ? is_page_of_files(map) : has_files(map, kind->shape)))
        return ERR_OK;
    e = kind_check(r, &field);
    if (e != ERR_OK) /* void: neither its names nor its blobs mean anything */
        return e == ERR_MALFORMED_BODY ? ERR_OK : e;
    e = mp_doc_parse(&it->doc, map, MP_CANONICAL);
    if (e == ERR_NO_MEMORY)
        return e;
    if (e != ERR_OK)
        it->doc = NULL;
    it->fields = kind_fields(kind->shape, &it->fields_count);
    return ERR_OK;
}

/* A map `file`; false if it is not one. */
static bool file_of(struct record_file *out, const struct mp_value *v)
{
    const struct mp_value *blob = mp_get(v, "blob");

    if (mp_count(blob) != 2 || mp_type(mp_at(blob, 1)) != MP_UINT ||
        mp_uint(mp_at(blob, 1)) > BLOB_SIZE_MAX ||
        !mp_bin_exact(mp_at(blob, 0), out->blob.root, HASH_LEN))
        return false;
    out->blob.size = mp_uint(mp_at(blob, 1));
    out->name = mp_str(mp_get(v, "name"));
    out->media_type = mp_str(mp_get(v, "media_type"));
    out->role = mp_uint(mp_get(v, "role"));
    return true;
}

/* Elements of a page that are no files have no effect (§7.1.5). */
static bool next_of_page(struct record_files *it, struct record_file *out)
{
    const struct mp_value *items = mp_get(mp_doc_root(it->doc), "items");

    while (it->element < mp_count(items))
        if (file_of(out, mp_at(items, it->element++)))
            return true;
    return false;
}

bool record_files_next(struct record_files *it, struct record_file *out)
{
    if (it->doc != NULL && it->is_page)
        return next_of_page(it, out);
    while (it->doc != NULL && it->field < it->fields_count) {
        const struct field *f = &it->fields[it->field];
        const struct mp_value *v = mp_get(mp_doc_root(it->doc), f->name);
        uint32_t count = f->many > 0 ? mp_count(v) : 1;

        if (!is_files(f) || it->element >= count) {
            it->field++;
            it->element = 0;
            continue;
        }
        v = f->many > 0 ? mp_at(v, it->element) : v;
        it->element++;
        if (file_of(out, v))
            return true;
    }
    return false;
}

void record_files_close(struct record_files *it)
{
    mp_doc_free(it->doc);
    *it = (struct record_files){ .doc = NULL };
}
