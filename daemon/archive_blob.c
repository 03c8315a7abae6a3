/*
 * Blobs into a bundle.  Small ones go through the chunk; of others the loop
 * reads a page of the layer, and the pool the spans that it is of.  What cannot
 * be read, or is not what its hash says, is left out: a hole like others.
 */
#include <string.h>

#include "daemon/archive_parts.h"
#include "store/keep.h"
#include "store/thread_hash.h"

/* What its owner let go of comes by no pledge. */
static const char *why_text(const struct exporting *x)
{
    if (x->why != ERR_NOT_HELD)
        return err_text(x->why);
    return keep_pin_of(node_store(x->node), &x->blob, x->wish.about.topic) ==
                   KEEP_PIN_DROPPED
               ? "dropped here"
               : "not here";
}

static void end_blob(struct exporting *x)
{
    uint64_t have = 0;
    struct blob_info info;

    if (x->reader != NULL) {
        blob_reader_info(x->reader, &info);
        have = info.have_bytes;
    }
    blob_reader_close(x->reader);
    x->reader = NULL;
    if (x->seen < blob_span_count(x->blob.size))
        archive_holes_add(&x->holes, node_store(x->node), &x->blob, x->seq,
                          have, why_text(x));
}

/* Whether bytes are the span that its hash says. */
static enum err check_span(const struct exporting *x, uint64_t span, size_t len)
{
    const uint8_t *expected =
        blob_page_count(x->blob.size) == 0
            ? x->blob.root
            : x->page_hashes.data + span % BLOB_LAYER_PAGE * HASH_LEN;
    uint8_t hash[HASH_LEN];
    enum err e = blob_span_hash(thread_multi_hash(), hash, x->blob.size,
                                (struct bytes){ x->span, len });

    if (e == ERR_OK && memcmp(hash, expected, HASH_LEN) != 0)
        e = ERR_BAD_BLOB;
    return e;
}

/* The span's bytes, checked; an error says why there are none. */
static enum err read_span(struct exporting *x, uint64_t span, size_t len)
{
    enum err e =
        blob_reader_read(x->reader, span * BLOB_SPAN_LEN, x->span, len);

    return e == ERR_OK ? check_span(x, span, len) : e;
}

static void put_span_head(struct exporting *x, struct writer *w, uint64_t span,
                          bool *has_page)
{
    if (blob_page_count(x->blob.size) > 0 && !*has_page)
        bundle_writer_page(&x->writer, w, x->page, x->page_hashes,
                           x->page_uncles);
    *has_page = true;
    bundle_writer_span(&x->writer, w, span);
    x->seen++;
}

enum err archive_blob_work(struct exporting *x)
{
    uint64_t spans = blob_span_count(x->blob.size);
    uint64_t first = x->page * BLOB_LAYER_PAGE;
    bool has_page = false;

    for (uint64_t i = first; i < spans && i < first + BLOB_LAYER_PAGE; i++) {
        size_t len = blob_span_len(x->blob.size, i);
        enum err e;

        if (x->progress.cancel)
            return ERR_CANCELLED;
        e = read_span(x, i, len);
        if (e == ERR_NO_MEMORY)
            return e;
        if (e != ERR_OK) {
            x->why = e;
            continue;
        }
        writer_reset(&x->head);
        put_span_head(x, &x->head, i, &has_page);
        e = x->head.err;
        if (e == ERR_OK)
            e = bundle_sink_write(x->sink, writer_view(&x->head));
        if (e == ERR_OK)
            e = bundle_sink_write(x->sink, (struct bytes){ x->span, len });
        if (e != ERR_OK)
            return e;
        x->progress.done += len;
    }
    return ERR_OK;
}

void archive_blob_worked(struct exporting *x)
{
    if (x->reader == NULL)
        return;
    x->page++;
    if (x->page * BLOB_LAYER_PAGE >= blob_span_count(x->blob.size))
        end_blob(x);
}

/* A row of the database holds it: no need for the pool. */
static enum err put_inline(struct exporting *x)
{
    size_t len = (size_t)x->blob.size;
    bool has_page = false;
    enum err e = read_span(x, 0, len);

    if (e == ERR_OK) {
        put_span_head(x, &x->chunk, 0, &has_page);
        writer_bytes(&x->chunk, (struct bytes){ x->span, len });
        x->progress.done += len;
    } else if (e != ERR_NO_MEMORY) {
        x->why = e;
        e = ERR_OK;
    }
    end_blob(x);
    return e;
}

/* Spans of a page that is not here cannot be proved: they are left out. */
static enum err load_page(struct exporting *x)
{
    struct writer hashes = writer_fixed(x->hashes, sizeof x->hashes);
    struct writer uncles = writer_fixed(x->uncles, sizeof x->uncles);
    uint64_t pages = blob_page_count(x->blob.size);
    enum err e = ERR_NOT_FOUND;

    for (; e != ERR_OK && x->page < pages; x->page += e != ERR_OK) {
        writer_reset(&hashes);
        writer_reset(&uncles);
        e = blobs_layer_page(node_store(x->node), &x->blob, x->page, &hashes,
                             &uncles);
        if (e == ERR_OK)
            e = blob_page_verify(&x->blob, x->page, writer_view(&hashes),
                                 writer_view(&uncles));
        if (e == ERR_NO_MEMORY)
            return e;
    }
    x->page_hashes = writer_view(&hashes);
    x->page_uncles = writer_view(&uncles);
    return e;
}

static enum err begin_blob(struct exporting *x)
{
    struct store *store = node_store(x->node);
    struct blob_info info = { .state = BLOB_PARTIAL };
    enum err e;

    archive_row_blob(&x->row, &x->blob);
    x->seq = x->row.seq;
    x->page = 0;
    x->seen = 0;
    x->why = ERR_NOT_HELD;
    bundle_writer_blob(&x->writer, &x->chunk, &x->blob);
    e = blob_reader_open(&x->reader, store, &x->blob, x->wish.about.topic);
    if (e == ERR_NO_MEMORY)
        return e;
    if (e != ERR_OK)
        x->why = e;
    else
        blob_reader_info(x->reader, &info);
    if (e != ERR_OK || x->blob.size == 0)
        end_blob(x);
    else if (info.state == BLOB_INLINE)
        return put_inline(x);
    return ERR_OK;
}

enum err archive_blob_step(struct exporting *x)
{
    enum err e = ERR_OK;

    if (x->reader == NULL) {
        e = begin_blob(x);
        if (e == ERR_OK) {
            e = spool_next(x->names, &x->row);
            x->has_row = e == ERR_OK;
            e = e == ERR_NOT_FOUND ? ERR_OK : e;
        }
    }
    if (e != ERR_OK || x->reader == NULL)
        return e;
    if (blob_page_count(x->blob.size) > 0) {
        e = load_page(x);
        if (e == ERR_NO_MEMORY)
            return e;
        if (e != ERR_OK) {
            end_blob(x); /* no further page */
            return ERR_OK;
        }
    }
    x->flush = true; /* the spans follow what the chunk has */
    return ERR_OK;
}
