#ifndef DAEMON_READERS_H
#define DAEMON_READERS_H

#include "daemon/node_parts.h"
#include "proto/blob_tree.h"

/*
 * Somebody who reads a blob while it comes.  Until it is ended, what it waits
 * for and a way ahead is fetched before all else, though nobody wants the rest.
 * on_bytes() tells that node_reader_peek() may find more, and may end the
 * reader; NODE_EVENT_PROGRESS and NODE_EVENT_BLOB tell of what is stored.
 */
struct node_reader {
    void (*on_bytes)(struct node_reader *reader);
    struct blob_id blob;
    uint8_t topic[ID_LEN];
    uint64_t offset;          /* less than the blob's size */
    uint64_t until;           /* after the last byte that it is going to read */
    uint64_t since_ms;        /* private: when it began to wait */
    struct node_reader *next; /* private */
    struct node_reader *prev; /* private */
};

/* All of them: a list that the transfer keeps. */
struct readers {
    struct node_reader *first;
};

void readers_add(struct readers *readers, struct node_reader *reader,
                 uint64_t now_ms);
void readers_remove(struct readers *readers, struct node_reader *reader);
/*
 * Whose turn it is of those who read this blob, or NULL: who has waited longest
 * but not for long, so that two of them take turns; else who came last, as what
 * the others wait for may be nowhere.
 */
const struct node_reader *readers_find(const struct readers *readers,
                                       const struct blob_id *blob,
                                       uint64_t now_ms);
/* Tells all who read this blob that there may be bytes. */
void readers_tell(struct readers *readers, const struct blob_id *blob);
/* After the last byte that is to be fetched for it now. */
uint64_t readers_end(const struct node_reader *reader);

#endif
