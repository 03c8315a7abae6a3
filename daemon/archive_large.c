/*
 * A large blob of a bundle: what is done with it, and when.  Hands on the pool
 * copy a window of it; what they wrote is flushed and then told to the store
 * while they are at the next one.
 */
#include <stdlib.h>

#include "daemon/archive_take.h"
#include "daemon/transfer.h"

enum {
    CLAIM_MS = 20,
    /* From this size on more than one hand is worth waking. */
    LONG_BYTES = 4 * 1024 * 1024
};

static void go_on(struct taking *t);

/* ---- The end ------------------------------------------------------------ */

void archive_large_wipe(struct taking *t)
{
    blob_part_close(t->part);
    t->part = NULL;
    if (t->is_claimed)
        transfer_unclaim(node_transfer(t->node), &t->large);
    t->is_claimed = false;
    store_batch_free(t->batch);
    t->batch = NULL;
}

static void end_large(struct taking *t)
{
    bool was_taken = t->plan != TAKE_PASS;

    archive_large_wipe(t);
    if (t->large_seq == 0)
        t->unnamed++;
    else if (!archive_take_is_whole(t, &t->large))
        archive_take_add_hole(t, &t->large, t->large_seq, t->why);
    else if (was_taken)
        archive_take_tell_held(t, &t->large);
    else
        t->held++;
    archive_take_blobs(t);
}

/* The last operations, if all of it is here and was seen. */
static enum err conclude(struct taking *t, struct store_batch *batch)
{
    uint64_t spans = blob_span_count(t->large.size);
    bool is_proved = t->plan == TAKE_PROVE && t->proved == spans;
    bool is_full = t->part != NULL && blob_part_missing(t->part) == 0;
    enum err e = ERR_OK;

    if (is_proved)
        e = blobs_put_hold(batch, &t->large, t->about.topic);
    if (e == ERR_OK && (is_proved || is_full))
        e = store_batch_unwant(batch, &t->large, t->about.topic);
    return e;
}

/* ---- A flush, and its batch --------------------------------------------- */

struct flush {
    uv_work_t work;
    struct taking *taking;
    struct store_batch *batch;
    enum err err;
};

/* What comes after it is known once the hands are back, too. */
static void flushed(struct taking *t, enum err e)
{
    uv_mutex_lock(&t->lock);
    if (t->copy_err == ERR_OK)
        t->copy_err = e;
    uv_mutex_unlock(&t->lock);
    t->is_flushing = false;
    if (t->is_ending && t->copy_err == ERR_OK) /* then no hand is at work */
        end_large(t);
    else
        go_on(t);
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    store_batch_free(batch);
    flushed(context, e);
}

static void on_flush_work(uv_work_t *work)
{
    struct flush *flush = work->data;

    flush->err = archive_copy_flush(flush->taking, flush->batch);
}

static void on_flush(uv_work_t *work, int status)
{
    struct flush *flush = work->data;
    struct taking *t = flush->taking;
    struct store_batch *batch = flush->batch;
    enum err e = status < 0 ? ERR_CANCELLED : flush->err;

    free(flush);
    if (e == ERR_OK && t->is_ending)
        e = conclude(t, batch);
    if (e == ERR_OK && store_batch_count(batch) > 0) {
        node_apply(t->node, batch, on_applied, t);
        return;
    }
    store_batch_free(batch);
    flushed(t, e);
}

static enum err begin_flush(struct taking *t)
{
    struct flush *flush = calloc(1, sizeof *flush);

    if (flush == NULL)
        return ERR_NO_MEMORY;
    flush->work.data = flush;
    flush->taking = t;
    flush->batch = t->batch;
    t->batch = NULL;
    t->is_flushing = true;
    (void)uv_queue_work(node_loop(t->node), &flush->work, on_flush_work,
                        on_flush);
    return ERR_OK;
}

/* ---- Windows ------------------------------------------------------------ */

static void on_hand_work(uv_work_t *work)
{
    archive_copy_large(work->data);
}

static void on_hand(uv_work_t *work, int status)
{
    struct taking_hand *hand = work->data;
    struct taking *t = hand->taking;

    uv_mutex_lock(&t->lock);
    if (status < 0 || t->cancelled)
        t->copy_err = ERR_CANCELLED;
    uv_mutex_unlock(&t->lock);
    if (--t->hands_count == 0)
        go_on(t);
}

static enum err begin_window(struct taking *t)
{
    bool is_long = t->plan != TAKE_PASS && t->large.size >= LONG_BYTES;
    enum err e = store_batch_new(&t->batch);

