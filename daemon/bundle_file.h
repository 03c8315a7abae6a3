#ifndef DAEMON_BUNDLE_FILE_H
#define DAEMON_BUNDLE_FILE_H

#include <stdatomic.h>

#include "proto/bytes.h"

/*
 * The files that bundles are written to and read from, pipes among them.  All
 * of it may block and belongs on the pool; while a pipe makes it wait, it looks
 * at `cancel` (ERR_CANCELLED).
 */

/* ---- Writing ------------------------------------------------------------ */

struct bundle_sink;

/*
 * Begins `path.part`, which becomes `path` when it is whole.  If one is there
 * from an attempt before, what it has is compared with what comes, and only
 * what differs or is missing is written.  With `is_stream`, or if `path` is a
 * pipe, writes straight there.
 *   ERR_EXISTS     there is such a file
 *   ERR_LOCKED     it is being written just now
 *   ERR_NOT_FOUND  there is no such folder, or it may not be written to
 *   ERR_NO_SPACE, ERR_IO, ERR_NO_MEMORY
 */
MUST_CHECK enum err bundle_sink_open(struct bundle_sink **out, const char *path,
                                     bool is_stream,
                                     const _Atomic bool *cancel);
/* ERR_CANCELLED, ERR_CLOSED (nobody reads the pipe), ERR_NO_SPACE, ERR_IO */
MUST_CHECK enum err bundle_sink_write(struct bundle_sink *sink,
                                      struct bytes bytes);
/* All has been written: durable under its name.  Errors as at the opening. */
MUST_CHECK enum err bundle_sink_finish(struct bundle_sink *sink);
/* Bytes that an attempt before had written. */
uint64_t bundle_sink_kept(const struct bundle_sink *sink);
/* Accepts NULL.  What is not finished stays for the next attempt. */
void bundle_sink_close(struct bundle_sink *sink);

/* ---- Reading ------------------------------------------------------------ */

struct bundle_source;

/* ERR_NOT_FOUND if it cannot be opened, ERR_IO, ERR_NO_MEMORY */
MUST_CHECK enum err bundle_source_open(struct bundle_source **out,
                                       const char *path,
                                       const _Atomic bool *cancel);
void bundle_source_close(struct bundle_source *source); /* accepts NULL */
/*
 * A view of at least `len` bytes, at most BUNDLE_ITEM_MAX, or of what there is
 * before the end of the file; valid until the next call.
 */
MUST_CHECK enum err bundle_source_look(struct bundle_source *source, size_t len,
                                       struct bytes *out);
/* Goes on behind `len` bytes, which need not be read if the file can be sought
 * in.  ERR_TRUNCATED: there are not so many. */
MUST_CHECK enum err bundle_source_skip(struct bundle_source *source,
                                       size_t len);
/* Moves `len` bytes to `out` and goes on behind them.  ERR_TRUNCATED: there are
 * not so many, and what was moved is of no use. */
MUST_CHECK enum err bundle_source_read(struct bundle_source *source,
                                       uint8_t *out, size_t len);
/* Begins again.  ERR_REFUSED of a pipe. */
MUST_CHECK enum err bundle_source_rewind(struct bundle_source *source);
uint64_t bundle_source_offset(const struct bundle_source *source);
/* 0 of a pipe. */
uint64_t bundle_source_size(const struct bundle_source *source);

#endif
