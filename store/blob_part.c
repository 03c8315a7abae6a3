/*
 * A blob that is being fetched: spans come in any order and are on the disk
 * before the bitmap says so.  After a crash the bitmap is what is true; spans
 * beyond it are fetched again.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_publish.h"
#include "store/file_error.h"

/* Space is taken this far ahead, so that a full disk is met early. */
#define ALLOCATE_AHEAD ((uint64_t)64 << 20)

struct blob_part {
    struct store *store;
    struct blob_id id;
    char *path;
    int fd;
    struct blob_disk disk;
    uint64_t spans;
    bool named; /* it was renamed before a crash; only the row is missing */
    bool known; /* the folder's entry is durable */

    pthread_mutex_t lock; /* guards what follows */
    uint8_t *bits;        /* written */
    uint8_t *flushing;    /* written when the flush began */
    uint8_t *durable;     /* written and flushed */
    uint64_t missing;
    uint64_t unsynced;
    uint64_t allocated;

    struct blob_part *next; /* of those that are open */
};

/*
 * What was written is true before it is durable: who reads or asks for a map
 * sees it here, and the database later.
 */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct blob_part *open_parts;

static void enlist(struct blob_part *part)
{
    (void)pthread_mutex_lock(&open_lock);
    part->next = open_parts;
    open_parts = part;
    (void)pthread_mutex_unlock(&open_lock);
}

static void delist(const struct blob_part *part)
{
    struct blob_part **at = &open_parts;

    (void)pthread_mutex_lock(&open_lock);
    while (*at != NULL && *at != part)
        at = &(*at)->next;
    if (*at != NULL)
        *at = part->next;
    (void)pthread_mutex_unlock(&open_lock);
}

void blob_part_add_written(const struct store *store, const struct blob_id *id,
                           uint8_t *bits)
{
    (void)pthread_mutex_lock(&open_lock);
    for (struct blob_part *p = open_parts; p != NULL; p = p->next) {
        if (p->store != store || !blob_id_equal(&p->id, id))
            continue;
        (void)pthread_mutex_lock(&p->lock);
        for (size_t i = 0; i < bitmap_len(id->size); i++)
            bits[i] |= p->bits[i];
        (void)pthread_mutex_unlock(&p->lock);
    }
    (void)pthread_mutex_unlock(&open_lock);
}

static uint64_t count_missing(const struct blob_part *part)
{
    uint64_t missing = 0;

    for (uint64_t i = 0; i < part->spans; i++)
        missing += bitmap_has(part->bits, i) ? 0 : 1;
    return missing;
}

/* A bitmap counts only as far as its file reaches. */
static void trust_file(struct blob_part *part, uint64_t file_len)
{
    for (uint64_t i = 0; i < part->spans; i++) {
        uint64_t end = i * BLOB_SPAN_LEN + blob_span_len(part->id.size, i);

        if (end > file_len)
            part->bits[i / 8] = (uint8_t)(part->bits[i / 8] & ~(1u << (i % 8)));
    }
}

/* A rename without its row: the file under its name is whole and durable. */
static bool open_named(struct blob_part *part)
{
    char *path = blob_file_path(part->store, &part->id, false);
    struct stat st;
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    free(path);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != part->id.size) {
        (void)close(fd);
        return false;
    }
    part->fd = fd;
    part->named = true;
    memset(part->bits, 0xff, bitmap_len(part->id.size));
    return true;
}

static enum err open_file(struct blob_part *part)
{
    struct stat st;
    enum err e = blob_file_make_folder(part->store, &part->id);

    if (e != ERR_OK)
        return e;
    part->path = blob_file_path(part->store, &part->id, true);
    if (part->path == NULL)
        return ERR_NO_MEMORY;
    if (access(part->path, F_OK) != 0 && open_named(part))
        return ERR_OK;
    part->fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (part->fd < 0)
        return file_error(errno);
    if (fstat(part->fd, &st) != 0)
        return file_error(errno);
    blob_disk_init(&part->disk, part->fd);
    trust_file(part, (uint64_t)st.st_size);
    part->allocated = (uint64_t)st.st_size;
    return ERR_OK;
}

static enum err make(struct blob_part *part, struct bytes bitmap)
{
    size_t len = bitmap_len(part->id.size);
    enum err e;

