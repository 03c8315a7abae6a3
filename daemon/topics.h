#ifndef DAEMON_TOPICS_H
#define DAEMON_TOPICS_H

#include "daemon/node.h"
#include "proto/peer.h"
#include "store/store.h"

/*
 * Which topics this node holds and names in its hellos: the call board from one
 * year back, its person's own, and what its owner follows or seeds.
 */

/* Names them to a peer; as peer_topics_set(). */
MUST_CHECK enum err topics_tell(const struct node *node, struct peer *peer,
                                uint64_t now_ms);
/* Keeps symbols of them ready for sync; as store_symbols_keep(). */
MUST_CHECK enum err topics_keep_symbols(const struct node *node);
/* What is done with a topic's blobs; ERR_NOT_FOUND if it is not held. */
MUST_CHECK enum err topics_policy(const struct node *node,
                                  const uint8_t topic[ID_LEN],
                                  struct store_follow *out);

#endif
