#ifndef DAEMON_REHASH_H
#define DAEMON_REHASH_H

#include "daemon/node_parts.h"
#include "proto/blob_tree.h"

/*
 * A file in place that now lies there as another one of that size and time, as
 * when a disk was copied to a larger one or came back from a backup, is hashed
 * again, one at a time, and is served again if it is what it was; else it is
 * let go as one that has changed (daemon/in_place.h).
 */
struct rehash;

/* So many wait; others are found again when somebody asks for them, or by the
 * next round of collecting. */
#define REHASH_MAX 1024

MUST_CHECK enum err rehash_open(struct rehash **out, struct node *node);
void rehash_shutdown(struct rehash *r);
bool rehash_is_idle(const struct rehash *r);
void rehash_free(struct rehash *r); /* accepts NULL */

/* One that waits already is not added again. */
void rehash_add(struct rehash *r, const struct blob_id *blob);

#endif
