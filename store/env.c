/*
 * The only file that knows LMDB.  It translates errors and keeps the flags in
 * one place: no WRITEMAP (a full disk would be a SIGBUS), no duplicate keys,
 * NOSYNC only where the caller can do without the file; read transactions
 * belong to nobody's thread (NOTLS).
 */
#include "store/env.h"

#include <assert.h>
#include <errno.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES_MAX 16
#define READERS    64

struct env {
    MDB_env *mdb;
    MDB_dbi tables[TABLES_MAX];
    size_t tables_count;
    _Atomic bool map_full;
    _Atomic bool failed;
};

/*
 * A transaction keeps a cursor in each table that it has looked or put into:
 * what lies beside the last row is found without going down from the root.
 */
struct txn {
    struct env *env;
    MDB_txn *mdb;
    MDB_cursor *at[TABLES_MAX]; /* or NULL */
};

struct cursor {
    struct env *env;
    MDB_cursor *mdb;
};

static enum err translate(struct env *env, int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return ERR_OK;
    case MDB_NOTFOUND:
        return ERR_NOT_FOUND;
    case MDB_MAP_FULL:
        env->map_full = true;
        return ERR_NO_SPACE;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        env->map_full = false;
        return ERR_NO_SPACE;
    case ENOMEM:
        return ERR_NO_MEMORY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_BAD_VALSIZE:
    case MDB_KEYEXIST:
    case MDB_INCOMPATIBLE:
        return ERR_CORRUPT;
    case MDB_PANIC:
        env->failed = true;
        return ERR_IO;
    default:
        return ERR_IO;
    }
}

static MDB_val val_of(struct bytes b)
{
    MDB_val v;

    /* LMDB takes what it only reads through a pointer that is not const. */
    memcpy(&v.mv_data, &b.data, sizeof v.mv_data);
    v.mv_size = b.len;
    return v;
}

static struct bytes bytes_of(const MDB_val *v)
{
    return (struct bytes){ v->mv_data, v->mv_size };
}

static enum err open_tables(struct env *env, const char *const *tables)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc != 0)
        return translate(env, rc);
    for (size_t i = 0; i < env->tables_count && rc == 0; i++)
        rc = mdb_dbi_open(txn, tables[i], MDB_CREATE, &env->tables[i]);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return translate(env, rc);
    }
    return translate(env, mdb_txn_commit(txn));
}

/* ---- Files that end before their last page ---------------------------- */

/* LMDB's table of free pages: {transaction: count, page...}, in host order. */
enum { FREE_PAGES = 0 };

/* The pages that are missing, and how many of them are known to be free. */
struct tail {
    size_t first;
    size_t last;
    size_t free;
};

static void count_free(struct tail *tail, const MDB_val *pages)
{
    size_t n;

    if (pages->mv_size < sizeof n)
        return;
    memcpy(&n, pages->mv_data, sizeof n);
    if (n > pages->mv_size / sizeof n - 1)
        return;
    for (size_t i = 1; i <= n; i++) {
        size_t page;

        memcpy(&page, (const char *)pages->mv_data + i * sizeof page,
               sizeof page);
        tail->free += page >= tail->first && page <= tail->last;
    }
}

/*
 * Each transaction is asked for by its number: to step to the next one LMDB
 * takes it for granted that a neighbour is whole, and would end the process.
 */
static int find_free(MDB_cursor *cursor, struct tail *tail, size_t last_txn)
{
    MDB_val k;
    MDB_val v;
    size_t id;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);

    if (rc != 0 || k.mv_size != sizeof id)
        return rc == 0 ? MDB_CORRUPTED : rc;
    memcpy(&id, k.mv_data, sizeof id);
    for (; id <= last_txn && tail->free <= tail->last - tail->first; id++) {
        k = (MDB_val){ sizeof id, &id };
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET);
        if (rc == 0)
            count_free(tail, &v);
        else if (rc != MDB_NOTFOUND)
            return rc;
    }
    return 0;
}

static int read_tail(MDB_env *mdb, struct tail *tail, size_t last_txn)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    int rc = mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_open(txn, FREE_PAGES, &cursor);
    if (rc == 0) {
        rc = find_free(cursor, tail, last_txn);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return rc;
}

/*
 * A file cut short would end the process when a page past its end is read.
 * But LMDB does not write pages that one transaction both took and gave back,
 * so that a file may end before its last page and lack nothing.  Such a one is
 * made as long as it says; any other is left as it is.
 */
static enum err check_length(struct env *env, const char *path)
{
    struct stat st;
    MDB_envinfo info;
    MDB_stat tree;
    struct tail tail;
    off_t whole;
    int rc;

