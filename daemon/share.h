#ifndef DAEMON_SHARE_H
#define DAEMON_SHARE_H

#include "daemon/node_parts.h"

/*
 * What a pledge to a whole community, or to a person, comes to: topics that are
 * found on the call board are held, and of those of a community the files that
 * fall to this node among the archivists that are there (proto/placement.h).
 */
struct share;

MUST_CHECK enum err share_open(struct share **out, struct node *node);
void share_shutdown(struct share *share);
void share_free(struct share *share); /* accepts NULL */
/* Time has passed. */
void share_tick(struct share *share);
/* A pledge is new, or another than before. */
void share_look(struct share *share);

#endif
