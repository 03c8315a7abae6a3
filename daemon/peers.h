#ifndef DAEMON_PEERS_H
#define DAEMON_PEERS_H

#include "daemon/node_parts.h"
#include "proto/record_set.h"

/*
 * The table of connections: who may connect, who stays when two are one too
 * many, who is banned, and what all of them are told.
 */
struct conn;

MUST_CHECK enum err peers_open(struct peers **out, struct node *node);
/* Ends all connections. */
void peers_shutdown(struct peers *peers);
/* After the loop has run out.  Accepts NULL. */
void peers_free(struct peers *peers);

/* A socket was accepted or dialled: it counts as a handshake from now on. */
void peers_add(struct peers *peers, struct conn *conn);
/*
 * The accepted one has an address now.  ERR_BANNED, ERR_BUSY: end it; else an
 * older one may have been ended to make room.
 */
MUST_CHECK enum err peers_accepted(struct peers *peers, struct conn *conn);
/* A number for a new connection, never used again; never 0. */
uint64_t peers_next_number(struct peers *peers);
/*
 * The handshake has proved `conn`'s node.  ERR_OK: it is a peer now; else why
 * it has to close: ERR_DUPLICATE, ERR_BANNED, ERR_BUSY, ERR_SHUTDOWN.
 */
MUST_CHECK enum err peers_opened(struct peers *peers, struct conn *conn);
/* It is open now: those who listen to the node are told. */
void peers_up(struct peers *peers, struct conn *conn);
/* The connection is gone for good, whatever it had become. */
void peers_remove(struct peers *peers, struct conn *conn, enum err why);

/* NULL if there is none (any more). */
struct conn *peers_find(const struct peers *peers, uint64_t number);
struct conn *peers_find_node(const struct peers *peers,
                             const uint8_t node[KEY_LEN]);
/* Goes through the open connections: NULL for the first; NULL at the end. */
struct conn *peers_next(const struct peers *peers, struct conn *after);
size_t peers_count(const struct peers *peers);
/* Those that we dialled, but for the manual ones. */
size_t peers_count_out(const struct peers *peers);

/* The topics or the day changed: all peers are told. */
void peers_topics_changed(struct peers *peers);
/*
 * The way of a record that connection `source` sent has ended; ERR_OK,
 * ERR_EXISTS or why it was refused.  `id` is NULL if it never had one.
 */
void peers_record_done(struct peers *peers, uint64_t source,
                       const uint8_t topic[ID_LEN], const uint8_t *id,
                       enum err result);
/* There is room again: those who stopped reading go on. */
void peers_resume(struct peers *peers);
/*
 * It sent wrong bytes of a blob; who does so twice is blamed for it.  It is the
 * node that counts: one that left before its bytes were looked at is banned
 * all the same.
 */
void peers_lied(struct peers *peers, uint64_t source, enum err e);
void peers_node_lied(struct peers *peers, const uint8_t node[KEY_LEN],
                     enum err e);
/* Lets every connection send what it has: before the loop waits. */
void peers_flush(struct peers *peers);
/* Closes the connection; a fault of the peer's bans it for an hour. */
void peers_blame(struct peers *peers, uint64_t source, enum err e);
#endif
