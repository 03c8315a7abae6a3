/* Batches: operations with copies of all they need, and their results. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

static const struct bytes NOTHING = { NULL, 0 };

enum err store_batch_new(struct store_batch **out)
{
    struct store_batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL)
        return ERR_NO_MEMORY;
    *out = batch;
    return ERR_OK;
}

void store_batch_clear(struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free(batch->ops[i].copy);
    batch->count = 0;
    batch->bytes = 0;
}

void store_batch_free(struct store_batch *batch)
{
    if (batch == NULL)
        return;
    store_batch_clear(batch);
    free(batch->ops);
    free(batch);
}

bool store_batch_full(const struct store_batch *batch)
{
    return batch->count >= STORE_BATCH_OPS || batch->bytes >= STORE_BATCH_BYTES;
}

size_t store_batch_count(const struct store_batch *batch)
{
    return batch->count;
}

const struct store_result *store_batch_result(const struct store_batch *batch,
                                              size_t op)
{
    assert(op < batch->count);
    return &batch->ops[op].result;
}

static enum err grow(struct store_batch *batch)
{
    size_t cap = batch->cap == 0 ? 16 : batch->cap * 2;
    struct op *ops;

    if (batch->count < batch->cap)
        return ERR_OK;
    ops = realloc(batch->ops, cap * sizeof *ops);
    if (ops == NULL)
        return ERR_NO_MEMORY;
    batch->ops = ops;
    batch->cap = cap;
    return ERR_OK;
}

enum err batch_add(struct store_batch *batch, struct op **out,
                   enum op_kind kind, struct bytes data, struct bytes data2)
{
    uint8_t *copy = NULL;
    struct op *op;
    enum err e;

    if (store_batch_full(batch))
        return ERR_NO_SPACE;
    e = grow(batch);
    if (e != ERR_OK)
        return e;
    if (data.len + data2.len > 0) {
        copy = malloc(data.len + data2.len);
        if (copy == NULL)
            return ERR_NO_MEMORY;
        if (data.len > 0)
            memcpy(copy, data.data, data.len);
        if (data2.len > 0)
            memcpy(copy + data.len, data2.data, data2.len);
    }
    op = &batch->ops[batch->count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->copy = copy;
    if (copy != NULL) {
        op->data = (struct bytes){ copy, data.len };
        op->data2 = (struct bytes){ copy + data.len, data2.len };
    }
    batch->bytes += sizeof *op + data.len + data2.len;
    *out = op;
    return ERR_OK;
}

/* Head, signature and body in one copy, and views of them in op->record. */
static enum err add_record(struct store_batch *batch, enum op_kind kind,
                           const struct record *record, bool body,
                           struct bytes certificate, uint64_t received_ms)
{
    uint8_t whole[RECORD_HEAD_MAX + SIGNATURE_LEN + RECORD_BODY_MAX];
    struct writer w = writer_fixed(whole, sizeof whole);
    struct reader r;
    struct op *op;
    enum err e;

    assert(record->signature != NULL);
    writer_bytes(&w, record->head);
    writer_bytes(&w, (struct bytes){ record->signature, SIGNATURE_LEN });
    if (body && record->body.data != NULL)
        writer_bytes(&w, record->body);
    assert(w.err == ERR_OK); /* it was decoded, and so is within its limits */
    e = batch_add(batch, &op, kind, writer_view(&w), certificate);
    if (e != ERR_OK)
        return e;
    r = reader_of(op->data);
    op->record = *record;
    op->record.head = reader_bytes(&r, record->head.len);
    op->record.signature = reader_bytes(&r, SIGNATURE_LEN).data;
    op->record.body = NOTHING;
    if (body && record->body.data != NULL)
        op->record.body = reader_bytes(&r, r.left);
    op->record.certificate = op->data2;
    /* Links are a part of the head: the same place in the copy. */
    op->record.links = NOTHING;
    if (record->links.len > 0)
        op->record.links.data =
            op->record.head.data + (record->links.data - record->head.data);
    op->record.links.len = record->links.len;
    op->number = received_ms;
    return ERR_OK;
}

enum err store_batch_put_record(struct store_batch *batch,
                                const struct record *record,
                                struct bytes certificate, uint64_t received_ms)
{
    return add_record(batch, OP_PUT_RECORD, record, true, certificate,
                      received_ms);
}

enum err store_batch_put_charged(struct store_batch *batch,
                                 const struct record *record,
                                 struct bytes certificate, uint64_t received_ms,
                                 enum store_account account,
                                 const struct budget *budget, bool or_nothing)
{
    enum err e = add_record(batch, OP_PUT_RECORD, record, true, certificate,
                            received_ms);
    struct op *op = &batch->ops[batch->count - 1];

    if (e != ERR_OK)
        return e;
    op->account = account;
    op->row.budget = *budget;
    op->flag = or_nothing;
    return ERR_OK;
}

enum err store_batch_put_not_kept(struct store_batch *batch,
                                  const struct record *head,
                                  uint64_t received_ms)
{
    return add_record(batch, OP_PUT_NOT_KEPT, head, false, NOTHING,
                      received_ms);
}

enum err store_batch_erase(struct store_batch *batch, const uint8_t id[ID_LEN],
                           bool keep)
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_ERASE, NOTHING, NOTHING);

    if (e != ERR_OK)
        return e;
    memcpy(op->topic, id, ID_LEN);
    op->flag = keep;
    return ERR_OK;
}

enum err store_batch_follow(struct store_batch *batch,
                            const struct store_follow *follow)
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_FOLLOW, NOTHING, NOTHING);

    if (e == ERR_OK)
        op->row.follow = *follow;
    return e;
}

enum err store_batch_unfollow(struct store_batch *batch,
                              const uint8_t topic[ID_LEN])
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_UNFOLLOW, NOTHING, NOTHING);

    if (e == ERR_OK)
        memcpy(op->topic, topic, ID_LEN);
    return e;
}

enum err store_batch_want(struct store_batch *batch,
                          const struct store_want *want)
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_WANT, NOTHING, NOTHING);

    if (e == ERR_OK)
        op->row.want = *want;
    return e;
}

enum err store_batch_unwant(struct store_batch *batch,
                            const struct blob_id *blob,
                            const uint8_t topic[ID_LEN])
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_UNWANT, NOTHING, NOTHING);

    if (e != ERR_OK)
        return e;
    op->row.want.blob = *blob;
    memcpy(op->row.want.topic, topic, ID_LEN);
    return ERR_OK;
}

enum err store_batch_peer(struct store_batch *batch,
                          const struct store_peer *peer)
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_PEER, NOTHING, NOTHING);

    if (e == ERR_OK)
        op->row.peer = *peer;
    return e;
}

enum err store_batch_forget_peer(struct store_batch *batch,
                                 const uint8_t node[KEY_LEN])
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_FORGET_PEER, NOTHING, NOTHING);

    if (e == ERR_OK)
        memcpy(op->topic, node, KEY_LEN);
    return e;
}

enum err store_batch_meta(struct store_batch *batch, const char *name,
                          struct bytes value)
{
    struct key key = key_of_name(name);
    struct op *op;

    return batch_add(batch, &op, OP_META, key_view(&key), value);
}
