#include "daemon/commits.h"

#include <assert.h>
#include <stdlib.h>

#include "daemon/crew.h"
#include "daemon/log.h"
#include "store/blob_disk.h"

/*
 * A queue of batches, the last of which is still open for operations.  The
 * first one is on the thread while `running`.
 */

struct commit {
    struct commit *next;
    struct store_batch *batch;
    bool retried;
    uint64_t opened_ms;
    node_applied_fn *applied; /* of a batch that was given */
    void *context;
    struct {
        commits_done_fn *fn;
        void *context;
    } done[]; /* STORE_BATCH_OPS of a batch of our own, else none */
};

/* Without a commit for so long, the index is flushed. */
enum { QUIET_MS = 30000 };

struct commits {
    struct crew_work turn; /* first: crew_fn casts back */
    uv_loop_t *loop;
    struct store *store;
    struct commit *first;
    struct commit *last;
    struct commit *open; /* `last`, if operations may still be put there */
    bool running;
    bool settling;       /* the work is on the index, not the first commit */
    bool is_loose;       /* something was committed since the last flush */
    uint64_t last_ms;    /* when */
    uint64_t record_ms;  /* when a record was put last */
    struct crew *writer; /* of one thread */
    enum err result;     /* of the work */
};

enum err commits_open(struct commits **out, uv_loop_t *loop,
                      struct store *store)
{
    struct commits *c = calloc(1, sizeof *c);
    enum err e;

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->loop = loop;
    c->store = store;
    e = crew_open(&c->writer, loop, 1, 0);
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void commits_close(struct commits *c)
{
    if (c == NULL)
        return;
    assert(!c->running && c->first == NULL);
    crew_close(c->writer);
    free(c);
}

static void enqueue(struct commits *c, struct commit *commit)
{
    if (c->last == NULL)
        c->first = commit;
    else
        c->last->next = commit;
    c->last = commit;
}

enum err commits_batch(struct commits *c, struct store_batch **out)
{
    struct commit *commit = c->open;
    enum err e;

    if (commit != NULL && !store_batch_full(commit->batch)) {
        *out = commit->batch;
        return ERR_OK;
    }
    commit =
        calloc(1, sizeof *commit + STORE_BATCH_OPS * sizeof(*commit->done));
    if (commit == NULL)
        return ERR_NO_MEMORY;
    e = store_batch_new(&commit->batch);
    if (e != ERR_OK) {
        free(commit);
        return e;
    }
    commit->opened_ms = uv_now(c->loop);
    enqueue(c, commit);
    c->open = commit;
    *out = commit->batch;
    return ERR_OK;
}

void commits_expect(struct commits *c, commits_done_fn *done, void *context)
{
    size_t count = store_batch_count(c->open->batch);

    assert(count > 0 && count <= STORE_BATCH_OPS);
    c->open->done[count - 1].fn = done;
    c->open->done[count - 1].context = context;
}

void commits_hurry(struct commits *c)
{
    c->record_ms = uv_now(c->loop);
    blob_disk_share(true);
}

void commits_give(struct commits *c, struct store_batch *take,
                  node_applied_fn *done, void *context)
{
    struct commit *commit = calloc(1, sizeof *commit);

    if (commit == NULL) {
        done(context, ERR_NO_MEMORY, take);
        return;
    }
    commit->batch = take;
    commit->applied = done;
    commit->context = context;
    c->open = NULL; /* order: what is put from now on comes after */
    enqueue(c, commit);
}

static void on_work(struct crew_work *turn)
{
    struct commits *c = (struct commits *)turn;

    if (!c->settling)
        c->result = store_apply(c->store, c->first->batch);
    else if (store_is_behind(c->store))
        c->result = store_catch_up(c->store);
    else
        c->result = store_settle(c->store);
}

/* Tells all who wait for the commit, which is out of the queue, and frees it.
 */
static void conclude(struct commit *commit, enum err e)
{
    size_t count = store_batch_count(commit->batch);

    if (commit->applied != NULL) {
        commit->applied(commit->context, e, commit->batch);
        free(commit);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct store_result *r = NULL;
        enum err own = e;

        if (commit->done[i].fn == NULL)
            continue;
        if (e == ERR_OK) {
            r = store_batch_result(commit->batch, i);
            own = r->err;
        }
        commit->done[i].fn(commit->done[i].context, own,
                           own == ERR_OK ? r : NULL);
    }
    store_batch_free(commit->batch);
    free(commit);
}

static void on_settled(struct commits *c, enum err e)
{
    c->settling = false;
    store_refresh(c->store);
    if (e != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "store", "settle_failed", "why=%s",
                  err_name(e));
}

/* After a failed write the database takes nothing more, and tells nothing. */
static bool reopen(struct commits *c)
{
    enum err e = store_reopen(c->store);

    log_event(LOG_LEVEL_ERROR, "store", "reopen", "why=%s", err_name(e));
    return e == ERR_OK;
}

static void on_done(struct crew_work *turn)
{
    struct commits *c = (struct commits *)turn;
    struct commit *commit = c->first;
    enum err e = c->result;

    c->running = false;
    if (c->settling) {
        on_settled(c, e);
        return;
    }
    c->is_loose = true;
    c->last_ms = uv_now(c->loop);
    if (e != ERR_OK && store_failed(c->store) && reopen(c) &&
        !commit->retried) {
        commit->retried = true;
        return; /* it is still the first */
    }
    store_refresh(c->store);
    if (store_is_behind(c->store))
        log_event(LOG_LEVEL_WARN, "store", "index_behind", "why=NOT_WRITTEN");
    if (e != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "store", "commit_failed", "ops=%zu why=%s",
                  store_batch_count(commit->batch), err_name(e));
    c->first = commit->next;
    if (c->first == NULL)
        c->last = NULL;
    conclude(commit, e);
}

static void start(struct commits *c)
{
    c->running = true;
    crew_queue(c->writer, &c->turn, on_work, on_done);
}

/* A flush costs the same for one operation and for a thousand. */
static bool is_gathering(const struct commits *c)
{
    return c->first == c->open && !store_batch_full(c->open->batch) &&
           uv_now(c->loop) - c->open->opened_ms < COMMITS_GATHER_MS;
}

void commits_flush(struct commits *c, bool more)
{
    if (uv_now(c->loop) - c->record_ms >= COMMITS_SHARE_MS)
        blob_disk_share(false);
    if (c->running || c->first == NULL || (more && is_gathering(c)))
        return;
    if (c->open == c->first)
        c->open = NULL;
    start(c);
}

void commits_tick(struct commits *c)
{
    if (!c->running && store_failed(c->store) && !reopen(c))
        return;
    if (c->running || c->first != NULL)
        return;
    if (!store_is_behind(c->store)) {
        if (!c->is_loose || uv_now(c->loop) - c->last_ms < QUIET_MS)
            return;
        c->is_loose = false;
    }
    c->settling = true;
    start(c);
}

bool commits_is_idle(const struct commits *c)
{
    return c->first == NULL && !c->running;
}
