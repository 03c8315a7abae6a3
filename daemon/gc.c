/*
 * A round goes through the rows of what is held, then those of pins, then the
 * folders of files, a page or a folder a step, and waits between steps when
 * nobody waits for it.
 */
#include "daemon/gc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commits.h"
#include "daemon/elsewhere.h"
#include "daemon/in_place.h"
#include "daemon/log.h"
#include "daemon/quota.h"
#include "daemon/transfer.h"

enum {
    PAGE = 256,
    ORPHANS = 256,
    /* Between steps of a round of its own: 1 % of the time at most. */
    PAUSE_MS = 1000,
    ROUND_MS = 6 * 3600 * 1000
};

enum phase { GC_RESTS, GC_ROWS, GC_PINS, GC_FILES };

struct gc {
    struct node *node;
    uv_timer_t timer;
    uv_work_t work;
    enum phase phase;
    bool is_watched;
    struct gc_watch watch;
    uint64_t last_ms; /* when a round last began, on the wall clock */
    bool is_busy;     /* a batch or the pool is at it */
    bool is_stopping;
    bool is_cancelled;
    bool has_row;
    struct keep_row row; /* gone through up to this one */
    unsigned folder;
    size_t count; /* of findings or orphans of this step */
    struct gc_finding findings[PAGE];
    struct keep_orphan orphans[ORPHANS];
    enum err err; /* of the pool */
    uint64_t collected;
};

static void on_timer(uv_timer_t *timer);
static void next_step(struct gc *gc);

enum err gc_open(struct gc **out, struct node *node)
{
    struct gc *gc = calloc(1, sizeof *gc);

    if (gc == NULL)
        return ERR_NO_MEMORY;
    gc->node = node;
    gc->work.data = gc;
    gc->last_ms = node_clock_ms(node);
    (void)uv_timer_init(node_loop(node), &gc->timer);
    gc->timer.data = gc;
    *out = gc;
    return ERR_OK;
}

bool gc_is_idle(const struct gc *gc)
{
    return !gc->is_busy;
}

void gc_free(struct gc *gc)
{
    free(gc);
}

/* ---- The round ---------------------------------------------------------- */

static void end_round(struct gc *gc, enum err e)
{
    struct gc_watch watch = gc->watch;
    bool is_watched = gc->is_watched;

    if (gc->collected > 0 || e != ERR_OK)
        log_event(LOG_LEVEL_INFO, "gc", "round", "collected=%llu why=%s",
                  (unsigned long long)gc->collected, err_name(e));
    gc->phase = GC_RESTS;
    gc->is_watched = false;
    (void)uv_timer_stop(&gc->timer);
    if (is_watched)
        watch.done(watch.context, e);
}

void gc_shutdown(struct gc *gc)
{
    gc->is_stopping = true;
    if (!gc->is_busy && gc->phase != GC_RESTS)
        end_round(gc, ERR_SHUTDOWN);
    uv_close((uv_handle_t *)&gc->timer, NULL);
}

static void begin_round(struct gc *gc)
{
    gc->phase = GC_ROWS;
    gc->has_row = false;
    gc->folder = 0;
    gc->collected = 0;
    gc->is_cancelled = false;
    gc->last_ms = node_clock_ms(gc->node);
    next_step(gc);
}

static void next_step(struct gc *gc)
{
    uint64_t wait = gc->is_watched ? 1 : PAUSE_MS;

    if (gc->is_stopping)
        end_round(gc, ERR_SHUTDOWN);
    else if (gc->is_cancelled)
        end_round(gc, ERR_CANCELLED);
    else
        (void)uv_timer_start(&gc->timer, on_timer, wait, 0);
}

void gc_tick(struct gc *gc)
{
    uint64_t now = node_clock_ms(gc->node);

    if (gc->is_stopping || gc->phase != GC_RESTS)
        return;
    if (now < gc->last_ms) /* the clock was put back */
        gc->last_ms = now;
    if (now - gc->last_ms >= ROUND_MS)
        begin_round(gc);
}

enum err gc_run(struct gc *gc, const struct gc_watch *watch)
{
    if (gc->is_stopping)
        return ERR_SHUTDOWN;
    if (gc->is_watched)
        return ERR_BUSY;
    gc->is_watched = true;
    gc->watch = *watch;
    if (!gc->is_busy)
        begin_round(gc); /* anew: the owner wants to see all of it */
    else
        gc->phase = GC_RESTS; /* when that has come back */
    return ERR_OK;
}

