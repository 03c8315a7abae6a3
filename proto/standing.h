#ifndef PROTO_STANDING_H
#define PROTO_STANDING_H

#include "proto/budget.h"
#include "proto/topic_state.h"

/*
 * Who has standing in a topic (docs/protocol.md §5.8): the person whose topic
 * it is, its leaders, those with a role, the authors of what was selected, and
 * whom one with standing vouches for.  Derived from the judged topic, so the
 * same wherever the same is held; it decides nothing but how much of a person's
 * records a node keeps.
 */

/* Whether a record of this kind can change who has standing. */
bool standing_is_of(uint64_t kind);

struct standing {
    bool has_founder;   /* else nobody can tell yet who has standing */
    uint64_t admission; /* ADMISSION_... of enum choice; else OPEN */
    uint32_t count;
    uint8_t (*people)[ID_LEN]; /* ascending, each once; from malloc */
};

/*
 * Lists them, after authority_judge().  It is enough that `ts` has the records
 * of which standing_is_of() speaks, the contributions that selections name,
 * and the retractions.  At most STANDING_MAX.  On ERR_OK wipe *out.
 *
 * With `root` not NULL the topic is one that nobody founds (the call board), in
 * which standing begins with that person.
 */
MUST_CHECK enum err standing_list(struct standing *out,
                                  const struct topic_state *ts,
                                  const uint8_t *root);
void standing_wipe(struct standing *standing); /* accepts a zeroed one */

bool standing_has(const struct standing *standing,
                  const uint8_t person[ID_LEN]);
/* What is kept of that author here; BUDGET_FREE while there is no founder. */
struct budget standing_budget(const struct standing *standing,
                              const uint8_t author[ID_LEN]);
/* Whether anybody may be kept more, or less, of than under the other. */
bool standing_same_rules(const struct standing *a, const struct standing *b);

#endif
