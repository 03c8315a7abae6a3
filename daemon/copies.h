#ifndef DAEMON_COPIES_H
#define DAEMON_COPIES_H

#include "daemon/node_parts.h"
#include "store/blob_copy.h"

/*
 * Which blobs somebody waits for to have them as a file: whoever fetches them
 * writes each span there too, while it is in memory.
 */
struct copies;

MUST_CHECK enum err copies_open(struct copies **out);
/* Accepts NULL.  All were removed. */
void copies_free(struct copies *copies);

/* Keeps a reference until copies_remove().  NO_MEMORY */
MUST_CHECK enum err copies_add(struct copies *copies, struct blob_copy *copy);
void copies_remove(struct copies *copies, struct blob_copy *copy);
/* One that waits for the blob, borrowed; or NULL. */
struct blob_copy *copies_find(const struct copies *copies,
                              const struct blob_id *blob);

#endif
