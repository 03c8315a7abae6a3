/* Challenges that are answered: the line, the pool and the proof are real, who
 * asks and what is held is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/in_place.h"
#include "daemon/lease_parts.h"
#include "daemon/peers.h"
#include "node_around.h"

enum {
    SIZE = 5 * BLOB_LEAF_LEN / 2, /* three leaves */
    PEERS = LEASE_PEERS_MAX + 1
};

struct conn {
    uint64_t number;
    struct peer peer;
    unsigned answers;
    struct lease_msg last; /* without its bytes */
    enum err proof;        /* of the last answer */
};

struct blob_reader {
    int unused;
};

static const uint8_t TAG[LEASE_TAG_LEN] = { 0x7a };
static struct leases leases;
static uv_loop_t loop;
static uint64_t now_ms;
static struct conn conns[PEERS];
static bool is_gone[PEERS];
static uint8_t bytes[SIZE];
static struct blob_id blob;
static enum err open_err, read_err;
static int open_readers;
static bool is_leaving;  /* the node is about to let go of the blob */
static unsigned changes; /* files in place that were said to have changed */
static struct blob_reader reader;

/* Reads wait at the gate, if it is closed. */
static bool is_gated;
static uv_sem_t began, gate;
static atomic_uint running, most;

/* ---- All around it ------------------------------------------------------ */

uint64_t __wrap_uv_now(const uv_loop_t *unused);

uint64_t __wrap_uv_now(const uv_loop_t *unused)
{
    (void)unused;
    return now_ms;
}

struct conn *peers_find(const struct peers *peers, uint64_t number)
{
    (void)peers;
    assert_true(number > 0 && number <= PEERS);
    return is_gone[number - 1] ? NULL : &conns[number - 1];
}

uint64_t conn_number(const struct conn *c)
{
    return c->number;
}

struct peer *conn_peer(struct conn *c)
{
    return &c->peer;
}

bool peer_topic_of_tag(const struct peer *peer,
                       const uint8_t tag[HELLO_TAG_LEN], uint8_t topic[ID_LEN])
{
    (void)peer;
    memset(topic, 0x10, ID_LEN);
    return memcmp(tag, TAG, sizeof TAG) == 0;
}

/* Connection i is peer i, but that the last has the place of the first. */
struct lease_peer *lease_peer_of(struct leases *l, const struct conn *conn)
{
    return &l->peers[(size_t)(conn - conns) % LEASE_PEERS_MAX];
}

bool lease_send(struct lease_peer *peer, const struct lease_msg *msg)
{
    struct conn *c = peer->conn;

    assert_int_equal(msg->type, FRAME_LEAF);
    c->answers++;
    c->last = *msg;
    if (msg->leaf.code == ERR_OK)
        c->proof = leaf_proof_verify(&blob, msg->request % 3, msg->leaf.bytes,
                                     msg->leaf.siblings);
    return true;
}

enum err blob_reader_open(struct blob_reader **out, struct store *store,
                          const struct blob_id *id, const uint8_t *topic)
{
    (void)store;
    assert_true(blob_id_equal(id, &blob));
    assert_int_equal(topic[0], 0x10);
    if (open_err != ERR_OK)
        return open_err;
    open_readers++;
    *out = &reader;
    return ERR_OK;
}

void blob_reader_close(struct blob_reader *r)
{
    open_readers -= r != NULL;
}

/* On the pool. */
enum err blob_reader_read(struct blob_reader *r, uint64_t offset, uint8_t *out,
                          size_t len)
{
    unsigned count = ++running;
    unsigned before = most;

    (void)r;
    while (count > before &&
           !atomic_compare_exchange_weak(&most, &before, count))
        ;
    if (is_gated) {
        uv_sem_post(&began);
        uv_sem_wait(&gate);
    }
    running--;
    if (offset != 0 || len != SIZE)
        return ERR_INTERNAL;
    memcpy(out, bytes, len);
    return read_err;
}

enum err blobs_layer_page(struct store *store, const struct blob_id *id,
                          uint64_t page, struct writer *hashes,
                          struct writer *uncles)
{
    (void)store;
    (void)id;
    (void)page;
    (void)hashes;
    (void)uncles;
    return ERR_INTERNAL; /* a blob of one span has none */
}

struct lease_topic *lease_topic_find(const struct leases *l,
                                     const uint8_t topic[ID_LEN])
{
    (void)l;
    (void)topic;
    return NULL; /* nobody asks for lists */
}

struct lease_row *lease_row_find(const struct lease_topic *topic,
                                 const uint8_t node[KEY_LEN])
{
    (void)topic;
    (void)node;
    return NULL;
}

void lease_row_forget_roots(struct lease_row *row)
{
    (void)row;
}

