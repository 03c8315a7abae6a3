#ifndef DAEMON_READ_BUFFERS_H
#define DAEMON_READ_BUFFERS_H

#include "proto/bytes.h"

/*
 * Large pages into which files are read for peers.  A peer that is sent parts
 * of a file is often idle for a moment, and a large page takes longer to be
 * cleared than to be filled: so a few wait for whoever needs the next one.  All
 * zero is none.
 */
#define READ_BUFFERS_SPARE    4
#define READ_BUFFERS_SPARE_MS 2000

struct read_buffers {
    uint8_t *spare[READ_BUFFERS_SPARE];
    size_t count;
    uint64_t given_ms; /* when the last one came back */
};

/* BLOB_DISK_PAGE bytes, the caller's; NULL without memory. */
uint8_t *read_buffers_take(struct read_buffers *b);
/* Takes one back; NULL is none.  Times are monotonic milliseconds. */
void read_buffers_give(struct read_buffers *b, uint8_t *buf, uint64_t now_ms);
/* Frees those that nobody needed for READ_BUFFERS_SPARE_MS. */
void read_buffers_tick(struct read_buffers *b, uint64_t now_ms);
/* Frees all that wait. */
void read_buffers_wipe(struct read_buffers *b);

#endif
