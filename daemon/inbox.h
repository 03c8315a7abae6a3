#ifndef DAEMON_INBOX_H
#define DAEMON_INBOX_H

#include "daemon/desk.h"
#include "proto/inbox.h"
#include "store/store.h"

/*
 * What concerns this node's person: asked of the store when somebody looks,
 * told as events when it happens.  Kept are only how far it was read and which
 * kinds are wanted.
 */
struct inbox;

MUST_CHECK enum err inbox_open(struct inbox **out, struct desk *desk);
/* Accepts NULL; its memory goes once its timer is closed. */
void inbox_close(struct inbox *inbox);

/* The clock was moved: tells what has come due. */
void inbox_check(struct inbox *inbox);

/* How far it was read, and what is wanted. */
struct inbox_marks {
    uint32_t wanted;   /* a bit for each enum inbox_kind */
    uint64_t read_seq; /* records up to this number are read */
    uint64_t read_ms;  /* and what came due until then */
};
const struct inbox_marks *inbox_marks(const struct inbox *inbox);
/* From now on, and durable soon. */
void inbox_set_marks(struct inbox *inbox, const struct inbox_marks *marks);

/* What is to be shown of one thing. */
struct inbox_found {
    struct inbox_item item;
    const struct topic_state *ts; /* valid until the next topic is asked for */
    const struct topic_entry *entry;
};
/* Whether a stored record tells something that is wanted. */
MUST_CHECK enum err inbox_look(struct inbox *inbox,
                               const struct store_item *record, bool *out,
                               struct inbox_found *found);

/*
 * Each request about which time tells something, since when; `each` ends it by
 * an error.
 */
typedef enum err inbox_due_fn(void *context, const struct inbox_found *found,
                              uint64_t since_ms);
MUST_CHECK enum err inbox_each_due(struct inbox *inbox, inbox_due_fn *each,
                                   void *context);

#endif
