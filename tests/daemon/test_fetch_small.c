/* Asking for small blobs: a real store, loop and writer; peers of our own. */
#include "daemon/fetch_small.h"

#include "fetch_stage.h"
#include "proto/frame.h"

static struct fetch_small *small;

/* ---- wants, asks and answers ---- */

/* What was put is made durable, and who waits for it is told. */
static void settle(void)
{
    while (!commits_is_idle(commits))
        stage_turn();
    store_refresh(store.store);
}

static int begin(void **state)
{
    (void)state;
    stage_open();
    assert_int_equal(fetch_small_open(&small, NULL, NULL, &stage_owner),
                     ERR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fetch_small_shutdown(small);
    settle();
    assert_true(fetch_small_is_idle(small));
    assert_true(fetch_small_reserved(small) == 0);
    fetch_small_free(small);
    stage_close();
    return 0;
}

/* A blob of 10 times `fill`. */
static struct bytes content_of(uint8_t fill)
{
    static uint8_t content[10];

    memset(content, fill, sizeof content);
    return BYTES_ARRAY(content);
}

static struct blob_id blob_of(uint8_t fill)
{
    struct blob_id id = { .size = 10 };

    assert_int_equal(blob_span_hash(NULL, id.root, 10, content_of(fill)),
                     ERR_OK);
    return id;
}

static void want(const struct blob_id *ids, unsigned count, uint32_t tries)
{
    for (unsigned i = 0; i < count; i++)
        stage_want(&ids[i], topic, tries);
    stage_want_end();
}

/* Wants of blobs 'a', 'b' and so on, asked for at once. */
static void ask_for(unsigned count)
{
    struct blob_id ids[8];

    assert_true(count <= 8);
    for (unsigned i = 0; i < count; i++)
        ids[i] = blob_of((uint8_t)('a' + i));
    want(ids, count, 0);
    fetch_small_look(small, false);
    fetch_small_flush(small);
}

static unsigned wants_left(void)
{
    struct store_want left[8];
    size_t n;

    assert_int_equal(
        store_wants_due_small(store.store, UINT64_MAX, NULL, left, 8, &n),
        ERR_OK);
    return (unsigned)n;
}

/*
 * The peer answers what it was asked last, from blob `first` on: `of` has a
 * letter for each, '-' for what it has not, '!' for a lie.
 */
static enum err answer_as(struct conn *c, uint32_t request, unsigned first,
                          const char *of)
{
    static uint8_t buf[1024];
    struct writer w = writer_fixed(buf, sizeof buf);

    blob_small_begin(&w, request, first);
    for (unsigned i = 0; of[i] != '\0'; i++)
        blob_small_put(&w, of[i] == '-' ? (struct bytes){ NULL, 0 }
                                        : content_of((uint8_t)of[i]));
    return fetch_small_recv(small, c, writer_view(&w));
}

/* The letters of what the peer was asked for, in its order. */
static const char *asked_of(const struct conn *c)
{
    static char letters[9];
    struct blob_id id;

    assert_true(c->many.count <= 8);
    for (unsigned i = 0; i < c->many.count; i++) {
        blob_many_at(&c->many, i, &id);
        letters[i] = '?';
        for (uint8_t of = 'a'; of < 'a' + 8; of++) {
            struct blob_id known = blob_of(of);

            if (blob_id_equal(&known, &id))
                letters[i] = (char)of;
        }
    }
    letters[c->many.count] = '\0';
    return letters;
}

static bool is_held(uint8_t fill)
{
    struct blob_id id = blob_of(fill);

    return stage_is_held(&id);
}

/* ---- tests ---- */

static void what_is_wanted_is_asked_for_at_once_and_held(void **state)
{
    char of[9];

    (void)state;
    ask_for(3);
    assert_int_equal(peers[0].asks, 1);
    assert_int_equal(peers[0].many.count, 3);
    assert_int_equal(peers[0].many.tag[0], 5);
    assert_true(fetch_small_reserved(small) == 30);
    strcpy(of, asked_of(&peers[0]));
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    assert_false(fetch_small_is_idle(small)); /* it waits for the writer */
    assert_int_equal(fate.held, 0);
    settle();
    assert_int_equal(fate.held, 3);
    assert_int_equal(fate.put_off + fate.other, 0);
    assert_true(is_held('a') && is_held('b') && is_held('c'));
    assert_int_equal(wants_left(), 0);
    assert_true(fetch_small_reserved(small) == 0);
}

static void what_the_peer_has_not_is_put_off(void **state)
{
    char of[9];

    (void)state;
    ask_for(3);
    strcpy(of, asked_of(&peers[0]));
    of[1] = '-';
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    settle();
    assert_int_equal(fate.held, 2);
    assert_int_equal(fate.put_off, 1);
    assert_int_equal(fate.lies, 0);
    assert_int_equal(wants_left(), 1);
}

static void wrong_bytes_are_told_and_the_rest_is_held(void **state)
{
    char of[9];

    (void)state;
    ask_for(4);
    strcpy(of, asked_of(&peers[0]));
    of[0] = '!';
    of[3] = '!';
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    settle();
    assert_int_equal(fate.lies, 2);
    assert_int_equal(fate.held, 2);
    assert_int_equal(fate.put_off, 2);
    assert_int_equal(wants_left(), 2);
    assert_false(is_held('!'));
}

static void answers_come_in_parts_and_in_order(void **state)
{
    uint32_t request;
    char of[9];

    (void)state;
    ask_for(3);
    request = peers[0].many.request;
    strcpy(of, asked_of(&peers[0]));
    assert_int_equal(answer_as(&peers[0], request, 1, of + 1),
                     ERR_OUT_OF_ORDER);
    assert_int_equal(answer_as(&peers[0], request, 0, "abcd"), ERR_NOT_ASKED);
    assert_int_equal(answer_as(&peers[1], request, 0, of), ERR_NOT_ASKED);
    assert_int_equal(answer_as(&peers[0], request + 1, 0, of), ERR_NOT_ASKED);
    assert_true(fetch_small_reserved(small) == 30); /* nothing has changed */
    of[1] = '\0';
    assert_int_equal(answer_as(&peers[0], request, 0, of), ERR_OK);
    settle();
    assert_int_equal(fate.held, 1);
    strcpy(of, asked_of(&peers[0]));
    assert_int_equal(answer_as(&peers[0], request, 1, of + 1), ERR_OK);
    settle();
    assert_int_equal(fate.held, 3);
    assert_int_equal(answer_as(&peers[0], request, 0, of), ERR_NOT_ASKED);
}

static void what_is_asked_for_is_not_asked_for_again(void **state)
{
    (void)state;
    peers[1].is_open = true;
    ask_for(3);
    fetch_small_look(small, true);
    fetch_small_flush(small);
    assert_int_equal(peers[0].asks + peers[1].asks, 1);
}

static void nobody_who_answers_means_another_way(void **state)
{
    (void)state;
    peers[0].features = 0;
    ask_for(3);
    assert_int_equal(fate.other, 3);
    assert_int_equal(peers[0].asks, 0);
    assert_true(fetch_small_reserved(small) == 0);
}

/* Of those who have it, one may only be reached by asking everybody. */
static void every_fourth_try_goes_another_way(void **state)
{
    (void)state;
    for (uint32_t tries = 0; tries < 8; tries++) {
        struct blob_id id = blob_of((uint8_t)('a' + tries));

        want(&id, 1, tries);
    }
    fetch_small_look(small, false);
    fetch_small_flush(small);
    assert_int_equal(fate.other, 2);
}

static void without_room_nothing_is_asked_for(void **state)
{
    (void)state;
    has_room = false;
    ask_for(3);
    assert_int_equal(peers[0].asks, 0);
    assert_int_equal(fate.put_off, 3);
    assert_true(fetch_small_reserved(small) == 0);
}

static void what_a_peer_that_is_gone_owes_is_put_off(void **state)
{
    char of[9];

    (void)state;
    ask_for(3);
    strcpy(of, asked_of(&peers[0]));
    of[1] = '\0';
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    fetch_small_peer_gone(small, &peers[1]); /* somebody else */
    assert_int_equal(fate.put_off, 0);
    fetch_small_peer_gone(small, &peers[0]);
    assert_int_equal(fate.put_off, 2);
    assert_true(fetch_small_reserved(small) == 10); /* what is being written */
    settle();
    assert_int_equal(fate.held, 1);
    assert_true(fetch_small_reserved(small) == 0);
}

static void a_silent_peer_is_left_exactly_at_the_timeout(void **state)
{
    char of[9];

    (void)state;
    ask_for(2);
    now_ms += BLOB_TIMEOUT_MS - 1;
    fetch_small_tick(small);
    assert_int_equal(fate.put_off, 0);
    now_ms++;
    fetch_small_tick(small);
    assert_int_equal(fate.put_off, 2);
    fetch_small_tick(small);
    assert_int_equal(fate.put_off, 2); /* once */
    /* It is not asked again before it has answered all: the other way then. */
    fetch_small_look(small, true);
    fetch_small_flush(small);
    assert_int_equal(peers[0].asks, 1);
    assert_int_equal(fate.other, 2);
    /* What comes late is no mistake of the peer, and somebody else's. */
    strcpy(of, asked_of(&peers[0]));
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    settle();
    assert_int_equal(fate.held, 0);
    fetch_small_look(small, true);
    fetch_small_flush(small);
    assert_int_equal(peers[0].asks, 2);
}

static void a_peer_is_asked_so_many_at_once_and_the_next_gets_more(void **state)
{
    static struct blob_id ids[6 * BLOB_MANY_MAX];

    (void)state;
    for (unsigned i = 0; i < 6 * BLOB_MANY_MAX; i++)
        ids[i] = (struct blob_id){ .root = { (uint8_t)i, (uint8_t)(i >> 8), 1 },
                                   .size = 1 };
    want(ids, 6 * BLOB_MANY_MAX, 0);
    fetch_small_look(small, false);
    for (int i = 0; i < 9; i++)
        fetch_small_flush(small);
    assert_int_equal(peers[0].asks, BLOB_MANY_OPEN);
    assert_true(fetch_small_reserved(small) == BLOB_MANY_OPEN * BLOB_MANY_MAX);
    peers[1].is_open = true;
    fetch_small_look(small, false);
    for (int i = 0; i < 9; i++)
        fetch_small_flush(small);
    assert_int_equal(peers[0].asks, BLOB_MANY_OPEN);
    assert_int_equal(peers[1].asks, 2);
    assert_true(fetch_small_reserved(small) == 6 * BLOB_MANY_MAX);
}

static void at_the_end_nothing_is_put_off_nor_asked_for(void **state)
{
    char of[9];

    (void)state;
    ask_for(3);
    strcpy(of, asked_of(&peers[0]));
    fetch_small_shutdown(small);
    assert_int_equal(fate.put_off, 0);
    assert_int_equal(answer_as(&peers[0], peers[0].many.request, 0, of),
                     ERR_OK);
    fetch_small_look(small, true);
    fetch_small_flush(small);
    settle();
    assert_int_equal(fate.held, 0);
    assert_int_equal(peers[0].asks, 1);
    assert_int_equal(wants_left(), 3); /* after the next start */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_is_wanted_is_asked_for_at_once_and_held),
        T(what_the_peer_has_not_is_put_off),
        T(wrong_bytes_are_told_and_the_rest_is_held),
        T(answers_come_in_parts_and_in_order),
        T(what_is_asked_for_is_not_asked_for_again),
        T(nobody_who_answers_means_another_way),
        T(every_fourth_try_goes_another_way),
        T(without_room_nothing_is_asked_for),
        T(what_a_peer_that_is_gone_owes_is_put_off),
        T(a_silent_peer_is_left_exactly_at_the_timeout),
        T(a_peer_is_asked_so_many_at_once_and_the_next_gets_more),
        T(at_the_end_nothing_is_put_off_nor_asked_for),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
