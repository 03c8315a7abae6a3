/* What the database says of blobs, at the loop's look. */
#include "store/blobs.h"

#include <assert.h>
#include <string.h>

#include "store/blob_file.h"
#include "store/page.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

size_t bitmap_len(uint64_t size)
{
    return (size_t)((blob_span_count(size) + 7) / 8);
}

uint64_t bitmap_bytes(const uint8_t *bits, uint64_t size)
{
    uint64_t spans = blob_span_count(size);
    uint64_t total = 0;

    for (uint64_t i = 0; i < spans; i++) {
        if (bitmap_has(bits, i))
            total += blob_span_len(size, i);
    }
    return total;
}

enum err look_blob(const struct look *look, const struct blob_id *id,
                   struct row_blob *out)
{
    struct key key = key_of_blob(id);
    struct bytes value;
    struct row_blob row;
    enum err e = txn_get(look->records, T_BLOBS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_blob_read(&row, value);
    if (e != ERR_OK)
        return e;
    if ((row.state == BLOB_INLINE && row.detail.len != id->size) ||
        (row.state == BLOB_PARTIAL && row.detail.len != 0 &&
         row.detail.len != bitmap_len(id->size)) ||
        row.state < BLOB_PARTIAL || row.state > BLOB_EXTERNAL)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

void blob_info_of(struct blob_info *out, const struct blob_id *id,
                  const struct row_blob *row)
{
    memset(out, 0, sizeof *out);
    out->id = *id;
    out->state = (enum blob_state)row->state;
    out->topics = row->topics;
    if (row->state != BLOB_PARTIAL)
        out->have_bytes = id->size;
    else if (row->detail.len > 0)
        out->have_bytes = bitmap_bytes(row->detail.data, id->size);
}

enum err blobs_find(struct store *store, const struct blob_id *id,
                    struct blob_info *out)
{
    struct look *look;
    struct row_blob row;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_blob(look, id, &row);
    if (e == ERR_OK)
        blob_info_of(out, id, &row);
    return e;
}

bool blobs_held_for(struct store *store, const struct blob_id *id,
                    const uint8_t topic[ID_LEN])
{
    struct key key = key_of_id(topic);
    struct look *look;
    struct bytes value;

    key_add_blob(&key, id);
    return store_look(store, &look) == ERR_OK &&
           txn_get(look->records, T_BLOB_TOPICS, key_view(&key), &value) ==
               ERR_OK;
}

enum err blobs_map(struct store *store, const struct blob_id *id, uint8_t *out,
                   size_t len)
{
    struct look *look;
    struct row_blob row;
    enum err e = store_look(store, &look);

    assert(len == bitmap_len(id->size));
    if (e == ERR_OK)
        e = look_blob(look, id, &row);
    if (e != ERR_OK)
        return e;
    if (row.state != BLOB_PARTIAL)
        return ERR_EXISTS;
    memset(out, 0, len);
    if (row.detail.len > 0)
        memcpy(out, row.detail.data,
               row.detail.len < len ? row.detail.len : len);
    blob_part_add_written(store, id, out);
    return ERR_OK;
}

/* The blob that a row of a topic is of. */
static enum err read_blob(struct blob_id *out, struct bytes key)
{
    struct reader r = reader_of(key);

    (void)reader_bytes(&r, ID_LEN);
    key_read_blob(&r, out);
    if (reader_finish(&r) != ERR_OK || blob_id_check(out) != ERR_OK)
        return ERR_CORRUPT;
    return ERR_OK;
}

struct of_topic {
    struct look *look;
    struct blob_info *out;
};

static enum err read_info(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    const struct of_topic *of = context;
    struct row_blob row;
    struct blob_id id;
    enum err e = read_blob(&id, key);

    (void)value;
    if (e == ERR_OK)
        e = look_blob(of->look, &id, &row);
    if (e == ERR_OK)
        blob_info_of(&of->out[at], &id, &row);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err blobs_of_topic(struct store *store, const uint8_t topic[ID_LEN],
                        const struct blob_id *after, struct blob_info *out,
                        size_t max, size_t *n)
{
    struct of_topic of = { .out = out };
    struct page page = { .table = T_BLOB_TOPICS,
                         .from = key_of_id(topic),
                         .until = key_of_id(topic),
                         .read = read_info,
                         .context = &of };
    enum err e = store_look(store, &of.look);

    if (e != ERR_OK)
        return e;
    if (after != NULL) {
        key_add_blob(&page.from, after);
        page.from = page_after(&page.from);
    }
    return page_read_records(store, &page, max, n);
}

bool blobs_have_room(const struct store *store, uint64_t bytes)
{
    return blob_file_has_room(store, bytes);
}

static enum err add_bytes(void *context, size_t at, struct bytes key,
                          struct bytes value)
{
    uint64_t *total = context;
    struct blob_id id;
    enum err e = read_blob(&id, key);

    (void)at;
    (void)value;
    if (e == ERR_OK)
        *total += id.size;
    return e;
}

enum err blobs_topic_bytes(struct store *store, const uint8_t topic[ID_LEN],
                           uint64_t *out)
{
    uint64_t total = 0;
    struct page page = { .table = T_BLOB_TOPICS,
                         .from = key_of_id(topic),
                         .until = key_of_id(topic),
                         .read = add_bytes,
                         .context = &total };
    size_t n;
    enum err e = page_read_records(store, &page, SIZE_MAX, &n);

    if (e == ERR_OK)
        *out = total;
    return e;
}

enum err blobs_layer_page(struct store *store, const struct blob_id *id,
                          uint64_t page, struct writer *hashes,
                          struct writer *uncles)
{
    struct key key = key_of_blob(id);
    struct look *look;
    struct bytes value = NOTHING;
    struct bytes above;
    struct bytes below;
    struct reader r;
    enum err e = store_look(store, &look);

    if (page >= blob_page_count(id->size))
        return ERR_NOT_FOUND;
    key_add_u64(&key, page);
    if (e == ERR_OK)
        e = txn_get(look->records, T_LAYERS, key_view(&key), &value);
    if (e != ERR_OK)
        return e;
    r = reader_of(value);
    above = reader_bytes(&r, (size_t)reader_u8(&r) * HASH_LEN);
    below = reader_bytes(&r, r.left);
    if (r.err != ERR_OK || above.len != blob_uncle_count(id->size) * HASH_LEN ||
        below.len != blob_page_len(id->size, page) * HASH_LEN)
        return ERR_CORRUPT;
    writer_bytes(uncles, above);
    writer_bytes(hashes, below);
    return uncles->err != ERR_OK ? uncles->err : hashes->err;
}
