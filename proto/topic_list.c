/* Lists that go on in pages. */
#include "proto/topic_list.h"

#include <assert.h>
#include <string.h>

#include "proto/kind.h"

/* Whether the same id stands earlier in the array: it is read once. */
static bool is_repeated(const struct mp_value *pages, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (bytes_equal(mp_bin(mp_at(pages, i)), mp_bin(mp_at(pages, at))))
            return true;
    }
    return false;
}

/* Takes the page named by `id` into the list, if it may stand there. */
static enum err add_page(struct topic_list *list, const struct topic_state *ts,
                         const struct topic_entry *e, const struct mp_value *id)
{
    uint8_t raw[ID_LEN];
    const struct topic_entry *page = NULL;
    struct mp_doc *doc;
    enum err err;

    if (mp_bin_exact(id, raw, ID_LEN))
        page = topic_state_find(ts, raw);
    if (page == NULL || page->record.kind != KIND_PAGE || page->is_ahead ||
        page->verdict.state == VERDICT_VOID ||
        memcmp(page->record.topic, e->record.topic, ID_LEN) != 0 ||
        memcmp(page->record.author, e->record.author, ID_LEN) != 0)
        return ERR_NOT_HELD;
    err = topic_entry_body(&doc, page);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_NOT_HELD : err;
    list->docs[list->count] = doc;
    list->roots[list->count++] = mp_doc_root(doc);
    return ERR_OK;
}

enum err topic_list_open(struct topic_list *out, const struct topic_state *ts,
                         const struct topic_entry *e)
{
    struct topic_list list = { .count = 1 };
    const struct mp_value *pages;
    enum err err = topic_entry_body(&list.docs[0], e);

    if (err != ERR_OK)
        return err;
    list.roots[0] = mp_doc_root(list.docs[0]);
    pages = mp_get(list.roots[0], "pages");
    if (mp_type(pages) == MP_ARRAY) {
        assert(mp_count(pages) <= TOPIC_PAGES_MAX); /* by the schema */
        for (uint32_t i = 0; err == ERR_OK && i < mp_count(pages); i++) {
            if (!is_repeated(pages, i))
                err = add_page(&list, ts, e, mp_at(pages, i));
        }
    }
    if (err != ERR_OK) {
        topic_list_wipe(&list);
        return err;
    }
    *out = list;
    return ERR_OK;
}

struct topic_list topic_list_of(const struct mp_value *body)
{
    return (struct topic_list){ .roots = { body }, .count = 1 };
}

void topic_list_wipe(struct topic_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        mp_doc_free(list->docs[i]);
    *list = (struct topic_list){ 0 };
}

/* The array of `field` in one part: the body's own, or a page's items. */
static const struct mp_value *part_of(const struct topic_list *list,
                                      uint32_t part, const char *field)
{
    struct bytes name = { (const uint8_t *)field, strlen(field) };

    if (part == 0)
        return mp_get(list->roots[0], field);
    if (!bytes_equal(mp_str(mp_get(list->roots[part], "of")), name))
        return NULL;
    return mp_get(list->roots[part], "items");
}

bool topic_list_has(const struct topic_list *list, const char *field)
{
    for (uint32_t part = 0; part < list->count; part++) {
        if (mp_type(part_of(list, part, field)) == MP_ARRAY)
            return true;
    }
    return false;
}

const struct mp_value *topic_list_next(const struct topic_list *list,
                                       const char *field,
                                       struct topic_cursor *at)
{
    for (; at->part < list->count; at->part++, at->item = 0) {
        const struct mp_value *array = part_of(list, at->part, field);

        if (mp_type(array) == MP_ARRAY && at->item < mp_count(array))
            return mp_at(array, at->item++);
    }
    return NULL;
}
