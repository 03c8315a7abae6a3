/*
 * Storing what has come: on the pool all of a group is checked, written,
 * flushed and named; then one batch makes it held.
 */
#include "daemon/commits.h"
#include "daemon/fetch_middle_parts.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "store/keep.h"

/* While another group is on the pool, these are worth a flush of their own. */
enum { ENOUGH_FILES = 32 };
#define ENOUGH_BYTES ((uint64_t)2 << 20)

static void on_work(uv_work_t *work)
{
    struct middle_group *g = work->data;

    g->err = blob_take(node_store(g->owner->node), g->items, g->count);
}

static void end(struct middle_group *g, enum err e)
{
    struct fetch_middle *m = g->owner;

    for (size_t i = 0; i < g->count; i++) {
        struct middle_piece *piece = g->pieces[i];
        struct store_want want = piece->want;

        if (piece->is_dropped) {
            middle_piece_free(m, piece);
        } else if (e == ERR_OK && g->items[i].good) {
            middle_piece_free(m, piece);
            m->owner->held(m->transfer, &want);
        } else {
            middle_piece_put_off(m, piece);
        }
    }
    g->count = 0;
    middle_group_begin(m);
}

static void on_applied(void *context, enum err e, struct store_batch *batch)
{
    store_batch_free(batch);
    end(context, e);
}

/* Held for the topic, whose it is, and no longer wanted. */
static enum err put_one(const struct blob_taken *item,
                        const struct middle_piece *piece,
                        struct store_batch *batch)
{
    const struct store_want *want = &piece->want;
    enum err e = blob_take_put(item, want->topic, batch);

    if (e == ERR_OK && piece->is_strangers)
        e = keep_put_mark(batch, &want->blob, want->topic, true);
    if (e == ERR_OK)
        e = store_batch_unwant(batch, &want->blob, want->topic);
    return e;
}

static enum err put_all(const struct middle_group *g, struct store_batch **out)
{
    enum err e = store_batch_new(out);

    for (size_t i = 0; i < g->count && e == ERR_OK; i++)
        if (g->items[i].good && !g->pieces[i]->is_dropped)
            e = put_one(&g->items[i], g->pieces[i], *out);
    return e;
}

static void tell_lies(const struct middle_group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct middle_piece *piece = g->pieces[i];

        if (g->items[i].good)
            continue;
        log_event(LOG_LEVEL_WARN, "blob", "provider_lied",
                  "root=%s source=%llu why=%s",
                  log_id(g->items[i].id.root).text,
                  (unsigned long long)piece->conn, err_name(ERR_BAD_BLOB));
        peers_node_lied(node_peer_table(g->owner->node), piece->node,
                        ERR_BAD_BLOB);
    }
}

static void on_worked(uv_work_t *work, int status)
{
    struct middle_group *g = work->data;
    struct fetch_middle *m = g->owner;
    struct store_batch *batch = NULL;
    enum err e = status == 0 ? g->err : ERR_SHUTDOWN;

    if (e == ERR_OK)
        tell_lies(g);
    if (e == ERR_OK)
        e = put_all(g, &batch);
    if (e == ERR_OK && store_batch_count(batch) > 0) {
        commits_give(node_commits(m->node), batch, on_applied, g);
        return;
    }
    if (e != ERR_OK)
        log_event(LOG_LEVEL_WARN, "blob", "store_failed", "files=%zu why=%s",
                  g->count, err_name(e));
    store_batch_free(batch);
    end(g, e);
}

static void add(struct middle_group *g, struct middle_piece *piece)
{
    piece->state = MIDDLE_SAVING;
    g->items[g->count] = (struct blob_taken){
        .id = piece->want.blob,
        .content = { piece->data, piece->got },
    };
    g->pieces[g->count++] = piece;
}

/* The free group, if what is whole is enough for it. */
static struct middle_group *choose(struct fetch_middle *m)
{
    struct middle_group *found = NULL;
    bool is_quiet = true;
    uint64_t bytes = 0;
    unsigned files = 0;

    for (unsigned i = 0; i < MIDDLE_GROUPS; i++) {
        if (m->groups[i].count == 0)
            found = &m->groups[i];
        else
            is_quiet = false;
    }
    for (unsigned i = 0; i < MIDDLE_PIECES; i++) {
        if (m->pieces[i].state != MIDDLE_WHOLE)
            continue;
        bytes += m->pieces[i].got;
        files++;
    }
    return files > 0 &&
                   (is_quiet || bytes >= ENOUGH_BYTES || files >= ENOUGH_FILES)
               ? found
               : NULL;
}

void middle_group_begin(struct fetch_middle *m)
{
    struct middle_group *g = m->stopping ? NULL : choose(m);

    if (g == NULL)
        return;
    for (unsigned i = 0; i < MIDDLE_PIECES && g->count < MIDDLE_GROUP_FILES;
         i++)
        if (m->pieces[i].state == MIDDLE_WHOLE)
            add(g, &m->pieces[i]);
    g->owner = m;
    g->work.data = g;
    (void)uv_queue_work(node_loop(m->node), &g->work, on_work, on_worked);
}
