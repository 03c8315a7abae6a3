/*
 * Many files of at most a span at once: each under a name of ours first, then
 * one flush of the file system (or of each, store/flush.h), then the names,
 * then another.
 */
#include "store/blob_group.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/blob_small.h"
#include "store/blob_file.h"
#include "store/file_error.h"
#include "store/flush.h"
#include "store/thread_hash.h"

enum { ATTEMPTS_MAX = 100, PART_MAX = 256, NAME_MAX_BYTES = 300 };

/* Where we are: the folder of the last name stays open. */
struct place {
    int root;
    int folder;               /* of the name, or `root` */
    char path[BLOB_PATH_MAX]; /* from the root on, without the last part */
};

static enum err place_open(struct place *p, const char *folder)
{
    p->path[0] = '\0';
    p->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    p->folder = p->root;
    return p->root < 0 ? file_error(errno) : ERR_OK;
}

static void place_leave(struct place *p)
{
    if (p->folder != p->root)
        (void)close(p->folder); /* only looked up in */
    p->folder = p->root;
    p->path[0] = '\0';
}

static void place_close(struct place *p)
{
    place_leave(p);
    (void)close(p->root);
}

/* One folder down; what is there must be a folder, and no link to one. */
static enum err step_down(int *at, int root, const char *part)
{
    int next;

    if (mkdirat(*at, part, 0777) != 0 && errno != EEXIST)
        return file_error(errno);
    next = openat(*at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return file_error(errno);
    if (*at != root)
        (void)close(*at);
    *at = next;
    return ERR_OK;
}

/* Enters the folder of `name`; its last part is *last. */
static enum err place_enter(struct place *p, const char *name,
                            const char **last)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - name);
    const char *part = name;
    enum err e = ERR_OK;
    int at = p->root;

    *last = slash == NULL ? name : slash + 1;
    if (strlen(p->path) == len && memcmp(p->path, name, len) == 0)
        return ERR_OK;
    place_leave(p);
    while (part < *last && e == ERR_OK) {
        char text[PART_MAX];
        size_t n = strcspn(part, "/");

        assert(n < sizeof text);
        memcpy(text, part, n);
        text[n] = '\0';
        e = step_down(&at, p->root, text);
        part += n + 1;
    }
    p->folder = at;
    if (e != ERR_OK) {
        place_leave(p);
        return e;
    }
    memcpy(p->path, name, len);
    p->path[len] = '\0';
    return ERR_OK;
}

enum err blob_group_make_folders(const char *folder, const char *name)
{
    struct place p;
    const char *last;
    enum err e = place_open(&p, folder);

    if (e != ERR_OK)
        return e;
    e = place_enter(&p, name, &last);
    place_close(&p);
    return e;
}

/* `last` itself, then `name (2).ext` and so on. */
static void candidate(char out[NAME_MAX_BYTES], const char *last,
                      unsigned attempt)
{
    const char *dot = strrchr(last, '.');
    size_t stem =
        dot == NULL || dot == last ? strlen(last) : (size_t)(dot - last);

    if (attempt == 1)
        (void)snprintf(out, NAME_MAX_BYTES, "%s", last);
    else
        (void)snprintf(out, NAME_MAX_BYTES, "%.*s (%u)%s", (int)stem, last,
                       attempt, last + stem);
}

/* A name of ours, until the content is durable. */
static void own_name(char out[NAME_MAX_BYTES], size_t i)
{
    (void)snprintf(out, NAME_MAX_BYTES, ".troupe-%ld-%zu", (long)getpid(), i);
}

static enum err same_content(struct blob_reader *reader, int fd, size_t size,
                             bool *same)
{
    uint8_t *ours = malloc(2 * size + 2);
    uint8_t *theirs = ours == NULL ? NULL : ours + size + 1;
    enum err e = ours == NULL ? ERR_NO_MEMORY : ERR_OK;
    size_t n = 0;

    if (e == ERR_OK)
        e = blob_reader_read(reader, 0, ours, size);
    if (e == ERR_OK)
        e = blob_file_read(fd, 0, theirs, size + 1, &n);
    if (e == ERR_OK)
        *same = n == size && memcmp(ours, theirs, size) == 0;
    free(ours);
    return e;
}

/* What stands under that name: nothing (ERR_NOT_FOUND), the same, another. */
static enum err look(const struct place *p, const char *name,
                     struct blob_reader *reader, bool *same)
{
    struct blob_info info;
    struct stat st;
    enum err e;
    int fd;

