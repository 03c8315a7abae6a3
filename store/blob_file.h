#ifndef STORE_BLOB_FILE_H
#define STORE_BLOB_FILE_H

#include "store/internal.h"

/* The files under `blobs/`: names, folders, and whole reads and writes. */

/* What an errno means: ERR_NO_SPACE, ERR_NOT_FOUND, ERR_NO_MEMORY, ERR_IO. */
enum err blob_file_error(int number);

/* From malloc, or NULL. */
char *blob_file_path(const struct store *store, const struct blob_id *id,
                     bool part);
MUST_CHECK enum err blob_file_make_folder(const struct store *store,
                                          const struct blob_id *id);
/* A new empty file for an import; the caller frees `*path`, closes `*fd`. */
MUST_CHECK enum err blob_file_temporary(const struct store *store, char **path,
                                        int *fd);
/* Renames a durable file to the blob's own name, durably. */
MUST_CHECK enum err blob_file_publish(const struct store *store,
                                      const char *from,
                                      const struct blob_id *id);
/* Makes the entry `path` of its folder durable. */
MUST_CHECK enum err blob_file_sync_parent(const char *path);
MUST_CHECK enum err blob_file_write(int fd, uint64_t offset, struct bytes src);
/* Reads until `len` bytes or the end of the file; *n tells how many. */
MUST_CHECK enum err blob_file_read(int fd, uint64_t offset, uint8_t *out,
                                   size_t len, size_t *n);

/* The bitmap of a part: bit `span % 8`, lowest first, of byte `span / 8`. */
static inline bool bitmap_has(const uint8_t *bits, uint64_t span)
{
    return (bits[span / 8] >> (span % 8) & 1u) != 0;
}

#endif
