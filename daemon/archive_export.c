/*
 * A topic, or a release, into a bundle.  The loop reads the database in slices
 * and fills a chunk; the pool writes it, and reads, checks and writes the spans
 * of larger blobs.  Records that come meanwhile are left for the next time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/archive_parts.h"
#include "daemon/desk.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "proto/kind.h"

enum { CHUNK_LEN = 256 * 1024, CHUNK_MAX = 64 * 1024 * 1024, PAGE = 16 };

static void export_step(struct exporting *x);

/* ---- Records ------------------------------------------------------------ */

/* §8.3: whether the certificate goes beside this record. */
static bool is_due(struct exporting *x, const struct record *r)
{
    struct export_signer *last = &x->signers[r->signer[0]];
    bool same = last->is_set && memcmp(last->author, r->author, ID_LEN) == 0 &&
                memcmp(last->signer, r->signer, KEY_LEN) == 0;

    last->is_set = true;
    memcpy(last->author, r->author, ID_LEN);
    memcpy(last->signer, r->signer, KEY_LEN);
    return !same && !record_is_by_node(r);
}

static enum err put_whole(struct exporting *x, const struct record *r)
{
    struct writer certificate = writer_growing(RECORD_CERTIFICATE_MAX);
    struct bytes beside = { NULL, 0 };
    enum err e = ERR_OK;

    if (is_due(x, r)) {
        e = store_certificate(node_store(x->node), r->author, r->signer,
                              &certificate);
        beside = writer_view(&certificate);
    }
    if (e == ERR_OK) {
        writer_reset(&x->record);
        record_join(&x->record, r->head, r->body, r->signature, beside);
        e = x->record.err;
    }
    if (e == ERR_OK)
        bundle_writer_record(&x->writer, &x->chunk, writer_view(&x->record));
    writer_free(&certificate);
    return e;
}

static bool is_subject(const struct exporting *x, const uint8_t id[ID_LEN])
{
    if (memcmp(id, x->wish.about.subject, ID_LEN) == 0)
        return true;
    for (size_t i = 0; i < x->pages_count; i++)
        if (memcmp(id, x->pages[i], ID_LEN) == 0)
            return true;
    return false;
}

/* Notes whom and what a record of the topic names. */
static enum err note(struct exporting *x, const struct record *r, uint64_t seq)
{
    enum err e = archive_note_persons(x->names, r);

    if (e != ERR_OK || (x->wish.about.has_subject && !is_subject(x, r->id)))
        return e;
    e = archive_note_files(x->names, r, seq);
    if (e == ERR_OK && x->torrent != NULL)
        e = archive_torrent_note(x, r);
    return e;
}

/* A body that is away needs its retraction; one may have come just now. */
static bool has_retraction(const struct exporting *x, const struct record *r)
{
    struct store_scan scan;
    struct store_item found[PAGE];
    size_t n = 0;

    store_scan_by_link(&scan, r->id, STORE_RELATION_ANY);
    while (store_scan_next(node_store(x->node), &scan, found, PAGE, &n) ==
               ERR_OK &&
           n > 0) {
        for (size_t i = 0; i < n; i++)
            if (found[i].kind == KIND_RETRACTION &&
                found[i].seq <= x->last_seq &&
                memcmp(found[i].author, r->author, ID_LEN) == 0)
                return true;
    }
    return false;
}

static enum err put_item(struct exporting *x, const struct store_item *item)
{
    struct store *store = node_store(x->node);
    bool is_held = item->presence == RECORD_HELD;
    struct writer bytes = writer_growing(RECORD_LEN_MAX);
    struct record r;
    enum err e = is_held ? store_read_seq(store, item->seq, false, &bytes, NULL)
                         : store_read_head_seq(store, item->seq, &bytes);

    if (e == ERR_OK)
        e = record_decode(&r, writer_view(&bytes));
    if (e == ERR_OK &&
        (!is_held || (r.body.data == NULL && !has_retraction(x, &r)))) {
        bundle_writer_head(&x->writer, &x->chunk, r.head, r.signature);
    } else if (e == ERR_OK) {
        e = put_whole(x, &r);
        if (e == ERR_OK && x->stage != EXPORT_PROFILES)
            e = note(x, &r, item->seq);
    }
    writer_free(&bytes);
    return e;
}

/* The next records of the scan; *done after the last. */
static enum err put_page(struct exporting *x, bool *done)
{
    struct store_item items[PAGE];
    size_t n;
    enum err e =
        store_scan_next(node_store(x->node), &x->scan, items, PAGE, &n);

    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        bool is_later =
            x->stage == EXPORT_OTHERS && items[i].kind == KIND_RETRACTION;
        bool is_foreign =
            x->stage == EXPORT_PROFILES &&
            (items[i].presence != RECORD_HELD ||
             memcmp(items[i].author, items[i].topic, ID_LEN) != 0);

        if (items[i].seq <= x->last_seq && !is_later && !is_foreign)
            e = put_item(x, &items[i]);
    }
    *done = e == ERR_OK && n == 0;
    return e;
}

