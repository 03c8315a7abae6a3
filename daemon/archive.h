#ifndef DAEMON_ARCHIVE_H
#define DAEMON_ARCHIVE_H

#include "daemon/call.h"
#include "proto/bundle.h"

/*
 * Topics and releases into one file, and out of it (docs/protocol.md §8).
 * Each is a job that answers the call with its number; loop thread only.
 */

#define ARCHIVE_PATH_MAX 4096

struct archive_wish {
    struct bundle_begin about;
    char path[ARCHIVE_PATH_MAX];    /* absolute */
    bool is_stream;                 /* the path is somebody's open file */
    char torrent[ARCHIVE_PATH_MAX]; /* "": none */
};

/* `wish` is copied. */
void archive_export(struct call *call, const struct archive_wish *wish);
/* From the file at `path`, absolute; copied. */
void archive_import(struct call *call, const char *path);

#endif
