/* Many small blobs for one peer: from a real store, to a wire that is ours. */
#include "daemon/serve_small.h"

#include "daemon/conn.h"
#include "node_around.h"
#include "proto/frame.h"
#include "store/blobs.h"
#include "tests/store/fixture.h"

static const uint8_t topic[ID_LEN] = { 9 };
static const uint8_t tag[8] = { 5 };

/* ---- the peer ---- */

static struct fixture store;
static uint8_t sent[BLOB_DATA_CHUNK_MAX + 4 * BLOB_INLINE_MAX];
static size_t sent_len;

enum err conn_queue(struct conn *conn, uint8_t type, struct bytes payload)
{
    (void)conn;
    assert_int_equal(type, FRAME_BLOB_SMALL);
    assert_true(payload.len <= sizeof sent);
    memcpy(sent, payload.data, payload.len);
    sent_len = payload.len;
    return ERR_OK;
}

struct peer *conn_peer(struct conn *conn)
{
    (void)conn;
    return NULL;
}

/* One topic is shared. */
bool peer_topic_of_tag(const struct peer *p, const uint8_t t[8],
                       uint8_t out[ID_LEN])
{
    (void)p;
    if (memcmp(t, tag, sizeof tag) != 0)
        return false;
    memcpy(out, topic, ID_LEN);
    return true;
}

/* ---- what is there and what is asked ---- */

static struct serve_small small;

static int begin(void **state)
{
    (void)state;
    fixture_open(&store);
    around = (struct node_around){ .store = store.store };
    return 0;
}

static int end(void **state)
{
    (void)state;
    serve_small_wipe(&small);
    fixture_close(&store);
    return 0;
}

/* `len` times the byte `fill`. */
static struct bytes content_of(uint8_t fill, size_t len)
{
    static uint8_t content[BLOB_INLINE_MAX];

    memset(content, fill, len);
    return (struct bytes){ content, len };
}

static struct blob_id held(const uint8_t in[ID_LEN], uint8_t fill, size_t len)
{
    struct blob_id id;

    store_batch_clear(store.batch);
    assert_int_equal(
        blobs_put_inline(store.batch, in, content_of(fill, len), &id), ERR_OK);
    apply(&store);
    return id;
}

