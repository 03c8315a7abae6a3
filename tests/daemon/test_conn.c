/*
 * Two real connections with each other, over the loop and the sockets that they
 * would have; the nodes around them and what they have to say are the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn_parts.h"
#include "daemon/gossip.h"
#include "daemon/ingest.h"
#include "daemon/leases.h"
#include "daemon/peers.h"
#include "daemon/topics.h"
#include "daemon/transfer.h"

enum {
    LONG = 60000, /* one such record fills most of a message */
    SAYS_MAX = 8,
    TAKEN_MAX = 16
};

/* What a machine has to say: a record of that many bytes, or an error. */
struct say {
    size_t len;
    enum err err;
};

enum fault {
    FAULT_NONE,
    FAULT_REFUSED, /* the write is not taken */
    FAULT_LATER    /* it is, and fails when the test says so */
};

/* A node with one connection.  The parts of it are the node itself. */
struct node {
    struct node_keys keys;
    struct conn *conn; /* NULL once nobody is to use it */
    bool is_open;
    bool is_gone;
    enum err why; /* it is gone */
    enum err blamed;
    struct say says[SAYS_MAX];
    size_t says_count, said;
    bool ends_in_fill; /* when asked for bulk, it ends the connection */
    unsigned writes;
    enum fault fault;
    uv_write_t *write; /* that is to fail */
    uv_write_cb on_write;
    size_t room;              /* for records */
    uint8_t taken[TAKEN_MAX]; /* first bytes of records, in order */
    size_t taken_count;
};

static const struct network LAB = { 3, "lab" };
static struct node ada, ben;
static uv_loop_t loop;
static uv_tcp_t listener;
static uint8_t next_byte;

/* ---- The nodes ---------------------------------------------------------- */

static void *part_of(const struct node *node)
{
    return node == &ada ? &ada : &ben;
}

struct peers *node_peer_table(const struct node *node)
{
    return part_of(node);
}

struct gossip *node_gossip(const struct node *node)
{
    return part_of(node);
}

struct ingest *node_ingest(const struct node *node)
{
    return part_of(node);
}

struct leases *node_leases(const struct node *node)
{
    return part_of(node);
}

struct transfer *node_transfer(const struct node *node)
{
    return part_of(node);
}

struct store *node_store(const struct node *node)
{
    return part_of(node);
}

uv_loop_t *node_loop(const struct node *node)
{
    (void)node;
    return &loop;
}

const struct node_keys *node_keys(const struct node *node)
{
    return &node->keys;
}

const struct network *node_network(const struct node *node)
{
    (void)node;
    return &LAB;
}

void node_emit(struct node *node, const struct node_event *event)
{
    (void)node;
    (void)event;
}

struct record_set store_record_set(struct store *store)
{
    (void)store;
    return (struct record_set){ .ops = NULL };
}

/* ---- The table of connections ------------------------------------------- */

void peers_add(struct peers *peers, struct conn *conn)
{
    ((struct node *)(void *)peers)->conn = conn;
}

enum err peers_accepted(struct peers *peers, struct conn *conn)
{
    (void)peers;
    (void)conn;
    return ERR_OK;
}

uint64_t peers_next_number(struct peers *peers)
{
    (void)peers;
    return 1;
}

enum err peers_opened(struct peers *peers, struct conn *conn)
{
    (void)peers;
    (void)conn;
    return ERR_OK;
}

void peers_up(struct peers *peers, struct conn *conn)
{
    (void)conn;
    ((struct node *)(void *)peers)->is_open = true;
}

void peers_remove(struct peers *peers, struct conn *conn, enum err why)
{
    struct node *node = (void *)peers;

    assert_ptr_equal(node->conn, conn);
    assert_false(node->is_gone);
    node->is_gone = true;
    node->why = why;
}

void peers_blame(struct peers *peers, uint64_t source, enum err e)
{
    struct node *node = (void *)peers;

    assert_int_equal(source, 1);
    node->blamed = e;
    conn_close(node->conn, e);
}

/* ---- What is said and taken --------------------------------------------- */

static struct node *node_of(const struct peer *p)
{
    return ada.conn != NULL && p == &ada.conn->peer ? &ada : &ben;
}

void __wrap_peer_init(struct peer *p, const struct peer_config *config);
void __wrap_peer_wipe(struct peer *p);
enum err __wrap_peer_recv(struct peer *p, struct peer_event *ev, uint8_t type,
                          struct bytes payload, uint64_t now_ms);
enum err __wrap_peer_tick(struct peer *p, uint64_t now_ms);
uint64_t __wrap_peer_deadline(const struct peer *p);
bool __wrap_peer_has_output(const struct peer *p);
enum err __wrap_peer_pull(struct peer *p, struct writer *frames,
                          uint64_t now_ms);
