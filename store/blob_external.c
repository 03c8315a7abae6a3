/* Files of the user's that are served from where they lie. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "store/blob_file.h"

static bool path_of(char path[BLOB_PATH_MAX], const struct row_external *row)
{
    if (row->path.len >= BLOB_PATH_MAX)
        return false;
    memcpy(path, row->path.data, row->path.len);
    path[row->path.len] = '\0';
    return true;
}

/* Its folder is still there, and on the same disk. */
static bool was_removed(char *path, const struct row_external *row)
{
    char *slash = strrchr(path, '/');
    struct stat st;

    if (slash == NULL)
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return stat(path, &st) == 0 && (uint64_t)st.st_dev == row->device;
}

bool blobs_has_changed(struct store *store, const struct blob_id *id)
{
    struct row_external external;
    struct row_external now;
    char path[BLOB_PATH_MAX];
    struct row_blob row;
    struct look *look;
    struct stat st;

    if (store_look(store, &look) != ERR_OK ||
        look_blob(look, id, &row) != ERR_OK || row.state != BLOB_EXTERNAL ||
        row_external_read(&external, row.detail) != ERR_OK ||
        !path_of(path, &external))
        return false;
    if (stat(path, &st) != 0)
        return errno == ENOENT && was_removed(path, &external);
    external_of(&now, &st);
    return (uint64_t)st.st_size != id->size ||
           now.mtime_ns != external.mtime_ns;
}
