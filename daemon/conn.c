#include "daemon/conn.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dial.h"
#include "daemon/ingest.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/topics.h"
#include "daemon/transfer.h"
#include "proto/session.h"

/* Two messages each way: one on its way while the next is made or gathered. */
enum {
    RX_CAP = 2 * SESSION_MESSAGE_MAX,
    TX_CAP = 2 * SESSION_MESSAGE_MAX,
    /* Unsent bytes in the kernel beyond which control could not overtake. */
    NOTSENT_BYTES = 128 * 1024,
    USER_TIMEOUT_MS = 10000,
    /* How long a CLOSE may take to leave. */
    ENDING_MS = 1000
};

enum conn_state { CONN_CONNECTING, CONN_LIVE, CONN_ENDING, CONN_DEAD };

struct conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    unsigned handles_open;
    struct node *node;
    struct conn_links links;
    uint64_t number;
    uint64_t started_ms;
    enum conn_state state;
    bool is_dialled;
    bool is_manual;
    bool is_open; /* `peer` is alive */
    bool writing;
    bool awake;
    bool paused;
    bool has_held; /* `held` waits for room in the store's queue */
    bool peer_closed;
    enum err peer_code;
    bool has_expected;
    uint8_t expected[KEY_LEN];
    struct sockaddr_storage address;
    uint64_t live_ms; /* when the handshake began */
    uint64_t
        handshake_ms; /* what it took: the first idea of the way's length */
    unsigned in_sync; /* topics, when last looked */
    unsigned lies;    /* about blobs */
    void *transfer;
    struct frame held;
    struct session session;
    struct peer peer;
    struct writer frames; /* what peer_pull() gave */
    size_t rx_pos;
    size_t rx_len;
    uint8_t rx[RX_CAP];
    uint8_t tx[TX_CAP];
};

static void drain(struct conn *c);
static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf);

/* ---- Life --------------------------------------------------------------- */

static uint64_t now_ms(const struct conn *c)
{
    return uv_now(node_loop(c->node));
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;

    assert(c->handles_open > 0);
    if (--c->handles_open > 0)
        return;
    session_wipe(&c->session);
    writer_free(&c->frames);
    free(c);
}

static void die(struct conn *c)
{
    if (c->state == CONN_DEAD)
        return;
    c->state = CONN_DEAD;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

void conn_close(struct conn *c, enum err why)
{
    bool was_live = c->state == CONN_LIVE;

    if (c->state == CONN_ENDING || c->state == CONN_DEAD)
        return;
    c->state = CONN_ENDING;
    c->has_held = false;
    peers_remove(node_peer_table(c->node), c, why);
    if (c->is_open)
        peer_wipe(&c->peer);
    c->is_open = false;
    if (!was_live) {
        die(c);
        return;
    }
    (void)uv_read_stop((uv_stream_t *)&c->tcp);
    if (c->session.state == SESSION_OPEN)
        session_close(&c->session, why);
    conn_wake(c);
    conn_flush(c); /* the table, which it has left, does so no more */
}

static void on_timer(uv_timer_t *timer);

static struct conn *conn_new(struct node *node)
{
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->node = node;
    if (uv_tcp_init(node_loop(node), &c->tcp) < 0) {
        free(c); /* never became a handle */
        return NULL;
    }
    (void)uv_timer_init(node_loop(node), &c->timer);
    c->handles_open = 2;
    c->tcp.data = c;
    c->timer.data = c;
    c->connect.data = c;
    c->write.data = c;
    c->frames = writer_growing(NOISE_PLAINTEXT_MAX);
    c->number = peers_next_number(node_peer_table(node));
    c->started_ms = now_ms(c);
    return c;
}

/* Small frames leave at once, and a dead way is found out in 10 s. */
static void tune(struct conn *c)
{
    unsigned timeout_ms = USER_TIMEOUT_MS;
    unsigned notsent = NOTSENT_BYTES;
    uv_os_fd_t fd;

    (void)uv_tcp_nodelay(&c->tcp, 1);
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0)
        return;
    /* Without these the connection works, only less well. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
                     sizeof timeout_ms);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent,
                     sizeof notsent);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;

    (void)suggested;
    buf->base = (char *)c->rx + c->rx_len;
    buf->len = sizeof c->rx - c->rx_len;
}

/* The socket is there: the handshake begins. */
static void go_live(struct conn *c)
{
    struct session_config config = {
        .dialler = c->is_dialled,
        .network = node_network(c->node),
        .keys = node_keys(c->node),
        .expected_node = c->has_expected ? c->expected : NULL,
    };

    tune(c);
    randombytes_buf(config.ephemeral, sizeof config.ephemeral);
    session_init(&c->session, &config, now_ms(c));
    sodium_memzero(config.ephemeral, sizeof config.ephemeral);
    c->state = CONN_LIVE;
    c->live_ms = now_ms(c);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0) {
        conn_close(c, ERR_IO);
        return;
    }
    conn_wake(c);
}

