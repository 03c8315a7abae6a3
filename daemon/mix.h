#ifndef DAEMON_MIX_H
#define DAEMON_MIX_H

#include "daemon/param.h"
#include "proto/lineage.h"

/*
 * Licences that cannot go together, and cycles, told before anything is
 * published: a release with both would be void (docs/protocol.md §7.7, §7.9).
 * Loop thread only.
 */

/*
 * Whether `child` may cite `source` with that relation (a name, a number, or
 * nothing), in the topic of the child; else fails the call with the two works
 * and licences.
 */
bool mix_is_possible(struct call *call, const uint8_t topic[ID_LEN],
                     const struct lineage_work *child,
                     const struct store_item *source,
                     const struct mp_value *relation);
/* Mere inspiration binds nobody. */
bool mix_is_inspiration(const struct mp_value *relation);

/*
 * Whether citing `source` from `child` closes no cycle; else fails the call,
 * naming both works.
 */
bool mix_makes_no_cycle(struct call *call, const uint8_t topic[ID_LEN],
                        const uint8_t child[ID_LEN],
                        const uint8_t source[ID_LEN]);

/*
 * Whether works of these licences may be released together; else fails the
 * call, naming the two that exclude each other or the one that needs a grant.
 */
bool mix_may_release(struct call *call, const struct topic_state *ts,
                     const struct lineage_licences *bears);

#endif
