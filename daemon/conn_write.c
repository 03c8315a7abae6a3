/*
 * What goes out over a connection: frames are pulled from their machines when
 * the socket has room, control before bulk, and the timer is set to when one
 * of them wants to be asked again.
 */
#include "daemon/conn_parts.h"
#include "daemon/transfer.h"

/* How long a CLOSE may take to leave. */
enum { ENDING_MS = 1000 };

/* Moves what the peer machine has to say into the session. */
static enum err pull_peer(struct conn *c)
{
    struct reader r;
    enum err e;

    writer_reset(&c->frames);
    e = peer_pull(&c->peer, &c->frames, conn_now_ms(c));
    r = reader_of(writer_view(&c->frames));
    while (e == ERR_OK && r.left > 0) {
        struct frame f;

        e = frame_next(&f, &r);
        if (e == ERR_OK)
            e = session_queue(&c->session, f.type, &f.payload, 1);
    }
    return e;
}

/* Fills the buffer with messages: what is queued, then what can be made. */
static enum err gather(struct conn *c, size_t *len)
{
    enum err e = ERR_OK;

    *len = 0;
    while (e == ERR_OK && CONN_TX_CAP - *len >= SESSION_MESSAGE_MAX) {
        size_t got = 0;

        if (c->is_open && !session_has_output(&c->session, false) &&
            peer_has_output(&c->peer))
            e = pull_peer(c);
        if (e == ERR_OK && c->is_open && !session_has_output(&c->session, true))
            transfer_fill(node_transfer(c->node), c);
        if (c->state == CONN_DEAD || c->writing) { /* it failed: CLOSE is out */
            *len = 0;
            return ERR_OK;
        }
        session_pull(&c->session, conn_now_ms(c), c->tx + *len,
                     CONN_TX_CAP - *len, &got, true);
        if (got == 0)
            break;
        *len += got;
    }
    return e;
}

static void rearm(struct conn *c)
{
    uint64_t now = conn_now_ms(c);
    uint64_t due = session_deadline(&c->session);

    if (c->is_open && peer_deadline(&c->peer) < due)
        due = peer_deadline(&c->peer);
    if (c->state == CONN_ENDING)
        due = now + ENDING_MS;
    if (due == UINT64_MAX)
        (void)uv_timer_stop(&c->timer);
    else
        (void)uv_timer_start(&c->timer, conn_on_timer,
                             due > now ? due - now : 0, 0);
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *c = write->data;

    c->writing = false;
    if (c->state == CONN_DEAD)
        return;
    if (status < 0 && c->state == CONN_LIVE)
        conn_close(c, ERR_CLOSED);
    conn_wake(c);
    if (status < 0)
        conn_die(c);
    else if (c->state == CONN_ENDING)
        conn_flush(c);
}

void conn_flush(struct conn *c)
{
    size_t len;
    uv_buf_t buf;
    enum err e;

    if (!c->awake || c->state == CONN_CONNECTING || c->state == CONN_DEAD)
        return;
    c->awake = false;
    if (!c->writing) {
        e = gather(c, &len);
        if (e != ERR_OK) {
            conn_close(c, e);
            return; /* which has flushed, for the CLOSE */
        }
        if (len > 0) {
            buf = uv_buf_init((char *)c->tx, (unsigned)len);
            c->writing = uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1,
                                  on_written) == 0;
        }
        if (c->state == CONN_ENDING && !c->writing) {
            conn_die(c);
            return;
        }
    }
    rearm(c);
}

void conn_wake(struct conn *c)
{
    c->awake = true;
}

enum err conn_queue(struct conn *c, uint8_t type, struct bytes payload)
{
    conn_wake(c);
    return session_queue(&c->session, type, &payload, 1);
}

enum err conn_queue_parts(struct conn *c, uint8_t type,
                          const struct bytes *parts, size_t count)
{
    conn_wake(c);
    return session_queue(&c->session, type, parts, count);
}
