#ifndef DAEMON_INTEREST_H
#define DAEMON_INTEREST_H

#include "daemon/node_parts.h"
#include "proto/budget.h"
#include "store/store.h"

/*
 * What this node keeps, and of whom (docs/protocol.md §5.8, §5.9): who has
 * standing in the topics that it holds, the window of the call board, quotas of
 * records, what one peer may make it remember, and how that which does not stay
 * goes, in steps, beside the daemon's other work.
 */

struct conn;

MUST_CHECK enum err interest_open(struct interest **out, struct node *node);
/* Begins nothing any more. */
void interest_shutdown(struct interest *interest);
bool interest_is_idle(const struct interest *interest);
void interest_free(struct interest *interest); /* accepts NULL */

/* Time has passed, or the clock was moved: looks at windows and quotas. */
void interest_tick(struct interest *interest);
/* Goes on with what is under way: before the loop waits. */
void interest_flush(struct interest *interest);

/* How a record is to be stored. */
struct interest_terms {
    enum store_account account; /* STORE_ACCOUNT_NONE: it is kept */
    struct budget budget;
    bool or_nothing; /* its bringer may not make us remember more */
};

/*
 * Of a record that peer `source` brought and that was admitted.  Records that
 * the owner brings are kept, and are none of this.
 */
void interest_judge(struct interest *interest, const struct record *record,
                    bool by_person_key, uint64_t source,
                    struct interest_terms *out);
/*
 * Whether the record may join the topic as this node holds it: it is dated
 * within the window, or something there needs it.
 */
bool interest_is_in_window(const struct interest *interest,
                           const uint8_t topic[ID_LEN],
                           const struct record *record);
/* Whether the peer may tell of heads now. */
bool interest_may_remember(const struct interest *interest, uint64_t source);
/* A peer is here, perhaps again: if it was paused, it still is. */
void interest_peer_up(struct interest *interest, struct conn *conn);
/* It is durable, whole or (is_head) its head alone. */
void interest_stored(struct interest *interest, const struct record *record,
                     bool is_head, const struct store_result *result,
                     uint64_t source);

/*
 * Whether who has standing in the topic has been looked at since the last
 * record that may change it came, and what followed from that is done.
 */
bool interest_is_settled(struct interest *interest,
                         const uint8_t topic[ID_LEN]);

/* The first day of the call board that this node holds. */
uint32_t interest_board_day(const struct interest *interest);
/*
 * The topic is about to be unfollowed by an operation put after this: written
 * down, so that its records go even if the daemon ends just then.
 * ERR_NO_MEMORY: too many are; and errors as commits_batch().  Then
 * interest_given_up().
 */
MUST_CHECK enum err interest_giving_up(struct interest *interest,
                                       const uint8_t topic[ID_LEN]);
/* With `is_done` it is not held any more: its records go. */
void interest_given_up(struct interest *interest, const uint8_t topic[ID_LEN],
                       bool is_done);

/* Whether the author has no standing in the topic, as far as is known. */
bool interest_is_stranger(struct interest *interest,
                          const uint8_t topic[ID_LEN],
                          const uint8_t author[ID_LEN]);

/* Whether that person leads the topic before all others, as far as is known:
 * its founder, or to whom it was handed over. */
bool interest_is_creator(struct interest *interest, const uint8_t topic[ID_LEN],
                         const uint8_t person[ID_LEN]);

/* As node_kept(). */
void interest_look(struct interest *interest, const uint8_t topic[ID_LEN],
                   struct node_kept *out);

#endif
