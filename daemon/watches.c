/* Maps of blobs that are still coming in, for peers that fetch them, too. */
#include "daemon/watches.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/peers.h"
#include "store/blobs.h"

/* So long new spans are gathered before they are told of. */
enum { GATHER_MS = 40 };

struct watch {
    struct watch *next;
    uint64_t conn;
    uint32_t request;
    struct blob_id id;
    uint8_t topic[ID_LEN];
    bool due;       /* there is something to tell */
    bool answered;  /* by one BLOB_HAVE at least */
    size_t len;     /* of the map */
    uint8_t told[]; /* what the peer knows */
};

struct watches {
    struct node_listener listener; /* first: on_event casts back */
    struct node *node;
    uv_timer_t timer;
    struct watch *first;
};

/* ---- Telling ------------------------------------------------------------ */

static enum err send_msg(struct conn *c, const struct blob_msg *msg)
{
    uint8_t buf[BLOB_HAVE_MAX + 16];
    struct writer w = writer_fixed(buf, sizeof buf);

    blob_msg_encode(&w, msg);
    assert(w.err == ERR_OK);
    return conn_queue(c, (uint8_t)msg->type, writer_view(&w));
}

static enum err send_end(struct conn *c, uint32_t request, enum err code)
{
    struct blob_msg msg = { .type = FRAME_BLOB_END, .request = request };

    msg.end = code;
    return send_msg(c, &msg);
}

static enum err send_bytes(struct conn *c, struct watch *w, const uint8_t *map,
                           size_t from, size_t to)
{
    struct blob_msg msg = { .type = FRAME_BLOB_HAVE, .request = w->request };
    enum err e;

    msg.have.first = (uint64_t)from * 8;
    msg.have.bits = (struct bytes){ map + from, to - from };
    e = send_msg(c, &msg);
    if (e == ERR_OK) {
        memcpy(w->told + from, map + from, to - from);
        w->answered = true;
    }
    return e;
}

/* Tells what has changed, each run of bytes by itself; the first time one byte
 * at least. */
static enum err tell_map(struct conn *c, struct watch *w, const uint8_t *map)
{
    enum err e = ERR_OK;
    size_t to;

    for (size_t from = 0; from < w->len && e == ERR_OK; from = to) {
        to = from + 1;
        if (w->told[from] == map[from] && w->answered)
            continue;
        while (to < w->len && to - from < BLOB_HAVE_MAX &&
               w->told[to] != map[to])
            to++;
        e = send_bytes(c, w, map, from, to);
    }
    return e;
}

/* Tells the news; false once there will be none any more. */
static bool tell(struct watches *ws, struct conn *c, struct watch *w)
{
    struct store *store = node_store(ws->node);
    uint8_t *map;
    enum err e;

    w->due = false;
    if (!blobs_held_for(store, &w->id, w->topic)) {
        (void)send_end(c, w->request, ERR_NOT_HELD);
        return false;
    }
    map = malloc(w->len + 1);
    e = map == NULL ? ERR_NO_MEMORY : blobs_map(store, &w->id, map, w->len);
    if (e == ERR_OK)
        w->due = tell_map(c, w, map) != ERR_OK; /* no room: later */
    free(map);
    if (e == ERR_OK)
        return true;
    (void)send_end(c, w->request, e == ERR_EXISTS ? ERR_OK : ERR_NOT_HELD);
    return false;
}

