/* The index brought up to date with the records. */
#include "store/internal.h"
#include "store/store.h"

/* Records indexed in one transaction. */
#define RECORDS_A_STEP 1000

/*
 * How many of the records the index lacks.  New ones are all that it can catch
 * up with: one that does not know of every change to older ones is made anew.
 */
static enum err index_behind(struct store *store,
                             const struct row_totals *totals, uint64_t *out)
{
    uint64_t last = totals->last_seq;
    struct txn *index;
    uint64_t applied;
    uint64_t changes;
    enum err e = txn_begin(&index, store->index, false);

    if (e != ERR_OK)
        return e;
    e = index_applied(index, &applied);
    if (e == ERR_OK)
        e = index_changes(index, &changes);
    if (e == ERR_OK && rebuild_was_cut_short(index))
        e = ERR_CORRUPT;
    txn_abort(index);
    if (e == ERR_OK && applied > last)
        e = ERR_CORRUPT; /* of another, or a newer, records.mdb */
    if (e == ERR_OK && applied > 0 && changes != totals->changes)
        e = ERR_CORRUPT;
    if (e == ERR_OK)
        *out = last - applied;
    return e;
}

/* One transaction of catching up; *behind tells how many are left. */
static enum err catch_up_step(struct store *store, struct txn *records,
                              const struct row_totals *totals, uint64_t *behind)
{
    uint64_t n = *behind > RECORDS_A_STEP ? RECORDS_A_STEP : *behind;
    uint64_t from = totals->last_seq - *behind + 1;
    struct txn *index;
    enum err e = txn_begin(&index, store->index, true);

    if (e != ERR_OK)
        return e;
    index_begin(store, index);
    e = index_catch_up(store, records, index, from, from + n - 1);
    if (e == ERR_OK)
        e = index_set_changes(index, totals->changes);
    if (e != ERR_OK) {
        txn_abort(index);
        return e;
    }
    e = txn_commit(index);
    if (e == ERR_OK)
        *behind -= n;
    return e;
}

static enum err catch_up_steps(struct store *store, struct txn *records,
                               const struct row_totals *totals, uint64_t behind,
                               enum catch_up how)
{
    unsigned grown = 0;
    enum err e = ERR_OK;

    while (e == ERR_OK && behind > 0) {
        e = catch_up_step(store, records, totals, &behind);
        if (e == ERR_NO_SPACE && env_map_full(store->index) &&
            how != CATCH_UP_UNDER_READS && grown++ < MAP_DOUBLINGS_MAX)
            e = env_grow(store->index);
        else if (e == ERR_OK && store->options.progress != NULL)
            store->options.progress(store->options.progress_arg,
                                    totals->last_seq - behind,
                                    totals->last_seq);
    }
    return e;
}

enum err catch_up_index(struct store *store, enum catch_up how)
{
    struct row_totals totals;
    struct txn *records;
    uint64_t behind = 0;
    enum err e = txn_begin(&records, store->records, false);

    if (e != ERR_OK)
        return e;
    e = store_totals_read(records, &totals);
    if (e == ERR_OK)
        e = index_behind(store, &totals, &behind);
    if (e == ERR_OK && behind > 0 && behind == totals.last_seq &&
        how == CATCH_UP_WHOLE)
        e = rebuild_index(store, records, &totals);
    else if (e == ERR_OK)
        e = catch_up_steps(store, records, &totals, behind, how);
    txn_abort(records);
    return e;
}

enum err store_catch_up(struct store *store)
{
    enum err e = catch_up_index(store, CATCH_UP_UNDER_READS);

    if (e == ERR_NO_SPACE && env_map_full(store->index)) {
        e = store_grow(store);
        if (e == ERR_OK)
            e = catch_up_index(store, CATCH_UP_UNDER_READS);
    }
    if (e == ERR_OK)
        store->is_behind = false;
    else if (e == ERR_CORRUPT)
        store->is_stale = true;
    return e;
}

bool store_is_behind(const struct store *store)
{
    return store->is_behind;
}
