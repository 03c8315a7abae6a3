/* Peers that come and go, and to whom their frames belong. */
#include "daemon/transfer_parts.h"

#include "daemon/conn.h"
#include "daemon/open_asks.h"
#include "daemon/serve.h"

void transfer_peer_changed(struct transfer *t, struct conn *c)
{
    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_peer_changed(t->slots[i].fetch, c);
    }
    t->look = true;
    t->eager = true;
}

void transfer_peer_gone(struct transfer *t, struct conn *c)
{
    struct serve *serve = conn_transfer(c);

    for (size_t i = 0; i < FETCHES; i++) {
        if (t->slots[i].fetch != NULL && !t->slots[i].ended)
            fetch_peer_gone(t->slots[i].fetch, c);
    }
    fetch_small_peer_gone(t->small, c);
    fetch_middle_peer_gone(t->middle, c);
    conn_set_transfer(c, NULL);
    watches_peer_gone(t->watches, c);
    if (serve != NULL)
        serve_close(serve);
}

/* What serves this peer, from its first request on. */
static enum err find_serve(struct transfer *t, struct conn *c,
                           struct serve **out)
{
    struct serve *serve = conn_transfer(c);
    enum err e = ERR_OK;

    if (serve == NULL)
        e = serve_open(&serve, t->node, &t->popular, &t->spares, c);
    if (e != ERR_OK)
        return e;
    conn_set_transfer(c, serve);
    *out = serve;
    return ERR_OK;
}

static enum err to_serve(struct transfer *t, struct conn *c,
                         const struct blob_msg *msg)
{
    struct serve *serve;
    enum err e = find_serve(t, c, &serve);

    return e == ERR_OK ? serve_recv(serve, msg) : e;
}

static enum err recv_small(struct transfer *t, struct conn *c,
                           const struct frame *frame)
{
    struct serve *serve;
    enum err e;

    if (frame->type == FRAME_BLOB_SMALL)
        return fetch_small_recv(t->small, c, frame->payload);
    e = find_serve(t, c, &serve);
    return e == ERR_OK ? serve_recv_many(serve, frame->payload) : e;
}

static enum err to_fetch(struct transfer *t, struct conn *c,
                         const struct blob_msg *msg)
{
    open_asks_answered(conn_asks(c), msg);
    if (fetch_middle_owns(msg->request))
        return fetch_middle_recv(t->middle, c, msg);
    for (size_t i = 0; i < FETCHES; i++) {
        struct fetch *f = t->slots[i].fetch;

        if (f != NULL && fetch_owns(f, msg->request))
            return fetch_recv(f, c, msg);
    }
    /* An answer to a fetch that has ended: it crossed our CANCEL.  What never
     * was asked has a number that was never given. */
    return msg->request >> 16 <= t->bases ? ERR_OK : ERR_NOT_ASKED;
}

enum err transfer_recv(struct transfer *t, struct conn *c,
                       const struct frame *frame)
{
    struct blob_msg msg;
    enum err e;

    if (frame->type == FRAME_BLOB_MANY || frame->type == FRAME_BLOB_SMALL)
        return recv_small(t, c, frame);
    e = blob_msg_decode(&msg, (enum frame_type)frame->type, frame->payload);
    if (e != ERR_OK)
        return e;
    if (msg.type == FRAME_BLOB_WATCH)
        return watches_add(t->watches, c, &msg);
    if (msg.type == FRAME_BLOB_CANCEL &&
        watches_cancel(t->watches, c, msg.request))
        return ERR_OK;
    if (msg.type == FRAME_BLOB_ASK || msg.type == FRAME_BLOB_CANCEL)
        return to_serve(t, c, &msg);
    return to_fetch(t, c, &msg);
}

void transfer_fill(struct transfer *t, struct conn *c)
{
    struct serve *serve = conn_transfer(c);

    (void)t;
    if (serve != NULL)
        serve_fill(serve);
}
