/* What peers are told of blobs that still come; all around it is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/peers.h"
#include "daemon/watches.h"
#include "node_around.h"
#include "store/blobs.h"

#define SPAN ((uint64_t)BLOB_SPAN_LEN)
enum {
    BLOBS = BLOB_WATCHES_MAX + 2,
    MAP_LEN = 2 * BLOB_HAVE_MAX + 100,
    SENT_MAX = 64
};

struct conn {
    uint64_t number;
    bool is_open;
    struct peer peer;
};

/* A blob as the store knows it. */
struct shelf {
    struct blob_id id;
    bool is_held; /* for the topic */
    enum err err; /* of its map */
    uint8_t map[MAP_LEN];
};

/* A frame that went out. */
struct sent {
    uint64_t conn;
    struct blob_msg msg;
    uint8_t bits[BLOB_HAVE_MAX];
};

static const uint8_t TAG[BLOB_TAG_LEN] = { 0x7a };
static struct watches *watches;
static struct conn conns[2] = { { .number = 5 }, { .number = 6 } };
static bool is_gone; /* the second one */
static struct shelf shelves[BLOBS];
static struct sent sent[SENT_MAX];
static size_t sent_count;
static size_t room; /* for frames */
static uv_timer_cb on_timer;
static uv_timer_t *timer;
static struct node *const NODE = NULL;

/* ---- All around it ------------------------------------------------------ */

struct conn *peers_find(const struct peers *peers, uint64_t number)
{
    (void)peers;
    for (size_t i = 0; i < 2; i++)
        if (conns[i].number == number && !(i == 1 && is_gone))
            return &conns[i];
    return NULL;
}

uint64_t conn_number(const struct conn *c)
{
    return c->number;
}

bool conn_is_open(const struct conn *c)
{
    return c->is_open;
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

enum err conn_queue(struct conn *c, uint8_t type, struct bytes payload)
{
    struct sent *s = &sent[sent_count];

    if (room == 0)
        return ERR_BUSY;
    room--;
    assert_true(sent_count++ < SENT_MAX);
    s->conn = c->number;
    assert_int_equal(blob_msg_decode(&s->msg, (enum frame_type)type, payload),
                     ERR_OK);
    if (type == FRAME_BLOB_HAVE) {
        memcpy(s->bits, s->msg.have.bits.data, s->msg.have.bits.len);
        s->msg.have.bits.data = s->bits;
    }
    return ERR_OK;
}

static struct shelf *shelf_of(const struct blob_id *id)
{
    for (size_t i = 0; i < BLOBS; i++)
        if (blob_id_equal(&shelves[i].id, id))
            return &shelves[i];
    return NULL;
}

bool blobs_held_for(struct store *store, const struct blob_id *id,
                    const uint8_t topic[ID_LEN])
{
    const struct shelf *shelf = shelf_of(id);

    (void)store;
    assert_int_equal(topic[0], 0x10);
    return shelf != NULL && shelf->is_held;
}

enum err blobs_map(struct store *store, const struct blob_id *id, uint8_t *map,
                   size_t len)
{
    const struct shelf *shelf = shelf_of(id);

    (void)store;
    if (shelf->err == ERR_OK)
        memcpy(map, shelf->map, len);
    return shelf->err;
}

int uv_timer_start(uv_timer_t *which, uv_timer_cb cb, uint64_t wait_ms,
                   uint64_t repeat)
{
    assert_true(wait_ms > 0 && repeat == 0 && on_timer == NULL);
    timer = which;
    on_timer = cb;
    return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
    (void)handle;
    return on_timer != NULL;
}

/* ---- Helpers ------------------------------------------------------------ */

/* Time passes, if anything waits for it. */
static bool pass(void)
{
    uv_timer_cb cb = on_timer;

    sent_count = 0;
    on_timer = NULL;
    if (cb != NULL)
        cb(timer);
    return cb != NULL;
}

static void hear(enum node_event_type type, unsigned blob)
{
    struct node_event event = { .type = type, .blob = &shelves[blob].id };

    around.subscribed->on_event(around.subscribed, &event);
}

static void span_comes(unsigned blob, size_t span)
{
    shelves[blob].map[span / 8] |= (uint8_t)(1 << span % 8);
    hear(NODE_EVENT_PROGRESS, blob);
}

static enum err watch(unsigned conn, uint32_t request, unsigned blob)
{
    struct blob_msg msg = { .type = FRAME_BLOB_WATCH, .request = request };

    memcpy(msg.watch.tag, TAG, sizeof TAG);
    msg.watch.id = shelves[blob].id;
    sent_count = 0;
    return watches_add(watches, &conns[conn], &msg);
}

static void expect_have(size_t i, uint32_t request, uint64_t first, size_t len)
{
    assert_true(i < sent_count);
    assert_int_equal(sent[i].msg.type, FRAME_BLOB_HAVE);
    assert_int_equal(sent[i].msg.request, request);
    assert_int_equal(sent[i].msg.have.first, first);
    assert_int_equal(sent[i].msg.have.bits.len, len);
}

static void expect_end(uint32_t request, enum err code)
{
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent[0].msg.type, FRAME_BLOB_END);
    assert_int_equal(sent[0].msg.request, request);
    assert_int_equal(sent[0].msg.end, code);
}

