#ifndef DAEMON_MIX_H
#define DAEMON_MIX_H

#include "daemon/param.h"
#include "proto/lineage.h"

/*
 * Licences that cannot go together, told before anything is published: a
 * release with both would be void (docs/protocol.md §7.9).  Loop thread only.
 */

/*
 * Whether `child` may cite `source` with the call's param `relation`, in the
 * topic of the child; else fails the call with the two works and licences.
 */
bool mix_is_possible(struct call *call, const uint8_t topic[ID_LEN],
                     const struct lineage_work *child,
                     const struct store_item *source);

#endif