static enum err next_row(struct exporting *x)
{
    enum err e = spool_next(x->names, &x->row);

    x->has_row = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The profiles of one person after the other. */
static enum err put_profiles(struct exporting *x)
{
    uint8_t person[ID_LEN];
    bool done = true;
    enum err e = ERR_OK;

    if (x->is_scanning)
        e = put_page(x, &done);
    if (e != ERR_OK || !done)
        return e;
    x->is_scanning = false;
    if (!x->has_row || x->row.table != ARCHIVE_PERSON) {
        x->stage = EXPORT_TORRENT;
        return ERR_OK;
    }
    archive_row_person(&x->row, person);
    store_scan_by_topic_kind(&x->scan, person, KIND_PROFILE);
    x->is_scanning = memcmp(person, x->wish.about.topic, ID_LEN) != 0;
    return next_row(x);
}

static enum err put_records(struct exporting *x)
{
    bool done;
    enum err e = put_page(x, &done);

    if (e != ERR_OK || !done)
        return e;
    if (x->stage == EXPORT_RETRACTIONS) {
        store_scan_by_topic(&x->scan, x->wish.about.topic);
        x->stage = EXPORT_OTHERS;
        return ERR_OK;
    }
    x->stage = EXPORT_PROFILES;
    e = spool_sort(x->names);
    return e == ERR_OK ? next_row(x) : e;
}

/* ---- The job ------------------------------------------------------------ */

static enum err put_end(struct exporting *x)
{
    bundle_writer_end(&x->writer, &x->chunk);
    x->stage = EXPORT_FINISH;
    x->flush = true;
    return x->chunk.err;
}

static enum err fill_step(struct exporting *x)
{
    switch (x->stage) {
    case EXPORT_RETRACTIONS:
    case EXPORT_OTHERS:
        return put_records(x);
    case EXPORT_PROFILES:
        return put_profiles(x);
    case EXPORT_TORRENT:
        return archive_torrent_step(x);
    case EXPORT_BLOBS:
        return x->reader == NULL && !x->has_row ? put_end(x)
                                                : archive_blob_step(x);
    case EXPORT_FINISH:
        break;
    }
    return ERR_OK;
}

static enum err fill(struct exporting *x)
{
    enum err e = ERR_OK;

    x->flush = false;
    writer_reset(&x->chunk);
    if (x->stage != EXPORT_TORRENT)
        x->target = x->sink;
    while (e == ERR_OK && !x->flush && x->chunk.len < CHUNK_LEN) {
        e = fill_step(x);
        if (e == ERR_OK)
            e = x->chunk.err;
    }
    return e;
}

static void on_work(uv_work_t *work)
{
    struct exporting *x = work->data;

    if (x->chunk.len > 0)
        x->err = bundle_sink_write(x->target, writer_view(&x->chunk));
    if (x->err == ERR_OK && x->reader != NULL)
        x->err = archive_blob_work(x);
    if (x->err != ERR_OK || x->stage != EXPORT_FINISH)
        return;
    if (x->torrent_sink != NULL)
        x->err = bundle_sink_finish(x->torrent_sink);
    if (x->err == ERR_OK)
        x->err = bundle_sink_finish(x->sink);
}

static void export_free(struct exporting *x)
{
    if (x == NULL)
        return;
    blob_reader_close(x->reader);
    bundle_sink_close(x->sink);
    bundle_sink_close(x->torrent_sink);
    spool_free(x->names);
    torrent_free(x->torrent);
    bundle_writer_wipe(&x->writer);
    archive_holes_wipe(&x->holes);
    writer_free(&x->chunk);
    writer_free(&x->record);
    writer_free(&x->head);
    free(x->span);
    free(x);
}

static void export_fail(struct exporting *x)
{
    const char *hint =
        x->err == ERR_NO_SPACE
            ? "Free some space, then run the command again: it goes on."
        : x->err == ERR_CANCELLED
            ? "Run the command again: it goes on where it was."
        : x->err == ERR_EXISTS   ? "Name another file with --out."
        : x->err == ERR_NOT_HELD ? "Fetch all files of it first: troupe get"
                                 : NULL;

    job_fail(x->job, x->err,
             x->err == ERR_NOT_HELD ? "a file of it is not here"
             : x->err == ERR_CLOSED ? "nobody reads the pipe any more"
                                    : NULL,
             hint);
    export_free(x);
}

static void export_done(struct exporting *x)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    const struct bundle_counts *c = bundle_writer_counts(&x->writer);

    mp_put_map(&w, 11);
    pair_text(&w, "path", x->wish.path);
    pair_id(&w, "topic", x->wish.about.topic);
    pair_id(&w, "subject",
            x->wish.about.has_subject ? x->wish.about.subject : NULL);
    pair_uint(&w, "records", c->records);
    pair_uint(&w, "heads", c->heads);
    pair_uint(&w, "blobs", c->blobs);
    pair_uint(&w, "bytes", c->bytes);
    pair_uint(&w, "kept", bundle_sink_kept(x->sink));
    pair_id(&w, "infohash", x->torrent != NULL ? x->infohash : NULL);
    archive_holes_put(&x->holes, &w);
    job_done(x->job, writer_view(&w));
    writer_free(&w);
    export_free(x);
}

