/* Operations on what stays and what goes, within a change. */
#include "store/keep.h"

#include <assert.h>
#include <string.h>

#include "store/blob_file.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* ---- Looking ------------------------------------------------------------ */

static struct key topic_key(const struct op *op)
{
    struct key key = key_of_id(op->topic);

    key_add_blob(&key, &op->blob);
    return key;
}

/* When somebody last said that they have, want or care for it; 0: nobody. */
static enum err latest_ms(struct change *c, const struct op *op, uint64_t *out)
{
    struct key key = topic_key(op);
    struct row_keep row;
    struct store_want want;
    enum keep_pin pin;
    struct bytes value;
    uint64_t at = 0;
    uint64_t since_ms;
    enum err e = txn_get(c->records, T_BLOB_TOPICS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_keep_read(&row, value);
    if (e == ERR_OK)
        at = row.since_ms;
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = txn_get(c->records, T_WANTS, key_view(&key), &value);
    if (e == ERR_OK)
        e = row_want_read(&want, key_view(&key), value);
    if (e == ERR_OK && want.since_ms > at)
        at = want.since_ms;
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = txn_get(c->records, T_PINS, key_view(&key), &value);
    if (e == ERR_OK)
        e = row_pin_read(&pin, &since_ms, value);
    if (e == ERR_OK && since_ms > at)
        at = since_ms;
    *out = at;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- Going -------------------------------------------------------------- */

static enum err unwant(struct change *c, const struct op *op)
{
    struct store_want want = { .blob = op->blob };
    enum err e;

    memcpy(want.topic, op->topic, ID_LEN);
    e = apply_unwant(c, &want);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err collect(struct change *c, struct op *op)
{
    uint64_t at;
    bool is_named;
    enum err e = named_is(c->index, op->topic, &op->blob, &is_named);

    if (e == ERR_OK)
        e = latest_ms(c, op, &at);
    if (e != ERR_OK)
        return e;
    if (is_named || at > op->number)
        return ERR_NOT_FOUND;
    e = unwant(c, op);
    if (e == ERR_OK)
        e = keep_pin_apply(c, op->topic, &op->blob, KEEP_PIN_NONE);
    if (e == ERR_OK)
        e = blob_rows_release(c, op);
    if (e == ERR_OK)
        op->result.removed = 1;
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* a want or a pin alone */
}

/* Nobody asked for it, made it, or is about to fetch it. */
static enum err is_free(struct change *c, const struct op *op, bool *out)
{
    struct key key = topic_key(op);
    enum keep_pin pin = KEEP_PIN_NONE;
    uint64_t since_ms;
    struct bytes value;
    enum err e = txn_get(c->records, T_PINS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_pin_read(&pin, &since_ms, value);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    e = txn_get(c->records, T_WANTS, key_view(&key), &value);
    *out = e == ERR_NOT_FOUND && pin != KEEP_PIN_OWN && pin != KEEP_PIN_ASKED;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err evict(struct change *c, struct op *op)
{
    bool free_to_go;
    enum err e = is_free(c, op, &free_to_go);

    if (e == ERR_OK && !free_to_go)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        e = blob_rows_release(c, op);
    if (e == ERR_OK)
        op->result.removed = 1;
    return e;
}

static enum err collect_part(struct change *c, struct op *op)
{
    struct key key = topic_key(op);
    struct key blob_key = key_of_blob(&op->blob);
    struct row_keep keep;
    struct row_blob row;
    struct bytes value;
    enum err e = txn_get(c->records, T_BLOB_TOPICS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_keep_read(&keep, value);
    if (e == ERR_OK &&
        (keep.since_ms > op->number || keep.used_ms > op->number))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        e = txn_get(c->records, T_BLOBS, key_view(&blob_key), &value);
    if (e == ERR_OK)
        e = row_blob_read(&row, value);
    if (e == ERR_OK && row.state != BLOB_PARTIAL)
        e = ERR_NOT_FOUND;
    return e == ERR_OK ? evict(c, op) : e;
}

/* Whether the database has no use for the file. */
static enum err orphan(struct change *c, struct op *op)
{
    struct key key = key_of_blob(&op->blob);
    bool is_part = op->number != 0;
    struct row_blob row;
    struct bytes value;
    enum err e = txn_get(c->records, T_BLOBS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_blob_read(&row, value);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    /* A partial blob may have its whole file already: see §2. */
    if (e == ERR_OK &&
        (row.state == BLOB_PARTIAL || (row.state == BLOB_FILE && !is_part)))
        return ERR_NOT_FOUND;
    op->flag = true;
    op->result.removed = 1;
    return ERR_OK;
}

enum err keep_apply(struct change *c, struct op *op)
{
    uint8_t flags = op->number != 0 ? KEEP_STRANGERS : 0;

    op->flag = false; /* an attempt that was undone may have set it */
    switch (op->kind) {
    case OP_KEEP_PIN:
        return keep_pin_apply(c, op->topic, &op->blob,
                              (enum keep_pin)op->number);
    case OP_KEEP_MARK:
        return keep_change(c, op->topic, &op->blob, &flags);
    case OP_KEEP_USED:
        return keep_change(c, op->topic, &op->blob, NULL);
    case OP_KEEP_COLLECT:
        return collect(c, op);
    case OP_KEEP_COLLECT_PART:
        return collect_part(c, op);
    case OP_KEEP_EVICT:
        return evict(c, op);
    default:
        assert(op->kind == OP_KEEP_ORPHAN);
        return orphan(c, op);
    }
}

void keep_after(struct store *store, const struct op *op)
{
    if (!op->flag || op->kind < OP_KEEP_COLLECT)
        return;
    if (op->kind != OP_KEEP_ORPHAN || op->number == 0)
        blob_file_remove(store, &op->blob, false);
    if (op->kind != OP_KEEP_ORPHAN || op->number != 0)
        blob_file_remove(store, &op->blob, true);
}

/* ---- What is put -------------------------------------------------------- */

static enum err add(struct store_batch *batch, enum op_kind kind,
                    const struct blob_id *id, const uint8_t *topic,
                    uint64_t number)
{
    struct op *op;
    enum err e = batch_add(batch, &op, kind, NOTHING, NOTHING);

    if (e != ERR_OK)
        return e;
    op->blob = *id;
    op->number = number;
    if (topic != NULL)
        memcpy(op->topic, topic, ID_LEN);
    return ERR_OK;
}

enum err keep_put_pin(struct store_batch *batch, const struct blob_id *id,
                      const uint8_t topic[ID_LEN], enum keep_pin pin)
{
    return add(batch, OP_KEEP_PIN, id, topic, (uint64_t)pin);
}

enum err keep_put_mark(struct store_batch *batch, const struct blob_id *id,
                       const uint8_t topic[ID_LEN], bool is_strangers)
{
    return add(batch, OP_KEEP_MARK, id, topic, is_strangers ? 1 : 0);
}

enum err keep_put_used(struct store_batch *batch, const struct blob_id *id,
                       const uint8_t topic[ID_LEN])
{
    return add(batch, OP_KEEP_USED, id, topic, 0);
}

enum err keep_put_collect(struct store_batch *batch, const struct blob_id *id,
                          const uint8_t topic[ID_LEN], uint64_t before_ms)
{
    return add(batch, OP_KEEP_COLLECT, id, topic, before_ms);
}

enum err keep_put_collect_part(struct store_batch *batch,
                               const struct blob_id *id,
                               const uint8_t topic[ID_LEN], uint64_t before_ms)
{
    return add(batch, OP_KEEP_COLLECT_PART, id, topic, before_ms);
}

enum err keep_put_evict(struct store_batch *batch, const struct blob_id *id,
                        const uint8_t topic[ID_LEN])
{
    return add(batch, OP_KEEP_EVICT, id, topic, 0);
}

enum err keep_put_orphan(struct store_batch *batch, const struct blob_id *id,
                         bool is_part)
{
    return add(batch, OP_KEEP_ORPHAN, id, NULL, is_part ? 1 : 0);
}
