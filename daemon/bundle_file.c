/*
 * Files of bundles.  A file that is written anew after it was cut off goes the
 * same way as before, since what is held makes the same bytes: so resuming is
 * comparing, and no note of how far it was can be wrong.
 */
#include "daemon/bundle_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/bundle.h"
#include "store/file_error.h"

enum {
    POLL_MS = 200, /* how soon a cancel is heard */
    COMPARE_LEN = 65536,
    WRITE_OUT = 8 * 1024 * 1024, /* handed to the disk so far behind */
    SOURCE_LEN = 2 * 1024 * 1024,
    FILL_LEN = 65536, /* read at once, if no more is asked for */
    AHEAD_LEN = 4096  /* and behind what a caller's memory gets */
};

static_assert(SOURCE_LEN >= BUNDLE_ITEM_MAX, "any item fits the buffer");

/* Waits until a pipe has bytes or room; files always have. */
static enum err await(int fd, short what, const _Atomic bool *cancel)
{
    struct pollfd p = { .fd = fd, .events = what };

    for (;;) { /* until it is ready, or somebody cancels */
        int n = poll(&p, 1, POLL_MS);

        if (atomic_load(cancel))
            return ERR_CANCELLED;
        if (n > 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
    }
}

/* ---- Writing ------------------------------------------------------------ */

struct bundle_sink {
    int fd;
    bool is_stream;
    bool is_empty; /* ours, and nothing has been written to it */
    const _Atomic bool *cancel;
    char *path;
    char *part;
    uint64_t at;       /* where the next byte goes */
    uint64_t there;    /* the file's length as the attempt before left it */
    uint64_t kept;     /* so much of it was right */
    uint64_t flushing; /* handed to the disk */
    uint8_t *buf;      /* COMPARE_LEN bytes */
};

static bool is_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static enum err open_stream(struct bundle_sink *s)
{
    s->is_stream = true;
    s->fd = open(s->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return s->fd >= 0 ? ERR_OK : file_error(errno);
}

static enum err open_part(struct bundle_sink *s)
{
    struct stat st;

    if (lstat(s->path, &st) == 0)
        return ERR_EXISTS;
    s->fd = open(s->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (s->fd < 0)
        return file_error(errno);
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? ERR_LOCKED : ERR_IO;
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ERR_IO;
    s->there = (uint64_t)st.st_size;
    s->is_empty = s->there == 0;
    return ERR_OK;
}

enum err bundle_sink_open(struct bundle_sink **out, const char *path,
                          bool is_stream, const _Atomic bool *cancel)
{
    struct bundle_sink *s = calloc(1, sizeof *s);
    enum err e = ERR_NO_MEMORY;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->fd = -1;
    s->cancel = cancel;
    s->path = strdup(path);
    s->buf = malloc(COMPARE_LEN);
    if (asprintf(&s->part, "%s.part", path) < 0)
        s->part = NULL;
    if (s->path != NULL && s->buf != NULL && s->part != NULL)
        e = is_stream || is_pipe(path) ? open_stream(s) : open_part(s);
    if (e != ERR_OK) {
        bundle_sink_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

static enum err write_stream(struct bundle_sink *s, struct bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(s->fd, bytes.data, bytes.len);
        enum err e;

        if (n > 0) {
            bytes.data += n;
            bytes.len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return file_error(errno);
        e = await(s->fd, POLLOUT, s->cancel);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* How many of the first bytes are in the file already, as they must be. */
static enum err compare(struct bundle_sink *s, struct bytes bytes, size_t *same)
{
    uint64_t left = s->there - s->at;
    size_t want = bytes.len < COMPARE_LEN ? bytes.len : COMPARE_LEN;
    size_t have = 0;

    if (want > left)
        want = (size_t)left;
    while (have < want) {
        ssize_t n =
            pread(s->fd, s->buf + have, want - have, (off_t)(s->at + have));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* what cannot be read is written again */
        have += (size_t)n;
    }
    *same = have > 0 && memcmp(s->buf, bytes.data, have) == 0 ? have : 0;
    if (*same == want)
        return ERR_OK;
    s->there = s->at; /* all behind it is of no use */
    return ftruncate(s->fd, (off_t)s->at) == 0 ? ERR_OK : file_error(errno);
}

static enum err write_part(struct bundle_sink *s, struct bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t n = pwrite(s->fd, bytes.data, bytes.len, (off_t)s->at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? file_error(errno) : ERR_IO;
        bytes.data += n;
        bytes.len -= (size_t)n;
        s->at += (uint64_t)n;
    }
    if (s->at - s->flushing >=
        WRITE_OUT) { /* so that little waits at the end */
        (void)sync_file_range(s->fd, (off_t)s->flushing,
                              (off_t)(s->at - s->flushing),
                              SYNC_FILE_RANGE_WRITE);
        s->flushing = s->at;
    }
    return ERR_OK;
}

enum err bundle_sink_write(struct bundle_sink *s, struct bytes bytes)
{
    if (atomic_load(s->cancel))
        return ERR_CANCELLED;
    if (s->is_stream)
        return write_stream(s, bytes);
    s->is_empty = false;
    while (bytes.len > 0 && s->at < s->there) {
        size_t same;
        enum err e = compare(s, bytes, &same);

        if (e != ERR_OK)
            return e;
        s->at += same;
        s->kept += same;
        bytes.data += same;
        bytes.len -= same;
    }
    return write_part(s, bytes);
}

static enum err sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL || slash == path
                       ? strdup(slash == NULL ? "." : "/")
                       : strndup(path, (size_t)(slash - path));
    enum err e = ERR_OK;
    int fd;

    if (folder == NULL)
        return ERR_NO_MEMORY;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        e = ERR_IO;
    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return e;
}

/* A file system that cannot rename so has links, which replace nothing. */
static enum err rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return ERR_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return file_error(errno);
    if (link(from, to) != 0)
        return file_error(errno);
    (void)unlink(from); /* a second name at worst */
    return ERR_OK;
}

enum err bundle_sink_finish(struct bundle_sink *s)
{
    enum err e;

    if (s->is_stream)
        return ERR_OK;
    if (s->there > s->at && ftruncate(s->fd, (off_t)s->at) != 0)
        return file_error(errno);
    if (fsync(s->fd) != 0)
        return file_error(errno);
    s->is_empty = false;
    e = rename_new(s->part, s->path);
    if (e == ERR_OK)
        e = sync_folder(s->path);
    return e;
}

uint64_t bundle_sink_kept(const struct bundle_sink *s)
{
    return s->kept;
}

void bundle_sink_close(struct bundle_sink *s)
{
    if (s == NULL)
        return;
    if (s->is_empty)
        (void)unlink(s->part); /* nothing to go on with */
    if (s->fd >= 0)
        (void)close(s->fd); /* what counts was flushed */
    free(s->path);
    free(s->part);
    free(s->buf);
    free(s);
}

/* ---- Reading ------------------------------------------------------------ */

struct bundle_source {
    int fd;
    bool can_seek;
    bool at_end; /* the buffer has the last byte */
    const _Atomic bool *cancel;
    uint64_t size;
    uint64_t offset; /* of the first byte in the buffer that counts */
    size_t from;
    size_t len;
    uint8_t buf[SOURCE_LEN];
};

enum err bundle_source_open(struct bundle_source **out, const char *path,
                            const _Atomic bool *cancel)
{
    struct bundle_source *s = calloc(1, sizeof *s);
    struct stat st;
    enum err e = ERR_OK;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->cancel = cancel;
    s->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        e = file_error(errno);
    else if (S_ISDIR(st.st_mode))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK) {
        bundle_source_close(s);
        return e;
    }
    s->can_seek = S_ISREG(st.st_mode);
    s->size = s->can_seek ? (uint64_t)st.st_size : 0;
    *out = s;
    return ERR_OK;
}

void bundle_source_close(struct bundle_source *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        (void)close(s->fd); /* only read from */
    free(s);
}

/* Reads once, as soon as there is something; *n is 0 at the end. */
static enum err read_some(struct bundle_source *s, const struct iovec *to,
                          int parts, size_t *n)
{
    for (;;) { /* until there is something */
        ssize_t got = readv(s->fd, to, parts);
        enum err e;

        if (got >= 0) {
            s->at_end = got == 0;
            *n = (size_t)got;
            return ERR_OK;
        }
        if (errno != EAGAIN && errno != EINTR)
            return ERR_IO;
        e = await(s->fd, POLLIN, s->cancel);
        if (e != ERR_OK)
            return e;
    }
}

/* So that `len` bytes are there, or at least some more. */
static enum err fill(struct bundle_source *s, size_t len)
{
    size_t room = sizeof s->buf - s->from - s->len;
    size_t want = len - s->len > FILL_LEN ? len - s->len : FILL_LEN;
    struct iovec to = { s->buf + s->from + s->len, want < room ? want : room };
    size_t n;
    enum err e = read_some(s, &to, 1, &n);

    if (e == ERR_OK)
        s->len += n;
    return e;
}

enum err bundle_source_look(struct bundle_source *s, size_t len,
                            struct bytes *out)
{
    assert(len <= BUNDLE_ITEM_MAX);
    if (atomic_load(s->cancel))
        return ERR_CANCELLED;
    if (s->from + len > sizeof s->buf) {
        memmove(s->buf, s->buf + s->from, s->len);
        s->from = 0;
    }
    while (s->len < len && !s->at_end) {
        enum err e = fill(s, len);

        if (e != ERR_OK)
            return e;
    }
    *out = (struct bytes){ s->buf + s->from, s->len };
    return ERR_OK;
}

enum err bundle_source_skip(struct bundle_source *s, size_t len)
{
    struct bytes got;

    if (len > s->len && s->can_seek) {
        uint64_t to = s->offset + len;

        if (to > s->size)
            return ERR_TRUNCATED;
        if (lseek(s->fd, (off_t)to, SEEK_SET) < 0)
            return ERR_IO;
        s->offset = to;
        s->from = 0;
        s->len = 0;
        s->at_end = false;
        return ERR_OK;
    }
    if (len > s->len) {
        enum err e = bundle_source_look(s, len, &got);

        if (e != ERR_OK)
            return e;
        if (got.len < len)
            return ERR_TRUNCATED;
    }
    s->from = s->len == len ? 0 : s->from + len;
    s->len -= len;
    s->offset += len;
    return ERR_OK;
}

enum err bundle_source_read(struct bundle_source *s, uint8_t *out, size_t len)
{
    size_t done = s->len < len ? s->len : len;

    if (atomic_load(s->cancel))
        return ERR_CANCELLED;
    memcpy(out, s->buf + s->from, done);
    s->from = s->len == done ? 0 : s->from + done;
    s->len -= done;
    while (done < len && !s->at_end) { /* the buffer is empty */
        struct iovec to[2] = { { out + done, len - done },
                               { s->buf, AHEAD_LEN } };
        size_t n;
        enum err e = read_some(s, to, 2, &n);

        if (e != ERR_OK)
            return e;
        s->len = n > len - done ? n - (len - done) : 0;
        done += n - s->len;
    }
    s->offset += done;
    return done == len ? ERR_OK : ERR_TRUNCATED;
}

enum err bundle_source_rewind(struct bundle_source *s)
{
    if (!s->can_seek)
        return ERR_REFUSED;
    if (lseek(s->fd, 0, SEEK_SET) != 0)
        return ERR_IO;
    s->offset = 0;
    s->from = 0;
    s->len = 0;
    s->at_end = false;
    return ERR_OK;
}

uint64_t bundle_source_offset(const struct bundle_source *s)
{
    return s->offset;
}

uint64_t bundle_source_size(const struct bundle_source *s)
{
    return s->size;
}
