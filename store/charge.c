/*
 * Rows of `budget`: what counts against whose budget, and what of it is over.
 */
#include <string.h>

#include "store/charge.h"
#include "store/page.h"

/* ---- Keys and values ---------------------------------------------------- */

uint32_t charge_bytes(const struct record *r)
{
    return (uint32_t)r->head.len + r->body_len;
}

const uint8_t *charge_topic(const struct store *store,
                            const struct row_record *row)
{
    return row->account == STORE_ACCOUNT_BOARD ? store->options.board
                                               : row->record.topic;
}

static struct key author_key(const uint8_t topic[ID_LEN],
                             const uint8_t author[ID_LEN])
{
    struct key key = key_of_id(topic);

    key_add_id(&key, author);
    return key;
}

struct key charge_side_key(const uint8_t topic[ID_LEN],
                           const uint8_t author[ID_LEN], bool is_over)
{
    struct key key = author_key(topic, author);

    key_add_u64(&key, is_over ? 1 : 0); /* 8 bytes keep keys even */
    return key;
}

struct key charge_day_key(const uint8_t topic[ID_LEN],
                          const uint8_t author[ID_LEN], bool is_over,
                          uint64_t created_ms)
{
    struct key key = charge_side_key(topic, author, is_over);

    key_add_u64(&key, created_ms / DAY_MS);
    return key;
}

static struct key row_key(const struct store *store,
                          const struct row_record *row)
{
    const struct record *r = &row->record;
    struct key key = charge_day_key(charge_topic(store, row), r->author,
                                    !row->held, r->created_ms);

    key_add_id(&key, r->id);
    return key;
}

static enum err read_charged(struct charge *out, struct bytes at,
                             struct bytes value)
{
    struct reader k = reader_of(at);
    struct reader v = reader_of(value);
    struct charge row;

    (void)reader_bytes(&k, 2 * ID_LEN + 8);
    row.day = reader_u64(&k);
    reader_copy(&k, row.id, ID_LEN);
    row.seq = reader_u64(&v);
    row.bytes = reader_u64(&v);
    if (reader_finish(&k) != ERR_OK || reader_finish(&v) != ERR_OK)
        return ERR_CORRUPT;
    *out = row;
    return ERR_OK;
}

/* ---- Rows come and go --------------------------------------------------- */

/* How many of the topic are over: a row of its own, by the topic alone. */
static enum err read_over(struct txn *index, const uint8_t topic[ID_LEN],
                          uint64_t *out)
{
    struct key key = key_of_id(topic);
    struct bytes value;
    enum err e = txn_get(index, I_BUDGET, key_view(&key), &value);

    if (e == ERR_NOT_FOUND) {
        *out = 0;
        return ERR_OK;
    }
    return e == ERR_OK ? row_number_read(out, value) : e;
}

static enum err count_over(struct txn *index, const uint8_t topic[ID_LEN],
                           bool comes)
{
    struct key key = key_of_id(topic);
    struct key value;
    uint64_t over;
    enum err e = read_over(index, topic, &over);

    if (e != ERR_OK)
        return e;
    if (!comes && over == 0)
        return ERR_CORRUPT;
    value = key_of_u64(comes ? over + 1 : over - 1);
    return txn_put(index, I_BUDGET, key_view(&key), key_view(&value));
}

enum err charge_enter(const struct store *store, struct txn *index,
                      uint64_t seq, const struct row_record *row)
{
    struct key value = key_of_u64(seq);
    struct key key;
    enum err e;

    if (row->account == STORE_ACCOUNT_NONE)
        return ERR_OK;
    key = row_key(store, row);
    key_add_u64(&value, charge_bytes(&row->record));
    e = txn_put(index, I_BUDGET, key_view(&key), key_view(&value));
    if (e == ERR_OK && !row->held)
        e = count_over(index, charge_topic(store, row), true);
    return e;
}

enum err charge_leave(const struct store *store, struct txn *index,
                      const struct row_record *row)
{
    struct key key;
    enum err e;

    if (row->account == STORE_ACCOUNT_NONE)
        return ERR_OK;
    key = row_key(store, row);
    e = txn_delete(index, I_BUDGET, key_view(&key));
    if (e == ERR_OK && !row->held)
        e = count_over(index, charge_topic(store, row), false);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/* ---- Going through an author's rows ------------------------------------- */

static enum err read_charged_at(void *context, size_t at, struct bytes key,
                                struct bytes value)
{
    struct charge *rows = context;

    return read_charged(&rows[at], key, value);
}

enum err charge_page_read(struct txn *index, const struct key *prefix,
                          const struct key *from, struct charge_page *out)
{
    struct page page = { .txn = index,
                         .table = I_BUDGET,
                         .from = *from,
                         .until = *prefix,
                         .read = read_charged_at,
                         .context = out->rows };

    return page_read(&page, CHARGE_STEP, &out->count);
}

enum err charge_smallest_over(struct txn *index, const struct key *prefix,
                              const uint8_t *except, uint8_t out[ID_LEN],
                              bool *found)
{
    struct charge rows[2]; /* at most one is the exception */
    struct page page = { .txn = index,
                         .table = I_BUDGET,
                         .from = *prefix,
                         .until = *prefix,
                         .read = read_charged_at,
                         .context = rows };
    size_t n;
    enum err e = page_read(&page, 2, &n);

    *found = false;
    for (size_t i = 0; e == ERR_OK && i < n && !*found; i++) {
        if (except != NULL && memcmp(rows[i].id, except, ID_LEN) == 0)
            continue;
        memcpy(out, rows[i].id, ID_LEN);
        *found = true;
    }
    return e;
}

/* ---- Reading ------------------------------------------------------------ */

enum err store_topic_over(struct store *store, const uint8_t topic[ID_LEN],
                          uint64_t *out)
{
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? read_over(look->index, topic, out) : e;
}

/* The author at the cursor, and whether one of theirs is over. */
static enum err read_author(struct look *look, const uint8_t topic[ID_LEN],
                            struct bytes at, struct store_charged *out)
{
    struct charge_page page;
    struct key over;
    enum err e;

    if (at.len < 2 * ID_LEN)
        return ERR_CORRUPT;
    memcpy(out->author, at.data + ID_LEN, ID_LEN);
    over = charge_side_key(topic, out->author, true);
    e = charge_page_read(look->index, &over, &over, &page);
    out->has_over = page.count > 0;
    return e;
}

enum err store_charged_authors(struct store *store, const uint8_t topic[ID_LEN],
                               const uint8_t *after, struct store_charged *out,
                               size_t max, size_t *n)
{
    struct key prefix = key_of_id(topic);
    struct key from = after == NULL ? prefix : author_key(topic, after);
    struct cursor *cursor;
    struct look *look;
    struct bytes at;
    struct bytes value;
    size_t count = 0;
    enum err e = store_look(store, &look);

    if (e != ERR_OK)
        return e;
    if (after == NULL)
        key_add_u64(&from, 0); /* past the row of the topic alone */
    else if (!key_after_prefix(&from))
        from.len = 0;
    e = cursor_open(&cursor, look->index, I_BUDGET);
    if (e != ERR_OK)
        return e;
    while (count < max && from.len > 0) {
        e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at,
                        &value);
        if (e != ERR_OK || !key_has_prefix(at, key_view(&prefix)))
            break;
        e = read_author(look, topic, at, &out[count]);
        if (e != ERR_OK)
            break;
        from = author_key(topic, out[count++].author);
        if (!key_after_prefix(&from))
            break;
    }
    cursor_close(cursor);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *n = count;
    return ERR_OK;
}
