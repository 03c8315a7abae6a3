/*
 * Getting the files of a record: what is missing is wanted and awaited, then
 * each file is checked against its root and written out.  A job.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/job.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "proto/kind.h"
#include "proto/record_files.h"
#include "store/blob_copy.h"

/* Files that are written while they come: each is open, twice. */
enum { FILES_MAX = 300, COPIES_MAX = 8, TICK_MS = 250 };

struct getting_file {
    struct blob_id blob;
    char name[256];
    char path[BLOB_PATH_MAX]; /* where it went */
    struct blob_copy *copy;   /* written while the file comes, or NULL */
};

struct getting {
    struct node_listener listener; /* first: on_event casts back */
    uv_work_t work;
    uv_timer_t timer;
    struct node *node;
    struct job *job;
    uint8_t topic[ID_LEN];
    char out[BLOB_PATH_MAX];
    struct getting_file *files;
    size_t count;
    size_t wanted; /* files whose want has been made durable */
    size_t next;   /* the file to be written next */
    size_t copies; /* open */
    struct blob_reader *reader;
    struct blob_progress progress;
    bool cancelled;
    bool ended;
    bool working;
    enum err err;
};

static void getting_step(struct getting *g);

static void on_timer_closed(uv_handle_t *handle)
{
    struct getting *g = handle->data;

    free(g->files);
    free(g);
}

static void copy_end(struct getting *g, struct getting_file *file)
{
    if (file->copy == NULL)
        return;
    node_copy_end(g->node, file->copy);
    blob_copy_unref(file->copy);
    file->copy = NULL;
    g->copies--;
}

static void getting_end(struct getting *g)
{
    for (size_t i = g->next; i < g->count; i++)
        copy_end(g, &g->files[i]);
    node_unsubscribe(g->node, &g->listener);
    blob_reader_close(g->reader);
    g->ended = true;
    uv_close((uv_handle_t *)&g->timer, on_timer_closed);
}

static void getting_fail(struct getting *g, enum err e)
{
    const char *hint =
        e == ERR_NO_SPACE  ? "Free some space, then run the command again."
        : e == ERR_CORRUPT ? "Mend it with: troupe verify --data --repair"
        : e == ERR_BAD_BLOB
            ? "The copy on this disk is damaged: troupe verify --data"
            : NULL;

    job_fail(g->job, e, NULL, hint);
    getting_end(g);
}

static void getting_done(struct getting *g)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    mp_put_map(&w, 1);
    pair_array(&w, "files", (uint32_t)g->count);
    for (size_t i = 0; i < g->count; i++) {
        mp_put_map(&w, 4);
        pair_text(&w, "path", g->files[i].path);
        pair_id(&w, "root", g->files[i].blob.root);
        pair_uint(&w, "size", g->files[i].blob.size);
        pair_bool(&w, "verified", true);
    }
    job_done(g->job, writer_view(&w));
    writer_free(&w);
    getting_end(g);
}

/* Bytes of all files that are here, or checked and written. */
static void getting_tell(struct getting *g)
{
    uint64_t done = 0;
    uint64_t total = 0;

    for (size_t i = 0; i < g->count; i++) {
        total += g->files[i].blob.size;
        done += i < g->next ? g->files[i].blob.size
                            : node_blob_progress(g->node, &g->files[i].blob);
    }
    job_progress(g->job, done > total ? total : done, total);
}

