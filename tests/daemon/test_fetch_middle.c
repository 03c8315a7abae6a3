/* Asking for blobs of the middle size: a real store, loop, pool and writer;
 * peers of our own. */
#include "daemon/fetch_middle.h"

#include "fetch_stage.h"
#include "proto/frame.h"
#include "store/blobs.h"
#include "store/internal.h"

enum { LEN = BLOB_INLINE_MAX + 1, MANY = 100 };

static const uint8_t later_topic[ID_LEN] = { 10 };
static struct fetch_middle *middle;

/* ---- wants, questions and answers ---- */

/* What has come is stored, made durable, and who waits for it is told. */
static void settle(void)
{
    fetch_middle_flush(middle);
    while (!fetch_middle_is_idle(middle) || !commits_is_idle(commits))
        stage_turn();
    store_refresh(store.store);
}

static int begin(void **state)
{
    (void)state;
    stage_open();
    assert_int_equal(fetch_middle_open(&middle, NULL, NULL, &stage_owner),
                     ERR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fetch_middle_shutdown(middle);
    settle();
    assert_int_equal(fetch_middle_reserved(middle), 0);
    fetch_middle_free(middle);
    stage_close();
    return 0;
}

static struct bytes content_of(unsigned n)
{
    static uint8_t content[LEN];

    memset(content, (int)n, sizeof content);
    content[0] = (uint8_t)(n >> 8);
    return BYTES_ARRAY(content);
}

static struct blob_id blob_of(unsigned n)
{
    struct blob_id id = { .size = LEN };

    assert_int_equal(blob_span_hash(NULL, id.root, LEN, content_of(n)), ERR_OK);
    return id;
}

static void look(void)
{
    fetch_middle_look(middle, false);
    fetch_middle_flush(middle);
}

static void want(unsigned n, const uint8_t of[ID_LEN], uint32_t tries)
{
    struct blob_id id = blob_of(n);

    stage_want(&id, of, tries);
}

/* Wants of the first blobs, asked for at once. */
static void ask_for(unsigned count, uint32_t tries)
{
    for (unsigned i = 0; i < count; i++)
        want(i, topic, tries);
    stage_want_end();
    look();
}

static enum err receive(struct conn *c, const struct blob_msg *msg)
{
    return fetch_middle_recv(middle, c, msg);
}

static enum err send_end(struct conn *c, unsigned ask, enum err code)
{
    return receive(c, &(struct blob_msg){ .type = FRAME_BLOB_END,
                                          .request = c->asked[ask].request,
                                          .end = code });
}

static enum err send_data(struct conn *c, unsigned ask, size_t from, size_t to,
                          struct bytes content)
{
    return receive(c,
                   &(struct blob_msg){
                       .type = FRAME_BLOB_DATA,
                       .request = c->asked[ask].request,
                       .data = { .offset = from,
                                 .bytes = { content.data + from, to - from } },
                   });
}

/* Which blob it was asked for. */
static unsigned number_of(const struct conn *c, unsigned ask)
{
    for (unsigned n = 0; n < MANY; n++) {
        struct blob_id id = blob_of(n);

        if (blob_id_equal(&id, &c->asked[ask].ask.id))
            return n;
    }
    fail();
    return 0;
}

static void answer(struct conn *c, unsigned ask)
{
    struct bytes content = content_of(number_of(c, ask));

    assert_int_equal(send_data(c, ask, 0, 1000, content), ERR_OK);
    assert_int_equal(send_data(c, ask, 1000, LEN, content), ERR_OK);
    assert_int_equal(send_end(c, ask, ERR_OK), ERR_OK);
}

static unsigned wants_left(void)
{
    struct store_want left[MANY];
    size_t n;

    assert_int_equal(
        store_wants_due_middle(store.store, UINT64_MAX, NULL, left, MANY, &n),
        ERR_OK);
    return (unsigned)n;
}

static bool is_held(unsigned n)
{
    struct blob_id id = blob_of(n);

    return stage_is_held(&id);
}

/* ---- tests ---- */

static void what_is_wanted_is_asked_for_behind_each_other_and_held(void **state)
{
    (void)state;
    ask_for(5, 0);
    assert_int_equal(peers[0].asks, 5);
    assert_int_equal(peers[0].asked[0].ask.what, BLOB_WHAT_BLOCKS);
    assert_int_equal(peers[0].asked[0].ask.first, 0);
    assert_int_equal(peers[0].asked[0].ask.count, 1);
    assert_int_equal(fetch_middle_reserved(middle), 5 * LEN);
    for (unsigned i = 0; i < 5; i++)
        answer(&peers[0], i);
    settle();
    assert_int_equal(fate.held, 5);
    assert_int_equal(fate.put_off + fate.other, 0);
    for (unsigned i = 0; i < 5; i++)
        assert_true(is_held(i));
    assert_int_equal(wants_left(), 0);
    assert_int_equal(fetch_middle_reserved(middle), 0);
}

static void what_is_on_its_way_is_not_asked_for_again(void **state)
{
    struct blob_id id = blob_of(0);

    (void)state;
    ask_for(2, 0);
    look();
    look();
    assert_int_equal(peers[0].asks, 2);
    assert_true(fetch_middle_has(middle, &id));
    assert_int_equal(fetch_middle_bytes(middle, &id), 0);
    id.root[0] ^= 1;
    assert_false(fetch_middle_has(middle, &id));
}

static void as_much_as_fits_is_asked_for_and_the_next_as_it_comes(void **state)
{
    (void)state;
    ask_for(MANY, 0);
    assert_int_equal(peers[0].asks, BLOB_WINDOW_MIN / LEN);
    for (unsigned i = 0; i < 8; i++)
        answer(&peers[0], i);
    fetch_middle_flush(middle);
    assert_int_equal(peers[0].asks, BLOB_WINDOW_MIN / LEN + 8);
    for (unsigned i = 8; i < peers[0].asks; i++) { /* it ends: all are asked */
        answer(&peers[0], i);
        fetch_middle_flush(middle);
    }
    settle();
    assert_int_equal(peers[0].asks, MANY);
    assert_int_equal(fate.held, MANY);
    assert_int_equal(wants_left(), 0);
}

static void two_who_have_it_are_asked_for_half_each(void **state)
{
    (void)state;
    peers[1].is_open = true;
    ask_for(10, 0);
    assert_int_equal(peers[0].asks, 5);
    assert_int_equal(peers[1].asks, 5);
}

static void with_more_peers_than_are_known_of_nothing_is_put_off(void **state)
{
    unsigned asks = 0;

    (void)state;
    for (unsigned i = 0; i < STAGE_PEERS; i++)
        peers[i].is_open = true;
    ask_for(MANY, 0);
    for (unsigned i = 0; i < FETCH_SOURCES; i++)
        asks += peers[i].asks;
    assert_int_equal(asks, MANY);
    assert_int_equal(peers[FETCH_SOURCES].asks, 0);
    assert_int_equal(fate.put_off, 0);
}

static void who_has_many_keeps_nobody_elses_waiting(void **state)
{
    enum { WINDOW = BLOB_WINDOW_MIN / LEN, PAGE = 256 };

    (void)state;
    peers[1].is_open = true;
    peers[1].topic = later_topic;
    want(WINDOW + PAGE + 20, later_topic, 0);
    ask_for(WINDOW + PAGE + 10, 0); /* which come first */
    assert_int_equal(peers[0].asks, WINDOW);
    assert_int_equal(peers[1].asks, 0);
    fetch_middle_tick(middle);
    fetch_middle_flush(middle);
    assert_int_equal(peers[0].asks, WINDOW);
    assert_int_equal(peers[1].asks, 1);
    /* Nor are those that were passed over forgotten. */
    for (unsigned i = 0; i < WINDOW; i++) {
        fetch_middle_give_up(middle, &peers[0].asked[i].ask.id, topic);
        assert_int_equal(send_end(&peers[0], i, ERR_CANCELLED), ERR_OK);
    }
    fetch_middle_flush(middle); /* to the end, and from the beginning on */
    fetch_middle_flush(middle);
    assert_int_equal(peers[0].asks, 2 * WINDOW);
    assert_int_equal(fate.put_off, 0);
}

static void what_one_has_not_is_asked_of_another_at_once(void **state)
{
    (void)state;
    peers[1].is_open = true;
    ask_for(1, 0);
    assert_int_equal(peers[0].asks + peers[1].asks, 1);
    assert_int_equal(send_end(&peers[0], 0, ERR_NOT_HELD), ERR_OK);
    assert_int_equal(peers[1].asks, 1);
    answer(&peers[1], 0);
    settle();
    assert_int_equal(fate.held, 1);
    assert_int_equal(fate.put_off, 0);
}

static void what_nobody_has_is_put_off(void **state)
{
    (void)state;
    peers[1].is_open = true;
    ask_for(1, 0);
    assert_int_equal(send_end(&peers[0], 0, ERR_NOT_HELD), ERR_OK);
    assert_int_equal(send_end(&peers[1], 0, ERR_BUSY), ERR_OK);
    assert_int_equal(fate.put_off, 1);
    assert_int_equal(peers[0].asks, 1);
    look(); /* both rest */
    assert_int_equal(peers[0].asks + peers[1].asks, 2);
    now_ms += 250;
    fetch_middle_tick(middle);
    fetch_middle_flush(middle);
    assert_int_equal(peers[0].asks + peers[1].asks, 3);
}

static void wrong_bytes_are_told_and_the_rest_is_held(void **state)
{
    (void)state;
    ask_for(3, 0);
    answer(&peers[0], 0);
    assert_int_equal(send_data(&peers[0], 1, 0, LEN, content_of(MANY)), ERR_OK);
    assert_int_equal(send_end(&peers[0], 1, ERR_OK), ERR_OK);
    answer(&peers[0], 2);
    settle();
    assert_int_equal(fate.lies, 1);
    assert_int_equal(fate.liar, 101);
    assert_int_equal(fate.held, 2);
    assert_int_equal(fate.put_off, 1);
    assert_int_equal(wants_left(), 1);
}

static void who_sends_wrong_bytes_and_leaves_is_told_of_all_the_same(void **s)
{
    (void)s;
    peers[0].is_open = false;
    peers[1].is_open = true;
    ask_for(1, 0);
    assert_int_equal(send_data(&peers[1], 0, 0, LEN, content_of(MANY)), ERR_OK);
    assert_int_equal(send_end(&peers[1], 0, ERR_OK), ERR_OK);
    fetch_middle_peer_gone(middle, &peers[1]);
    peers[1] = (struct conn){ .number = 2 }; /* its place is another's */
    settle();
    assert_int_equal(fate.lies, 1);
    assert_int_equal(fate.liar, 102);
}

static void bytes_come_in_order_and_not_too_many(void **state)
{
    static uint8_t over[LEN + 1];
    struct bytes more = BYTES_ARRAY(over);
    struct bytes content;

    (void)state;
    ask_for(1, 0);
    content = content_of(number_of(&peers[0], 0));
    assert_int_equal(send_data(&peers[0], 0, 1, 2, content), ERR_NOT_ASKED);
    assert_int_equal(send_data(&peers[0], 0, 0, LEN + 1, more), ERR_NOT_ASKED);
    assert_int_equal(send_end(&peers[0], 0, ERR_OK), ERR_OUT_OF_ORDER);
    assert_int_equal(send_data(&peers[1], 0, 0, 1, content), ERR_NOT_ASKED);
    peers[0].asked[0].request++;
    assert_int_equal(send_data(&peers[0], 0, 0, 1, content), ERR_NOT_ASKED);
    assert_int_equal(send_end(&peers[0], 0, ERR_OK), ERR_NOT_ASKED);
    peers[0].asked[0].request--;
    assert_int_equal(send_data(&peers[0], 0, 0, LEN - 1, content), ERR_OK);
    assert_int_equal(send_end(&peers[0], 0, ERR_OK), ERR_OUT_OF_ORDER);
    assert_int_equal(send_data(&peers[0], 0, LEN - 1, LEN, content), ERR_OK);
    assert_int_equal(send_end(&peers[0], 0, ERR_OK), ERR_OK);
    assert_int_equal(send_end(&peers[0], 0, ERR_OK), ERR_NOT_ASKED);
    settle();
    assert_int_equal(fate.held, 1);
}

static void every_fourth_try_goes_another_way(void **state)
{
    (void)state;
    ask_for(2, 3);
    assert_int_equal(fate.other, 2);
    assert_int_equal(peers[0].asks, 0);
}

static void what_is_fetched_by_itself_goes_another_way(void **state)
{
    (void)state;
    is_taken = true;
    ask_for(2, 0);
    assert_int_equal(fate.other, 2);
    assert_int_equal(peers[0].asks, 0);
}

static void nobody_to_ask_means_another_way(void **state)
{
    (void)state;
    peers[0].is_slow = true;
    ask_for(2, 0);
    assert_int_equal(fate.other, 2);
    assert_int_equal(peers[0].asks, 0);
}

static void who_has_many_requests_open_is_asked_for_no_more(void **state)
{
    (void)state;
    peers[0].open_asks.count = BLOB_REQUESTS_MAX - 1;
    ask_for(2, 0);
    assert_int_equal(peers[0].open_asks.count, BLOB_REQUESTS_MAX);
    assert_int_equal(peers[0].asks, 1);
    assert_int_equal(fate.put_off, 0);
}

static void without_room_nothing_is_asked_for(void **state)
{
    (void)state;
    has_room = false;
    ask_for(2, 0);
    assert_int_equal(peers[0].asks, 0);
    assert_int_equal(fate.put_off, 2);
    assert_int_equal(fetch_middle_reserved(middle), 0);
}

static void what_a_peer_that_is_gone_owes_is_put_off(void **state)
{
    (void)state;
    ask_for(3, 0);
    answer(&peers[0], 0);
    fetch_middle_peer_gone(middle, &peers[1]); /* somebody else */
    assert_int_equal(fate.put_off, 0);
    fetch_middle_peer_gone(middle, &peers[0]);
    assert_int_equal(fate.put_off, 2);
    settle();
    assert_int_equal(fate.held, 1);
}

static void who_sends_next_to_nothing_is_left_and_blamed(void **state)
{
    struct bytes content;

    (void)state;
    ask_for(2, 0);
    content = content_of(number_of(&peers[0], 0));
    now_ms += BLOB_TIMEOUT_MS - 1;
    assert_int_equal(send_data(&peers[0], 0, 0, 10, content), ERR_OK);
    fetch_middle_tick(middle);
    assert_int_equal(fate.put_off + fate.blamed, 0);
    now_ms++;
    fetch_middle_tick(middle);
    assert_int_equal(fate.put_off, 2);
    assert_int_equal(fate.blamed, 1);
    assert_int_equal(peers[0].cancels, 2);
    /* What was on its way is dropped, up to its end. */
    assert_int_equal(send_data(&peers[0], 0, 10, 20, content), ERR_OK);
    assert_int_equal(send_end(&peers[0], 0, ERR_CANCELLED), ERR_OK);
    assert_int_equal(send_end(&peers[0], 1, ERR_OK), ERR_OK);
    assert_int_equal(send_end(&peers[0], 1, ERR_OK), ERR_NOT_ASKED);
    settle();
    assert_int_equal(fate.held, 0);
}

static void what_is_given_up_is_called_off_and_not_held(void **state)
{
    static const uint8_t elsewhere[ID_LEN] = { 8 };
    struct blob_id ids[3];

    (void)state;
    ask_for(3, 0);
    for (unsigned i = 0; i < 3; i++)
        ids[i] = peers[0].asked[i].ask.id;
    fetch_middle_give_up(middle, &ids[0], elsewhere);
    assert_int_equal(peers[0].cancels, 0);
    fetch_middle_give_up(middle, &ids[0], topic);
    assert_int_equal(peers[0].cancels, 1);
    answer(&peers[0], 1);
    answer(&peers[0], 2);
    fetch_middle_give_up(middle, &ids[1], NULL); /* it has come */
    fetch_middle_flush(middle);
    fetch_middle_give_up(middle, &ids[2], topic); /* it is being written */
    settle();
    assert_int_equal(peers[0].cancels, 1);
    assert_int_equal(fate.held + fate.put_off, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_false(is_held(i));
        assert_false(fetch_middle_has(middle, &ids[i]));
    }
}

static void a_disk_without_room_puts_all_of_a_group_off(void **state)
{
    (void)state;
    ask_for(3, 0);
    for (unsigned i = 0; i < 3; i++)
        answer(&peers[0], i);
    store.store->options.reserve_bytes = UINT64_MAX;
    settle();
    store.store->options.reserve_bytes = 1;
    assert_int_equal(fate.held, 0);
    assert_int_equal(fate.put_off, 3);
    assert_int_equal(wants_left(), 3);
}

static void at_the_end_what_has_come_is_let_go_and_wanted_still(void **state)
{
    (void)state;
    ask_for(3, 0);
    answer(&peers[0], 0);
    fetch_middle_shutdown(middle);
    assert_int_equal(fate.put_off, 0);
    assert_int_equal(send_end(&peers[0], 1, ERR_NOT_HELD), ERR_OK);
    look();
    settle();
    assert_int_equal(fate.held, 0);
    assert_int_equal(peers[0].asks, 3);
    assert_int_equal(wants_left(), 3); /* after the next start */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_is_wanted_is_asked_for_behind_each_other_and_held),
        T(what_is_on_its_way_is_not_asked_for_again),
        T(as_much_as_fits_is_asked_for_and_the_next_as_it_comes),
        T(two_who_have_it_are_asked_for_half_each),
        T(with_more_peers_than_are_known_of_nothing_is_put_off),
        T(who_has_many_keeps_nobody_elses_waiting),
        T(what_one_has_not_is_asked_of_another_at_once),
        T(what_nobody_has_is_put_off),
        T(wrong_bytes_are_told_and_the_rest_is_held),
        T(who_sends_wrong_bytes_and_leaves_is_told_of_all_the_same),
        T(bytes_come_in_order_and_not_too_many),
        T(every_fourth_try_goes_another_way),
        T(what_is_fetched_by_itself_goes_another_way),
        T(nobody_to_ask_means_another_way),
        T(who_has_many_requests_open_is_asked_for_no_more),
        T(without_room_nothing_is_asked_for),
        T(what_a_peer_that_is_gone_owes_is_put_off),
        T(who_sends_next_to_nothing_is_left_and_blamed),
        T(what_is_given_up_is_called_off_and_not_held),
        T(a_disk_without_room_puts_all_of_a_group_off),
        T(at_the_end_what_has_come_is_let_go_and_wanted_still),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
