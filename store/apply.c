/*
 * One batch, one transaction over both environments: records are committed
 * first, with a flush, and the index after them.
 *
 * An index that could not follow (a disk that filled up between the two) is
 * behind, never wrong: the next change, or the next opening, catches up.
 */
#include <assert.h>
#include <string.h>

#include "store/blob_file.h"

/* Doublings of the map within one apply: from 1 MiB to 4 PiB. */
#define GROW_MAX       32
#define CATCH_UP_TRIES 3

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* ---- Records ---------------------------------------------------------- */

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
static enum err put_record(struct change *c, struct op *op, bool forbidden)
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

static enum err erase(struct change *c, struct op *op)
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

static enum err forget(struct change *c, struct op *op)
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

/* ---- Rows ------------------------------------------------------------- */

static enum err put_follow(struct change *c, const struct store_follow *follow)
{
    uint8_t buf[128];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = key_of_id(follow->topic);
    enum err e = keep_follow(c, follow->topic, follow);

    row_follow_write(&w, follow);
    assert(w.err == ERR_OK);
    return e == ERR_OK
               ? txn_put(c->records, T_FOLLOWS, key_view(&key), writer_view(&w))
               : e;
}

static struct key want_key(const struct store_want *want)
{
    struct key key = key_of_id(want->topic);

    key_add_blob(&key, &want->blob);
    return key;
}

