/* Operations on the daemon's own rows, which rows.c reads. */
#include <assert.h>

#include "store/internal.h"
#include "store/want_last.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

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

/* ERR_NOT_FOUND if there is none. */
static enum err remove_want(struct change *c, const struct store_want *want)
{
    struct key key = rows_want_key(want->topic, &want->blob);
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

enum err apply_unwant(struct change *c, const struct store_want *want)
{
    enum err e = remove_want(c, want);

    return e == ERR_OK ? want_last_remove(c, want->topic, &want->blob) : e;
}

static enum err put_want(struct change *c, const struct store_want *want)
{
    uint8_t buf[64];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct key key = rows_want_key(want->topic, &want->blob);
    struct key due = rows_due_key(want);
    enum err e = remove_want(c, want);

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

enum err apply_row(struct change *c, const struct op *op)
{
    switch (op->kind) {
    case OP_FOLLOW:
        return put_follow(c, &op->row.follow);
    case OP_UNFOLLOW:
        return unfollow(c, op->topic);
    case OP_WANT:
        return put_want(c, &op->row.want);
    case OP_UNWANT:
        return apply_unwant(c, &op->row.want);
    case OP_PEER:
        return put_peer(c, &op->row.peer);
    case OP_FORGET_PEER:
        return delete_id(c, T_PEERS, op->topic);
    default:
        assert(op->kind == OP_META);
        return put_meta(c, op);
    }
}
