#ifndef DAEMON_IN_PLACE_H
#define DAEMON_IN_PLACE_H

#include "daemon/node_parts.h"
#include "proto/blob_tree.h"

/*
 * Files that are served from where they lie.  One that its owner has written
 * to or removed is not held any more: to go on saying so would make this node
 * one that cannot show what it signed for.
 */

/* For who asked for such a file. */
#define IN_PLACE_HINT "As it was, others may have it: troupe get RECORD"

/*
 * Somebody could not read the blob, or it is time to look.  If it has changed
 * it is let go; if another file lies there that may be the same, it is hashed
 * again (daemon/rehash.h), and not served before that.
 */
void in_place_look(struct node *node, const struct blob_id *blob);
/* It is not what it was: no topic holds it any more, and where all is held it
 * is wanted again. */
void in_place_let_go(struct node *node, const struct blob_id *blob);
/* How often that has happened since the start, for a topic each. */
uint64_t in_place_lost(void);

#endif