/* ---- News --------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void arm(struct watches *ws)
{
    if (!uv_is_active((uv_handle_t *)&ws->timer))
        (void)uv_timer_start(&ws->timer, on_timer, GATHER_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct watches *ws = timer->data;
    struct watch **at = &ws->first;
    bool again = false;

    while (*at != NULL) {
        struct watch *w = *at;
        struct conn *c =
            w->due ? peers_find(node_peer_table(ws->node), w->conn) : NULL;

        if (c != NULL && conn_is_open(c) && !tell(ws, c, w)) {
            *at = w->next;
            free(w);
            continue;
        }
        again = again || w->due;
        at = &w->next;
    }
    if (again)
        arm(ws);
}

static void on_event(struct node_listener *listener,
                     const struct node_event *event)
{
    struct watches *ws = (struct watches *)listener;

    if (event->type != NODE_EVENT_BLOB && event->type != NODE_EVENT_PROGRESS)
        return;
    for (struct watch *w = ws->first; w != NULL; w = w->next) {
        if (!blob_id_equal(&w->id, event->blob))
            continue;
        w->due = true;
        arm(ws);
    }
}

enum err watches_open(struct watches **out, struct node *node)
{
    struct watches *ws = calloc(1, sizeof *ws);

    if (ws == NULL)
        return ERR_NO_MEMORY;
    ws->node = node;
    ws->listener.on_event = on_event;
    (void)uv_timer_init(node_loop(node), &ws->timer);
    ws->timer.data = ws;
    node_subscribe(node, &ws->listener);
    *out = ws;
    return ERR_OK;
}

void watches_shutdown(struct watches *ws)
{
    node_unsubscribe(ws->node, &ws->listener);
    uv_close((uv_handle_t *)&ws->timer, NULL);
}

void watches_free(struct watches *ws)
{
    struct watch *next;

    for (struct watch *w = ws == NULL ? NULL : ws->first; w != NULL; w = next) {
        next = w->next;
        free(w);
    }
    free(ws);
}

/* ---- What peers ask ----------------------------------------------------- */

/* Another one of the same blob would be told the same. */
static enum err check(const struct watches *ws, const struct conn *c,
                      const struct blob_msg *msg)
{
    unsigned count = 0;

    for (const struct watch *w = ws->first; w != NULL; w = w->next) {
        if (w->conn != conn_number(c))
            continue;
        if (w->request == msg->request || blob_id_equal(&w->id, &msg->watch.id))
            return ERR_MALFORMED;
        count++;
    }
    return count < BLOB_WATCHES_MAX ? ERR_OK : ERR_FLOOD;
}

enum err watches_add(struct watches *ws, struct conn *c,
                     const struct blob_msg *msg)
{
    size_t len = (size_t)((blob_span_count(msg->watch.id.size) + 7) / 8);
    enum err e = check(ws, c, msg);
    uint8_t topic[ID_LEN];
    struct watch *w;

    if (e != ERR_OK)
        return e;
    if (!peer_topic_of_tag(conn_peer(c), msg->watch.tag, topic) ||
        !blobs_held_for(node_store(ws->node), &msg->watch.id, topic))
        return send_end(c, msg->request, ERR_NOT_HELD);
    w = calloc(1, sizeof *w + len);
    if (w == NULL)
        return send_end(c, msg->request, ERR_BUSY);
    w->conn = conn_number(c);
    w->request = msg->request;
    w->id = msg->watch.id;
    w->len = len;
    memcpy(w->topic, topic, ID_LEN);
    if (!tell(ws, c, w)) {
        free(w);
        return ERR_OK;
    }
    w->next = ws->first;
    ws->first = w;
    if (w->due)
        arm(ws);
    return ERR_OK;
}

bool watches_cancel(struct watches *ws, struct conn *c, uint32_t request)
{
    for (struct watch **at = &ws->first; *at != NULL; at = &(*at)->next) {
        struct watch *w = *at;

        if (w->conn != conn_number(c) || w->request != request)
            continue;
        *at = w->next;
        free(w);
        /* Without room for it the connection is lost anyway. */
        (void)send_end(c, request, ERR_CANCELLED);
        return true;
    }
    return false;
}

void watches_peer_gone(struct watches *ws, const struct conn *c)
{
    struct watch **at = &ws->first;

    while (*at != NULL) {
        struct watch *w = *at;

        if (w->conn != conn_number(c)) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        free(w);
    }
}
