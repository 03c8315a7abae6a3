/* Blobs out of a bundle, on the pool: checked, written, flushed. */
#include <string.h>

#include "daemon/archive_take.h"
#include "store/blob_disk.h"
#include "store/thread_hash.h"

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

/*
 * Several hands work on it.  The file is one stream, so one at a time cuts a
 * span out of it, under the lock; each then hashes and writes its own.
 */
struct cut {
    bool has_bytes; /* in the hand's buffer; else there is no more to do */
    uint64_t span;
    size_t len;
    uint8_t expected[HASH_LEN];
};

static bool is_here(const struct taking *t, uint64_t span)
{
    return t->plan == TAKE_PASS ||
           (t->part != NULL && blob_part_has(t->part, span));
}

/* Cuts it out, or leaves its bytes alone if they are not needed. */
static enum err cut_span(struct taking *t, struct taking_hand *hand,
                         const struct bundle_item *item, struct cut *cut)
{
    struct bytes first;
    enum err e = bundle_source_look(t->source, BUNDLE_SPAN_LEN, &first);

    if (e == ERR_OK && first.len < BUNDLE_SPAN_LEN)
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return e;
    cut->span = item->span;
    cut->len = item->len - BUNDLE_SPAN_LEN;
    bundle_reader_expected(&t->reader, item, cut->expected);
    bundle_reader_pass(&t->reader, item, first);
    t->window += cut->len;
    if (is_here(t, item->span))
        return skip(t, item);
    if (hand->buf == NULL)
        hand->buf = blob_disk_buffer(BLOB_SPAN_LEN);
    if (hand->buf == NULL)
        return ERR_NO_MEMORY;
    cut->has_bytes = true;
    e = bundle_source_skip(t->source, BUNDLE_SPAN_LEN);
    if (e == ERR_OK)
        e = bundle_source_read(t->source, hand->buf, cut->len);
    t->progress.done = bundle_source_offset(t->source);
    return e;
}

static enum err take_between(struct taking *t, struct bundle_item *item)
{
    enum err e = archive_take_item(t, item);

    if (e == ERR_OK && item->type == BUNDLE_PAGE && t->part != NULL)
        e = blobs_put_layer_page(t->batch, &t->large, item->at.page.number,
                                 item->at.page.hashes, item->at.page.uncles);
    return e == ERR_OK ? skip(t, item) : e;
}

/* Under the lock: on to the next span that is needed, or as far as one goes. */
static enum err cut_next(struct taking *t, struct taking_hand *hand,
                         struct cut *cut)
{
    enum err e = t->copy_err;

    cut->has_bytes = false;
    while (e == ERR_OK && !cut->has_bytes && !t->is_copied &&
           t->window < TAKE_WINDOW) {
        struct bundle_item item;

        e = archive_take_look(t, &item);
        if (e != ERR_OK)
            break;
        if (item.type == BUNDLE_SPAN)
            e = cut_span(t, hand, &item, cut);
        else if (item.type == BUNDLE_BLOB || item.type == BUNDLE_END)
            t->is_copied = true;
        else
            e = take_between(t, &item);
    }
    return e;
}

/* Whether the bytes are the span's, which is then written if it is to be. */
static enum err take_cut(const struct taking *t, const struct taking_hand *hand,
                         const struct cut *cut, bool *is_right)
{
    struct bytes bytes = { hand->buf, cut->len };
    uint8_t hash[HASH_LEN];
    enum err e =
        blob_span_hash(thread_multi_hash(), hash, t->large.size, bytes);

    *is_right = e == ERR_OK && memcmp(hash, cut->expected, HASH_LEN) == 0;
    if (*is_right && t->part != NULL)
        e = blob_part_write(t->part, cut->span, bytes);
    return e;
}

void archive_copy_large(struct taking_hand *hand)
{
    struct taking *t = hand->taking;
    struct cut cut = { .has_bytes = false };
    bool is_right = false;
    enum err e;

    uv_mutex_lock(&t->lock);
    for (;;) { /* the window ends, or the blob, or something is wrong */
        e = cut_next(t, hand, &cut);
        if (e != ERR_OK || !cut.has_bytes)
            break;
        uv_mutex_unlock(&t->lock);
        e = take_cut(t, hand, &cut, &is_right);
        uv_mutex_lock(&t->lock);
        if (e != ERR_OK)
            break;
        t->proved += is_right;
        t->damaged += !is_right;
        if (!is_right)
            t->why = ERR_BAD_BLOB;
    }
    if (t->copy_err == ERR_OK)
        t->copy_err = e;
    uv_mutex_unlock(&t->lock);
}

/*
 * What was written is durable; if that is all of it, it gets its name, and if
 * no more comes, the disk what was allocated for more.
 */
enum err archive_copy_flush(struct taking *t, struct store_batch *batch)
{
    enum err e;

    if (t->part == NULL)
        return ERR_OK;
    if (t->is_ending && blob_part_missing(t->part) == 0)
        return blob_part_finish(t->part, batch);
    e = blob_part_sync(t->part, batch);
    return e == ERR_OK && t->is_ending ? blob_part_trim(t->part) : e;
}
