/*
 * Blobs in the database: what there is, for which topics, and the layers.  The
 * number of topics in a blob's row always equals its rows by topic; with the
 * last of them the blob goes.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_file.h"
#include "store/thread_hash.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* Uncles come first in a page's row, after their number. */
#define PAGE_ROW_MAX (1 + (BLOB_UNCLES_MAX + BLOB_LAYER_PAGE) * HASH_LEN)

static enum err get_row(struct txn *records, const struct blob_id *id,
                        struct row_blob *out)
{
    struct key key = key_of_blob(id);
    struct bytes value;
    enum err e = txn_get(records, T_BLOBS, key_view(&key), &value);

    return e == ERR_OK ? row_blob_read(out, value) : e;
}

/* `row->detail` must not point into the transaction. */
static enum err put_row(struct change *c, const struct blob_id *id,
                        const struct row_blob *row)
{
    struct writer w = writer_growing(16 + row->detail.len);
    struct key key = key_of_blob(id);
    enum err e;

    row_blob_write(&w, row);
    e = w.err;
    if (e == ERR_OK)
        e = txn_put(c->records, T_BLOBS, key_view(&key), writer_view(&w));
    writer_free(&w);
    return e;
}

/* Changes state and topics, and the detail if one is given. */
static enum err update(struct change *c, const struct blob_id *id,
                       const struct row_blob *row, const struct bytes *detail)
{
    struct writer copy = writer_growing(row->detail.len + 1);
    struct row_blob next = *row;
    enum err e;

    writer_bytes(&copy, row->detail);
    e = copy.err;
    next.detail = detail != NULL ? *detail : writer_view(&copy);
    if (e == ERR_OK)
        e = put_row(c, id, &next);
    writer_free(&copy);
    return e;
}

static bool is_counted(const struct row_blob *row)
{
    return row->state == BLOB_INLINE || row->state == BLOB_FILE;
}

static void count(struct change *c, const struct blob_id *id,
                  const struct row_blob *row, bool comes)
{
    if (!is_counted(row))
        return;
    c->totals.blobs += comes ? 1 : UINT64_MAX;
    c->totals.blob_bytes = comes ? c->totals.blob_bytes + id->size
                                 : c->totals.blob_bytes - id->size;
}

/* What of a part is on the disk counts, too: it may never become whole. */
static void count_part(struct change *c, const struct blob_id *id,
                       const struct row_blob *row, bool comes)
{
    uint64_t bytes;

    if (row->state != BLOB_PARTIAL || row->detail.len != bitmap_len(id->size))
        return;
    bytes = bitmap_bytes(row->detail.data, id->size);
    c->totals.part_bytes =
        comes ? c->totals.part_bytes + bytes : c->totals.part_bytes - bytes;
}

/* Holds an existing blob for one more topic. */
static enum err hold(struct change *c, const struct blob_id *id,
                     const uint8_t topic[ID_LEN])
{
    struct row_blob row;
    enum err e = get_row(c->records, id, &row);

    if (e == ERR_OK)
        e = keep_enter(c, topic, id);
    if (e != ERR_OK)
        return e == ERR_EXISTS ? ERR_OK : e;
    e = get_row(c->records, id, &row); /* writing has moved it */
    row.topics++;
    return e == ERR_OK ? update(c, id, &row, NULL) : e;
}

/* Makes the row if there is none, with no topic yet. */
static enum err ensure(struct change *c, const struct blob_id *id,
                       uint8_t state, struct bytes detail)
{
    struct row_blob row = { .state = state, .detail = detail };
    struct row_blob old;
    enum err e = get_row(c->records, id, &old);

    if (e != ERR_NOT_FOUND)
        return e;
    e = put_row(c, id, &row);
    if (e == ERR_OK)
        count(c, id, &row, true);
    return e;
}

/* ---- Layers ----------------------------------------------------------- */

