#ifndef DAEMON_MANIFEST_H
#define DAEMON_MANIFEST_H

#include "proto/record_files.h"
#include "store/store.h"

/*
 * All files of a record, those that its pages name among them (docs/protocol.md
 * §3.9), without those whose names may not be written to a disk.
 */
struct manifest_file {
    struct blob_id blob;
    char *name;
};

struct manifest {
    struct manifest_file *files;
    size_t count;
    size_t cap;
};

/* More than any record and its pages name. */
#define MANIFEST_MAX 65536

/*
 * Reads those of the record number `seq`, or those named `only` (empty: all).
 *   ERR_NOT_FOUND  it has none such
 *   ERR_NOT_HELD   a page is not here yet
 *   errors of the store, ERR_NO_MEMORY
 * The caller must manifest_wipe() it, whatever is answered.
 */
MUST_CHECK enum err manifest_read(struct manifest *out, struct store *store,
                                  uint64_t seq, struct bytes only);
void manifest_wipe(struct manifest *manifest);

#endif
