#ifndef DAEMON_GOSSIP_H
#define DAEMON_GOSSIP_H

#include "daemon/node_parts.h"
#include "proto/mesh.h"

/*
 * Drives proto/mesh.h for the connections of this node: what is new goes to
 * whom it concerns, and nodes are met that keep the network together.  What the
 * machine wishes is done once a turn, in gossip_flush().
 */
struct conn;

MUST_CHECK enum err gossip_open(struct gossip **out, struct node *node);
void gossip_shutdown(struct gossip *gossip); /* accepts NULL */
/* After the loop has run out.  Accepts NULL. */
void gossip_free(struct gossip *gossip);

/* Listeners or interfaces have changed: where others can reach us. */
void gossip_endpoints_changed(struct gossip *gossip);
/* The wall clock was moved. */
void gossip_clock_changed(struct gossip *gossip);

/* The connection is open, its peer machine alive.  ERR_NO_MEMORY: end it. */
MUST_CHECK enum err gossip_up(struct gossip *gossip, struct conn *conn);
/* For the peer machines of all connections. */
struct sync_gate *gossip_gate(struct gossip *gossip);
/* It ends, its peer machine is still there. */
void gossip_down(struct gossip *gossip, const struct conn *conn);
/* The topics that both hold may have changed.  ERR_NO_MEMORY: end it. */
MUST_CHECK enum err gossip_topics_changed(struct gossip *gossip,
                                          const struct conn *conn);
/* As mesh_event(). */
MUST_CHECK enum err gossip_event(struct gossip *gossip, const struct conn *conn,
                                 const struct peer_event *event);

/* A record is new and durable; `source` is a connection's number, or not. */
void gossip_record_added(struct gossip *gossip, const uint8_t topic[ID_LEN],
                         const struct record_key *key, uint64_t body_len,
                         uint64_t source);
/* As mesh_record_done(). */
MUST_CHECK enum err gossip_record_done(struct gossip *gossip, uint64_t source,
                                       const uint8_t topic[ID_LEN],
                                       const uint8_t *id, enum err result);

/* A node to begin with, at an address that was good before. */
void gossip_add_contact(struct gossip *gossip, const uint8_t node[KEY_LEN],
                        const char *address);
/* dialler_meet() was in vain. */
void gossip_dial_failed(struct gossip *gossip, const uint8_t node[KEY_LEN]);

/* Does what is due: before the loop waits, before peers_flush(). */
void gossip_flush(struct gossip *gossip);

void gossip_count(const struct gossip *gossip, struct mesh_counts *out);

#endif
