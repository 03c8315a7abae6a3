#ifndef STORE_BLOB_FILE_H
#define STORE_BLOB_FILE_H

#include <sys/stat.h>

#include "store/internal.h"

/* The files under `blobs/`: names, folders, and whole reads and writes. */

/* From malloc, or NULL. */
char *blob_file_path(const struct store *store, const struct blob_id *id,
                     bool part);
MUST_CHECK enum err blob_file_make_folder(const struct store *store,
                                          const struct blob_id *id);
/* A new empty file for an import; the caller frees `*path`, closes `*fd`. */
MUST_CHECK enum err blob_file_temporary(const struct store *store, char **path,
                                        int *fd);
MUST_CHECK enum err blob_file_write(int fd, uint64_t offset, struct bytes src);
/* Reads until `len` bytes or the end of the file; *n tells how many. */
MUST_CHECK enum err blob_file_read(int fd, uint64_t offset, uint8_t *out,
                                   size_t len, size_t *n);

/* Whether `len` more bytes leave the store's reserve untouched. */
bool blob_file_has_room(const struct store *store, uint64_t len);

/*
 * What an external file looks like now, and whether that is as it was.  A
 * device has another number when it is plugged in again, so it is not asked
 * for; an inode of 0 is one whose file system makes numbers up as it goes.
 */
void external_of(struct row_external *out, const struct stat *st);
bool external_same(const struct row_external *row, uint64_t size,
                   const struct stat *st);

/* Rows, parsed and checked against the blob's size. */
MUST_CHECK enum err look_blob(const struct look *look, const struct blob_id *id,
                              struct row_blob *out);
void blob_info_of(struct blob_info *out, const struct blob_id *id,
                  const struct row_blob *row);

/* As blob_reader_open() without a topic, at any look. */
MUST_CHECK enum err blob_reader_of_look(struct blob_reader **out,
                                        const struct store *store,
                                        const struct look *look,
                                        const struct blob_id *id);
/* The open file, or -1 for an inline blob. */
int blob_reader_fd(const struct blob_reader *reader);

/* Adds to a bitmap what a part that is open has written and not yet flushed. */
void blob_part_add_written(const struct store *store, const struct blob_id *id,
                           uint8_t *bits);

/* Gives back what the part of a blob of that size has beside these spans. */
MUST_CHECK enum err blob_trim(int fd, uint64_t size, const uint8_t *keep);

size_t bitmap_len(uint64_t size);
/* Bytes of the blob's spans that the bitmap has. */
uint64_t bitmap_bytes(const uint8_t *bits, uint64_t size);
/* The bitmap of a part: bit `span % 8`, lowest first, of byte `span / 8`. */
static inline bool bitmap_has(const uint8_t *bits, uint64_t span)
{
    return ((unsigned)bits[span / 8] >> (span % 8) & 1u) != 0;
}

#endif