void gc_cancel(struct gc *gc)
{
    gc->is_cancelled = true;
}

/* ---- Steps -------------------------------------------------------------- */

static bool is_dry(const struct gc *gc)
{
    return gc->is_watched && gc->watch.dry;
}

static void tell(struct gc *gc, const struct gc_finding *finding)
{
    gc->collected++;
    if (gc->is_watched)
        gc->watch.found(gc->watch.context, finding);
}

/* What came back belongs to a round that was given up for another. */
static bool is_overtaken(struct gc *gc)
{
    gc->is_busy = false;
    if (gc->phase != GC_RESTS)
        return false;
    if (gc->is_stopping)
        end_round(gc, ERR_SHUTDOWN);
    else
        begin_round(gc);
    return true;
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    struct gc *gc = context;

    for (size_t i = 0; e == ERR_OK && i < gc->count; i++)
        if (store_batch_result(batch, i)->removed > 0 && gc->phase != GC_RESTS)
            tell(gc, &gc->findings[i]);
    store_batch_free(batch);
    if (is_overtaken(gc))
        return;
    if (e != ERR_OK)
        end_round(gc, e);
    else
        next_step(gc);
}

/* Gives the step's operations to the writer, or tells what they would be. */
static void conclude_step(struct gc *gc, struct store_batch *batch, enum err e)
{
    if (e == ERR_OK && gc->count > 0 && !is_dry(gc)) {
        gc->is_busy = true;
        commits_give(node_commits(gc->node), batch, on_applied, gc);
        return;
    }
    store_batch_free(batch);
    for (size_t i = 0; e == ERR_OK && i < gc->count; i++)
        tell(gc, &gc->findings[i]);
    if (e != ERR_OK)
        end_round(gc, e);
    else
        next_step(gc);
}

static uint64_t grace_before(const struct gc *gc)
{
    uint64_t now = node_clock_ms(gc->node);

    return now < GC_GRACE_MS ? 0 : now - GC_GRACE_MS;
}

static bool is_named(const struct gc *gc, const struct keep_row *row)
{
    uint64_t seq;
    size_t n = 0;
    enum err e = keep_named_by(node_store(gc->node), row->topic, &row->info.id,
                               0, &seq, 1, &n);

    return e != ERR_OK || n > 0; /* what cannot be read stays */
}

/* Somebody has gained standing, or lost it, since the blob came. */
static enum err mark(struct gc *gc, const struct keep_row *row)
{
    struct commits *commits = node_commits(gc->node);
    bool is_strangers =
        quota_is_strangers(node_quota(gc->node), &row->info.id, row->topic);
    struct store_follow follow;
    struct store_batch *batch;
    enum err e;

    if (store_follow_find(node_store(gc->node), row->topic, &follow) !=
            ERR_OK ||
        (follow.policy == STORE_POLICY_FOLLOW &&
         !store_follow_shares(&follow)) ||
        is_strangers == row->is_strangers)
        return ERR_OK;
    e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = keep_put_mark(batch, &row->info.id, row->topic, is_strangers);
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    return e;
}

/* What the owner said of a blob that is not here, and that nobody names. */
static enum err unpin(struct gc *gc, const struct keep_row *row)
{
    struct commits *commits = node_commits(gc->node);
    struct store_batch *batch;
    enum err e;

    if (is_dry(gc) ||
        blobs_held_for(node_store(gc->node), &row->info.id, row->topic))
        return ERR_OK;
    e = commits_batch(commits, &batch);
    if (e == ERR_OK)
        e = keep_put_collect(batch, &row->info.id, row->topic,
                             grace_before(gc));
    if (e == ERR_OK)
        commits_expect(commits, NULL, NULL);
    return e;
}

/*
 * Somebody looked into it and went away.  Where nobody else is known to have
 * it, it stays: a part may be all that there is.
 */
static bool is_left(const struct gc *gc, const struct keep_row *row)
{
    struct store_want want;

    return gc->phase == GC_ROWS && row->info.state == BLOB_PARTIAL &&
           row->pin != KEEP_PIN_OWN && row->pin != KEEP_PIN_ASKED &&
           row->since_ms <= grace_before(gc) &&
           row->used_ms <= grace_before(gc) &&
           store_want_find(node_store(gc->node), &row->info.id, row->topic,
                           &want) == ERR_NOT_FOUND &&
           elsewhere_count(gc->node, row->topic, &row->info.id, NULL) > 0;
}

