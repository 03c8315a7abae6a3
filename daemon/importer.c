/*
 * Importing files for a method.  Folders become lists of files first; then
 * files are taken a group at a time: one is read while the one before it is
 * flushed and the one before that committed.  What a group is, and what is done
 * with it on the pool, is import_group.c.
 */
#include "daemon/importer.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/import_group.h"
#include "daemon/import_walk.h"
#include "daemon/job.h"
#include "daemon/quota.h"
#include "daemon/safety.h"

enum {
    /* Threads for one file: while one waits for the disk two others hash.
     * One of the pool's is left to everybody else. */
    HANDS = 3,
    /* Batches that wait for the writer. */
    APPLYING_MAX = 2,
    TICK_MS = 250
};

struct importer {
    uv_timer_t timer;
    uv_work_t work;
    uv_work_t hands[HANDS];
    uv_work_t look; /* for the type, meanwhile */
    uv_work_t flush;
    struct call *call;
    struct job *job; /* ends with the call; NULL: there were too many */
    struct import_list *list;
    importer_fn *done;
    uint8_t topic[ID_LEN];
    struct import_walk walk;
    char *wrong; /* a path of the walk that err is about */
    struct import_source source;
    struct import_group group;   /* it is being read, or waits to be flushed */
    struct import_group flushed; /* it is being flushed */
    bool is_reading;             /* `group` is being read */
    bool is_read;                /* it waits */
    unsigned busy;               /* jobs that work at it */
    unsigned working;            /* jobs on the pool, of both */
    unsigned applying;           /* batches with the writer */
    bool is_asking;              /* for room within the quota */
    uint64_t promised;           /* bytes of it */
    struct blob_progress progress;
    uint64_t started_ms;
    bool called_off; /* by the client, which left, or whoever ended the job */
    size_t failed;   /* the file that err is about */
    enum err err;
};

static void go_on(struct importer *run);

/* ---- The end ------------------------------------------------------------ */

static void on_timer_closed(uv_handle_t *handle)
{
    struct importer *run = handle->data;

    import_walk_wipe(&run->walk);
    free(run->wrong);
    free(run->source.types);
    free(run);
}

static void fail(struct importer *run)
{
    const struct import_list *list = run->list;

    if (run->err == ERR_TOO_LARGE && run->wrong != NULL)
        import_list_fail_many(run->call, list);
    else if (run->err == ERR_USAGE && run->wrong != NULL)
        import_list_fail_name(run->call, run->wrong);
    else if (run->err == ERR_REFUSED && run->wrong != NULL)
        call_fail(run->call, ERR_REFUSED,
                  "the daemon's own folder, with its keys, is no work", NULL);
    else if (run->err == ERR_NO_MEMORY)
        call_fail(run->call, run->err, NULL, NULL);
    else if (run->err == ERR_CANCELLED)
        call_fail(run->call, run->err,
                  "called off before all files were in: nothing is made of "
                  "them",
                  "What was taken in goes after a day, with: troupe gc");
    else
        import_list_fail_file(
            run->call, list,
            run->wrong != NULL ? run->wrong : list->files[run->failed].path,
            run->err);
}

static bool is_at_end(const struct importer *run)
{
    return run->group.first == run->list->count && run->flushed.count == 0;
}

/* Seen by the pool at once, and by the loop when that comes back. */
static void call_off(void *context)
{
    struct importer *run = context;

    run->called_off = true;
    run->progress.cancel = true;
}

/*
 * Who leaves while files are taken in has called it off: what would be made of
 * them, they would not learn of, and would make once more.
 */
static void look_who_waits(struct importer *run)
{
    if (call_client(run->call) == NULL)
        call_off(run);
}

static void show_progress(struct importer *run)
{
    uint64_t ms = uv_now(run->timer.loop) - run->started_ms;
    uint64_t done = run->progress.done;
    uint64_t total = run->progress.total;

    if (run->job != NULL)
        job_progress(run->job, done, total);
    call_progress(run->call, run->job == NULL ? 0 : job_number(run->job), done,
                  total, done / (ms + 1) * 1000);
}

/* Once nothing of it is on the pool or with the writer. */
static void settle(struct importer *run)
{
    struct call *call = run->call;
    struct import_list *list = run->list;
    importer_fn *done = run->done;
    enum err e = run->err;

    if (run->working > 0 || run->applying > 0 || run->is_asking ||
        (e == ERR_OK && !is_at_end(run)))
        return;
    import_group_empty(&run->group);
    import_group_empty(&run->flushed);
    quota_give_back(node_quota(call_node(call)), run->promised);
    if (run->job != NULL) {
        job_progress(run->job, run->progress.done, run->progress.total);
        job_on_cancel(run->job, NULL, NULL);
    }
    if (e != ERR_OK)
        fail(run);
    uv_close((uv_handle_t *)&run->timer, on_timer_closed);
    if (e == ERR_OK)
        done(call, list);
}

