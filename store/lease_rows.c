/* Rows of leases and of the lists they stand for. */
#include "store/lease_rows.h"

#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/page.h"
#include "store/want_last.h"

#define FORMAT 1
/* Format, flags, four numbers, root, blob; the lease follows. */
#define ROW_HEAD (1 + 1 + 3 * 8 + HASH_LEN + LEASE_NAME_LEN)
enum lease_row_flag { ROW_HAS_LIST = 1 << 0 };

static const struct bytes NOTHING = { NULL, 0 };

static struct key row_key(const uint8_t topic[ID_LEN],
                          const uint8_t node[KEY_LEN])
{
    struct key key = key_of_id(topic);

    key_add_id(&key, node);
    return key;
}

static void write_row(struct writer *w, const struct store_lease *row)
{
    writer_u8(w, FORMAT);
    writer_u8(w, row->has_list ? ROW_HAS_LIST : 0);
    writer_u64(w, row->challenged_ms);
    writer_u64(w, row->failed_ms);
    writer_u64(w, row->network);
    writer_bytes(w, BYTES_ARRAY(row->root));
    writer_bytes(w, BYTES_ARRAY(row->failed.root));
    writer_u64(w, row->failed.size);
    writer_bytes(w, (struct bytes){ row->bytes, row->len });
}

static enum err read_row(struct store_lease *out, struct bytes key,
                         struct bytes value)
{
    struct reader r = reader_of(value);
    struct store_lease row = { .has_list = false };
    struct bytes lease;
    uint8_t format = reader_u8(&r);
    uint8_t flags = reader_u8(&r);

    row.has_list = (flags & ROW_HAS_LIST) != 0;
    row.challenged_ms = reader_u64(&r);
    row.failed_ms = reader_u64(&r);
    row.network = reader_u64(&r);
    reader_copy(&r, row.root, HASH_LEN);
    reader_copy(&r, row.failed.root, HASH_LEN);
    row.failed.size = reader_u64(&r);
    lease = reader_bytes(&r, r.left);
    if (r.err != ERR_OK || format != FORMAT || flags > ROW_HAS_LIST ||
        lease_read(&row.lease, lease) != ERR_OK || key.len != 2 * ID_LEN ||
        memcmp(key.data, row.lease.topic, ID_LEN) != 0 ||
        memcmp(key.data + ID_LEN, row.lease.node, KEY_LEN) != 0)
        return ERR_CORRUPT;
    memcpy(row.bytes, lease.data, lease.len);
    row.len = lease.len;
    *out = row;
    return ERR_OK;
}

/* ---- What is put -------------------------------------------------------- */