    if (e != ERR_OK)
        return e;
    t->window = 0;
    t->hands_count = is_long ? TAKE_HANDS : 1;
    for (unsigned i = 0; i < t->hands_count; i++) {
        t->hands[i].taking = t;
        t->hands[i].work.data = &t->hands[i];
        (void)uv_queue_work(node_loop(t->node), &t->hands[i].work, on_hand_work,
                            on_hand);
    }
    return ERR_OK;
}

/*
 * Something went wrong.  What is right and written is to count all the same, so
 * it is flushed first, and once: the batch goes with it.
 */
static void fail(struct taking *t)
{
    t->is_ending = true;
    if (t->part == NULL || t->batch == NULL || begin_flush(t) != ERR_OK)
        archive_take_fail(t, t->copy_err);
}

/* A window is full, or a flush has ended: both wait for each other. */
static void go_on(struct taking *t)
{
    enum err e = ERR_OK;

    if (t->hands_count > 0 || t->is_flushing)
        return;
    job_progress(t->job, t->progress.done, t->progress.total);
    t->is_ending = t->is_copied;
    if (t->copy_err == ERR_OK)
        t->copy_err = begin_flush(t);
    if (t->copy_err != ERR_OK) {
        fail(t);
        return;
    }
    if (!t->is_ending)
        e = begin_window(t);
    if (e != ERR_OK) /* no hand was set to work; the flush leads back here */
        t->copy_err = e;
}

static void begin_copy(struct taking *t)
{
    enum err e;

    t->copy_err = ERR_OK; /* a hand may change it from here on */
    e = begin_window(t);
    if (e != ERR_OK)
        archive_take_fail(t, e);
}

/* ---- The beginning ------------------------------------------------------ */

static void on_begun(void *context, enum err e, struct store_batch *batch)
{
    struct taking *t = context;

    store_batch_free(batch);
    if (e == ERR_OK)
        e = blob_part_open(&t->part, node_store(t->node), &t->large);
    if (e == ERR_EXISTS) { /* it has become whole meanwhile */
        t->plan = TAKE_PROVE;
        e = ERR_OK;
    }
    if (e != ERR_OK)
        archive_take_fail(t, e);
    else
        begin_copy(t);
}

static void begin_part(struct taking *t)
{
    struct store_batch *batch;
    enum err e = store_batch_new(&batch);

    if (e != ERR_OK) {
        archive_take_fail(t, e);
        return;
    }
    e = blobs_put_begin(batch, &t->large, t->about.topic);
    if (e != ERR_OK) {
        store_batch_free(batch);
        archive_take_fail(t, e);
        return;
    }
    node_apply(t->node, batch, on_begun, t);
}

/* What fetches it lets go of it soon. */
static void on_claim_timer(uv_timer_t *timer)
{
    struct taking *t = timer->data;

    if (t->cancelled) {
        (void)uv_timer_stop(timer);
        archive_take_fail(t, ERR_CANCELLED);
    } else if (transfer_is_claimed(node_transfer(t->node), &t->large)) {
        (void)uv_timer_stop(timer);
        begin_part(t);
    }
}

/* What may be done with it; `why` it is a hole if it stays one. */
static enum taking_plan plan_of(struct taking *t)
{
    struct store *store = node_store(t->node);
    struct blob_info info;

    t->why = ERR_NOT_HELD;
    if (t->large_seq == 0 || archive_take_is_whole(t, &t->large))
        return TAKE_PASS;
    t->why = archive_take_refuse(t, &t->large, t->has_bytes, false);
    if (t->why != ERR_OK)
        return TAKE_PASS;
    t->why = ERR_NOT_HELD;
    if (blobs_find(store, &t->large, &info) != ERR_OK)
        return TAKE_WRITE;
    if (info.state != BLOB_PARTIAL)
        return TAKE_PROVE;
    /* A part of another topic's would be held for this one without proof. */
    return blobs_held_for(store, &t->large, t->about.topic) ? TAKE_WRITE
                                                            : TAKE_PASS;
}

void archive_large_begin(struct taking *t)
{
    if (!t->has_large) {
        archive_take_blobs(t);
        return;
    }
    t->err = archive_take_advance(t, &t->large, &t->large_seq);
    if (t->err != ERR_OK) {
        archive_take_fail(t, t->err);
        return;
    }
    t->proved = 0;
    t->is_copied = false;
    t->is_ending = false;
    t->plan = plan_of(t);
    if (t->plan == TAKE_WRITE)
        t->is_claimed =
            transfer_claim(node_transfer(t->node), &t->large) == ERR_OK;
    if (t->plan == TAKE_WRITE && !t->is_claimed)
        t->plan = TAKE_PASS; /* another import is at it */
    if (t->plan == TAKE_WRITE)
        (void)uv_timer_start(&t->timer, on_claim_timer, 0, CLAIM_MS);
    else
        begin_copy(t);
}
