#ifndef DAEMON_QUOTA_H
#define DAEMON_QUOTA_H

#include "daemon/node_parts.h"
#include "store/keep.h"

/*
 * How much disk blobs may take (docs/storage.md §6): `quota` of troupe.conf for
 * all, and the quota of a pledge for its topic.  What is whole, what is partial
 * and what is still to come of fetches and imports that run never add up to
 * more.  Room is made of what can be had again: not pinned, not pledged, and
 * known to be held elsewhere; what was of use longest ago goes first.
 */
struct quota;

MUST_CHECK enum err quota_open(struct quota **out, struct node *node);
/* Those who wait for room are told ERR_SHUTDOWN. */
void quota_shutdown(struct quota *quota);
bool quota_is_idle(const struct quota *quota);
void quota_free(struct quota *quota); /* accepts NULL */
/* Goes on with making room: before the loop waits. */
void quota_flush(struct quota *quota);

/*
 * Whether a fetch for that want may begin, of which `need` bytes are missing.
 * If not, room is being made where that is allowed, and the want is to wait.
 */
bool quota_admits(struct quota *quota, const struct store_want *want,
                  uint64_t need);

/* What a blob takes of a pledge: noted with it until it has a row. */
struct quota_claim {
    uint8_t pledge[ID_LEN]; /* the topic that bounds it: struct room_pledge */
    bool is_strangers;
};
/* The part of it that a pledge to the topic decides.  *claim in any case. */
bool quota_pledge_admits(const struct quota *quota,
                         const struct store_want *want,
                         struct quota_claim *claim);
/* It has begun, or is here: notes whose the blob is. */
void quota_begun(struct quota *quota, const struct store_want *want);
/* Somebody here reads it, or a peer is sent it: noted once an hour. */
void quota_used(const struct quota *quota, const struct blob_id *blob,
                const uint8_t topic[ID_LEN]);

/*
 * Makes sure that so many bytes more fit, and holds them for the caller until
 * quota_give_back().  ERR_QUOTA, ERR_NO_MEMORY, ERR_SHUTDOWN: nothing is held.
 */
void quota_ask(struct quota *quota, uint64_t bytes, node_done_fn *done,
               void *context);
void quota_give_back(struct quota *quota, uint64_t bytes);

/* Whether a blob is by people without standing in the topic alone. */
bool quota_is_strangers(const struct quota *quota, const struct blob_id *blob,
                        const uint8_t topic[ID_LEN]);

struct quota_state {
    uint64_t used;    /* whole, partial, and on its way */
    uint64_t bytes;   /* the quota; 0: none */
    uint64_t refused; /* bytes of a file that found no room lately; 0: none */
};
void quota_look(const struct quota *quota, struct quota_state *out);

#endif