size_t __wrap_peer_list_shared(const struct peer *p, struct peer_shared *out,
                               size_t first, size_t max);

void __wrap_peer_init(struct peer *p, const struct peer_config *config)
{
    (void)p;
    (void)config;
}

void __wrap_peer_wipe(struct peer *p)
{
    (void)p;
}

enum err __wrap_peer_recv(struct peer *p, struct peer_event *ev, uint8_t type,
                          struct bytes payload, uint64_t now_ms)
{
    struct node *node = node_of(p);

    (void)now_ms;
    assert_int_equal(type, FRAME_RECORD);
    assert_true(payload.len > 0 && node->taken_count < TAKEN_MAX);
    assert_true(node->room-- > 0);
    for (size_t i = 1; i < payload.len; i++)
        assert_int_equal(payload.data[i], payload.data[0]);
    node->taken[node->taken_count++] = payload.data[0];
    *ev = (struct peer_event){ .type = PEER_NOTHING };
    return ERR_OK;
}

enum err __wrap_peer_tick(struct peer *p, uint64_t now_ms)
{
    (void)p;
    (void)now_ms;
    return ERR_OK;
}

uint64_t __wrap_peer_deadline(const struct peer *p)
{
    (void)p;
    return UINT64_MAX;
}

bool __wrap_peer_has_output(const struct peer *p)
{
    const struct node *node = node_of(p);

    return node->said < node->says_count;
}

enum err __wrap_peer_pull(struct peer *p, struct writer *frames,
                          uint64_t now_ms)
{
    static uint8_t payload[LONG];
    struct node *node = node_of(p);
    const struct say *say = &node->says[node->said++];
    uint8_t header[FRAME_HEADER_MAX];

    (void)now_ms;
    if (say->err != ERR_OK)
        return say->err;
    memset(payload, ++next_byte, say->len);
    writer_bytes(
        frames,
        (struct bytes){ header, frame_header(header, FRAME_RECORD, say->len) });
    writer_bytes(frames, (struct bytes){ payload, say->len });
    return frames->err;
}

size_t __wrap_peer_list_shared(const struct peer *p, struct peer_shared *out,
                               size_t first, size_t max)
{
    (void)p;
    (void)out;
    (void)first;
    (void)max;
    return 0;
}

bool ingest_is_full(const struct ingest *ingest)
{
    return ((const struct node *)(const void *)ingest)->room == 0;
}

enum err ingest_record(struct ingest *ingest, uint64_t source,
                       const uint8_t topic[ID_LEN], struct bytes record)
{
    (void)ingest;
    (void)source;
    (void)topic;
    (void)record;
    return ERR_INTERNAL;
}

enum err ingest_head(struct ingest *ingest, uint64_t source,
                     const uint8_t topic[ID_LEN], struct bytes head,
                     const uint8_t signature[SIGNATURE_LEN])
{
    (void)ingest;
    (void)source;
    (void)topic;
    (void)head;
    (void)signature;
    return ERR_INTERNAL;
}

/* ---- Parts that have nothing to say ------------------------------------- */

struct sync_gate *gossip_gate(struct gossip *gossip)
{
    (void)gossip;
    return NULL;
}

enum err gossip_up(struct gossip *gossip, struct conn *conn)
{
    (void)gossip;
    (void)conn;
    return ERR_OK;
}

enum err gossip_topics_changed(struct gossip *gossip, const struct conn *conn)
{
    (void)gossip;
    (void)conn;
    return ERR_OK;
}

enum err gossip_event(struct gossip *gossip, const struct conn *conn,
                      const struct peer_event *ev)
{
    (void)gossip;
    (void)conn;
    (void)ev;
    return ERR_OK;
}

enum err topics_tell(const struct node *node, struct peer *peer,
                     uint64_t now_ms)
{
    (void)node;
    (void)peer;
    (void)now_ms;
    return ERR_OK;
}

void leases_peer_changed(struct leases *leases, struct conn *conn)
{
    (void)leases;
    (void)conn;
}

enum err leases_recv(struct leases *leases, struct conn *conn,
                     const struct frame *f)
{
    (void)leases;
    (void)conn;
    (void)f;
    return ERR_INTERNAL;
}

void transfer_peer_changed(struct transfer *transfer, struct conn *conn)
{
    (void)transfer;
    (void)conn;
}

enum err transfer_recv(struct transfer *transfer, struct conn *conn,
                       const struct frame *f)
{
    (void)transfer;
    (void)conn;
    (void)f;
    return ERR_INTERNAL;
}

void transfer_fill(struct transfer *transfer, struct conn *conn)
{
    const struct node *node = (void *)transfer;

    if (node->ends_in_fill && node->said == node->says_count)
        conn_close(conn, ERR_IO);
}

/* ---- The socket --------------------------------------------------------- */

