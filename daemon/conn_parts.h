#ifndef DAEMON_CONN_PARTS_H
#define DAEMON_CONN_PARTS_H

#include "daemon/conn.h"
#include "daemon/open_asks.h"
#include "proto/pace.h"
#include "proto/session.h"

/*
 * What the three files of a connection share: conn.c its life, conn_read.c
 * what comes in, conn_write.c what goes out.  For nobody else.
 */

/*
 * Two messages each way: one on its way while the next is made or gathered.
 * While bulk flows they are larger, so that the system is asked less often.
 */
enum {
    CONN_BUFFER_MIN = 2 * SESSION_MESSAGE_MAX,
    CONN_BUFFER_MAX = 8 * SESSION_MESSAGE_MAX
};

struct conn_buffer {
    uint8_t *data;
    size_t len; /* used */
    size_t cap;
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
    bool gathering; /* messages are being sealed; a CLOSE comes behind them */
    bool broken;    /* some of what was sealed is lost: nothing may follow */
    bool awake;
    bool paused;
    unsigned reads; /* buffers, in this turn of the loop */
    bool has_held;  /* `held` waits for room in the store's queue */
    bool peer_closed;
    enum err peer_code;
    bool has_expected;
    uint8_t expected[KEY_LEN];
    struct sockaddr_storage address;
    uint64_t live_ms; /* when the handshake began */
    struct rate download;
    uint64_t handshake_ms; /* its length: the first idea of the way's */
    unsigned in_sync;      /* topics, when last looked */
    struct open_asks asks;
    void *transfer;
    /*
     * The frame that waits, and in session.frames those behind it, lie in rx
     * before rx_pos: while there is one nothing is read (paused), and rx is
     * neither moved nor made larger or smaller.
     */
    struct frame held;
    struct session session;
    struct peer peer;
    struct writer frames; /* what peer_pull() gave */
    struct pace pace;
    uint64_t written; /* since the pace was told */
    size_t lowat;     /* what the system was told of it */
    size_t bulk_left; /* that may still be sealed in this turn */
    bool stalled;     /* bulk waits for the way, not for the socket */
    uint64_t bulk_ms; /* when some was sent or came last */
    size_t rx_pos;
    struct conn_buffer rx;
    struct conn_buffer tx;
};

static inline uint64_t conn_now_ms(const struct conn *c)
{
    return uv_now(node_loop(c->node));
}

/* --- conn.c --- */

/* Ends it at once; nothing more is said.  May be called twice. */
void conn_die(struct conn *c);
/* Time is up: for the handshake, for a step of a machine, for the CLOSE. */
void conn_on_timer(uv_timer_t *timer);

/*
 * Makes the buffer larger, if it can: what it holds stays, elsewhere.  Without
 * memory for that the connection goes on with what it has.
 */
void conn_buffer_grow(struct conn_buffer *buffer);

/* --- conn_write.c --- */

/* Sets the pace of a socket that is connected now. */
void conn_pace_start(struct conn *c);

/* --- conn_read.c --- */

/* Bytes of the socket are taken from now on.  ERR_IO */
MUST_CHECK enum err conn_read_start(struct conn *c);

#endif
