/*
 * When symbols are made: a slice now and then while some are not ready, else a
 * look every half a minute, which is as often as sessions are held anyway.
 */
#include "daemon/coder.h"

#include <stdlib.h>
#include <uv.h>

#include "daemon/log.h"
#include "daemon/node_parts.h"
#include "daemon/topics.h"

/* A slice is about 2 ms: a tenth of the time, while there is work. */
enum { BUSY_MS = 20, LOOK_MS = SYNC_EVERY_MS };

struct coder {
    struct node *node;
    uv_timer_t timer;
    bool topics_changed;
};

static void on_timer(uv_timer_t *timer);

static void wait_for(struct coder *coder, uint64_t ms)
{
    (void)uv_timer_start(&coder->timer, on_timer, ms, 0);
}

static enum err work(struct coder *coder, bool *more)
{
    enum err e = ERR_OK;

    if (coder->topics_changed)
        e = topics_keep_symbols(coder->node);
    coder->topics_changed = false;
    if (e == ERR_OK)
        e = store_symbols_work(node_store(coder->node), more);
    return e;
}

/* Topics grow: each look begins with all of them. */
static void on_timer(uv_timer_t *timer)
{
    struct coder *coder = timer->data;
    bool more = false;
    enum err e = work(coder, &more);

    if (e != ERR_OK)
        log_event(LOG_LEVEL_WARN, "coder", "failed", "why=%s", err_name(e));
    coder->topics_changed = !more;
    wait_for(coder, more ? BUSY_MS : LOOK_MS);
}

enum err coder_open(struct coder **out, struct node *node)
{
    struct coder *coder = calloc(1, sizeof *coder);

    if (coder == NULL)
        return ERR_NO_MEMORY;
    coder->node = node;
    (void)uv_timer_init(node_loop(node), &coder->timer);
    coder->timer.data = coder;
    coder_topics_changed(coder);
    *out = coder;
    return ERR_OK;
}

void coder_topics_changed(struct coder *coder)
{
    coder->topics_changed = true;
    wait_for(coder, BUSY_MS);
}

void coder_shutdown(struct coder *coder)
{
    if (coder != NULL)
        uv_close((uv_handle_t *)&coder->timer, NULL);
}

void coder_free(struct coder *coder)
{
    free(coder);
}
