/* From a path to the files it stands for; fts does the walking. */
#include "daemon/import_walk.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/file_name.h"

void import_walk_init(struct import_walk *walk, size_t max, const char *home)
{
    *walk = (struct import_walk){ .max = max, .home = realpath(home, NULL) };
}

void import_walk_wipe(struct import_walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        free(walk->files[i].path);
    free(walk->files);
    free(walk->home);
    *walk = (struct import_walk){ 0 };
}

static enum err grow(struct import_walk *walk)
{
    size_t cap = walk->cap == 0 ? 16 : walk->cap * 2;
    struct walk_file *files;

    if (walk->count == walk->max)
        return ERR_TOO_LARGE;
    if (walk->count < walk->cap)
        return ERR_OK;
    files = realloc(walk->files, cap * sizeof *files);
    if (files == NULL)
        return ERR_NO_MEMORY;
    walk->files = files;
    walk->cap = cap;
    return ERR_OK;
}

static enum err add(struct import_walk *walk, const char *path, size_t name_at,
                    uint64_t size)
{
    struct bytes name = { (const uint8_t *)path + name_at,
                          strlen(path + name_at) };
    enum err e = file_name_is_good(name) ? grow(walk) : ERR_USAGE;
    char *copy = e == ERR_OK ? strdup(path) : NULL;

    if (e == ERR_OK && copy == NULL)
        e = ERR_NO_MEMORY;
    if (e != ERR_OK)
        return e;
    walk->files[walk->count++] =
        (struct walk_file){ .path = copy, .name_at = name_at };
    walk->bytes += size;
    return ERR_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* One entry of the walk. */
static enum err take(struct import_walk *walk, FTS *fts, FTSENT *entry,
                     size_t name_at)
{
    bool hidden =
        (entry->fts_level > 0 && entry->fts_name[0] == '.') ||
        (walk->home != NULL && strcmp(entry->fts_path, walk->home) == 0);

    switch (entry->fts_info) {
    case FTS_D:
        if (hidden) {
            walk->passed_over++;
            (void)fts_set(fts, entry, FTS_SKIP); /* fails for no entry of it */
        }
        return ERR_OK;
    case FTS_DP:
        return ERR_OK;
    case FTS_F:
        if (!hidden)
            return add(walk, entry->fts_path, name_at,
                       (uint64_t)entry->fts_statp->st_size);
        walk->passed_over++;
        return ERR_OK;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return ERR_NOT_FOUND;
    default: /* links, devices, a folder inside itself */
        walk->passed_over++;
        return ERR_OK;
    }
}

static enum err walk_folder(struct import_walk *walk, char *folder,
                            char **wrong)
{
    char *const roots[] = { folder, NULL };
    const char *slash = strrchr(folder, '/');
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    enum err e = fts == NULL ? ERR_NO_MEMORY : ERR_OK;
    FTSENT *entry = NULL;

    while (e == ERR_OK && (entry = fts_read(fts)) != NULL)
        e = take(walk, fts, entry, (size_t)(slash - folder) + 1);
    if (e != ERR_OK && entry != NULL)
        *wrong = strdup(entry->fts_path);
    if (fts != NULL)
        (void)fts_close(fts);
    return e;
}

/* Whether the path is the folder or lies in it; both are real paths. */
static bool lies_in(const char *path, const char *folder)
{
    size_t len = folder == NULL ? 0 : strlen(folder);

    return len > 0 && strncmp(path, folder, len) == 0 &&
           (path[len] == '/' || path[len] == '\0');
}

enum err import_walk_add(struct import_walk *walk, const char *path,
                         bool folders, char **wrong)
{
    char *real = NULL;
    struct stat st;
    enum err e;

    *wrong = NULL;
    if (stat(path, &st) != 0)
        e = ERR_NOT_FOUND;
    else if (!S_ISDIR(st.st_mode) || !folders)
        e = add(walk, path, (size_t)(strrchr(path, '/') - path) + 1,
                (uint64_t)st.st_size);
    else if ((real = realpath(path, NULL)) == NULL)
        e = ERR_NOT_FOUND;
    else if (lies_in(real, walk->home))
        e = ERR_REFUSED;
    else
        e = walk_folder(walk, real, wrong);
    if (e != ERR_OK && *wrong == NULL)
        *wrong = strdup(path);
    free(real);
    return e;
}
