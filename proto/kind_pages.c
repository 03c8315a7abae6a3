/* Long lists cut into pages: whole lists move, the longest first. */
#include "proto/kind_pages.h"

#include <assert.h>
#include <string.h>

/* What a body can hold beside the names of its pages. */
enum { BODY_ROOM = RECORD_BODY_MAX - 4096 };
/* As much as all pages hold. */
enum { ITEMS_MAX = KIND_PAGES_MAX * KIND_PAGE_BYTES };
/* Fields of one kind: the bits of `moved`. */
enum { FIELDS_MAX = 64 };

static size_t length_of(const struct mp_value *v)
{
    struct writer w = writer_growing(ITEMS_MAX);
    size_t len;

    mp_put_value(&w, v);
    len = w.err == ERR_OK ? w.len : ITEMS_MAX;
    writer_free(&w);
    return len;
}

/* Cuts the elements that `bytes` has from `start` on into pages of `f`. */
static enum err cut(struct kind_pages *p, const struct field *f, size_t start)
{
    struct reader r = reader_of(
        (struct bytes){ p->bytes.data + start, p->bytes.len - start });
    struct kind_page *page = NULL;
    uint32_t index = 0;

    while (r.left > 0) {
        size_t at = p->bytes.len - r.left;
        size_t len = mp_read_any(&r).len;

        if (r.err != ERR_OK)
            return r.err;
        if (page == NULL || page->items == KIND_PAGE_ITEMS ||
            page->len + len > KIND_PAGE_BYTES) {
            if (p->count == KIND_PAGES_MAX)
                return ERR_TOO_LARGE;
            page = &p->at[p->count++];
            *page = (struct kind_page){ .of = f, .index = index++, .at = at };
        }
        page->items++;
        page->len += len;
    }
    return ERR_OK;
}

static enum err move(struct kind_pages *p, const struct field *f,
                     struct bytes *field, const struct mp_value *list)
{
    size_t start = p->bytes.len;
    enum err err = kind_encode_items(f, &p->bytes, field, list);

    if (err == ERR_NO_SPACE)
        return ERR_TOO_LARGE;
    return err == ERR_OK ? cut(p, f, start) : err;
}

/* The longest list that has not moved, or `count` if there is none. */
static size_t longest(const struct kind_pages *p, const struct field *fields,
                      size_t count, const size_t *lengths)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        bool may_move = fields[i].many > 0 && lengths[i] > 0 &&
                        strcmp(fields[i].name, "pages") != 0;

        if (may_move && ((p->moved >> i) & 1) == 0 &&
            (best == count || lengths[i] > lengths[best]))
            best = i;
    }
    return best;
}

static bool has_pages(const struct kind *kind)
{
    return kind_field(kind->shape, BYTES_LITERAL("pages")) != NULL;
}

/* Lengths of the fields as they are given, and whether a list is too long. */
static size_t measure(size_t *lengths, bool *too_many,
                      const struct field *fields, size_t count,
                      const struct mp_value *given)
{
    size_t total = 0;

    *too_many = false;
    for (size_t i = 0; i < count; i++) {
        const struct mp_value *v = mp_get(given, fields[i].name);

        lengths[i] = v == NULL ? 0 : length_of(v);
        total += lengths[i] + strlen(fields[i].name) + 2;
        if (fields[i].many > 0 && mp_count(v) > fields[i].many)
            *too_many = true;
    }
    return total;
}

enum err kind_pages_plan(struct kind_pages *out, const struct kind *kind,
                         struct bytes *field, const struct mp_value *fields)
{
    size_t lengths[FIELDS_MAX];
    size_t count;
    const struct field *all = kind_fields(kind->shape, &count);
    size_t total;
    bool too_many;

    *out =
        (struct kind_pages){ .bytes = writer_growing(ITEMS_MAX), .kind = kind };
    assert(count <= FIELDS_MAX);
    if (!has_pages(kind))
        return ERR_OK;
    total = measure(lengths, &too_many, all, count, fields);
    while (total > BODY_ROOM || too_many) {
        size_t i = longest(out, all, count, lengths);
        enum err err;

        if (i == count) /* what is left is no list: kind_encode() tells */
            return ERR_OK;
        err = move(out, &all[i], field, mp_get(fields, all[i].name));
        if (err != ERR_OK)
            return err;
        out->moved |= (uint64_t)1 << i;
        total -= lengths[i];
        too_many = false;
        for (size_t k = 0; k < count; k++)
            if (((out->moved >> k) & 1) == 0 && all[k].many > 0 &&
                mp_count(mp_get(fields, all[k].name)) > all[k].many)
                too_many = true;
    }
    return ERR_OK;
}

void kind_pages_wipe(struct kind_pages *pages)
{
    writer_free(&pages->bytes);
}

void kind_pages_put(struct writer *w, const struct kind_pages *pages, size_t i)
{
    const struct kind_page *page = &pages->at[i];

    mp_put_map(w, 3);
    mp_put_text(w, "index");
    mp_put_uint(w, page->index);
    mp_put_text(w, "items");
    mp_put_array(w, page->items);
    writer_bytes(w, (struct bytes){ pages->bytes.data + page->at, page->len });
    mp_put_text(w, "of");
    mp_put_text(w, page->of->name);
}

static bool has_moved(const struct kind_pages *pages, struct bytes name)
{
    size_t count;
    const struct field *all = kind_fields(pages->kind->shape, &count);

    for (size_t i = 0; i < count; i++)
        if (((pages->moved >> i) & 1) != 0 &&
            bytes_equal(name, (struct bytes){ (const uint8_t *)all[i].name,
                                              strlen(all[i].name) }))
            return true;
    return false;
}

void kind_pages_put_rest(struct writer *w, const struct kind_pages *pages,
                         const struct mp_value *fields, const uint8_t *ids)
{
    const struct mp_value *own = mp_get(fields, "pages");

    mp_put_map(w, mp_count(fields) + (own == NULL ? 1 : 0));
    for (uint32_t i = 0; i < mp_count(fields); i++) {
        struct bytes name = mp_key_at(fields, i);

        if (bytes_equal(name, BYTES_LITERAL("pages")))
            continue;
        mp_put_str(w, name);
        if (has_moved(pages, name))
            mp_put_array(w, 0);
        else
            mp_put_value(w, mp_value_at(fields, i));
    }
    mp_put_text(w, "pages");
    mp_put_array(w, mp_count(own) + (uint32_t)pages->count);
    for (uint32_t i = 0; i < mp_count(own); i++)
        mp_put_value(w, mp_at(own, i));
    for (size_t i = 0; i < pages->count; i++)
        mp_put_bin(w, (struct bytes){ ids + i * ID_LEN, ID_LEN });
}
