#ifndef DAEMON_ANSWERED_H
#define DAEMON_ANSWERED_H

#include "daemon/topic_cache.h"

/*
 * Whether a work in force answers the request, a version of it or an id that
 * the topic has: what topic_is_named() says of the whole topic, which is read
 * only if a look at the first works cannot tell.  Topics got from the cache
 * before are not valid any more.
 */
MUST_CHECK enum err answered_find(bool *out, struct topic_cache *cache,
                                  struct node *node,
                                  const uint8_t topic[ID_LEN],
                                  const uint8_t request[ID_LEN]);

#endif
