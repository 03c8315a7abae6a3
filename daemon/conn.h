#ifndef DAEMON_CONN_H
#define DAEMON_CONN_H

#include "daemon/node_parts.h"
#include "proto/peer.h"
#include "proto/rate.h"

/*
 * One connection: the socket, the session on it and, once the handshake is
 * done, what is said about topics.  Bytes are read only as fast as the store
 * takes records and written only as fast as the socket takes bytes: frames are
 * pulled from their machines when there is room, control before bulk.
 *
 *   CONNECTING --connected--> LIVE --conn_close()--> ENDING --CLOSE sent-->
 * DEAD
 *        `----------------------- no way to tell it ----------------------^
 *
 * The memory belongs to libuv until the last handle is closed.
 */
struct conn;
struct open_asks;

/* Accepts the next connection of a listener; errors are logged here. */
void conn_accept(struct node *node, uv_stream_t *listener);

/*
 * Dials; the end comes through peers_remove() and dialler_ended() in any case.
 * `expected` is the node's id, or NULL for whoever answers.
 *   ERR_NO_MEMORY, ERR_UNREACHABLE: at once, and nothing is left
 */
MUST_CHECK enum err conn_dial(struct conn **out, struct node *node,
                              const struct sockaddr *address,
                              const uint8_t *expected, bool is_manual);

/* Says CLOSE, if there is somebody to hear it, and ends. */
void conn_close(struct conn *conn, enum err why);
/* Something is to be sent: before the loop waits, conn_flush() sends it. */
void conn_wake(struct conn *conn);
void conn_flush(struct conn *conn);
/* Reads on, if it had stopped because the store was behind. */
void conn_resume(struct conn *conn);
/* The node holds other topics, or the same for other days. */
void conn_topics_changed(struct conn *conn);

uint64_t conn_number(const struct conn *conn);
bool conn_is_dialled(const struct conn *conn);
bool conn_is_manual(const struct conn *conn);
/* Whether the handshake is done and the end has not begun. */
bool conn_is_open(const struct conn *conn);
/* Proved when open; until then the one expected, or NULL. */
const uint8_t *conn_node(const struct conn *conn);
const struct sockaddr *conn_sockaddr(const struct conn *conn);
void conn_address(const struct conn *conn, char out[ADDRESS_TEXT_MAX]);
/* What the peer says it can (docs/protocol.md §4.2); of an open connection. */
uint64_t conn_features(const struct conn *conn);
uint64_t conn_started_ms(const struct conn *conn);
uint64_t conn_rtt_ms(const struct conn *conn);
/* Of an open connection only. */
struct peer *conn_peer(struct conn *conn);
/* Queues a frame of the session; as session_queue(). */
MUST_CHECK enum err conn_queue(struct conn *conn, uint8_t type,
                               struct bytes payload);
/* As session_room(); 0 for bulk that would keep control waiting. */
size_t conn_room(const struct conn *conn, uint8_t type);
/* Bytes that one frame of bulk should not exceed now. */
size_t conn_piece(const struct conn *conn);

/* The same for a payload in parts. */
MUST_CHECK enum err conn_queue_parts(struct conn *conn, uint8_t type,
                                     const struct bytes *parts, size_t count);
/* What it may send of blobs, for daemon/throttle.h. */
struct rate *conn_download(struct conn *conn);
/* What it was asked for and has not ended. */
struct open_asks *conn_asks(struct conn *conn);

/* What the transfer keeps with the connection. */
void conn_set_transfer(struct conn *conn, void *state);
void *conn_transfer(const struct conn *conn);

/* For the table of connections alone. */
struct conn_links {
    struct conn *next;
    struct conn *prev;
};
struct conn_links *conn_links(struct conn *conn);

#endif
