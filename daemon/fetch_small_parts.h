#ifndef DAEMON_FETCH_SMALL_PARTS_H
#define DAEMON_FETCH_SMALL_PARTS_H

#include "daemon/due_walk.h"
#include "daemon/fetch_small.h"
#include "proto/rate.h"

/*
 * What the files of fetch_small share: fetch_small.c what is on its way and
 * what comes, fetch_small_ask.c what is asked of whom.  For nobody else.
 */

enum {
    /* Asks of all peers, waiting for answers or for the writer: 16 MiB. */
    SMALL_ASKS = 16,
    SMALL_MARKS = 1 << 16
};

struct small_ask;

/* One blob of an ask, until it is durable. */
struct small_piece {
    struct small_ask *ask;
    struct store_want want;
    bool is_strangers;
    bool settled; /* durable, put off or given up */
};

struct small_ask {
    struct fetch_small *small;
    uint64_t conn; /* 0: it is gone */
    bool is_late;  /* what has not come was put off */
    uint64_t heard_ms;
    uint64_t bytes;
    uint8_t pledge[ID_LEN];    /* that bounds them all */
    struct room_coming coming; /* of pieces that have not settled */
    unsigned open;             /* how many those are */
    struct blob_asked asked;
    struct small_piece pieces[BLOB_MANY_MAX];
};

struct fetch_small {
    struct node *node;
    struct transfer *transfer;
    const struct fetch_owner *owner;
    struct small_ask *asks[SMALL_ASKS];
    unsigned count;
    struct small_ask *gathered; /* not sent yet: none of those above */
    uint32_t requests;          /* the number of the last one */
    bool stopping;
    bool blocked; /* until an ask has ended, or a peer has come */
    struct due_walk walk;
    struct rate rate;
    uint16_t marks[SMALL_MARKS]; /* pieces by the beginning of their root */
};

static inline uint64_t small_now_ms(const struct fetch_small *s)
{
    return uv_now(node_loop(s->node));
}

static inline uint16_t *small_mark_of(struct fetch_small *s,
                                      const struct blob_id *blob)
{
    return &s->marks[(unsigned)blob->root[0] << 8 | blob->root[1]];
}

/* --- fetch_small.c --- */

/* What has not come will be tried again later, perhaps of somebody else. */
void small_ask_give_up(struct fetch_small *s, struct small_ask *ask);
/* Goes with its last piece, unless its peer may still answer. */
void small_ask_settle(struct fetch_small *s, struct small_ask *ask);

#endif
