/* The machine of proto/upload.h among connections, and the time of day. */
#include "daemon/throttle.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/conn.h"

/* The clock on the wall may be moved: it is looked at so often. */
enum { LOOK_MS = 5000 };

struct throttle {
    struct node *node;
    uv_timer_t timer;
    uint64_t look_ms; /* when the day is to be looked at again */
    uint64_t upload_per_s;
    uint64_t upload_each;
    struct rate download;
    struct conn *conns[UPLOAD_PEERS_MAX];
    struct upload upload;
};

static uint64_t now_of(const struct throttle *t)
{
    return uv_now(node_loop(t->node));
}

enum err throttle_open(struct throttle **out, struct node *node)
{
    struct throttle *t = calloc(1, sizeof *t);

    if (t == NULL)
        return ERR_NO_MEMORY;
    t->node = node;
    upload_init(&t->upload, now_of(t));
    rate_init(&t->download, 0, now_of(t));
    (void)uv_timer_init(node_loop(node), &t->timer);
    t->timer.data = t;
    throttle_look(t);
    *out = t;
    return ERR_OK;
}

void throttle_shutdown(struct throttle *t)
{
    if (t != NULL)
        uv_close((uv_handle_t *)&t->timer, NULL);
}

void throttle_free(struct throttle *t)
{
    free(t);
}

/* ---- Time --------------------------------------------------------------- */

/* Minutes since midnight, as people here read the clock. */
static unsigned minute_of_day(const struct throttle *t)
{
    time_t seconds = (time_t)(node_clock_ms(t->node) / 1000);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL)
        return 0;
    return (unsigned)(tm.tm_hour * 60 + tm.tm_min) % DAY_PLAN_MINUTES;
}

void throttle_look(struct throttle *t)
{
    const struct config_limits *c = &node_config(t->node)->limits;
    unsigned minute = minute_of_day(t);
    uint64_t upload = day_plan_rate(&c->upload, minute);
    uint64_t download = day_plan_rate(&c->download, minute);
    uint64_t now = now_of(t);

    t->look_ms = now + LOOK_MS;
    if (download != t->download.per_s)
        rate_set(&t->download, download, now);
    if (upload == t->upload_per_s && c->upload_each == t->upload_each)
        return;
    t->upload_per_s = upload;
    t->upload_each = c->upload_each;
    upload_limit(&t->upload, upload, c->upload_each, now);
}

/* The loop turns, and throttle_flush() is called. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

/* Never 0: libuv would call the timer again before it looks at sockets. */
static void rearm(struct throttle *t)
{
    uint64_t now = now_of(t);
    uint64_t due = upload_deadline(&t->upload, now);
    uint64_t wait = due > now ? due - now : 1;

    if (due == UINT64_MAX)
        (void)uv_timer_stop(&t->timer);
    else
        (void)uv_timer_start(&t->timer, on_timer,
                             wait < LOOK_MS ? wait : LOOK_MS, 0);
}

void throttle_flush(struct throttle *t)
{
    unsigned woken[UPLOAD_SLOTS];
    unsigned count;

    if (uv_is_closing((uv_handle_t *)&t->timer))
        return;
    if (now_of(t) >= t->look_ms)
        throttle_look(t);
    count = upload_wake(&t->upload, woken, now_of(t));
    for (unsigned i = 0; i < count; i++) {
        assert(t->conns[woken[i]] != NULL);
        conn_wake(t->conns[woken[i]]);
    }
    rearm(t);
}

/* ---- What goes out ------------------------------------------------------ */

unsigned throttle_join(struct throttle *t, struct conn *conn)
{
    unsigned place = upload_open(&t->upload, now_of(t));

    if (place != UPLOAD_NOBODY)
        t->conns[place] = conn;
    return place;
}

void throttle_leave(struct throttle *t, unsigned place)
{
    if (place == UPLOAD_NOBODY)
        return;
    upload_close(&t->upload, place, now_of(t));
    t->conns[place] = NULL;
}

struct upload *throttle_upload(struct throttle *t)
{
    return &t->upload;
}

/* ---- What comes in ------------------------------------------------------ */

static void follow_config(struct throttle *t, struct rate *each)
{
    uint64_t per_s = node_config(t->node)->limits.download_each;

    if (each->per_s != per_s)
        rate_set(each, per_s, now_of(t));
}

bool throttle_bind_downloads(const struct throttle *t)
{
    return t->download.per_s != 0 ||
           node_config(t->node)->limits.download_each != 0;
}

void throttle_received(struct throttle *t, struct rate *each, size_t bytes)
{
    follow_config(t, each);
    rate_take(&t->download, bytes, now_of(t));
    rate_take(each, bytes, now_of(t));
}

uint64_t throttle_ask_ms(struct throttle *t, struct rate *each)
{
    uint64_t all = rate_ready_ms(&t->download, now_of(t));
    uint64_t one;

    follow_config(t, each);
    one = rate_ready_ms(each, now_of(t));
    return all > one ? all : one;
}
