/*
 * A connection's life, from the socket to the last handle, and what others may
 * ask of it.  What comes in is conn_read.c, what goes out conn_write.c.
 */
#include "daemon/conn.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn_parts.h"
#include "daemon/dial.h"
#include "daemon/gossip.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "daemon/topics.h"
#include "daemon/transfer.h"
#include "proto/blob_small.h"

enum {
    USER_TIMEOUT_MS = 10000,
    /* After so long without bulk the large buffers are given back. */
    BULK_IDLE_MS = 5000
};

/* ---- Buffers ------------------------------------------------------------ */

/* What it held is forgotten: texts of sessions do not stay in memory. */
static void buffer_wipe(struct conn_buffer *buffer)
{
    if (buffer->data != NULL)
        sodium_memzero(buffer->data, buffer->cap);
    free(buffer->data);
    *buffer = (struct conn_buffer){ .data = NULL };
}

static bool buffer_resize(struct conn_buffer *buffer, size_t cap)
{
    uint8_t *data = realloc(buffer->data, cap);

    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

static enum err buffer_init(struct conn_buffer *buffer)
{
    return buffer_resize(buffer, CONN_BUFFER_MIN) ? ERR_OK : ERR_NO_MEMORY;
}

void conn_buffer_grow(struct conn_buffer *buffer)
{
    if (buffer->cap < CONN_BUFFER_MAX)
        (void)buffer_resize(buffer, CONN_BUFFER_MAX); /* else slower */
}

static void buffer_shrink(struct conn_buffer *buffer)
{
    if (buffer->cap > CONN_BUFFER_MIN && buffer->len <= CONN_BUFFER_MIN)
        (void)buffer_resize(buffer, CONN_BUFFER_MIN);
}

/* ---- Life --------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;

    assert(c->handles_open > 0);
    if (--c->handles_open > 0)
        return;
    session_wipe(&c->session);
    writer_free(&c->frames);
    buffer_wipe(&c->rx);
    buffer_wipe(&c->tx);
    free(c);
}

void conn_die(struct conn *c)
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
        conn_die(c);
        return;
    }
    (void)uv_read_stop((uv_stream_t *)&c->tcp);
    if (c->session.state == SESSION_OPEN)
        session_close(&c->session, why);
    conn_wake(c);
    if (!c->gathering)
        conn_flush(c); /* the table, which it has left, does so no more */
}

static struct conn *conn_new(struct node *node)
{
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->node = node;
    if (buffer_init(&c->rx) != ERR_OK || buffer_init(&c->tx) != ERR_OK ||
        uv_tcp_init(node_loop(node), &c->tcp) < 0) {
        buffer_wipe(&c->rx);
        buffer_wipe(&c->tx);
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
    c->started_ms = conn_now_ms(c);
    return c;
}

/* Small frames leave at once, and a dead way is found out in 10 s. */
static void tune(struct conn *c)
{
    unsigned timeout_ms = USER_TIMEOUT_MS;
    uv_os_fd_t fd;

    (void)uv_tcp_nodelay(&c->tcp, 1);
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0)
        return;
    /* Without it the connection works, only less well. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
                     sizeof timeout_ms);
}

/* The socket is there: the handshake begins. */
static void go_live(struct conn *c)
{
    struct session_config config = {
        .dialler = c->is_dialled,
        .network = node_network(c->node),
        .keys = node_keys(c->node),
        .features = FEATURE_BLOB_MANY,
        .expected_node = c->has_expected ? c->expected : NULL,
    };

    tune(c);
    conn_pace_start(c);
    randombytes_buf(config.ephemeral, sizeof config.ephemeral);
    session_init(&c->session, &config, conn_now_ms(c));
    sodium_memzero(config.ephemeral, sizeof config.ephemeral);
    c->state = CONN_LIVE;
    c->live_ms = conn_now_ms(c);
    if (conn_read_start(c) != ERR_OK) {
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
        conn_die(c); /* not in the table yet: nobody hears of it */
        return ERR_UNREACHABLE;
    }
    peers_add(node_peer_table(node), c);
    (void)uv_timer_start(&c->timer, conn_on_timer, HANDSHAKE_TIMEOUT_MS, 0);
    *out = c;
    return ERR_OK;
}

void conn_on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    enum err e = ERR_OK;

    if (c->state == CONN_ENDING) {
        conn_die(c);
        return;
    }
    if (c->state == CONN_CONNECTING) {
        conn_close(c, ERR_TIMEOUT);
        return;
    }
    if (!c->writing && conn_now_ms(c) - c->bulk_ms >= BULK_IDLE_MS) {
        buffer_shrink(&c->tx);
        if (!c->has_held) /* which lies in the other one */
            buffer_shrink(&c->rx);
    }
    e = session_tick(&c->session, conn_now_ms(c));
    if (e == ERR_OK && c->is_open)
        e = peer_tick(&c->peer, conn_now_ms(c));
    if (e != ERR_OK)
        conn_close(c, e);
    conn_wake(c);
}

void conn_topics_changed(struct conn *c)
{
    enum err e;

    if (!c->is_open)
        return;
    e = topics_tell(c->node, &c->peer, conn_now_ms(c));
    if (e == ERR_OK)
        e = gossip_topics_changed(node_gossip(c->node), c);
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

uint64_t conn_features(const struct conn *c)
{
    return c->session.peer_features;
}

uint64_t conn_started_ms(const struct conn *c)
{
    return c->started_ms;
}

struct rate *conn_download(struct conn *c)
{
    return &c->download;
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

struct open_asks *conn_asks(struct conn *c)
{
    return &c->asks;
}

size_t conn_room(const struct conn *c, uint8_t type)
{
    /* What is queued already has its share of the pace. */
    if (frame_is_bulk(type) && c->session.bulk.cost >= c->bulk_left)
        return 0;
    return session_room(&c->session, type);
}

size_t conn_piece(const struct conn *c)
{
    return pace_limit(&c->pace);
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
