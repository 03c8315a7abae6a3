/*
 * What comes in over a connection: bytes to messages, messages to frames, and
 * each frame to the machine that it is for, only as fast as the store takes
 * records.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "daemon/conn_parts.h"
#include "daemon/gossip.h"
#include "daemon/ingest.h"
#include "daemon/leases.h"
#include "daemon/peers.h"
#include "daemon/transfer.h"
#include "proto/lease_msg.h"
#include "store/store.h"

/* The handshake has proved who it is. */
static enum err on_opened(struct conn *c)
{
    struct peer_config config = {
        .is_dialler = c->is_dialled,
        .set = store_record_set(node_store(c->node)),
        .gate = gossip_gate(node_gossip(c->node)),
    };
    enum err e = peers_opened(node_peer_table(c->node), c);

    if (e != ERR_OK)
        return e;
    memcpy(config.ask, c->session.ask, KEY_LEN);
    memcpy(config.node, node_keys(c->node)->sign.public_key, KEY_LEN);
    memcpy(config.peer_node, c->session.peer_node, KEY_LEN);
    randombytes_buf(config.salt, sizeof config.salt);
    peer_init(&c->peer, &config);
    sodium_memzero(&config, sizeof config);
    c->is_open = true;
    /* Never 0, which would say that nobody has looked. */
    c->handshake_ms = conn_now_ms(c) - c->live_ms + 1;
    e = gossip_up(node_gossip(c->node), c);
    if (e != ERR_OK)
        return e;
    peers_up(node_peer_table(c->node), c);
    conn_topics_changed(c);
    return ERR_OK;
}

static enum err on_not_kept(struct conn *c, const struct peer_event *ev)
{
    struct reader entries = reader_of(ev->bytes);
    struct not_held entry;
    enum err e = ERR_OK;

    while (e == ERR_OK && not_held_next(&entries, &entry))
        e = ingest_head(node_ingest(c->node), c->number, ev->topic, entry.head,
                        entry.signature);
    return e;
}

/* Agreement is told when there is more of it than before. */
static void look_at_topics(struct conn *c)
{
    struct peer_shared shared[16];
    unsigned in_sync = 0;
    bool busy = false;
    size_t first = 0;
    size_t n;

    do {
        n = peer_list_shared(&c->peer, shared, first, 16);
        for (size_t i = 0; i < n; i++) {
            struct node_event event = {
                .type = NODE_EVENT_IN_SYNC,
                .id = c->session.peer_node,
                .topic = shared[i].topic,
            };

            busy = busy || shared[i].in_session;
            in_sync += shared[i].in_sync;
            if (shared[i].in_sync && in_sync > c->in_sync)
                node_emit(c->node, &event);
        }
        first += n;
    } while (n == 16);
    c->in_sync = in_sync;
    session_set_busy(&c->session, conn_now_ms(c), busy);
}

static enum err on_peer_frame(struct conn *c, const struct frame *f)
{
    struct peer_event ev = { .type = PEER_NOTHING };
    enum err e = peer_recv(&c->peer, &ev, f->type, f->payload, conn_now_ms(c));

    if (e != ERR_OK)
        return e;
    switch (ev.type) {
    case PEER_NOTHING:
        break;
    case PEER_RECORD:
        return ingest_record(node_ingest(c->node), c->number, ev.topic,
                             ev.bytes);
    case PEER_NOT_KEPT:
        return on_not_kept(c, &ev);
    case PEER_HELLO:
        transfer_peer_changed(node_transfer(c->node), c);
        leases_peer_changed(node_leases(c->node), c);
        e = gossip_event(node_gossip(c->node), c, &ev);
        break;
    case PEER_ANNOUNCE:
    case PEER_GRAFT:
    case PEER_PRUNE:
    case PEER_OVERLAY:
        return gossip_event(node_gossip(c->node), c, &ev);
    }
    look_at_topics(c);
    return e;
}

static bool is_for_store(uint8_t type)
{
    return type == FRAME_RECORD || type == FRAME_NOT_HELD;
}