/* ---- Into the store ----------------------------------------------------- */

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    struct importer *run = context;

    store_batch_free(batch);
    run->applying--;
    if (run->err == ERR_OK)
        run->err = e;
    go_on(run);
}

/* Taken down here: not held again, whoever brings it. */
static bool is_refused(const struct importer *run, const struct blob_id *blob)
{
    return safety_has(call_node(run->call), LAW_NO_BLOB, blob->root);
}

/* Texts of types are few: those that are equal are one. */
static const char *type_of(struct importer *run, size_t at)
{
    const struct import_list *list = run->list;
    char *copy;

    if (run->source.types == NULL)
        return media_type_of_name(list->files[at].name);
    copy = call_alloc(run->call, MEDIA_TYPE_MAX);
    if (copy == NULL)
        return media_type_of_name(list->files[at].name);
    memcpy(copy, run->source.types[at], MEDIA_TYPE_MAX);
    return copy;
}

static enum err put(struct importer *run, size_t i, struct store_batch *batch)
{
    struct blob_import *import = run->flushed.imports[i];
    size_t at = run->flushed.first + i;
    struct import_file *file = &run->list->files[at];

    run->failed = at;
    blob_import_id(import, &file->blob);
    file->media_type = type_of(run, at);
    if (!is_refused(run, &file->blob))
        return blob_import_put(import, batch);
    blob_import_discard(import);
    return ERR_REFUSED;
}

/* All files of the group are durable: gives them to the writer. */
static void apply_group(struct importer *run)
{
    struct store_batch *batch = NULL;

    if (run->err == ERR_OK)
        run->err = store_batch_new(&batch);
    for (size_t i = 0; i < run->flushed.count && run->err == ERR_OK; i++)
        run->err = put(run, i, batch);
    if (run->err != ERR_OK) {
        store_batch_free(batch);
        return;
    }
    import_group_empty(&run->flushed);
    run->applying++;
    node_apply(call_node(run->call), batch, on_applied, run);
}

/* ---- On the pool -------------------------------------------------------- */

static void queue(struct importer *run, uv_work_t *work, uv_work_cb on_work,
                  uv_after_work_cb on_worked)
{
    work->data = run;
    run->working++;
    (void)uv_queue_work(node_loop(call_node(run->call)), work, on_work,
                        on_worked);
}

/* What the pool came to; what failed before it is told instead. */
static void take_outcome(struct importer *run, int status,
                         const struct import_group *group)
{
    run->working--;
    if (run->err != ERR_OK)
        return;
    run->err = status < 0 ? ERR_CANCELLED : group->err;
    run->failed = group->failed;
}

static void on_flush(uv_work_t *work)
{
    struct importer *run = work->data;

    import_group_flush(&run->flushed);
}

static void on_was_flushed(uv_work_t *work, int status)
{
    struct importer *run = work->data;

    take_outcome(run, status, &run->flushed);
    apply_group(run);
    go_on(run);
}

static void on_hand(uv_work_t *work)
{
    struct importer *run = work->data;

    import_group_work(&run->group, &run->source);
}

static void on_look(uv_work_t *work)
{
    struct importer *run = work->data;

    import_group_look(&run->group, &run->source);
}

static void on_hand_done(uv_work_t *work, int status)
{
    struct importer *run = work->data;

    if (status < 0)
        run->progress.cancel = true;
    run->working--;
    run->is_read = --run->busy == 0;
    go_on(run);
}

static void on_read(uv_work_t *work)
{
    struct importer *run = work->data;

    import_group_read(&run->group, &run->source);
}

static void on_was_read(uv_work_t *work, int status)
{
    struct importer *run = work->data;

    run->is_reading = false;
    take_outcome(run, status, &run->group);
    run->is_read = !run->group.is_long;
    if (run->err == ERR_OK && run->group.is_long) {
        run->busy = HANDS + 1;
        queue(run, &run->look, on_look, on_hand_done);
        for (unsigned i = 0; i < HANDS; i++)
            queue(run, &run->hands[i], on_hand, on_hand_done);
    }
    go_on(run);
}

/* The group that was read makes place for the next one. */
static void flush_next(struct importer *run)
{
    if (!run->is_read || run->flushed.count > 0 ||
        run->applying >= APPLYING_MAX)
        return;
    run->flushed = run->group;
    run->group.first += run->group.count;
    run->group.count = 0;
    run->is_read = false;
    queue(run, &run->flush, on_flush, on_was_flushed);
}

