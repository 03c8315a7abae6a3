#ifndef PROTO_SPLIT_CIRCLE_H
#define PROTO_SPLIT_CIRCLE_H

#include "proto/split.h"

/*
 * Whose feedback counts (docs/protocol.md §7.12): everybody's is shown, but
 * only that of people whose work or money it is about can hold a final up.
 */

/* Those whose feedback on a proposal has to be answered, ascending. */
struct split_circle {
    uint8_t (*people)[ID_LEN];
    uint32_t count;
};
/*
 * Payees of the proposal and of `more` (may be NULL), authors of earlier
 * contributions, and whom the release credits that the income names.
 * ERR_NO_MEMORY
 */
MUST_CHECK enum err split_circle_of(struct split_circle *out,
                                    const struct topic_state *ts,
                                    const struct topic_entry *proposal,
                                    const struct split_shares *more);
void split_circle_wipe(struct split_circle *circle);
bool split_circle_has(const struct split_circle *circle,
                      const uint8_t person[ID_LEN]);

/*
 * A flag for each entry (by its index), set where a reply in force answers it;
 * to be freed.  ERR_NO_MEMORY
 */
MUST_CHECK enum err split_circle_answered(bool **out,
                                          const struct topic_state *ts);
/*
 * The first feedback by somebody of the circle that nobody answered; *out is
 * NULL if there is none.  ERR_NO_MEMORY
 */
MUST_CHECK enum err split_circle_unanswered(const struct topic_entry **out,
                                            const struct topic_state *ts,
                                            const struct topic_entry *proposal,
                                            const struct split_circle *circle);

#endif
