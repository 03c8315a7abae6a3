/* Files in place that are to be hashed again.  What becomes of those that are
 * not what they were is in_place.c. */
#include "daemon/rehash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/in_place.h"
#include "daemon/log.h"
#include "store/blobs.h"
#include "store/law.h"

/* After one that could not be read, nobody's question has it read again for so
 * long: its disk may be failing. */
enum { REST_MS = 60000 };

struct rehash {
    struct node *node;
    bool stopping;
    uint64_t rest_until_ms;
    size_t count; /* of those that wait; the first one may be under way */
    struct blob_id waiting[REHASH_MAX];

    uv_work_t work;
    bool busy; /* on the pool, or with the writer */
    struct blob_import *import;
    struct blob_progress progress;
    enum err result;
};

static void start_next(struct rehash *r);

enum err rehash_open(struct rehash **out, struct node *node)
{
    struct rehash *r = calloc(1, sizeof *r);

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->node = node;
    r->work.data = r;
    *out = r;
    return ERR_OK;
}

void rehash_shutdown(struct rehash *r)
{
    r->stopping = true;
    r->progress.cancel = true;
}

bool rehash_is_idle(const struct rehash *r)
{
    return !r->busy;
}

void rehash_free(struct rehash *r)
{
    assert(r == NULL || !r->busy);
    free(r);
}

/* ---- The end of one ----------------------------------------------------- */

static void drop_first(struct rehash *r, enum err e)
{
    log_event(LOG_LEVEL_INFO, "blob", "hashed_again", "root=%s why=%s",
              log_id(r->waiting[0].root).text, err_name(e));
    if (e == ERR_IO)
        r->rest_until_ms = uv_now(node_loop(r->node)) + REST_MS;
    r->count--;
    memmove(r->waiting, r->waiting + 1, r->count * sizeof r->waiting[0]);
}

static void end(struct rehash *r, enum err e)
{
    blob_import_free(r->import);
    r->import = NULL;
    r->busy = false;
    drop_first(r, e);
    start_next(r);
}

static void on_put(void *context, enum err e, struct store_batch *batch)
{
    if (e == ERR_OK)
        e = store_batch_result(batch, 0)->err;
    store_batch_free(batch);
    end(context, e);
}

/* It is what it was: from now on it is known as it lies there. */
static enum err put(struct rehash *r)
{
    struct store_batch *batch;
    enum err e = store_batch_new(&batch);

    if (e != ERR_OK)
        return e;
    e = blob_import_put_again(r->import, batch);
    if (e != ERR_OK) {
        store_batch_free(batch);
        return e;
    }
    commits_give(node_commits(r->node), batch, on_put, r);
    return ERR_OK;
}

static void on_work_done(uv_work_t *work, int status)
{
    struct rehash *r = work->data;
    enum err e = status == 0 ? r->result : ERR_SHUTDOWN;
    struct blob_id found;

    if (e == ERR_OK) {
        blob_import_id(r->import, &found);
        if (blob_id_equal(&found, &r->waiting[0])) {
            e = put(r);
            if (e == ERR_OK)
                return; /* on_put() goes on */
        } else {
            in_place_let_go(r->node, &r->waiting[0]);
            e = ERR_CHANGED;
        }
    }
    end(r, e);
}

/* ---- One at a time ------------------------------------------------------ */

static void on_work(uv_work_t *work)
{
    struct rehash *r = work->data;
    size_t failed;

    r->result = blob_import_begin(r->import, &r->progress);
    if (r->result == ERR_OK)
        blob_import_work(r->import, &r->progress);
    if (r->result == ERR_OK)
        r->result = blob_import_end(r->import);
    if (r->result == ERR_OK)
        r->result = blob_imports_flush(&r->import, 1, &failed);
}

/* For any topic that holds it: its row is one for all. */
static enum err begin(struct rehash *r)
{
    struct law_place place;
    size_t n = 0;
    enum err e = law_places(node_store(r->node), r->waiting[0].root, false,
                            &place, 1, &n);

    if (e == ERR_OK && n == 0)
        e = ERR_NOT_HELD;
    if (e == ERR_OK)
        e = blob_import_again(&r->import, node_store(r->node), &r->waiting[0],
                              place.topic);
    return e;
}

static void start_next(struct rehash *r)
{
    int status;

    if (r->busy || r->stopping)
        return;
    while (r->count > 0) { /* one less each time */
        enum err e = begin(r);

        if (e == ERR_OK)
            break;
        drop_first(r, e);
    }
    if (r->count == 0)
        return;
    r->busy = true;
    status = uv_queue_work(node_loop(r->node), &r->work, on_work, on_work_done);
    assert(status == 0); /* it fails without a work function only */
    (void)status;
}

void rehash_add(struct rehash *r, const struct blob_id *blob)
{
    if (r->stopping || r->count == REHASH_MAX ||
        uv_now(node_loop(r->node)) < r->rest_until_ms)
        return;
    for (size_t i = 0; i < r->count; i++) {
        if (blob_id_equal(&r->waiting[i], blob))
            return;
    }
    r->waiting[r->count++] = *blob;
    start_next(r);
}