/* The peer is told nothing of it any more. */
static void expect_over(unsigned conn, uint32_t request)
{
    sent_count = 0;
    assert_false(watches_cancel(watches, &conns[conn], request));
    assert_int_equal(sent_count, 0);
}

static int begin(void **state)
{
    (void)state;
    memset(shelves, 0, sizeof shelves);
    for (unsigned i = 0; i < BLOBS; i++) {
        shelves[i].id.size = 32 * SPAN; /* a map of four bytes */
        memset(shelves[i].id.root, (int)i + 1, HASH_LEN);
        shelves[i].is_held = true;
    }
    conns[0].is_open = conns[1].is_open = true;
    is_gone = false;
    on_timer = NULL;
    room = SIZE_MAX;
    around = (struct node_around){ .loop = uv_default_loop() };
    assert_int_equal(watches_open(&watches, NODE), ERR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    watches_shutdown(watches);
    (void)uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* the handle closes */
    watches_free(watches);
    assert_null(around.subscribed);
    return 0;
}

/* ---- Telling ------------------------------------------------------------ */

static void what_is_here_is_told_at_once(void **state)
{
    (void)state;
    shelves[0].map[0] = 0x81;
    shelves[0].map[1] = 0x02;
    shelves[0].map[3] = 0x40;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    assert_int_equal(sent_count, 2); /* a run each */
    expect_have(0, 9, 0, 2);
    assert_memory_equal(sent[0].bits, "\x81\x02", 2);
    expect_have(1, 9, 24, 1);
    assert_memory_equal(sent[1].bits, "\x40", 1);
    assert_int_equal(sent[0].conn, 5);
    assert_false(pass()); /* nothing is new */
}

static void that_nothing_is_here_yet_is_told_too(void **state)
{
    (void)state;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    assert_int_equal(sent_count, 1);
    expect_have(0, 9, 0, 1);
    assert_int_equal(sent[0].bits[0], 0);
}

static void spans_that_come_are_gathered_and_only_what_changed_is_told(void **s)
{
    (void)s;
    shelves[0].map[0] = 1;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    sent_count = 0;
    span_comes(0, 9);
    span_comes(0, 10);
    span_comes(0, 31);
    assert_int_equal(sent_count, 0);
    assert_true(pass());
    assert_int_equal(sent_count, 2);
    expect_have(0, 9, 8, 1);
    assert_int_equal(sent[0].bits[0], 0x06);
    expect_have(1, 9, 24, 1);
    assert_int_equal(sent[1].bits[0], 0x80);
    assert_false(pass());
    hear(NODE_EVENT_PROGRESS, 0); /* of what is told already */
    assert_true(pass());
    assert_int_equal(sent_count, 0);
}

static void each_who_watches_is_told_and_of_that_blob_alone(void **state)
{
    (void)state;
    assert_int_equal(watch(0, 1, 0), ERR_OK);
    assert_int_equal(watch(0, 2, 1), ERR_OK);
    assert_int_equal(watch(1, 1, 0), ERR_OK);
    span_comes(2, 0);
    hear(NODE_EVENT_RECORD, 0);
    assert_false(pass());
    span_comes(0, 3);
    assert_true(pass());
    assert_int_equal(sent_count, 2);
    assert_int_equal(sent[0].conn + sent[1].conn, 5 + 6);
    expect_have(0, 1, 0, 1);
    expect_have(1, 1, 0, 1);
    span_comes(1, 3);
    assert_true(pass());
    assert_int_equal(sent_count, 1);
    expect_have(0, 2, 0, 1);
}

static void a_long_map_goes_in_pieces(void **state)
{
    (void)state;
    shelves[0].id.size = 8 * MAP_LEN * SPAN - 7 * SPAN; /* rounded up */
    memset(shelves[0].map, 0xff, MAP_LEN - 1);
    shelves[0].map[MAP_LEN - 1] = 0x01;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    assert_int_equal(sent_count, 3);
    expect_have(0, 9, 0, BLOB_HAVE_MAX);
    expect_have(1, 9, 8 * BLOB_HAVE_MAX, BLOB_HAVE_MAX);
    expect_have(2, 9, 16 * BLOB_HAVE_MAX, MAP_LEN - 2 * BLOB_HAVE_MAX);
}

static void what_there_is_no_room_for_is_told_later(void **state)
{
    (void)state;
    shelves[0].map[0] = 1;
    shelves[0].map[2] = 1;
    room = 1;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    assert_int_equal(sent_count, 1);
    assert_true(pass());
    assert_int_equal(sent_count, 0); /* still none */
    room = 1;
    assert_true(pass());
    assert_int_equal(sent_count, 1);
    expect_have(0, 9, 16, 1); /* and what was told is not repeated */
    assert_false(pass());
}

static void an_answer_that_had_no_room_is_given_later(void **state)
{
    (void)state;
    room = 0;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    assert_int_equal(sent_count, 0);
    room = SIZE_MAX;
    assert_true(pass());
    assert_int_equal(sent_count, 1);
    expect_have(0, 9, 0, 1); /* that nothing is here */
    assert_false(pass());
}

static void a_peer_that_is_not_open_or_gone_is_told_nothing(void **state)
{
    (void)state;
    assert_int_equal(watch(0, 1, 0), ERR_OK);
    assert_int_equal(watch(1, 1, 0), ERR_OK);
    conns[0].is_open = false;
    is_gone = true;
    span_comes(0, 3);
    assert_true(pass());
    assert_int_equal(sent_count, 0);
    conns[0].is_open = true;
    watches_peer_gone(watches, &conns[1]);
    is_gone = false;
    assert_true(pass());
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent[0].conn, 5);
    expect_over(1, 1);
    assert_false(pass());
}

