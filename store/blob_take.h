#ifndef STORE_BLOB_TAKE_H
#define STORE_BLOB_TAKE_H

#include "store/blobs.h"

/*
 * Blobs of at most a span that others sent, whole and in memory: checked
 * against their roots and made files of ours, many at once.
 */

struct blob_taken {
    struct blob_id id;
    struct bytes content; /* as long as the blob, more than BLOB_INLINE_MAX */
    bool good; /* afterwards: these are its bytes, durable under its name */
    /* Private. */
    int fd;
    char *path;
};

/*
 * Pool: takes those that are good; the others are not written.  On an error
 * (ERR_NO_SPACE, ERR_IO, ERR_NO_MEMORY) nobody knows what is durable: none is
 * good.
 */
MUST_CHECK enum err blob_take(struct store *store, struct blob_taken *items,
                              size_t count);
/* What makes a good one held. */
MUST_CHECK enum err blob_take_put(const struct blob_taken *item,
                                  const uint8_t topic[ID_LEN],
                                  struct store_batch *batch);

#endif
