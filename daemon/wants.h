#ifndef DAEMON_WANTS_H
#define DAEMON_WANTS_H

#include "daemon/node_parts.h"
#include "store/store.h"

/*
 * Which blobs are wanted: what a record names and the policy of its topic asks
 * for.  A followed topic wants previews up to WANTS_PREVIEW_MAX, a seeded one
 * everything.  Wants are rows of the store: they outlive us.
 */
#define WANTS_PREVIEW_MAX ((uint64_t)1 << 20)

/* Goes through the files of a record and adds the rows that are missing. */
void wants_take_record(struct node *node, const struct record *record,
                       const struct store_follow *policy);

/* A walk over all records of a topic, a few at a time. */
struct wants_walk {
    struct store_follow policy;
    struct store_scan scan;
};
void wants_walk_init(struct wants_walk *walk,
                     const struct store_follow *policy);
/* Takes the next records; false when there are no more. */
bool wants_walk_step(struct wants_walk *walk, struct node *node);

/* Drops the rows of a topic that is not held any more; `only_seeded`, those of
 * one that is not seeded any more. */
void wants_drop_topic(struct node *node, const uint8_t topic[ID_LEN],
                      bool only_seeded);

#endif
