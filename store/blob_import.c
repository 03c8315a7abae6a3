/*
 * Importing a file: several threads take pieces of it in turn, each of which
 * is read once, hashed and written from the same buffer; or a reflink first,
 * and then only our own copy is read.  So what is stored is what was hashed.
 * Holes are neither read nor written.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_publish.h"
#include "store/file_error.h"
#include "store/thread_hash.h"

/* What a thread takes at once: long enough for the disk to work on. */
enum { PIECE_SPANS = 1 };
/* From here on it pays to wake a second thread. */
#define LONG_BYTES ((uint64_t)16 << 20)

struct blob_import {
    struct store *store;
    char *path;
    uint8_t topic[ID_LEN];
    bool in_place;

    int from;              /* what is read; -1: not open */
    int to;                /* what is written, or a clone; -1: nothing is */
    struct blob_disk disk; /* the same, round the page cache */
    struct stat before;
    uint64_t size;
    _Atomic uint64_t next;  /* the first span that nobody has taken */
    _Atomic enum err error; /* the first one; ends all threads */
    uint8_t *layer;         /* a hash for each span */

    bool named; /* what it is called is known, and nothing more to be read */
    bool done;
    struct blob_id id;
    enum blob_state state;
    struct writer detail; /* content, or the external file */
    char *temporary;      /* to be removed, if it still exists */
};

enum err blob_import_new(struct blob_import **out, struct store *store,
                         const char *path, const uint8_t topic[ID_LEN],
                         bool in_place)
{
    struct blob_import *import = calloc(1, sizeof *import);

    if (import == NULL)
        return ERR_NO_MEMORY;
    import->store = store;
    import->from = -1;
    import->to = -1;
    memcpy(import->topic, topic, ID_LEN);
    import->in_place = in_place;
    import->detail = writer_growing(BLOB_INLINE_MAX + BLOB_PATH_MAX);
    import->path = strdup(path);
    if (import->path == NULL) {
        blob_import_free(import);
        return ERR_NO_MEMORY;
    }
    *out = import;
    return ERR_OK;
}

/* What is read is our own already, and shares its blocks with the user's. */
static bool is_clone(const struct blob_import *import)
{
    return import->to >= 0 && import->from == import->to;
}

void blob_import_discard(struct blob_import *import)
{
    if (import->done && import->state == BLOB_FILE)
        blob_file_remove(import->store, &import->id, false);
}

static void close_files(struct blob_import *import)
{
    if (import->to >= 0) {
        blob_disk_wipe(&import->disk);
        (void)close(import->to); /* flushed, or to be removed */
    }
    if (import->from >= 0 && !is_clone(import))
        (void)close(import->from); /* only read from */
    import->from = -1;
    import->to = -1;
}

void blob_import_free(struct blob_import *import)
{
    if (import == NULL)
        return;
    close_files(import);
    if (import->temporary != NULL)
        (void)unlink(import->temporary); /* gone already if it was named */
    free(import->temporary);
    writer_free(&import->detail);
    free(import->layer);
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
           (now.inode == row->inode || row->inode == 0);
}

/* ---- Pieces, by any number of threads ----------------------------------- */

/* What one thread has for itself. */
struct hand {
    uint8_t *buf;           /* a span */
    uint8_t zero[HASH_LEN]; /* hash of a span of zeros, once there was one */
    bool has_zero;
};

