/* The machine of proto/upload.h among connections, and the time of day. */
#include "daemon/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/conn.h"

/* The clock on the wall may be moved: it is looked at so often. */
enum { LOOK_MS = 5000 };

struct limits {
    struct node *node;
    uv_timer_t timer;
    uint64_t look_ms; /* when the day is to be looked at again */
    uint64_t upload_per_s;
    uint64_t upload_each;
    struct rate download;
    struct conn *conns[UPLOAD_PEERS_MAX];
    struct upload upload;
};

static uint64_t now_of(const struct limits *l)
{
    return uv_now(node_loop(l->node));
}

enum err limits_open(struct limits **out, struct node *node)
{
    struct limits *l = calloc(1, sizeof *l);

    if (l == NULL)
        return ERR_NO_MEMORY;
    l->node = node;
    upload_init(&l->upload, now_of(l));
    rate_init(&l->download, 0, now_of(l));
    (void)uv_timer_init(node_loop(node), &l->timer);
    l->timer.data = l;
    limits_look(l);
    *out = l;
    return ERR_OK;
}

void limits_shutdown(struct limits *l)
{
    if (l != NULL)
        uv_close((uv_handle_t *)&l->timer, NULL);
}

void limits_free(struct limits *l)
{
    free(l);
}

/* ---- Time --------------------------------------------------------------- */

/* Minutes since midnight, as people here read the clock. */
static unsigned minute_of_day(const struct limits *l)
{
    time_t seconds = (time_t)(node_clock_ms(l->node) / 1000);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL)
        return 0;
    return (unsigned)(tm.tm_hour * 60 + tm.tm_min) % DAY_PLAN_MINUTES;
}

void limits_look(struct limits *l)
{
    const struct config_limits *c = &node_config(l->node)->limits;
    unsigned minute = minute_of_day(l);
    uint64_t upload = day_plan_rate(&c->upload, minute);
    uint64_t download = day_plan_rate(&c->download, minute);
    uint64_t now = now_of(l);

    l->look_ms = now + LOOK_MS;
    if (download != l->download.per_s)
        rate_set(&l->download, download, now);
    if (upload == l->upload_per_s && c->upload_each == l->upload_each)
        return;
    l->upload_per_s = upload;
    l->upload_each = c->upload_each;
    upload_limit(&l->upload, upload, c->upload_each, now);
}

/* The loop turns, and limits_flush() is called. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

/* Never 0: libuv would call the timer again before it looks at sockets. */
static void rearm(struct limits *l)
{
    uint64_t now = now_of(l);
    uint64_t due = upload_deadline(&l->upload, now);
    uint64_t wait = due > now ? due - now : 1;

    if (due == UINT64_MAX)
        (void)uv_timer_stop(&l->timer);
    else
        (void)uv_timer_start(&l->timer, on_timer,
                             wait < LOOK_MS ? wait : LOOK_MS, 0);
}

void limits_flush(struct limits *l)
{
    unsigned woken[UPLOAD_SLOTS];
    unsigned count;

    if (uv_is_closing((uv_handle_t *)&l->timer))
        return;
    if (now_of(l) >= l->look_ms)
        limits_look(l);
    count = upload_wake(&l->upload, woken, now_of(l));
    for (unsigned i = 0; i < count; i++) {
        assert(l->conns[woken[i]] != NULL);
        conn_wake(l->conns[woken[i]]);
    }
    rearm(l);
}

/* ---- What goes out ------------------------------------------------------ */

unsigned limits_join(struct limits *l, struct conn *conn)
{
    unsigned place = upload_open(&l->upload, now_of(l));

    if (place != UPLOAD_NOBODY)
        l->conns[place] = conn;
    return place;
}

void limits_leave(struct limits *l, unsigned place)
{
    if (place == UPLOAD_NOBODY)
        return;
    upload_close(&l->upload, place, now_of(l));
    l->conns[place] = NULL;
}

struct upload *limits_upload(struct limits *l)
{
    return &l->upload;
}

/* ---- What comes in ------------------------------------------------------ */

static void follow_config(struct limits *l, struct rate *each)
{
    uint64_t per_s = node_config(l->node)->limits.download_each;

    if (each->per_s != per_s)
        rate_set(each, per_s, now_of(l));
}

bool limits_bind_downloads(const struct limits *l)
{
    return l->download.per_s != 0 ||
           node_config(l->node)->limits.download_each != 0;
}

void limits_received(struct limits *l, struct rate *each, size_t bytes)
{
    follow_config(l, each);
    rate_take(&l->download, bytes, now_of(l));
    rate_take(each, bytes, now_of(l));
}

uint64_t limits_ask_ms(struct limits *l, struct rate *each)
{
    uint64_t all = rate_ready_ms(&l->download, now_of(l));
    uint64_t one;

    follow_config(l, each);
    one = rate_ready_ms(each, now_of(l));
    return all > one ? all : one;
}