    *same = false;
    if (fstatat(p->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return file_error(errno);
    blob_reader_info(reader, &info);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != info.id.size)
        return ERR_OK;
    fd = openat(p->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return ERR_OK; /* it may not be read: another's, and not the same */
    e = same_content(reader, fd, (size_t)info.id.size, same);
    (void)close(fd);
    return e;
}

/*
 * The first name from item->attempt on that is free or has the same content:
 * then its path is set.
 */
static enum err choose(const struct place *p, const char *folder,
                       const char *last, struct blob_group_item *item,
                       char name[NAME_MAX_BYTES])
{
    for (; item->attempt <= ATTEMPTS_MAX; item->attempt++) {
        bool same;
        enum err e;

        candidate(name, last, item->attempt);
        e = look(p, name, item->reader, &same);
        if (e == ERR_NOT_FOUND)
            return ERR_OK;
        if (e != ERR_OK)
            return e;
        if (same)
            return asprintf(&item->path, "%s/%s%s%s", folder, p->path,
                            p->path[0] == '\0' ? "" : "/", name) < 0
                       ? ERR_NO_MEMORY
                       : ERR_OK;
    }
    return ERR_EXISTS;
}

/* The whole blob, from malloc, if it is what its name says. */
static enum err read_checked(struct blob_reader *reader, struct bytes *out)
{
    struct blob_info info;
    uint8_t *data;
    enum err e;

    blob_reader_info(reader, &info);
    assert(info.id.size <= BLOB_SPAN_LEN);
    data = malloc((size_t)info.id.size + 1);
    if (data == NULL)
        return ERR_NO_MEMORY;
    *out = (struct bytes){ data, (size_t)info.id.size };
    e = blob_reader_read(reader, 0, data, out->len);
    if (e == ERR_OK)
        e = blob_small_verify(thread_multi_hash(), &info.id, *out);
    if (e != ERR_OK)
        free(data);
    return e;
}

/* As blocks that both share, where the file system can. */
static bool is_cloned(struct blob_reader *reader, int fd)
{
    struct blob_info info;

    blob_reader_info(reader, &info);
    return info.state == BLOB_FILE &&
           ioctl(fd, FICLONE, blob_reader_fd(reader)) == 0;
}

static enum err write_own(const struct place *p, struct blob_reader *reader,
                          struct bytes content, size_t i)
{
    char own[NAME_MAX_BYTES];
    enum err e = ERR_OK;
    int fd;

    own_name(own, i);
    (void)unlinkat(p->folder, own, 0); /* ours alone: left by a crash */
    fd = openat(p->folder, own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return file_error(errno);
    if (!is_cloned(reader, fd))
        e = blob_file_write(fd, 0, content);
    if (close(fd) != 0 && e == ERR_OK)
        e = file_error(errno);
    if (e != ERR_OK)
        (void)unlinkat(p->folder, own, 0); /* half a copy helps nobody */
    return e;
}

static enum err place_one(struct place *p, const char *folder,
                          struct blob_group_item *item, struct bytes content,
                          size_t i)
{
    char name[NAME_MAX_BYTES];
    const char *last;
    enum err e = place_enter(p, item->name, &last);

    item->attempt = 1;
    if (e == ERR_OK)
        e = choose(p, folder, last, item, name);
    if (e != ERR_OK || item->path != NULL)
        return e;
    e = write_own(p, item->reader, content, i);
    item->written = e == ERR_OK;
    return e;
}

static enum err write_one(struct place *p, const char *folder,
                          struct blob_group_item *item, size_t i,
                          struct blob_progress *progress)
{
    struct bytes content;
    enum err e =
        progress->cancel ? ERR_CANCELLED : read_checked(item->reader, &content);

    if (e != ERR_OK)
        return e;
    e = place_one(p, folder, item, content, i);
    progress->done += content.len;
    free((void *)(uintptr_t)content.data);
    return e;
}

/* Renames without replacing; ERR_EXISTS if somebody was faster. */
static enum err rename_new(int folder, const char *from, const char *to)
{
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return ERR_OK;
    if (errno == EEXIST)
        return ERR_EXISTS;
    if (errno != EINVAL && errno != ENOSYS)
        return file_error(errno);
    /* This file system cannot: a link replaces nothing either. */
    if (linkat(folder, from, folder, to, 0) != 0)
        return file_error(errno);
    (void)unlinkat(folder, from, 0); /* a second name at worst */
    return ERR_OK;
}

static enum err name_one(struct place *p, const char *folder,
                         struct blob_group_item *item, size_t i)
{
    char own[NAME_MAX_BYTES];
    char name[NAME_MAX_BYTES];
    const char *last;
    enum err e = place_enter(p, item->name, &last);

    own_name(own, i);
    while (e == ERR_OK) { /* at most ATTEMPTS_MAX times */
        candidate(name, last, item->attempt);
        e = rename_new(p->folder, own, name);
        if (e != ERR_EXISTS)
            break;
        e = choose(p, folder, last, item, name);
        if (e == ERR_OK && item->path != NULL)
            return ERR_OK; /* somebody wrote the same */
    }
    if (e != ERR_OK)
        return e;
    item->written = false;
    return asprintf(&item->path, "%s/%s%s%s", folder, p->path,
                    p->path[0] == '\0' ? "" : "/", name) < 0
               ? ERR_NO_MEMORY
               : ERR_OK;
}

/* Names of ours that were not given up for real ones. */
static void clean_up(struct place *p, struct blob_group_item *items,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char own[NAME_MAX_BYTES];
        const char *last;

        if (!items[i].written || place_enter(p, items[i].name, &last) != ERR_OK)
            continue;
        own_name(own, i);
        (void)unlinkat(p->folder, own, 0);
    }
}

/* ---- Flushes ------------------------------------------------------------ */

static enum err flush_all(const struct place *p)
{
    return syncfs(p->root) == 0 ? ERR_OK : file_error(errno);
}

static enum err flush_own(struct place *p, const char *name, size_t i)
{
    char own[NAME_MAX_BYTES];
    const char *last;
    enum err e = place_enter(p, name, &last);
    int fd;

    if (e != ERR_OK)
        return e;
    own_name(own, i);
    fd = openat(p->folder, own, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return file_error(errno);
    if (fdatasync(fd) != 0)
        e = file_error(errno);
    (void)close(fd); /* only flushed */
    return e;
}

/* What was written, before it has its names. */
static enum err flush_content(struct place *p,
                              const struct blob_group_item *items, size_t count)
{
    enum err e = ERR_OK;

    if (flush_all_is_cheap())
        return flush_all(p);
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        if (items[i].written)
            e = flush_own(p, items[i].name, i);
    return e;
}

/* The folder of a name and those above it, which may be new, too. */
static enum err flush_folders_of(struct place *p, const char *name)
{
    char path[BLOB_PATH_MAX];
    enum err e = ERR_OK;

    for (const char *slash = strchr(name, '/'); slash != NULL && e == ERR_OK;
         slash = strchr(slash + 1, '/')) {
        const char *last;
        int n = snprintf(path, sizeof path, "%.*s/", (int)(slash - name), name);

        assert(n > 0 && n < (int)sizeof path);
        e = place_enter(p, path, &last);
        if (e == ERR_OK && fsync(p->folder) != 0)
            e = file_error(errno);
    }
    return e;
}

static bool same_folder(const char *a, const char *b)
{
    const char *slash = strrchr(a, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - a) + 1;

    return strncmp(a, b, len) == 0 && strchr(b + len, '/') == NULL;
}

static enum err flush_names(struct place *p,
                            const struct blob_group_item *items, size_t count)
{
    enum err e = ERR_OK;

    if (flush_all_is_cheap())
        return flush_all(p);
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        if (i == 0 || !same_folder(items[i - 1].name, items[i].name))
            e = flush_folders_of(p, items[i].name);
    if (e == ERR_OK && fsync(p->root) != 0)
        e = file_error(errno);
    return e;
}

enum err blob_group_write(const char *folder, struct blob_group_item *items,
                          size_t count, struct blob_progress *progress)
{
    struct place p;
    enum err e = place_open(&p, folder);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        e = write_one(&p, folder, &items[i], i, progress);
    if (e == ERR_OK)
        e = flush_content(&p, items, count);
    for (size_t i = 0; i < count && e == ERR_OK; i++)
        if (items[i].written)
            e = name_one(&p, folder, &items[i], i);
    clean_up(&p, items, count);
    if (e == ERR_OK)
        e = flush_names(&p, items, count);
    place_close(&p);
    return e;
}
