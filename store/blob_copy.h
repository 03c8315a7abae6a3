#ifndef STORE_BLOB_COPY_H
#define STORE_BLOB_COPY_H

#include "store/blobs.h"

/*
 * A copy of a blob where its user wants it, which can be written while the blob
 * is being fetched: each span from the buffer that it was verified in.  What
 * was not written so is brought from the store at the end.
 *
 * Until it has its name it has none, or a hidden one where the file system
 * cannot make files without: nobody takes half a copy for the whole.
 */
struct blob_copy;

/* For a file to be called `path`; nothing is on the disk yet, and
 * there is one reference.  NO_MEMORY */
MUST_CHECK enum err blob_copy_new(struct blob_copy **out,
                                  const struct blob_id *id, const char *path);
/* References are the business of one thread.  With the last one, what has no
 * name yet is gone; NULL is accepted. */
struct blob_copy *blob_copy_ref(struct blob_copy *copy);
void blob_copy_unref(struct blob_copy *copy);
const struct blob_id *blob_copy_id(const struct blob_copy *copy);
const char *blob_copy_path(const struct blob_copy *copy);

/*
 * Pool, any thread: writes one verified span.  If that fails it only is not
 * there, and blob_copy_fill() will say why.
 */
void blob_copy_write(struct blob_copy *copy, uint64_t span, struct bytes bytes);
/* Whether every span is there. */
bool blob_copy_is_whole(struct blob_copy *copy);
/* Pool: brings from `reader` what is missing, and makes all of it durable.
 * Errors as blob_reader_export()'s. */
MUST_CHECK enum err blob_copy_fill(struct blob_copy *copy,
                                   struct blob_reader *reader,
                                   struct blob_progress *progress);
/* Pool: gives it a name that is free.  ERR_EXISTS if it is not. */
MUST_CHECK enum err blob_copy_name(struct blob_copy *copy, const char *name);

/*
 * Pool: fills it from the reader, and puts it where it belongs; otherwise as
 * blob_reader_export().
 */
MUST_CHECK enum err blob_copy_export(struct blob_copy *copy,
                                     struct blob_reader *reader,
                                     struct blob_progress *progress,
                                     char chosen[BLOB_PATH_MAX]);

#endif
