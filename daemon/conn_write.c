/*
 * What goes out over a connection: frames are pulled from their machines when
 * the socket has room, control before bulk, and the timer is set to when one
 * of them wants to be asked again.
 */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "daemon/conn_parts.h"
#include "daemon/transfer.h"

enum {
    ENDING_MS = 1000, /* how long a CLOSE may take to leave */
    STALLED_MS = 5    /* when to look again whether the way is free */
};

/* ---- The pace of bulk --------------------------------------------------- */

/*
 * Beyond this the system says that it has no room: half of what may wait, so
 * that the other half is ready when it asks for more.
 */
static void set_lowat(struct conn *c, uv_os_fd_t fd)
{
    size_t lowat = pace_limit(&c->pace) / 2;
    unsigned bytes = (unsigned)lowat;

    if (lowat > c->lowat / 4 * 3 && lowat < c->lowat / 4 * 5)
        return;
    c->lowat = lowat;
    /* Without it control waits longer, no more. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

void conn_pace_start(struct conn *c)
{
    uv_os_fd_t fd;

    pace_init(&c->pace, conn_now_ms(c));
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        set_lowat(c, fd);
}

/* Asks the system what it has not sent yet. */
static void look_at_pace(struct conn *c)
{
    uv_os_fd_t fd;
    int unsent = 0;

    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0) {
        if (ioctl(fd, SIOCOUTQNSD, &unsent) < 0 || unsent < 0)
            unsent = 0; /* then it is sent as fast as the socket takes it */
        pace_tell(&c->pace, conn_now_ms(c), c->written, (uint64_t)unsent);
        c->written = 0;
        set_lowat(c, fd);
    }
    c->bulk_left = pace_room(&c->pace);
    c->stalled = c->bulk_left == 0;
    if (c->bulk_left > c->tx.cap)
        conn_buffer_grow(&c->tx);
}

static void count_bulk(struct conn *c, size_t len)
{
    c->bulk_left -= len < c->bulk_left ? len : c->bulk_left;
    c->bulk_ms = conn_now_ms(c);
}

/* ---- Writing ------------------------------------------------------------ */

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

/* Seals the next message, if there is one, with bulk as far as it may go. */
static size_t seal(struct conn *c, size_t at)
{
    size_t before = c->session.bulk.cost;
    size_t got = 0;

    session_pull(&c->session, conn_now_ms(c), c->tx.data + at, c->tx.cap - at,
                 &got, c->bulk_left > 0);
    if (c->session.bulk.cost < before)
        count_bulk(c, before - c->session.bulk.cost);
    return got;
}

/* Has the next message made, unless there is one; an error ends it all. */
static void make(struct conn *c)
{
    enum err e = ERR_OK;

    if (!session_has_output(&c->session, false) && peer_has_output(&c->peer))
        e = pull_peer(c);
    if (e == ERR_OK && c->is_open && !session_has_output(&c->session, true))
        transfer_fill(node_transfer(c->node), c);
    if (e != ERR_OK)
        conn_close(c, e);
}

/*
 * Fills the buffer with messages: what is queued, then what can be made.  If
 * making it ends the connection, the CLOSE goes behind what is sealed: a
 * message that was left out would be a forgery to the other side.
 */
static size_t gather(struct conn *c)
{
    size_t len = 0;

    look_at_pace(c);
    while (c->tx.cap - len >= SESSION_MESSAGE_MAX) {
        size_t got;

        if (c->is_open)
            make(c);
        if (c->state == CONN_DEAD)
            return 0;
        got = seal(c, len);
        if (got == 0)
            break;
        len += got;
    }
    return len;
}

static void rearm(struct conn *c)
{
    uint64_t now = conn_now_ms(c);
    uint64_t due = session_deadline(&c->session);

    if (c->is_open && peer_deadline(&c->peer) < due)
        due = peer_deadline(&c->peer);
    if (c->stalled && now + STALLED_MS < due)
        due = now + STALLED_MS;
    if (c->state == CONN_ENDING)
        due = now + ENDING_MS;
    if (due == UINT64_MAX)
        (void)uv_timer_stop(&c->timer);
    else
        (void)uv_timer_start(&c->timer, conn_on_timer,
                             due > now ? due - now : 0, 0);
}

/* What was sealed did not leave: not even a CLOSE can follow it. */
static void lose(struct conn *c)
{
    c->broken = true;
    conn_close(c, ERR_CLOSED);
    conn_die(c);
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *c = write->data;

    c->writing = false;
    if (c->state == CONN_DEAD)
        return;
    if (status < 0) {
        lose(c);
        return;
    }
    conn_wake(c);
    if (c->state == CONN_ENDING)
        conn_flush(c);
}

static void write_out(struct conn *c, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)c->tx.data, (unsigned)len);

    c->tx.len = len;
    c->written += len;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) == 0)
        c->writing = true;
    else
        lose(c);
}

void conn_flush(struct conn *c)
{
    c->reads = 0;
    if (!c->awake || c->broken || c->gathering || c->state == CONN_CONNECTING ||
        c->state == CONN_DEAD)
        return;
    c->awake = false;
    if (!c->writing) {
        size_t len;

        c->gathering = true;
        len = gather(c);
        c->gathering = false;
        if (len > 0)
            write_out(c, len);
        if (c->state == CONN_ENDING && !c->writing)
            conn_die(c);
    }
    if (c->state != CONN_DEAD)
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