enum err lease_rows_put(struct store_batch *batch,
                        const struct store_lease *row)
{
    uint8_t buf[ROW_HEAD + LEASE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = row_key(row->lease.topic, row->lease.node);
    struct op *op;

    assert(row->len > 0 && row->len <= LEASE_MAX);
    write_row(&w, row);
    assert(w.err == ERR_OK);
    return batch_add(batch, &op, OP_LEASE, key_view(&key), writer_view(&w));
}

enum err lease_rows_remove(struct store_batch *batch,
                           const uint8_t topic[ID_LEN],
                           const uint8_t node[KEY_LEN])
{
    struct key key = row_key(topic, node);
    struct op *op;

    return batch_add(batch, &op, OP_UNLEASE, key_view(&key), NOTHING);
}

enum err lease_rows_drop_list(struct store_batch *batch,
                              const uint8_t topic[ID_LEN],
                              const uint8_t node[KEY_LEN])
{
    struct key key = row_key(topic, node);
    struct op *op;

    return batch_add(batch, &op, OP_LEASE_UNLIST, key_view(&key), NOTHING);
}

enum err lease_rows_put_page(struct store_batch *batch,
                             const uint8_t topic[ID_LEN],
                             const uint8_t node[KEY_LEN], uint64_t page,
                             struct bytes names)
{
    struct key key = row_key(topic, node);
    struct op *op;

    assert(page < LEASE_COUNT_MAX / LEASE_PAGE);
    assert(names.len > 0 && names.len <= LEASE_PAGE * LEASE_NAME_LEN);
    key_add_u64(&key, page);
    return batch_add(batch, &op, OP_LEASE_NAMES, key_view(&key), names);
}

/* ---- Within a change ---------------------------------------------------- */

/* Pages are numbered without a gap. */
static enum err drop_list(struct change *c, struct bytes prefix)
{
    enum err e = ERR_OK;

    for (uint64_t page = 0; e == ERR_OK; page++) {
        struct key key = key_of(prefix);

        key_add_u64(&key, page);
        e = txn_delete(c->records, T_LEASE_NAMES, key_view(&key));
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* `value` is empty where no other takes its place. */
static enum err keep_last(struct change *c, struct bytes key,
                          struct bytes value)
{
    struct store_lease next = { .lease = { .count = 0 } };
    struct store_lease row;
    struct bytes old;
    enum err e = txn_get(c->records, T_LEASES, key, &old);

    if (e == ERR_OK)
        e = read_row(&row, key, old);
    if (e == ERR_OK && value.len > 0)
        e = read_row(&next, key, value);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
    if (!row.has_list || row.lease.count == 0 ||
        memcmp(row.lease.root, next.lease.root, HASH_LEN) == 0)
        return ERR_OK;
    return want_last_keep(c, &row, next.lease.count);
}

enum err lease_rows_apply(struct change *c, const struct op *op)
{
    enum err e;

    switch (op->kind) {
    case OP_LEASE:
        e = keep_last(c, op->data, op->data2);
        if (e != ERR_OK)
            return e;
        return txn_put(c->records, T_LEASES, op->data, op->data2);
    case OP_LEASE_NAMES:
        return txn_put(c->records, T_LEASE_NAMES, op->data, op->data2);
    case OP_LEASE_UNLIST:
        return drop_list(c, op->data);
    default:
        assert(op->kind == OP_UNLEASE);
        e = keep_last(c, op->data, NOTHING);
        if (e == ERR_OK)
            e = drop_list(c, op->data);
        return e == ERR_OK ? txn_delete(c->records, T_LEASES, op->data) : e;
    }
}

void lease_rows_note(struct store *store, const uint8_t topic[ID_LEN])
{
    (void)pthread_mutex_lock(&store->gate);
    for (size_t i = 0; i < store->changed_count; i++) {
        if (memcmp(store->changed_topics[i], topic, ID_LEN) == 0) {
            (void)pthread_mutex_unlock(&store->gate);
            return;
        }
    }
    if (store->changed_count < LEASE_ROWS_CHANGED_MAX)
        memcpy(store->changed_topics[store->changed_count++], topic, ID_LEN);
    else
        store->changed_any = true;
    (void)pthread_mutex_unlock(&store->gate);
}

bool lease_rows_changed(struct store *store, uint8_t (*topics)[ID_LEN],
                        size_t *n)
{
    bool any;

    (void)pthread_mutex_lock(&store->gate);
    *n = store->changed_count;
    memcpy(topics, store->changed_topics, *n * ID_LEN);
    any = store->changed_any;
    store->changed_count = 0;
    store->changed_any = false;
    (void)pthread_mutex_unlock(&store->gate);
    return !any;
}

/* ---- Reading ------------------------------------------------------------ */

static enum err read_row_at(void *context, size_t at, struct bytes key,
                            struct bytes value)
{
    struct store_lease *out = context;

    return read_row(&out[at], key, value);
}

enum err lease_rows_page(struct store *store, const uint8_t *topic,
                         const uint8_t *node, struct store_lease *out,
                         size_t max, size_t *n)
{
    struct page page = { .table = T_LEASES,
                         .from = key_of_u64(0),
                         .read = read_row_at,
                         .context = out };

    if (topic != NULL) {
        page.from = row_key(topic, node);
        page.from = page_after(&page.from);
    }
    return page_read_records(store, &page, max, n);
}

/* A view into the database. */
static enum err look_names(struct txn *records, struct bytes prefix,
                           uint64_t page, struct bytes *out)
{
    struct key key = key_of(prefix);
    struct bytes value;
    enum err e;

    key_add_u64(&key, page);
    e = txn_get(records, T_LEASE_NAMES, key_view(&key), &value);
    if (e != ERR_OK)
        return e;
    if (value.len == 0 || value.len % LEASE_NAME_LEN != 0 ||
        value.len > LEASE_PAGE * LEASE_NAME_LEN)
        return ERR_CORRUPT;
    *out = value;
    return ERR_OK;
}

enum err lease_rows_names(struct store *store, const uint8_t topic[ID_LEN],
                          const uint8_t node[KEY_LEN], uint64_t page,
                          struct writer *names)
{
    struct key key = row_key(topic, node);
    struct look *look;
    struct bytes view;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_names(look->records, key_view(&key), page, &view);
    if (e != ERR_OK)
        return e;
    writer_bytes(names, view);
    return names->err;
}

enum err lease_rows_look_up_in(struct txn *records, const struct lease *lease,
                               const struct blob_id *blob, bool *found,
                               uint64_t *number)
{
    struct key key = row_key(lease->topic, lease->node);
    uint64_t low = 0;
    uint64_t high = lease_page_count(lease->count);
    uint8_t name[LEASE_NAME_LEN];
    struct bytes names = NOTHING;
    size_t place;
    enum err e = ERR_OK;

    lease_name(name, blob);
    /* The last page of which the first name is not greater. */
    while (e == ERR_OK && low < high) {
        uint64_t middle = low + (high - low) / 2;

        e = look_names(records, key_view(&key), middle, &names);
        if (e == ERR_OK && memcmp(names.data, name, LEASE_NAME_LEN) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (e == ERR_OK && low > 0)
        e = look_names(records, key_view(&key), low - 1, &names);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    *found = low > 0 && lease_find(names, name, &place);
    if (*found)
        *number = (low - 1) * LEASE_PAGE + place;
    return ERR_OK;
}

enum err lease_rows_look_up(struct store *store, const struct lease *lease,
                            const struct blob_id *blob, bool *found,
                            uint64_t *number)
{
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? lease_rows_look_up_in(look->records, lease, blob,
                                               found, number)
                       : e;
}
