/*
 * Whether the index of an earlier run can be believed.
 *
 * Its commits wait for no flush: what follows from other data need not be paid
 * for with every record.  They survive the end of the process, for the system
 * has them, but not that of the system.  So records.mdb says under which start
 * of the system the index has changed since its last flush, before it changes;
 * an index that was loose under another start may be damaged, and is made anew.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/internal.h"

#define MARK BYTES_LITERAL("index")

/* What no start is called. */
#define NO_START BYTES_LITERAL("?")

static struct bytes boot_of(const struct store *store)
{
    return (struct bytes){ (const uint8_t *)store->boot, strlen(store->boot) };
}

enum err trust_name_boot(struct store *store)
{
    char name[64] = "";
    FILE *f;

    if (store->options.boot != NULL) {
        store->boot = strdup(store->options.boot);
    } else {
        f = fopen("/proc/sys/kernel/random/boot_id", "re");
        if (f == NULL || fgets(name, sizeof name, f) == NULL)
            name[0] = '\0'; /* unknown: no start is like it */
        if (f != NULL)
            (void)fclose(f);
        name[strcspn(name, "\n")] = '\0';
        store->boot = strdup(name);
    }
    return store->boot == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err trust_judge(struct store *store, bool *damaged)
{
    struct bytes mark;
    struct txn *txn;
    bool same;
    enum err e = txn_begin(&txn, store->records, false);

    if (e != ERR_OK)
        return e;
    e = txn_get(txn, T_META, MARK, &mark);
    same = e == ERR_OK && mark.len > 0 && bytes_equal(mark, boot_of(store));
    txn_abort(txn);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    store->index_is_loose = e == ERR_OK;
    *damaged = e == ERR_OK && !same;
    return ERR_OK;
}

static enum err write_mark(struct store *store, struct bytes mark)
{
    struct txn *txn;
    enum err e = txn_begin(&txn, store->records, true);

    if (e != ERR_OK)
        return e;
    e = mark.len > 0 ? txn_put(txn, T_META, MARK, mark)
                     : txn_delete(txn, T_META, MARK);
    if (e == ERR_OK)
        return txn_commit(txn);
    txn_abort(txn);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err trust_withdraw(struct store *store, struct txn *records)
{
    struct bytes boot = boot_of(store);

    if (store->index_is_loose)
        return ERR_OK;
    return txn_put(records, T_META, MARK, boot.len > 0 ? boot : NO_START);
}

enum err trust_settled(struct store *store)
{
    enum err e = write_mark(store, (struct bytes){ NULL, 0 });

    if (e == ERR_OK)
        store->index_is_loose = false;
    return e;
}

enum err trust_restore(struct store *store)
{
    enum err e;

    if (!store->index_is_loose)
        return ERR_OK;
    e = env_sync(store->index);
    if (e == ERR_OK)
        return trust_settled(store);
    /* A second flush would not tell what the first one lost. */
    (void)write_mark(store, NO_START);
    return e;
}
