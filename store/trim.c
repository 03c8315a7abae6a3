/*
 * What does not stay: records over the budget of their author (§5.8), and what
 * is too old for the call board or in no topic that is held any more.
 *
 * A row of `budget` stands for each record that counts against a budget, those
 * held apart from those over it, in the order of the rule: so a decision looks
 * at one author's one day.
 */
#include <assert.h>
#include <string.h>

#include "proto/kind.h"
#include "store/internal.h"
#include "store/tree.h"
#include "store/tree_cache.h"

/* Entries that one operation goes through. */
enum { TRIM_STEP = 256 };

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

static bool is_identity(const struct record *r)
{
    return r->kind == KIND_DEVICE_REVOKE || r->kind == KIND_SUCCESSION;
}

/* ---- Rows of the budget ------------------------------------------------- */

/* Bytes that a record counts for, as its head says, erased or not. */
static uint32_t bytes_of(const struct record *r)
{
    return (uint32_t)r->head.len + r->body_len;
}

static const uint8_t *topic_of(const struct store *store,
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

/* All of that author's that are held, or over: 8 bytes keep keys even. */
static struct key side_key(const uint8_t topic[ID_LEN],
                           const uint8_t author[ID_LEN], bool is_over)
{
    struct key key = author_key(topic, author);

    key_add_u64(&key, is_over ? 1 : 0);
    return key;
}

static struct key day_key(const uint8_t topic[ID_LEN],
                          const uint8_t author[ID_LEN], bool is_over,
                          uint64_t created_ms)
{
    struct key key = side_key(topic, author, is_over);

    key_add_u64(&key, created_ms / DAY_MS);
    return key;
}

static struct key row_key(const struct store *store,
                          const struct row_record *row)
{
    const struct record *r = &row->record;
    struct key key =
        day_key(topic_of(store, row), r->author, !row->held, r->created_ms);

    key_add_id(&key, r->id);
    return key;
}

/* What the table's key and value say. */
struct charged {
    uint64_t day;
    uint8_t id[ID_LEN];
    uint64_t seq;
    uint64_t bytes;
};

static enum err read_charged(struct charged *out, struct bytes at,
                             struct bytes value)
{
    struct reader k = reader_of(at);
    struct reader v = reader_of(value);
    struct charged row;

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

enum err trim_enter(const struct store *store, struct txn *index, uint64_t seq,
                    const struct row_record *row)
{
    struct key value = key_of_u64(seq);
    struct key key;
    enum err e;

    if (row->account == STORE_ACCOUNT_NONE)
        return ERR_OK;
    key = row_key(store, row);
    key_add_u64(&value, bytes_of(&row->record));
    e = txn_put(index, I_BUDGET, key_view(&key), key_view(&value));
    if (e == ERR_OK && !row->held)
        e = count_over(index, topic_of(store, row), true);
    return e;
}

enum err trim_leave(const struct store *store, struct txn *index,
                    const struct row_record *row)
{
    struct key key;
    enum err e;

    if (row->account == STORE_ACCOUNT_NONE)
        return ERR_OK;
    key = row_key(store, row);
    e = txn_delete(index, I_BUDGET, key_view(&key));
    if (e == ERR_OK && !row->held)
        e = count_over(index, topic_of(store, row), false);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/* ---- One author's one day ------------------------------------------------ */

/*
 * A walk over the held rows under `prefix`, some at a time: what is written
 * meanwhile must not move the cursor.
 */
struct page {
    struct charged rows[TRIM_STEP];
    size_t count;
};

/* The first rows under `prefix` from `from` on. */
static enum err read_page(struct txn *index, const struct key *prefix,
                          const struct key *from, struct page *out)
{
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    enum err e = cursor_open(&cursor, index, I_BUDGET);

    if (e != ERR_OK)
        return e;
    out->count = 0;
    while (out->count < TRIM_STEP) {
        e = cursor_move(cursor, step, key_view(from), &at, &value);
        if (e != ERR_OK || !key_has_prefix(at, key_view(prefix)))
            break;
        e = read_charged(&out->rows[out->count], at, value);
        if (e != ERR_OK)
            break;
        out->count++;
        step = CURSOR_NEXT;
    }
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The smallest id of the day that is over, but for `except`. */
static enum err smallest_over(struct txn *index, const struct key *prefix,
                              const uint8_t *except, uint8_t out[ID_LEN],
                              bool *found)
{
    struct cursor *cursor;
    struct charged row;
    struct bytes at;
    struct bytes value;
    enum cursor_step step = CURSOR_AT_OR_AFTER;
    enum err e = cursor_open(&cursor, index, I_BUDGET);

    *found = false;
    if (e != ERR_OK)
        return e;
    while (!*found) { /* at most one is the exception */
        e = cursor_move(cursor, step, key_view(prefix), &at, &value);
        if (e != ERR_OK || !key_has_prefix(at, key_view(prefix)))
            break;
        e = read_charged(&row, at, value);
        if (e != ERR_OK)
            break;
        step = CURSOR_NEXT;
        *found = except == NULL || memcmp(row.id, except, ID_LEN) != 0;
    }
    cursor_close(cursor);
    if (*found)
        memcpy(out, row.id, ID_LEN);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The rule of §5.8, going through a day in the order of its ids. */
struct day {
    struct change *c;
    const struct budget *budget;
    struct budget_walk walk;
    bool has_over;
    uint8_t over[ID_LEN]; /* from here on nothing is kept */
    bool or_nothing;      /* nobody goes for the newcomer */
    uint64_t demoted;
};

static bool day_keeps(struct day *d, const uint8_t id[ID_LEN], uint64_t bytes)
{
    if (d->has_over && memcmp(id, d->over, ID_LEN) > 0)
        return false;
    return budget_keep(&d->walk, d->budget, bytes);
}

/*
 * Goes on over the held rows of the page and the newcomer, which stands among
 * them by its id; NULL if there is none (any more).
 */
static enum err day_page(struct day *d, const struct page *page,
                         const struct record **newcomer, bool *is_kept)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct charged *row = &page->rows[i];
        enum err e;

        if (*newcomer != NULL && memcmp((*newcomer)->id, row->id, ID_LEN) < 0) {
            *is_kept = day_keeps(d, (*newcomer)->id, bytes_of(*newcomer));
            *newcomer = NULL;
        }
        if (day_keeps(d, row->id, row->bytes))
            continue;
        if (d->or_nothing) {
            *is_kept = false;
            *newcomer = NULL;
            return ERR_OK;
        }
        if (d->demoted == TRIM_STEP)
            return ERR_OK; /* the others go next time */
        e = apply_demote(d->c, row->seq);
        if (e != ERR_OK)
            return e;
        d->demoted++;
    }
    return ERR_OK;
}

/* The whole day, with a newcomer or (NULL) without. */
static enum err settle_day(struct day *d, const struct key *held,
                           const struct record *newcomer, bool *is_kept)
{
    struct key from = *held;
    struct page page;
    enum err e;

    do {
        e = read_page(d->c->index, held, &from, &page);
        if (e == ERR_OK)
            e = day_page(d, &page, &newcomer, is_kept);
        if (e != ERR_OK)
            return e;
        if (page.count > 0) {
            from = *held;
            key_add_id(&from, page.rows[page.count - 1].id);
            key_add_u64(&from, 0); /* just after it */
        }
    } while (page.count == TRIM_STEP && d->demoted < TRIM_STEP &&
             !(d->or_nothing && !*is_kept));
    if (newcomer != NULL)
        *is_kept = day_keeps(d, newcomer->id, bytes_of(newcomer));
    return ERR_OK;
}

enum err trim_decide(struct change *c, const struct budget *budget,
                     bool or_nothing, struct row_record *row, uint64_t *demoted)
{
    const struct record *r = &row->record;
    const uint8_t *topic = topic_of(c->store, row);
    struct key held = day_key(topic, r->author, false, r->created_ms);
    struct key over = day_key(topic, r->author, true, r->created_ms);
    struct day day = { .c = c, .budget = budget, .or_nothing = or_nothing };
    bool is_kept = true;
    enum err e;

    *demoted = 0;
    if (budget_is_free(budget))
        return ERR_OK;
    e = smallest_over(c->index, &over, r->id, day.over, &day.has_over);
    if (e == ERR_OK && budget->records == 0)
        is_kept = false; /* nobody new; those that are here may stay */
    else if (e == ERR_OK)
        e = settle_day(&day, &held, r, &is_kept);
    *demoted = day.demoted;
    if (e != ERR_OK || is_kept)
        return e;
    row->held = false;
    row->record.body = (struct bytes){ NULL, 0 };
    return ERR_OK;
}

/* ---- Operations on an author's whole budget ----------------------------- */

/* Demotes what is over in the next day that has held rows. */
static enum err settle(struct change *c, struct op *op)
{
    struct key prefix = side_key(op->topic, op->blob.root, false);
    struct key over = side_key(op->topic, op->blob.root, true);
    struct key held = prefix;
    struct day day = { .c = c, .budget = &op->row.budget };
    struct page page;
    uint64_t at;
    bool ignored;
    enum err e;

    key_add_u64(&held, op->number); /* the day to begin with */
    e = read_page(c->index, &prefix, &held, &page);
    if (e != ERR_OK || page.count == 0)
        return e;
    at = page.rows[0].day;
    held = prefix;
    key_add_u64(&held, at);
    key_add_u64(&over, at);
    e = smallest_over(c->index, &over, NULL, day.over, &day.has_over);
    if (e == ERR_OK)
        e = settle_day(&day, &held, NULL, &ignored);
    op->result.removed = day.demoted;
    op->result.is_more = true; /* until there is no day any more */
    op->result.at.created_ms =
        (day.demoted == TRIM_STEP ? at : at + 1) * DAY_MS;
    return e;
}

static enum err forget_over(struct change *c, struct op *op)
{
    struct key prefix = side_key(op->topic, op->blob.root, true);
    struct page page;
    enum err e = read_page(c->index, &prefix, &prefix, &page);

    for (size_t i = 0; e == ERR_OK && i < page.count; i++) {
        uint8_t buf[APPLY_ROW_MAX];
        struct row_record row;

        e = apply_copy_row(c, page.rows[i].seq, buf, &row);
        if (e != ERR_OK || is_identity(&row.record))
            continue;
        e = apply_remove(c, page.rows[i].seq, &row);
        op->result.removed++;
    }
    op->result.is_more = page.count == TRIM_STEP && op->result.removed > 0;
    return e;
}

/* ---- Windows ------------------------------------------------------------ */

static enum err is_followed(struct change *c, const uint8_t topic[ID_LEN],
                            bool *out)
{
    struct key key = key_of_id(topic);
    struct bytes value;
    enum err e = txn_get(c->records, T_FOLLOWS, key_view(&key), &value);

    *out = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What stays in the store whatever topics are held. */
static bool is_own(const struct store_trim *trim, const struct record *r)
{
    return is_identity(r) || memcmp(r->author, trim->own, ID_LEN) == 0 ||
           memcmp(r->topic, trim->own, ID_LEN) == 0;
}

/* Whether the object whose first record is `first` has a version since then. */
static enum err has_version(struct change *c, const uint8_t first[ID_LEN],
                            uint64_t since_ms, bool *out)
{
    struct key prefix = key_of_id(first);
    struct key from;
    struct cursor *cursor;
    struct bytes at;
    struct bytes value;
    enum err e = cursor_open(&cursor, c->index, I_LINK);

    if (e != ERR_OK)
        return e;
    key_add_u64(&prefix, RELATION_REVISES);
    from = prefix;
    key_add_u64(&from, since_ms);
    e = cursor_move(cursor, CURSOR_AT_OR_AFTER, key_view(&from), &at, &value);
    *out = e == ERR_OK && key_has_prefix(at, key_view(&prefix));
    cursor_close(cursor);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Whether the topic has anything since then; read_entries() has flushed. */
static enum err has_newer(struct change *c, const uint8_t topic[ID_LEN],
                          uint64_t since_ms, bool *out)
{
    struct record_range range = { .lo = record_key_at(since_ms),
                                  .hi = record_key_at(RECORD_TIME_MAX_MS) };
    struct tree_walk walk;
    struct tree_entry entry;
    enum err e;

    tree_walk_begin(&walk, c->index, topic, &range, false);
    e = tree_walk_next(&walk, &entry);
    *out = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* §5.8: what the call board still has cannot be judged without it. */
static enum err is_needed(struct change *c, const struct store_trim *trim,
                          const struct record *r, bool *out)
{
    enum err e;

    *out = false;
    if (!index_is_anchor(r))
        return ERR_OK;
    e = has_version(c, r->id, trim->before_ms, out);
    if (e == ERR_OK && !*out && (r->founds_topic || r->kind == KIND_PROJECT))
        e = has_newer(c, r->topic, trim->before_ms, out);
    return e;
}

/*
 * Whether the record stays in the store: it is the owner's, another topic that
 * is held has it, or what stays needs it.
 */
static enum err find_stays(struct change *c, const struct store_trim *trim,
                           const struct record *r, bool is_board, bool *out)
{
    const uint8_t *board = c->store->options.board;
    struct record_key key = { .created_ms = r->created_ms };
    struct tree_entry entry;
    enum err e;

    *out = is_own(trim, r);
    if (*out)
        return ERR_OK;
    if (is_board) {
        e = is_followed(c, r->topic, out);
        return e == ERR_OK && !*out ? is_needed(c, trim, r, out) : e;
    }
    memcpy(key.id, r->id, ID_LEN);
    e = tree_find(c->index, board, &key, &entry);
    *out = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* One entry of a topic's set. */
struct entry {
    struct record_key key;
    uint64_t seq;
    bool stays;
};

/* What batches before this one did is in the transaction after a flush. */
static enum err read_entries(struct change *c, const struct store_trim *trim,
                             struct entry out[TRIM_STEP], size_t *n)
{
    struct record_range range = { .lo = trim->from,
                                  .hi = record_key_at(trim->before_ms) };
    struct tree_walk walk;
    struct tree_entry entry;
    enum err e = tree_cache_flush(c->store->trees);

    *n = 0;
    if (e != ERR_OK)
        return e;
    tree_walk_begin(&walk, c->index, trim->topic, &range, false);
    while (*n < TRIM_STEP) {
        e = tree_walk_next(&walk, &entry);
        if (e != ERR_OK)
            break;
        out[*n].key = entry.key;
        out[(*n)++].seq = entry.seq;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Looks before anything changes. */
static enum err judge_entries(struct change *c, const struct store_trim *trim,
                              bool is_board, struct entry *entries, size_t n)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        uint8_t buf[APPLY_ROW_MAX];
        struct row_record row;

        e = apply_copy_row(c, entries[i].seq, buf, &row);
        if (e == ERR_OK)
            e = find_stays(c, trim, &row.record, is_board, &entries[i].stays);
    }
    return e;
}

static enum err remove_entry(struct change *c, const struct store_trim *trim,
                             bool is_board, const struct entry *entry,
                             bool *removed)
{
    uint8_t buf[APPLY_ROW_MAX];
    struct row_record row;
    enum err e = apply_copy_row(c, entry->seq, buf, &row);

    if (e != ERR_OK)
        return e;
    /* What may be needed remains listed, to be looked at by the next cut. */
    is_board = is_board && !index_is_anchor(&row.record);
    *removed = !entry->stays || is_board;
    if (!entry->stays)
        return apply_remove(c, entry->seq, &row);
    if (is_board) {
        c->totals.changes++; /* an index without this would be another */
        e = index_leave(c->store, c->index, trim->topic, entry->seq, &row);
    }
    return e;
}

/* From now on the board has nothing older. */
static enum err cut_board(struct change *c, uint64_t before_ms)
{
    struct key value = key_of_u64(before_ms);

    if (before_ms <= c->store->board_from_ms)
        return ERR_OK;
    c->store->board_from_ms = before_ms;
    return txn_put(c->records, T_META, BYTES_LITERAL("board_from"),
                   key_view(&value));
}

static enum err trim(struct change *c, struct op *op)
{
    const struct store_trim *t = &op->row.trim;
    bool is_board = memcmp(t->topic, c->store->options.board, ID_LEN) == 0;
    struct entry entries[TRIM_STEP];
    size_t n = 0;
    enum err e = ERR_OK;

    if (is_board)
        e = cut_board(c, t->before_ms);
    if (e == ERR_OK)
        e = read_entries(c, t, entries, &n);
    if (e == ERR_OK)
        e = judge_entries(c, t, is_board, entries, n);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        bool removed;

        e = remove_entry(c, t, is_board, &entries[i], &removed);
        op->result.removed += removed ? 1 : 0;
    }
    if (e != ERR_OK)
        return e;
    if (n > 0)
        op->result.at = record_key_after(&entries[n - 1].key);
    op->result.is_more = n == TRIM_STEP;
    return ERR_OK;
}

enum err trim_apply(struct change *c, struct op *op)
{
    switch (op->kind) {
    case OP_TRIM:
        return trim(c, op);
    case OP_FORGET_OVER:
        return forget_over(c, op);
    default:
        assert(op->kind == OP_SETTLE);
        return settle(c, op);
    }
}

enum err trim_open(struct store *store)
{
    struct bytes value;
    struct txn *txn;
    uint64_t from_ms = 0;
    enum err e = txn_begin(&txn, store->records, false);

    if (e != ERR_OK)
        return e;
    e = txn_get(txn, T_META, BYTES_LITERAL("board_from"), &value);
    if (e == ERR_OK)
        e = row_number_read(&from_ms, value);
    store->board_from_ms = from_ms;
    txn_abort(txn);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- Asking for it ------------------------------------------------------ */

enum err store_batch_trim(struct store_batch *batch,
                          const struct store_trim *trim)
{
    struct op *op;
    enum err e = batch_add(batch, &op, OP_TRIM, NOTHING, NOTHING);

    if (e == ERR_OK)
        op->row.trim = *trim;
    return e;
}

static enum err add_author_op(struct store_batch *batch, struct op **out,
                              enum op_kind kind, const uint8_t topic[ID_LEN],
                              const uint8_t author[ID_LEN])
{
    enum err e = batch_add(batch, out, kind, NOTHING, NOTHING);

    if (e != ERR_OK)
        return e;
    memcpy((*out)->topic, topic, ID_LEN);
    memcpy((*out)->blob.root, author, ID_LEN);
    return ERR_OK;
}

enum err store_batch_forget_over(struct store_batch *batch,
                                 const uint8_t topic[ID_LEN],
                                 const uint8_t author[ID_LEN])
{
    struct op *op;

    return add_author_op(batch, &op, OP_FORGET_OVER, topic, author);
}

enum err store_batch_settle(struct store_batch *batch,
                            const uint8_t topic[ID_LEN],
                            const uint8_t author[ID_LEN],
                            const struct budget *budget, uint64_t from_ms)
{
    struct op *op;
    enum err e = add_author_op(batch, &op, OP_SETTLE, topic, author);

    if (e != ERR_OK)
        return e;
    op->row.budget = *budget;
    op->number = from_ms / DAY_MS;
    return ERR_OK;
}

/* ---- Reading ------------------------------------------------------------ */

enum err store_topic_over(struct store *store, const uint8_t topic[ID_LEN],
                          uint64_t *out)
{
    struct look *look;
    enum err e = store_look(store, &look);

    return e == ERR_OK ? read_over(look->index, topic, out) : e;
}

enum err store_board_from(struct store *store, uint64_t *out)
{
    struct look *look;
    struct bytes value;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = txn_get(look->records, T_META, BYTES_LITERAL("board_from"), &value);
    if (e == ERR_OK)
        return row_number_read(out, value);
    if (e != ERR_NOT_FOUND)
        return e;
    *out = 0;
    return ERR_OK;
}

/* The author at the cursor, and whether one of theirs is over. */
static enum err read_author(struct look *look, const uint8_t topic[ID_LEN],
                            struct bytes at, struct store_charged *out)
{
    struct page page;
    struct key over;
    enum err e;

    if (at.len < 2 * ID_LEN)
        return ERR_CORRUPT;
    memcpy(out->author, at.data + ID_LEN, ID_LEN);
    over = side_key(topic, out->author, true);
    e = read_page(look->index, &over, &over, &page);
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