void conn_accept(struct node *node, uv_stream_t *listener)
{
    struct conn *c = conn_new(node);
    int len = sizeof c->address;
    enum err e;

    if (c == NULL) {
        log_event(LOG_LEVEL_ERROR, "conn", "accept_failed", "why=NO_MEMORY");
        return;
    }
    peers_add(node_peer_table(node), c);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0 ||
        uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&c->address, &len) < 0) {
        conn_close(c, ERR_IO);
        return;
    }
    e = peers_accepted(node_peer_table(node), c);
    if (e != ERR_OK)
        conn_close(c, e);
    else
        go_live(c);
}

static enum err err_of_connect(int status)
{
    switch (status) {
    case UV_ECONNREFUSED:
        return ERR_REFUSED_CONN;
    case UV_ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_UNREACHABLE;
    }
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct conn *c = connect->data;

    if (c->state != CONN_CONNECTING)
        return;
    if (status < 0)
        conn_close(c, err_of_connect(status));
    else
        go_live(c);
}

enum err conn_dial(struct conn **out, struct node *node,
                   const struct sockaddr *address, const uint8_t *expected,
                   bool is_manual)
{
    struct conn *c = conn_new(node);
    size_t len = address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                               : sizeof(struct sockaddr_in6);

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->is_dialled = true;
    c->is_manual = is_manual;
    memcpy(&c->address, address, len);
    c->has_expected = expected != NULL;
    if (expected != NULL)
        memcpy(c->expected, expected, KEY_LEN);
    if (uv_tcp_connect(&c->connect, &c->tcp, address, on_connect) < 0) {
        die(c); /* not in the table yet: nobody hears of it */
        return ERR_UNREACHABLE;
    }
    peers_add(node_peer_table(node), c);
    (void)uv_timer_start(&c->timer, on_timer, HANDSHAKE_TIMEOUT_MS, 0);
    *out = c;
    return ERR_OK;
}

/* ---- What comes in ------------------------------------------------------ */

/* The handshake has proved who it is. */
static enum err on_opened(struct conn *c)
{
    struct peer_config config = {
        .is_dialler = c->is_dialled,
        .set = store_record_set(node_store(c->node)),
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
    c->handshake_ms = now_ms(c) - c->live_ms + 1;
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
    session_set_busy(&c->session, now_ms(c), busy);
}

static enum err on_peer_frame(struct conn *c, const struct frame *f)
{
    struct peer_event ev = { .type = PEER_NOTHING };
    enum err e = peer_recv(&c->peer, &ev, f->type, f->payload, now_ms(c));

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
        break;
    }
    look_at_topics(c);
    return ERR_OK;
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
        if (f.type >= FRAME_BLOB_ASK)
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
    enum err e = session_recv(&c->session, now_ms(c), c->rx + c->rx_pos,
                              c->rx_len - c->rx_pos, used, &ev);

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
    memmove(c->rx, c->rx + c->rx_pos, c->rx_len - c->rx_pos);
    c->rx_len -= c->rx_pos;
    c->rx_pos = 0;
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct conn *c = stream->data;

    (void)buf;      /* it is the free end of c->rx, lent by on_alloc() */
    if (nread == 0) /* libuv: nothing yet; this is not end of file */
        return;
    if (nread < 0) {
        conn_close(c, c->is_open || nread != UV_EOF ? ERR_CLOSED
                                                    : ERR_BAD_HANDSHAKE);
        return;
    }
    c->rx_len += (size_t)nread;
    assert(c->rx_len <= sizeof c->rx);
    drain(c);
}

