#ifndef DAEMON_LEASES_H
#define DAEMON_LEASES_H

#include "daemon/node_parts.h"
#include "proto/frame.h"
#include "store/store.h"

/*
 * Who holds what (docs/protocol.md §6.6 to §6.8): this node's own leases, those
 * of others, their lists, and challenges.  All leases of topics that are held
 * are in memory and written through; lists are in the store alone.
 */
struct conn;
struct leases;

MUST_CHECK enum err leases_open(struct leases **out, struct node *node);
void leases_shutdown(struct leases *leases);
bool leases_is_idle(const struct leases *leases);
void leases_free(struct leases *leases); /* accepts NULL */

/* Time has passed, or the clock was moved. */
void leases_tick(struct leases *leases);
/* A record is new: the files that it names are to be held by somebody. */
void leases_record_added(struct leases *leases, const struct record *record);
/*
 * The topic is given up here, and peers share it still: they are told that
 * nothing of it is held.  Who hears of it later believes what was signed before
 * until that is over.
 */
void leases_take_back(struct leases *leases, const uint8_t topic[ID_LEN]);
/* A peer is there, shares other topics than before, or is gone. */
void leases_peer_changed(struct leases *leases, struct conn *conn);
void leases_peer_gone(struct leases *leases, struct conn *conn);
/* One of the frames of lease_msg_is().  An error is the peer's. */
MUST_CHECK enum err leases_recv(struct leases *leases, struct conn *conn,
                                const struct frame *frame);

#endif