static bool is_whole(struct getting *g, const struct blob_id *blob)
{
    struct blob_info info;

    return blobs_find(node_store(g->node), blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL &&
           blobs_held_for(node_store(g->node), blob, g->topic);
}

/* --- writing a file out --- */

static enum err path_of(const struct getting *g,
                        const struct getting_file *file,
                        char path[BLOB_PATH_MAX])
{
    int n = snprintf(path, BLOB_PATH_MAX, "%s/%s", g->out, file->name);

    return n < 0 || n >= BLOB_PATH_MAX ? ERR_USAGE : ERR_OK;
}

/*
 * The next files are written while they come.  Where that cannot be, they are
 * written afterwards: so no error matters here.
 */
static void copies_begin(struct getting *g)
{
    for (size_t i = g->next; i < g->count && g->copies < COPIES_MAX; i++) {
        struct getting_file *file = &g->files[i];
        char path[BLOB_PATH_MAX];

        if (file->copy != NULL || file->blob.size < BLOB_SPAN_LEN ||
            is_whole(g, &file->blob) || path_of(g, file, path) != ERR_OK ||
            blob_copy_new(&file->copy, &file->blob, path) != ERR_OK)
            continue;
        g->copies++;
        if (node_copy_begin(g->node, file->copy) != ERR_OK)
            copy_end(g, file);
    }
}

/* What came span by span was checked so; all else is once more. */
static enum err write_out(struct getting *g, struct getting_file *file)
{
    char path[BLOB_PATH_MAX];
    enum err e = path_of(g, file, path);

    if (e == ERR_OK && (file->copy == NULL || !blob_copy_is_whole(file->copy)))
        e = blob_reader_verify(g->reader, &g->progress);
    if (e != ERR_OK)
        return e;
    return file->copy == NULL
               ? blob_reader_export(g->reader, path, &g->progress, file->path)
               : blob_copy_export(file->copy, g->reader, &g->progress,
                                  file->path);
}

static void on_work(uv_work_t *work)
{
    struct getting *g = work->data;

    g->err = write_out(g, &g->files[g->next]);
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
    copy_end(g, &g->files[g->next]);
    g->next++;
    getting_step(g);
}

static void write_next(struct getting *g)
{
    g->err = blob_reader_open(&g->reader, node_store(g->node),
                              &g->files[g->next].blob, NULL);
    if (g->err != ERR_OK) {
        getting_fail(g, g->err);
        return;
    }
    g->working = true;
    (void)uv_queue_work(node_loop(g->node), &g->work, on_work, on_worked);
}

/* --- waiting for what is missing --- */

static void on_wanted(void *context, enum err e)
{
    struct getting *g = context;

    g->working = false;
    if (e != ERR_OK && e != ERR_EXISTS) {
        getting_fail(g, e);
        return;
    }
    g->wanted++;
    getting_step(g);
}

/* Wants each file, then writes each that is whole, in order. */
static void getting_step(struct getting *g)
{
    if (g->working || g->ended)
        return;
    if (g->cancelled) {
        getting_fail(g, ERR_CANCELLED);
        return;
    }
    copies_begin(g);
    while (g->wanted < g->count && is_whole(g, &g->files[g->wanted].blob))
        g->wanted++;
    if (g->wanted < g->count) {
        g->working = true;
        node_want_blob(g->node, &g->files[g->wanted].blob, g->topic, on_wanted,
                       g);
        return;
    }
    getting_tell(g);
    if (g->next == g->count)
        getting_done(g);
    else if (is_whole(g, &g->files[g->next].blob))
        write_next(g);
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    if (event->type == NODE_EVENT_BLOB)
        getting_step((struct getting *)listener);
}

static void on_timer(uv_timer_t *timer)
{
    struct getting *g = timer->data;

    if (!g->ended)
        getting_step(g); /* and tells how far it is */
}

static void on_cancel(void *context)
{
    struct getting *g = context;

    g->cancelled = true;
    atomic_store(&g->progress.cancel, true);
    if (!g->working)
        getting_fail(g, ERR_CANCELLED);
}

static void on_followed(void *context, enum err e)
{
    struct getting *g = context;

    g->working = false;
    if (e != ERR_OK)
        getting_fail(g, e);
    else
        getting_step(g);
}

/* A topic must be held before its blobs may be asked for. */
static void getting_follow(struct getting *g)
{
    struct store_follow follow = { .policy = STORE_POLICY_FOLLOW,
                                   .since_ms = node_clock_ms(g->node) };
    struct store_follow before;

    memcpy(follow.topic, g->topic, ID_LEN);
    g->working = true;
    if (store_follow_find(node_store(g->node), g->topic, &before) == ERR_OK)
        on_followed(g, ERR_OK);
    else
        node_follow(g->node, &follow, on_followed, g);
}

static void on_prepare(uv_work_t *work)
{
    struct getting *g = work->data;

    g->err =
        mkdir(g->out, 0777) < 0 && errno != EEXIST ? ERR_NOT_FOUND : ERR_OK;
}

static void on_prepared(uv_work_t *work, int status)
{
    struct getting *g = work->data;

    g->working = false;
    if (g->cancelled || status < 0)
        g->err = ERR_CANCELLED;
    if (g->err != ERR_OK)
        getting_fail(g, g->err);
    else
        getting_follow(g);
}

/* The folder is made first: it is where files begin to be written. */
static void getting_begin(struct getting *g)
{
    g->working = true;
    (void)uv_queue_work(node_loop(g->node), &g->work, on_prepare, on_prepared);
}

/* --- the method --- */

/* Files of the record, or the one that is named; their number. */
static enum err list_files(struct getting_file *files, size_t *count,
                           struct bytes whole, struct bytes only)
{
    struct record_file file;
    struct record_files it;
    struct record r;
    enum err e = record_decode(&r, whole);

    *count = 0;
    if (e == ERR_OK)
        e = record_files_open(&it, &r);
    if (e != ERR_OK)
        return e;
    while (*count < FILES_MAX && record_files_next(&it, &file)) {
        struct getting_file *at = &files[*count];

        if ((only.len > 0 && !bytes_equal(only, file.name)) ||
            file.name.len == 0 || file.name.len >= sizeof at->name ||
            memchr(file.name.data, '/', file.name.len) != NULL ||
            !kind_is_line(file.name) ||
            bytes_equal(file.name, BYTES_LITERAL("..")) ||
            bytes_equal(file.name, BYTES_LITERAL(".")))
            continue; /* a peer's name neither leaves the folder nor lies */
        at->blob = file.blob;
        memcpy(at->name, file.name.data, file.name.len);
        at->name[file.name.len] = '\0';
        (*count)++;
    }
    record_files_close(&it);
    return *count == 0 ? ERR_NOT_FOUND : ERR_OK;
}

static void getting_free(struct getting *g)
{
    if (g != NULL)
        free(g->files);
    free(g);
}

/* Reads the record's files into a new job's state; else fails the call. */
static struct getting *getting_new(struct call *call)
{
    struct getting *g = calloc(1, sizeof *g);
    struct writer record = writer_growing(RECORD_LEN_MAX);
    const char *out = call_text(call, "out");
    struct store_item item;
    enum err e = ERR_NO_MEMORY;

    if (g != NULL)
        g->files = calloc(FILES_MAX, sizeof *g->files);
    if (g == NULL || g->files == NULL)
        goto fail;
    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_is_shown(call, &item))
        goto answered;
    e = ERR_USAGE;
    if (out == NULL || out[0] != '/' || strlen(out) >= sizeof g->out)
        goto fail;
    memcpy(g->out, out, strlen(out) + 1);
    memcpy(g->topic, item.topic, ID_LEN);
    e = store_read_seq(node_store(call_node(call)), item.seq, false, &record,
                       NULL);
    if (e == ERR_OK)
        e = list_files(g->files, &g->count, writer_view(&record),
                       mp_str(call_param(call, "file")));
    if (e != ERR_OK)
        goto fail;
    for (size_t i = 0; i < g->count; i++)
        if (!param_may_hold(call, &g->files[i].blob))
            goto answered;
    writer_free(&record);
    return g;
fail:
    call_fail(call, e,
              e == ERR_NOT_FOUND ? "this record has no file of that name"
                                 : NULL,
              NULL);
answered:
    writer_free(&record);
    getting_free(g);
    return NULL;
}

void method_get(struct call *call)
{
    struct node *node = call_node(call);
    struct desk *desk = call_desk(call);
    struct getting *g = getting_new(call);
    char what[JOB_WHAT_MAX];

    if (g == NULL)
        return;
    (void)snprintf(what, sizeof what, "get %.100s", g->files[0].name);
    g->job = job_start(desk_jobs(desk), call, "bytes", what);
    if (g->job == NULL) {
        getting_free(g);
        return;
    }
    g->node = node;
    g->listener.on_event = on_event;
    g->work.data = g;
    (void)uv_timer_init(node_loop(node), &g->timer);
    g->timer.data = g;
    (void)uv_timer_start(&g->timer, on_timer, TICK_MS, TICK_MS);
    node_subscribe(node, &g->listener);
    job_on_cancel(g->job, on_cancel, g);
    getting_begin(g);
}
