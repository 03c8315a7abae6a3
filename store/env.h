#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "proto/bytes.h"

/*
 * LMDB, behind the few verbs that the store needs: environments with a fixed
 * list of tables, transactions, cursors.  Nothing here knows what is stored.
 *
 * An environment has one write transaction at a time and any number of read
 * transactions, which are not bound to a thread.  Views that come out of a
 * transaction are valid until its next write or its end.
 */
struct env;
struct txn;
struct cursor;

/* LMDB's own bound on keys, as Debian builds it. */
#define ENV_KEY_MAX 511

/*
 * Opens or creates the file `path` with tables 0 to `tables_count` - 1, named
 * by `tables`.  `precious`: each commit is flushed with its meta page, so that
 * it survives a power cut; else the last one may be lost, never more.
 *   ERR_CORRUPT   not an LMDB file, or pages that it needs are past its end;
 *                 it is left as it was
 *   ERR_NO_SPACE, ERR_IO, ERR_NO_MEMORY
 */
MUST_CHECK enum err env_open(struct env **out, const char *path,
                             const char *const *tables, size_t tables_count,
                             uint64_t map_bytes, bool precious);
/* Accepts NULL.  No transaction may be open. */
void env_close(struct env *env);
/* Whether the last ERR_NO_SPACE was the map's bound, not the disk's. */
bool env_map_full(const struct env *env);
/* Whether the environment can only be closed. */
bool env_failed(const struct env *env);
/* Doubles the map.  No transaction may be open. */
MUST_CHECK enum err env_grow(struct env *env);

/*
 * While lazy, commits wait for no flush: all of them survive the end of this
 * process, but after a power cut the file may be damaged, whatever was in it.
 * No transaction may be open.
 */
MUST_CHECK enum err env_set_lazy(struct env *env, bool lazy);
/* Flushes what was committed lazily. */
MUST_CHECK enum err env_sync(struct env *env);

MUST_CHECK enum err txn_begin(struct txn **out, struct env *env, bool write);
/* Ends the transaction whatever happens. */
MUST_CHECK enum err txn_commit(struct txn *txn);
/* Accepts NULL. */
void txn_abort(struct txn *txn);

/* ERR_NOT_FOUND */
MUST_CHECK enum err txn_get(struct txn *txn, unsigned table, struct bytes key,
                            struct bytes *value);
MUST_CHECK enum err txn_put(struct txn *txn, unsigned table, struct bytes key,
                            struct bytes value);
/* Only if the key is new: else ERR_EXISTS and its value in `there`. */
MUST_CHECK enum err txn_put_new(struct txn *txn, unsigned table,
                                struct bytes key, struct bytes value,
                                struct bytes *there);
/* For keys that are larger than all in the table; ERR_CORRUPT if one is not. */
MUST_CHECK enum err txn_append(struct txn *txn, unsigned table,
                               struct bytes key, struct bytes value);
/* Removes all rows of a table. */
MUST_CHECK enum err txn_clear(struct txn *txn, unsigned table);
/* ERR_NOT_FOUND */
MUST_CHECK enum err txn_delete(struct txn *txn, unsigned table,
                               struct bytes key);

/* Where a cursor goes. */
enum cursor_step {
    CURSOR_AT_OR_AFTER, /* the smallest key >= the given one */
    CURSOR_BEFORE,      /* the largest key < the given one */
    CURSOR_NEXT,
    CURSOR_PREVIOUS,
    CURSOR_LAST /* the largest of the table */
};

MUST_CHECK enum err cursor_open(struct cursor **out, struct txn *txn,
                                unsigned table);
/* Accepts NULL; before the end of its transaction. */
void cursor_close(struct cursor *cursor);
/*
 * Moves, and shows what is there; `key` is looked at by the first two steps.
 * ERR_NOT_FOUND past either end.
 */
MUST_CHECK enum err cursor_move(struct cursor *cursor, enum cursor_step step,
                                struct bytes key, struct bytes *at,
                                struct bytes *value);

#endif
