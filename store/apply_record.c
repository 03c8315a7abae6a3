/* Operations on records: a new one, one that is known, one that goes. */
#include <assert.h>
#include <string.h>

#include "store/internal.h"

static enum err write_row(struct change *c, uint64_t seq,
                          const struct row_record *row, bool append)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = key_of_u64(seq);

    row_record_write(&w, row);
    assert(w.err == ERR_OK);
    if (append)
        return txn_append(c->records, T_RECORDS, key_view(&key),
                          writer_view(&w));
    return txn_put(c->records, T_RECORDS, key_view(&key), writer_view(&w));
}

static void count_row(struct change *c, const struct row_record *row, int sign)
{
    uint64_t one = sign > 0 ? 1 : UINT64_MAX; /* adds or takes away */
    uint64_t bytes = row_record_bytes(row);

    if (row->held)
        c->totals.records += one;
    else
        c->totals.known += one;
    c->totals.bytes =
        sign > 0 ? c->totals.bytes + bytes : c->totals.bytes - bytes;
}

/* Under number `seq`, by which the index knows its id already. */
static enum err add_new(struct change *c, struct op *op, uint64_t seq,
                        const struct row_record *row)
{
    enum err e = write_row(c, seq, row, true);

    if (e == ERR_OK)
        e = index_add(c->store, c->records, c->index, seq, row);
    if (e != ERR_OK)
        return e;
    c->totals.last_seq = seq;
    count_row(c, row, 1);
    op->result.outcome = STORE_NEW;
    op->result.seq = seq;
    return ERR_OK;
}

enum err apply_copy_row(struct change *c, uint64_t seq,
                        uint8_t buf[APPLY_ROW_MAX], struct row_record *out)
{
    struct key key = key_of_u64(seq);
    struct bytes value;
    enum err e = txn_get(c->records, T_RECORDS, key_view(&key), &value);

    if (e == ERR_NOT_FOUND || (e == ERR_OK && value.len > APPLY_ROW_MAX))
        return ERR_CORRUPT;
    if (e != ERR_OK)
        return e;
    memcpy(buf, value.data, value.len);
    return row_record_read(out, (struct bytes){ buf, value.len });
}

static enum err replace(struct change *c, uint64_t seq,
                        const struct row_record *before,
                        const struct row_record *after)
{
    enum err e = write_row(c, seq, after, false);

    if (e == ERR_OK)
        e = index_resize(c->store, c->index, after);
    if (e == ERR_OK)
        e = index_reword(c->store, c->index, seq, before, after);
    if (e == ERR_OK)
        e = charge_leave(c->store, c->index, before);
    if (e == ERR_OK)
        e = charge_enter(c->store, c->index, seq, after);
    if (e != ERR_OK)
        return e;
    count_row(c, before, -1);
    count_row(c, after, 1);
    c->totals.changes++;
    return ERR_OK;
}

enum err apply_demote(struct change *c, uint64_t seq)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct row_record before;
    struct row_record after;
    enum err e = apply_copy_row(c, seq, buf, &before);

    if (e != ERR_OK || !before.held)
        return e;
    after = before;
    after.record.body = (struct bytes){ NULL, 0 };
    after.held = false;
    return replace(c, seq, &before, &after);
}

enum err apply_remove(struct change *c, uint64_t seq,
                      const struct row_record *row)
{
    struct key number = key_of_u64(seq);
    enum err e = index_remove(c->store, c->index, seq, row);

    if (e == ERR_OK)
        e = txn_delete(c->records, T_RECORDS, key_view(&number));
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    count_row(c, row, -1);
    c->totals.changes++;
    return ERR_OK;
}

/* What its author's budget has no room for is a mere head. */
static enum err charge(struct change *c, struct op *op, struct row_record *row)
{
    if (op->account == STORE_ACCOUNT_NONE)
        return ERR_OK;
    row->account = op->account;
    return settle_decide(c, &op->row.budget, op->flag, row,
                         &op->result.removed);
}

