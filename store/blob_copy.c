/* A file of the user's in the making: spans from memory, the rest at the end.
 */
#include "store/blob_copy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/blob_disk.h"
#include "store/blob_file.h"
#include "store/file_error.h"

/* Left over by a blob and its copy, for whatever else goes on. */
#define ROOM ((uint64_t)64 << 20)

struct blob_copy {
    unsigned refs;
    struct blob_id id;
    char *path;
    char *folder;
    char *beside; /* its hidden name, once it has one */
    uint64_t spans;

    pthread_mutex_t lock; /* guards what follows, but for writes to `disk` */
    bool opened;
    bool waits;     /* for blob_copy_fill(): there is no room for both */
    enum err error; /* of opening */
    int fd;
    struct blob_disk disk;
    uint8_t *bits; /* spans that are there */
    uint64_t missing;
};

enum err blob_copy_new(struct blob_copy **out, const struct blob_id *id,
                       const char *path)
{
    const char *slash = strrchr(path, '/');
    struct blob_copy *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return ERR_NO_MEMORY;
    copy->refs = 1;
    copy->id = *id;
    copy->fd = -1;
    copy->disk.direct = -1;
    copy->spans = blob_span_count(id->size);
    copy->missing = copy->spans;
    copy->path = strdup(path);
    if (slash == NULL)
        copy->folder = strdup(".");
    else
        copy->folder =
            strndup(path, slash == path ? 1 : (size_t)(slash - path));
    copy->bits = calloc(1, bitmap_len(id->size) + 1);
    (void)pthread_mutex_init(&copy->lock, NULL);
    if (copy->path == NULL || copy->folder == NULL || copy->bits == NULL) {
        blob_copy_unref(copy);
        return ERR_NO_MEMORY;
    }
    *out = copy;
    return ERR_OK;
}

struct blob_copy *blob_copy_ref(struct blob_copy *copy)
{
    copy->refs++;
    return copy;
}

void blob_copy_unref(struct blob_copy *copy)
{
    if (copy == NULL || --copy->refs > 0)
        return;
    blob_disk_wipe(&copy->disk);
    if (copy->fd >= 0)
        (void)close(copy->fd); /* durable, or not needed */
    if (copy->beside != NULL)
        (void)unlink(copy->beside);
    (void)pthread_mutex_destroy(&copy->lock);
    free(copy->bits);
    free(copy->beside);
    free(copy->folder);
    free(copy->path);
    free(copy);
}

const struct blob_id *blob_copy_id(const struct blob_copy *copy)
{
    return &copy->id;
}

const char *blob_copy_path(const struct blob_copy *copy)
{
    return copy->path;
}

/* ---- The file ----------------------------------------------------------- */

/* Where no file can be without a name. */
static enum err open_hidden(struct blob_copy *copy)
{
    char hex[2 * 8 + 1];

    hex_encode(hex, (struct bytes){ copy->id.root, 8 });
    /* Two of one blob may be in the making, in one folder. */
    if (asprintf(&copy->beside, "%s/.troupe-%s-%ld-%p", copy->folder, hex,
                 (long)getpid(), (const void *)copy) < 0) {
        copy->beside = NULL;
        return ERR_NO_MEMORY;
    }
    copy->fd = open(copy->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return copy->fd < 0 ? file_error(errno) : ERR_OK;
}

static enum err open_file(struct blob_copy *copy)
{
    enum err e = ERR_OK;

