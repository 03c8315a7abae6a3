/* Reads of the daemon's own rows: follows, wants, peers and named values. */
#include <assert.h>
#include <string.h>

#include "store/internal.h"

/* Walks rows of one table from a key on; `each` gives false to stop. */
struct visit {
    enum err (*each)(void *arg, struct bytes key, struct bytes value,
                     bool *more);
    void *arg;
};

static enum err visit_from(struct txn *txn, unsigned table,
                           const struct key *from, struct bytes prefix,
                           const struct visit *visit)
{
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    bool more = true;
    enum err e = cursor_open(&cursor, txn, table);

    if (e != ERR_OK)
        return e;
    while (more) {
        e = cursor_move(cursor, step, key_view(from), &at, &value);
        if (e != ERR_OK || !key_has_prefix(at, prefix))
            break;
        e = visit->each(visit->arg, at, value, &more);
        if (e != ERR_OK)
            break;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/*
 * Wants of small blobs stand behind all others: thousands of them, which are
 * asked for together, must not hide one that is large.
 */
#define DUE_SMALL ((uint64_t)1 << 63)

/* A page of rows: where they go and what was the last one before. */
struct page {
    void *out;
    size_t max;
    size_t n;
    struct bytes after; /* empty: from the first */
    uint64_t now_ms;
    struct txn *records;
};

static bool is_after(const struct page *page, struct bytes key)
{
    return page->after.len == 0 || bytes_compare(key, page->after) > 0;
}

static enum err each_follow(void *arg, struct bytes key, struct bytes value,
                            bool *more)
{
    struct page *page = arg;
    struct store_follow *out = page->out;
    enum err e = ERR_OK;

    if (is_after(page, key))
        e = row_follow_read(&out[page->n++], key, value);
    *more = page->n < page->max;
    return e;
}

static enum err each_peer(void *arg, struct bytes key, struct bytes value,
                          bool *more)
{
    struct page *page = arg;
    struct store_peer *out = page->out;
    enum err e = ERR_OK;

    if (is_after(page, key))
        e = row_peer_read(&out[page->n++], key, value);
    *more = page->n < page->max;
    return e;
}

static enum err each_want(void *arg, struct bytes key, struct bytes value,
                          bool *more)
{
    struct page *page = arg;
    struct store_want *out = page->out;
    enum err e = ERR_OK;

    if (is_after(page, key))
        e = row_want_read(&out[page->n++], key, value);
    *more = page->n < page->max;
    return e;
}

struct key rows_due_key(const struct store_want *want)
{
    uint64_t first =
        want->next_try_ms < DUE_SMALL ? want->next_try_ms : DUE_SMALL - 1;
    struct key key;

    if (want->blob.size <= BLOB_INLINE_MAX)
        first |= DUE_SMALL;
    key = key_of_u64(first);
    key_add_id(&key, want->topic);
    key_add_blob(&key, &want->blob);
    return key;
}

static enum err each_due(void *arg, struct bytes key, struct bytes value,
                         bool *more)
{
    struct page *page = arg;
    struct store_want *out = page->out;
    struct bytes row;
    enum err e;

    (void)value;
    *more = false;
    if (key.len <= 8)
        return ERR_CORRUPT;
    if (get_u64(key.data) > page->now_ms)
        return ERR_OK;
    *more = true;
    if (!is_after(page, key))
        return ERR_OK;
    key = (struct bytes){ key.data + 8, key.len - 8 };
    e = txn_get(page->records, T_WANTS, key, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_CORRUPT;
    if (e == ERR_OK)
        e = row_want_read(&out[page->n++], key, row);
    *more = page->n < page->max;
    return e;
}

static enum err read_page(
    struct store *store, unsigned table, struct bytes prefix, struct page *page,
    enum err (*each)(void *, struct bytes, struct bytes, bool *), size_t *n)
{
    struct visit visit = { each, page };
    struct key from = key_of(page->after.len > 0 ? page->after : prefix);
    struct look *look;
    enum err e = store_look(store, &look);

    if (from.len == 0)
        from = key_of(BYTES_LITERAL("\0"));
    assert(page->max > 0);
    if (e == ERR_OK) {
        page->records = look->records;
        e = visit_from(look->records, table, &from, prefix, &visit);
    }
    if (e == ERR_OK)
        *n = page->n;
    return e;
}

static struct bytes id_or_nothing(const uint8_t *id)
{
    return (struct bytes){ id, id == NULL ? 0 : ID_LEN };
}

enum err store_follows(struct store *store, const uint8_t *after,
                       struct store_follow *out, size_t max, size_t *n)
{
    struct page page = { .out = out,
                         .max = max,
                         .after = id_or_nothing(after) };

    return read_page(store, T_FOLLOWS, id_or_nothing(NULL), &page, each_follow,
                     n);
}

enum err store_peers(struct store *store, const uint8_t *after,
                     struct store_peer *out, size_t max, size_t *n)
{
    struct page page = { .out = out,
                         .max = max,
                         .after = id_or_nothing(after) };

    return read_page(store, T_PEERS, id_or_nothing(NULL), &page, each_peer, n);
}

enum err store_wants_due(struct store *store, uint64_t now_ms,
                         struct store_want *out, size_t max, size_t *n)
{
    struct page page = {
        .out = out,
        .max = max,
        .now_ms = now_ms < DUE_SMALL ? now_ms : DUE_SMALL - 1,
    };

    return read_page(store, T_WANTS_DUE, id_or_nothing(NULL), &page, each_due,
                     n);
}

enum err store_wants_due_small(struct store *store, uint64_t now_ms,
                               const struct store_want *after,
                               struct store_want *out, size_t max, size_t *n)
{
    struct key from =
        after == NULL ? key_of_u64(DUE_SMALL) : rows_due_key(after);
    struct page page = {
        .out = out,
        .max = max,
        .now_ms = now_ms | DUE_SMALL,
        .after = key_view(&from),
    };

    return read_page(store, T_WANTS_DUE, id_or_nothing(NULL), &page, each_due,
                     n);
}

enum err store_wants_of(struct store *store, const uint8_t topic[ID_LEN],
                        const struct blob_id *after, struct store_want *out,
                        size_t max, size_t *n)
{
    struct page page = { .out = out, .max = max };
    struct key key = key_of_id(topic);

    if (after != NULL) {
        key_add_blob(&key, after);
        page.after = key_view(&key);
    }
    return read_page(store, T_WANTS, id_or_nothing(topic), &page, each_want, n);
}

enum err store_wants(struct store *store, const struct store_want *after,
                     struct store_want *out, size_t max, size_t *n)
{
    struct page page = { .out = out, .max = max };
    struct key key;

    if (after != NULL) {
        key = key_of_id(after->topic);
        key_add_blob(&key, &after->blob);
        page.after = key_view(&key);
    }
    return read_page(store, T_WANTS, id_or_nothing(NULL), &page, each_want, n);
}

/* ---- One row ---------------------------------------------------------- */

static enum err get(struct store *store, unsigned table, const struct key *key,
                    struct bytes *value)
{
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? txn_get(look->records, table, key_view(key), value)
                       : e;
}

enum err store_follow_find(struct store *store, const uint8_t topic[ID_LEN],
                           struct store_follow *out)
{
    struct key key = key_of_id(topic);
    struct bytes value;
    enum err e = get(store, T_FOLLOWS, &key, &value);

    return e == ERR_OK ? row_follow_read(out, key_view(&key), value) : e;
}

enum err store_want_find(struct store *store, const struct blob_id *blob,
                         const uint8_t topic[ID_LEN], struct store_want *out)
{
    struct key key = key_of_id(topic);
    struct bytes value;
    enum err e;

    key_add_blob(&key, blob);
    e = get(store, T_WANTS, &key, &value);
    return e == ERR_OK ? row_want_read(out, key_view(&key), value) : e;
}

enum err store_meta(struct store *store, const char *name, struct writer *w)
{
    struct key key = key_of_name(name);
    struct bytes value;
    enum err e = get(store, T_META, &key, &value);

    if (e != ERR_OK)
        return e;
    writer_bytes(w, value);
    return w->err;
}
