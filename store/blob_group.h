#ifndef STORE_BLOB_GROUP_H
#define STORE_BLOB_GROUP_H

#include "store/blobs.h"

/*
 * Blobs of at most a span written where the user wants them, many at once: two
 * flushes for all of them, and not several for each (unless others write much,
 * see flush.h).  A name appears only when
 * its content is durable.  All of it on the pool.
 */

struct blob_group_item {
    struct blob_reader *reader; /* whole; the caller's */
    const char *name; /* file_name_is_good(); below the group's folder */
    char *path;       /* where it went, from malloc; NULL at first */
    /* Private. */
    unsigned attempt;
    bool written;
};

/*
 * Checks and writes all below `folder`, which is there; folders of names are
 * made, and none is entered through a link.  What has the same name and other
 * content is left, and `name (2).ext` written.  Adds the bytes of files to
 * progress->done.
 *   ERR_BAD_BLOB   a blob is damaged here
 *   ERR_NOT_FOUND  something else stands where a folder should be
 *   ERR_EXISTS     a hundred such names are taken
 *   ERR_CANCELLED, ERR_NO_SPACE, ERR_IO, ERR_CHANGED
 * After an error some of them may have been written, each of them whole.
 */
MUST_CHECK enum err blob_group_write(const char *folder,
                                     struct blob_group_item *items,
                                     size_t count,
                                     struct blob_progress *progress);

/* Makes the folders of `name` alone, likewise. */
MUST_CHECK enum err blob_group_make_folders(const char *folder,
                                            const char *name);

#endif
