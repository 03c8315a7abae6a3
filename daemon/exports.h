#ifndef DAEMON_EXPORTS_H
#define DAEMON_EXPORTS_H

#include "daemon/node_parts.h"
#include "store/blob_copy.h"

/*
 * Which blobs somebody waits for to have them as a file: whoever fetches them
 * writes each span there too, while it is in memory.
 */
struct exports;

MUST_CHECK enum err exports_open(struct exports **out);
/* Accepts NULL.  All were removed. */
void exports_free(struct exports *exports);

/* Keeps a reference until exports_remove().  NO_MEMORY */
MUST_CHECK enum err exports_add(struct exports *exports,
                                struct blob_copy *copy);
void exports_remove(struct exports *exports, struct blob_copy *copy);
/* One that waits for the blob, borrowed; or NULL. */
struct blob_copy *exports_find(const struct exports *exports,
                               const struct blob_id *blob);

#endif
