#ifndef STORE_BLOB_DISK_H
#define STORE_BLOB_DISK_H

#include "proto/bytes.h"

/*
 * A large file that is written once, in pieces that are in memory already, or
 * read once to be sent: round the page cache where the file system can
 * (O_DIRECT), so that bytes that nobody is about to read are neither copied
 * again nor push out what somebody does read.  What is not aligned for that
 * goes the usual way.  Several threads may use it at once, each for its own
 * range.
 */

/* Buffers and offsets at multiples of this go round the cache. */
#define BLOB_DISK_ALIGN 4096

struct blob_disk {
    int fd;     /* the caller's */
    int direct; /* the same file, or -1 */
};

/* `fd` is a file that is open for writing, and stays its owner's. */
void blob_disk_init(struct blob_disk *disk, int fd);
/* The same of one that is open for reading. */
void blob_disk_init_read(struct blob_disk *disk, int fd);
void blob_disk_wipe(struct blob_disk *disk);
/* ERR_NO_SPACE, ERR_IO; what of it was written is not known then. */
MUST_CHECK enum err blob_disk_write(const struct blob_disk *disk,
                                    uint64_t offset, struct bytes src);
/* *n is less than `len` at the file's end alone.  ERR_IO. */
MUST_CHECK enum err blob_disk_read(const struct blob_disk *disk,
                                   uint64_t offset, uint8_t *out, size_t len,
                                   size_t *n);

/*
 * Whether somebody waits for flushes of the disk meanwhile, in the whole
 * process: then it is given small pieces, and those to be written one at a
 * time.  A flush ends behind what the disk was given before, and this alone is
 * what can be kept short.
 */
void blob_disk_share(bool share);
/* How many bytes it is given at once. */
size_t blob_disk_piece(void);

/*
 * A buffer for such writes, to be given to free(); NULL without memory.  With a
 * multiple of BLOB_DISK_PAGE the disk takes what is in it in a third less time.
 */
#define BLOB_DISK_PAGE ((size_t)2 << 20) /* a large page of the machine */
uint8_t *blob_disk_buffer(size_t len);

#endif