static void on_worked(uv_work_t *work, int status)
{
    struct exporting *x = work->data;

    if (x->cancelled || status < 0)
        x->err = ERR_CANCELLED;
    if (x->err != ERR_OK) {
        export_fail(x);
        return;
    }
    archive_blob_worked(x);
    job_progress(x->job, x->progress.done, x->progress.total);
    if (x->stage == EXPORT_FINISH)
        export_done(x);
    else
        export_step(x);
}

/* One chunk: the database here, files on the pool. */
static void export_step(struct exporting *x)
{
    x->err = fill(x);
    if (x->err != ERR_OK)
        export_fail(x);
    else
        (void)uv_queue_work(node_loop(x->node), &x->work, on_work, on_worked);
}

static void on_cancel(void *context)
{
    struct exporting *x = context;

    x->cancelled = true;
    atomic_store(&x->progress.cancel, true);
}

/* ---- The beginning ------------------------------------------------------ */

/* The pages on which lists of the subject go on. */
static enum err list_pages(struct exporting *x)
{
    struct body body;
    const struct mp_value *pages;

    body_open(&body, node_store(x->node), x->wish.about.subject);
    pages = mp_get(body.map, "pages");
    for (uint32_t i = 0;
         i < mp_count(pages) && x->pages_count < EXPORT_PAGES_MAX; i++)
        if (mp_bin_exact(mp_at(pages, i), x->pages[x->pages_count], ID_LEN))
            x->pages_count++;
    body_close(&body);
    return ERR_OK;
}

static enum err open_files(struct exporting *x)
{
    struct store_totals totals;
    enum err e = store_totals(node_store(x->node), &totals);

    if (e == ERR_OK)
        e = bundle_sink_open(&x->sink, x->wish.path, x->wish.is_stream,
                             &x->progress.cancel);
    if (e == ERR_OK && x->wish.torrent[0] != '\0')
        e = archive_torrent_open(x);
    if (e == ERR_OK)
        e = spool_new(&x->names, node_home(x->node)->data);
    x->last_seq = totals.last_seq;
    x->target = x->sink;
    return e;
}

/* What could be wrong before anything is written; else the call has failed. */
static void fail_to_open(struct call *call, const struct archive_wish *wish,
                         bool is_torrent, enum err e)
{
    const char *path = is_torrent ? wish->torrent : wish->path;

    if (e == ERR_EXISTS)
        call_failf(call, e,
                   is_torrent ? "Name another file with --torrent."
                              : "Name another file with --out.",
                   "there is such a file already: %s", path);
    else if (e == ERR_LOCKED)
        call_failf(call, e, "See it with: troupe job list",
                   "it is being written just now: %s", path);
    else if (e == ERR_NOT_FOUND)
        call_failf(call, e, "Check that the folder is there and yours.",
                   "cannot write to %s", path);
    else
        call_fail(call, e, NULL, NULL);
}

static enum err export_open(struct exporting *x)
{
    enum err e = ERR_OK;

    x->work.data = x;
    x->chunk = writer_growing(CHUNK_MAX);
    x->record = writer_growing(RECORD_LEN_MAX);
    x->head = writer_growing(BUNDLE_ITEM_MAX);
    x->span = malloc(BLOB_SPAN_LEN);
    bundle_writer_init(&x->writer);
    archive_holes_init(&x->holes);
    if (x->span == NULL)
        return ERR_NO_MEMORY;
    if (x->wish.about.has_subject)
        e = list_pages(x);
    else
        e = blobs_topic_bytes(node_store(x->node), x->wish.about.topic,
                              &x->total);
    if (e == ERR_OK)
        e = open_files(x);
    x->progress.total = x->total;
    return e;
}

void archive_export(struct call *call, const struct archive_wish *wish)
{
    struct exporting *x = calloc(1, sizeof *x);
    char what[JOB_WHAT_MAX];
    enum err e;

    if (x == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    x->node = call_node(call);
    x->wish = *wish;
    e = export_open(x);
    if (e != ERR_OK) {
        bool is_torrent = x->sink != NULL && x->torrent_sink == NULL;

        export_free(x); /* nothing is left when it is told */
        fail_to_open(call, wish, is_torrent, e);
        return;
    }
    (void)snprintf(what, sizeof what, "export to %.100s", wish->path);
    x->job = job_start(desk_jobs(call_desk(call)), call, "bytes", what);
    if (x->job == NULL) {
        export_free(x);
        return;
    }
    job_on_cancel(x->job, on_cancel, x);
    bundle_writer_begin(&x->writer, &x->chunk, &x->wish.about);
    store_scan_by_topic_kind(&x->scan, x->wish.about.topic, KIND_RETRACTION);
    x->stage = EXPORT_RETRACTIONS;
    /* The first chunk is the beginning alone; the rest is filled from there. */
    (void)uv_queue_work(node_loop(x->node), &x->work, on_work, on_worked);
}