static void read_next(struct importer *run)
{
    /* While it is read, the group is the pool's. */
    if (run->is_reading || run->group.count > 0 ||
        run->group.first == run->list->count)
        return;
    run->is_reading = true;
    queue(run, &run->work, on_read, on_was_read);
}

/* Whatever can be begun now; or the end. */
static void go_on(struct importer *run)
{
    look_who_waits(run);
    if (run->called_off && run->err == ERR_OK)
        run->err = ERR_CANCELLED;
    if (run->err == ERR_OK)
        flush_next(run);
    if (run->err == ERR_OK)
        read_next(run);
    settle(run);
}

/* ---- Folders ------------------------------------------------------------ */

static void on_walk(uv_work_t *work)
{
    struct importer *run = work->data;
    const struct import_list *list = run->list;

    for (size_t i = 0; i < list->count && run->err == ERR_OK; i++) {
        size_t before = run->walk.count;

        run->failed = i;
        run->err = import_walk_add(&run->walk, list->files[i].path,
                                   list->folders, &run->wrong);
        for (size_t k = before; k < run->walk.count; k++)
            run->walk.files[k].role = list->files[i].role;
    }
}

/* The walk's files become the list's. */
static enum err take_walk(struct importer *run)
{
    const struct import_walk *walk = &run->walk;
    struct import_list *list = run->list;
    struct import_file *files =
        call_alloc(run->call, (walk->count + 1) * sizeof *files);

    if (files == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < walk->count; i++) {
        size_t len = strlen(walk->files[i].path) + 1;
        char *copy = call_alloc(run->call, len);

        if (copy == NULL)
            return ERR_NO_MEMORY;
        memcpy(copy, walk->files[i].path, len);
        files[i].path = copy;
        files[i].name = copy + walk->files[i].name_at;
        files[i].role = walk->files[i].role;
    }
    list->files = files;
    list->count = walk->count;
    list->cap = walk->count + 1;
    list->passed_over = walk->passed_over;
    run->progress.total = walk->bytes;
    return ERR_OK;
}

/* There is room for all of it, or not. */
static void on_room(void *context, enum err e)
{
    struct importer *run = context;

    run->is_asking = false;
    if (e == ERR_OK)
        run->promised = run->progress.total;
    else
        run->err = e;
    go_on(run);
}

static void on_walked(uv_work_t *work, int status)
{
    struct importer *run = work->data;

    run->working--;
    if (status < 0 || run->called_off)
        run->err = ERR_CANCELLED;
    if (run->err == ERR_OK)
        run->err = take_walk(run);
    if (run->err == ERR_OK && run->list->count <= IMPORT_LOOKED_INTO) {
        run->source.types =
            calloc(IMPORT_LOOKED_INTO, sizeof *run->source.types);
        if (run->source.types == NULL)
            run->err = ERR_NO_MEMORY;
    }
    if (run->err != ERR_OK || run->list->in_place) {
        go_on(run);
        return;
    }
    run->failed = 0;
    run->is_asking = true;
    quota_ask(node_quota(call_node(run->call)), run->progress.total, on_room,
              run);
}

/* ---- The run ------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
    struct importer *run = timer->data;

    if (node_is_stopping(call_node(run->call)))
        run->progress.cancel = true;
    look_who_waits(run);
    show_progress(run);
}

/* Others see it in the list, too, and may end it. */
static void start_job(struct importer *run)
{
    struct jobs *jobs = desk_jobs(call_desk(run->call));

    run->job =
        job_start_beside(jobs, run->call, "bytes", run->list->files[0].name);
    if (run->job != NULL)
        job_on_cancel(run->job, call_off, run);
}

void importer_run(struct call *call, struct import_list *list,
                  const uint8_t topic[ID_LEN], importer_fn *done)
{
    uv_loop_t *loop = node_loop(call_node(call));
    struct importer *run;

    if (list->count == 0) {
        done(call, list);
        return;
    }
    run = calloc(1, sizeof *run);
    if (run == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    run->call = call;
    run->list = list;
    run->done = done;
    memcpy(run->topic, topic, ID_LEN);
    run->source = (struct import_source){
        .store = node_store(call_node(call)),
        .list = list,
        .topic = run->topic,
        .progress = &run->progress,
    };
    run->started_ms = uv_now(loop);
    import_walk_init(&run->walk, list->max, node_home(call_node(call))->data);
    (void)uv_timer_init(loop, &run->timer);
    run->timer.data = run;
    (void)uv_timer_start(&run->timer, on_timer, TICK_MS, TICK_MS);
    start_job(run);
    queue(run, &run->work, on_walk, on_walked);
}
