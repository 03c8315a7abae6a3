/* Opening and closing, the schema check, and an index that is made anew. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/symbols.h"

static const char *const RECORDS_TABLES[T_RECORDS_COUNT] = {
    [T_RECORDS] = "records",
    [T_CERTIFICATES] = "certificates",
    [T_FOLLOWS] = "follows",
    [T_WANTS] = "wants",
    [T_WANTS_DUE] = "wants_due",
    [T_WANTS_LAST] = "wants_last",
    [T_PEERS] = "peers",
    [T_BLOBS] = "blobs",
    [T_BLOB_TOPICS] = "blob_topics",
    [T_LAYERS] = "layers",
    [T_META] = "meta",
    [T_LAWS] = "laws",
    [T_LEASES] = "leases",
    [T_LEASE_NAMES] = "lease_names",
    [T_BLOB_USAGE] = "blob_usage",
    [T_PINS] = "pins",
};

static const char *const INDEX_TABLES[I_INDEX_COUNT] = {
    [I_IDS] = "ids",           [I_TREE] = "tree",
    [I_KIND] = "kind",         [I_TOPIC_KIND] = "topic_kind",
    [I_AUTHOR] = "author",     [I_LINK] = "link",
    [I_IDENTITY] = "identity", [I_AUTHOR_TOPIC] = "author_topic",
    [I_BUDGET] = "budget",     [I_WORDS] = "words",
    [I_NAMED] = "named",       [I_META] = "meta",
};

static char *path_in(const char *dir, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Schema and call board: written into a new store, compared in an old one. */
static enum err check_meta(struct store *store, struct txn *txn, unsigned table,
                           uint64_t schema)
{
    struct key expected = key_of_u64(schema);
    struct bytes value;
    enum err e = txn_get(txn, table, BYTES_LITERAL("schema"), &value);

    key_add_id(&expected, store->options.board);
    if (e == ERR_NOT_FOUND)
        return txn_put(txn, table, BYTES_LITERAL("schema"),
                       key_view(&expected));
    if (e != ERR_OK)
        return e;
    return bytes_equal(value, key_view(&expected)) ? ERR_OK : ERR_VERSION;
}

static enum err check_schema(struct store *store, struct env *env,
                             unsigned table, uint64_t schema)
{
    struct txn *txn;
    enum err e = txn_begin(&txn, env, true);

    if (e != ERR_OK)
        return e;
    e = check_meta(store, txn, table, schema);
    if (e != ERR_OK) {
        txn_abort(txn);
        return e;
    }
    return txn_commit(txn);
}

static enum err open_env(struct store *store, struct env **out,
                         const char *name, const char *const *tables,
                         size_t count, bool precious)
{
    char *path = path_in(store->dir, name);
    enum err e;

    if (path == NULL)
        return ERR_NO_MEMORY;
    e = env_open(out, path, tables, count, store->options.map_bytes, precious);
    free(path);
    return e;
}

static enum err open_records(struct store *store)
{
    enum err e = open_env(store, &store->records, "records.mdb", RECORDS_TABLES,
                          T_RECORDS_COUNT, true);

    if (e == ERR_OK)
        e = check_schema(store, store->records, T_META, STORE_SCHEMA);
    if (e == ERR_OK)
        e = trim_open(store);
    return e;
}

static enum err open_index_file(struct store *store)
{
    enum err e = open_env(store, &store->index, "index.mdb", INDEX_TABLES,
                          I_INDEX_COUNT, false);

    if (e == ERR_OK)
        e = check_schema(store, store->index, I_META, STORE_INDEX_SCHEMA);
    return e;
}

static enum err remove_index(struct store *store)
{
    static const char *const NAMES[] = { "index.mdb", "index.mdb-lock" };
    enum err e = ERR_OK;

    env_close(store->index);
    store->index = NULL;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char *path = path_in(store->dir, NAMES[i]);

        if (path == NULL)
            e = ERR_NO_MEMORY;
        else if (unlink(path) != 0 && errno != ENOENT)
            e = ERR_IO;
        free(path);
    }
    return e;
}

/* One that can be damaged is removed unread: LMDB trusts what it opens. */
static enum err remove_damaged(struct store *store)
{
    bool damaged;
    enum err e = trust_judge(store, &damaged);

