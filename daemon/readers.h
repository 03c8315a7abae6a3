#ifndef DAEMON_READERS_H
#define DAEMON_READERS_H

#include "daemon/node_parts.h"
#include "proto/blob_tree.h"

/*
 * Somebody who reads a blob while it comes.  Until it is ended, what it waits
 * for and a way ahead is fetched before all else, though nobody wants the rest;
 * NODE_EVENT_PROGRESS and NODE_EVENT_BLOB tell of each step.
 */
struct node_reader {
    struct blob_id blob;
    uint8_t topic[ID_LEN];
    uint64_t offset;          /* less than the blob's size */
    uint64_t until;           /* after the last byte that it is going to read */
    struct node_reader *next; /* private */
    struct node_reader *prev; /* private */
};

/* All of them: a list that the transfer keeps. */
struct readers {
    struct node_reader *first;
};

void readers_add(struct readers *readers, struct node_reader *reader);
void readers_remove(struct readers *readers, struct node_reader *reader);
/* The one that came last for this blob, or NULL. */
const struct node_reader *readers_find(const struct readers *readers,
                                       const struct blob_id *blob);
/* After the last byte that is to be fetched for it now. */
uint64_t readers_end(const struct node_reader *reader);

#endif
