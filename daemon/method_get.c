/*
 * Getting the files of a record: what is missing is wanted and awaited, then
 * each file is checked against its root and written out.  A job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/commits.h"
#include "daemon/in_place.h"
#include "daemon/job.h"
#include "daemon/manifest.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/quota.h"
#include "daemon/transfer.h"
#include "store/blob_copy.h"
#include "store/blob_group.h"

enum {
    COPIES_MAX = 8,   /* written while they come: each is open, twice */
    GROUP_MAX = 800,  /* small ones, written together */
    GROUP_OPEN = 128, /* of them, those that are files here: each is open */
    WANTING_MAX = 500,
    LOOKED_AT_MAX = 2000, /* in one turn of the loop */
    SHOWN_MAX = 128,      /* in the answer */
    TICK_MS = 250,
    STALL_MS = 1000, /* the next file waits, others do not wait for it */
    SOON_MS = 5
};

/* What is written and not flushed, and the last file of the group besides. */
#define GROUP_BYTES ((uint64_t)32 << 20)

struct getting_file {
    struct blob_id blob;
    const char *name;
    size_t place;           /* in the record */
    char *path;             /* where it went, of the first SHOWN_MAX */
    struct blob_copy *copy; /* written while the file comes, or NULL */
    bool is_ours;           /* nothing else here wanted it */
    enum keep_pin pin;      /* before, of what is ours */
};

struct getting {
    struct node_listener listener; /* first: on_event casts back */
    struct getting *behind;        /* among those that run */
    uv_work_t work;
    uv_timer_t timer;
    struct node *node;
    struct job *job;
    uint8_t topic[ID_LEN];
    char out[BLOB_PATH_MAX];
    struct manifest manifest; /* owns the names */
    struct getting_file *files;
    size_t count;
    uint64_t bytes; /* of all files */
    uint64_t written;
    size_t wanted;    /* files whose want was put */
    size_t wanting;   /* of those, not durable yet */
    size_t next;      /* the file to be written next */
    uint64_t next_ms; /* since when; monotonic */
    size_t copies;    /* open */
    uint64_t missing; /* bytes to come, at the beginning */
    struct blob_reader *reader;
    struct blob_group_item *items; /* GROUP_MAX of them */
    size_t group;                  /* being written; 0: a file by itself */
    struct blob_progress progress;
    bool cancelled;
    bool ended;
    bool working;
    enum err err;
};

static struct getting *under_way; /* the loop alone comes here */

static void getting_step(struct getting *g);
static void on_timer(uv_timer_t *timer);

static void getting_free(struct getting *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; g->files != NULL && i < g->count; i++)
        free(g->files[i].path);
    manifest_wipe(&g->manifest);
    free(g->items);
    free(g->files);
    free(g);
}

