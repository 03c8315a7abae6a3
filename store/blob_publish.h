#ifndef STORE_BLOB_PUBLISH_H
#define STORE_BLOB_PUBLISH_H

#include "store/blob_file.h"

/*
 * What makes files of ours durable, under the names of their blobs.  Many at
 * once cost two flushes of the file system, and not three of the disk for each;
 * unless others write much there, see flush.h.
 */

struct blob_new {
    int fd;           /* of what is written; -1: that is durable already */
    const char *path; /* where it is */
    struct blob_id id;
};

/*
 * Flushes each file, then renames it to its blob's name, then flushes the
 * folders: so a name stands for what is durable, and on ERR_OK all names are.
 * After an error some may have their names.  *failed: which one it was.
 */
MUST_CHECK enum err blob_publish(const struct store *store,
                                 const struct blob_new *files, size_t count,
                                 size_t *failed);

/* Makes the entry `path` of its folder durable. */
MUST_CHECK enum err blob_publish_entry(const char *path);

#endif
