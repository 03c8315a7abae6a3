/* Files that are taken in together, on the pool. */
#include "daemon/import_group.h"

/*
 * Two groups are not durable at a time, one that is read and one that is
 * flushed, and the last file of each may have nearly as much again: 64 MiB.
 */
#define FILE_BYTES ((uint64_t)16 << 20)
/* Content that goes into rows, and so into one batch. */
#define ROW_BYTES ((uint64_t)4 << 20)

static struct import_file *file_at(const struct import_group *g, size_t i,
                                   const struct import_source *from)
{
    return &from->list->files[g->first + i];
}

void import_group_look(struct import_group *g, struct import_source *from)
{
    size_t i = g->count - 1;

    if (from->types != NULL)
        media_type_of(from->types[g->first + i], file_at(g, i, from)->path);
}

/* What a group has of files and of rows. */
struct sums {
    uint64_t files;
    uint64_t rows;
    size_t open;
};

static void add(struct sums *sums, const struct blob_import *import)
{
    uint64_t size = blob_import_size(import);

    if (size <= BLOB_INLINE_MAX) {
        sums->rows += size;
    } else {
        sums->files += size;
        sums->open++;
    }
}

static bool has_place(const struct import_group *g, const struct sums *sums,
                      const struct import_source *from)
{
    return g->first + g->count < from->list->count &&
           g->count < IMPORT_GROUP_FILES && sums->open < IMPORT_GROUP_OPEN &&
           sums->files < FILE_BYTES && sums->rows < ROW_BYTES &&
           !from->progress->cancel;
}

/* Reads one more file; false when the group ends with it. */
static bool read_one(struct import_group *g, struct import_source *from,
                     struct sums *sums)
{
    struct blob_import **import = &g->imports[g->count];

    g->failed = g->first + g->count;
    g->err =
        blob_import_new(import, from->store, file_at(g, g->count, from)->path,
                        from->topic, from->list->in_place);
    if (g->err != ERR_OK)
        return false;
    g->count++;
    g->err = blob_import_begin(*import, from->progress);
    g->is_long = g->err == ERR_OK && blob_import_is_long(*import);
    if (g->err == ERR_OK && !g->is_long) {
        import_group_look(g, from);
        blob_import_work(*import, from->progress);
        g->err = blob_import_end(*import);
    }
    add(sums, *import);
    return g->err == ERR_OK && !g->is_long;
}

void import_group_read(struct import_group *g, struct import_source *from)
{
    struct sums sums = { 0 };

    g->is_long = false;
    g->err = ERR_OK;
    while (has_place(g, &sums, from) && read_one(g, from, &sums)) {
    }
    if (from->progress->cancel && g->err == ERR_OK)
        g->err = ERR_CANCELLED;
}

void import_group_work(struct import_group *g, struct import_source *from)
{
    blob_import_work(g->imports[g->count - 1], from->progress);
}

void import_group_flush(struct import_group *g)
{
    size_t failed = g->count - 1;

    if (g->is_long)
        g->err = blob_import_end(g->imports[failed]);
    if (g->err == ERR_OK)
        g->err = blob_imports_flush(g->imports, g->count, &failed);
    g->failed = g->first + failed;
}

void import_group_empty(struct import_group *g)
{
    for (size_t i = 0; i < g->count; i++)
        blob_import_free(g->imports[i]);
    g->first += g->count;
    g->count = 0;
}