/* ERR_NOT_FOUND if there is none. */
enum err apply_unwant(struct change *c, const struct store_want *want)
{
    struct key key = want_key(want);
    struct store_want old;
    struct key due;
    struct bytes value;
    enum err e = txn_get(c->records, T_WANTS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_want_read(&old, key_view(&key), value);
    if (e != ERR_OK)
        return e;
    due = rows_due_key(&old);
    e = txn_delete(c->records, T_WANTS_DUE, key_view(&due));
    if (e == ERR_OK)
        e = txn_delete(c->records, T_WANTS, key_view(&key));
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

static enum err put_want(struct change *c, const struct store_want *want)
{
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = want_key(want);
    struct key due = rows_due_key(want);
    enum err e = apply_unwant(c, want);

    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    row_want_write(&w, want);
    assert(w.err == ERR_OK);
    e = txn_put(c->records, T_WANTS, key_view(&key), writer_view(&w));
    if (e == ERR_OK)
        e = txn_put(c->records, T_WANTS_DUE, key_view(&due), NOTHING);
    return e;
}

static enum err put_peer(struct change *c, const struct store_peer *peer)
{
    uint8_t buf[64 + STORE_ADDRESS_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = key_of_id(peer->node);

    row_peer_write(&w, peer);
    assert(w.err == ERR_OK);
    return txn_put(c->records, T_PEERS, key_view(&key), writer_view(&w));
}

static enum err delete_id(struct change *c, unsigned table,
                          const uint8_t id[ID_LEN])
{
    struct key key = key_of_id(id);

    return txn_delete(c->records, table, key_view(&key));
}

static enum err unfollow(struct change *c, const uint8_t topic[ID_LEN])
{
    enum err e = keep_follow(c, topic, NULL);

    return e == ERR_OK ? delete_id(c, T_FOLLOWS, topic) : e;
}

static enum err put_meta(struct change *c, const struct op *op)
{
    if (op->data2.len > 0)
        return txn_put(c->records, T_META, op->data, op->data2);
    return txn_delete(c->records, T_META, op->data);
}

/* What an operation removes may be absent: its result says so, no more. */
static enum err may_be_absent(struct op *op, enum err e)
{
    if (e != ERR_NOT_FOUND)
        return e;
    op->result.err = e;
    return ERR_OK;
}

static enum err apply_op(struct change *c, struct op *op)
{
    bool forbidden;
    enum err e;

    memset(&op->result, 0, sizeof op->result);
    op->result.outcome = STORE_DONE;
    e = law_forbids(c, op, &forbidden);
    if (e != ERR_OK)
        return e;
    if (forbidden && op->kind != OP_PUT_RECORD) {
        op->result.err = ERR_REFUSED;
        return ERR_OK;
    }
    switch (op->kind) {
    case OP_PUT_RECORD:
    case OP_PUT_NOT_KEPT:
        return put_record(c, op, forbidden);
    case OP_ERASE:
        return erase(c, op);
    case OP_FOLLOW:
        return put_follow(c, &op->row.follow);
    case OP_UNFOLLOW:
        return may_be_absent(op, unfollow(c, op->topic));
    case OP_WANT:
        return put_want(c, &op->row.want);
    case OP_UNWANT:
        return may_be_absent(op, apply_unwant(c, &op->row.want));
    case OP_PEER:
        return put_peer(c, &op->row.peer);
    case OP_FORGET_PEER:
        return may_be_absent(op, delete_id(c, T_PEERS, op->topic));
    case OP_META:
        return may_be_absent(op, put_meta(c, op));
    case OP_LAW:
    case OP_UNLAW:
        return may_be_absent(op, law_apply(c, op));
    case OP_FORGET:
        return may_be_absent(op, forget(c, op));
    case OP_LEASE:
    case OP_UNLEASE:
    case OP_LEASE_UNLIST:
    case OP_LEASE_NAMES:
        return may_be_absent(op, lease_rows_apply(c, op));
    case OP_KEEP_PIN:
    case OP_KEEP_MARK:
    case OP_KEEP_USED:
    case OP_KEEP_COLLECT:
    case OP_KEEP_COLLECT_PART:
    case OP_KEEP_EVICT:
    case OP_KEEP_ORPHAN:
        return may_be_absent(op, keep_apply(c, op));
    case OP_TRIM:
        return trim_apply(c, op);
    case OP_FORGET_OVER:
    case OP_SETTLE:
        return settle_apply(c, op);
    default:
        return may_be_absent(op, blob_rows_apply(c, op));
    }
}

/* ---- The transaction -------------------------------------------------- */

static enum err begin(struct change *c, struct store *store)
{
    uint64_t applied;
    uint64_t changes;
    enum err e;

    memset(c, 0, sizeof *c);
    c->store = store;
    e = txn_begin(&c->records, store->records, true);
    if (e == ERR_OK)
        e = txn_begin(&c->index, store->index, true);
    if (e == ERR_OK)
        index_begin(store, c->index);
    if (e == ERR_OK)
        e = store_totals_read(c->records, &c->totals);
    if (e == ERR_OK)
        e = index_applied(c->index, &applied);
    if (e == ERR_OK)
        e = index_changes(c->index, &changes);
    if (e == ERR_OK && changes != c->totals.changes) {
        store->is_stale = true;
        e = ERR_IO;
    }
    if (e == ERR_OK && applied < c->totals.last_seq)
        e = index_catch_up(store, c->records, c->index, applied + 1,
                           c->totals.last_seq);
    return e;
}

static enum err finish(struct change *c)
{
    uint8_t buf[80];
    struct writer w = writer_fixed(buf, sizeof buf);
    enum err e;

    row_totals_write(&w, &c->totals);
    assert(w.err == ERR_OK);
    e = txn_put(c->records, T_META, BYTES_LITERAL("totals"), writer_view(&w));
    if (e == ERR_OK)
        e = trust_withdraw(c->store, c->records);
    if (e == ERR_OK)
        e = index_finish(c->store, c->index, c->totals.last_seq);
    if (e == ERR_OK)
        e = index_set_changes(c->index, c->totals.changes);
    return e;
}

static enum err commit(struct change *c)
{
    enum err e = txn_commit(c->records);

    if (e != ERR_OK) {
        txn_abort(c->index);
        return e;
    }
    c->store->index_is_loose = true;
    /* The batch is durable: what the index misses now is caught up. */
    c->store->is_behind = txn_commit(c->index) != ERR_OK;
    return ERR_OK;
}

static enum err apply_once(struct store *store, struct store_batch *batch)
{
    struct change c;
    enum err e = begin(&c, store);

    for (size_t i = 0; e == ERR_OK && i < batch->count; i++)
        e = apply_op(&c, &batch->ops[i]);
    if (e == ERR_OK)
        e = finish(&c);
    if (e == ERR_OK)
        return commit(&c);
    txn_abort(c.index);
    txn_abort(c.records);
    return e;
}

/* Removing must be possible on a full disk: the reserve is for that. */
static bool only_removes(const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        switch (batch->ops[i].kind) {
        case OP_ERASE:
        case OP_UNFOLLOW:
        case OP_UNWANT:
        case OP_FORGET_PEER:
        case OP_TRIM:
        case OP_FORGET_OVER:
        case OP_SETTLE:
        case OP_LAW:
        case OP_UNLAW:
        case OP_FORGET:
        case OP_UNLEASE:
        case OP_LEASE_UNLIST:
        case OP_BLOB_RELEASE:
        case OP_KEEP_PIN: /* to let go of it goes with saying so */
        case OP_KEEP_COLLECT:
        case OP_KEEP_COLLECT_PART:
        case OP_KEEP_EVICT:
        case OP_KEEP_ORPHAN:
            break;
        default:
            return false;
        }
    }
    return true;
}

/* What is told as done should be seen, too; if not now, then soon. */
static void try_to_catch_up(struct store *store)
{
    for (unsigned i = 0; store->is_behind && i < CATCH_UP_TRIES; i++) {
        if (store_catch_up(store) == ERR_OK || store_failed(store))
            return;
    }
}

enum err store_apply(struct store *store, struct store_batch *batch)
{
    enum err e;

    if (store_failed(store))
        return ERR_IO;
    if (!blob_file_has_room(store, 0) && !only_removes(batch))
        return ERR_NO_SPACE;
    e = apply_once(store, batch);
    for (unsigned i = 0; e == ERR_NO_SPACE && i < GROW_MAX; i++) {
        if (!env_map_full(store->records) && !env_map_full(store->index))
            break;
        e = store_grow(store);
        if (e == ERR_OK)
            e = apply_once(store, batch);
    }
    try_to_catch_up(store);
    for (size_t i = 0; e == ERR_OK && i < batch->count; i++) {
        blob_rows_after(store, &batch->ops[i]);
        keep_after(store, &batch->ops[i]);
    }
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}