void conn_resume(struct conn *c)
{
    if (!c->paused || c->state != CONN_LIVE)
        return;
    c->paused = false;
    session_excuse(&c->session, now_ms(c));
    drain(c);
    if (c->paused || c->state != CONN_LIVE)
        return;
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
        conn_close(c, ERR_IO);
}

/* ---- What goes out ------------------------------------------------------ */

/* Moves what the peer machine has to say into the session. */
static enum err pull_peer(struct conn *c)
{
    struct reader r;
    enum err e;

    writer_reset(&c->frames);
    e = peer_pull(&c->peer, &c->frames, now_ms(c));
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
    while (e == ERR_OK && TX_CAP - *len >= SESSION_MESSAGE_MAX) {
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
        session_pull(&c->session, now_ms(c), c->tx + *len, TX_CAP - *len, &got,
                     true);
        if (got == 0)
            break;
        *len += got;
    }
    return e;
}

static void rearm(struct conn *c)
{
    uint64_t now = now_ms(c);
    uint64_t due = session_deadline(&c->session);

    if (c->is_open && peer_deadline(&c->peer) < due)
        due = peer_deadline(&c->peer);
    if (c->state == CONN_ENDING)
        due = now + ENDING_MS;
    if (due == UINT64_MAX)
        (void)uv_timer_stop(&c->timer);
    else
        (void)uv_timer_start(&c->timer, on_timer, due > now ? due - now : 0, 0);
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
        die(c);
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
            die(c);
            return;
        }
    }
    rearm(c);
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    enum err e = ERR_OK;

    if (c->state == CONN_ENDING) {
        die(c);
        return;
    }
    if (c->state == CONN_CONNECTING) {
        conn_close(c, ERR_TIMEOUT);
        return;
    }
    e = session_tick(&c->session, now_ms(c));
    if (e == ERR_OK && c->is_open)
        e = peer_tick(&c->peer, now_ms(c));
    if (e != ERR_OK)
        conn_close(c, e);
    conn_wake(c);
}

void conn_wake(struct conn *c)
{
    c->awake = true;
}

void conn_topics_changed(struct conn *c)
{
    enum err e;

    if (!c->is_open)
        return;
    e = topics_tell(c->node, &c->peer, now_ms(c));
    if (e != ERR_OK) {
        conn_close(c, e);
        return;
    }
    transfer_peer_changed(node_transfer(c->node), c);
    conn_wake(c);
}

/* ---- Questions ---------------------------------------------------------- */

uint64_t conn_number(const struct conn *c)
{
    return c->number;
}

bool conn_is_dialled(const struct conn *c)
{
    return c->is_dialled;
}

bool conn_is_manual(const struct conn *c)
{
    return c->is_manual;
}

bool conn_is_open(const struct conn *c)
{
    return c->is_open;
}

const uint8_t *conn_node(const struct conn *c)
{
    if (c->session.state == SESSION_OPEN || c->is_open)
        return c->session.peer_node;
    return c->has_expected ? c->expected : NULL;
}

const struct sockaddr *conn_sockaddr(const struct conn *c)
{
    return (const struct sockaddr *)&c->address;
}

void conn_address(const struct conn *c, char out[ADDRESS_TEXT_MAX])
{
    address_print(out, conn_sockaddr(c));
}

uint64_t conn_started_ms(const struct conn *c)
{
    return c->started_ms;
}

uint64_t conn_rtt_ms(const struct conn *c)
{
    return c->session.rtt_ms > 0 ? c->session.rtt_ms : c->handshake_ms;
}

struct peer *conn_peer(struct conn *c)
{
    assert(c->is_open);
    return &c->peer;
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

unsigned conn_count_lie(struct conn *c)
{
    return ++c->lies;
}

size_t conn_room(const struct conn *c, uint8_t type)
{
    return session_room(&c->session, type);
}

void conn_set_transfer(struct conn *c, void *state)
{
    c->transfer = state;
}

void *conn_transfer(const struct conn *c)
{
    return c->transfer;
}

struct conn_links *conn_links(struct conn *c)
{
    return &c->links;
}
