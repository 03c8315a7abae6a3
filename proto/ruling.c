/* Rulings of keepers, gathered from their topics: docs/protocol.md §7.14. */
#include "proto/ruling.h"

#include <stdlib.h>
#include <string.h>

#include "proto/kind.h"

static enum err add(struct rulings *r, const uint8_t hidden[ID_LEN],
                    const struct topic_entry *e, uint64_t until_ms)
{
    struct ruling *item;

    if (r->count == RULINGS_MAX)
        return ERR_OK;
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 16 : r->cap * 2;
        struct ruling *items = realloc(r->items, cap * sizeof *items);

        if (items == NULL)
            return ERR_NO_MEMORY;
        r->items = items;
        r->cap = cap;
    }
    item = &r->items[r->count++];
    memcpy(item->hidden, hidden, ID_LEN);
    memcpy(item->record, e->record.id, ID_LEN);
    memcpy(item->keeper, e->record.author, ID_LEN);
    item->until_ms = until_ms;
    return ERR_OK;
}

static enum err collect(struct rulings *r, const struct topic_entry *e)
{
    const struct mp_value *until;
    uint64_t until_ms = UINT64_MAX;
    uint8_t id[ID_LEN];
    struct mp_doc *doc;
    enum err err = topic_entry_body(&doc, e);

    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    until = mp_get(mp_doc_root(doc), "until");
    if (mp_type(until) == MP_UINT)
        until_ms = mp_uint(until);
    if (mp_bin_exact(mp_get(mp_doc_root(doc), "person"), id, ID_LEN))
        err = add(r, id, e, until_ms);
    if (err == ERR_OK && record_link_find(&e->record, RELATION_TARGET, id))
        err = add(r, id, e, until_ms);
    mp_doc_free(doc);
    return err;
}

enum err ruling_collect(struct rulings *r, const struct topic_state *ts)
{
    size_t before = r->count;
    enum err err = ERR_OK;

    for (uint32_t i = 0; err == ERR_OK && i < topic_state_count(ts); i++) {
        const struct topic_entry *e = topic_state_at(ts, i);

        if (e->record.kind == KIND_RULING &&
            e->verdict.state == VERDICT_IN_FORCE)
            err = collect(r, e);
    }
    if (err != ERR_OK)
        r->count = before;
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct ruling *x = a;
    const struct ruling *y = b;
    int order = memcmp(x->hidden, y->hidden, ID_LEN);

    return order != 0 ? order : memcmp(x->record, y->record, ID_LEN);
}

void ruling_sort(struct rulings *r)
{
    if (r->count > 0)
        qsort(r->items, r->count, sizeof *r->items, compare);
}

const struct ruling *ruling_find(const struct rulings *r,
                                 const uint8_t id[ID_LEN], uint64_t now_ms)
{
    size_t at = 0;

    if (r->count > 0)
        at = bytes_place(r->items->hidden, r->count, sizeof *r->items,
                         (struct bytes){ id, ID_LEN });
    for (; at < r->count && memcmp(r->items[at].hidden, id, ID_LEN) == 0; at++)
        if (now_ms < r->items[at].until_ms)
            return &r->items[at];
    return NULL;
}

void ruling_wipe(struct rulings *r)
{
    free(r->items);
    *r = (struct rulings){ 0 };
}
