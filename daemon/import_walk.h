#ifndef DAEMON_IMPORT_WALK_H
#define DAEMON_IMPORT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

/*
 * Which files a path stands for: itself, or all regular files below a folder,
 * in the order of their names.  Hidden ones, links and devices are passed over.
 * Reads the disk: not on the loop.
 */

struct walk_file {
    char *path;     /* absolute */
    uint64_t role;  /* the caller's */
    size_t name_at; /* where in it the file's name in the record begins */
};

struct import_walk {
    struct walk_file *files;
    size_t count;
    size_t cap;
    size_t max;
    uint64_t bytes;
    uint64_t passed_over;
    char *home; /* the daemon's own folder: keys are no works */
};

void import_walk_init(struct import_walk *walk, size_t max, const char *home);
void import_walk_wipe(struct import_walk *walk);
/*
 * Adds what `path` stands for.  The files of a folder are named by their path
 * from that folder on, its own name first.
 *   ERR_NOT_FOUND  nothing is there, or a folder below cannot be read
 *   ERR_TOO_LARGE  more files than `max`
 *   ERR_USAGE      a name that cannot stand in a record
 *   ERR_REFUSED    the folder is the daemon's own
 *   ERR_NO_MEMORY
 * On an error `wrong` is the path that it is about, from malloc, or NULL.
 */
MUST_CHECK enum err import_walk_add(struct import_walk *walk, const char *path,
                                    bool folders, char **wrong);

#endif
