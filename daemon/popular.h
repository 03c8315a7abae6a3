#ifndef DAEMON_POPULAR_H
#define DAEMON_POPULAR_H

#include "proto/blob_tree.h"

/*
 * Which files are read through the page cache for peers.  What one peer is sent
 * goes round it (store/blob_disk.h); where a second one asks for the same file
 * soon after, a third may follow, and the disk is to be read once for them all.
 * Peers are told apart by their connections, and asking is to have the file
 * opened: what is open goes on as it began.
 */

/* Those asked for last; of others nothing is known. */
#define POPULAR_FILES 32
#define POPULAR_MS    ((uint64_t)3600 * 1000)

struct popular_file {
    struct blob_id id;
    uint64_t peer;     /* whose connection asked first; 0: an unused row */
    uint64_t asked_ms; /* when anybody asked last */
    bool is_shared;    /* somebody else did, too */
};

/* All zero is a table of nothing. */
struct popular {
    struct popular_file files[POPULAR_FILES];
};

/*
 * A peer asks for the file; `peer` is its connection's number, never 0, and
 * times are monotonic milliseconds.  Whether others do, too: each of them no
 * later than POPULAR_MS after the one before.
 */
bool popular_note(struct popular *p, const struct blob_id *id, uint64_t peer,
                  uint64_t now_ms);

#endif