bool lease_check_is_leaving(const struct leases *l, const struct blob_id *id)
{
    (void)l;
    return is_leaving && blob_id_equal(id, &blob);
}

void in_place_look(struct node *node, const struct blob_id *id)
{
    (void)node;
    assert_true(blob_id_equal(id, &blob));
    changes++;
}

enum err lease_rows_look_up(struct store *store, const struct lease *lease,
                            const struct blob_id *id, bool *found,
                            uint64_t *number)
{
    (void)store;
    (void)lease;
    (void)id;
    (void)found;
    (void)number;
    return ERR_INTERNAL; /* nobody asks for lists */
}

enum err lease_rows_names(struct store *store, const uint8_t topic[ID_LEN],
                          const uint8_t node[KEY_LEN], uint64_t page,
                          struct writer *out)
{
    (void)store;
    (void)topic;
    (void)node;
    (void)page;
    (void)out;
    return ERR_INTERNAL;
}

/* ---- Helpers ------------------------------------------------------------ */

/* Connection i asks for a leaf: of those numbers, which are the request's. */
static void challenge(size_t i, uint32_t request)
{
    struct lease_msg msg = { .type = FRAME_CHALLENGE, .request = request };
    struct lease_peer *p = lease_peer_of(&leases, &conns[i]);

    p->conn = &conns[i];
    memcpy(msg.tag, TAG, sizeof TAG);
    msg.challenge.blob = blob;
    msg.challenge.leaf = request % 3;
    lease_answer_challenge(&leases, p, &msg);
}

static void run_all(void)
{
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(leases.reads, 0);
    assert_int_equal(open_readers, 0);
}

static void expect(size_t i, unsigned answers, uint32_t request, enum err code)
{
    assert_int_equal(conns[i].answers, answers);
    assert_int_equal(conns[i].last.request, request);
    assert_int_equal(conns[i].last.leaf.code, code);
    if (code == ERR_OK)
        assert_int_equal(conns[i].proof, ERR_OK);
}

static void open_gate(unsigned reads)
{
    for (unsigned i = 0; i < reads; i++)
        uv_sem_post(&gate);
}

