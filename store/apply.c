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

/* ---- The operations --------------------------------------------------- */

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
        return apply_put_record(c, op, forbidden);
    case OP_ERASE:
        return apply_erase(c, op);
    case OP_FOLLOW:
    case OP_WANT:
    case OP_PEER:
        return apply_row(c, op);
    case OP_UNFOLLOW:
    case OP_UNWANT:
    case OP_FORGET_PEER:
    case OP_META:
        return may_be_absent(op, apply_row(c, op));
    case OP_LAW:
    case OP_UNLAW:
        return may_be_absent(op, law_apply(c, op));
    case OP_FORGET:
        return may_be_absent(op, apply_forget(c, op));
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
