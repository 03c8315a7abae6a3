/*
 * What does not stay because of its age or its topic: what is too old for the
 * call board, and what is in no topic that is held any more.  What is over a
 * budget is settled in settle.c.
 */
#include <assert.h>
#include <string.h>

#include "proto/kind.h"
#include "store/internal.h"
#include "store/page.h"
#include "store/tree.h"
#include "store/tree_cache.h"

/* Entries that one operation goes through. */
enum { TRIM_STEP = 256 };

static const struct bytes NOTHING = { (const uint8_t *)"", 0 };

/* ---- What stays --------------------------------------------------------- */

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
    return index_identity_kind(r->kind) ||
           memcmp(r->author, trim->own, ID_LEN) == 0 ||
           memcmp(r->topic, trim->own, ID_LEN) == 0;
}

/* Whether the object whose first record is `first` has a version since then. */
static enum err has_version(struct change *c, const uint8_t first[ID_LEN],
                            uint64_t since_ms, bool *out)
{
    struct page page = { .txn = c->index,
                         .table = I_LINK,
                         .until = key_of_id(first) };
    size_t n;
    enum err e;

    key_add_u64(&page.until, RELATION_REVISES);
    page.from = page.until;
    key_add_u64(&page.from, since_ms);
    e = page_read(&page, 1, &n);
    if (e == ERR_OK)
        *out = n > 0;
    return e;
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

/* ---- A topic's set, some at a time --------------------------------------- */

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

enum err trim_apply(struct change *c, struct op *op)
{
    const struct store_trim *t = &op->row.trim;
    bool is_board = memcmp(t->topic, c->store->options.board, ID_LEN) == 0;
    struct entry entries[TRIM_STEP];
    size_t n = 0;
    enum err e = ERR_OK;

    assert(op->kind == OP_TRIM);
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

/* ---- The cut of the call board ------------------------------------------ */

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
