/* Checking all that is stored against the hashes that name it.  A job. */
#include <stdlib.h>
#include <string.h>

#include "daemon/job.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "store/verify.h"

enum { STEP_FINDINGS = 1000, FINDINGS_TOLD = 1000 };

struct verifying {
    uv_work_t work;
    struct node *node;
    struct job *job;
    struct store_verify *verify;
    struct store_finding *step; /* of one step */
    size_t step_count;
    struct writer findings; /* encoded, without the array's head */
    uint32_t count;
    struct store_batch *repair; /* NULL: findings are told alone */
    uint64_t repairing;         /* blobs that are fetched again */
    bool done;
    bool cancelled;
    struct blob_progress progress;
    enum err err;
};

static void verifying_free(struct verifying *v)
{
    store_verify_free(v->verify);
    store_batch_free(v->repair);
    writer_free(&v->findings);
    free(v->step);
    free(v);
}

static void put_finding(struct verifying *v, const struct store_finding *f)
{
    struct writer *w = &v->findings;
    struct store_item item;

    if (v->count == FINDINGS_TOLD)
        return;
    v->count++;
    mp_put_map(w, 4);
    pair_text(w, "what",
              f->is_blob    ? "blob"
              : f->is_topic ? "topic"
                            : "record");
    if (f->is_blob)
        pair_id(w, "id", f->blob.root);
    else if (f->is_topic)
        pair_id(w, "id", f->topic);
    else
        pair_id(w, "id",
                store_find_seq(node_store(v->node), f->seq, &item) == ERR_OK
                    ? item.id
                    : NULL);
    pair_text(w, "name", err_name(f->err));
    pair_text(w, "text", err_text(f->err));
}

/*
 * A damaged blob is let go for every topic that it was held for, and wanted
 * again there, in one transaction.
 */
static enum err repair_for(struct verifying *v, const struct blob_id *blob,
                           const uint8_t topic[ID_LEN])
{
    uint64_t now_ms = node_clock_ms(v->node);
    struct store_want want = { .blob = *blob,
                               .why = STORE_WHY_REPAIR,
                               .since_ms = now_ms,
                               .next_try_ms = now_ms };
    enum err e;

    if (!blobs_held_for(node_store(v->node), blob, topic))
        return ERR_OK;
    memcpy(want.topic, topic, ID_LEN);
    e = blobs_put_release(v->repair, blob, topic);
    if (e == ERR_OK)
        e = store_batch_want(v->repair, &want);
    if (e == ERR_OK)
        v->repairing++;
    return e;
}

static enum err repair(struct verifying *v, const struct store_finding *f)
{
    struct store *store = node_store(v->node);
    struct store_follow follows[32];
    const uint8_t *after = NULL;
    uint8_t last[ID_LEN];
    enum err e = ERR_OK;
    size_t n = 1;

    if (v->repair == NULL || !f->is_blob)
        return ERR_OK;
    while (e == ERR_OK && n > 0) {
        e = store_follows(store, after, follows, 32, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            e = repair_for(v, &f->blob, follows[i].topic);
        if (n > 0) {
            memcpy(last, follows[n - 1].topic, ID_LEN);
            after = last;
        }
    }
    return e == ERR_NO_SPACE ? ERR_OK : e; /* the rest with the next run */
}

static void on_work(uv_work_t *work)
{
    struct verifying *v = work->data;

    v->err = store_verify_step(v->verify, v->step, STEP_FINDINGS,
                               &v->step_count, &v->done, &v->progress);
}

static void finish(struct verifying *v)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    mp_put_map(&w, 2);
    pair_uint(&w, "repairing", v->repairing);
    pair_array(&w, "findings", v->count);
    writer_bytes(&w, writer_view(&v->findings));
    job_done(v->job, writer_view(&w));
    writer_free(&w);
    verifying_free(v);
}

static void on_repaired(void *context, enum err e, struct store_batch *batch)
{
    struct verifying *v = context;

    v->repair = batch;
    if (e != ERR_OK) {
        job_fail(v->job, e, NULL, NULL);
        verifying_free(v);
    } else {
        node_wants_changed(v->node);
        finish(v);
    }
}

/* All has been checked: mends what can be mended, then tells. */
static void conclude(struct verifying *v)
{
    struct store_batch *batch = v->repair;

    if (v->repairing == 0) {
        finish(v);
        return;
    }
    v->repair = NULL;
    node_apply(v->node, batch, on_repaired, v);
}

static void on_worked(uv_work_t *work, int status)
{
    struct verifying *v = work->data;

    if (status < 0 || v->cancelled)
        v->err = ERR_CANCELLED;
    if (v->err != ERR_OK) {
        job_fail(v->job, v->err, NULL, NULL);
        verifying_free(v);
        return;
    }
    for (size_t i = 0; i < v->step_count; i++) {
        put_finding(v, &v->step[i]);
        v->err = v->err == ERR_OK ? repair(v, &v->step[i]) : v->err;
    }
    if (v->err != ERR_OK) {
        job_fail(v->job, v->err, NULL, NULL);
        verifying_free(v);
        return;
    }
    job_progress(v->job, atomic_load(&v->progress.done),
                 atomic_load(&v->progress.total));
    if (v->done)
        conclude(v);
    else
        (void)uv_queue_work(node_loop(v->node), &v->work, on_work, on_worked);
}

static void on_cancel(void *context)
{
    struct verifying *v = context;

    v->cancelled = true;
    atomic_store(&v->progress.cancel, true);
}

void method_verify(struct call *call)
{
    struct node *node = call_node(call);
    struct verifying *v = calloc(1, sizeof *v);
    bool data = mp_bool(call_param(call, "data"));
    enum err e = ERR_NO_MEMORY;

    if (v != NULL)
        v->step = calloc(STEP_FINDINGS, sizeof *v->step);
    if (v != NULL && v->step != NULL)
        e = store_verify_new(&v->verify, node_store(node), data);
    if (e == ERR_OK && mp_bool(call_param(call, "repair")))
        e = store_batch_new(&v->repair);
    if (e != ERR_OK) {
        if (v != NULL)
            verifying_free(v);
        call_fail(call, e, NULL, NULL);
        return;
    }
    v->node = node;
    v->work.data = v;
    v->findings = writer_growing(CONTROL_MESSAGE_MAX / 2);
    v->job = job_start(desk_jobs(call_desk(call)), call, "bytes",
                       data ? "verify records and files" : "verify records");
    if (v->job == NULL) {
        verifying_free(v);
        return;
    }
    job_on_cancel(v->job, on_cancel, v);
    (void)uv_queue_work(node_loop(node), &v->work, on_work, on_worked);
}
