/* Reads of single records and rows, at the loop's look. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"
#include "store/tree.h"

/* ---- Records ---------------------------------------------------------- */

static enum err look_value(const struct look *look, uint64_t seq,
                           struct bytes *out)
{
    struct key key = key_of_u64(seq);

    if (seq == 0 || seq > look->applied)
        return ERR_NOT_FOUND;
    return txn_get(look->records, T_RECORDS, key_view(&key), out);
}

enum err look_record(const struct look *look, uint64_t seq,
                     struct row_record *out)
{
    struct bytes value;
    enum err e = look_value(look, seq, &value);

    return e == ERR_OK ? row_record_read(out, value) : e;
}

enum err look_record_known(const struct look *look, uint64_t seq,
                           const uint8_t id[ID_LEN], struct row_record *out)
{
    struct bytes value;
    enum err e = look_value(look, seq, &value);

    return e == ERR_OK ? row_record_read_known(out, value, id) : e;
}

void item_of(struct store_item *out, uint64_t seq, const struct row_record *row)
{
    const struct record *r = &row->record;

    memset(out, 0, sizeof *out);
    out->seq = seq;
    memcpy(out->id, r->id, ID_LEN);
    out->kind = r->kind;
    memcpy(out->author, r->author, ID_LEN);
    memcpy(out->topic, r->topic, ID_LEN);
    out->created_ms = r->created_ms;
    out->received_ms = row->received_ms;
    out->flags = r->flags;
    out->presence = row->held ? RECORD_HELD : RECORD_NOT_KEPT;
    out->has_body = r->body.data != NULL;
}

enum err look_find(const struct look *look, const uint8_t id[ID_LEN],
                   uint64_t *seq, struct row_record *out)
{
    struct key key = key_of_id(id);
    struct bytes value;
    enum err e = txn_get(look->index, I_IDS, key_view(&key), &value);

    if (e == ERR_OK)
        e = row_number_read(seq, value);
    return e == ERR_OK ? look_record_known(look, *seq, id, out) : e;
}

bool store_knows(struct store *store, const uint8_t id[ID_LEN])
{
    struct key key = key_of_id(id);
    struct bytes value;
    struct look *look;

    return store_look(store, &look) != ERR_OK ||
           txn_get(look->index, I_IDS, key_view(&key), &value) != ERR_NOT_FOUND;
}

enum err store_find(struct store *store, const uint8_t id[ID_LEN],
                    struct store_item *out)
{
    struct look *look;
    struct row_record row;
    uint64_t seq;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_find(look, id, &seq, &row);
    if (e == ERR_OK)
        item_of(out, seq, &row);
    return e;
}

enum err store_find_seq(struct store *store, uint64_t seq,
                        struct store_item *out)
{
    struct look *look;
    struct row_record row;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_record(look, seq, &row);
    if (e == ERR_OK)
        item_of(out, seq, &row);
    return e;
}

static enum err certificate(const struct look *look,
                            const uint8_t person[ID_LEN],
                            const uint8_t signer[KEY_LEN], struct bytes *out)
{
    struct key key = key_of_id(person);

    key_add_id(&key, signer);
    return txn_get(look->records, T_CERTIFICATES, key_view(&key), out);
}

enum err look_join(const struct look *look, const struct row_record *row,
                   bool with_certificate, struct writer *w)
{
    const struct record *r = &row->record;
    struct bytes proof = { NULL, 0 };
    enum err e = ERR_OK;

    if (!row->held)
        return ERR_NOT_HELD;
    if (with_certificate)
        e = certificate(look, r->author, r->signer, &proof);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    record_join(w, r->head, r->body, r->signature, proof);
    return w->err;
}

static enum err read_row(struct look *look, const struct row_record *row,
                         uint64_t seq, bool with_certificate, struct writer *w,
                         struct store_item *item)
{
    enum err e = look_join(look, row, with_certificate, w);

    if (e == ERR_OK && item != NULL)
        item_of(item, seq, row);
    return e;
}

enum err store_read(struct store *store, const uint8_t id[ID_LEN],
                    bool with_certificate, struct writer *w,
                    struct store_item *item)
{
    struct look *look;
    struct row_record row;
    uint64_t seq;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_find(look, id, &seq, &row);
    if (e != ERR_OK)
        return e;
    return read_row(look, &row, seq, with_certificate, w, item);
}

enum err store_read_seq(struct store *store, uint64_t seq,
                        bool with_certificate, struct writer *w,
                        struct store_item *item)
{
    struct look *look;
    struct row_record row;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_record(look, seq, &row);
    if (e != ERR_OK)
        return e;
    return read_row(look, &row, seq, with_certificate, w, item);
}

enum err store_read_head_seq(struct store *store, uint64_t seq,
                             struct writer *w)
{
    const struct bytes none = { NULL, 0 };
    struct look *look;
    struct row_record row;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_record(look, seq, &row);
    if (e != ERR_OK)
        return e;
    record_join(w, row.record.head, none, row.record.signature, none);
    return w->err;
}

