/*
 * Single rows of index.mdb: those whose key says it all, the numbers that
 * records go by, and how far the index has come.
 */
#include "store/index_step.h"

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* ---- Rows --------------------------------------------------------------- */

enum err index_step_put(const struct index_step *s, unsigned table,
                        const struct key *key)
{
    struct spool_row row;

    if (s->store->spool == NULL)
        return txn_put(s->index, table, key_view(key), NOTHING);
    row = spool_row_of(table, key);
    return spool_add(s->store->spool, &row);
}

enum err index_step_delete(const struct index_step *s, unsigned table,
                           const struct key *key)
{
    struct spool_row row;

    if (s->store->spool == NULL)
        return txn_delete(s->index, table, key_view(key));
    row = spool_row_of(table, key);
    row.gone = true;
    return spool_add(s->store->spool, &row);
}

enum err index_step_row(const struct index_step *s, uint64_t seq,
                        struct row_record *out)
{
    struct look look = { .records = s->records, .applied = UINT64_MAX };
    enum err e = look_record(&look, seq, out);

    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/* ---- Numbers of records ------------------------------------------------- */

enum err index_number(struct txn *index, const uint8_t id[ID_LEN],
                      uint64_t *seq)
{
    struct key key = key_of_id(id);
    struct key number = key_of_u64(*seq);
    struct bytes there;
    enum err e =
        txn_put_new(index, I_IDS, key_view(&key), key_view(&number), &there);
    enum err bad;

    if (e != ERR_EXISTS)
        return e;
    bad = row_number_read(seq, there);
    return bad == ERR_OK ? ERR_EXISTS : bad;
}

enum err index_forget(struct txn *index, const uint8_t id[ID_LEN])
{
    struct key key = key_of_id(id);

    return txn_delete(index, I_IDS, key_view(&key));
}

/* ---- How far it has come ------------------------------------------------ */

enum err index_applied(struct txn *index, uint64_t *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_META, BYTES_LITERAL("applied"), &value);

    if (e == ERR_NOT_FOUND) {
        *out = 0;
        return ERR_OK;
    }
    return e == ERR_OK ? row_number_read(out, value) : e;
}

enum err index_set_applied(struct txn *index, uint64_t seq)
{
    struct key value = key_of_u64(seq);

    return txn_put(index, I_META, BYTES_LITERAL("applied"), key_view(&value));
}

enum err index_changes(struct txn *index, uint64_t *out)
{
    struct bytes value;
    enum err e = txn_get(index, I_META, BYTES_LITERAL("changes"), &value);

    if (e == ERR_NOT_FOUND) {
        *out = 0;
        return ERR_OK;
    }
    return e == ERR_OK ? row_number_read(out, value) : e;
}

enum err index_set_changes(struct txn *index, uint64_t changes)
{
    struct key value = key_of_u64(changes);

    return txn_put(index, I_META, BYTES_LITERAL("changes"), key_view(&value));
}
