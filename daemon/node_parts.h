#ifndef DAEMON_NODE_PARTS_H
#define DAEMON_NODE_PARTS_H

#include "daemon/node.h"

/*
 * How the parts of a node find one another.  Each part is opened with the node
 * and owned by it; none of this is for control methods.
 */
struct dialler;
struct ingest;
struct peers;
struct transfer;
struct writer_queue;

struct dialler *node_dialler(const struct node *node);
struct ingest *node_ingest(const struct node *node);
struct peers *node_peer_table(const struct node *node);
struct transfer *node_transfer(const struct node *node);
struct writer_queue *node_writer(const struct node *node);

#endif
