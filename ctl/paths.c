#include "ctl/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool paths_join(char out[PATHS_LEN_MAX], struct fail *f, const char *dir,
                const char *name)
{
    int len = snprintf(out, PATHS_LEN_MAX, "%s/%s", dir, name);

    if (len < 0 || len >= PATHS_LEN_MAX)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "path is too long");
    return true;
}

bool paths_absolute(char out[PATHS_LEN_MAX], struct fail *f, const char *path)
{
    char here[PATHS_LEN_MAX];

    if (path[0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            return fail_errno(f, "cannot tell the current folder");
        return paths_join(out, f, here, path);
    }
    if (strlen(path) >= PATHS_LEN_MAX)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "path is too long");
    (void)snprintf(out, PATHS_LEN_MAX, "%s", path);
    return true;
}

/* The folder troupe/ of an XDG variable, which counts only if absolute. */
static bool xdg_path(char out[PATHS_LEN_MAX], struct fail *f,
                     const char *variable, const char *below_home)
{
    const char *base = getenv(variable);
    char fallback[PATHS_LEN_MAX];

    if (base != NULL && base[0] == '/')
        return paths_join(out, f, base, "troupe");
    base = getenv("HOME");
    if (below_home == NULL || base == NULL || base[0] != '/')
        return fail_set(f, EXIT_CODE_USAGE, "give one with --home DIR",
                        "neither a home folder nor $HOME is known");
    return paths_join(fallback, f, base, below_home) &&
           paths_join(out, f, fallback, "troupe");
}

bool paths_find(struct paths *out, struct fail *f, const char *home)
{
    struct fail none = { 0 };

    out->home[0] = '\0';
    if (home == NULL)
        home = getenv("TROUPE_HOME");
    if (home != NULL && home[0] != '\0')
        return paths_absolute(out->home, f, home) &&
               paths_join(out->data, f, out->home, "data") &&
               paths_join(out->runtime, f, out->home, "run");
    if (!xdg_path(out->data, f, "XDG_DATA_HOME", ".local/share"))
        return false;
    /* Without a session manager (cron, ssh, a container) there is none. */
    if (xdg_path(out->runtime, &none, "XDG_RUNTIME_DIR", NULL))
        return true;
    return paths_join(out->runtime, f, out->data, "run");
}

bool paths_make(struct fail *f, const char *dir)
{
    char part[PATHS_LEN_MAX];
    size_t len = strlen(dir);

    if (len >= sizeof part)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "path is too long");
    for (size_t i = 1; i <= len; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        memcpy(part, dir, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return fail_errno(f, "cannot make the folder %s", part);
    }
    return true;
}