/* Hands out the frames of one message; false if it has to stop. */
static bool take_frames(struct conn *c)
{
    struct frame f;

    while (c->state == CONN_LIVE) { /* ends with the message's frames */
        enum err e;

        if (c->has_held)
            f = c->held;
        else if (!session_next_frame(&c->session, &f))
            return true;
        c->has_held = false;
        if (is_for_store(f.type) && ingest_is_full(node_ingest(c->node))) {
            c->held = f;
            c->has_held = true;
            c->paused = true;
            (void)uv_read_stop((uv_stream_t *)&c->tcp);
            return false;
        }
        if (lease_msg_is(f.type))
            e = leases_recv(node_leases(c->node), c, &f);
        else if (frame_is_blob(f.type))
            e = transfer_recv(node_transfer(c->node), c, &f);
        else
            e = on_peer_frame(c, &f);
        if (e != ERR_OK)
            peers_blame(node_peer_table(c->node), c->number, e);
    }
    return false;
}

static enum err recv_message(struct conn *c, size_t *used)
{
    struct session_event ev = { 0 };
    enum err e =
        session_recv(&c->session, conn_now_ms(c), c->rx.data + c->rx_pos,
                     c->rx.len - c->rx_pos, used, &ev);

    if (e != ERR_OK)
        return e;
    c->rx_pos += *used;
    c->peer_closed = ev.closed;
    c->peer_code = ev.code;
    return ev.opened ? on_opened(c) : ERR_OK;
}

/* Takes all whole messages out of the buffer, unless the store is behind. */
static void drain(struct conn *c)
{
    while (take_frames(c)) { /* ends with the buffer's messages */
        size_t used = 0;
        enum err e;

        if (c->peer_closed) {
            conn_close(c, c->peer_code == ERR_OK ? ERR_CLOSED : c->peer_code);
            return;
        }
        e = recv_message(c, &used);
        if (e != ERR_OK) {
            peers_blame(node_peer_table(c->node), c->number, e);
            return;
        }
        if (used == 0)
            break;
    }
    conn_wake(c);
    if (c->paused)
        return; /* the held frame lies in the buffer */
    assert(!c->has_held);
    memmove(c->rx.data, c->rx.data + c->rx_pos, c->rx.len - c->rx_pos);
    c->rx.len -= c->rx_pos;
    c->rx_pos = 0;
}

/*
 * So many buffers a turn.  libuv would go on for 32 of them, 16 MiB while bulk
 * flows, and what is behind it, a record or the end of a commit, would wait.
 */
enum { READS_A_TURN = 4 };

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;

    (void)suggested;
    buf->base = (char *)c->rx.data + c->rx.len;
    buf->len = c->reads == READS_A_TURN ? 0 : c->rx.cap - c->rx.len;
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct conn *c = stream->data;

    (void)buf; /* it is the free end of rx, lent by on_alloc() */
    /* Nothing yet, which is not the end; or no more in this turn. */
    if (nread == 0 || (nread == UV_ENOBUFS && c->reads == READS_A_TURN))
        return;
    if (nread < 0) {
        conn_close(c, c->is_open || nread != UV_EOF ? ERR_CLOSED
                                                    : ERR_BAD_HANDSHAKE);
        return;
    }
    assert(!c->paused && !c->has_held);
    c->rx.len += (size_t)nread;
    c->reads++;
    assert(c->rx.len <= c->rx.cap);
    if (c->rx.len == c->rx.cap) { /* more has come than was read */
        c->bulk_ms = conn_now_ms(c);
        conn_buffer_grow(&c->rx);
    }
    drain(c);
}

enum err conn_read_start(struct conn *c)
{
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
        return ERR_IO;
    return ERR_OK;
}

void conn_resume(struct conn *c)
{
    if (!c->paused || c->state != CONN_LIVE)
        return;
    c->paused = false;
    session_excuse(&c->session, conn_now_ms(c));
    drain(c);
    if (c->paused || c->state != CONN_LIVE)
        return;
    if (conn_read_start(c) != ERR_OK)
        conn_close(c, ERR_IO);
}
