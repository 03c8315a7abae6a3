#ifndef DAEMON_HOME_H
#define DAEMON_HOME_H

#include <sys/types.h>

#include "proto/err.h"

/*
 * Where a daemon keeps its files.  With a home folder everything lies below it
 * (config/, data/, run/); else the XDG base directories decide.
 */

#define HOME_PATH_MAX 1024

struct home {
    char config[HOME_PATH_MAX];  /* folder of troupe.conf */
    char data[HOME_PATH_MAX];    /* databases, blobs, keys, lock */
    char runtime[HOME_PATH_MAX]; /* the control socket */
};

/*
 * Finds the folders; creates none.  `dir` is --home, else NULL: then
 * $TROUPE_HOME and the XDG variables are asked.
 *   ERR_USAGE  a path is relative where it may not be, too long, or neither
 *              a home nor $HOME is known
 */
MUST_CHECK enum err home_find(struct home *out, const char *dir);

/* Makes the three folders, 0700.  ERR_IO */
MUST_CHECK enum err home_create(const struct home *home);

/* `dir`/`name`.  ERR_USAGE if it does not fit `cap` bytes; nothing written. */
MUST_CHECK enum err home_path(char *out, size_t cap, const char *dir,
                              const char *name);

/*
 * Takes the home for this process; *fd keeps it until closed or the process
 * ends, however it ends.
 *   ERR_LOCKED  another daemon has it; *owner is its pid, 0 if unknown
 *   ERR_IO
 */
MUST_CHECK enum err home_lock(int *fd, pid_t *owner, const struct home *home);

#endif
