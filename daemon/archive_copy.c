/* Blobs out of a bundle, on the pool: checked, written, flushed. */
#include <string.h>

#include "daemon/archive_take.h"

/* As a fetch does (docs/storage.md §6): so much may be lost by a power cut. */
enum { SYNC_BYTES = 64 * 1024 * 1024 };

static enum err skip(struct taking *t, const struct bundle_item *item)
{
    enum err e = bundle_source_skip(t->source, item->len);

    t->progress.done = bundle_source_offset(t->source);
    return e;
}

/* The bytes of the small blob that was named last, if they follow. */
static enum err take_small_span(struct taking *t)
{
    struct taking_small *small = &t->smalls[t->smalls_count - 1];
    struct bundle_item item;
    enum err e = archive_take_look(t, &item);

    if (e != ERR_OK || item.type != BUNDLE_SPAN)
        return e;
    e = archive_take_item(t, &item);
    if (e != ERR_OK && e != ERR_BAD_BLOB)
        return e;
    small->is_bad = e == ERR_BAD_BLOB;
    small->has_bytes = e == ERR_OK;
    t->damaged += small->is_bad;
    if (small->has_bytes)
        writer_bytes(&t->small, item.at.bytes);
    if (t->small.err != ERR_OK)
        return t->small.err;
    return skip(t, &item);
}

static enum err take_blob(struct taking *t, struct bundle_item *item)
{
    struct taking_small *small = &t->smalls[t->smalls_count];
    enum err e = archive_take_item(t, item);

    if (e == ERR_OK)
        e = skip(t, item);
    if (e != ERR_OK)
        return e;
    if (item->at.blob.size > BLOB_INLINE_MAX) {
        t->large = item->at.blob;
        t->has_large = true;
        e = archive_take_look(t, item);
        t->has_bytes = e == ERR_OK &&
                       (item->type == BUNDLE_PAGE || item->type == BUNDLE_SPAN);
        return e;
    }
    *small = (struct taking_small){ .id = item->at.blob,
                                    .has_bytes = item->at.blob.size == 0,
                                    .at = t->small.len };
    t->smalls_count++;
    return item->at.blob.size == 0 ? ERR_OK : take_small_span(t);
}

/* The last item: nothing may follow it. */
static enum err take_end(struct taking *t, struct bundle_item *item)
{
    struct bytes more;
    enum err e = archive_take_item(t, item);

    if (e == ERR_OK)
        e = skip(t, item);
    if (e == ERR_OK)
        e = bundle_source_look(t->source, 1, &more);
    if (e == ERR_OK && more.len > 0)
        e = ERR_TRAILING;
    t->at_end = e == ERR_OK;
    return e;
}

enum err archive_copy_small(struct taking *t)
{
    struct bundle_item item;
    enum err e = ERR_OK;

    t->smalls_count = 0;
    t->has_large = false;
    writer_reset(&t->small);
    while (e == ERR_OK && !t->has_large && !t->at_end &&
           t->smalls_count < TAKE_SMALL_MAX) {
        e = archive_take_look(t, &item);
        if (e != ERR_OK)
            break;
        if (item.type == BUNDLE_BLOB) {
            e = take_blob(t, &item);
        } else if (item.type == BUNDLE_END) {
            e = take_end(t, &item);
        } else {
            e = archive_take_item(t, &item);
            if (e == ERR_OK)
                e = skip(t, &item);
        }
    }
    return e;
}

/* ---- A large one -------------------------------------------------------- */

static enum err pass_span(struct taking *t, const struct bundle_item *item)
{
    struct bytes first;
    enum err e = bundle_source_look(t->source, BUNDLE_SPAN_LEN, &first);

    if (e == ERR_OK && first.len < BUNDLE_SPAN_LEN)
        e = ERR_TRUNCATED;
    if (e == ERR_OK)
        bundle_reader_pass(&t->reader, item, first);
    return e;
}

static enum err take_span(struct taking *t, struct bundle_item *item)
{
    enum err e;

    if (t->plan == TAKE_PASS ||
        (t->part != NULL && blob_part_has(t->part, item->span)))
        return pass_span(t, item);
    e = archive_take_item(t, item);
    if (e == ERR_BAD_BLOB) {
        t->damaged++;
        t->why = e;
        return ERR_OK;
    }
    if (e == ERR_OK && t->part != NULL)
        e = blob_part_write(t->part, item->span, item->at.bytes);
    if (e == ERR_OK)
        t->proved++;
    return e;
}

static enum err take_part(struct taking *t, struct bundle_item *item)
{
    enum err e;

    if (item->type == BUNDLE_SPAN)
        return take_span(t, item);
    e = archive_take_item(t, item);
    if (e == ERR_OK && item->type == BUNDLE_PAGE && t->part != NULL)
        e = blobs_put_layer_page(t->batch, &t->large, item->at.page.number,
                                 item->at.page.hashes, item->at.page.uncles);
    return e;
}

/* All that the file has of it has gone by. */
static enum err end_large(struct taking *t)
{
    t->is_copied = true;
    if (t->part == NULL)
        return ERR_OK;
    return blob_part_missing(t->part) == 0 ? blob_part_finish(t->part, t->batch)
                                           : blob_part_sync(t->part, t->batch);
}

enum err archive_copy_large(struct taking *t)
{
    struct bundle_item item;
    enum err e = ERR_OK;

    while (e == ERR_OK) {
        e = archive_take_look(t, &item);
        if (e != ERR_OK)
            return e;
        if (item.type == BUNDLE_BLOB || item.type == BUNDLE_END)
            return end_large(t);
        e = take_part(t, &item);
        if (e == ERR_OK)
            e = skip(t, &item);
        if (e == ERR_OK && t->part != NULL &&
            blob_part_unsynced(t->part) >= SYNC_BYTES)
            return blob_part_sync(t->part, t->batch);
    }
    return e;
}
