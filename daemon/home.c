#include "daemon/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum err home_path(char *out, size_t cap, const char *dir, const char *name)
{
    size_t dir_len = strlen(dir);
    size_t name_len = strlen(name);

    if (dir_len + 1 + name_len + 1 > cap)
        return ERR_USAGE;
    (void)snprintf(out, cap, "%s/%s", dir, name);
    return ERR_OK;
}

/* The folder troupe/ of an XDG variable, or of its default below $HOME. */
static enum err xdg_path(char out[HOME_PATH_MAX], const char *variable,
                         const char *fallback)
{
    const char *base = getenv(variable);
    char below_home[HOME_PATH_MAX];
    enum err e;

    /* The specification has relative paths ignored. */
    if (base == NULL || base[0] != '/') {
        base = getenv("HOME");
        if (base == NULL || base[0] != '/' || fallback == NULL)
            return ERR_USAGE;
        e = home_path(below_home, sizeof below_home, base, fallback);
        if (e != ERR_OK)
            return e;
        base = below_home;
    }
    return home_path(out, HOME_PATH_MAX, base, "troupe");
}

static enum err find_xdg(struct home *out)
{
    enum err e = xdg_path(out->config, "XDG_CONFIG_HOME", ".config");

    if (e == ERR_OK)
        e = xdg_path(out->data, "XDG_DATA_HOME", ".local/share");
    if (e != ERR_OK)
        return e;
    e = xdg_path(out->runtime, "XDG_RUNTIME_DIR", NULL);
    if (e != ERR_OK) /* no session manager: cron, ssh, a container */
        e = home_path(out->runtime, HOME_PATH_MAX, out->data, "run");
    return e;
}

static enum err find_below(struct home *out, const char *dir)
{
    char absolute[HOME_PATH_MAX];
    char here[HOME_PATH_MAX];
    enum err e = ERR_OK;

    if (dir[0] == '/') {
        if (strlen(dir) >= sizeof absolute)
            return ERR_USAGE;
        (void)snprintf(absolute, sizeof absolute, "%s", dir);
    } else if (getcwd(here, sizeof here) == NULL) {
        return ERR_USAGE;
    } else {
        e = home_path(absolute, sizeof absolute, here, dir);
    }
    if (e == ERR_OK)
        e = home_path(out->config, HOME_PATH_MAX, absolute, "config");
    if (e == ERR_OK)
        e = home_path(out->data, HOME_PATH_MAX, absolute, "data");
    if (e == ERR_OK)
        e = home_path(out->runtime, HOME_PATH_MAX, absolute, "run");
    return e;
}

enum err home_find(struct home *out, const char *dir)
{
    struct home found;
    enum err e;

    if (dir == NULL)
        dir = getenv("TROUPE_HOME");
    if (dir != NULL && dir[0] != '\0')
        e = find_below(&found, dir);
    else
        e = find_xdg(&found);
    if (e == ERR_OK)
        *out = found;
    return e;
}

/* mkdir -p; the parents too are for the owner alone, where they are new. */
static enum err make_folder(const char *path)
{
    char part[HOME_PATH_MAX];
    size_t len = strlen(path);

    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return ERR_IO;
    }
    return ERR_OK;
}

enum err home_create(const struct home *home)
{
    enum err e = make_folder(home->config);

    if (e == ERR_OK)
        e = make_folder(home->data);
    if (e == ERR_OK)
        e = make_folder(home->runtime);
    return e;
}

/* The pid that the lock's holder wrote; 0 while it has not yet. */
static pid_t read_owner(int fd)
{
    char text[16] = { 0 };
    pid_t pid = 0;

    if (pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    for (const char *c = text; *c >= '0' && *c <= '9' && c < text + 9; c++)
        pid = pid * 10 + (*c - '0');
    return pid;
}

enum err home_lock(int *out, pid_t *owner, const struct home *home)
{
    char path[HOME_PATH_MAX];
    char text[16];
    int len;
    int fd;
    enum err e = home_path(path, sizeof path, home->data, "lock");

    if (e != ERR_OK)
        return e;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        e = errno == EWOULDBLOCK ? ERR_LOCKED : ERR_IO;
        if (e == ERR_LOCKED)
            *owner = read_owner(fd);
        goto close_fd;
    }
    len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    e = ERR_IO;
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        goto close_fd;
    *out = fd;
    return ERR_OK;

close_fd:
    (void)close(fd);
    return e;
}
