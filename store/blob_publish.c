/* Flushes and names: first what the files hold, then what they are called. */
#include "store/blob_publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/file_error.h"
#include "store/flush.h"

enum {
    FOLDERS = 256, /* below `blobs`, by the first byte of a root */
    /* So many are flushed one by one: a flush of the whole file system has
     * what others wrote to wait for, too. */
    FEW = 8
};

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

/* All that was written to the store's file system. */
static enum err sync_all(const struct store *store)
{
    int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = ERR_OK;

    if (fd < 0)
        return file_error(errno);
    if (syncfs(fd) != 0)
        e = file_error(errno);
    (void)close(fd);
    return e;
}

/* Waits until the bytes have been written: what went wrong is told here, and
 * not by each system when all is flushed. */
static enum err await_bytes(int fd)
{
    if (sync_file_range(fd, 0, 0,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                            SYNC_FILE_RANGE_WAIT_AFTER) == 0 ||
        errno == ESPIPE || errno == EINVAL || errno == ENOSYS)
        return ERR_OK;
    return file_error(errno);
}

static enum err flush_one(int fd, bool for_good)
{
    if (fd < 0)
        return ERR_OK;
    if (!for_good)
        return await_bytes(fd);
    return fdatasync(fd) == 0 ? ERR_OK : file_error(errno);
}

static enum err flush_files(const struct store *store,
                            const struct blob_new *files, size_t count,
                            size_t *failed)
{
    bool each = count <= FEW || !flush_all_is_cheap();
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        *failed = i;
        e = flush_one(files[i].fd, each);
    }
    return e == ERR_OK && !each ? sync_all(store) : e;
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

static enum err sync_named(const struct store *store, const char *name)
{
    char *path = NULL;
    enum err e;

    if (asprintf(&path, "%s/%s", store->dir, name) < 0)
        return ERR_NO_MEMORY;
    e = sync_folder(path);
    free(path);
    return e;
}

/* Those that got an entry, and `blobs` itself: any of them may be new. */
static enum err sync_folders(const struct store *store,
                             const bool folders[FOLDERS])
{
    unsigned count = 0;
    enum err e = ERR_OK;

    for (unsigned i = 0; i < FOLDERS; i++)
        count += folders[i] ? 1 : 0;
    if (count > FEW && flush_all_is_cheap())
        return sync_all(store);
    for (unsigned i = 0; i < FOLDERS && e == ERR_OK; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "blobs/%02x", i);
        if (folders[i])
            e = sync_named(store, name);
    }
    return e == ERR_OK ? sync_named(store, "blobs") : e;
}

enum err blob_publish(const struct store *store, const struct blob_new *files,
                      size_t count, size_t *failed)
{
    bool folders[FOLDERS] = { false };
    enum err e = flush_files(store, files, count, failed);

    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        *failed = i;
        e = name_one(store, &files[i], folders);
    }
    return e == ERR_OK ? sync_folders(store, folders) : e;
}
