/* Reading blobs: for peers, for the user, and to check them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_file.h"
#include "store/thread_hash.h"

struct blob_reader {
    struct blob_info info;
    int fd;                /* -1 for an inline blob */
    struct blob_disk disk; /* of it; round the cache if that is asked for */
    uint8_t *detail;       /* content of an inline blob, bitmap of a part */
    struct row_external external;
};

static enum err open_file(struct blob_reader *reader, const struct store *store)
{
    bool part = reader->info.state == BLOB_PARTIAL;
    char *path = blob_file_path(store, &reader->info.id, part);
    struct stat st;

    if (path == NULL)
        return ERR_NO_MEMORY;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (reader->fd < 0 && part && errno == ENOENT) {
        /* It may be whole, and its row about to say so. */
        path = blob_file_path(store, &reader->info.id, false);
        if (path == NULL)
            return ERR_NO_MEMORY;
        reader->fd = open(path, O_RDONLY | O_CLOEXEC);
        free(path);
        if (reader->fd >= 0)
            return ERR_OK;
        reader->info.have_bytes = 0; /* begun, and nothing came yet */
        return ERR_OK;
    }
    if (reader->fd < 0)
        return errno == ENOENT ? ERR_CORRUPT : ERR_IO;
    if (fstat(reader->fd, &st) != 0)
        return ERR_IO;
    if (!part && (uint64_t)st.st_size != reader->info.id.size)
        return ERR_CORRUPT;
    return ERR_OK;
}

static enum err check_external(const struct blob_reader *reader)
{
    struct stat st;

    if (fstat(reader->fd, &st) != 0)
        return ERR_IO;
    return external_same(&reader->external, reader->info.id.size, &st)
               ? ERR_OK
               : ERR_CHANGED;
}

static enum err open_external(struct blob_reader *reader, struct bytes detail)
{
    char path[BLOB_PATH_MAX];
    enum err e = row_external_read(&reader->external, detail);

    if (e != ERR_OK || reader->external.path.len >= sizeof path)
        return ERR_CORRUPT;
    memcpy(path, reader->external.path.data, reader->external.path.len);
    path[reader->external.path.len] = '\0';
    reader->external.path = (struct bytes){ NULL, 0 };
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (reader->fd < 0)
        return ERR_CHANGED;
    return check_external(reader);
}

static enum err keep_detail(struct blob_reader *reader, struct bytes detail)
{
    size_t len = reader->info.state == BLOB_PARTIAL
                     ? bitmap_len(reader->info.id.size)
                     : detail.len;

    reader->detail = calloc(1, len + 1);
    if (reader->detail == NULL)
        return ERR_NO_MEMORY;
    if (detail.len > 0)
        memcpy(reader->detail, detail.data, detail.len);
    return ERR_OK;
}

static enum err open_state(struct blob_reader *reader,
                           const struct store *store, struct bytes detail)
{
    enum err e;

    switch (reader->info.state) {
    case BLOB_INLINE:
        return keep_detail(reader, detail);
    case BLOB_EXTERNAL:
        return open_external(reader, detail);
    case BLOB_PARTIAL:
        e = keep_detail(reader, detail);
        if (e != ERR_OK)
            return e;
        blob_part_add_written(store, &reader->info.id, reader->detail);
        return open_file(reader, store);
    default:
        return open_file(reader, store);
    }
}

enum err blob_reader_of_look(struct blob_reader **out,
                             const struct store *store, const struct look *look,
                             const struct blob_id *id)
{
    struct blob_reader *reader;
    struct row_blob row;
    enum err e = look_blob(look, id, &row);

    if (e == ERR_NOT_FOUND)
        return ERR_NOT_HELD;
    if (e != ERR_OK)
        return e;
    reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERR_NO_MEMORY;
    reader->fd = -1;
    reader->disk.direct = -1;
    blob_info_of(&reader->info, id, &row);
    e = open_state(reader, store, row.detail);
    if (e != ERR_OK) {
        blob_reader_close(reader);
        return e;
    }
    reader->disk = (struct blob_disk){ reader->fd, -1 };
    *out = reader;
    return ERR_OK;
}

