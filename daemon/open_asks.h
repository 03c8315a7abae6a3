#ifndef DAEMON_OPEN_ASKS_H
#define DAEMON_OPEN_ASKS_H

#include "proto/blob_msg.h"

/*
 * How many BLOB_ASK of ours one peer has not ended, with those that were
 * cancelled and those of fetches that are no more: it bounds them all together
 * (docs/protocol.md §6.3), and bans who asks for more.
 */
struct open_asks {
    unsigned count;
    /* The last watches, whose ends are not those of a BLOB_ASK; some peers
     * never end them.  0 is the number of none. */
    uint32_t watches[BLOB_WATCHES_MAX];
    unsigned next;
};

/* Whether another one may be sent; a watch always may. */
bool open_asks_may_send(const struct open_asks *asks,
                        const struct blob_msg *msg);
void open_asks_sent(struct open_asks *asks, const struct blob_msg *msg);
/* Whatever the peer answers goes through this. */
void open_asks_answered(struct open_asks *asks, const struct blob_msg *msg);

#endif