/* Whether the span is whole and lies in a hole, so that it is all zeros. */
static bool is_hole(const struct blob_import *import, uint64_t at, size_t len)
{
    off_t data;

    if (len < BLOB_SPAN_LEN || import->size <= BLOB_SPAN_LEN)
        return false;
    /* The offset that this moves is used by nobody. */
    data = lseek(import->from, (off_t)at, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= at + len;
}

static enum err take_hole(struct blob_import *import, struct hand *hand,
                          uint8_t hash[HASH_LEN])
{
    enum err e = ERR_OK;

    if (!hand->has_zero) {
        memset(hand->buf, 0, BLOB_SPAN_LEN);
        e = blob_span_hash(thread_multi_hash(), hand->zero, import->size,
                           (struct bytes){ hand->buf, BLOB_SPAN_LEN });
        hand->has_zero = e == ERR_OK;
    }
    if (e == ERR_OK)
        memcpy(hash, hand->zero, HASH_LEN);
    return e;
}

static enum err take_span(struct blob_import *import, struct hand *hand,
                          uint64_t span)
{
    uint64_t at = span * BLOB_SPAN_LEN;
    size_t len = blob_span_len(import->size, span);
    uint8_t *hash = import->layer + span * HASH_LEN;
    struct bytes got = { hand->buf, len };
    size_t n;
    enum err e;

    if (is_hole(import, at, len))
        return take_hole(import, hand, hash);
    /* Of a clone nothing is in the cache, and nobody else will look at it. */
    e = is_clone(import) ? blob_disk_read(&import->disk, at, hand->buf, len, &n)
                         : blob_file_read(import->from, at, hand->buf, len, &n);
    if (e == ERR_OK && n != len)
        e = ERR_CHANGED;
    if (e == ERR_OK)
        e = blob_span_hash(thread_multi_hash(), hash, import->size, got);
    if (e == ERR_OK && import->to >= 0 && !is_clone(import))
        e = blob_disk_write(&import->disk, at, got);
    return e;
}

static void fail(struct blob_import *import, enum err e)
{
    enum err none = ERR_OK;

    (void)atomic_compare_exchange_strong(&import->error, &none, e);
}

void blob_import_work(struct blob_import *import,
                      struct blob_progress *progress)
{
    uint64_t spans = blob_span_count(import->size);
    struct hand hand = { .buf = NULL };
    uint64_t i;

    if (import->done || import->error != ERR_OK) /* small, or not begun */
        return;
    assert(import->layer != NULL);
    hand.buf = blob_disk_buffer(BLOB_DISK_PAGE);
    if (hand.buf == NULL)
        fail(import, ERR_NO_MEMORY);
    while (import->error == ERR_OK &&
           (i = atomic_fetch_add(&import->next, 1)) < spans) {
        enum err e =
            progress->cancel ? ERR_CANCELLED : take_span(import, &hand, i);

        if (e != ERR_OK)
            fail(import, e);
        else
            progress->done += blob_span_len(import->size, i);
    }
    free(hand.buf);
}

/* ---- The beginning ------------------------------------------------------ */

/* Small enough for a row: the content itself is the detail. */
static enum err take_small(struct blob_import *import,
                           struct blob_progress *progress)
{
    uint8_t buf[BLOB_INLINE_MAX + 1];
    size_t n;
    enum err e = blob_file_read(import->from, 0, buf, sizeof buf, &n);

    if (e == ERR_OK && n > BLOB_INLINE_MAX)
        e = ERR_CHANGED; /* it grew since its size was read */
    if (e != ERR_OK)
        return e;
    import->state = BLOB_INLINE;
    import->id.size = n;
    memset(import->id.root, 0, HASH_LEN);
    if (n > 0)
        e = blob_span_hash(thread_multi_hash(), import->id.root, n,
                           (struct bytes){ buf, n });
    writer_bytes(&import->detail, (struct bytes){ buf, n });
    progress->done += n;
    import->done = e == ERR_OK && import->detail.err == ERR_OK;
    return e == ERR_OK ? import->detail.err : e;
}

/* Of a file without holes the disk is asked for its room at once. */
static enum err make_room(struct blob_import *import)
{
    off_t size = (off_t)import->size;
    bool is_full = (uint64_t)import->before.st_blocks * 512 >= import->size;

    if (!blob_file_has_room(import->store,
                            (uint64_t)import->before.st_blocks * 512))
        return ERR_NO_SPACE;
    if (is_full && fallocate(import->to, 0, 0, size) == 0)
        return ERR_OK;
    if (is_full && errno == ENOSPC)
        return ERR_NO_SPACE;
    return ftruncate(import->to, size) == 0 ? ERR_OK : file_error(errno);
}

static enum err begin_large(struct blob_import *import)
{
    blob_disk_init(&import->disk, import->to);
    return make_room(import);
}

/*
 * Many of these are flushed at once: written through the cache, the disk has
 * them all to choose from, and the file system finds their places later.
 */
static enum err begin_middle(struct blob_import *import)
{
    return blob_file_has_room(import->store, import->size) ? ERR_OK
                                                           : ERR_NO_SPACE;
}

static enum err begin_copy(struct blob_import *import)
{
    struct stat st;
    enum err e =
        blob_file_temporary(import->store, &import->temporary, &import->to);

    if (e != ERR_OK)
        return e;
    import->state = BLOB_FILE;
    import->disk = (struct blob_disk){ import->to, -1 };
    if (ioctl(import->to, FICLONE, import->from) != 0)
        return import->size > BLOB_SPAN_LEN ? begin_large(import)
                                            : begin_middle(import);
    (void)close(import->from); /* only read from */
    import->from = import->to;
    blob_disk_init_read(&import->disk, import->to);
    if (fstat(import->to, &st) != 0)
        return file_error(errno);
    /* What was cloned is what counts, if the file grew or shrank. */
    import->size = (uint64_t)st.st_size;
    return import->size > BLOB_INLINE_MAX ? ERR_OK : ERR_CHANGED;
}

/*
 * What changes a file now must show in its time, or it would be served wrong:
 * so a file that was just written is read only after that moment is over, the
 * clock of file systems having steps of up to 10 ms.
 */
static enum err let_settle(struct blob_import *import)
{
    const struct timespec step = { .tv_nsec = 20000000 };
    const struct timespec *m = &import->before.st_mtim;
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec - m->tv_sec > 1)
        return ERR_OK;
    (void)nanosleep(&step, NULL);
    if (fstat(import->from, &import->before) != 0)
        return file_error(errno);
    return (uint64_t)import->before.st_size == import->size ? ERR_OK
                                                            : ERR_CHANGED;
}