enum err store_certificate(struct store *store, const uint8_t person[ID_LEN],
                           const uint8_t signer[KEY_LEN], struct writer *w)
{
    struct look *look;
    struct bytes value;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = certificate(look, person, signer, &value);
    if (e != ERR_OK)
        return e;
    writer_bytes(w, value);
    return w->err;
}

/* ---- Prefixes --------------------------------------------------------- */

/* The smallest and the largest id that begin with the digits. */
static enum err prefix_bounds(const char *hex, size_t len, uint8_t lo[ID_LEN],
                              uint8_t hi[ID_LEN])
{
    char first[2 * ID_LEN];
    char last[2 * ID_LEN];
    enum err e;

    if (len == 0 || len > sizeof first)
        return ERR_MALFORMED;
    memset(first, '0', sizeof first);
    memcpy(first, hex, len);
    memset(last, 'f', sizeof last);
    memcpy(last, hex, len);
    e = hex_decode(lo, ID_LEN, first, sizeof first);
    return e == ERR_OK ? hex_decode(hi, ID_LEN, last, sizeof last) : e;
}

/* The one id in [lo, hi] with which keys of the table begin. */
static enum err only_id(struct txn *txn, unsigned table,
                        const uint8_t lo[ID_LEN], const uint8_t hi[ID_LEN],
                        uint8_t out[ID_LEN])
{
    struct key from = key_of_id(lo);
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum err e = cursor_open(&cursor, txn, table);

    if (e != ERR_OK)
        return e;
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    if (e == ERR_OK && at.len < ID_LEN)
        e = ERR_CORRUPT;
    if (e == ERR_OK && memcmp(at.data, hi, ID_LEN) > 0)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        goto close_cursor;
    memcpy(out, at.data, ID_LEN);
    from = key_of_id(out);
    if (!key_after_prefix(&from))
        goto close_cursor; /* the largest id there can be */
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    if (e == ERR_OK && at.len >= ID_LEN && memcmp(at.data, hi, ID_LEN) <= 0)
        e = ERR_AMBIGUOUS;
    else if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = ERR_OK;
close_cursor:
    cursor_close(cursor);
    return e;
}

enum err store_resolve(struct store *store, const char *hex, size_t len,
                       uint8_t out[ID_LEN])
{
    uint8_t lo[ID_LEN];
    uint8_t hi[ID_LEN];
    uint8_t id[ID_LEN];
    struct store_item item;
    struct look *look;
    enum err e = prefix_bounds(hex, len, lo, hi);

    if (e == ERR_OK)
        e = store_look(store, &look);
    if (e == ERR_OK)
        e = only_id(look->index, I_IDS, lo, hi, id);
    if (e == ERR_OK)
        e = store_find(store, id, &item); /* is it there at this moment? */
    if (e == ERR_OK)
        memcpy(out, id, ID_LEN);
    return e;
}

enum err store_resolve_author(struct store *store, const char *hex, size_t len,
                              uint8_t out[ID_LEN])
{
    uint8_t lo[ID_LEN];
    uint8_t hi[ID_LEN];
    uint8_t id[ID_LEN];
    struct look *look;
    enum err e = prefix_bounds(hex, len, lo, hi);

    if (e == ERR_OK)
        e = store_look(store, &look);
    if (e == ERR_OK)
        e = only_id(look->index, I_AUTHOR, lo, hi, id);
    if (e == ERR_OK)
        memcpy(out, id, ID_LEN);
    return e;
}

/* ---- Sizes ------------------------------------------------------------ */

enum err store_topic_size(struct store *store, const uint8_t topic[ID_LEN],
                          struct store_topic_size *out)
{
    return store_range_size(store, topic, 0, UINT64_MAX, out);
}

enum err store_range_size(struct store *store, const uint8_t topic[ID_LEN],
                          uint64_t from_ms, uint64_t until_ms,
                          struct store_topic_size *out)
{
    struct record_range range = { record_key_at(from_ms),
                                  record_key_at(until_ms) };
    struct tree_sum sum;
    struct look *look;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = tree_size(look->index, topic, &range, &sum);
    if (e != ERR_OK)
        return e;
    out->count = sum.records.count;
    out->bytes = sum.bytes;
    return ERR_OK;
}

enum err store_totals(struct store *store, struct store_totals *out)
{
    struct row_totals totals;
    struct look *look;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = store_totals_read(look->records, &totals);
    if (e != ERR_OK)
        return e;
    out->records = totals.records;
    out->bytes = totals.bytes;
    out->known = totals.known;
    out->last_seq = look->applied;
    out->blobs = totals.blobs;
    out->blob_bytes = totals.blob_bytes;
    out->part_bytes = totals.part_bytes;
    out->changes = totals.changes;
    return ERR_OK;
}

enum err store_totals_read(struct txn *records, struct row_totals *out)
{
    struct bytes value;
    enum err e = txn_get(records, T_META, BYTES_LITERAL("totals"), &value);

    if (e == ERR_NOT_FOUND) {
        memset(out, 0, sizeof *out);
        return ERR_OK;
    }
    return e == ERR_OK ? row_totals_read(out, value) : e;
}
