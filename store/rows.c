/* Reads of the daemon's own rows: follows, wants, peers and named values. */
#include <string.h>

#include "store/internal.h"
#include "store/page.h"

/* ---- Follows and peers -------------------------------------------------- */

static enum err read_follow(void *context, size_t at, struct bytes key,
                            struct bytes value)
{
    struct store_follow *out = context;

    return row_follow_read(&out[at], key, value);
}

static enum err read_peer(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    struct store_peer *out = context;

    return row_peer_read(&out[at], key, value);
}

/* Rows whose key is an id; `after` is that of the last one before, or NULL. */
static enum err read_by_id(struct store *store, struct page *page,
                           const uint8_t *after, size_t max, size_t *n)
{
    page->from = key_of_u64(0);
    if (after != NULL) {
        page->from = key_of_id(after);
        page->from = page_after(&page->from);
    }
    return page_read_records(store, page, max, n);
}

enum err store_follows(struct store *store, const uint8_t *after,
                       struct store_follow *out, size_t max, size_t *n)
{
    struct page page = { .table = T_FOLLOWS,
                         .read = read_follow,
                         .context = out };

    return read_by_id(store, &page, after, max, n);
}

enum err store_peers(struct store *store, const uint8_t *after,
                     struct store_peer *out, size_t max, size_t *n)
{
    struct page page = { .table = T_PEERS, .read = read_peer, .context = out };

    return read_by_id(store, &page, after, max, n);
}

/* ---- Wants by topic ----------------------------------------------------- */

struct key rows_want_key(const uint8_t topic[ID_LEN],
                         const struct blob_id *blob)
{
    struct key key = key_of_id(topic);

    key_add_blob(&key, blob);
    return key;
}

static enum err read_want(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    struct store_want *out = context;

    return row_want_read(&out[at], key, value);
}

enum err store_wants_of(struct store *store, const uint8_t topic[ID_LEN],
                        const struct blob_id *after, struct store_want *out,
                        size_t max, size_t *n)
{
    struct page page = { .table = T_WANTS,
                         .from = key_of_id(topic),
                         .until = key_of_id(topic),
                         .read = read_want,
                         .context = out };

    if (after != NULL) {
        page.from = rows_want_key(topic, after);
        page.from = page_after(&page.from);
    }
    return page_read_records(store, &page, max, n);
}

enum err store_wants(struct store *store, const struct store_want *after,
                     struct store_want *out, size_t max, size_t *n)
{
    struct page page = { .table = T_WANTS,
                         .from = key_of_u64(0),
                         .read = read_want,
                         .context = out };

    if (after != NULL) {
        page.from = rows_want_key(after->topic, &after->blob);
        page.from = page_after(&page.from);
    }
    return page_read_records(store, &page, max, n);
}

/* ---- Wants that are due ------------------------------------------------- */

/*
 * Wants of small blobs stand behind all others, and those of the middle size
 * before them: thousands, which are asked for together, must not hide one that
 * is large.
 */
#define DUE_MIDDLE ((uint64_t)1 << 62)
#define DUE_SMALL  ((uint64_t)1 << 63)

static uint64_t due_class(const struct blob_id *blob)
{
    if (blob->size <= BLOB_INLINE_MAX)
        return DUE_SMALL;
    return blob->size <= BLOB_SPAN_LEN ? DUE_MIDDLE : 0;
}

static uint64_t due_ms(uint64_t ms)
{
    return ms < DUE_MIDDLE ? ms : DUE_MIDDLE - 1;
}

struct key rows_due_key(const struct store_want *want)
{
    struct key key =
        key_of_u64(due_class(&want->blob) | due_ms(want->next_try_ms));

    key_add_id(&key, want->topic);
    key_add_blob(&key, &want->blob);
    return key;
}

struct due {
    struct look *look;
    struct store_want *out;
};

static enum err read_due(void *context, size_t at, struct bytes key,
                         struct bytes value)
{
    const struct due *due = context;
    struct bytes row;
    enum err e;

    (void)value;
    if (key.len <= 8)
        return ERR_CORRUPT;
    key = (struct bytes){ key.data + 8, key.len - 8 };
    e = txn_get(due->look->records, T_WANTS, key, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_CORRUPT;
    return e == ERR_OK ? row_want_read(&due->out[at], key, row) : e;
}

/* Those that are due until then; `from` says of which. */
static enum err read_dues(struct store *store, const struct key *from,
                          uint64_t until, struct store_want *out, size_t max,
                          size_t *n)
{
    struct due due = { .out = out };
    struct page page = { .table = T_WANTS_DUE,
                         .from = *from,
                         .until = key_of_u64(until),
                         .read = read_due,
                         .context = &due };
    enum err e = store_look(store, &due.look);

    return e == ERR_OK ? page_read_records(store, &page, max, n) : e;
}

enum err store_wants_due(struct store *store, uint64_t now_ms,
                         struct store_want *out, size_t max, size_t *n)
{
    struct key from = key_of_u64(0);

    return read_dues(store, &from, due_ms(now_ms), out, max, n);
}

static enum err read_class(struct store *store, uint64_t class, uint64_t now_ms,
                           const struct store_want *after,
                           struct store_want *out, size_t max, size_t *n)
{
    struct key from = key_of_u64(class);

    if (after != NULL) {
        from = rows_due_key(after);
        from = page_after(&from);
    }
    return read_dues(store, &from, class | due_ms(now_ms), out, max, n);
}

enum err store_wants_due_middle(struct store *store, uint64_t now_ms,
                                const struct store_want *after,
                                struct store_want *out, size_t max, size_t *n)
{
    return read_class(store, DUE_MIDDLE, now_ms, after, out, max, n);
}

enum err store_wants_due_small(struct store *store, uint64_t now_ms,
                               const struct store_want *after,
                               struct store_want *out, size_t max, size_t *n)
{
    return read_class(store, DUE_SMALL, now_ms, after, out, max, n);
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

bool store_follow_shares(const struct store_follow *row)
{
    static const uint8_t none[ID_LEN];

    return memcmp(row->pledge, none, ID_LEN) != 0;
}

enum err store_want_find(struct store *store, const struct blob_id *blob,
                         const uint8_t topic[ID_LEN], struct store_want *out)
{
    struct key key = rows_want_key(topic, blob);
    struct bytes value;
    enum err e = get(store, T_WANTS, &key, &value);

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