/* FAT and exFAT have none: the next mount numbers its files anew. */
static bool has_inodes(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) != 0 ||
           (fs.f_type != MSDOS_SUPER_MAGIC && fs.f_type != EXFAT_SUPER_MAGIC);
}

static enum err begin_in_place(struct blob_import *import)
{
    char *real = realpath(import->path, NULL);
    struct row_external row;
    enum err e;

    if (real == NULL)
        return file_error(errno);
    e = let_settle(import);
    if (e != ERR_OK) {
        free(real);
        return e;
    }
    external_of(&row, &import->before);
    if (!has_inodes(import->from))
        row.inode = 0;
    row.path = (struct bytes){ (const uint8_t *)real, strlen(real) };
    import->state = BLOB_EXTERNAL;
    row_external_write(&import->detail, &row);
    free(real);
    return import->detail.err;
}

static enum err open_file(struct blob_import *import)
{
    import->from =
        open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (import->from < 0)
        return file_error(errno);
    if (fstat(import->from, &import->before) != 0 ||
        !S_ISREG(import->before.st_mode))
        return ERR_NOT_FOUND;
    import->size = (uint64_t)import->before.st_size;
    return import->size > BLOB_SIZE_MAX ? ERR_TOO_LARGE : ERR_OK;
}

static enum err begin(struct blob_import *import,
                      struct blob_progress *progress)
{
    enum err e = open_file(import);

    if (e == ERR_OK && import->size <= BLOB_INLINE_MAX) {
        e = take_small(import, progress);
        close_files(import);
        return e;
    }
    if (e == ERR_OK)
        e = import->in_place ? begin_in_place(import) : begin_copy(import);
    if (e != ERR_OK)
        return e;
    import->layer = malloc(blob_span_count(import->size) * HASH_LEN);
    return import->layer == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err blob_import_begin(struct blob_import *import,
                           struct blob_progress *progress)
{
    enum err e;

