/* The desk: opens and closes what serves the clients, in order. */
#include "daemon/desk.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/hide.h"
#include "daemon/inbox.h"
#include "daemon/methods.h"
#include "daemon/wait.h"
#include "store/store.h"

enum {
    NAME_MAX_LEN = 512,
    /* Records made at one moment go on from it; a wrong clock is forgotten. */
    AHEAD_MAX_MS = 60000
};

struct desk {
    struct node *node;
    struct control *control;
    struct jobs *jobs;
    struct event_log *events;
    struct topic_cache *topics;
    struct waits *waits;
    struct inbox *inbox;
    struct hide *hide;
    struct view_names names;
    char name[NAME_MAX_LEN]; /* the last one asked for */
    uint64_t last_ms;        /* of the newest record made here */
    void (*on_closed)(void *context);
    void *context;
};

struct node *desk_node(const struct desk *desk)
{
    return desk->node;
}

struct jobs *desk_jobs(const struct desk *desk)
{
    return desk->jobs;
}

struct event_log *desk_events(const struct desk *desk)
{
    return desk->events;
}

struct waits *desk_waits(const struct desk *desk)
{
    return desk->waits;
}

struct hide *desk_hide(const struct desk *desk)
{
    return desk->hide;
}

struct topic_cache *desk_topics(const struct desk *desk)
{
    return desk->topics;
}

struct view desk_view(struct desk *desk)
{
    return (struct view){ .names = &desk->names, .filter = hide_filter(desk) };
}

/* The newest profile that the person made, as view_names asks for it. */
static struct bytes name_of(void *context, const uint8_t person[ID_LEN])
{
    struct desk *desk = context;
    struct store *store = node_store(desk->node);
    struct bytes name = { NULL, 0 };
    struct store_item item;
    struct body body;

    if (body_find_profile(store, person, &item) != ERR_OK)
        return name;
    body_open(&body, store, item.id);
    name = mp_str(mp_get(body.map, "name"));
    if (name.len > NAME_MAX_LEN)
        name.len = 0;
    if (name.len > 0)
        memcpy(desk->name, name.data, name.len);
    name.data = (const uint8_t *)desk->name;
    body_close(&body);
    return name;
}

struct bytes desk_name(const struct desk *desk, const uint8_t person[ID_LEN])
{
    return desk->names.name(desk->names.context, person);
}

struct inbox *desk_inbox(const struct desk *desk)
{
    return desk->inbox;
}

/* True if the clock has gone on since the last time that was given. */
static bool keep_time(struct desk *desk)
{
    uint64_t now_ms = node_clock_ms(desk->node);
    bool was_put_back =
        desk->last_ms > now_ms && desk->last_ms - now_ms > AHEAD_MAX_MS;

    if (now_ms <= desk->last_ms && !was_put_back)
        return false;
    desk->last_ms = now_ms;
    return true;
}

uint64_t desk_next_ms(struct desk *desk)
{
    if (!keep_time(desk))
        desk->last_ms++;
    return desk->last_ms;
}

uint64_t desk_same_ms(struct desk *desk)
{
    (void)keep_time(desk);
    return desk->last_ms;
}

static void desk_free(struct desk *desk)
{
    inbox_close(desk->inbox);
    waits_close(desk->waits);
    event_log_close(desk->events);
    hide_free(desk->hide);
    topic_cache_free(desk->topics);
    free(desk);
}

enum err desk_open(struct desk **out, struct node *node)
{
    struct desk *desk = calloc(1, sizeof *desk);
    enum err e;

    if (desk == NULL)
        return ERR_NO_MEMORY;
    desk->node = node;
    desk->names = (struct view_names){ .name = name_of, .context = desk };
    e = topic_cache_new(&desk->topics, node);
    if (e == ERR_OK)
        e = hide_new(&desk->hide, desk);
    if (e == ERR_OK)
        e = control_open(&desk->control, desk, node_loop(node),
                         node_home(node)->runtime, methods);
    if (e == ERR_OK)
        e = event_log_open(&desk->events, node, desk->control);
    if (e == ERR_OK)
        e = waits_open(&desk->waits, node, desk);
    if (e == ERR_OK)
        e = inbox_open(&desk->inbox, desk);
    if (e == ERR_OK)
        e = jobs_open(&desk->jobs, node_loop(node), desk->control);
    if (e == ERR_OK)
        *out = desk;
    else if (desk->control != NULL)
        desk_close(desk, free, NULL);
    else
        desk_free(desk);
    return e;
}

static void on_jobs_closed(void *context)
{
    struct desk *desk = context;
    void (*on_closed)(void *context) = desk->on_closed;

    context = desk->context;
    desk_free(desk);
    on_closed(context);
}

static void on_control_closed(void *context)
{
    struct desk *desk = context;

    inbox_close(desk->inbox); /* it tells the events, while jobs still end */
    desk->inbox = NULL;
    event_log_close(desk->events); /* it tells clients, and none are left */
    desk->events = NULL;
    if (desk->jobs == NULL)
        on_jobs_closed(desk);
    else
        jobs_close(desk->jobs, on_jobs_closed, desk);
}

void desk_close(struct desk *desk, void (*on_closed)(void *context),
                void *context)
{
    desk->on_closed = on_closed;
    desk->context = context;
    control_close(desk->control, on_control_closed, desk);
}