int __real_uv_write(uv_write_t *write, uv_stream_t *stream,
                    const uv_buf_t *bufs, unsigned count, uv_write_cb cb);
int __wrap_uv_write(uv_write_t *write, uv_stream_t *stream,
                    const uv_buf_t *bufs, unsigned count, uv_write_cb cb);

int __wrap_uv_write(uv_write_t *write, uv_stream_t *stream,
                    const uv_buf_t *bufs, unsigned count, uv_write_cb cb)
{
    const struct conn *c = write->data;
    struct node *node = c->node;

    node->writes++;
    switch (node->fault) {
    case FAULT_NONE:
        break;
    case FAULT_REFUSED:
        return UV_EPIPE;
    case FAULT_LATER:
        node->write = write;
        node->on_write = cb;
        return 0;
    }
    return __real_uv_write(write, stream, bufs, count, cb);
}

/* ---- Helpers ------------------------------------------------------------ */

static void flush(const struct node *node)
{
    if (node->conn != NULL && !node->is_gone)
        conn_flush(node->conn);
}

/* A turn of the loop; while the test waits there is something that comes. */
static void turn(void)
{
    assert_true(uv_loop_alive(&loop));
    flush(&ada);
    flush(&ben);
    (void)uv_run(&loop, UV_RUN_ONCE);
}

static void run_until(const bool *done)
{
    while (!*done)
        turn();
}

static void run_until_taken(const struct node *node, size_t count)
{
    while (node->taken_count < count)
        turn();
    assert_int_equal(node->taken_count, count);
}

static void on_connection(uv_stream_t *server, int status)
{
    assert_int_equal(status, 0);
    conn_accept(&ben, server);
    uv_close((uv_handle_t *)&listener, NULL);
}

static void node_begin(struct node *node, uint8_t seed_byte)
{
    uint8_t seed[NODE_SEED_LEN];

    memset(seed, seed_byte, sizeof seed);
    *node = (struct node){ .room = SIZE_MAX };
    node_keys_from_seed(&node->keys, seed);
}

static int begin(void **state)
{
    struct sockaddr_in address;
    struct sockaddr_in bound;
    int len = sizeof bound;

    (void)state;
    node_begin(&ada, 1);
    node_begin(&ben, 2);
    next_byte = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_tcp_init(&loop, &listener), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(
        uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(
        uv_tcp_getsockname(&listener, (struct sockaddr *)&bound, &len), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&listener, 1, on_connection), 0);
    assert_int_equal(conn_dial(&ada.conn, &ada, (const struct sockaddr *)&bound,
                               NULL, false),
                     ERR_OK);
    run_until(&ada.is_open);
    run_until(&ben.is_open);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (!ada.is_gone)
        conn_close(ada.conn, ERR_SHUTDOWN);
    if (!ben.is_gone)
        conn_close(ben.conn, ERR_SHUTDOWN);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0); /* no handle is left */
    return 0;
}

/* Ada's machine is to say this next. */
static void say(size_t len, enum err e)
{
    assert_true(ada.says_count < SAYS_MAX);
    ada.says[ada.says_count++] = (struct say){ len, e };
    conn_wake(ada.conn);
}

/* ---- What is sealed arrives, or nothing after it ------------------------ */

static void a_close_comes_behind_what_was_sealed_before_it(void **state)
{
    (void)state;
    say(LONG, ERR_OK);
    say(0, ERR_IO); /* when the next message of the same write is made */
    run_until(&ada.is_gone);
    assert_int_equal(ada.why, ERR_IO);
    run_until(&ben.is_gone);
    assert_int_equal(ben.taken_count, 1);
    assert_int_equal(ben.why, ERR_IO); /* as the CLOSE says */
    assert_int_equal(ben.blamed, ERR_OK);
}

static void an_end_by_who_fills_in_bulk_comes_behind_it_too(void **state)
{
    (void)state;
    say(LONG, ERR_OK);
    ada.ends_in_fill = true;
    run_until(&ben.is_gone);
    assert_int_equal(ada.why, ERR_IO);
    assert_int_equal(ben.taken_count, 1);
    assert_int_equal(ben.why, ERR_IO);
    assert_int_equal(ben.blamed, ERR_OK);
}

static void a_close_waits_for_the_write_that_is_under_way(void **state)
{
    (void)state;
    say(LONG, ERR_OK);
    conn_flush(ada.conn);
    conn_close(ada.conn, ERR_NOT_NEEDED);
    run_until(&ben.is_gone);
    assert_int_equal(ben.taken_count, 1);
    assert_int_equal(ben.why, ERR_NOT_NEEDED);
    assert_int_equal(ben.blamed, ERR_OK);
}

