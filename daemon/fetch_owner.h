#ifndef DAEMON_FETCH_OWNER_H
#define DAEMON_FETCH_OWNER_H

#include "daemon/quota.h"
#include "store/store.h"

/*
 * What those who fetch small blobs and such of the middle size ask of the
 * transfer that owns them: it knows what else is on its way, how much room
 * there is and what is known of peers, and it is told what became of a want.
 */
struct conn;
struct transfer;

struct fetch_owner {
    /* The quick way does not get it: it is fetched by itself, if anybody may
     * have it; false if that has to wait. */
    bool (*other)(struct transfer *transfer, const struct store_want *want);
    /* Try again later. */
    void (*put_off)(struct transfer *transfer, const struct store_want *want);
    /* It is held and durable for the topic. */
    void (*held)(struct transfer *transfer, const struct store_want *want);
    /* Whether it is held already, and then the want is dropped, or has to wait;
     * else what it takes of its pledge. */
    bool (*is_settled)(struct transfer *transfer, const struct store_want *want,
                       struct quota_claim *claim);
    /* Whether there is room for so many bytes more, wanted as this one is. */
    bool (*has_room)(struct transfer *transfer, const struct store_want *want,
                     uint64_t bytes);
    /* Whether it is fetched by itself, or claimed by somebody else. */
    bool (*is_taken)(struct transfer *transfer, const struct blob_id *blob);
    /* A peer that is known to be slow is not asked, and who is found to be is
     * told of. */
    bool (*is_slow)(struct transfer *transfer, const struct conn *conn);
    void (*blame)(struct transfer *transfer, const struct conn *conn);
};

#endif
