/* Flushes and names: first what the files hold, then what they are called. */
#include "store/blob_publish.h"
#include "store/file_error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Folders below `blobs`, by the first byte of a root. */
enum { FOLDERS = 256 };

/* A folder's entries are durable once the folder itself is. */
static enum err sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = ERR_OK;

    if (fd < 0)
        return file_error(errno);
    if (fsync(fd) != 0)
        e = file_error(errno);
    (void)close(fd);
    return e;
}

enum err blob_publish_entry(const char *path)
{
    char *parent = strdup(path);
    char *slash;
    enum err e;

    if (parent == NULL)
        return ERR_NO_MEMORY;
    slash = strrchr(parent, '/');
    if (slash == NULL) {
        free(parent);
        return sync_folder(".");
    }
    slash[slash == parent ? 1 : 0] = '\0';
    e = sync_folder(parent);
    free(parent);
    return e;
}

/* To its place; the folder is made for the first that comes there. */
static enum err name_one(const struct store *store, const struct blob_new *file,
                         bool folders[FOLDERS])
{
    bool *folder = &folders[file->id.root[0]];
    char *to = blob_file_path(store, &file->id, false);
    enum err e = to == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && !*folder)
        e = blob_file_make_folder(store, &file->id);
    if (e == ERR_OK && rename(file->path, to) != 0)
        e = file_error(errno);
    *folder = *folder || e == ERR_OK;
    free(to);
    return e;
}

/* Those that got an entry, and `blobs` itself: any of them may be new. */
static enum err sync_folders(const struct store *store,
                             const bool folders[FOLDERS])
{
    enum err e = ERR_OK;
    char *path = NULL;

    for (unsigned i = 0; i < FOLDERS && e == ERR_OK; i++) {
        if (!folders[i])
            continue;
        if (asprintf(&path, "%s/blobs/%02x", store->dir, i) < 0)
            return ERR_NO_MEMORY;
        e = sync_folder(path);
        free(path);
    }
    if (e == ERR_OK && asprintf(&path, "%s/blobs", store->dir) < 0)
        return ERR_NO_MEMORY;
    if (e == ERR_OK) {
        e = sync_folder(path);
        free(path);
    }
    return e;
}

enum err blob_publish(const struct store *store, const struct blob_new *files,
                      size_t count, size_t *failed)
{
    bool folders[FOLDERS] = { false };
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        *failed = i;
        if (files[i].fd >= 0 && fdatasync(files[i].fd) != 0)
            e = file_error(errno);
    }
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        *failed = i;
        e = name_one(store, &files[i], folders);
    }
    return e == ERR_OK ? sync_folders(store, folders) : e;
}
