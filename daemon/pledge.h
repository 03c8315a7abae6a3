#ifndef DAEMON_PLEDGE_H
#define DAEMON_PLEDGE_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * Pledges: this node's signed word on how much room it gives, to whom and until
 * when (the kind pledge of docs/protocol.md §3.8).  `seed` writes one; one
 * without an end is written again before it ends.  What is really held, leases
 * say.  pledge_walk.h reads them, others' too.
 *
 * A pledge to a whole community is a row of follows for the call board with
 * STORE_POLICY_SHARE; one to a person, a row for that person's own topic.
 */

/* The numbers of enum scope (§3.8). */
enum pledge_scope {
    PLEDGE_PROJECT = 1,
    PLEDGE_PERSON = 2,
    PLEDGE_CLASS = 3,
    PLEDGE_ALL = 4
};
const char *pledge_scope_name(uint64_t scope);

MUST_CHECK enum err pledge_open(struct pledge **out, struct node *node);
void pledge_shutdown(struct pledge *pledge);
void pledge_free(struct pledge *pledge); /* accepts NULL */
/* Time has passed: pledges are renewed, those that are over end. */
void pledge_tick(struct pledge *pledge);

/*
 * Says that what this row stands for is held; `done` when that is durable.
 * With the row's until_ms 0 it is good for 90 days and renewed.
 */
void pledge_say(struct pledge *pledge, const struct store_follow *row,
                node_done_fn *done, void *context);
/*
 * The topic is about to be given up: if a pledge to it stands, it is ended
 * first, so that peers hear of it; `done` when that is durable.
 */
void pledge_end(struct pledge *pledge, const uint8_t topic[ID_LEN],
                node_done_fn *done, void *context);
/* What the row stands for: of its topic, as far as is known. */
enum pledge_scope pledge_scope_of(const struct node *node,
                                  const uint8_t topic[ID_LEN]);

#endif