    if (e != ERR_OK || !damaged)
        return e;
    e = remove_index(store);
    return e == ERR_OK ? trust_settled(store) : e;
}

/* An index that is made anew in a map too small is begun again in a larger. */
static bool needs_larger_map(const struct store *store, enum err e)
{
    return e == ERR_NO_SPACE && store->index != NULL &&
           env_map_full(store->index);
}

/* What a new file may help against. */
static bool is_to_be_made_anew(const struct store *store, enum err e)
{
    return e == ERR_CORRUPT || e == ERR_VERSION || e == ERR_EXISTS ||
           needs_larger_map(store, e);
}

static enum err open_index(struct store *store)
{
    unsigned doublings = 0;
    enum catch_up how = CATCH_UP_WHOLE;
    enum err e = open_index_file(store);

    if (e == ERR_OK)
        e = catch_up_index(store, how);
    for (unsigned i = 0; i < MAP_DOUBLINGS_MAX && is_to_be_made_anew(store, e);
         i++) {
        if (needs_larger_map(store, e))
            doublings++;
        else if (i > 0 && e != ERR_EXISTS)
            break; /* it was new */
        if (e == ERR_EXISTS)
            how = CATCH_UP_STEPS; /* two records have one id: the first one
                                     stays */
        e = remove_index(store);
        if (e == ERR_OK)
            e = open_index_file(store);
        for (unsigned grown = 0; grown < doublings && e == ERR_OK; grown++)
            e = env_grow(store->index);
        if (e == ERR_OK)
            e = catch_up_index(store, how);
    }
    return e;
}

static void close_envs(struct store *store)
{
    env_close(store->index);
    env_close(store->records);
    store->index = NULL;
    store->records = NULL;
}

static enum err open_envs(struct store *store)
{
    enum err e = open_records(store);

    if (e == ERR_OK)
        e = remove_damaged(store);
    if (e == ERR_OK)
        e = open_index(store);
    if (e == ERR_OK)
        e = env_set_lazy(store->index, true);
    if (e != ERR_OK) {
        close_envs(store);
        return e;
    }
    store->is_behind = false;
    store->is_stale = false;
    return ERR_OK;
}

enum err store_open(struct store **out, const char *dir,
                    const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    enum err e = ERR_NO_MEMORY;

    assert(dir != NULL && options != NULL);
    if (store == NULL)
        return ERR_NO_MEMORY;
    store->options = *options;
    if (store->options.map_bytes == 0)
        store->options.map_bytes = STORE_MAP_BYTES;
    if (store->options.reserve_bytes == 0)
        store->options.reserve_bytes = STORE_RESERVE_BYTES;
    (void)pthread_mutex_init(&store->gate, NULL);
    (void)pthread_cond_init(&store->changed, NULL);
    store->dir = strdup(dir);
    if (store->dir != NULL)
        e = tree_cache_new(&store->trees);
    if (e == ERR_OK)
        e = trust_name_boot(store);
    if (e == ERR_OK)
        e = open_envs(store);
    if (e == ERR_OK)
        e = blob_file_prepare(store);
    if (e != ERR_OK) {
        store_close(store);
        return e;
    }
    *out = store;
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_refresh(store);
    assert(store->looks == 0);
    if (!store_failed(store)) {
        enum err e = trust_restore(store);

        (void)e; /* the next start makes the index anew, if need be */
    }
    close_envs(store);
    tree_cache_free(store->trees);
    symbols_free(store->symbols);
    (void)pthread_cond_destroy(&store->changed);
    (void)pthread_mutex_destroy(&store->gate);
    free(store->boot);
    free(store->dir);
    free(store);
}

void store_set_clock(struct store *store, uint64_t now_ms)
{
    store->now_ms = now_ms;
}

enum err store_settle(struct store *store)
{
    return store_failed(store) ? ERR_IO : trust_restore(store);
}

bool store_failed(const struct store *store)
{
    return store->records == NULL || store->index == NULL ||
           env_failed(store->records) || env_failed(store->index) ||
           store->is_stale;
}

/* Looks of other threads end first: what they read would go with the map. */
enum err store_reopen(struct store *store)
{
    enum err e;

    store_refresh(store);
    looks_stop(store);
    close_envs(store);
    e = open_envs(store);
    looks_go_on(store);
    return e;
}
