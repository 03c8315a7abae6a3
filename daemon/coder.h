#ifndef DAEMON_CODER_H
#define DAEMON_CODER_H

#include "daemon/node.h"

/*
 * Sees that coded symbols of this node's topics are ready before a peer asks
 * for them, a little at a time, so that nothing else waits.
 */
struct coder;

MUST_CHECK enum err coder_open(struct coder **out, struct node *node);
/* Its timer ends with the loop; accepts NULL. */
void coder_shutdown(struct coder *coder);
void coder_free(struct coder *coder);
/* The node's topics or their windows are others now. */
void coder_topics_changed(struct coder *coder);

#endif