    copy->fd = open(copy->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    if (copy->fd < 0)
        e = open_hidden(copy);
    if (e != ERR_OK)
        return e;
    /* All at once: the disk lays it out in one piece, or is full now. */
    if (copy->id.size > 0 &&
        fallocate(copy->fd, 0, 0, (off_t)copy->id.size) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
        return ERR_NO_SPACE;
    blob_disk_init(&copy->disk, copy->fd);
    return ERR_OK;
}

/*
 * The blob itself, which may be on the same disk, goes first: beside it a copy
 * is written only where both have room.
 */
static bool has_room_for_both(const struct blob_copy *copy)
{
    struct statvfs fs;

    return statvfs(copy->folder, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize / 2 >= copy->id.size + ROOM;
}

/* Opens it if that is still to be done. */
static enum err ready(struct blob_copy *copy)
{
    enum err e;

    (void)pthread_mutex_lock(&copy->lock);
    if (!copy->opened)
        copy->error = open_file(copy);
    copy->opened = true;
    e = copy->error;
    (void)pthread_mutex_unlock(&copy->lock);
    return e;
}

/* The same while the blob is being fetched. */
static bool ready_early(struct blob_copy *copy)
{
    bool waits;

    (void)pthread_mutex_lock(&copy->lock);
    if (!copy->opened && !copy->waits)
        copy->waits = !has_room_for_both(copy);
    waits = copy->waits;
    (void)pthread_mutex_unlock(&copy->lock);
    return !waits && ready(copy) == ERR_OK;
}

static bool has(struct blob_copy *copy, uint64_t span)
{
    bool there;

    (void)pthread_mutex_lock(&copy->lock);
    there = bitmap_has(copy->bits, span);
    (void)pthread_mutex_unlock(&copy->lock);
    return there;
}

static void note(struct blob_copy *copy, uint64_t span)
{
    (void)pthread_mutex_lock(&copy->lock);
    if (!bitmap_has(copy->bits, span)) {
        copy->bits[span / 8] =
            (uint8_t)(copy->bits[span / 8] | 1u << (span % 8));
        copy->missing--;
    }
    (void)pthread_mutex_unlock(&copy->lock);
}

static enum err write_span(struct blob_copy *copy, uint64_t span,
                           struct bytes bytes)
{
    enum err e = blob_disk_write(&copy->disk, span * BLOB_SPAN_LEN, bytes);

    if (e == ERR_OK)
        note(copy, span);
    return e;
}

void blob_copy_write(struct blob_copy *copy, uint64_t span, struct bytes bytes)
{
    assert(span < copy->spans);
    assert(bytes.len == blob_span_len(copy->id.size, span));
    if (ready_early(copy))
        (void)write_span(copy, span, bytes); /* else blob_copy_fill() tries */
}

bool blob_copy_is_whole(struct blob_copy *copy)
{
    bool whole;

    (void)pthread_mutex_lock(&copy->lock);
    whole = copy->opened && copy->error == ERR_OK && copy->missing == 0;
    (void)pthread_mutex_unlock(&copy->lock);
    return whole;
}

/* ---- The rest ----------------------------------------------------------- */

static enum err bring_missing(struct blob_copy *copy,
                              struct blob_reader *reader,
                              struct blob_progress *progress)
{
    uint8_t *buf = blob_disk_buffer(BLOB_SPAN_LEN);
    enum err e = buf == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (uint64_t i = 0; i < copy->spans && e == ERR_OK; i++) {
        size_t len = blob_span_len(copy->id.size, i);

        progress->done = i * BLOB_SPAN_LEN;
        if (has(copy, i))
            continue;
        e = progress->cancel
                ? ERR_CANCELLED
                : blob_reader_read(reader, i * BLOB_SPAN_LEN, buf, len);
        if (e == ERR_OK)
            e = write_span(copy, i, (struct bytes){ buf, len });
    }
    free(buf);
    return e;
}

/* The file system shares the bytes, if it can: then nothing is to be copied. */
static bool clone_all(struct blob_copy *copy, struct blob_reader *reader)
{
    int from = blob_reader_fd(reader);

    return copy->missing == copy->spans && from >= 0 &&
           ioctl(copy->fd, FICLONE, from) == 0;
}

enum err blob_copy_fill(struct blob_copy *copy, struct blob_reader *reader,
                        struct blob_progress *progress)
{
    uint8_t last;
    enum err e = ready(copy);

    progress->total = copy->id.size;
    if (e == ERR_OK && copy->missing > 0 && !clone_all(copy, reader))
        e = bring_missing(copy, reader, progress);
    /* Reading tells whether an external file is still what it was. */
    if (e == ERR_OK && copy->id.size > 0)
        e = blob_reader_read(reader, copy->id.size - 1, &last, 1);
    if (e == ERR_OK && fsync(copy->fd) != 0)
        e = file_error(errno);
    if (e == ERR_OK)
        progress->done = copy->id.size;
    return e;
}

/* ---- Its name ----------------------------------------------------------- */

/* Renames without replacing. */
static enum err rename_hidden(struct blob_copy *copy, const char *name)
{
    if (renameat2(AT_FDCWD, copy->beside, AT_FDCWD, name, RENAME_NOREPLACE) ==
        0) {
        free(copy->beside);
        copy->beside = NULL;
        return ERR_OK;
    }
    if (errno != EINVAL && errno != ENOSYS)
        return file_error(errno);
    /* This file system cannot: a link replaces nothing either. */
    if (link(copy->beside, name) != 0)
        return file_error(errno);
    return ERR_OK; /* blob_copy_unref() takes the first name away */
}

enum err blob_copy_name(struct blob_copy *copy, const char *name)
{
    char self[64];

    assert(copy->opened && copy->error == ERR_OK);
    if (copy->beside != NULL)
        return rename_hidden(copy, name);
    /* By the descriptor itself only root may link. */
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", copy->fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0)
        return ERR_OK;
    return file_error(errno);
}
