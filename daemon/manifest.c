/* From a record and its pages to one list of files. */
#include "daemon/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "proto/file_name.h"
#include "proto/kind.h"

void manifest_wipe(struct manifest *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->files[i].name);
    free(m->files);
    *m = (struct manifest){ NULL, 0, 0 };
}

static enum err add(struct manifest *m, const struct record_file *file)
{
    struct manifest_file *at;

    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 16 : m->cap * 2;
        struct manifest_file *files = realloc(m->files, cap * sizeof *files);

        if (files == NULL)
            return ERR_NO_MEMORY;
        m->files = files;
        m->cap = cap;
    }
    at = &m->files[m->count];
    at->blob = file->blob;
    at->name = strndup((const char *)file->name.data, file->name.len);
    if (at->name == NULL)
        return ERR_NO_MEMORY;
    m->count++;
    return ERR_OK;
}

static enum err add_all(struct manifest *m, const struct record *r,
                        struct bytes only)
{
    struct record_files it;
    struct record_file file;
    enum err e = record_files_open(&it, r);

    if (e != ERR_OK)
        return e;
    while (e == ERR_OK && m->count < MANIFEST_MAX &&
           record_files_next(&it, &file)) {
        if ((only.len == 0 || bytes_equal(only, file.name)) &&
            file_name_is_good(file.name) && blob_id_check(&file.blob) == ERR_OK)
            e = add(m, &file);
    }
    record_files_close(&it);
    return e;
}

/* §7.1.5: of the author and topic of the record that names it. */
static enum err add_page(struct manifest *m, struct store *store,
                         const struct record *of, const uint8_t id[ID_LEN],
                         struct bytes only)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record page;
    enum err e = store_read(store, id, false, &w, NULL);

    if (e == ERR_OK)
        e = record_decode(&page, writer_view(&w));
    if (e == ERR_NOT_FOUND || (e == ERR_OK && page.body.data == NULL))
        e = ERR_NOT_HELD;
    if (e == ERR_OK && page.kind == KIND_PAGE &&
        memcmp(page.author, of->author, ID_LEN) == 0 &&
        memcmp(page.topic, of->topic, ID_LEN) == 0)
        e = add_all(m, &page, only);
    writer_free(&w);
    return e;
}

static bool is_named_before(const struct mp_value *pages, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (bytes_equal(mp_bin(mp_at(pages, k)), mp_bin(mp_at(pages, i))))
            return true;
    return false;
}

static enum err add_pages(struct manifest *m, struct store *store,
                          const struct record *r, struct bytes only)
{
    struct bytes map = record_body_map(r);
    struct mp_doc *doc = NULL;
    const struct mp_value *pages;
    const struct kind *kind = kind_find(r->kind);
    enum err e = ERR_OK;

    if (map.len == 0 || kind == NULL ||
        kind_field(kind->shape, BYTES_LITERAL("pages")) == NULL)
        return ERR_OK;
    e = mp_doc_parse(&doc, map, MP_CANONICAL);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_OK; /* void: it names nothing */
    pages = mp_get(mp_doc_root(doc), "pages");
    for (uint32_t i = 0; e == ERR_OK && i < mp_count(pages); i++) {
        uint8_t id[ID_LEN];

        if (mp_bin_exact(mp_at(pages, i), id, ID_LEN) &&
            !is_named_before(pages, i))
            e = add_page(m, store, r, id, only);
    }
    mp_doc_free(doc);
    return e;
}

enum err manifest_read(struct manifest *m, struct store *store, uint64_t seq,
                       struct bytes only)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record r;
    enum err e = store_read_seq(store, seq, false, &w, NULL);

    *m = (struct manifest){ NULL, 0, 0 };
    if (e == ERR_OK)
        e = record_decode(&r, writer_view(&w));
    if (e == ERR_OK)
        e = add_all(m, &r, only);
    /* The one file that is asked for is here: no page is needed. */
    if (e == ERR_OK && (only.len == 0 || m->count == 0))
        e = add_pages(m, store, &r, only);
    writer_free(&w);
    return e == ERR_OK && m->count == 0 ? ERR_NOT_FOUND : e;
}