static enum err ask(uint32_t request, const uint8_t as[8],
                    const struct blob_id *ids, unsigned count)
{
    static uint8_t buf[BLOB_MANY_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    blob_many_begin(&w, request, as);
    for (unsigned i = 0; i < count; i++)
        blob_many_put(&w, &ids[i]);
    return serve_small_ask(&small, writer_view(&w));
}

/* The next frame, which is of that request from that blob on. */
static struct blob_small next(bool may, uint32_t request, unsigned first,
                              unsigned count)
{
    struct blob_small frame;
    size_t bytes;

    assert_int_equal(serve_small_send(&small, NULL, NULL, may, &bytes), ERR_OK);
    assert_int_equal(bytes, sent_len);
    assert_int_equal(
        blob_small_decode(&frame, (struct bytes){ sent, sent_len }), ERR_OK);
    assert_int_equal(frame.request, request);
    assert_int_equal(frame.first, first);
    assert_int_equal(frame.count, count);
    return frame;
}

static void assert_answer(struct blob_small *frame, uint8_t fill, size_t len)
{
    struct bytes got;
    struct bytes want = content_of(fill, len);

    assert_true(blob_small_next(&frame->entries, &got));
    assert_non_null(got.data);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
}

static void assert_not_held(struct blob_small *frame)
{
    struct bytes got;

    assert_true(blob_small_next(&frame->entries, &got));
    assert_null(got.data);
}

/* ---- tests ---- */

static void what_is_held_for_the_topic_is_answered_in_order(void **state)
{
    static const uint8_t elsewhere[ID_LEN] = { 10 };
    struct blob_id ids[4] = { held(topic, 'a', 1), held(elsewhere, 'b', 20),
                              held(topic, 'c', 300), held(topic, 'd', 4) };
    struct blob_small frame;

    (void)state;
    ids[3].root[0] ^= 1; /* nowhere */
    assert_true(serve_small_is_idle(&small));
    assert_int_equal(ask(7, tag, ids, 4), ERR_OK);
    assert_false(serve_small_is_idle(&small));
    frame = next(true, 7, 0, 4);
    assert_answer(&frame, 'a', 1);
    assert_not_held(&frame);
    assert_answer(&frame, 'c', 300);
    assert_not_held(&frame);
    assert_true(serve_small_is_idle(&small));
}

static void asks_are_answered_one_after_the_other(void **state)
{
    struct blob_id a = held(topic, 'a', 10);
    struct blob_id b = held(topic, 'b', 10);
    struct blob_small frame;

    (void)state;
    assert_int_equal(ask(8, tag, &a, 1), ERR_OK);
    assert_int_equal(ask(3, tag, &b, 1), ERR_OK);
    frame = next(true, 8, 0, 1);
    assert_answer(&frame, 'a', 10);
    assert_int_equal(ask(8, tag, &b, 1), ERR_OK); /* its number is free */
    frame = next(true, 3, 0, 1);
    assert_answer(&frame, 'b', 10);
    frame = next(true, 8, 0, 1);
    assert_answer(&frame, 'b', 10);
    assert_true(serve_small_is_idle(&small));
}

static void an_answer_goes_on_in_further_frames(void **state)
{
    struct blob_id ids[5];
    struct blob_small frame;

    (void)state;
    for (uint8_t i = 0; i < 5; i++)
        ids[i] = held(topic, i, BLOB_INLINE_MAX);
    assert_int_equal(ask(1, tag, ids, 5), ERR_OK);
    for (unsigned i = 0; i < 5; i += 2) {
        frame = next(true, 1, i, i < 4 ? 2 : 1);
        assert_true(sent_len <= FRAME_PAYLOAD_MAX);
        assert_answer(&frame, (uint8_t)i, BLOB_INLINE_MAX);
        if (i < 4)
            assert_answer(&frame, (uint8_t)(i + 1), BLOB_INLINE_MAX);
    }
    assert_true(serve_small_is_idle(&small));
}

static void two_hundred_and_fifty_six_that_are_nowhere_fit_a_frame(void **state)
{
    static struct blob_id ids[BLOB_MANY_MAX];
    struct blob_small frame;

    (void)state;
    for (unsigned i = 0; i < BLOB_MANY_MAX; i++)
        ids[i] = (struct blob_id){ .root = { 1, (uint8_t)i }, .size = 100 };
    assert_int_equal(ask(1, tag, ids, BLOB_MANY_MAX), ERR_OK);
    frame = next(true, 1, 0, BLOB_MANY_MAX);
    for (unsigned i = 0; i < BLOB_MANY_MAX; i++)
        assert_not_held(&frame);
}

static void of_a_topic_that_is_not_shared_nothing_is_held(void **state)
{
    static const uint8_t other[8] = { 6 };
    struct blob_id id = held(topic, 'a', 10);
    struct blob_small frame;

    (void)state;
    assert_int_equal(ask(1, other, &id, 1), ERR_OK);
    frame = next(true, 1, 0, 1);
    assert_not_held(&frame);
}

static void who_may_not_be_sent_more_hears_that_it_is_not_held(void **state)
{
    struct blob_id ids[3];
    struct blob_small frame;

    (void)state;
    for (uint8_t i = 0; i < 3; i++)
        ids[i] = held(topic, i, BLOB_INLINE_MAX);
    assert_int_equal(ask(1, tag, ids, 3), ERR_OK);
    frame = next(true, 1, 0, 2);
    assert_answer(&frame, 0, BLOB_INLINE_MAX);
    frame = next(false, 1, 2, 1);
    assert_not_held(&frame);
    assert_true(serve_small_is_idle(&small));
}

static void so_many_asks_may_be_open_and_no_more(void **state)
{
    struct blob_id id = held(topic, 'a', 10);

    (void)state;
    for (uint32_t i = 0; i < BLOB_MANY_OPEN; i++)
        assert_int_equal(ask(i, tag, &id, 1), ERR_OK);
    assert_int_equal(ask(BLOB_MANY_OPEN, tag, &id, 1), ERR_FLOOD);
    for (uint32_t i = 0; i < 3 * BLOB_MANY_OPEN; i++) {
        (void)next(true, i, 0, 1);
        assert_int_equal(ask(i + BLOB_MANY_OPEN, tag, &id, 1), ERR_OK);
        assert_int_equal(ask(99, tag, &id, 1), ERR_FLOOD);
    }
    for (uint32_t i = 0; i < BLOB_MANY_OPEN; i++)
        (void)next(true, 3 * BLOB_MANY_OPEN + i, 0, 1);
    assert_true(serve_small_is_idle(&small));
}

static void a_number_that_is_open_is_refused(void **state)
{
    struct blob_id id = held(topic, 'a', 10);

    (void)state;
    assert_int_equal(ask(1, tag, &id, 1), ERR_OK);
    assert_int_equal(ask(2, tag, &id, 1), ERR_OK);
    assert_int_equal(ask(2, tag, &id, 1), ERR_MALFORMED);
    assert_int_equal(ask(1, tag, &id, 1), ERR_MALFORMED);
    (void)next(true, 1, 0, 1);
    (void)next(true, 2, 0, 1);
    assert_true(serve_small_is_idle(&small));
}

static void what_is_no_ask_leaves_nothing(void **state)
{
    static uint8_t buf[BLOB_MANY_LEN_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct blob_id id = held(topic, 'a', 10);
    size_t len;

    (void)state;
    blob_many_begin(&w, 1, tag);
    blob_many_put(&w, &id);
    len = w.len;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(serve_small_ask(&small, (struct bytes){ buf, cut }),
                         ERR_TRUNCATED);
    assert_int_equal(serve_small_ask(&small, (struct bytes){ buf, len + 1 }),
                     ERR_TRUNCATED);
    buf[len - 2] = (BLOB_INLINE_MAX + 1) >> 8;
    buf[len - 1] = (BLOB_INLINE_MAX + 1) & 0xff;
    assert_int_equal(serve_small_ask(&small, (struct bytes){ buf, len }),
                     ERR_TOO_LARGE);
    assert_true(serve_small_is_idle(&small));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_is_held_for_the_topic_is_answered_in_order),
        T(asks_are_answered_one_after_the_other),
        T(an_answer_goes_on_in_further_frames),
        T(two_hundred_and_fifty_six_that_are_nowhere_fit_a_frame),
        T(of_a_topic_that_is_not_shared_nothing_is_held),
        T(who_may_not_be_sent_more_hears_that_it_is_not_held),
        T(so_many_asks_may_be_open_and_no_more),
        T(a_number_that_is_open_is_refused),
        T(what_is_no_ask_leaves_nothing),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
