/* The map of a new record's fields, put together from several places. */
#include "daemon/author_fields.h"

#include <assert.h>
#include <string.h>

#include "daemon/param.h"

void author_fields_init(struct author_fields *f)
{
    *f = (struct author_fields){
        .own = writer_growing(AUTHOR_FIELDS_MAX),
        .shown = writer_growing(KIND_RENDER_MAX),
        .whole = writer_growing(AUTHOR_FIELDS_MAX),
    };
}

struct writer *author_fields_put(struct author_fields *f, const char *name)
{
    assert(f->own_count < sizeof f->names / sizeof *f->names);
    f->names[f->own_count++] = name;
    mp_put_text(&f->own, name);
    return &f->own;
}

void author_fields_put_id(struct author_fields *f, const char *name,
                          const uint8_t id[ID_LEN])
{
    mp_put_bin(author_fields_put(f, name), (struct bytes){ id, ID_LEN });
}

void author_fields_take(struct author_fields *f, const struct call *call,
                        const char *name)
{
    if (param_is_given(call, name))
        mp_put_value(author_fields_put(f, name), call_param(call, name));
}

void author_fields_take_all(struct author_fields *f, const struct call *call,
                            const char *const *names)
{
    for (; *names != NULL; names++)
        author_fields_take(f, call, *names);
}

enum err author_fields_keep(struct author_fields *f,
                            const struct record *before,
                            const struct mp_value *given)
{
    const struct kind *kind = kind_find(before->kind);
    const struct field *all;
    const struct mp_value *map;
    size_t count;
    enum err e = kind_render(before, &f->shown);

    if (e == ERR_OK)
        e = f->shown.err;
    if (e == ERR_OK)
        e = mp_doc_parse(&f->kept, writer_view(&f->shown), MP_WELL_FORMED);
    if (e != ERR_OK)
        return e;
    map = mp_doc_root(f->kept);
    if (mp_get(map, "other") != NULL)
        return ERR_VERSION;
    all = kind_fields(kind->shape, &count);
    for (size_t i = 0; i < count; i++)
        if (mp_get(given, all[i].name) == NULL &&
            mp_get(map, all[i].name) != NULL)
            mp_put_value(author_fields_put(f, all[i].name),
                         mp_get(map, all[i].name));
    return ERR_OK;
}

static bool is_own(const struct author_fields *f, struct bytes name)
{
    for (uint32_t i = 0; i < f->own_count; i++)
        if (bytes_equal(name, (struct bytes){ (const uint8_t *)f->names[i],
                                              strlen(f->names[i]) }))
            return true;
    return false;
}

const struct mp_value *author_fields_map(struct author_fields *f,
                                         const struct mp_value *given)
{
    uint32_t count = f->own_count;

    assert(f->doc == NULL);
    for (uint32_t i = 0; i < mp_count(given); i++)
        count += is_own(f, mp_key_at(given, i)) ? 0 : 1;
    mp_put_map(&f->whole, count);
    for (uint32_t i = 0; i < mp_count(given); i++) {
        if (is_own(f, mp_key_at(given, i)))
            continue;
        mp_put_str(&f->whole, mp_key_at(given, i));
        mp_put_value(&f->whole, mp_value_at(given, i));
    }
    writer_bytes(&f->whole, writer_view(&f->own));
    if (f->own.err != ERR_OK || f->whole.err != ERR_OK ||
        mp_doc_parse(&f->doc, writer_view(&f->whole), MP_WELL_FORMED) != ERR_OK)
        return NULL;
    return mp_doc_root(f->doc);
}

void author_fields_wipe(struct author_fields *f)
{
    mp_doc_free(f->doc);
    mp_doc_free(f->kept);
    writer_free(&f->shown);
    writer_free(&f->own);
    writer_free(&f->whole);
}
