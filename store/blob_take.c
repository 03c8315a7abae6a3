/* Many blobs out of memory: checked, written, then flushed and named at once.
 */
#include "store/blob_take.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/blob_small.h"
#include "store/blob_publish.h"
#include "store/thread_hash.h"

static enum err check(struct blob_taken *item)
{
    enum err e;

    assert(item->id.size > BLOB_INLINE_MAX && item->id.size <= BLOB_SPAN_LEN);
    assert(item->content.len == item->id.size);
    e = blob_small_verify(thread_multi_hash(), &item->id, item->content);
    item->good = e == ERR_OK;
    return e == ERR_BAD_BLOB ? ERR_OK : e;
}

static enum err write_one(struct store *store, struct blob_taken *item)
{
    enum err e = blob_file_temporary(store, &item->path, &item->fd);

    return e == ERR_OK ? blob_file_write(item->fd, 0, item->content) : e;
}

static enum err check_and_write(struct store *store, struct blob_taken *items,
                                size_t count)
{
    uint64_t bytes = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        e = check(&items[i]);
        bytes += items[i].good ? items[i].id.size : 0;
    }
    if (e == ERR_OK && !blob_file_has_room(store, bytes))
        e = ERR_NO_SPACE;
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        if (items[i].good)
            e = write_one(store, &items[i]);
    return e;
}

static enum err publish(const struct store *store,
                        const struct blob_taken *items, size_t count)
{
    struct blob_new *files = calloc(count + 1, sizeof *files);
    size_t failed;
    size_t n = 0;
    enum err e;

    if (files == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (items[i].good)
            files[n++] =
                (struct blob_new){ items[i].fd, items[i].path, items[i].id };
    e = n == 0 ? ERR_OK : blob_publish(store, files, n, &failed);
    free(files);
    return e == ERR_NOT_FOUND ? ERR_IO : e;
}

/* Of what failed no file is left but those that have their names already. */
static void let_go(struct blob_taken *item, enum err e)
{
    if (item->fd >= 0)
        (void)close(item->fd); /* flushed, or to be removed */
    if (item->path != NULL && e != ERR_OK)
        (void)unlink(item->path);
    free(item->path);
    item->path = NULL;
    item->fd = -1;
    item->good = item->good && e == ERR_OK;
}

enum err blob_take(struct store *store, struct blob_taken *items, size_t count)
{
    enum err e;

    for (size_t i = 0; i < count; i++) {
        items[i].good = false;
        items[i].fd = -1;
        items[i].path = NULL;
    }
    e = check_and_write(store, items, count);
    if (e == ERR_OK)
        e = publish(store, items, count);
    for (size_t i = 0; i < count; i++)
        let_go(&items[i], e);
    return e;
}

enum err blob_take_put(const struct blob_taken *item,
                       const uint8_t topic[ID_LEN], struct store_batch *batch)
{
    const struct bytes nothing = { (const uint8_t *)"", 0 };

    assert(item->good);
    return blobs_put_whole(batch, &item->id, topic, BLOB_FILE, nothing,
                           nothing);
}
