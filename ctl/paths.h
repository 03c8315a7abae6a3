#ifndef CTL_PATHS_H
#define CTL_PATHS_H

#include "ctl/fail.h"

/*
 * Where the daemon of a home answers and keeps its data; the same rule as the
 * daemon's (docs/control-api.md).
 */
#define PATHS_LEN_MAX 4096

struct paths {
    char home[PATHS_LEN_MAX]; /* --home made absolute; empty: XDG folders */
    char data[PATHS_LEN_MAX];
    char runtime[PATHS_LEN_MAX]; /* holds control.sock */
};

/* `home` is --home or NULL: then $TROUPE_HOME and the XDG variables decide. */
bool paths_find(struct paths *out, struct fail *f, const char *home);

/* "dir/name" into `out` of PATHS_LEN_MAX; fails if it does not fit. */
bool paths_join(char out[PATHS_LEN_MAX], struct fail *f, const char *dir,
                const char *name);
/* `path` as seen from the root, whatever the daemon's folder is. */
bool paths_absolute(char out[PATHS_LEN_MAX], struct fail *f, const char *path);
/* mkdir -p, for the owner alone. */
bool paths_make(struct fail *f, const char *dir);

#endif