    if (stat(path, &st) != 0)
        return ERR_IO;
    if (mdb_env_info(env->mdb, &info) != 0 || mdb_env_stat(env->mdb, &tree))
        return ERR_IO;
    tail = (struct tail){ .first = (size_t)st.st_size / tree.ms_psize,
                          .last = info.me_last_pgno };
    if (tail.first > tail.last)
        return ERR_OK;
    if (tail.last >= info.me_mapsize / tree.ms_psize)
        return ERR_CORRUPT;
    whole = (off_t)((tail.last + 1) * tree.ms_psize);
    if (truncate(path, whole) != 0)
        return ERR_IO;
    rc = read_tail(env->mdb, &tail, info.me_last_txnid);
    if (rc == 0 && tail.free > tail.last - tail.first)
        return ERR_OK;
    if (truncate(path, st.st_size) != 0)
        return ERR_IO;
    return ERR_CORRUPT;
}

/* ---- Opening ---------------------------------------------------------- */

static enum err open_file(struct env *env, const char *path, uint64_t map_bytes,
                          unsigned flags)
{
    int dead = 0;
    int rc = mdb_env_set_mapsize(env->mdb, (size_t)map_bytes);

    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->mdb, TABLES_MAX);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->mdb, READERS);
    if (rc == 0)
        rc = mdb_env_open(env->mdb, path, flags, 0600);
    if (rc == 0)
        rc = mdb_reader_check(env->mdb, &dead);
    return translate(env, rc);
}

enum err env_open(struct env **out, const char *path, const char *const *tables,
                  size_t tables_count, uint64_t map_bytes, bool precious)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (precious ? 0 : MDB_NOMETASYNC);
    struct env *env;
    struct stat st;
    bool fresh;
    enum err e;

    assert(tables_count <= TABLES_MAX);
    env = calloc(1, sizeof *env);
    if (env == NULL)
        return ERR_NO_MEMORY;
    env->tables_count = tables_count;
    fresh = stat(path, &st) != 0 || st.st_size == 0;
    e = translate(env, mdb_env_create(&env->mdb));
    if (e != ERR_OK)
        goto free_env;
    e = open_file(env, path, map_bytes, flags);
    if (e == ERR_OK && !fresh)
        e = check_length(env, path);
    if (e == ERR_OK)
        e = open_tables(env, tables);
    if (e != ERR_OK)
        goto close_env;
    *out = env;
    return ERR_OK;
close_env:
    mdb_env_close(env->mdb);
free_env:
    free(env);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

void env_close(struct env *env)
{
    if (env == NULL)
        return;
    mdb_env_close(env->mdb);
    free(env);
}

bool env_map_full(const struct env *env)
{
    return env->map_full;
}

bool env_failed(const struct env *env)
{
    return env->failed;
}

enum err env_grow(struct env *env)
{
    MDB_envinfo info;
    int rc = mdb_env_info(env->mdb, &info);

    if (rc == 0 && info.me_mapsize > SIZE_MAX / 2)
        return ERR_NO_SPACE;
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->mdb, info.me_mapsize * 2);
    env->map_full = false;
    return translate(env, rc);
}

enum err env_set_lazy(struct env *env, bool lazy)
{
    return translate(env, mdb_env_set_flags(env->mdb, MDB_NOSYNC, lazy));
}

enum err env_sync(struct env *env)
{
    return translate(env, mdb_env_sync(env->mdb, 1));
}

enum err txn_begin(struct txn **out, struct env *env, bool write)
{
    struct txn *txn = calloc(1, sizeof *txn);
    enum err e;

    if (txn == NULL)
        return ERR_NO_MEMORY;
    txn->env = env;
    e = translate(
        env, mdb_txn_begin(env->mdb, NULL, write ? 0 : MDB_RDONLY, &txn->mdb));
    if (e != ERR_OK) {
        free(txn);
        return e;
    }
    *out = txn;
    return ERR_OK;
}

/* What is done without it, or past it, must not find it there. */
static void drop_cursor(struct txn *txn, unsigned table)
{
    if (txn->at[table] != NULL)
        mdb_cursor_close(txn->at[table]);
    txn->at[table] = NULL;
}

static void drop_cursors(struct txn *txn)
{
    for (unsigned i = 0; i < TABLES_MAX; i++)
        drop_cursor(txn, i);
}

enum err txn_commit(struct txn *txn)
{
    enum err e;

    drop_cursors(txn);
    e = translate(txn->env, mdb_txn_commit(txn->mdb));
    free(txn);
    return e;
}

void txn_abort(struct txn *txn)
{
    if (txn == NULL)
        return;
    drop_cursors(txn);
    mdb_txn_abort(txn->mdb);
    free(txn);
}

