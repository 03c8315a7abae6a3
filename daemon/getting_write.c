/* Writing out what a get has: files by themselves, in groups, as they come. */
#include "daemon/getting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a group, those that are files here: each is open. */
enum { GROUP_OPEN = 128 };

/* What is written and not flushed, and the last file of the group besides. */
#define GROUP_BYTES ((uint64_t)32 << 20)

/* --- while it comes --- */

static enum err path_of(const struct getting *g,
                        const struct getting_file *file,
                        char path[BLOB_PATH_MAX])
{
    int n = snprintf(path, BLOB_PATH_MAX, "%s/%s", g->out, file->name);

    return n < 0 || n >= BLOB_PATH_MAX ? ERR_USAGE : ERR_OK;
}

void getting_copy_end(struct getting *g, struct getting_file *file)
{
    if (file->copy == NULL)
        return;
    node_copy_end(g->node, file->copy);
    blob_copy_unref(file->copy);
    file->copy = NULL;
    g->copies--;
}

void getting_copies_begin(struct getting *g)
{
    for (size_t i = g->next; i < g->count && g->copies < GETTING_COPIES_MAX;
         i++) {
        struct getting_file *file = &g->files[i];
        char path[BLOB_PATH_MAX];

        if (file->copy != NULL || getting_is_one_span(file) ||
            getting_is_whole(g, &file->blob) ||
            path_of(g, file, path) != ERR_OK ||
            blob_copy_new(&file->copy, &file->blob, path) != ERR_OK)
            continue;
        g->copies++;
        if (node_copy_begin(g->node, file->copy) != ERR_OK)
            getting_copy_end(g, file);
    }
}

/* --- when it is whole --- */

/* What came span by span was checked so; all else is once more. */
static enum err write_out(struct getting *g, struct getting_file *file)
{
    char path[BLOB_PATH_MAX];
    char chosen[BLOB_PATH_MAX];
    enum err e = path_of(g, file, path);

    if (e == ERR_OK && (file->copy == NULL || !blob_copy_is_whole(file->copy)))
        e = blob_reader_verify(g->reader, &g->progress);
    if (e != ERR_OK)
        return e;
    e = file->copy == NULL
            ? blob_reader_export(g->reader, path, &g->progress, chosen)
            : blob_copy_export(file->copy, g->reader, &g->progress, chosen);
    if (e != ERR_OK)
        return e;
    file->path = strdup(chosen);
    return file->path == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static void on_work(uv_work_t *work)
{
    struct getting *g = work->data;

    g->err = g->group > 0
                 ? blob_group_write(g->out, g->items, g->group, &g->progress)
                 : write_out(g, &g->files[g->next]);
}

void getting_group_end(struct getting *g)
{
    for (size_t i = 0; i < g->group; i++) {
        struct getting_file *file = &g->files[g->next + i];

        blob_reader_close(g->items[i].reader);
        if (g->next + i < GETTING_SHOWN_MAX)
            file->path = g->items[i].path;
        else
            free(g->items[i].path);
        g->items[i] = (struct blob_group_item){ .reader = NULL };
    }
}

/* Those that were written are behind us. */
static void step_over(struct getting *g)
{
    size_t n = g->group > 0 ? g->group : 1;

    getting_group_end(g);
    getting_copy_end(g, &g->files[g->next]);
    for (size_t i = 0; i < n; i++)
        g->written += g->files[g->next++].blob.size;
    g->next_ms = uv_now(node_loop(g->node));
    g->group = 0;
}

static void on_worked(uv_work_t *work, int status)
{
    struct getting *g = work->data;

    g->working = false;
    blob_reader_close(g->reader);
    g->reader = NULL;
    if (g->cancelled || status < 0)
        g->err = ERR_CANCELLED;
    if (g->err != ERR_OK) {
        getting_fail(g, g->err);
        return;
    }
    step_over(g);
    getting_step(g);
}

/* Opens the small files that are here, from the next one on. */
static enum err gather(struct getting *g)
{
    uint64_t bytes = 0;
    size_t open = 0;
    enum err e = ERR_OK;

    while (e == ERR_OK && g->group < GETTING_GROUP_MAX && open < GROUP_OPEN &&
           bytes < GROUP_BYTES && g->next + g->group < g->count) {
        struct getting_file *file = &g->files[g->next + g->group];
        struct blob_group_item *item = &g->items[g->group];

        if (!getting_is_one_span(file) || !getting_is_whole(g, &file->blob))
            break;
        *item = (struct blob_group_item){ .name = file->name };
        e = blob_reader_open(&item->reader, node_store(g->node), &file->blob,
                             NULL);
        if (e == ERR_OK)
            g->group++;
        open += file->blob.size > BLOB_INLINE_MAX ? 1 : 0;
        bytes += file->blob.size;
    }
    return e;
}

void getting_write_next(struct getting *g)
{
    if (getting_is_one_span(&g->files[g->next]))
        g->err = gather(g);
    else
        g->err = blob_reader_open(&g->reader, node_store(g->node),
                                  &g->files[g->next].blob, NULL);
    if (g->err != ERR_OK) {
        getting_fail(g, g->err);
        return;
    }
    g->working = true;
    (void)uv_queue_work(node_loop(g->node), &g->work, on_work, on_worked);
}