/* The first copy stays, but a record takes the place of its mere head. */
static enum err meet_known(struct change *c, struct op *op, uint64_t seq,
                           struct row_record *row)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct row_record before;
    enum err e = apply_copy_row(c, seq, buf, &before);

    if (e != ERR_OK)
        return e;
    op->result.seq = seq;
    op->result.outcome = STORE_KNOWN;
    if (before.held || !row->held)
        return ERR_OK;
    e = charge(c, op, row);
    if (e != ERR_OK || (!row->held && row->account == before.account))
        return e;
    if (row->held)
        op->result.outcome = STORE_KEPT;
    return replace(c, seq, &before, row);
}

static enum err meet_new(struct change *c, struct op *op, uint64_t seq,
                         struct row_record *row)
{
    bool is_record = row->held;
    enum err e = charge(c, op, row);

    if (e == ERR_OK && is_record && !row->held && op->flag) {
        op->result.err = ERR_OVER_BUDGET;
        return index_forget(c->index, op->record.id);
    }
    if (e == ERR_OK)
        e = add_new(c, op, seq, row);
    if (e == ERR_OK && is_record && !row->held)
        op->result.outcome = STORE_OVER;
    return e;
}

static enum err find_seq(struct change *c, const uint8_t id[ID_LEN],
                         uint64_t *seq)
{
    struct key key = key_of_id(id);
    struct bytes value;
    enum err e = txn_get(c->index, I_IDS, key_view(&key), &value);

    return e == ERR_OK ? row_number_read(seq, value) : e;
}

static enum err put_certificate(struct change *c, const struct op *op)
{
    struct key key = key_of_id(op->record.author);
    struct bytes value;
    enum err e;

    if (op->data2.len == 0)
        return ERR_OK;
    key_add_id(&key, op->record.signer);
    e = txn_get(c->records, T_CERTIFICATES, key_view(&key), &value);
    if (e != ERR_NOT_FOUND)
        return e;
    return txn_put(c->records, T_CERTIFICATES, key_view(&key), op->data2);
}

/* `forbidden`: taken down here, so that its head alone is known. */
enum err apply_put_record(struct change *c, struct op *op, bool forbidden)
{
    struct row_record row = { .held = op->kind == OP_PUT_RECORD && !forbidden,
                              .received_ms = op->number,
                              .record = op->record };
    uint64_t seq = c->totals.last_seq + 1;
    enum err e;

    if (forbidden)
        op->account = STORE_ACCOUNT_NONE; /* a head uses up no budget */
    memcpy(op->result.id, op->record.id, ID_LEN);
    memcpy(op->result.topic, op->record.topic, ID_LEN);
    e = put_certificate(c, op);
    if (e != ERR_OK)
        return e;
    op->result.listed = (op->record.flags & RECORD_LISTED) != 0 ||
                        index_is_identity(c->records, &op->record);
    e = index_number(c->index, op->record.id, &seq);
    if (e == ERR_OK) {
        e = meet_new(c, op, seq, &row);
        if (e == ERR_OK && forbidden)
            op->result.outcome = STORE_OVER;
        return e;
    }
    return e == ERR_EXISTS ? meet_known(c, op, seq, &row) : e;
}

enum err apply_erase(struct change *c, struct op *op)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct row_record before;
    struct row_record after;
    uint64_t seq;
    enum err e = find_seq(c, op->topic, &seq);

    if (e == ERR_NOT_FOUND) {
        op->result.err = e;
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = apply_copy_row(c, seq, buf, &before);
    if (e != ERR_OK)
        return e;
    op->result.seq = seq;
    memcpy(op->result.id, op->topic, ID_LEN);
    memcpy(op->result.topic, before.record.topic, ID_LEN);
    if (before.held == op->flag && before.record.body.data == NULL)
        return ERR_OK; /* it is so already */
    after = before;
    after.record.body = (struct bytes){ NULL, 0 };
    after.held = op->flag;
    return replace(c, seq, &before, &after);
}

enum err apply_forget(struct change *c, struct op *op)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct row_record row;
    uint64_t seq;
    enum err e = find_seq(c, op->topic, &seq);

    if (e == ERR_OK)
        e = apply_copy_row(c, seq, buf, &row);
    if (e != ERR_OK || row.held)
        return e;
    memcpy(op->result.topic, row.record.topic, ID_LEN);
    op->result.listed = (row.record.flags & RECORD_LISTED) != 0;
    op->result.removed = 1;
    return apply_remove(c, seq, &row);
}