static void nothing_follows_a_write_that_was_not_taken(void **state)
{
    unsigned writes = ada.writes;

    (void)state;
    ada.fault = FAULT_REFUSED;
    say(LONG, ERR_OK);
    conn_flush(ada.conn);
    assert_true(ada.is_gone);
    ada.fault = FAULT_NONE;
    run_until(&ben.is_gone);
    assert_int_equal(ada.writes, writes + 1);
    assert_int_equal(ada.why, ERR_CLOSED);
    assert_int_equal(ben.taken_count, 0);
    assert_int_equal(ben.why, ERR_CLOSED); /* an end, and no forgery */
    assert_int_equal(ben.blamed, ERR_OK);
}

static void nothing_follows_a_write_that_failed_later(void **state)
{
    unsigned writes = ada.writes;

    (void)state;
    ada.fault = FAULT_LATER;
    say(LONG, ERR_OK);
    conn_flush(ada.conn);
    assert_int_equal(ada.writes, writes + 1);
    ada.fault = FAULT_NONE;
    say(1, ERR_OK);
    conn_flush(ada.conn); /* waits for the first */
    assert_int_equal(ada.writes, writes + 1);
    ada.on_write(ada.write, UV_ECONNRESET);
    run_until(&ben.is_gone);
    assert_int_equal(ada.writes, writes + 1);
    assert_int_equal(ada.why, ERR_CLOSED);
    assert_int_equal(ben.taken_count, 0);
    assert_int_equal(ben.why, ERR_CLOSED);
    assert_int_equal(ben.blamed, ERR_OK);
}

/* ---- Records that the store has no room for ----------------------------- */

/* Ben has stopped before the first of `count` records. */
static void stop_ben(size_t count)
{
    ben.room = 0;
    for (size_t i = 0; i < count; i++)
        say(LONG, ERR_OK);
    while (!ben.conn->has_held)
        turn();
    assert_true(ben.conn->paused);
    assert_int_equal(ben.taken_count, 0);
}

static void held_records_are_taken_once_and_in_order(void **state)
{
    static const uint8_t in_order[] = { 1, 2, 3, 4, 5 };

    (void)state;
    stop_ben(5);
    conn_resume(ben.conn); /* in vain */
    assert_true(ben.conn->paused && ben.conn->has_held);
    ben.room = 1;
    conn_resume(ben.conn);
    run_until_taken(&ben, 1);
    ben.room = 2;
    conn_resume(ben.conn);
    run_until_taken(&ben, 3);
    ben.room = SIZE_MAX;
    conn_resume(ben.conn);
    run_until_taken(&ben, 5);
    assert_memory_equal(ben.taken, in_order, 5);
    assert_false(ben.conn->paused || ben.conn->has_held);
}

static void the_buffer_stays_while_a_record_is_held_in_it(void **state)
{
    (void)state;
    conn_buffer_grow(&ben.conn->rx);
    stop_ben(1);
    ben.conn->bulk_ms = 0; /* long ago: buffers are given back */
    conn_on_timer(&ben.conn->timer);
    assert_int_equal(ben.conn->rx.cap, CONN_BUFFER_MAX);
    ben.room = 1;
    conn_resume(ben.conn);
    run_until_taken(&ben, 1);
    conn_on_timer(&ben.conn->timer);
    assert_int_equal(ben.conn->rx.cap, CONN_BUFFER_MIN);
}

static void a_record_that_is_held_when_it_ends_is_forgotten(void **state)
{
    (void)state;
    stop_ben(2);
    ben.room = SIZE_MAX;
    conn_close(ben.conn, ERR_NOT_NEEDED);
    run_until(&ada.is_gone);
    assert_int_equal(ada.why, ERR_NOT_NEEDED);
    assert_int_equal(ada.blamed, ERR_OK);
    assert_int_equal(ben.taken_count, 0);
}

static void a_close_behind_held_records_is_heard_after_them(void **state)
{
    (void)state;
    stop_ben(1);
    conn_close(ada.conn, ERR_NOT_NEEDED);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    assert_false(ben.is_gone);
    ben.room = 1;
    conn_resume(ben.conn);
    run_until(&ben.is_gone);
    assert_int_equal(ben.taken_count, 1);
    assert_int_equal(ben.why, ERR_NOT_NEEDED);
    assert_int_equal(ben.blamed, ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_close_comes_behind_what_was_sealed_before_it),
        TEST(an_end_by_who_fills_in_bulk_comes_behind_it_too),
        TEST(a_close_waits_for_the_write_that_is_under_way),
        TEST(nothing_follows_a_write_that_was_not_taken),
        TEST(nothing_follows_a_write_that_failed_later),
        TEST(held_records_are_taken_once_and_in_order),
        TEST(the_buffer_stays_while_a_record_is_held_in_it),
        TEST(a_record_that_is_held_when_it_ends_is_forgotten),
        TEST(a_close_behind_held_records_is_heard_after_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
