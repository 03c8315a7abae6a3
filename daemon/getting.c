/* Getting the files of a record: what is next, and how it ends. */
#include "daemon/getting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/in_place.h"
#include "daemon/pair.h"
#include "daemon/transfer.h"

enum {
    STALL_MS = 1000, /* the next file waits, others do not wait for it */
    STILL_MS = 5000, /* nothing comes, though somebody is asked for it */
    UNWANTED_TICKS = 3,
    SOON_MS = 5
};

static struct getting *under_way; /* the loop alone comes here */

struct getting *getting_first(void)
{
    return under_way;
}

bool getting_is_whole(const struct getting *g, const struct blob_id *blob)
{
    struct blob_info info;

    return blobs_find(node_store(g->node), blob, &info) == ERR_OK &&
           info.state != BLOB_PARTIAL &&
           blobs_held_for(node_store(g->node), blob, g->topic);
}

bool getting_is_one_span(const struct getting_file *file)
{
    return file->blob.size <= BLOB_SPAN_LEN;
}

/* --- the end --- */

void getting_free(struct getting *g)
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

static void getting_end(struct getting *g)
{
    struct getting **at = &under_way;

    while (*at != g)
        at = &(*at)->behind;
    *at = g->behind;
    getting_group_end(g);
    g->group = 0;
    for (size_t i = g->next; i < g->count; i++)
        getting_copy_end(g, &g->files[i]);
    node_unsubscribe(g->node, &g->listener);
    blob_reader_close(g->reader);
    g->ended = true;
    uv_close((uv_handle_t *)&g->timer, on_timer_closed);
}

void getting_fail(struct getting *g, enum err e)
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
        : e == ERR_NOT_HELD ? "To have it all the same: troupe get RECORD"
                            : NULL;

    if (g->cancelled && !job_is_closing(g->job))
        getting_let_go(g);
    if (e == ERR_CHANGED)
        in_place_look(g->node, &g->files[g->next].blob);
    if (e == ERR_NOT_HELD)
        (void)snprintf(where, sizeof where,
                       "a file was dropped here meanwhile");
    else
        (void)snprintf(where, sizeof where, "cannot write to %s", g->out);
    job_fail(g->job, e, e == ERR_NOT_FOUND || e == ERR_NOT_HELD ? where : NULL,
             hint);
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

    if (g->count <= GETTING_SHOWN_MAX)
        qsort(g->files, g->count, sizeof *g->files, by_place);
    mp_put_map(&w, 3);
    pair_uint(&w, "count", g->count);
    pair_uint(&w, "bytes", g->bytes);
    pair_array(&w, "files",
               (uint32_t)(g->count < GETTING_SHOWN_MAX ? g->count
                                                       : GETTING_SHOWN_MAX));
    for (size_t i = 0; i < g->count && i < GETTING_SHOWN_MAX; i++) {
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

/* --- what is next --- */

/* Why the next file is not on its way; NULL if it is, or nothing hinders it. */
static const char *waits_for(const struct getting *g)
{
    struct store_want want;

    if (g->next == g->count ||
        store_want_find(node_store(g->node), &g->files[g->next].blob, g->topic,
                        &want) != ERR_OK)
        return NULL;
    switch (transfer_want_state(node_transfer(g->node), &want)) {
    case WANT_NO_ROOM:
        return "room, on the disk or in a quota";
    case WANT_NO_PEER:
        return "a peer of its project";
    case WANT_NOT_FOUND:
        return "a peer that has it";
    case WANT_DUE:
    case WANT_FETCHING:
        break;
    }
    return uv_now(node_loop(g->node)) - g->told_ms < STILL_MS
               ? NULL
               : "a peer that sends the rest";
}

/* Bytes of files that are written, and of what the next ones have. */
static void getting_tell(struct getting *g)
{
    uint64_t done = g->written;

    for (size_t i = g->next; i < g->count && i < g->next + GETTING_COPIES_MAX;
         i++)
        done += node_blob_progress(g->node, &g->files[i].blob);
    if (done != g->told || g->told_ms == 0) {
        g->told = done;
        g->told_ms = uv_now(node_loop(g->node));
    }
    job_progress(g->job, done > g->bytes ? g->bytes : done, g->bytes);
    job_waits(g->job, waits_for(g));
}

static void on_timer(uv_timer_t *timer);

static void soon(struct getting *g, uint64_t ms)
{
    if (uv_timer_get_due_in(&g->timer) > ms)
        (void)uv_timer_start(&g->timer, on_timer, ms, GETTING_TICK_MS);
}

/*
 * The next file may be long in coming, or never come: those behind it that are
 * here are written before it.
 */
static bool bring_forward(struct getting *g)
{
    size_t end = g->count - g->next > GETTING_LOOKED_AT_MAX
                     ? g->next + GETTING_LOOKED_AT_MAX
                     : g->count;
    size_t front = g->next;

    if (uv_now(node_loop(g->node)) - g->next_ms < STALL_MS)
        return false;
    for (size_t i = g->next; i < end; i++) {
        struct getting_file file = g->files[i];

        if (!getting_is_whole(g, &file.blob))
            continue;
        g->files[i] = g->files[front];
        g->files[front++] = file;
    }
    g->next_ms = uv_now(node_loop(g->node)); /* not at each turn */
    return front > g->next;
}

void getting_step(struct getting *g)
{
    if (g->working || g->ended)
        return;
    if (g->cancelled || g->err != ERR_OK) {
        getting_fail(g, g->cancelled ? ERR_CANCELLED : g->err);
        return;
    }
    getting_copies_begin(g);
    if (g->wanted < g->count && !getting_want_some(g)) {
        if (!g->working)
            soon(g, 1);
        return;
    }
    getting_tell(g);
    if (g->next == g->count)
        getting_done(g);
    else if (getting_is_whole(g, &g->files[g->next].blob) || bring_forward(g))
        getting_write_next(g);
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

/* Whether the next file has been dropped, or its topic given up, meanwhile. */
static bool is_unwanted(const struct getting *g)
{
    struct store_want want;

    return !g->working && g->wanted == g->count && g->next < g->count &&
           !getting_is_whole(g, &g->files[g->next].blob) &&
           store_want_find(node_store(g->node), &g->files[g->next].blob,
                           g->topic, &want) == ERR_NOT_FOUND;
}

static void on_timer(uv_timer_t *timer)
{
    struct getting *g = timer->data;

    if (g->ended)
        return;
    g->unwanted = is_unwanted(g) ? g->unwanted + 1 : 0;
    if (g->unwanted == UNWANTED_TICKS && !g->cancelled && g->err == ERR_OK)
        getting_fail(g, ERR_NOT_HELD);
    else
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

void getting_begin(struct getting *g)
{
    struct node *node = g->node;

    g->behind = under_way;
    under_way = g;
    g->listener.on_event = on_event;
    g->work.data = g;
    (void)uv_timer_init(node_loop(node), &g->timer);
    g->timer.data = g;
    (void)uv_timer_start(&g->timer, on_timer, GETTING_TICK_MS, GETTING_TICK_MS);
    g->next_ms = uv_now(node_loop(node));
    node_subscribe(node, &g->listener);
    job_on_cancel(g->job, on_cancel, g);
}
