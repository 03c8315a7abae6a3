/*
 * The work of a fetch on other threads: to hash and compare what came, to write
 * it, to flush it, and to give what is durable to the writer.  What is to be
 * done when, and who is asked for it, is fetch.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/crew.h"
#include "daemon/exports.h"
#include "daemon/fetch_parts.h"
#include "store/thread_hash.h"

/*
 * What is written is flushed after this much or this long, and no more than
 * AT_RISK_SPANS are in work or written and not durable (docs/storage.md): so
 * much is fetched again after a crash.
 */
enum { SYNC_BYTES = 24 * 1024 * 1024, SYNC_MS = 2000, AT_RISK_SPANS = 60 };

/* Work of another thread, with copies of all that may change meanwhile. */
struct job {
    struct crew_work turn; /* first: crew_fn casts back */
    uv_work_t work;        /* of those with a batch */
    struct fetch *fetch;
    enum fetch_job_what what;
    unsigned slot;
    uint64_t span;
    struct bytes bytes; /* of the slot's buffer, which nobody else writes */
    uint8_t expected[BLOB_SPAN_LEAVES * HASH_LEN];
    struct blob_copy *copy; /* to be written too, or NULL */
    struct store_batch *batch;
    uint64_t good;
    enum err result;
};

/* ---- On threads --------------------------------------------------------- */

static uint64_t compare_leaves(const struct job *job)
{
    uint8_t leaves[BLOB_SPAN_LEAVES * HASH_LEN];
    size_t count = (job->bytes.len + BLOB_LEAF_LEN - 1) / BLOB_LEAF_LEN;
    uint64_t good = 0;

    if (blob_span_leaves(thread_multi_hash(), leaves, job->bytes) != ERR_OK)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(leaves + i * HASH_LEN, job->expected + i * HASH_LEN,
                   HASH_LEN) == 0)
            good |= (uint64_t)1 << i;
    }
    return good;
}

static void write_span(struct crew_work *turn)
{
    struct job *job = (struct job *)turn;

    if (job->copy != NULL)
        blob_copy_write(job->copy, job->span, job->bytes);
    job->result = blob_part_write(job->fetch->part, job->span, job->bytes);
}

static void check_span(struct crew_work *turn)
{
    struct job *job = (struct job *)turn;
    uint8_t hash[HASH_LEN];

    if (job->what != FETCH_JOB_VERIFY) {
        job->good = compare_leaves(job);
        return;
    }
    job->result = blob_span_hash(thread_multi_hash(), hash,
                                 fetch_blob(job->fetch)->size, job->bytes);
    job->good =
        job->result == ERR_OK && memcmp(hash, job->expected, HASH_LEN) == 0;
}

static void flush(uv_work_t *work)
{
    struct job *job = work->data;
    struct blob_part *part = job->fetch->part;

    if (job->what == FETCH_JOB_FINISH) {
        if (part != NULL)
            job->result = blob_part_finish(part, job->batch);
        return;
    }
    if (job->what == FETCH_JOB_SYNC || blob_part_unsynced(part) > 0)
        job->result = blob_part_sync(part, job->batch);
    if (job->what == FETCH_JOB_LEAVE && job->result == ERR_OK)
        job->result = blob_part_trim(part);
}

static void on_committed(void *context, enum err e, struct store_batch *batch)
{
    struct fetch *f = context;

    store_batch_free(batch);
    f->commits--;
    if (e != ERR_OK) {
        fetch_stop(f, e);
    } else if (f->flushing) {
        f->flushing = false;
        f->undurable -= f->flushed;
    } else if (f->concluded) {
        f->state = FETCH_STOPPING;
        f->why = ERR_OK;
    }
    fetch_step(f);
    fetch_settle(f);
}

static void give_batch(struct job *job)
{
    struct fetch *f = job->fetch;

    f->commits++;
    commits_give(node_commits(f->node), job->batch, on_committed, f);
    job->batch = NULL;
}

/* The last operations: held for the topic, and no longer wanted for it. */
static enum err conclude(struct job *job)
{
    struct fetch *f = job->fetch;
    enum err e = ERR_OK;

    if (f->part == NULL)
        e = blobs_put_hold(job->batch, fetch_blob(f), f->config.want.topic);
    if (e == ERR_OK)
        e = store_batch_unwant(job->batch, fetch_blob(f), f->config.want.topic);
    return e;
}

static void on_written(struct fetch *f, const struct job *job)
{
    struct node_event event = {
        .type = NODE_EVENT_PROGRESS,
        .blob = fetch_blob(f),
        .topic = f->config.want.topic,
    };

    f->verified += job->bytes.len;
    f->undurable += job->bytes.len;
    event.done_bytes = f->verified;
    blob_fetch_span_written(&f->machine, job->slot, fetch_now_ms(f));
    node_emit(f->node, &event);
}

/* The outcome of a job whose fetch still runs. */
static enum err on_outcome(struct job *job)
{
    struct fetch *f = job->fetch;

