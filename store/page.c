/* One walk of a cursor over rows that stand next to each other. */
#include "store/page.h"

#include <assert.h>

#include "store/internal.h"

struct key page_after(const struct key *key)
{
    struct key after = *key;

    key_add_u64(&after, 0);
    return after;
}

static bool is_behind(struct bytes key, struct bytes until)
{
    if (key.len > until.len)
        key.len = until.len;
    return bytes_compare(key, until) > 0;
}

enum err page_read(const struct page *page, size_t max, size_t *n)
{
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    size_t count = 0;
    enum err e = cursor_open(&cursor, page->txn, page->table);

    assert(max > 0);
    if (e != ERR_OK)
        return e;
    while (count < max) {
        e = cursor_move(cursor, step, key_view(&page->from), &at, &value);
        if (e == ERR_OK && is_behind(at, key_view(&page->until)))
            e = ERR_NOT_FOUND;
        if (e != ERR_OK)
            break;
        if (page->read != NULL)
            e = page->read(page->context, count, at, value);
        if (e != ERR_OK) {
            cursor_close(cursor);
            return e; /* one that `read` does not find is no end */
        }
        count++;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}

enum err page_read_records(struct store *store, struct page *page, size_t max,
                           size_t *n)
{
    struct look *look;
    enum err e = store_look(store, &look);

    if (e != ERR_OK)
        return e;
    page->txn = look->records;
    return page_read(page, max, n);
}
