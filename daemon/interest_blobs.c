/*
 * The blobs of a topic that was given up.  Its records have gone by now, but
 * for those that the owner made: what these name stays, all else is released.
 */
#include "daemon/interest_parts.h"
#include "daemon/transfer.h"
#include "proto/record_files.h"
#include "store/blobs.h"

/* Records looked at a page, and pages and rounds in one turn of the loop. */
enum { ITEMS = 64, PAGES = 16, ROUNDS = 4 };

static void spare(struct interest_sweep *sweep, const struct blob_id *blob)
{
    for (size_t i = 0; i < sweep->count; i++) {
        if (!blob_id_equal(&sweep->blobs[i], blob))
            continue;
        sweep->blobs[i] = sweep->blobs[--sweep->count];
        return;
    }
}

/* ERR_NO_MEMORY is the only one: what does not parse names no file. */
static enum err spare_files_of(struct interest *in, const uint8_t id[ID_LEN])
{
    struct writer w = writer_growing(RECORD_LEN_MAX);
    struct record_files files;
    struct record_file file;
    struct record r;
    enum err e = store_read(node_store(in->node), id, false, &w, NULL);

    if (e == ERR_OK)
        e = record_decode(&r, writer_view(&w));
    if (e == ERR_OK)
        e = record_files_open(&files, &r);
    if (e == ERR_OK) {
        while (record_files_next(&files, &file))
            spare(&in->sweep, &file.blob);
        record_files_close(&files);
    }
    writer_free(&w);
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

/* The next page of the topic's blobs; ERR_NOT_FOUND after the last. */
static enum err collect(struct interest *in, struct interest_job *job)
{
    struct interest_sweep *sweep = &in->sweep;
    struct blob_info infos[INTEREST_BLOBS];
    size_t n = 0;
    enum err e = blobs_of_topic(node_store(in->node), job->topic,
                                job->has_blob ? &job->blob : NULL, infos,
                                INTEREST_BLOBS, &n);

    if (e == ERR_OK && n == 0)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < n; i++)
        sweep->blobs[i] = infos[i].id;
    sweep->count = n;
    job->has_blob = true;
    job->blob = infos[n - 1].id;
    store_scan_by_topic(&sweep->scan, job->topic);
    sweep->scan.held_only = true;
    sweep->is_walking = true;
    return ERR_OK;
}

/* Some pages of what stays in the topic; is_walking is false at its end. */
static enum err walk(struct interest *in)
{
    struct interest_sweep *sweep = &in->sweep;
    enum err e = ERR_OK;

    for (unsigned page = 0; e == ERR_OK && page < PAGES; page++) {
        struct store_item items[ITEMS];
        size_t n = 0;

        if (sweep->count > 0)
            e = store_scan_next(node_store(in->node), &sweep->scan, items,
                                ITEMS, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            if (items[i].has_body)
                e = spare_files_of(in, items[i].id);
        sweep->is_walking = n > 0;
        if (n == 0)
            break;
    }
    return e;
}

static enum err put_releases(struct interest *in,
                             const struct interest_job *job,
                             struct store_batch *batch)
{
    struct interest_sweep *sweep = &in->sweep;
    enum err e = ERR_OK;

    while (e == ERR_OK && sweep->count > 0) {
        const struct blob_id *blob = &sweep->blobs[--sweep->count];

        transfer_give_up(node_transfer(in->node), blob, job->topic);
        e = store_batch_unwant(batch, blob, job->topic);
        if (e == ERR_OK)
            e = blobs_put_release(batch, blob, job->topic);
    }
    return e;
}

static enum err step(struct interest *in, struct interest_job *job,
                     struct store_batch *batch)
{
    enum err e = ERR_OK;

    if (!in->sweep.is_walking)
        e = collect(in, job);
    if (e == ERR_OK)
        e = walk(in);
    if (e == ERR_OK && !in->sweep.is_walking)
        e = put_releases(in, job, batch);
    return e;
}

enum err interest_blobs_step(struct interest *in, struct interest_job *job,
                             struct store_batch *batch)
{
    enum err e = ERR_OK;

    for (unsigned i = 0;
         e == ERR_OK && store_batch_count(batch) == 0 && i < ROUNDS; i++)
        e = step(in, job, batch);
    if (e != ERR_OK)
        in->sweep = (struct interest_sweep){ 0 };
    return e;
}