static enum err put_page(struct change *c, const struct blob_id *id,
                         uint64_t page, struct bytes hashes,
                         struct bytes uncles)
{
    uint8_t buf[PAGE_ROW_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = key_of_blob(id);

    key_add_u64(&key, page);
    writer_u8(&w, (uint8_t)(uncles.len / HASH_LEN));
    writer_bytes(&w, uncles);
    writer_bytes(&w, hashes);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_LAYERS, key_view(&key), writer_view(&w));
}

static struct bytes page_of(struct bytes layer, const struct blob_id *id,
                            uint64_t page)
{
    size_t at = (size_t)page * BLOB_LAYER_PAGE * HASH_LEN;

    return (struct bytes){ layer.data + at,
                           blob_page_len(id->size, page) * HASH_LEN };
}

/* Splits the layer of an import into pages, each with its uncles. */
static enum err put_layer(struct change *c, const struct blob_id *id,
                          struct bytes layer)
{
    uint64_t pages = blob_page_count(id->size);
    struct writer roots = writer_growing((size_t)pages * HASH_LEN);
    uint8_t uncles[BLOB_UNCLES_MAX * HASH_LEN];
    size_t uncles_len = blob_uncle_count(id->size) * HASH_LEN;
    enum err e = ERR_OK;

    assert(layer.len ==
           (pages == 0 ? 0 : blob_span_count(id->size)) * HASH_LEN);
    for (uint64_t i = 0; i < pages && e == ERR_OK; i++) {
        uint8_t root[HASH_LEN];

        e = blob_page_root(root, id->size, i, page_of(layer, id, i));
        writer_bytes(&roots, BYTES_ARRAY(root));
    }
    if (e == ERR_OK)
        e = roots.err;
    for (uint64_t i = 0; i < pages && e == ERR_OK; i++) {
        e = blob_page_uncles(uncles, id->size, i, writer_view(&roots));
        if (e == ERR_OK)
            e = put_page(c, id, i, page_of(layer, id, i),
                         (struct bytes){ uncles, uncles_len });
    }
    writer_free(&roots);
    return e;
}

static enum err drop_layer(struct change *c, const struct blob_id *id)
{
    uint64_t pages = blob_page_count(id->size);
    enum err e = ERR_OK;

    for (uint64_t i = 0; i < pages && e == ERR_OK; i++) {
        struct key key = key_of_blob(id);

        key_add_u64(&key, i);
        e = txn_delete(c->records, T_LAYERS, key_view(&key));
        if (e == ERR_NOT_FOUND)
            e = ERR_OK; /* a part may have few of its pages */
    }
    return e;
}

/* ---- Operations ------------------------------------------------------- */

/* What a finished import or fetch says must be on the disk. */
static enum err check_file(const struct store *store, const struct op *op)
{
    char name[BLOB_NAME_MAX];
    char *path = NULL;
    struct stat st;
    int rc;

    if (op->number != BLOB_FILE)
        return ERR_OK;
    blob_file_name(name, &op->blob, false);
    if (asprintf(&path, "%s/%s", store->dir, name) < 0)
        return ERR_NO_MEMORY;
    rc = stat(path, &st);
    free(path);
    if (rc != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size != op->blob.size)
        return ERR_NOT_FOUND;
    return ERR_OK;
}

/* While it was hashed again somebody may have let go of it. */
static enum err check_held(struct change *c, const struct op *op)
{
    struct row_blob row;
    enum err e = get_row(c->records, &op->blob, &row);

    if (e == ERR_OK && row.state != BLOB_EXTERNAL)
        return ERR_NOT_FOUND;
    return e == ERR_OK ? keep_change(c, op->topic, &op->blob, NULL) : e;
}

static enum err apply_whole(struct change *c, struct op *op)
{
    struct row_blob row;
    enum err e = check_file(c->store, op);

