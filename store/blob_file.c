/* Where blob files lie, and the folders and leftovers there. */
#include "store/blob_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/file_error.h"

/* What an import writes before it has a name. */
#define TMP_FOLDER "blobs/tmp"

void blob_file_name(char out[BLOB_NAME_MAX], const struct blob_id *id,
                    bool part)
{
    char hex[2 * HASH_LEN + 1];
    int n;

    hex_encode(hex, BYTES_ARRAY(id->root));
    n = snprintf(out, BLOB_NAME_MAX, "blobs/%.2s/%s.%llu%s", hex, hex + 2,
                 (unsigned long long)id->size, part ? ".part" : "");
    assert(n > 0 && n < BLOB_NAME_MAX);
}

char *blob_file_path(const struct store *store, const struct blob_id *id,
                     bool part)
{
    char name[BLOB_NAME_MAX];
    char *path = NULL;

    blob_file_name(name, id, part);
    return asprintf(&path, "%s/%s", store->dir, name) < 0 ? NULL : path;
}

void blob_file_remove(const struct store *store, const struct blob_id *id,
                      bool part)
{
    char *path = blob_file_path(store, id, part);

    if (path != NULL)
        (void)unlink(path); /* if it fails, a stray file: never a wrong one */
    free(path);
}

static enum err make_folder(const struct store *store, const char *name)
{
    char *path = NULL;
    enum err e = ERR_OK;

    if (asprintf(&path, "%s/%s", store->dir, name) < 0)
        return ERR_NO_MEMORY;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        e = file_error(errno);
    free(path);
    return e == ERR_NOT_FOUND ? ERR_IO : e;
}

enum err blob_file_make_folder(const struct store *store,
                               const struct blob_id *id)
{
    char name[BLOB_NAME_MAX];
    char *slash;

    blob_file_name(name, id, false);
    slash = strrchr(name, '/');
    assert(slash != NULL);
    *slash = '\0';
    return make_folder(store, name);
}

enum err blob_file_temporary(const struct store *store, char **path, int *fd)
{
    char *name = NULL;
    int opened;

    if (asprintf(&name, "%s/" TMP_FOLDER "/XXXXXX", store->dir) < 0)
        return ERR_NO_MEMORY;
    opened = mkostemp(name, O_CLOEXEC);
    if (opened < 0) {
        enum err e = file_error(errno);

        free(name);
        return e == ERR_NOT_FOUND ? ERR_IO : e;
    }
    *path = name;
    *fd = opened;
    return ERR_OK;
}

/* What a crash left of imports belongs to nobody. */
static void sweep(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}

enum err blob_file_prepare(struct store *store)
{
    char *tmp = NULL;
    enum err e = make_folder(store, "blobs");

    if (e == ERR_OK)
        e = make_folder(store, TMP_FOLDER);
    if (e != ERR_OK)
        return e;
    if (asprintf(&tmp, "%s/" TMP_FOLDER, store->dir) < 0)
        return ERR_NO_MEMORY;
    sweep(tmp);
    free(tmp);
    return ERR_OK;
}

bool blob_file_has_room(const struct store *store, uint64_t len)
{
    struct statvfs fs;
    uint64_t room;

    if (statvfs(store->dir, &fs) != 0)
        return true; /* the write itself will tell */
    room = (uint64_t)fs.f_bavail * fs.f_frsize;
    return room >= store->options.reserve_bytes &&
           room - store->options.reserve_bytes >= len;
}

enum err blob_file_write(int fd, uint64_t offset, struct bytes src)
{
    off_t from = (off_t)offset;
    off_t len = (off_t)src.len;

    while (src.len > 0) {
        ssize_t n = pwrite(fd, src.data, src.len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_error(errno);
        src.data += n;
        src.len -= (size_t)n;
        offset += (uint64_t)n;
    }
    /* The disk begins at once, so that the flush finds little left to do. */
    (void)sync_file_range(fd, from, len, SYNC_FILE_RANGE_WRITE);
    return ERR_OK;
}

enum err blob_file_read(int fd, uint64_t offset, uint8_t *out, size_t len,
                        size_t *n)
{
    size_t got = 0;

    while (got < len) {
        ssize_t k = pread(fd, out + got, len - got, (off_t)(offset + got));

        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return ERR_IO;
        if (k == 0)
            break;
        got += (size_t)k;
    }
    *n = got;
    return ERR_OK;
}
