#ifndef DAEMON_SAFETY_H
#define DAEMON_SAFETY_H

#include "daemon/node_parts.h"
#include "store/law.h"

/*
 * What this node's owner refuses (store/law.h), what authors have taken back,
 * and how that leaves the disk: in steps, beside the daemon's other work, and
 * again after a restart until it is done (docs/storage.md §5).
 */
struct safety;

MUST_CHECK enum err safety_open(struct safety **out, struct node *node);
/* Begins nothing any more. */
void safety_shutdown(struct safety *safety);
bool safety_is_idle(const struct safety *safety);
void safety_free(struct safety *safety); /* accepts NULL */
/* Goes on with what is under way: before the loop waits. */
void safety_flush(struct safety *safety);
/* Time has passed: blocks may have ended. */
void safety_tick(struct safety *safety);

/* Whether the person is blocked now. */
bool safety_is_blocked(const struct node *node, const uint8_t person[ID_LEN]);
/* Whether a law of that kind is in effect for the id. */
bool safety_has(const struct node *node, enum law_kind kind,
                const uint8_t id[ID_LEN]);
/*
 * Whether this node keeps no more than the head of such a record: it was taken
 * down, or is by somebody blocked.  What others rest on is kept of those, too:
 * identities, names and, in topics that are followed, records of final kinds.
 */
bool safety_refuses(const struct node *node, const uint8_t id[ID_LEN],
                    const uint8_t author[ID_LEN], const uint8_t topic[ID_LEN],
                    uint64_t kind);
/* A record, or the head of one, is durable: it may be, or name, what its author
 * has taken back. */
void safety_stored(struct safety *safety, const struct record *record);

/*
 * Lays the law down, or lifts it, and does what follows.  `done` when it is
 * durable; what goes or comes back then does so in steps.
 */
void safety_lay(struct safety *safety, const struct law *law,
                node_done_fn *done, void *context);
void safety_lift(struct safety *safety, const struct law *law,
                 node_done_fn *done, void *context);

#endif
