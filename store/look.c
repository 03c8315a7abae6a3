/*
 * The moments at which reads look, and the gate that keeps them from a map that
 * grows.
 *
 * A look opens the index first and the records after it, while a change commits
 * the records first and the index after them: so all that a look finds in the
 * index is in its records, and `applied` hides what is only there.
 */
#include <assert.h>

#include "store/internal.h"
#include "store/store.h"

static enum err look_open(struct store *store, struct look *out)
{
    struct look look = { .records = NULL };
    enum err e = ERR_IO;

    if (store->index != NULL && store->records != NULL) /* reopening failed? */
        e = txn_begin(&look.index, store->index, false);
    if (e != ERR_OK)
        return e;
    e = index_applied(look.index, &look.applied);
    if (e == ERR_OK)
        e = txn_begin(&look.records, store->records, false);
    if (e != ERR_OK) {
        txn_abort(look.index);
        return e;
    }
    *out = look;
    return ERR_OK;
}

enum err look_begin(struct store *store, struct look *out)
{
    enum err e;

    (void)pthread_mutex_lock(&store->gate);
    while (store->growing)
        (void)pthread_cond_wait(&store->changed, &store->gate);
    e = look_open(store, out);
    if (e == ERR_OK)
        store->looks++;
    (void)pthread_mutex_unlock(&store->gate);
    return e;
}

void look_end(struct store *store, struct look *look)
{
    if (look->records == NULL)
        return;
    txn_abort(look->records);
    txn_abort(look->index);
    look->records = NULL;
    (void)pthread_mutex_lock(&store->gate);
    assert(store->looks > 0);
    store->looks--;
    (void)pthread_cond_broadcast(&store->changed);
    (void)pthread_mutex_unlock(&store->gate);
}

enum err store_look(struct store *store, struct look **out)
{
    if (store->look.records == NULL) {
        enum err e = look_begin(store, &store->look);

        if (e != ERR_OK)
            return e;
        store->look_thread = pthread_self();
    }
    *out = &store->look;
    return ERR_OK;
}

void store_refresh(struct store *store)
{
    look_end(store, &store->look);
}

void looks_stop(struct store *store)
{
    (void)pthread_mutex_lock(&store->gate);
    store->growing = true;
    while (store->looks > 0)
        (void)pthread_cond_wait(&store->changed, &store->gate);
}

void looks_go_on(struct store *store)
{
    store->growing = false;
    (void)pthread_cond_broadcast(&store->changed);
    (void)pthread_mutex_unlock(&store->gate);
}

enum err store_grow(struct store *store)
{
    enum err e = ERR_OK;

    /* A caller that reads and applies on one thread would wait for itself. */
    if (store->look.records != NULL &&
        pthread_equal(store->look_thread, pthread_self()))
        store_refresh(store);
    looks_stop(store);
    if (env_map_full(store->records))
        e = env_grow(store->records);
    if (e == ERR_OK && env_map_full(store->index))
        e = env_grow(store->index);
    looks_go_on(store);
    return e;
}
