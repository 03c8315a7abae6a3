#ifndef DAEMON_IMPORTER_H
#define DAEMON_IMPORTER_H

#include "daemon/media.h"
#include "daemon/param.h"
#include "proto/blob_tree.h"

/*
 * Files that a client names, into the store: hashed and copied on the pool,
 * then held for a topic in one transaction.  Loop thread only.
 */

#define IMPORTER_FILES_MAX 128
#define IMPORTER_NAME_MAX  256

struct import_file {
    const char *path; /* absolute; lives as long as the call */
    uint64_t role;    /* a FILE_ROLE of kind.h; 0: none stated */
    /* Known afterwards: */
    struct blob_id blob;
    char name[IMPORTER_NAME_MAX]; /* the last part of the path */
    char media_type[MEDIA_TYPE_MAX];
};

struct import_list {
    struct import_file *files; /* IMPORTER_FILES_MAX of them */
    size_t count;
};

/* A list in the call's memory; NULL after the call has been failed. */
struct import_list *import_list_new(struct call *call);
/* Adds a path; false after the call has been failed. */
bool import_list_add(struct call *call, struct import_list *list,
                     struct bytes path, uint64_t role);
/* Adds each {path, role} of the array `v`, which may be absent. */
bool import_list_take(struct call *call, struct import_list *list,
                      const struct mp_value *v);

/*
 * Imports all of them for `topic`, then calls `done`; nothing of it is held if
 * one fails, and the call has been failed with the reason.
 */
typedef void importer_fn(struct call *call, struct import_list *list);
void importer_run(struct call *call, struct import_list *list,
                  const uint8_t topic[ID_LEN], importer_fn *done);

/* Holds imported files for one more topic, then calls `done`. */
void importer_hold(struct call *call, struct import_list *list,
                   const uint8_t topic[ID_LEN], importer_fn *done);

/* A file as the bodies of records have it: {blob, media_type, name, role}. */
void import_file_put(struct writer *w, const struct import_file *file);
/* The array of {root, size, name} that answers have. */
void import_list_put(struct writer *w, const struct import_list *list);

#endif
