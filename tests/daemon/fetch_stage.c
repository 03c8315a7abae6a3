/* Peers, an owner and time for tests of who fetches blobs. */
#include "fetch_stage.h"

#include "daemon/peers.h"
#include "daemon/throttle.h"
#include "node_around.h"
#include "proto/frame.h"
#include "store/blobs.h"

const uint8_t topic[ID_LEN] = { 9 };
struct fixture store;
uv_loop_t loop;
struct commits *commits;
uint64_t now_ms;
struct conn peers[STAGE_PEERS];
struct fate fate;
bool has_room;
bool is_taken;

/* ---- Peers -------------------------------------------------------------- */

struct conn *peers_next(const struct peers *p, struct conn *after)
{
    (void)p;
    if (after == NULL)
        return &peers[0];
    return after == &peers[STAGE_PEERS - 1] ? NULL : after + 1;
}

struct conn *peers_find(const struct peers *p, uint64_t number)
{
    (void)p;
    assert_in_range(number, 1, STAGE_PEERS);
    return &peers[number - 1];
}

void peers_lied(struct peers *p, uint64_t source, enum err e)
{
    (void)p;
    (void)source;
    assert_int_equal(e, ERR_BAD_BLOB);
    fate.lies++;
}

void peers_node_lied(struct peers *p, const uint8_t node[KEY_LEN], enum err e)
{
    (void)p;
    assert_int_equal(e, ERR_BAD_BLOB);
    fate.lies++;
    fate.liar = node[0];
}

const uint8_t *conn_node(const struct conn *c)
{
    return c->node;
}

bool conn_is_open(const struct conn *c)
{
    return c->is_open;
}

uint64_t conn_features(const struct conn *c)
{
    return c->features;
}

struct peer *conn_peer(struct conn *c)
{
    return (struct peer *)c;
}

uint64_t conn_number(const struct conn *c)
{
    return c->number;
}

uint64_t conn_rtt_ms(const struct conn *c)
{
    (void)c;
    return 0;
}

struct open_asks *conn_asks(struct conn *c)
{
    return &c->open_asks;
}

struct rate *conn_download(struct conn *c)
{
    (void)c;
    return NULL;
}

void conn_close(struct conn *c, enum err why)
{
    assert_int_equal(why, ERR_TIMEOUT);
    c->is_open = false;
}

static void on_many(struct conn *c, struct bytes payload)
{
    assert_true(payload.len <= sizeof c->frame);
    memcpy(c->frame, payload.data, payload.len);
    assert_int_equal(
        blob_many_decode(&c->many, (struct bytes){ c->frame, payload.len }),
        ERR_OK);
    c->asks++;
}

enum err conn_queue(struct conn *c, uint8_t type, struct bytes payload)
{
    struct blob_msg msg;

    if (type == FRAME_BLOB_MANY) {
        on_many(c, payload);
        return ERR_OK;
    }
    assert_int_equal(blob_msg_decode(&msg, (enum frame_type)type, payload),
                     ERR_OK);
    if (type == FRAME_BLOB_CANCEL) {
        c->cancels++;
        return ERR_OK;
    }
    assert_int_equal(type, FRAME_BLOB_ASK);
    assert_true(c->asks < STAGE_ASKS);
    c->asked[c->asks++] = msg;
    return ERR_OK;
}

bool peer_shares(const struct peer *p, const uint8_t of[ID_LEN])
{
    const struct conn *c = (const struct conn *)p;

    return memcmp(of, c->topic, ID_LEN) == 0;
}

bool peer_tag_of_topic(const struct peer *p, const uint8_t of[ID_LEN],
                       uint8_t tag[HELLO_TAG_LEN])
{
    memset(tag, 5, HELLO_TAG_LEN);
    return peer_shares(p, of);
}

/* ---- Time and limits ---------------------------------------------------- */

uint64_t uv_now(const uv_loop_t *of)
{
    (void)of;
    return now_ms;
}

uint64_t throttle_ask_ms(struct throttle *t, struct rate *each)
{
    (void)t;
    (void)each;
    return 0;
}

void throttle_received(struct throttle *t, struct rate *each, size_t bytes)
{
    (void)t;
    (void)each;
    (void)bytes;
}

/* ---- The owner of the wants --------------------------------------------- */

static bool on_other(struct transfer *t, const struct store_want *want)
{
    (void)t;
    (void)want;
    fate.other++;
    return true;
}

static void on_put_off(struct transfer *t, const struct store_want *want)
{
    (void)t;
    (void)want;
    fate.put_off++;
}

static void on_held(struct transfer *t, const struct store_want *want)
{
    (void)t;
    (void)want;
    fate.held++;
}

static bool is_settled(struct transfer *t, const struct store_want *want,
                       struct quota_claim *claim)
{
    (void)t;
    (void)want;
    *claim = (struct quota_claim){ .is_strangers = false };
    return false;
}

static bool has_room_for(struct transfer *t, const struct store_want *want,
                         uint64_t bytes)
{
    (void)t;
    (void)want;
    (void)bytes;
    return has_room;
}

static bool is_taken_by(struct transfer *t, const struct blob_id *blob)
{
    (void)t;
    (void)blob;
    return is_taken;
}

static bool is_slow(struct transfer *t, const struct conn *c)
{
    (void)t;
    return c->is_slow;
}

static void on_blame(struct transfer *t, const struct conn *c)
{
    (void)t;
    peers[c->number - 1].is_slow = true;
    fate.blamed++;
}

const struct fetch_owner stage_owner = {
    .other = on_other,
    .put_off = on_put_off,
    .held = on_held,
    .is_settled = is_settled,
    .has_room = has_room_for,
    .is_taken = is_taken_by,
    .is_slow = is_slow,
    .blame = on_blame,
};

/* ---- The stage ---------------------------------------------------------- */

void stage_open(void)
{
    fixture_open(&store);
    now_ms = 100000;
    fate = (struct fate){ 0 };
    has_room = true;
    is_taken = false;
    for (unsigned i = 0; i < STAGE_PEERS; i++)
        peers[i] = (struct conn){ .number = i + 1,
                                  .node = { (uint8_t)(i + 101) },
                                  .features = FEATURE_BLOB_MANY,
                                  .is_open = i == 0,
                                  .topic = topic };
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(commits_open(&commits, &loop, store.store), ERR_OK);
    around = (struct node_around){ .loop = &loop,
                                   .store = store.store,
                                   .commits = commits,
                                   .clock_ms = DAY0 };
}

void stage_close(void)
{
    commits_close(commits);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    fixture_close(&store);
}

void stage_turn(void)
{
    commits_flush(commits, false);
    (void)uv_run(&loop, UV_RUN_ONCE);
}

void stage_want(const struct blob_id *blob, const uint8_t of[ID_LEN],
                uint32_t tries)
{
    struct store_want want = { .blob = *blob,
                               .why = STORE_WHY_SEED,
                               .tries = tries };

    memcpy(want.topic, of, ID_LEN);
    if (store_batch_count(store.batch) == STORE_BATCH_OPS)
        stage_want_end();
    assert_int_equal(store_batch_want(store.batch, &want), ERR_OK);
}

void stage_want_end(void)
{
    apply(&store);
    store_batch_clear(store.batch);
}

bool stage_is_held(const struct blob_id *blob)
{
    struct blob_reader *reader;
    struct blob_progress progress = { 0 };
    bool good;

    if (blob_reader_open(&reader, store.store, blob, topic) != ERR_OK)
        return false;
    good = blob_reader_verify(reader, &progress) == ERR_OK;
    blob_reader_close(reader);
    return good;
}
