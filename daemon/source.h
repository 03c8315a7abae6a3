#ifndef DAEMON_SOURCE_H
#define DAEMON_SOURCE_H

#include "daemon/author.h"

/*
 * Puts what a resource says of a source held here: its id, its author and the
 * licence it stands under.
 */
void source_put(struct call *call, struct author_fields *fields,
                const struct store_item *source);

#endif
