#ifndef DAEMON_SHARE_TOPICS_H
#define DAEMON_SHARE_TOPICS_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * Which topics a pledge to everybody is for: projects and standalone requests
 * of the call board, but for those that are seeded.  Each has a row of follows
 * that shares the quota of the call board's row; one that its owner follows
 * besides stays theirs, with the policy of what is followed.
 */

enum {
    /* Topics that are taken in one walk over the board. */
    SHARE_TOPICS_TAKEN = 32
};

struct share_topics {
    bool is_sharing;         /* there is such a pledge */
    bool is_keeping;         /* its time is over; last copies stay */
    struct store_follow all; /* its row */
    uint64_t used;           /* bytes of all its topics, or wanted for them */
    uint64_t count;          /* of them, also while it ends */
    /* Private. */
    struct store_scan scan;
    unsigned phase; /* of the walk */
    uint8_t taken[SHARE_TOPICS_TAKEN][ID_LEN];
    size_t taken_count;
};

/* Goes through the rows: what is pledged, which topics there are for it and how
 * much that is.  A pledge whose time is over ends.  A walk begins. */
void share_topics_begin(struct share_topics *topics, struct node *node);
/* Goes on with the walk over the board for topics that are not held for it yet,
 * as far as one turn of the loop may take; false at its end. */
bool share_topics_find(struct share_topics *topics, struct node *node);
/* The row of the next one after `after` (NULL: the first); false at the end. */
bool share_topics_next(const struct node *node, const uint8_t *after,
                       struct store_follow *out);
/* Where a walk over them is; all zero: before the first. */
struct share_cursor {
    bool is_set;
    uint8_t topic[ID_LEN];
};

/*
 * Without a pledge none of them is held for it: some are let go of.  Of one
 * whose time is over those with what may be a last copy stay, until others have
 * shown theirs or its owner ends it by hand.  False at the end of the walk.
 */
bool share_topics_give_up(const struct share_topics *topics, struct node *node,
                          struct share_cursor *at);

#endif
