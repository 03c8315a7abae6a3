#ifndef DAEMON_IMPORTER_H
#define DAEMON_IMPORTER_H

#include "daemon/media.h"
#include "daemon/param.h"
#include "proto/blob_tree.h"

/*
 * Files that a client names, into the store: hashed and copied on the pool,
 * then held for a topic, some hundred in one transaction.  Loop thread only.
 */

/* In one record, and in one with pages (docs/protocol.md §3.9). */
#define IMPORTER_FILES_MAX   128
#define IMPORTER_FOLDERS_MAX 20000

struct import_file {
    const char *path; /* absolute; all texts live as long as the call */
    uint64_t role;    /* a FILE_ROLE of kind.h; 0: none stated */
    const char *name; /* as it stands in the record */
    /* Known afterwards: */
    struct blob_id blob;
    const char *media_type;
};

struct import_list {
    struct import_file *files;
    size_t count;
    size_t cap;
    size_t max;
    bool folders;  /* a path may be that of a folder, for all that is in it */
    bool in_place; /* the files stay where they are */
    uint64_t passed_over; /* in folders: what is hidden, links, devices */
};

/* A list in the call's memory; NULL after the call has been failed. */
struct import_list *import_list_new(struct call *call);
/* The same for a record whose list of files may go on in pages. */
struct import_list *import_list_new_long(struct call *call);
/* Adds a path; false after the call has been failed. */
bool import_list_add(struct call *call, struct import_list *list,
                     struct bytes path, uint64_t role);
/* What is wrong with a list, or with the name of a file: fails the call. */
void import_list_fail_many(struct call *call, const struct import_list *list);
void import_list_fail_name(struct call *call, const char *path);
/* Why one of its files, at `path`, was not taken in: fails the call. */
void import_list_fail_file(struct call *call, const struct import_list *list,
                           const char *path, enum err e);
/* Adds each {path, role} of the array `v`, which may be absent. */
bool import_list_take(struct call *call, struct import_list *list,
                      const struct mp_value *v);

/*
 * Imports all of them for `topic`, those of folders too, and tells the client
 * how far it is; then calls `done`.  If one fails, the call has been failed
 * with the reason, and what is held of the others belongs to no record.  So it
 * is if the client leaves meanwhile, or somebody ends the job that the call is
 * from now on.
 */
typedef void importer_fn(struct call *call, struct import_list *list);
void importer_run(struct call *call, struct import_list *list,
                  const uint8_t topic[ID_LEN], importer_fn *done);

/* Holds imported files for one more topic, then calls `done`. */
void importer_hold(struct call *call, struct import_list *list,
                   const uint8_t topic[ID_LEN], importer_fn *done);

/* A file as the bodies of records have it: {blob, media_type, name, role}. */
void import_file_put(struct writer *w, const struct import_file *file);
/* The array of {root, size, name} that answers have: the first 128. */
void import_list_put(struct writer *w, const struct import_list *list);

#endif
