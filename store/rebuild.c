/*
 * An index that is made anew: the rows of all records are collected, sorted
 * and appended, and trees are built from below, so that neither the order in
 * which records came nor their number makes it slow.  It is marked until it is
 * done: who finds the mark begins again.
 */
#include <assert.h>
#include <string.h>

#include "store/internal.h"
#include "store/tree_build.h"

/* Records, or rows, of one transaction. */
#define RECORDS_STEP 10000
#define ROWS_STEP    100000

#define MARK BYTES_LITERAL("rebuilding")

struct rebuild {
    struct store *store;
    struct txn *records;
    uint64_t last;
    uint64_t changes;
    struct tree_build *build;
    bool has_topic; /* its tree is being built */
    uint8_t topic[ID_LEN];
    bool has_id; /* the last one that got its number */
    uint8_t id[ID_LEN];
};

/* Ends a transaction of the index, as well or as badly as it went. */
static enum err end(struct txn *index, enum err e)
{
    if (e == ERR_OK)
        return txn_commit(index);
    txn_abort(index);
    return e;
}

static void tell(const struct rebuild *r, uint64_t done, uint64_t total)
{
    const struct store_options *options = &r->store->options;

    /* Of the time, records take about half, and rows the rest. */
    if (options->progress != NULL)
        options->progress(options->progress_arg,
                          total == 0
                              ? done / 2
                              : r->last - (total - done) * r->last / total / 2,
                          r->last);
}

/* ---- Records ---------------------------------------------------------- */

static enum err collect_step(const struct rebuild *r, uint64_t from,
                             uint64_t to)
{
    struct txn *index;
    enum err e = txn_begin(&index, r->store->index, true);

    if (e != ERR_OK)
        return e;
    e = txn_put(index, I_META, MARK, BYTES_LITERAL("1"));
    if (e == ERR_OK)
        e = index_add_all(r->store, r->records, index, from, to);
    return end(index, e);
}

static enum err collect(const struct rebuild *r)
{
    enum err e = ERR_OK;

    for (uint64_t seq = 1; seq <= r->last && e == ERR_OK;) {
        uint64_t left = r->last - seq + 1;
        uint64_t n = left < RECORDS_STEP ? left : RECORDS_STEP;

        e = collect_step(r, seq, seq + n - 1);
        seq += n;
        tell(r, seq - 1, 0);
    }
    return e;
}

/* ---- Rows ------------------------------------------------------------- */

static enum err end_topic(struct rebuild *r, struct txn *index)
{
    if (!r->has_topic)
        return ERR_OK;
    r->has_topic = false;
    return tree_build_end(r->build, index);
}

static enum err put_entry(struct rebuild *r, struct txn *index,
                          const struct spool_row *row)
{
    struct tree_entry entry = { .seq = row->seq, .bytes = row->bytes };
    enum err e = ERR_OK;

    entry.key.created_ms = get_u64(row->key + ID_LEN);
    memcpy(entry.key.id, row->key + ID_LEN + 8, ID_LEN);
    if (!r->has_topic || memcmp(r->topic, row->key, ID_LEN) != 0) {
        e = end_topic(r, index);
        memcpy(r->topic, row->key, ID_LEN);
        tree_build_begin(r->build, r->topic);
        r->has_topic = true;
    }
    return e == ERR_OK ? tree_build_add(r->build, index, &entry) : e;
}

/* The key is the id and its number: ERR_EXISTS if one id has two. */
static enum err put_id(struct rebuild *r, struct txn *index,
                       const struct spool_row *row)
{
    if (r->has_id && memcmp(r->id, row->key, ID_LEN) == 0)
        return ERR_EXISTS;
    memcpy(r->id, row->key, ID_LEN);
    r->has_id = true;
    return txn_append(index, I_IDS, (struct bytes){ row->key, ID_LEN },
                      (struct bytes){ row->key + ID_LEN, 8 });
}

static enum err put_row(struct rebuild *r, struct txn *index,
                        const struct spool_row *row)
{
    enum err e;

    if (row->table == I_TREE)
        return put_entry(r, index, row);
    e = end_topic(r, index);
    if (e != ERR_OK)
        return e;
    if (row->table == I_IDS)
        return put_id(r, index, row);
    return txn_append(index, row->table,
                      (struct bytes){ row->key, row->key_len },
                      BYTES_LITERAL(""));
}

/* One transaction of rows; *done tells whether they were the last. */
static enum err rows_step(struct rebuild *r, uint64_t *count, bool *done)
{
    struct spool_row row;
    struct txn *index;
    enum err e = txn_begin(&index, r->store->index, true);

    if (e != ERR_OK)
        return e;
    if (*count == 0)
        e = txn_clear(index, I_IDS); /* founders come again, in order */
    for (size_t i = 0; i < ROWS_STEP && e == ERR_OK; i++) {
        e = spool_next(r->store->spool, &row);
        if (e == ERR_OK)
            e = put_row(r, index, &row);
        *count += 1;
    }
    *done = e == ERR_NOT_FOUND;
    if (*done)
        e = end_topic(r, index);
    if (e == ERR_OK && *done)
        e = txn_delete(index, I_META, MARK);
    if (e == ERR_OK && *done)
        e = index_set_applied(index, r->last);
    if (e == ERR_OK && *done)
        e = index_set_changes(index, r->changes);
    return end(index, e);
}

static enum err put_rows(struct rebuild *r)
{
    uint64_t total = spool_count(r->store->spool);
    uint64_t count = 0;
    bool done = false;
    enum err e = spool_sort(r->store->spool);

    while (e == ERR_OK && !done) {
        e = rows_step(r, &count, &done);
        if (e == ERR_OK)
            tell(r, done || count > total ? total : count, total);
    }
    return e;
}

/* ---- Both ------------------------------------------------------------- */

bool rebuild_was_cut_short(struct txn *index)
{
    struct bytes value;

    return txn_get(index, I_META, MARK, &value) == ERR_OK;
}

enum err rebuild_index(struct store *store, struct txn *records,
                       const struct row_totals *totals)
{
    struct rebuild r = { .store = store,
                         .records = records,
                         .last = totals->last_seq,
                         .changes = totals->changes };
    enum err e = spool_new(&store->spool, store->dir);

    assert(totals->last_seq > 0);
    if (e != ERR_OK)
        return e;
    e = tree_build_new(&r.build);
    if (e == ERR_OK)
        e = collect(&r);
    if (e == ERR_OK)
        e = put_rows(&r);
    tree_build_free(r.build);
    spool_free(store->spool);
    store->spool = NULL;
    return e;
}