/* ---- The end of a watch ------------------------------------------------- */

static void a_blob_that_is_whole_ends_it(void **state)
{
    (void)state;
    shelves[0].err = ERR_EXISTS;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    expect_end(9, ERR_OK);
    expect_over(0, 9);
    assert_int_equal(watch(0, 9, 1), ERR_OK); /* the number is free again */
    shelves[1].err = ERR_EXISTS;
    hear(NODE_EVENT_BLOB, 1);
    assert_true(pass());
    expect_end(9, ERR_OK);
    expect_over(0, 9);
    hear(NODE_EVENT_BLOB, 1);
    assert_false(pass());
}

static void a_blob_that_is_not_here_for_the_topic_ends_it(void **state)
{
    struct blob_msg msg = { .type = FRAME_BLOB_WATCH, .request = 8 };

    (void)state;
    shelves[0].is_held = false;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    expect_end(9, ERR_NOT_HELD);
    expect_over(0, 9);
    sent_count = 0;
    msg.watch.id = shelves[1].id; /* the tag is none of ours */
    assert_int_equal(watches_add(watches, &conns[0], &msg), ERR_OK);
    expect_end(8, ERR_NOT_HELD);
    expect_over(0, 8);
    assert_int_equal(watch(0, 7, 1), ERR_OK);
    shelves[1].is_held = false; /* it was given up meanwhile */
    hear(NODE_EVENT_PROGRESS, 1);
    assert_true(pass());
    expect_end(7, ERR_NOT_HELD);
    expect_over(0, 7);
}

