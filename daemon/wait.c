/* Waiting on behalf of clients. */
#include "daemon/wait.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/holders.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "store/store.h"

enum { WAITS_MAX = 64, TICK_MS = 1000 };

enum wait_for { WAIT_ONLINE, WAIT_CAUGHT_UP, WAIT_HELD, WAIT_HERE };

struct wait {
    struct call *call; /* NULL: free */
    enum wait_for what;
    uint8_t id[ID_LEN]; /* topic, or root of a blob */
    uint64_t copies;    /* HELD: by so many nodes, this one included */
    uint64_t deadline_ms;
};

struct waits {
    struct node_listener listener; /* first: on_event casts back */
    struct node *node;
    struct desk *desk;
    uv_timer_t timer;
    struct wait at[WAITS_MAX];
};

static bool is_true(struct waits *waits, const struct wait *wait)
{
    switch (wait->what) {
    case WAIT_ONLINE:
        return node_peers_connected(waits->node) > 0;
    case WAIT_CAUGHT_UP:
        return node_caught_up(waits->node, wait->id);
    case WAIT_HERE:
        return holders_here(waits->node, wait->id);
    case WAIT_HELD:
        return holders_count(waits->node, wait->id) >= wait->copies;
    }
    return false;
}

static void reply_done(struct call *call)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    pair_bool(w, "done", true);
    call_send(call);
}

static void waits_check(struct waits *waits)
{
    uint64_t now_ms = uv_now(node_loop(waits->node));

    for (size_t i = 0; i < WAITS_MAX; i++) {
        struct wait *wait = &waits->at[i];
        struct call *call = wait->call;

        if (call == NULL)
            continue;
        if (is_true(waits, wait)) {
            wait->call = NULL;
            reply_done(call);
        } else if (now_ms >= wait->deadline_ms) {
            wait->call = NULL;
            call_fail(call, ERR_TIMEOUT, "it did not happen in time",
                      "See what is missing with: troupe status");
        }
    }
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    if (event->type != NODE_EVENT_PROGRESS)
        waits_check((struct waits *)listener);
}

static void on_timer(uv_timer_t *timer)
{
    struct waits *waits = timer->data;

    waits_check(waits);
    for (size_t i = 0; i < WAITS_MAX; i++)
        if (waits->at[i].call != NULL)
            return;
    (void)uv_timer_stop(timer);
}

enum err waits_open(struct waits **out, struct node *node, struct desk *desk)
{
    struct waits *waits = calloc(1, sizeof *waits);

    if (waits == NULL)
        return ERR_NO_MEMORY;
    waits->listener.on_event = on_event;
    waits->node = node;
    waits->desk = desk;
    (void)uv_timer_init(node_loop(node), &waits->timer);
    waits->timer.data = waits;
    node_subscribe(node, &waits->listener);
    *out = waits;
    return ERR_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void waits_close(struct waits *waits)
{
    if (waits == NULL)
        return;
    node_unsubscribe(waits->node, &waits->listener);
    uv_close((uv_handle_t *)&waits->timer, on_timer_closed);
}

/* The number after the last colon; false if there is none. */
static bool number_after(struct bytes text, const char *prefix, uint64_t *out)
{
    size_t at = strlen(prefix);
    uint64_t v = 0;

    if (text.len <= at || text.len > at + 18 ||
        memcmp(text.data, prefix, at) != 0)
        return false;
    for (; at < text.len; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        v = 10 * v + (uint64_t)(text.data[at] - '0');
    }
    *out = v;
    return true;
}

/* Whether the text is the prefix and the 64 digits of a root after it. */
static bool parse_root(uint8_t out[HASH_LEN], struct bytes what,
                       const char *prefix, size_t *used)
{
    size_t skip = strlen(prefix);

    *used = skip + 2 * (size_t)HASH_LEN;
    return what.len >= *used && memcmp(what.data, prefix, skip) == 0 &&
           hex_decode(out, HASH_LEN, (const char *)what.data + skip,
                      2 * (size_t)HASH_LEN) == ERR_OK;
}

/* What the text names, but for jobs.  ERR_USAGE, or why no topic is meant */
static enum err parse(struct waits *waits, struct wait *wait, struct bytes what)
{
    static const char caught[] = "caught-up:";
    const char *text = (const char *)what.data;
    size_t skip;
    enum err e;

    if (bytes_equal(what, BYTES_LITERAL("online"))) {
        wait->what = WAIT_ONLINE;
        return ERR_OK;
    }
    if (what.len > sizeof caught - 1 &&
        memcmp(text, caught, sizeof caught - 1) == 0) {
        wait->what = WAIT_CAUGHT_UP;
        skip = sizeof caught - 1;
        if (hex_decode(wait->id, ID_LEN, text + skip, what.len - skip) ==
            ERR_OK)
            return ERR_OK;
        e = topic_resolve(node_store(waits->node), text + skip, what.len - skip,
                          wait->id);
        return e == ERR_MALFORMED ? ERR_USAGE : e;
    }
    wait->what = WAIT_HERE;
    if (parse_root(wait->id, what, "here:", &skip))
        return skip == what.len ? ERR_OK : ERR_USAGE;
    wait->what = WAIT_HELD;
    if (!parse_root(wait->id, what, "held:", &skip) ||
        !number_after((struct bytes){ what.data + skip, what.len - skip }, ":",
                      &wait->copies) ||
        wait->copies == 0)
        return ERR_USAGE;
    return ERR_OK;
}

static void fail(struct call *call, enum err e)
{
    if (e == ERR_USAGE)
        call_fail(call, e, "this cannot be waited for",
                  "Wait for online, caught-up:PROJECT, here:ROOT, held:ROOT:N "
                  "or job:N. A ROOT is written with all its 64 digits, as "
                  "`troupe copies RECORD` shows it.");
    else if (e == ERR_NOT_FOUND)
        call_fail(call, e, "no project or person known here has this id",
                  "See what is followed with: troupe status");
    else if (e == ERR_AMBIGUOUS)
        call_fail(call, e, "more than one begins like this",
                  "Give more digits of the id.");
    else
        call_fail(call, e, NULL, NULL);
}

/* Who waited has left. */
static void on_gone(struct call *call)
{
    struct wait *wait = call_data(call);

    wait->call = NULL;
    call_fail(call, ERR_CANCELLED, NULL, NULL);
}

void waits_add(struct waits *waits, struct call *call)
{
    struct bytes what = mp_str(call_param(call, "what"));
    uint64_t timeout_ms = mp_uint(call_param(call, "timeout_ms"));
    struct wait *free_wait = NULL;
    struct wait wait = { .call = call };
    uint64_t number;
    enum err e;

    if (number_after(what, "job:", &number)) {
        job_wait(desk_jobs(waits->desk), call, number);
        return;
    }
    for (size_t i = 0; i < WAITS_MAX; i++)
        if (waits->at[i].call == NULL)
            free_wait = &waits->at[i];
    if (free_wait == NULL) {
        call_fail(call, ERR_QUOTA, "too many calls wait", NULL);
        return;
    }
    e = parse(waits, &wait, what);
    if (e != ERR_OK) {
        fail(call, e);
        return;
    }
    wait.deadline_ms = timeout_ms == 0
                           ? UINT64_MAX
                           : uv_now(node_loop(waits->node)) + timeout_ms;
    *free_wait = wait;
    call_set_data(call, free_wait);
    call_on_abandon(call, on_gone);
    (void)uv_timer_start(&waits->timer, on_timer, 0, TICK_MS);
}
