/*
 * Which blobs of a bundle are taken in.  Its blobs ascend, and so do the names
 * that the records here have for them: both are gone through side by side.
 */
#include <string.h>

#include "daemon/archive_take.h"
#include "daemon/safety.h"
#include "daemon/transfer.h"

enum { CLAIM_MS = 20 };

static void read_blobs(struct taking *t);
static void copy_large(struct taking *t);
static void begin_large(struct taking *t);

/* ---- Names -------------------------------------------------------------- */

static bool is_whole(const struct taking *t, const struct blob_id *blob)
{
    struct store *store = node_store(t->node);
    struct blob_info info;

    return blobs_held_for(store, blob, t->about.topic) &&
           blobs_find(store, blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL;
}

static uint64_t have_bytes(const struct taking *t, const struct blob_id *blob)
{
    struct store *store = node_store(t->node);
    struct blob_info info;

    return blobs_held_for(store, blob, t->about.topic) &&
                   blobs_find(store, blob, &info) == ERR_OK
               ? info.have_bytes
               : 0;
}

static const char *why_text(enum err why)
{
    switch (why) {
    case ERR_NOT_HELD:
        return "not in the file";
    case ERR_REFUSED:
        return "taken down here";
    default:
        return err_text(why);
    }
}

static void add_hole(struct taking *t, const struct blob_id *blob, uint64_t seq,
                     enum err why)
{
    archive_holes_add(&t->holes, node_store(t->node), blob, seq,
                      have_bytes(t, blob), why_text(why));
}

static enum err next_row(struct taking *t)
{
    enum err e = spool_next(t->names, &t->row);

    t->has_row = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static int compare(const struct blob_id *a, const struct blob_id *b)
{
    int order = memcmp(a->root, b->root, HASH_LEN);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/*
 * Goes on to the blob (NULL: to the end); *seq is a record that names it, or 0.
 * What is named and not in the file of a whole topic is a hole as well.
 */
static enum err advance(struct taking *t, const struct blob_id *blob,
                        uint64_t *seq)
{
    enum err e = ERR_OK;

    *seq = 0;
    while (e == ERR_OK && t->has_row) {
        struct blob_id named;
        int order = -1;

        archive_row_blob(&t->row, &named);
        if (blob != NULL)
            order = compare(&named, blob);
        if (order > 0)
            break;
        if (order == 0)
            *seq = t->row.seq;
        else if (!t->about.has_subject && !is_whole(t, &named))
            add_hole(t, &named, t->row.seq, ERR_NOT_HELD);
        e = next_row(t);
    }
    return e;
}

static void tell_held(struct taking *t, const struct blob_id *blob)
{
    struct node_event event = {
        .type = NODE_EVENT_BLOB,
        .blob = blob,
        .topic = t->about.topic,
        .done_bytes = blob->size,
    };

    t->held++;
    t->taken++;
    node_emit(t->node, &event);
}

/* ---- Small blobs: a batch of them --------------------------------------- */

/* Why it is not taken in, though it is named and not here; else ERR_OK. */
static enum err refuse(const struct taking *t, const struct blob_id *blob,
                       bool has_bytes, bool is_bad)
{
    if (safety_has(t->node, LAW_NO_BLOB, blob->root))
        return ERR_REFUSED;
    if (!has_bytes)
        return is_bad ? ERR_BAD_BLOB : ERR_NOT_HELD;
    return transfer_has_room(node_transfer(t->node), blob, t->about.topic)
               ? ERR_OK
               : ERR_QUOTA;
}

static enum err put_small(struct taking *t, struct taking_small *small)
{
    struct bytes content = { t->small.data + small->at,
                             (size_t)small->id.size };
    struct blob_id id;
    enum err e = blobs_put_inline(t->batch, t->about.topic, content, &id);

    if (e == ERR_OK)
        e = store_batch_unwant(t->batch, &small->id, t->about.topic);
    small->is_put = e == ERR_OK;
    return e;
}

static enum err take_small(struct taking *t, struct taking_small *small)
{
    uint64_t seq;
    enum err e = advance(t, &small->id, &seq);
    enum err why;

    if (e != ERR_OK)
        return e;
    if (seq == 0) {
        t->unnamed++;
        return ERR_OK;
    }
    if (is_whole(t, &small->id)) {
        t->held++;
        return ERR_OK;
    }
    why = refuse(t, &small->id, small->has_bytes, small->is_bad);
    if (why == ERR_OK)
        return put_small(t, small);
    add_hole(t, &small->id, seq, why);
    return ERR_OK;
}

static void on_small_applied(void *context, enum err e,
                             struct store_batch *batch)
{
    struct taking *t = context;

    store_batch_free(batch);
    if (e != ERR_OK) {
        archive_take_fail(t, e);
        return;
    }
    for (size_t i = 0; i < t->smalls_count; i++)
        if (t->smalls[i].is_put)
            tell_held(t, &t->smalls[i].id);
    begin_large(t);
}

static void take_smalls(struct taking *t)
{
    struct store_batch *batch;
    enum err e = store_batch_new(&t->batch);

    for (size_t i = 0; e == ERR_OK && i < t->smalls_count; i++)
        e = take_small(t, &t->smalls[i]);
    if (e != ERR_OK) {
        archive_take_fail(t, e);
        return;
    }
    batch = t->batch;
    t->batch = NULL;
    if (store_batch_count(batch) > 0) {
        node_apply(t->node, batch, on_small_applied, t);
        return;
    }
    store_batch_free(batch);
    begin_large(t);
}

/* ---- A large one -------------------------------------------------------- */

/* What may be done with it; `why` it is a hole if it stays one. */
static enum taking_plan plan_of(struct taking *t)
{
    struct store *store = node_store(t->node);
    struct blob_info info;

    t->why = ERR_NOT_HELD;
    if (t->large_seq == 0 || is_whole(t, &t->large))
        return TAKE_PASS;
    t->why = refuse(t, &t->large, t->has_bytes, false);
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

static void let_go(struct taking *t)
{
    blob_part_close(t->part);
    t->part = NULL;
    if (t->is_claimed)
        transfer_unclaim(node_transfer(t->node), &t->large);
    t->is_claimed = false;
}

static void end_large(struct taking *t)
{
    bool was_taken = t->plan != TAKE_PASS;

    let_go(t);
    if (t->large_seq == 0)
        t->unnamed++;
    else if (!is_whole(t, &t->large))
        add_hole(t, &t->large, t->large_seq, t->why);
    else if (was_taken)
        tell_held(t, &t->large);
    else
        t->held++;
    read_blobs(t);
}

static void on_copied_applied(void *context, enum err e,
                              struct store_batch *batch)
{
    struct taking *t = context;

    store_batch_free(batch);
    if (e != ERR_OK)
        archive_take_fail(t, e);
    else if (t->is_copied)
        end_large(t);
    else
        copy_large(t);
}

/* The last operations, if all of it is here and was seen. */
static enum err conclude(struct taking *t)
{
    uint64_t spans = blob_span_count(t->large.size);
    bool is_proved = t->plan == TAKE_PROVE && t->proved == spans;
    bool is_full = t->part != NULL && blob_part_missing(t->part) == 0;
    enum err e = ERR_OK;

    if (is_proved)
        e = blobs_put_hold(t->batch, &t->large, t->about.topic);
    if (e == ERR_OK && (is_proved || is_full))
        e = store_batch_unwant(t->batch, &t->large, t->about.topic);
    return e;
}

static void on_copy_work(uv_work_t *work)
{
    struct taking *t = work->data;

    t->err = archive_copy_large(t);
}

static void on_copied(uv_work_t *work, int status)
{
    struct taking *t = work->data;
    struct store_batch *batch = t->batch;

    if (t->cancelled || status < 0)
        t->err = ERR_CANCELLED;
    if (t->err == ERR_OK && t->is_copied)
        t->err = conclude(t);
    if (t->err != ERR_OK) {
        archive_take_fail(t, t->err);
        return;
    }
    job_progress(t->job, t->progress.done, t->progress.total);
    t->batch = NULL;
    if (store_batch_count(batch) > 0)
        node_apply(t->node, batch, on_copied_applied, t);
    else
        on_copied_applied(t, ERR_OK, batch);
}

static void copy_large(struct taking *t)
{
    enum err e = store_batch_new(&t->batch);

    if (e != ERR_OK)
        archive_take_fail(t, e);
    else
        (void)uv_queue_work(node_loop(t->node), &t->work, on_copy_work,
                            on_copied);
}

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
        copy_large(t);
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

static void begin_large(struct taking *t)
{
    if (!t->has_large) {
        read_blobs(t);
        return;
    }
    t->err = advance(t, &t->large, &t->large_seq);
    if (t->err != ERR_OK) {
        archive_take_fail(t, t->err);
        return;
    }
    t->proved = 0;
    t->is_copied = false;
    t->plan = plan_of(t);
    if (t->plan == TAKE_WRITE)
        t->is_claimed =
            transfer_claim(node_transfer(t->node), &t->large) == ERR_OK;
    if (t->plan == TAKE_WRITE && !t->is_claimed)
        t->plan = TAKE_PASS; /* another import is at it */
    if (t->plan == TAKE_WRITE)
        (void)uv_timer_start(&t->timer, on_claim_timer, 0, CLAIM_MS);
    else
        copy_large(t);
}

/* ---- The story ---------------------------------------------------------- */

static void on_read_work(uv_work_t *work)
{
    struct taking *t = work->data;

    t->err = archive_copy_small(t);
}

static void on_read(uv_work_t *work, int status)
{
    struct taking *t = work->data;

    if (t->cancelled || status < 0)
        t->err = ERR_CANCELLED;
    if (t->err != ERR_OK) {
        archive_take_fail(t, t->err);
        return;
    }
    job_progress(t->job, t->progress.done, t->progress.total);
    take_smalls(t);
}

static void read_blobs(struct taking *t)
{
    uint64_t seq;

    if (!t->at_end) {
        (void)uv_queue_work(node_loop(t->node), &t->work, on_read_work,
                            on_read);
        return;
    }
    t->err = advance(t, NULL, &seq);
    if (t->err != ERR_OK)
        archive_take_fail(t, t->err);
    else
        archive_take_done(t);
}

void archive_take_blobs(struct taking *t)
{
    read_blobs(t);
}

void archive_take_wipe(struct taking *t)
{
    let_go(t);
    store_batch_free(t->batch);
    t->batch = NULL;
}