enum err blob_reader_open(struct blob_reader **out, struct store *store,
                          const struct blob_id *id, const uint8_t *topic)
{
    struct look *look;
    enum err e;

    if (topic != NULL && !blobs_held_for(store, id, topic))
        return ERR_NOT_HELD;
    e = store_look(store, &look);
    return e == ERR_OK ? blob_reader_of_look(out, store, look, id) : e;
}

void blob_reader_close(struct blob_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->fd >= 0) {
        blob_disk_wipe(&reader->disk);
        (void)close(reader->fd); /* only read from */
    }
    free(reader->detail);
    free(reader);
}

void blob_reader_pass_by(struct blob_reader *reader)
{
    if (reader->fd >= 0 && reader->disk.direct < 0)
        blob_disk_init_read(&reader->disk, reader->fd);
}

void blob_reader_info(const struct blob_reader *reader, struct blob_info *out)
{
    *out = reader->info;
}

bool blob_reader_has(const struct blob_reader *reader, uint64_t offset,
                     uint64_t len)
{
    uint64_t size = reader->info.id.size;

    if (offset > size || len > size - offset)
        return false;
    if (reader->info.state != BLOB_PARTIAL || len == 0)
        return true;
    if (reader->fd < 0)
        return false;
    for (uint64_t i = offset / BLOB_SPAN_LEN;
         i <= (offset + len - 1) / BLOB_SPAN_LEN; i++) {
        if (!bitmap_has(reader->detail, i))
            return false;
    }
    return true;
}

size_t blob_reader_here(const struct blob_reader *reader, uint64_t offset,
                        size_t len)
{
    size_t here = 0;

    while (here < len) {
        uint64_t left = BLOB_SPAN_LEN - (offset + here) % BLOB_SPAN_LEN;
        size_t more = left < len - here ? (size_t)left : len - here;

        if (!blob_reader_has(reader, offset + here, more))
            break;
        here += more;
    }
    return here;
}

enum err blob_reader_read(struct blob_reader *reader, uint64_t offset,
                          uint8_t *out, size_t len)
{
    bool external = reader->info.state == BLOB_EXTERNAL;
    size_t n;
    enum err e;

    if (!blob_reader_has(reader, offset, len))
        return ERR_NOT_HELD;
    if (len == 0)
        return ERR_OK;
    if (reader->info.state == BLOB_INLINE) {
        memcpy(out, reader->detail + offset, len);
        return ERR_OK;
    }
    e = blob_disk_read(&reader->disk, offset, out, len, &n);
    if (e != ERR_OK)
        return e;
    if (external)
        e = check_external(reader);
    if (e == ERR_OK && n != len)
        e = external ? ERR_CHANGED : ERR_CORRUPT;
    return e;
}

int blob_reader_fd(const struct blob_reader *reader)
{
    return reader->fd;
}

enum err blob_reader_verify(struct blob_reader *reader,
                            struct blob_progress *progress)
{
    uint64_t size = reader->info.id.size;
    struct blob_hasher hasher;
    struct writer layer = writer_growing(BLOB_LAYER_PAGE * HASH_LEN);
    uint8_t *buf = malloc(BLOB_SPAN_LEN);
    struct blob_id found;
    enum err e = buf == NULL ? ERR_NO_MEMORY : ERR_OK;

    blob_hasher_init(&hasher, thread_multi_hash());
    progress->total = size;
    for (uint64_t at = 0; at < size && e == ERR_OK; at += BLOB_SPAN_LEN) {
        size_t len = blob_span_len(size, at / BLOB_SPAN_LEN);

        writer_reset(&layer); /* only the root is asked for */
        e = progress->cancel ? ERR_CANCELLED
                             : blob_reader_read(reader, at, buf, len);
        if (e == ERR_OK)
            e = blob_hasher_feed(&hasher, &layer, (struct bytes){ buf, len });
        progress->done = at + len;
    }
    if (e == ERR_OK)
        e = blob_hasher_finish(&hasher, &layer, &found);
    if (e == ERR_OK && !blob_id_equal(&found, &reader->info.id))
        e = ERR_BAD_BLOB;
    blob_hasher_wipe(&hasher);
    writer_free(&layer);
    free(buf);
    return e;
}