static void on_timer_closed(uv_handle_t *handle)
{
    getting_free(handle->data);
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

/* What was written in a group, or was to be. */
static void group_end(struct getting *g)
{
    for (size_t i = 0; i < g->group; i++) {
        struct getting_file *file = &g->files[g->next + i];

        blob_reader_close(g->items[i].reader);
        if (g->next + i < SHOWN_MAX)
            file->path = g->items[i].path;
        else
            free(g->items[i].path);
        g->items[i] = (struct blob_group_item){ .reader = NULL };
    }
}

static void getting_end(struct getting *g)
{
    struct getting **at = &under_way;

    while (*at != g)
        at = &(*at)->behind;
    *at = g->behind;
    group_end(g);
    g->group = 0;
    for (size_t i = g->next; i < g->count; i++)
        copy_end(g, &g->files[i]);
    node_unsubscribe(g->node, &g->listener);
    blob_reader_close(g->reader);
    g->ended = true;
    uv_close((uv_handle_t *)&g->timer, on_timer_closed);
}

static bool is_whole(struct getting *g, const struct blob_id *blob)
{
    struct blob_info info;

    return blobs_find(node_store(g->node), blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL &&
           blobs_held_for(node_store(g->node), blob, g->topic);
}

/* --- nobody waits for it any more --- */

struct letting_go {
    struct node *node;
    uint8_t topic[ID_LEN];
};

static int by_blob(const void *a, const void *b)
{
    const struct getting_file *x = a;
    const struct getting_file *y = b;

    return blob_id_compare(&x->blob, &y->blob);
}

/* What another one waits for, too, is that one's from now on. */
static void hand_over(struct getting *g, struct getting *other)
{
    for (size_t i = other->next; i < other->wanted; i++) {
        struct getting_file *theirs = &other->files[i];
        struct getting_file *ours =
            bsearch(theirs, g->files + g->next, g->count - g->next,
                    sizeof *g->files, by_blob);

        if (ours == NULL || !ours->is_ours)
            continue;
        theirs->is_ours = true;
        theirs->pin = ours->pin;
        ours->is_ours = false;
    }
}

/* The policy of the topic may want it all the same. */
static void on_let_go(void *context, enum err e,
                      const struct store_result *result)
{
    struct letting_go *l = context;

    (void)result;
    if (e == ERR_OK && !node_is_stopping(l->node))
        transfer_topic_changed(node_transfer(l->node), l->topic);
    free(l);
}

/* Takes back the pin, then the want; the last one has `l` told. */
static enum err let_go(struct getting *g, const struct getting_file *file,
                       struct letting_go *l)
{
    struct commits *commits = node_commits(g->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = keep_put_pin(batch, &file->blob, g->topic, file->pin);
    if (e == ERR_OK) {
        commits_expect(commits, NULL, NULL);
        e = commits_batch(commits, &batch);
    }
    if (e == ERR_OK)
        e = store_batch_unwant(batch, &file->blob, g->topic);
    if (e == ERR_OK) {
        commits_expect(commits, l == NULL ? NULL : on_let_go, l);
        transfer_give_up(node_transfer(g->node), &file->blob, g->topic);
    }
    return e;
}

/* What this one alone asked for does not come after it was cancelled. */
static void let_all_go(struct getting *g)
{
    struct letting_go *l = calloc(1, sizeof *l);
    const struct getting_file *last = NULL;
    enum err e = l == NULL ? ERR_NO_MEMORY : ERR_OK;

    qsort(g->files + g->next, g->count - g->next, sizeof *g->files, by_blob);
    for (struct getting *other = under_way; other != NULL;
         other = other->behind)
        if (other != g && memcmp(other->topic, g->topic, ID_LEN) == 0)
            hand_over(g, other);
    for (size_t i = g->next; e == ERR_OK && i < g->count; i++) {
        if (!g->files[i].is_ours || is_whole(g, &g->files[i].blob))
            continue;
        if (last != NULL)
            e = let_go(g, last, NULL);
        last = &g->files[i];
    }
    if (e == ERR_OK && last != NULL) {
        l->node = g->node;
        memcpy(l->topic, g->topic, ID_LEN);
        e = let_go(g, last, l);
    }
    if (e != ERR_OK || last == NULL)
        free(l); /* without memory it comes all the same */
}

static void getting_fail(struct getting *g, enum err e)
{
    char where[BLOB_PATH_MAX + 32];
    const char *hint =
        e == ERR_NO_SPACE ? "Free some space, then run the command again."
        : e == ERR_QUOTA
            ? "Raise quota below [node] in troupe.conf, or make room with: "
              "troupe drop RECORD"
        : e == ERR_CORRUPT ? "Mend it with: troupe verify --data --repair"
        : e == ERR_BAD_BLOB
            ? "The copy on this disk is damaged: troupe verify --data"
        : e == ERR_CHANGED ? IN_PLACE_HINT
        : e == ERR_NOT_FOUND
            ? "Check that the folder that is to hold it is there and yours."
            : NULL;

    if (g->cancelled && !job_is_closing(g->job))
        let_all_go(g);
    if (e == ERR_CHANGED)
        in_place_look(g->node, &g->files[g->next].blob);
    (void)snprintf(where, sizeof where, "cannot write to %s", g->out);
    job_fail(g->job, e, e == ERR_NOT_FOUND ? where : NULL, hint);
    getting_end(g);
}

static int by_place(const void *a, const void *b)
{
    const struct getting_file *x = a;
    const struct getting_file *y = b;

    return x->place < y->place ? -1 : x->place > y->place;
}

static void getting_done(struct getting *g)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    if (g->count <= SHOWN_MAX)
        qsort(g->files, g->count, sizeof *g->files, by_place);
    mp_put_map(&w, 3);
    pair_uint(&w, "count", g->count);
    pair_uint(&w, "bytes", g->bytes);
    pair_array(&w, "files",
               (uint32_t)(g->count < SHOWN_MAX ? g->count : SHOWN_MAX));
    for (size_t i = 0; i < g->count && i < SHOWN_MAX; i++) {
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

/* Bytes of files that are written, and of what the next ones have. */
static void getting_tell(struct getting *g)
{
    uint64_t done = g->written;

    for (size_t i = g->next; i < g->count && i < g->next + COPIES_MAX; i++)
        done += node_blob_progress(g->node, &g->files[i].blob);
    job_progress(g->job, done > g->bytes ? g->bytes : done, g->bytes);
}

/* Of one span: read into memory, and written with others. */
static bool is_one_span(const struct getting_file *file)
{
    return file->blob.size <= BLOB_SPAN_LEN;
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

        if (file->copy != NULL || is_one_span(file) ||
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

/* Those that were written are behind us. */
static void step_over(struct getting *g)
{
    size_t n = g->group > 0 ? g->group : 1;

    group_end(g);
    copy_end(g, &g->files[g->next]);
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

    while (e == ERR_OK && g->group < GROUP_MAX && open < GROUP_OPEN &&
           bytes < GROUP_BYTES && g->next + g->group < g->count) {
        struct getting_file *file = &g->files[g->next + g->group];
        struct blob_group_item *item = &g->items[g->group];

        if (!is_one_span(file) || !is_whole(g, &file->blob))
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

static void write_next(struct getting *g)
{
    if (is_one_span(&g->files[g->next]))
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

/* --- waiting for what is missing --- */

static void on_wanted(void *context, enum err e)
{
    struct getting *g = context;

    if (e != ERR_OK && e != ERR_EXISTS && g->err == ERR_OK)
        g->err = e;
    if (--g->wanting > 0)
        return;
    g->working = false;
    if (g->err != ERR_OK)
        getting_fail(g, g->err);
    else
        getting_step(g);
}

/* What was asked for is kept until it is dropped. */
static enum err pin(struct getting *g, const struct blob_id *blob)
{
    struct commits *commits = node_commits(g->node);
    struct store_batch *batch;
    enum err e = commits_batch(commits, &batch);

    if (e == ERR_OK)
        e = keep_put_pin(batch, blob, g->topic, KEEP_PIN_ASKED);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    return e;
}

/* Wants what is missing, some hundred at once; false if it has to go on. */
static bool want_some(struct getting *g)
{
    size_t begun = g->wanted;
    struct store_want want;

    g->wanting = 1; /* ours: some may be answered at once */
    while (g->wanted < g->count && g->wanting <= WANTING_MAX &&
           g->wanted - begun < LOOKED_AT_MAX) {
        struct getting_file *file = &g->files[g->wanted++];

        file->pin = keep_pin_of(node_store(g->node), &file->blob, g->topic);
        if (g->err == ERR_OK)
            g->err = pin(g, &file->blob);
        if (is_whole(g, &file->blob))
            continue;
        file->is_ours = store_want_find(node_store(g->node), &file->blob,
                                        g->topic, &want) == ERR_NOT_FOUND;
        g->working = true;
        g->wanting++;
        node_want_blob(g->node, &file->blob, g->topic, on_wanted, g);
    }
    if (--g->wanting == 0)
        g->working = false;
    return g->wanting == 0 && g->wanted == g->count;
}

static void soon(struct getting *g, uint64_t ms)
{
    if (uv_timer_get_due_in(&g->timer) > ms)
        (void)uv_timer_start(&g->timer, on_timer, ms, TICK_MS);
}

/*
 * The next file may be long in coming, or never come: those behind it that are
 * here are written before it.
 */
static bool bring_forward(struct getting *g)
{
    size_t end =
        g->count - g->next > LOOKED_AT_MAX ? g->next + LOOKED_AT_MAX : g->count;
    size_t front = g->next;

    if (uv_now(node_loop(g->node)) - g->next_ms < STALL_MS)
        return false;
    for (size_t i = g->next; i < end; i++) {
        struct getting_file file = g->files[i];

        if (!is_whole(g, &file.blob))
            continue;
        g->files[i] = g->files[front];
        g->files[front++] = file;
    }
    g->next_ms = uv_now(node_loop(g->node)); /* not at each turn */
    return front > g->next;
}

/* Wants each file, then writes each that is whole, in order if that can be. */
static void getting_step(struct getting *g)
{
    if (g->working || g->ended)
        return;
    if (g->cancelled || g->err != ERR_OK) {
        getting_fail(g, g->cancelled ? ERR_CANCELLED : g->err);
        return;
    }
    copies_begin(g);
    if (g->wanted < g->count && !want_some(g)) {
        if (!g->working)
            soon(g, 1);
        return;
    }
    getting_tell(g);
    if (g->next == g->count)
        getting_done(g);
    else if (is_whole(g, &g->files[g->next].blob) || bring_forward(g))
        write_next(g);
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct getting *g = (struct getting *)listener;

    if (event->type != NODE_EVENT_BLOB)
        return;
    if (g->count > 1) /* many come at once, and are written so */
        soon(g, SOON_MS);
    else
        getting_step(g);
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

static void on_room(void *context, enum err e)
{
    struct getting *g = context;

    g->working = false;
    if (e != ERR_OK) {
        getting_fail(g, e);
        return;
    }
    quota_give_back(node_quota(g->node), g->missing); /* the fetches take it */
    getting_step(g);
}

static void on_followed(void *context, enum err e)
{
    struct getting *g = context;

    if (e != ERR_OK) {
        g->working = false;
        getting_fail(g, e);
        return;
    }
    /* Without a quota it need not be known. */
    for (size_t i = 0; i < g->count && node_config(g->node)->quota_bytes != 0;
         i++) {
        struct blob_info info = { .have_bytes = 0 };

        if (blobs_find(node_store(g->node), &g->files[i].blob, &info) != ERR_OK)
            info.have_bytes = 0;
        g->missing += g->files[i].blob.size - info.have_bytes;
    }
    quota_ask(node_quota(g->node), g->missing, on_room, g);
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

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void on_prepare(uv_work_t *work)
{
    struct getting *g = work->data;

    g->err =
        mkdir(g->out, 0777) < 0 && !is_folder(g->out) ? ERR_NOT_FOUND : ERR_OK;
    for (size_t i = 0; i < g->count && g->err == ERR_OK; i++)
        if (!is_one_span(&g->files[i]) && strchr(g->files[i].name, '/') != NULL)
            g->err = blob_group_make_folders(g->out, g->files[i].name);
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

/* Folders are made first: they are where files begin to be written. */
static void getting_begin(struct getting *g)
{
    g->working = true;
    (void)uv_queue_work(node_loop(g->node), &g->work, on_prepare, on_prepared);
}

/* --- the method --- */

/* What is asked for, as the job's own list. */
static enum err take_files(struct getting *g)
{
    g->files = calloc(g->manifest.count, sizeof *g->files);
    g->items = calloc(GROUP_MAX, sizeof *g->items);
    if (g->files == NULL || g->items == NULL)
        return ERR_NO_MEMORY;
    g->count = g->manifest.count;
    for (size_t i = 0; i < g->count; i++) {
        g->files[i].blob = g->manifest.files[i].blob;
        g->files[i].name = g->manifest.files[i].name;
        g->files[i].place = i;
        g->bytes += g->files[i].blob.size;
    }
    return ERR_OK;
}

/* Reads the record's files into a new job's state; else fails the call. */
static struct getting *getting_new(struct call *call)
{
    struct getting *g = calloc(1, sizeof *g);
    const char *out = call_text(call, "out");
    struct store_item item;
    enum err e = ERR_NO_MEMORY;

    if (g == NULL)
        goto fail;
    if (!param_record(call, "record", PARAM_READS, &item) ||
        !param_is_shown(call, &item))
        goto answered;
    e = ERR_USAGE;
    if (out == NULL || out[0] != '/' || strlen(out) >= sizeof g->out)
        goto fail;
    memcpy(g->out, out, strlen(out) + 1);
    memcpy(g->topic, item.topic, ID_LEN);
    e = manifest_read(&g->manifest, node_store(call_node(call)), item.seq,
                      mp_str(call_param(call, "file")));
    if (e == ERR_OK)
        e = take_files(g);
    if (e != ERR_OK)
        goto fail;
    for (size_t i = 0; i < g->count; i++)
        if (!param_may_hold(call, &g->files[i].blob))
            goto answered;
    return g;
fail:
    param_fail_files(call, e);
answered:
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
    g->behind = under_way;
    under_way = g;
    g->listener.on_event = on_event;
    g->work.data = g;
    (void)uv_timer_init(node_loop(node), &g->timer);
    g->timer.data = g;
    (void)uv_timer_start(&g->timer, on_timer, TICK_MS, TICK_MS);
    g->next_ms = uv_now(node_loop(node));
    node_subscribe(node, &g->listener);
    job_on_cancel(g->job, on_cancel, g);
    getting_begin(g);
}
