/*
 * Importing a file: one pass that copies and hashes, or a reflink and then a
 * pass over our own copy, so that what is stored is what was hashed.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_file.h"

/* Hashes of 1 MiB each: a file of 2 TiB. */
#define LAYER_MAX ((size_t)64 << 20)

struct blob_import {
    struct store *store;
    char *path;
    uint8_t topic[ID_LEN];
    bool in_place;

    bool done;
    struct blob_id id;
    enum blob_state state;
    struct writer detail; /* content, or the external file */
    struct writer layer;
    char *temporary; /* to be removed, if it still exists */
};

enum err blob_import_new(struct blob_import **out, struct store *store,
                         const char *path, const uint8_t topic[ID_LEN],
                         bool in_place)
{
    struct blob_import *import = calloc(1, sizeof *import);

    if (import == NULL)
        return ERR_NO_MEMORY;
    import->store = store;
    memcpy(import->topic, topic, ID_LEN);
    import->in_place = in_place;
    import->detail = writer_growing(BLOB_INLINE_MAX + BLOB_PATH_MAX);
    import->layer = writer_growing(LAYER_MAX);
    import->path = strdup(path);
    if (import->path == NULL) {
        blob_import_free(import);
        return ERR_NO_MEMORY;
    }
    *out = import;
    return ERR_OK;
}

void blob_import_discard(struct blob_import *import)
{
    if (import->done && import->state == BLOB_FILE)
        blob_file_remove(import->store, &import->id, false);
}

void blob_import_free(struct blob_import *import)
{
    if (import == NULL)
        return;
    if (import->temporary != NULL)
        (void)unlink(import->temporary); /* gone already if it was named */
    free(import->temporary);
    writer_free(&import->detail);
    writer_free(&import->layer);
    free(import->path);
    free(import);
}

void external_of(struct row_external *out, const struct stat *st)
{
    out->mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u +
                    (uint64_t)st->st_mtim.tv_nsec;
    out->inode = st->st_ino;
    out->device = st->st_dev;
}

bool external_same(const struct row_external *row, uint64_t size,
                   const struct stat *st)
{
    struct row_external now;

    external_of(&now, st);
    return (uint64_t)st->st_size == size && now.mtime_ns == row->mtime_ns &&
           now.inode == row->inode && now.device == row->device;
}

/*
 * Reads `from` to its end, hashes, and writes to `to` unless that is -1.  The
 * name of what was read comes out of it.
 */
static enum err pass(struct blob_import *import, int from, int to,
                     struct blob_progress *progress)
{
    struct blob_hasher hasher;
    uint8_t *buf = malloc(BLOB_SPAN_LEN);
    uint64_t offset = 0;
    size_t n = 1;
    enum err e = ERR_OK;

    if (buf == NULL)
        return ERR_NO_MEMORY;
    blob_hasher_init(&hasher);
    while (e == ERR_OK && n > 0) {
        struct bytes got;

        e = progress->cancel
                ? ERR_CANCELLED
                : blob_file_read(from, offset, buf, BLOB_SPAN_LEN, &n);
        if (e != ERR_OK || n == 0)
            break;
        got = (struct bytes){ buf, n };
        e = blob_hasher_feed(&hasher, &import->layer, got);
        if (e == ERR_OK && to >= 0)
            e = blob_file_write(to, offset, got);
        offset += n;
        progress->done = offset;
    }
    if (e == ERR_OK)
        e = blob_hasher_finish(&hasher, &import->layer, &import->id);
    blob_hasher_wipe(&hasher);
    free(buf);
    return e;
}

/* Small enough for a row: the content itself is the detail. */
static enum err import_small(struct blob_import *import, int fd,
                             struct blob_progress *progress)
{
    uint8_t buf[BLOB_INLINE_MAX + 1];
    size_t n;
    enum err e = blob_file_read(fd, 0, buf, sizeof buf, &n);

    if (e == ERR_OK && n > BLOB_INLINE_MAX)
        e = ERR_CHANGED; /* it grew since its size was read */
    if (e != ERR_OK)
        return e;
    import->state = BLOB_INLINE;
    import->id.size = n;
    memset(import->id.root, 0, HASH_LEN);
    if (n > 0)
        e = blob_span_hash(import->id.root, n, (struct bytes){ buf, n });
    writer_bytes(&import->detail, (struct bytes){ buf, n });
    progress->done = n;
    return e == ERR_OK ? import->detail.err : e;
}

static enum err import_in_place(struct blob_import *import, int fd,
                                const struct stat *before,
                                struct blob_progress *progress)
{
    char *real = realpath(import->path, NULL);
    struct row_external row;
    struct stat after;
    enum err e;

    if (real == NULL)
        return blob_file_error(errno);
    external_of(&row, before);
    row.path = (struct bytes){ (const uint8_t *)real, strlen(real) };
    e = pass(import, fd, -1, progress);
    if (e == ERR_OK && (fstat(fd, &after) != 0 ||
                        !external_same(&row, import->id.size, &after)))
        e = ERR_CHANGED;
    import->state = BLOB_EXTERNAL;
    row_external_write(&import->detail, &row);
    free(real);
    return e == ERR_OK ? import->detail.err : e;
}

static enum err import_copy(struct blob_import *import, int from,
                            const struct stat *st,
                            struct blob_progress *progress)
{
    int to;
    enum err e = blob_file_temporary(import->store, &import->temporary, &to);

    if (e != ERR_OK)
        return e;
    import->state = BLOB_FILE;
    if (ioctl(to, FICLONE, from) == 0)
        e = pass(import, to, -1, progress);
    else if (!blob_file_has_room(import->store, (uint64_t)st->st_size))
        e = ERR_NO_SPACE;
    else
        e = pass(import, from, to, progress);
    if (e == ERR_OK && fdatasync(to) != 0)
        e = blob_file_error(errno);
    if (close(to) != 0 && e == ERR_OK)
        e = blob_file_error(errno);
    /* A file that shrank below an inline blob still gets a file: rare. */
    if (e == ERR_OK)
        e = blob_file_publish(import->store, import->temporary, &import->id);
    return e;
}

enum err blob_import_run(struct blob_import *import,
                         struct blob_progress *progress)
{
    struct stat st;
    enum err e = ERR_OK;
    int fd;

    assert(!import->done);
    fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return blob_file_error(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        e = ERR_NOT_FOUND;
    else if ((uint64_t)st.st_size > BLOB_SIZE_MAX)
        e = ERR_TOO_LARGE;
    if (e == ERR_OK) {
        progress->total = (uint64_t)st.st_size;
        if (st.st_size <= BLOB_INLINE_MAX)
            e = import_small(import, fd, progress);
        else if (import->in_place)
            e = import_in_place(import, fd, &st, progress);
        else
            e = import_copy(import, fd, &st, progress);
    }
    (void)close(fd);
    import->done = e == ERR_OK;
    return e;
}

void blob_import_id(const struct blob_import *import, struct blob_id *out)
{
    assert(import->done);
    *out = import->id;
}

enum err blob_import_put(struct blob_import *import, struct store_batch *batch)
{
    assert(import->done);
    return blobs_put_whole(batch, &import->id, import->topic, import->state,
                           writer_view(&import->detail),
                           writer_view(&import->layer));
}