    if (e == ERR_OK && op->is_again)
        e = check_held(c, op);
    if (e != ERR_OK)
        return e;
    e = ensure(c, &op->blob, (uint8_t)op->number, op->data);
    if (e == ERR_OK)
        e = get_row(c->records, &op->blob, &row);
    /* A whole copy ends a part, and one of our own a copy of the user's. */
    if (e == ERR_OK && !is_counted(&row)) {
        op->flag = row.state == BLOB_PARTIAL;
        count_part(c, &op->blob, &row, false);
        row.state = (uint8_t)op->number;
        e = update(c, &op->blob, &row, &op->data);
        if (e == ERR_OK)
            count(c, &op->blob, &row, true);
    }
    if (e == ERR_OK)
        e = put_layer(c, &op->blob, op->data2);
    if (e == ERR_OK)
        e = hold(c, &op->blob, op->topic);
    if (e == ERR_OK && op->is_own)
        e = keep_pin_apply(c, op->topic, &op->blob, KEEP_PIN_OWN);
    return e;
}

static enum err apply_begin(struct change *c, struct op *op)
{
    enum err e = ensure(c, &op->blob, BLOB_PARTIAL, NOTHING);

    return e == ERR_OK ? hold(c, &op->blob, op->topic) : e;
}

static enum err apply_bitmap(struct change *c, struct op *op)
{
    struct row_blob row;
    enum err e = get_row(c->records, &op->blob, &row);

    if (e == ERR_OK && row.state != BLOB_PARTIAL)
        return ERR_NOT_FOUND;
    if (e != ERR_OK)
        return e;
    count_part(c, &op->blob, &row, false);
    row.detail = op->data;
    count_part(c, &op->blob, &row, true);
    return put_row(c, &op->blob, &row);
}

static enum err apply_finish(struct change *c, struct op *op)
{
    struct row_blob row;
    enum err e = check_file(c->store, op);

    if (e == ERR_OK)
        e = get_row(c->records, &op->blob, &row);
    if (e != ERR_OK || row.state != BLOB_PARTIAL)
        return e;
    count_part(c, &op->blob, &row, false);
    row.state = (uint8_t)op->number;
    op->flag = row.state == BLOB_INLINE;
    e = update(c, &op->blob, &row, &op->data);
    if (e == ERR_OK)
        count(c, &op->blob, &row, true);
    return e;
}

static enum err remove_blob(struct change *c, struct op *op,
                            const struct row_blob *row)
{
    struct key key = key_of_blob(&op->blob);
    enum err e;

    count(c, &op->blob, row, false);
    count_part(c, &op->blob, row, false);
    op->flag = row->state == BLOB_FILE || row->state == BLOB_PARTIAL;
    e = txn_delete(c->records, T_BLOBS, key_view(&key));
    return e == ERR_OK ? drop_layer(c, &op->blob) : e;
}

enum err blob_rows_release(struct change *c, struct op *op)
{
    struct row_blob row;
    enum err e = keep_leave(c, op->topic, &op->blob);

    if (e != ERR_OK)
        return e;
    e = get_row(c->records, &op->blob, &row);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && row.topics == 0))
        return ERR_CORRUPT;
    if (e != ERR_OK)
        return e;
    if (--row.topics == 0)
        return remove_blob(c, op, &row);
    return update(c, &op->blob, &row, NULL);
}

enum err blob_rows_apply(struct change *c, struct op *op)
{
    struct row_blob row;
    enum err e;

    op->flag = false; /* an attempt that was undone may have set it */
    if (op->kind == OP_BLOB_WHOLE || op->kind == OP_BLOB_HOLD ||
        op->kind == OP_BLOB_RELEASE)
        lease_rows_note(c->store, op->topic); /* too often does no harm */
    switch (op->kind) {
    case OP_BLOB_WHOLE:
        return apply_whole(c, op);
    case OP_BLOB_BEGIN:
        return apply_begin(c, op);
    case OP_BLOB_HOLD:
        return hold(c, &op->blob, op->topic);
    case OP_BLOB_RELEASE:
        return blob_rows_release(c, op);
    case OP_BLOB_BITMAP:
        return apply_bitmap(c, op);
    case OP_BLOB_FINISH:
        return apply_finish(c, op);
    default:
        assert(op->kind == OP_BLOB_PAGE);
        e = get_row(c->records, &op->blob, &row);
        return e == ERR_OK
                   ? put_page(c, &op->blob, op->number, op->data, op->data2)
                   : e;
    }
}