    part->bits = calloc(1, len + 1);
    part->flushing = calloc(1, len + 1);
    part->durable = calloc(1, len + 1);
    if (part->bits == NULL || part->flushing == NULL || part->durable == NULL)
        return ERR_NO_MEMORY;
    if (bitmap.len > 0)
        memcpy(part->bits, bitmap.data, len);
    e = open_file(part);
    if (e != ERR_OK)
        return e;
    memcpy(part->durable, part->bits, len);
    part->missing = count_missing(part);
    return ERR_OK;
}

enum err blob_part_open(struct blob_part **out, struct store *store,
                        const struct blob_id *id)
{
    struct blob_part *part;
    struct look *look;
    struct row_blob row;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_blob(look, id, &row);
    if (e == ERR_OK && row.state != BLOB_PARTIAL)
        e = ERR_EXISTS;
    if (e != ERR_OK)
        return e;
    part = calloc(1, sizeof *part);
    if (part == NULL)
        return ERR_NO_MEMORY;
    part->store = store;
    part->id = *id;
    part->fd = -1;
    part->disk.direct = -1;
    part->spans = blob_span_count(id->size);
    (void)pthread_mutex_init(&part->lock, NULL);
    e = make(part, row.detail);
    if (e != ERR_OK) {
        blob_part_close(part);
        return e == ERR_NOT_FOUND ? ERR_IO : e;
    }
    enlist(part);
    *out = part;
    return ERR_OK;
}

void blob_part_close(struct blob_part *part)
{
    if (part == NULL)
        return;
    delist(part);
    blob_disk_wipe(&part->disk);
    if (part->fd >= 0)
        (void)close(part->fd); /* what counts was flushed before */
    (void)pthread_mutex_destroy(&part->lock);
    free(part->bits);
    free(part->flushing);
    free(part->durable);
    free(part->path);
    free(part);
}

/* ---- What is given back ------------------------------------------------- */

/* What is written stays even so: somebody may be reading it. */
enum err blob_part_trim(struct blob_part *part)
{
    return part->named || part->missing == 0
               ? ERR_OK
               : blob_trim(part->fd, part->id.size, part->bits);
}

/* Under the lock of the list, so that nobody begins to write meanwhile. */
static enum err trim_closed(struct store *store, const struct blob_id *id)
{
    char *path = blob_file_path(store, id, true);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    uint8_t *bits = calloc(1, bitmap_len(id->size) + 1);
    struct row_blob row;
    struct look look;
    enum err e = bits == NULL ? ERR_NO_MEMORY : look_begin(store, &look);

    free(path);
    if (e == ERR_OK) {
        e = look_blob(&look, id, &row);
        if (e == ERR_OK && row.state == BLOB_PARTIAL && row.detail.len > 0)
            memcpy(bits, row.detail.data, bitmap_len(id->size));
        look_end(store, &look);
    }
    if (e == ERR_OK && row.state == BLOB_PARTIAL && fd >= 0)
        e = blob_trim(fd, id->size, bits);
    if (fd >= 0)
        (void)close(fd); /* what counts was flushed before */
    free(bits);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err blob_part_trim_closed(struct store *store, const struct blob_id *id)
{
    struct blob_part *p;
    enum err e = ERR_OK;

    (void)pthread_mutex_lock(&open_lock);
    for (p = open_parts; p != NULL; p = p->next)
        if (p->store == store && blob_id_equal(&p->id, id))
            break;
    if (p == NULL)
        e = trim_closed(store, id);
    (void)pthread_mutex_unlock(&open_lock);
    return e;
}

/* The lock is no part of what a caller sees change. */
static struct blob_part *lock(const struct blob_part *part)
{
    struct blob_part *p;

    memcpy(&p, &part, sizeof p);
    (void)pthread_mutex_lock(&p->lock);
    return p;
}

bool blob_part_has(const struct blob_part *part, uint64_t span)
{
    struct blob_part *p = lock(part);
    bool has;

    assert(span < p->spans);
    has = bitmap_has(p->bits, span);
    (void)pthread_mutex_unlock(&p->lock);
    return has;
}

uint64_t blob_part_missing(const struct blob_part *part)
{
    struct blob_part *p = lock(part);
    uint64_t missing = p->missing;

    (void)pthread_mutex_unlock(&p->lock);
    return missing;
}

uint64_t blob_part_unsynced(const struct blob_part *part)
{
    struct blob_part *p = lock(part);
    uint64_t unsynced = p->unsynced;

    (void)pthread_mutex_unlock(&p->lock);
    return unsynced;
}

/*
 * Under the lock: takes disk space up to `end` and some way beyond; of what a
 * reader wants far ahead, no more than that.
 */
static enum err allocate(struct blob_part *part, uint64_t end)
{
    uint64_t left = part->id.size - end;
    uint64_t to = end + (left < ALLOCATE_AHEAD ? left : ALLOCATE_AHEAD);
    uint64_t len = to - part->allocated;