    assert(!import->done && import->from < 0);
    e = begin(import, progress);
    if (e != ERR_OK)
        fail(import, e); /* nothing is to be done, then */
    return e;
}

bool blob_import_is_long(const struct blob_import *import)
{
    return !import->done && import->size >= LONG_BYTES;
}

/* ---- The end ------------------------------------------------------------ */

/* The user's file is still the one that was opened. */
static enum err check_unchanged(const struct blob_import *import)
{
    struct row_external row;
    struct stat after;

    external_of(&row, &import->before);
    if (is_clone(import))
        return ERR_OK;
    if (fstat(import->from, &after) != 0 ||
        !external_same(&row, import->size, &after))
        return ERR_CHANGED;
    return ERR_OK;
}

static enum err name_it(struct blob_import *import)
{
    import->id.size = import->size;
    if (import->size > BLOB_SPAN_LEN)
        return blob_layer_root(
            import->id.root, import->size,
            (struct bytes){ import->layer,
                            blob_span_count(import->size) * HASH_LEN });
    memcpy(import->id.root, import->layer, HASH_LEN);
    return ERR_OK;
}

enum err blob_import_end(struct blob_import *import)
{
    enum err e = import->error;

    if (import->done)
        return ERR_OK;
    if (e == ERR_OK)
        e = check_unchanged(import);
    if (e == ERR_OK)
        e = name_it(import);
    if (import->from >= 0 && !is_clone(import)) {
        (void)close(import->from); /* only read from */
        import->from = -1;
    }
    if (e != ERR_OK)
        fail(import, e);
    import->named = e == ERR_OK;
    return e;
}

enum err blob_imports_flush(struct blob_import *const *imports, size_t count,
                            size_t *failed)
{
    struct blob_new *files = calloc(count + 1, sizeof *files);
    size_t *places = calloc(count + 1, sizeof *places);
    enum err e = files == NULL || places == NULL ? ERR_NO_MEMORY : ERR_OK;
    size_t at = 0;
    size_t n = 0;

    *failed = 0;
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        const struct blob_import *import = imports[i];

        assert(import->done || import->named);
        if (import->done || import->to < 0)
            continue;
        files[n] =
            (struct blob_new){ import->to, import->temporary, import->id };
        places[n++] = i;
    }
    if (n > 0) {
        e = blob_publish(imports[places[0]]->store, files, n, &at);
        *failed = places[at];
    }
    for (size_t i = 0; i < count; i++) {
        close_files(imports[i]);
        imports[i]->done = imports[i]->done || e == ERR_OK;
    }
    free(places);
    free(files);
    return e;
}

uint64_t blob_import_size(const struct blob_import *import)
{
    return import->done ? import->id.size : import->size;
}

void blob_import_id(const struct blob_import *import, struct blob_id *out)
{
    assert(import->done);
    *out = import->id;
}

static enum err put(struct blob_import *import, struct store_batch *batch)
{
    uint64_t spans =
        import->id.size > BLOB_SPAN_LEN ? blob_span_count(import->id.size) : 0;

    assert(import->done);
    return blobs_put_whole(batch, &import->id, import->topic, import->state,
                           writer_view(&import->detail),
                           (struct bytes){ import->layer, spans * HASH_LEN });
}

enum err blob_import_put_again(struct blob_import *import,
                               struct store_batch *batch)
{
    enum err e = put(import, batch);

    if (e == ERR_OK)
        batch->ops[batch->count - 1].is_again = true;
    return e;
}

enum err blob_import_put(struct blob_import *import, struct store_batch *batch)
{
    enum err e = put(import, batch);

    if (e == ERR_OK)
        batch->ops[batch->count - 1].is_own = true;
    return e;
}