    if (job->result != ERR_OK)
        return job->result;
    switch (job->what) {
    case FETCH_JOB_VERIFY:
        blob_fetch_span_verified(&f->machine, job->slot, job->good != 0,
                                 fetch_now_ms(f));
        f->config.proved(f->config.context, f);
        break;
    case FETCH_JOB_WRITE:
        on_written(f, job);
        break;
    case FETCH_JOB_LEAVES:
        blob_fetch_leaves_checked(&f->machine, job->slot, job->good,
                                  fetch_now_ms(f));
        break;
    case FETCH_JOB_BLOCKS:
        blob_fetch_blocks_checked(&f->machine, job->slot, job->good,
                                  fetch_now_ms(f));
        f->config.proved(f->config.context, f);
        break;
    case FETCH_JOB_SYNC:
        give_batch(job);
        break;
    case FETCH_JOB_FINISH:
        job->result = conclude(job);
        if (job->result != ERR_OK)
            return job->result;
        f->concluded = true;
        give_batch(job);
        break;
    case FETCH_JOB_LEAVE: /* of a fetch that does not run */
        break;
    }
    return ERR_OK;
}

static void job_end(struct job *job, enum err e)
{
    struct fetch *f = job->fetch;

    f->jobs--;
    if (f->state == FETCH_RUNNING || f->state == FETCH_FINISHING) {
        if (e == ERR_OK)
            e = on_outcome(job);
        if (e != ERR_OK)
            fetch_stop(f, e);
    } else if (job->what == FETCH_JOB_LEAVE && e == ERR_OK &&
               store_batch_count(job->batch) > 0) {
        give_batch(job);
    }
    blob_copy_unref(job->copy);
    store_batch_free(job->batch);
    free(job);
    fetch_step(f);
    fetch_settle(f);
}

static void on_flushed(uv_work_t *work, int status)
{
    job_end(work->data, status == 0 ? ERR_OK : ERR_SHUTDOWN);
}

static void on_crew_done(struct crew_work *turn)
{
    job_end((struct job *)turn, ERR_OK);
}

static struct job *job_new(struct fetch *f, enum fetch_job_what what)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        fetch_stop(f, ERR_NO_MEMORY);
        return NULL;
    }
    job->fetch = f;
    job->what = what;
    job->work.data = job;
    return job;
}

static void job_queue(struct job *job, struct crew *crew, crew_fn *run)
{
    job->fetch->jobs++;
    crew_queue(crew, &job->turn, run, on_crew_done);
}

static struct job *job_of_slot(struct fetch *f, enum fetch_job_what what,
                               unsigned slot)
{
    struct job *job = job_new(f, what);

    if (job == NULL)
        return NULL;
    job->slot = slot;
    job->span = f->slots[slot].span;
    job->bytes = (struct bytes){ f->slots[slot].data, f->slots[slot].len };
    return job;
}

void fetch_job_on_slot(struct fetch *f, enum fetch_job_what what, unsigned slot,
                       struct bytes expected)
{
    struct job *job = job_of_slot(f, what, slot);

    if (job == NULL)
        return;
    assert(expected.len > 0 && expected.len <= sizeof job->expected);
    memcpy(job->expected, expected.data, expected.len);
    job_queue(job, node_hashers(f->node), check_span);
}

void fetch_job_on_blocks(struct fetch *f, const struct blob_fetch_effect *ef)
{
    struct job *job = job_new(f, FETCH_JOB_BLOCKS);

    if (job == NULL)
        return;
    assert(ef->hashes.len <= sizeof job->expected);
    job->slot = ef->slot;
    job->bytes =
        (struct bytes){ f->slots[ef->slot].data + ef->offset, ef->len };
    memcpy(job->expected, ef->hashes.data, ef->hashes.len);
    job_queue(job, node_hashers(f->node), check_span);
}

void fetch_job_with_batch(struct fetch *f, enum fetch_job_what what)
{
    struct job *job = job_new(f, what);
    int status;

    if (job == NULL)
        return;
    if (store_batch_new(&job->batch) != ERR_OK) {
        free(job);
        fetch_stop(f, ERR_NO_MEMORY);
        return;
    }
    f->jobs++;
    status = uv_queue_work(node_loop(f->node), &job->work, flush, on_flushed);
    assert(status == 0); /* it fails without a work function only */
    (void)status;
}

/* ---- Flushes ------------------------------------------------------------ */

static bool flush_is_due(const struct fetch *f)
{
    uint64_t bytes = f->part == NULL ? 0 : blob_part_unsynced(f->part);

    return bytes >= SYNC_BYTES ||
           (bytes > 0 && fetch_now_ms(f) - f->sync_ms >= SYNC_MS);
}

unsigned fetch_job_spans_allowed(const struct fetch *f)
{
    uint64_t spans = (f->undurable + BLOB_SPAN_LEN - 1) / BLOB_SPAN_LEN;

    return spans < AT_RISK_SPANS ? (unsigned)(AT_RISK_SPANS - spans) : 0;
}

void fetch_job_flush_if_due(struct fetch *f)
{
    if (f->state != FETCH_RUNNING || f->flushing || !flush_is_due(f))
        return;
    f->sync_ms = fetch_now_ms(f);
    f->flushing = true;
    f->flushed = f->undurable;
    fetch_job_with_batch(f, FETCH_JOB_SYNC);
}

void fetch_job_write(struct fetch *f, unsigned slot)
{
    struct blob_copy *copy = exports_find(node_exports(f->node), fetch_blob(f));
    struct job *job;

    if (f->part == NULL) { /* whole here already: the bytes were proof */
        f->verified += f->slots[slot].len;
        blob_fetch_span_written(&f->machine, slot, fetch_now_ms(f));
        return;
    }
    job = job_of_slot(f, FETCH_JOB_WRITE, slot);
    if (job == NULL)
        return;
    if (copy != NULL)
        job->copy = blob_copy_ref(copy);
    job_queue(job, node_disk(f->node), write_span);
}
