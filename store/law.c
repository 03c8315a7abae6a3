/* The rows of the owner's law, and where they bind every batch. */
#include "store/law.h"

#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/page.h"

enum { FORMAT = 1, VALUE_MAX = 1 + 8 + 8 + LAW_REASON_MAX };

static struct key law_key(enum law_kind kind, const uint8_t id[ID_LEN])
{
    struct key key = key_of_u64((uint64_t)kind);

    key_add_id(&key, id);
    return key;
}

static enum err read_law(struct law *out, struct bytes key, struct bytes value)
{
    struct reader k = reader_of(key);
    struct reader r = reader_of(value);
    struct law law = { .kind = (enum law_kind)reader_u64(&k) };
    struct bytes reason;
    uint8_t format;

    reader_copy(&k, law.id, ID_LEN);
    format = reader_u8(&r);
    law.since_ms = reader_u64(&r);
    law.until_ms = reader_u64(&r);
    reason = reader_bytes(&r, r.left);
    if (reader_finish(&k) != ERR_OK || reader_finish(&r) != ERR_OK ||
        format != FORMAT || reason.len > LAW_REASON_MAX)
        return ERR_CORRUPT;
    if (reason.len > 0)
        memcpy(law.reason, reason.data, reason.len);
    law.reason_len = reason.len;
    *out = law;
    return ERR_OK;
}

/* ---- What is put --------------------------------------------------------- */

enum err law_put(struct store_batch *batch, const struct law *law)
{
    uint8_t buf[VALUE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = law_key(law->kind, law->id);
    struct op *op;

    writer_u8(&w, FORMAT);
    writer_u64(&w, law->since_ms);
    writer_u64(&w, law->until_ms);
    writer_bytes(
        &w, (struct bytes){ (const uint8_t *)law->reason, law->reason_len });
    assert(w.err == ERR_OK);
    return batch_add(batch, &op, OP_LAW, key_view(&key), writer_view(&w));
}

enum err law_remove(struct store_batch *batch, enum law_kind kind,
                    const uint8_t id[ID_LEN])
{
    struct key key = law_key(kind, id);
    struct op *op;

    return batch_add(batch, &op, OP_UNLAW, key_view(&key),
                     (struct bytes){ NULL, 0 });
}

enum err law_forget(struct store_batch *batch, const uint8_t id[ID_LEN])
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_FORGET, (struct bytes){ NULL, 0 },
                           (struct bytes){ NULL, 0 });

    if (e == ERR_OK)
        memcpy(op->topic, id, ID_LEN);
    return e;
}

/* ---- Within a change ---------------------------------------------------- */

enum err law_apply(struct change *c, const struct op *op)
{
    if (op->kind == OP_LAW)
        return txn_put(c->records, T_LAWS, op->data, op->data2);
    return txn_delete(c->records, T_LAWS, op->data);
}

static enum err has(struct change *c, enum law_kind kind,
                    const uint8_t id[ID_LEN], bool *out)
{
    struct key key = law_key(kind, id);
    struct bytes value;
    struct law law;
    enum err e = txn_get(c->records, T_LAWS, key_view(&key), &value);

    if (e == ERR_OK)
        e = read_law(&law, key_view(&key), value);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    /* One with an end has been lifted: it is on its way out. */
    *out = e == ERR_OK && law.until_ms == 0;
    return ERR_OK;
}

enum err law_forbids(struct change *c, const struct op *op, bool *out)
{
    *out = false;
    switch (op->kind) {
    case OP_PUT_RECORD:
        return has(c, LAW_NO_RECORD, op->record.id, out);
    case OP_WANT:
        return has(c, LAW_NO_BLOB, op->row.want.blob.root, out);
    case OP_BLOB_WHOLE:
    case OP_BLOB_BEGIN:
    case OP_BLOB_HOLD:
        return has(c, LAW_NO_BLOB, op->blob.root, out);
    default:
        return ERR_OK;
    }
}

/* ---- Reading ------------------------------------------------------------ */

enum err law_find(struct store *store, enum law_kind kind,
                  const uint8_t id[ID_LEN], struct law *out)
{
    struct key key = law_key(kind, id);
    struct look *look;
    struct bytes value;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = txn_get(look->records, T_LAWS, key_view(&key), &value);
    return e == ERR_OK ? read_law(out, key_view(&key), value) : e;
}

static enum err read_law_at(void *context, size_t at, struct bytes key,
                            struct bytes value)
{
    struct law *out = context;

    return read_law(&out[at], key, value);
}

enum err law_page(struct store *store, enum law_kind kind, const uint8_t *after,
                  struct law *out, size_t max, size_t *n)
{
    struct page page = { .table = T_LAWS,
                         .from = key_of_u64((uint64_t)kind),
                         .until = key_of_u64((uint64_t)kind),
                         .read = read_law_at,
                         .context = out };

    if (after != NULL) {
        page.from = law_key(kind, after);
        page.from = page_after(&page.from);
    }
    return page_read_records(store, &page, max, n);
}

/*
 * The place at or after which the next one may be: keys are by topic first, so
 * where the root is not that of the key, whole runs of keys are passed over.
 */
static bool next_key(struct key *from, struct bytes at,
                     const uint8_t root[ID_LEN])
{
    int order = memcmp(at.data + ID_LEN, root, ID_LEN);

    *from = key_of_id(at.data);
    if (order < 0)
        key_add_id(from, root);
    else if (!key_after_prefix(from))
        return false;
    return true;
}

enum err law_places(struct store *store, const uint8_t root[ID_LEN],
                    bool wanted, struct law_place *out, size_t max, size_t *n)
{
    static const uint8_t first[ID_LEN];
    struct key from = key_of_id(first);
    struct cursor *cursor;
    struct look *look;
    struct bytes at;
    struct bytes value;
    size_t count = 0;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = cursor_open(&cursor, look->records,
                        wanted ? T_WANTS : T_BLOB_TOPICS);
    if (e != ERR_OK)
        return e;
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    while (e == ERR_OK && count < max) {
        struct reader r = reader_of(at);

        if (at.len != 2 * ID_LEN + 8) {
            e = ERR_CORRUPT;
        } else if (memcmp(at.data + ID_LEN, root, ID_LEN) == 0) {
            reader_copy(&r, out[count].topic, ID_LEN);
            reader_copy(&r, out[count].blob.root, ID_LEN);
            out[count++].blob.size = reader_u64(&r);
            e = cursor_move(cursor, CURSOR_NEXT, key_view(&from), &at, &value);
        } else if (next_key(&from, at, root)) {
            e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at,
                            &value);
        } else {
            break;
        }
    }
    cursor_close(cursor);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}
