#ifndef PROTO_AUTHORITY_H
#define PROTO_AUTHORITY_H

#include "proto/topic_state.h"

/*
 * The rules (docs/protocol.md §7): which records of a topic are in force, which
 * are void and why.  A pure function of the set of records and the time; the
 * order of arrival, other topics and this node have no part in it.
 */

/*
 * Judges every record of `ts` as of `now_ms`; each entry's verdict is set.  It
 * may be called again, with another time or after adding, and costs nothing if
 * neither changes anything: what was added, or has come due, is judged alone if
 * nothing else rests on it, in O(log n), or else the whole topic is.  The
 * result is that of judging from scratch.  ERR_NO_MEMORY leaves the state
 * unjudged.
 */
MUST_CHECK enum err authority_judge(struct topic_state *ts, uint64_t now_ms);

/*
 * Whether the state of projects, requests and roles may rest on works once a
 * record of this kind is in the topic.  Without any, works can be left out by
 * those who look at nothing else; but why a record is void, which took a work
 * for something else, may then be said in other words.
 */
bool authority_rests_on_works(uint64_t kind);

/*
 * Who may do what in the topic at the end of the millisecond `at_ms` (§7.4),
 * after judging.  The creator leads, and so do leaders and co-leaders.
 */
bool authority_is_leader(const struct topic_state *ts,
                         const uint8_t person[ID_LEN], uint64_t at_ms);
/* By a role or by vouches. */
bool authority_has_standing(const struct topic_state *ts,
                            const uint8_t person[ID_LEN], uint64_t at_ms);
/* The role that the person was given and has accepted, a number of enum choice;
 * 0 if there is none. */
uint32_t authority_role(const struct topic_state *ts,
                        const uint8_t person[ID_LEN], uint64_t at_ms);
/* Who leads before all others, or NULL while the founder is not held. */
const uint8_t *authority_creator(const struct topic_state *ts, uint64_t at_ms);

/*
 * The dry run before publishing: the verdict that `whole` (signed, admitted)
 * would have in this topic at `now_ms`, without adding it.  *out only on
 * ERR_OK.  Needs room for one more record; `ts` holds what it held and is
 * judged at `now_ms` after.  The price is that of judging it twice.
 *   errors as topic_state_add(); ERR_NO_MEMORY may leave `ts` unjudged
 */
MUST_CHECK enum err authority_try(struct topic_state *ts, struct verdict *out,
                                  struct bytes whole, uint64_t now_ms);

/* The same of an entry that was made already; it stays the caller's. */
MUST_CHECK enum err authority_try_made(struct topic_state *ts,
                                       struct verdict *out,
                                       const struct topic_entry *made,
                                       uint64_t now_ms);

/* Whether it would be tried in O(log n), because nothing rests on it. */
bool authority_tries_alone(const struct topic_state *ts,
                           const struct topic_entry *made);

#endif
