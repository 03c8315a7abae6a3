/* The method `get`: which files, where to, and that there is room for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/getting.h"
#include "daemon/methods.h"
#include "daemon/param.h"
#include "daemon/quota.h"

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
static void follow(struct getting *g)
{
    struct store_follow row = { .policy = STORE_POLICY_FOLLOW,
                                .since_ms = node_clock_ms(g->node) };
    struct store_follow before;

    memcpy(row.topic, g->topic, ID_LEN);
    g->working = true;
    if (store_follow_find(node_store(g->node), g->topic, &before) == ERR_OK)
        on_followed(g, ERR_OK);
    else
        node_follow(g->node, &row, on_followed, g);
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
        if (!getting_is_one_span(&g->files[i]) &&
            strchr(g->files[i].name, '/') != NULL)
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
        follow(g);
}

/* Folders are made first: they are where files begin to be written. */
static void make_folders(struct getting *g)
{
    g->working = true;
    (void)uv_queue_work(node_loop(g->node), &g->work, on_prepare, on_prepared);
}

/* --- the method --- */

/* What is asked for, as the job's own list. */
static enum err take_files(struct getting *g)
{
    g->files = calloc(g->manifest.count, sizeof *g->files);
    g->items = calloc(GETTING_GROUP_MAX, sizeof *g->items);
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
    getting_begin(g);
    make_folders(g);
}
