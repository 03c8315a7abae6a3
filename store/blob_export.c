/*
 * Writing a blob where the user wants it: beside its place first, flushed, and
 * then by a rename that replaces nothing.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_file.h"

#define NAMES_MAX 100

/* Lets the kernel copy, or else copies; the offset after what was copied. */
static enum err copy_span(struct blob_reader *reader, int to, uint64_t at,
                          size_t len, uint8_t *buf)
{
    off_t in = (off_t)at;
    off_t out = (off_t)at;
    int from = blob_reader_fd(reader);
    ssize_t n = from < 0 ? -1 : copy_file_range(from, &in, to, &out, len, 0);
    enum err e;

    if (n == (ssize_t)len)
        return ERR_OK;
    e = blob_reader_read(reader, at, buf, len);
    return e == ERR_OK ? blob_file_write(to, at, (struct bytes){ buf, len })
                       : e;
}

static enum err copy(struct blob_reader *reader, int to, uint64_t size,
                     struct blob_progress *progress)
{
    int from = blob_reader_fd(reader);
    uint8_t *buf;
    enum err e = ERR_OK;

    if (from >= 0 && ioctl(to, FICLONE, from) == 0) {
        progress->done = size;
        return ERR_OK;
    }
    buf = malloc(BLOB_SPAN_LEN);
    if (buf == NULL)
        return ERR_NO_MEMORY;
    for (uint64_t at = 0; at < size && e == ERR_OK; at += BLOB_SPAN_LEN) {
        size_t len = blob_span_len(size, at / BLOB_SPAN_LEN);

        e = progress->cancel ? ERR_CANCELLED
                             : copy_span(reader, to, at, len, buf);
        progress->done = at + len;
    }
    free(buf);
    return e;
}

/* A durable copy in a new file `path`. */
static enum err write_beside(struct blob_reader *reader, const char *path,
                             struct blob_progress *progress)
{
    struct blob_info info;
    uint8_t last;
    enum err e;
    int fd;

    blob_reader_info(reader, &info);
    progress->total = info.id.size;
    (void)unlink(path); /* ours alone by its name: left by a crash */
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return blob_file_error(errno);
    e = copy(reader, fd, info.id.size, progress);
    /* Reading tells whether an external file is still what it was. */
    if (e == ERR_OK && info.id.size > 0)
        e = blob_reader_read(reader, info.id.size - 1, &last, 1);
    if (e == ERR_OK && fsync(fd) != 0)
        e = blob_file_error(errno);
    if (close(fd) != 0 && e == ERR_OK)
        e = blob_file_error(errno);
    if (e != ERR_OK)
        (void)unlink(path); /* half a copy helps nobody */
    return e;
}

static enum err same_bytes(struct blob_reader *reader, int fd, uint64_t size,
                           bool *same)
{
    uint8_t *buf = malloc(2 * BLOB_SPAN_LEN);
    uint8_t *other = buf == NULL ? NULL : buf + BLOB_SPAN_LEN;
    enum err e = buf == NULL ? ERR_NO_MEMORY : ERR_OK;
    size_t n;

    *same = true;
    for (uint64_t at = 0; at < size && e == ERR_OK && *same;
         at += BLOB_SPAN_LEN) {
        size_t len = blob_span_len(size, at / BLOB_SPAN_LEN);

        e = blob_reader_read(reader, at, buf, len);
        if (e == ERR_OK)
            e = blob_file_read(fd, at, other, len, &n);
        if (e == ERR_OK)
            *same = n == len && memcmp(buf, other, len) == 0;
    }
    free(buf);
    return e;
}

/* ERR_NOT_FOUND if nothing is there. */
static enum err is_same(struct blob_reader *reader, const char *path,
                        bool *same)
{
    struct blob_info info;
    struct stat st;
    enum err e = ERR_OK;
    int fd;

    *same = false;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : blob_file_error(errno);
    blob_reader_info(reader, &info);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != info.id.size)
        return ERR_OK;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_OK; /* it may not be read: another's, and not the same */
    e = same_bytes(reader, fd, info.id.size, same);
    (void)close(fd);
    return e;
}

/* `path` itself, then `name (2).ext` and so on. */
static bool candidate(char out[BLOB_PATH_MAX], const char *path, unsigned i)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    size_t stem;
    int n;

    if (dot == NULL || dot == name)
        dot = path + strlen(path);
    stem = (size_t)(dot - path);
    if (i == 1)
        n = snprintf(out, BLOB_PATH_MAX, "%s", path);
    else
        n = snprintf(out, BLOB_PATH_MAX, "%.*s (%u)%s", (int)stem, path, i,
                     dot);
    return n > 0 && n < BLOB_PATH_MAX;
}

/* Renames without replacing; ERR_EXISTS if somebody was faster. */
static enum err rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return ERR_OK;
    if (errno == EEXIST)
        return ERR_EXISTS;
    if (errno != EINVAL && errno != ENOSYS)
        return blob_file_error(errno);
    /* This file system cannot: a link replaces nothing either. */
    if (link(from, to) != 0)
        return errno == EEXIST ? ERR_EXISTS : blob_file_error(errno);
    (void)unlink(from); /* a second name at worst */
    return ERR_OK;
}

/* Finds the first name that is free or has the same content already. */
static enum err place(struct blob_reader *reader, const char *path,
                      const char *beside, struct blob_progress *progress,
                      char chosen[BLOB_PATH_MAX])
{
    char name[BLOB_PATH_MAX];
    bool written = false;
    bool same;

    for (unsigned i = 1; i <= NAMES_MAX; i++) {
        enum err e;

        if (!candidate(name, path, i))
            return ERR_NOT_FOUND;
        e = is_same(reader, name, &same);
        if (e == ERR_NOT_FOUND && !written) {
            e = write_beside(reader, beside, progress);
            written = e == ERR_OK;
            if (e == ERR_OK)
                e = ERR_NOT_FOUND;
            else
                return e;
        }
        if (e == ERR_NOT_FOUND)
            e = rename_new(beside, name);
        else if (e == ERR_OK && !same)
            continue;
        if (e == ERR_EXISTS)
            continue;
        if (e == ERR_OK)
            memcpy(chosen, name, sizeof name);
        return e;
    }
    return ERR_EXISTS;
}

enum err blob_reader_export(struct blob_reader *reader, const char *path,
                            struct blob_progress *progress,
                            char chosen[BLOB_PATH_MAX])
{
    struct blob_info info;
    char hex[2 * 8 + 1];
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - path) + 1;
    char *beside = NULL;
    enum err e;

    blob_reader_info(reader, &info);
    if (!blob_reader_has(reader, 0, info.id.size))
        return ERR_NOT_HELD;
    hex_encode(hex, (struct bytes){ info.id.root, 8 });
    if (asprintf(&beside, "%.*s.troupe-%s-%ld", folder, path, hex,
                 (long)getpid()) < 0)
        return ERR_NO_MEMORY;
    e = place(reader, path, beside, progress, chosen);
    (void)unlink(beside); /* there only if it was not needed in the end */
    if (e == ERR_OK)
        e = blob_file_sync_parent(chosen);
    free(beside);
    return e;
}