static void a_map_that_cannot_be_read_ends_it(void **state)
{
    (void)state;
    shelves[0].err = ERR_CORRUPT;
    assert_int_equal(watch(0, 9, 0), ERR_OK);
    expect_end(9, ERR_NOT_HELD);
    expect_over(0, 9);
}

static void who_cancels_is_answered_and_told_no_more(void **state)
{
    (void)state;
    assert_int_equal(watch(0, 1, 0), ERR_OK);
    assert_int_equal(watch(0, 2, 1), ERR_OK);
    assert_int_equal(watch(1, 1, 0), ERR_OK);
    span_comes(0, 3);
    sent_count = 0;
    assert_true(watches_cancel(watches, &conns[0], 1));
    expect_end(1, ERR_CANCELLED);
    expect_over(0, 1);
    assert_true(pass());
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent[0].conn, 6);
    assert_true(watches_cancel(watches, &conns[0], 2));
    assert_true(watches_cancel(watches, &conns[1], 1));
}

/* ---- What a peer may ask ------------------------------------------------ */

static void a_number_or_a_blob_twice_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(watch(0, 1, 0), ERR_OK);
    assert_int_equal(watch(0, 1, 1), ERR_MALFORMED);
    assert_int_equal(watch(0, 2, 0), ERR_MALFORMED);
    assert_int_equal(sent_count, 0);
    assert_int_equal(watch(1, 1, 0), ERR_OK); /* another connection may */
    assert_true(watches_cancel(watches, &conns[0], 1));
    assert_int_equal(watch(0, 1, 0), ERR_OK);
}

static void so_many_watches_and_no_more_for_a_connection(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BLOB_WATCHES_MAX; i++)
        assert_int_equal(watch(0, i, i), ERR_OK);
    assert_int_equal(watch(0, BLOB_WATCHES_MAX, BLOB_WATCHES_MAX), ERR_FLOOD);
    assert_int_equal(sent_count, 0);
    assert_int_equal(watch(1, 0, BLOB_WATCHES_MAX), ERR_OK);
    assert_true(watches_cancel(watches, &conns[0], 3));
    assert_int_equal(watch(0, 3, BLOB_WATCHES_MAX), ERR_OK);
    assert_int_equal(watch(0, BLOB_WATCHES_MAX, BLOB_WATCHES_MAX + 1),
                     ERR_FLOOD);
    watches_peer_gone(watches, &conns[0]);
    assert_int_equal(watch(0, 0, 0), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_here_is_told_at_once),
        TEST(that_nothing_is_here_yet_is_told_too),
        TEST(spans_that_come_are_gathered_and_only_what_changed_is_told),
        TEST(each_who_watches_is_told_and_of_that_blob_alone),
        TEST(a_long_map_goes_in_pieces),
        TEST(what_there_is_no_room_for_is_told_later),
        TEST(an_answer_that_had_no_room_is_given_later),
        TEST(a_peer_that_is_not_open_or_gone_is_told_nothing),
        TEST(a_blob_that_is_whole_ends_it),
        TEST(a_blob_that_is_not_here_for_the_topic_ends_it),
        TEST(a_map_that_cannot_be_read_ends_it),
        TEST(who_cancels_is_answered_and_told_no_more),
        TEST(a_number_or_a_blob_twice_is_malformed),
        TEST(so_many_watches_and_no_more_for_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