static void add_finding(struct gc *gc, const struct keep_row *row,
                        enum gc_what what)
{
    struct gc_finding *finding = &gc->findings[gc->count++];

    if (!is_dry(gc))
        transfer_give_up(node_transfer(gc->node), &row->info.id, row->topic);
    *finding = (struct gc_finding){ .what = what,
                                    .blob = row->info.id,
                                    .bytes = row->info.have_bytes };
    memcpy(finding->topic, row->topic, ID_LEN);
}

static enum err put_row(struct gc *gc, struct store_batch *batch,
                        const struct keep_row *row)
{
    uint64_t before = grace_before(gc);
    enum gc_what what = GC_UNNAMED;
    enum err e;

    if (is_named(gc, row)) {
        if (!is_left(gc, row))
            return gc->phase == GC_ROWS ? mark(gc, row) : ERR_OK;
        what = GC_LEFT;
    }
    if (row->since_ms > before)
        return ERR_OK;
    if (gc->phase == GC_PINS)
        return unpin(gc, row);
    e = what == GC_LEFT
            ? keep_put_collect_part(batch, &row->info.id, row->topic, before)
            : keep_put_collect(batch, &row->info.id, row->topic, before);
    if (e == ERR_OK)
        add_finding(gc, row, what);
    return e;
}

static void step_rows(struct gc *gc, struct store_batch *batch)
{
    static struct keep_row rows[PAGE]; /* the loop alone comes here */
    const struct keep_row *after = gc->has_row ? &gc->row : NULL;
    struct store *store = node_store(gc->node);
    size_t n = 0;
    enum err e = gc->phase == GC_ROWS ? keep_page(store, after, rows, PAGE, &n)
                                      : keep_pins(store, after, rows, PAGE, &n);

    gc->count = 0;
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        if (rows[i].info.state == BLOB_EXTERNAL && gc->phase == GC_ROWS &&
            !is_dry(gc))
            in_place_look(gc->node, &rows[i].info.id);
        e = put_row(gc, batch, &rows[i]);
    }
    gc->has_row = n > 0;
    if (n > 0)
        gc->row = rows[n - 1];
    else
        gc->phase = gc->phase == GC_ROWS ? GC_PINS : GC_FILES;
    conclude_step(gc, batch, e);
}

/* ---- Files -------------------------------------------------------------- */

static void on_scan(uv_work_t *work)
{
    struct gc *gc = work->data;

    gc->err = keep_orphans(node_store(gc->node), gc->folder, GC_GRACE_MS / 1000,
                           gc->orphans, ORPHANS, &gc->count);
}

static void on_scanned(uv_work_t *work, int status)
{
    struct gc *gc = work->data;
    struct store_batch *batch = NULL;
    enum err e = status < 0 ? ERR_CANCELLED : gc->err;

    if (is_overtaken(gc))
        return;
    if (e == ERR_OK)
        e = store_batch_new(&batch);
    for (size_t i = 0; e == ERR_OK && i < gc->count; i++) {
        const struct keep_orphan *o = &gc->orphans[i];

        gc->findings[i] = (struct gc_finding){ .what = GC_STRAY,
                                               .blob = o->id,
                                               .is_part = o->is_part,
                                               .bytes = o->bytes };
        e = keep_put_orphan(batch, &o->id, o->is_part);
    }
    gc->folder++; /* what was over ORPHANS is found by the next round */
    conclude_step(gc, batch, e);
}

static_assert((int)ORPHANS <= (int)PAGE, "each orphan is a finding");

static void step_files(struct gc *gc)
{
    if (gc->folder == KEEP_FOLDERS) {
        end_round(gc, ERR_OK);
        return;
    }
    gc->is_busy = true;
    (void)uv_queue_work(node_loop(gc->node), &gc->work, on_scan, on_scanned);
}

static void on_timer(uv_timer_t *timer)
{
    struct gc *gc = timer->data;
    struct store_batch *batch;

    assert(!gc->is_busy && gc->phase != GC_RESTS);
    if (gc->is_cancelled) {
        end_round(gc, ERR_CANCELLED);
    } else if (gc->phase == GC_FILES) {
        step_files(gc);
    } else if (store_batch_new(&batch) == ERR_OK) {
        step_rows(gc, batch);
    } else {
        next_step(gc);
    }
}