void blob_rows_after(struct store *store, const struct op *op)
{
    if (!op->flag || op->kind < OP_BLOB_WHOLE || op->kind > OP_BLOB_FINISH)
        return;
    if (op->kind == OP_BLOB_RELEASE)
        blob_file_remove(store, &op->blob, false);
    blob_file_remove(store, &op->blob, true);
}

/* ---- What is put ------------------------------------------------------ */

static enum err add(struct store_batch *batch, struct op **out,
                    enum op_kind kind, const struct blob_id *id,
                    const uint8_t *topic, struct bytes data, struct bytes data2)
{
    enum err e;

    assert(blob_id_check(id) == ERR_OK);
    e = batch_add(batch, out, kind, data, data2);
    if (e != ERR_OK)
        return e;
    (*out)->blob = *id;
    if (topic != NULL)
        memcpy((*out)->topic, topic, ID_LEN);
    return ERR_OK;
}

enum err blobs_put_whole(struct store_batch *batch, const struct blob_id *id,
                         const uint8_t topic[ID_LEN], enum blob_state state,
                         struct bytes detail, struct bytes layer)
{
    struct op *op;
    enum err e = add(batch, &op, OP_BLOB_WHOLE, id, topic, detail, layer);

    if (e == ERR_OK)
        op->number = (uint64_t)state;
    return e;
}

enum err blobs_put_inline(struct store_batch *batch,
                          const uint8_t topic[ID_LEN], struct bytes content,
                          struct blob_id *id)
{
    struct blob_id name = { .size = content.len };
    enum err e = ERR_OK;

    assert(content.len <= BLOB_INLINE_MAX);
    if (content.len > 0)
        e = blob_span_hash(thread_multi_hash(), name.root, name.size, content);
    if (e == ERR_OK)
        e = blobs_put_whole(batch, &name, topic, BLOB_INLINE, content, NOTHING);
    if (e == ERR_OK)
        *id = name;
    return e;
}

enum err blobs_put_begin(struct store_batch *batch, const struct blob_id *id,
                         const uint8_t topic[ID_LEN])
{
    struct op *op;

    return add(batch, &op, OP_BLOB_BEGIN, id, topic, NOTHING, NOTHING);
}

enum err blobs_put_hold(struct store_batch *batch, const struct blob_id *id,
                        const uint8_t topic[ID_LEN])
{
    struct op *op;

    return add(batch, &op, OP_BLOB_HOLD, id, topic, NOTHING, NOTHING);
}

enum err blobs_put_release(struct store_batch *batch, const struct blob_id *id,
                           const uint8_t topic[ID_LEN])
{
    struct op *op;

    return add(batch, &op, OP_BLOB_RELEASE, id, topic, NOTHING, NOTHING);
}

enum err blobs_put_layer_page(struct store_batch *batch,
                              const struct blob_id *id, uint64_t page,
                              struct bytes hashes, struct bytes uncles)
{
    struct op *op;
    enum err e;

    assert(page < blob_page_count(id->size));
    assert(hashes.len == blob_page_len(id->size, page) * HASH_LEN);
    assert(uncles.len == blob_uncle_count(id->size) * HASH_LEN);
    e = add(batch, &op, OP_BLOB_PAGE, id, NULL, hashes, uncles);
    if (e == ERR_OK)
        op->number = page;
    return e;
}

enum err blobs_put_bitmap(struct store_batch *batch, const struct blob_id *id,
                          struct bytes bitmap)
{
    struct op *op;

    return add(batch, &op, OP_BLOB_BITMAP, id, NULL, bitmap, NOTHING);
}

enum err blobs_put_finish(struct store_batch *batch, const struct blob_id *id,
                          enum blob_state state, struct bytes detail)
{
    struct op *op;
    enum err e = add(batch, &op, OP_BLOB_FINISH, id, NULL, detail, NOTHING);

    if (e == ERR_OK)
        op->number = (uint64_t)state;
    return e;
}
