/*
 * Which blobs of a bundle are taken in.  Its blobs ascend, and so do the names
 * that the records here have for them: both are gone through side by side.
 */
#include "daemon/archive_take.h"

#include <string.h>

#include "daemon/safety.h"
#include "daemon/transfer.h"

static struct taking *under_way; /* the loop alone comes here */

bool archive_take_enter(struct taking *t)
{
    for (const struct taking *at = under_way; at != NULL; at = at->next)
        if (memcmp(at->about.topic, t->about.topic, ID_LEN) == 0)
            return false;
    t->next = under_way;
    under_way = t;
    t->is_entered = true;
    return true;
}

void archive_take_leave(struct taking *t)
{
    struct taking **at = &under_way;

    while (t->is_entered && *at != t)
        at = &(*at)->next;
    if (t->is_entered)
        *at = t->next;
    t->is_entered = false;
}

/* ---- Names -------------------------------------------------------------- */

bool archive_take_is_whole(const struct taking *t, const struct blob_id *blob)
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

void archive_take_add_hole(struct taking *t, const struct blob_id *blob,
                           uint64_t seq, enum err why)
{
    if (why == ERR_QUOTA)
        t->no_room++;
    archive_holes_add(&t->holes, node_store(t->node), blob, seq,
                      have_bytes(t, blob), why_text(why));
}

enum err archive_take_next_name(struct taking *t)
{
    enum err e = spool_next(t->names, &t->row);

    t->has_row = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What is named and not in the file of a whole topic is a hole as well. */
enum err archive_take_advance(struct taking *t, const struct blob_id *blob,
                              uint64_t *seq)
{
    enum err e = ERR_OK;

    *seq = 0;
    while (e == ERR_OK && t->has_row) {
        struct blob_id named;
        int order = -1;

        archive_row_blob(&t->row, &named);
        if (blob != NULL)
            order = blob_id_compare(&named, blob);
        if (order > 0)
            break;
        if (order == 0)
            *seq = t->row.seq;
        else if (!t->about.has_subject && !archive_take_is_whole(t, &named))
            archive_take_add_hole(t, &named, t->row.seq, ERR_NOT_HELD);
        e = archive_take_next_name(t);
    }
    return e;
}

void archive_take_tell_held(struct taking *t, const struct blob_id *blob)
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

enum err archive_take_refuse(const struct taking *t, const struct blob_id *blob,
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
    enum err e = archive_take_advance(t, &small->id, &seq);
    enum err why;

    if (e != ERR_OK)
        return e;
    if (seq == 0) {
        t->unnamed++;
        return ERR_OK;
    }
    if (archive_take_is_whole(t, &small->id)) {
        t->held++;
        return ERR_OK;
    }
    why = archive_take_refuse(t, &small->id, small->has_bytes, small->is_bad);
    if (why == ERR_OK)
        return put_small(t, small);
    archive_take_add_hole(t, &small->id, seq, why);
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
            archive_take_tell_held(t, &t->smalls[i].id);
    archive_large_begin(t);
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
    archive_large_begin(t);
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

    if (archive_take_came(t, status))
        take_smalls(t);
}

void archive_take_blobs(struct taking *t)
{
    uint64_t seq;

    if (!t->at_end) {
        (void)uv_queue_work(node_loop(t->node), &t->work, on_read_work,
                            on_read);
        return;
    }
    t->err = archive_take_advance(t, NULL, &seq);
    if (t->err != ERR_OK)
        archive_take_fail(t, t->err);
    else
        archive_take_done(t);
}
