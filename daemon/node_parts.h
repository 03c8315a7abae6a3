#ifndef DAEMON_NODE_PARTS_H
#define DAEMON_NODE_PARTS_H

#include "daemon/node.h"

/*
 * How the parts of a node find one another.  Each part is opened with the node
 * and owned by it; none of this is for control methods.
 */
struct address_book;
struct commits;
struct exports;
struct dialler;
struct gossip;
struct ingest;
struct interest;
struct crew;
struct leases;
struct throttle;
struct peers;
struct pledge;
struct quota;
struct gc;
struct rehash;
struct renew;
struct safety;
struct transfer;

struct address_book *node_address_book(const struct node *node);
struct commits *node_commits(const struct node *node);
struct exports *node_exports(const struct node *node);
struct dialler *node_dialler(const struct node *node);
struct gossip *node_gossip(const struct node *node);
struct ingest *node_ingest(const struct node *node);
struct interest *node_interest(const struct node *node);
struct leases *node_leases(const struct node *node);
struct throttle *node_throttle(const struct node *node);
/* Writes spans that were fetched: more at once would keep flushes waiting. */
struct crew *node_disk(const struct node *node);
/* Hashes spans that come, with the processor that nobody else wants. */
struct crew *node_hashers(const struct node *node);
struct peers *node_peer_table(const struct node *node);
struct pledge *node_pledge(const struct node *node);
struct quota *node_quota(const struct node *node);
struct gc *node_gc(const struct node *node);
struct rehash *node_rehash(const struct node *node);
struct renew *node_renew(const struct node *node);
struct safety *node_safety(const struct node *node);
struct transfer *node_transfer(const struct node *node);

/* The topics that this node holds have changed: peers are told. */
void node_topics_changed(struct node *node);

#endif
