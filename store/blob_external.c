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

/* Its row, with a path of its own in `path`. */
static enum err find_external(struct store *store, const struct blob_id *id,
                              struct row_external *out,
                              char path[BLOB_PATH_MAX])
{
    struct row_blob row;
    struct look *look;
    enum err e = store_look(store, &look);

    if (e == ERR_OK)
        e = look_blob(look, id, &row);
    if (e != ERR_OK)
        return e;
    if (row.state != BLOB_EXTERNAL)
        return ERR_NOT_FOUND;
    if (row_external_read(out, row.detail) != ERR_OK || !path_of(path, out))
        return ERR_CORRUPT;
    out->path = (struct bytes){ NULL, 0 };
    return ERR_OK;
}

enum in_place_state blobs_look_in_place(struct store *store,
                                        const struct blob_id *id)
{
    struct row_external was;
    struct row_external now;
    char path[BLOB_PATH_MAX];
    struct stat st;

    if (find_external(store, id, &was, path) != ERR_OK)
        return IN_PLACE_KEPT;
    if (stat(path, &st) != 0)
        return errno == ENOENT && was_removed(path, &was) ? IN_PLACE_CHANGED
                                                          : IN_PLACE_KEPT;
    if (external_same(&was, id->size, &st))
        return IN_PLACE_KEPT;
    external_of(&now, &st);
    return (uint64_t)st.st_size == id->size && now.mtime_ns == was.mtime_ns
               ? IN_PLACE_OTHER
               : IN_PLACE_CHANGED;
}

enum err blob_import_again(struct blob_import **out, struct store *store,
                           const struct blob_id *id,
                           const uint8_t topic[ID_LEN])
{
    struct row_external row;
    char path[BLOB_PATH_MAX];
    enum err e = find_external(store, id, &row, path);

    return e == ERR_OK ? blob_import_new(out, store, path, topic, true) : e;
}