    if (end <= part->allocated)
        return ERR_OK;
    if (end - part->allocated > ALLOCATE_AHEAD)
        return blob_file_has_room(part->store, BLOB_SPAN_LEN) ? ERR_OK
                                                              : ERR_NO_SPACE;
    if (!blob_file_has_room(part->store, len))
        return ERR_NO_SPACE;
    if (fallocate(part->fd, 0, (off_t)part->allocated, (off_t)len) != 0) {
        if (errno != EOPNOTSUPP && errno != ENOSYS)
            return file_error(errno);
    }
    part->allocated = to;
    return ERR_OK;
}

enum err blob_part_write(struct blob_part *part, uint64_t span,
                         struct bytes bytes)
{
    uint64_t offset = span * BLOB_SPAN_LEN;
    enum err e;

    assert(span < part->spans && !part->named);
    assert(bytes.len == blob_span_len(part->id.size, span));
    (void)pthread_mutex_lock(&part->lock);
    e = allocate(part, offset + bytes.len);
    (void)pthread_mutex_unlock(&part->lock);
    if (e == ERR_OK)
        e = blob_disk_write(&part->disk, offset, bytes);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_IO : e;
    (void)pthread_mutex_lock(&part->lock);
    if (!bitmap_has(part->bits, span)) {
        part->bits[span / 8] =
            (uint8_t)(part->bits[span / 8] | 1u << (span % 8));
        part->missing--;
    }
    part->unsynced += bytes.len;
    (void)pthread_mutex_unlock(&part->lock);
    return ERR_OK;
}

/*
 * What is written while it runs counts with the next flush.  After a failed
 * one nobody knows what of the written is on the disk, and the next would not
 * say so: only what was durable before counts.
 */
static enum err flush(struct blob_part *part)
{
    size_t len = bitmap_len(part->id.size);
    enum err e = ERR_OK;

    (void)pthread_mutex_lock(&part->lock);
    memcpy(part->flushing, part->bits, len);
    part->unsynced = 0;
    (void)pthread_mutex_unlock(&part->lock);
    if (fdatasync(part->fd) != 0)
        e = file_error(errno);
    if (e == ERR_OK && !part->known && !part->named)
        e = blob_publish_entry(part->path);
    (void)pthread_mutex_lock(&part->lock);
    if (e == ERR_OK) {
        memcpy(part->durable, part->flushing, len);
        part->known = true;
    } else {
        memcpy(part->bits, part->durable, len);
        part->missing = count_missing(part);
    }
    (void)pthread_mutex_unlock(&part->lock);
    return e == ERR_NOT_FOUND ? ERR_IO : e;
}

enum err blob_part_sync(struct blob_part *part, struct store_batch *batch)
{
    enum err e = flush(part);

    if (e != ERR_OK)
        return e;
    return blobs_put_bitmap(
        batch, &part->id,
        (struct bytes){ part->durable, bitmap_len(part->id.size) });
}

/* Small blobs end as rows, like imported ones. */
static enum err finish_small(struct blob_part *part, struct store_batch *batch)
{
    uint8_t buf[BLOB_INLINE_MAX];
    size_t n;
    enum err e = blob_file_read(part->fd, 0, buf, (size_t)part->id.size, &n);

    if (e == ERR_OK && n != part->id.size)
        e = ERR_CORRUPT;
    if (e != ERR_OK)
        return e;
    return blobs_put_finish(batch, &part->id, BLOB_INLINE,
                            (struct bytes){ buf, n });
}

enum err blob_part_finish(struct blob_part *part, struct store_batch *batch)
{
    struct blob_new file = { -1, part->path, part->id };
    size_t failed;
    enum err e;

    assert(part->missing == 0);
    if (part->id.size <= BLOB_INLINE_MAX)
        return finish_small(part, batch);
    e = flush(part);
    if (e == ERR_OK && !part->named)
        e = blob_publish(part->store, &file, 1, &failed);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_IO : e;
    part->named = true;
    return blobs_put_finish(batch, &part->id, BLOB_FILE,
                            (struct bytes){ (const uint8_t *)"", 0 });
}
