#ifndef PROTO_RECORD_FILES_H
#define PROTO_RECORD_FILES_H

#include "proto/blob_tree.h"
#include "proto/kind.h"

/*
 * The files that a record names in its body (protocol.md §3.7, map `file`),
 * whichever of its fields they stand in: what a node that holds the record may
 * want to hold, too.  Those of a list that goes on in pages (§3.9) are named by
 * the pages.
 */

/* As many as one body has room for, of a page that is nothing else. */
#define RECORD_FILES_MAX 1000

struct record_file {
    struct blob_id blob;
    struct bytes name;
    struct bytes media_type;
    uint64_t role; /* enum choice FILE_ROLE_...; 0: none stated */
};

/* A walk over them, in the order of field names. */
struct record_files {
    struct mp_doc *doc; /* NULL: there are none */
    bool is_page;       /* all its items are files, or should be */
    const struct field *fields;
    size_t fields_count;
    size_t field; /* the next place to look at */
    uint32_t element;
};

/*
 * Begins a walk; a record without a body, of an unknown kind, or with a body
 * that does not parse has no files.  `r` outlives the walk.  ERR_NO_MEMORY.
 */
MUST_CHECK enum err record_files_open(struct record_files *it,
                                      const struct record *r);
/* The next file, its texts borrowed from the record; false after the last. */
bool record_files_next(struct record_files *it, struct record_file *out);
void record_files_close(struct record_files *it);

#endif
