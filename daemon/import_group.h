#ifndef DAEMON_IMPORT_GROUP_H
#define DAEMON_IMPORT_GROUP_H

#include "daemon/importer.h"
#include "store/blobs.h"

/*
 * Some files of a list that are read, flushed and given to the writer
 * together, so that many cost few flushes.  A large one is left to be worked on
 * by several threads, and ends its group.
 */

enum {
    IMPORT_GROUP_FILES = 400,
    /* Of them, those that are files of ours: each is open until the flush. */
    IMPORT_GROUP_OPEN = 128,
    /* Longer lists get their media types by name: looking into a file costs
     * more than taking it in. */
    IMPORT_LOOKED_INTO = 64
};

/* What all groups of a list share. */
struct import_source {
    struct store *store;
    struct import_list *list;
    const uint8_t *topic;
    struct blob_progress *progress;
    char (*types)[MEDIA_TYPE_MAX]; /* of the list's files; NULL: by name */
};

struct import_group {
    size_t first; /* of the list */
    size_t count;
    bool is_long;  /* the last one is left to be worked on */
    enum err err;  /* of the one that was read or flushed last */
    size_t failed; /* which of the list that is */
    struct blob_import *imports[IMPORT_GROUP_FILES];
};

/* Pool: reads from `first` on, as many as are a group. */
void import_group_read(struct import_group *group, struct import_source *from);
/* Pool, beside each other: the last one, if it is long. */
void import_group_work(struct import_group *group, struct import_source *from);
void import_group_look(struct import_group *group, struct import_source *from);
/* Pool: makes all of it durable. */
void import_group_flush(struct import_group *group);
/* Leaves it empty, and lets go of what was not put. */
void import_group_empty(struct import_group *group);

#endif
