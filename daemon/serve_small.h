#ifndef DAEMON_SERVE_SMALL_H
#define DAEMON_SERVE_SMALL_H

#include "daemon/node_parts.h"
#include "proto/blob_small.h"

/*
 * Small blobs for one peer (docs/protocol.md §6.10): they lie in the database,
 * so they are read on the loop, a frame's worth at a time.  Part of serve.c,
 * which says when a frame may go.
 */
struct conn;

struct small_ask {
    uint32_t request;
    uint8_t tag[8];
    unsigned count;
    unsigned next; /* the first that is not answered */
    struct blob_id ids[BLOB_MANY_MAX];
};

/* Zeroed at first. */
struct serve_small {
    struct small_ask *asks; /* BLOB_MANY_OPEN of them, a ring; or NULL */
    unsigned first;
    unsigned count;
};

void serve_small_wipe(struct serve_small *small);
bool serve_small_is_idle(const struct serve_small *small);
/*
 * Takes a BLOB_MANY.
 *   ERR_FLOOD      more than BLOB_MANY_OPEN are open
 *   ERR_MALFORMED  its number is that of an open one, or what it asks for
 *   ERR_TRUNCATED, ERR_TOO_LARGE, ERR_NO_MEMORY
 */
MUST_CHECK enum err serve_small_ask(struct serve_small *small,
                                    struct bytes payload);
/* Queues the next frame of answers; *bytes of it.  `may` false: none of what
 * is left is sent now. */
MUST_CHECK enum err serve_small_send(struct serve_small *small,
                                     struct node *node, struct conn *conn,
                                     bool may, size_t *bytes);

#endif