static int reach(struct txn *txn, unsigned table)
{
    assert(table < txn->env->tables_count);
    if (txn->at[table] != NULL)
        return 0;
    return mdb_cursor_open(txn->mdb, txn->env->tables[table], &txn->at[table]);
}

enum err txn_get(struct txn *txn, unsigned table, struct bytes key,
                 struct bytes *value)
{
    MDB_val k = val_of(key);
    MDB_val v;
    int rc = reach(txn, table);

    assert(key.len > 0);
    if (rc == 0)
        rc = mdb_cursor_get(txn->at[table], &k, &v, MDB_SET);
    if (rc == 0)
        *value = bytes_of(&v);
    return translate(txn->env, rc);
}

/* Puts by the table's cursor; after an error that is dropped. */
static int put(struct txn *txn, unsigned table, struct bytes key, MDB_val *v,
               unsigned flags)
{
    MDB_val k = val_of(key);
    int rc = reach(txn, table);

    assert(key.len > 0 && key.len <= ENV_KEY_MAX);
    if (rc == 0)
        rc = mdb_cursor_put(txn->at[table], &k, v, flags);
    if (rc != 0 && rc != MDB_KEYEXIST)
        drop_cursor(txn, table);
    return rc;
}

enum err txn_put(struct txn *txn, unsigned table, struct bytes key,
                 struct bytes value)
{
    MDB_val v = val_of(value);

    return translate(txn->env, put(txn, table, key, &v, 0));
}

enum err txn_put_new(struct txn *txn, unsigned table, struct bytes key,
                     struct bytes value, struct bytes *there)
{
    MDB_val v = val_of(value);
    int rc = put(txn, table, key, &v, MDB_NOOVERWRITE);

    if (rc != MDB_KEYEXIST)
        return translate(txn->env, rc);
    *there = bytes_of(&v);
    return ERR_EXISTS;
}

enum err txn_append(struct txn *txn, unsigned table, struct bytes key,
                    struct bytes value)
{
    MDB_val v = val_of(value);

    return translate(txn->env, put(txn, table, key, &v, MDB_APPEND));
}

enum err txn_clear(struct txn *txn, unsigned table)
{
    assert(table < txn->env->tables_count);
    drop_cursor(txn, table);
    return translate(txn->env, mdb_drop(txn->mdb, txn->env->tables[table], 0));
}

enum err txn_delete(struct txn *txn, unsigned table, struct bytes key)
{
    MDB_val k = val_of(key);

    assert(table < txn->env->tables_count && key.len > 0);
    drop_cursor(txn, table);
    return translate(txn->env,
                     mdb_del(txn->mdb, txn->env->tables[table], &k, NULL));
}

enum err cursor_open(struct cursor **out, struct txn *txn, unsigned table)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    enum err e;

    assert(table < txn->env->tables_count);
    if (cursor == NULL)
        return ERR_NO_MEMORY;
    cursor->env = txn->env;
    e = translate(txn->env, mdb_cursor_open(txn->mdb, txn->env->tables[table],
                                            &cursor->mdb));
    if (e != ERR_OK) {
        free(cursor);
        return e;
    }
    *out = cursor;
    return ERR_OK;
}

void cursor_close(struct cursor *cursor)
{
    if (cursor == NULL)
        return;
    mdb_cursor_close(cursor->mdb);
    free(cursor);
}

static int move_before(MDB_cursor *mdb, MDB_val *k, MDB_val *v)
{
    int rc = mdb_cursor_get(mdb, k, v, MDB_SET_RANGE);

    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(mdb, k, v, MDB_LAST);
    if (rc != 0)
        return rc;
    return mdb_cursor_get(mdb, k, v, MDB_PREV);
}

enum err cursor_move(struct cursor *cursor, enum cursor_step step,
                     struct bytes key, struct bytes *at, struct bytes *value)
{
    static const MDB_cursor_op OPS[] = {
        [CURSOR_AT_OR_AFTER] = MDB_SET_RANGE,
        [CURSOR_NEXT] = MDB_NEXT,
        [CURSOR_PREVIOUS] = MDB_PREV,
        [CURSOR_LAST] = MDB_LAST,
    };
    MDB_val k = val_of(key);
    MDB_val v;
    int rc;

    if (step == CURSOR_BEFORE)
        rc = move_before(cursor->mdb, &k, &v);
    else
        rc = mdb_cursor_get(cursor->mdb, &k, &v, OPS[step]);
    if (rc == 0) {
        *at = bytes_of(&k);
        *value = bytes_of(&v);
    }
    return translate(cursor->env, rc);
}