static int begin(void **state)
{
    (void)state;
    memset(&leases, 0, sizeof leases);
    memset(conns, 0, sizeof conns);
    memset(is_gone, 0, sizeof is_gone);
    for (size_t i = 0; i < PEERS; i++)
        conns[i].number = i + 1;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    blob.size = SIZE;
    assert_int_equal(blob_span_hash(NULL, blob.root, SIZE, BYTES_ARRAY(bytes)),
                     ERR_OK);
    open_err = read_err = ERR_OK;
    open_readers = 0;
    changes = 0;
    is_leaving = false;
    now_ms = 1000000;
    is_gated = false;
    running = most = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_sem_init(&began, 0), 0);
    assert_int_equal(uv_sem_init(&gate, 0), 0);
    around = (struct node_around){ .loop = &loop };
    leases.tells = true;
    lane_init(&leases.lane, &loop, LEASE_READS_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    open_gate(PEERS); /* if a test has failed before it did */
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    uv_sem_destroy(&began);
    uv_sem_destroy(&gate);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

/* ---- Answers ------------------------------------------------------------ */

static void each_leaf_is_shown_with_its_proof(void **state)
{
    (void)state;
    for (uint32_t leaf = 0; leaf < 3; leaf++) {
        challenge(0, 3 + leaf);
        run_all();
        expect(0, leaf + 1, 3 + leaf, ERR_OK);
    }
}

static void what_cannot_be_shown_is_not_held(void **state)
{
    struct lease_msg msg = { .type = FRAME_CHALLENGE, .request = 4 };

    (void)state;
    open_err = ERR_NOT_HELD;
    challenge(0, 1);
    expect(0, 1, 1, ERR_NOT_HELD);
    open_err = ERR_OK;
    read_err = ERR_CORRUPT;
    challenge(0, 2);
    run_all();
    expect(0, 2, 2, ERR_NOT_HELD);
    read_err = ERR_OK;
    leases.tells = false; /* its owner tells nobody */
    challenge(0, 3);
    expect(0, 3, 3, ERR_NOT_HELD);
    around = (struct node_around){ .loop = &loop };
    leases.tells = true;
    msg.challenge.blob = blob; /* the tag is none of ours */
    lease_answer_challenge(&leases, &leases.peers[0], &msg);
    expect(0, 4, 4, ERR_NOT_HELD);
    run_all();
}

static void a_file_that_changed_is_not_held_and_looked_at(void **state)
{
    (void)state;
    open_err = ERR_CHANGED;
    challenge(0, 1);
    expect(0, 1, 1, ERR_NOT_HELD);
    assert_int_equal(changes, 1);
    open_err = ERR_OK;
    read_err = ERR_CHANGED;
    challenge(0, 2);
    run_all();
    expect(0, 2, 2, ERR_NOT_HELD);
    assert_int_equal(changes, 2);
}

static void without_memory_it_is_busy(void **state)
{
    (void)state;
    read_err = ERR_NO_MEMORY; /* which says nothing of what is held */
    challenge(0, 1);
    run_all();
    expect(0, 1, 1, ERR_BUSY);
}

static void of_what_may_go_at_any_moment_nothing_is_said(void **state)
{
    (void)state;
    is_leaving = true;
    challenge(0, 1);
    expect(0, 1, 1, ERR_BUSY);
    assert_int_equal(leases.reads, 0);
    is_leaving = false;
    challenge(0, 2);
    run_all();
    expect(0, 2, 2, ERR_OK);
}

/* ---- Bounds ------------------------------------------------------------- */

static void few_leaves_are_read_at_once_and_all_in_the_end(void **state)
{
    enum { ASKED = 10 };

    (void)state;
    is_gated = true;
    for (uint32_t i = 0; i < ASKED; i++)
        challenge(i, i);
    for (unsigned i = 0; i < LEASE_READS_MAX; i++)
        uv_sem_wait(&began);
    assert_int_equal(running, LEASE_READS_MAX);
    assert_int_equal(leases.reads, ASKED); /* the others wait in line */
    assert_int_equal(leases.lane.running, LEASE_READS_MAX);
    open_gate(ASKED);
    run_all();
    assert_int_equal(most, LEASE_READS_MAX);
    for (uint32_t i = 0; i < ASKED; i++)
        expect(i, 1, i, ERR_OK);
}

static void a_peer_has_one_leaf_read_at_a_time(void **state)
{
    (void)state;
    is_gated = true;
    challenge(0, 1);
    challenge(0, 2);
    expect(0, 1, 2, ERR_BUSY);
    challenge(1, 3); /* another one may */
    assert_int_equal(leases.reads, 2);
    open_gate(3);
    run_all();
    expect(0, 2, 1, ERR_OK);
    expect(1, 1, 3, ERR_OK);
    challenge(0, 4);
    run_all();
    expect(0, 3, 4, ERR_OK);
}

/* Peers that come, ask and go: each leaves its leaf in line. */
static void no_more_wait_in_line_than_there_may_be_peers(void **state)
{
    (void)state;
    is_gated = true;
    for (uint32_t i = 0; i < LEASE_PEERS_MAX; i++) {
        challenge(i, i);
        is_gone[i] = true;
        leases.peers[i] = (struct lease_peer){ .conn = NULL };
    }
    assert_int_equal(leases.reads, LEASE_PEERS_MAX);
    challenge(LEASE_PEERS_MAX, 7);
    expect(LEASE_PEERS_MAX, 1, 7, ERR_BUSY);
    open_gate(LEASE_PEERS_MAX + 1);
    run_all();
    assert_true(most <= LEASE_READS_MAX);
    for (size_t i = 0; i < LEASE_PEERS_MAX; i++)
        assert_int_equal(conns[i].answers, 0); /* nobody is told */
    challenge(LEASE_PEERS_MAX, 8);
    run_all();
    expect(LEASE_PEERS_MAX, 2, 8, ERR_OK);
}

static void who_asks_too_often_is_told_that_it_is_busy(void **state)
{
    uint32_t request = 0;

    (void)state;
    for (; request < LEASE_ASKS_BURST_MAX; request++) {
        challenge(0, request);
        run_all();
    }
    expect(0, request, request - 1, ERR_OK);
    challenge(0, request);
    expect(0, request + 1, request, ERR_BUSY);
    assert_int_equal(leases.reads, 0);
    challenge(1, 5); /* others are not kept from it */
    run_all();
    expect(1, 1, 5, ERR_OK);
    now_ms += 1000;
    for (unsigned i = 0; i < LEASE_ASKS_PER_SEC; i++) {
        challenge(0, ++request);
        run_all();
        expect(0, request + 1, request, ERR_OK);
    }
    challenge(0, ++request);
    expect(0, request + 1, request, ERR_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_leaf_is_shown_with_its_proof),
        TEST(what_cannot_be_shown_is_not_held),
        TEST(a_file_that_changed_is_not_held_and_looked_at),
        TEST(without_memory_it_is_busy),
        TEST(of_what_may_go_at_any_moment_nothing_is_said),
        TEST(few_leaves_are_read_at_once_and_all_in_the_end),
        TEST(a_peer_has_one_leaf_read_at_a_time),
        TEST(no_more_wait_in_line_than_there_may_be_peers),
        TEST(who_asks_too_often_is_told_that_it_is_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
