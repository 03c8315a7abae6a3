#ifndef DAEMON_AUTHOR_BATCH_H
#define DAEMON_AUTHOR_BATCH_H

#include "daemon/call.h"

/*
 * Many records in the name of the person of this machine, from one call: made
 * and signed on the pool, tried by the rules on the loop, and stored in the
 * writer's batches.  Each draft stands for itself: one that is refused keeps no
 * other from being published.
 */

/* Drafts in one call. */
#define AUTHOR_BATCH_MAX 5000

/*
 * Takes the param `drafts`, a list of maps {kind, topic or project, fields,
 * listed, revises} as record.publish has them, and answers {stored, known,
 * refused, errors[]{line, name, text}, ids[]} when the last one is durable.
 */
void author_batch(struct call *call);

#endif
