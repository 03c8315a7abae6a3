/*
 * Putting a blob where the user wants it, once its copy is durable: under a
 * name that replaces nothing.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_copy.h"
#include "store/blob_publish.h"
#include "store/file_error.h"

#define NAMES_MAX 100

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
        return file_error(errno);
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

/*
 * The copy gets this name, or what has it is the same already; ERR_EXISTS if
 * it is not.
 */
static enum err put_name(struct blob_copy *copy, struct blob_reader *reader,
                         struct blob_progress *progress, const char *name,
                         bool *filled)
{
    bool same;
    enum err e = is_same(reader, name, &same);

    if (e == ERR_OK)
        return same ? ERR_OK : ERR_EXISTS;
    if (e != ERR_NOT_FOUND)
        return e;
    e = *filled ? ERR_OK : blob_copy_fill(copy, reader, progress);
    if (e != ERR_OK)
        return e;
    *filled = true;
    e = blob_copy_name(copy, name);
    if (e != ERR_EXISTS)
        return e;
    /* Somebody was faster: another command, perhaps, with the same. */
    e = is_same(reader, name, &same);
    return e == ERR_OK && same ? ERR_OK : ERR_EXISTS;
}

/* Finds the first name that is free or has the same content already. */
static enum err place(struct blob_copy *copy, struct blob_reader *reader,
                      struct blob_progress *progress,
                      char chosen[BLOB_PATH_MAX])
{
    char name[BLOB_PATH_MAX];
    bool filled = false;

    for (unsigned i = 1; i <= NAMES_MAX; i++) {
        enum err e;

        if (!candidate(name, blob_copy_path(copy), i))
            return ERR_NOT_FOUND;
        e = put_name(copy, reader, progress, name, &filled);
        if (e == ERR_EXISTS)
            continue;
        if (e == ERR_OK)
            memcpy(chosen, name, sizeof name);
        return e;
    }
    return ERR_EXISTS;
}

enum err blob_copy_export(struct blob_copy *copy, struct blob_reader *reader,
                          struct blob_progress *progress,
                          char chosen[BLOB_PATH_MAX])
{
    struct blob_info info;
    enum err e;

    blob_reader_info(reader, &info);
    if (!blob_reader_has(reader, 0, info.id.size))
        return ERR_NOT_HELD;
    e = place(copy, reader, progress, chosen);
    return e == ERR_OK ? blob_publish_entry(chosen) : e;
}

enum err blob_reader_export(struct blob_reader *reader, const char *path,
                            struct blob_progress *progress,
                            char chosen[BLOB_PATH_MAX])
{
    struct blob_info info;
    struct blob_copy *copy;
    enum err e;

    blob_reader_info(reader, &info);
    e = blob_copy_new(&copy, &info.id, path);
    if (e != ERR_OK)
        return e;
    e = blob_copy_export(copy, reader, progress, chosen);
    blob_copy_unref(copy);
    return e;
}
