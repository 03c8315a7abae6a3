/* The provider's side alone: order, bounds, back-pressure, cancelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/blob_serve.h"

#define MIB ((uint64_t)1024 * 1024)

static struct blob_msg ask_of(uint32_t request, enum blob_what what,
                              uint64_t first, uint32_t count)
{
    return (struct blob_msg){
        .type = FRAME_BLOB_ASK,
        .request = request,
        .ask = { .id = { .root = { 1 }, .size = 10 * MIB + 3 },
                 .what = what,
                 .first = first,
                 .count = count },
    };
}

static void ask(struct blob_serve *s, uint32_t request, uint64_t first,
                uint32_t count, enum err verdict)
{
    struct blob_msg msg = ask_of(request, BLOB_WHAT_BLOCKS, first, count);

    assert_int_equal(blob_serve_ask(s, &msg, verdict), ERR_OK);
}

static void cancel(struct blob_serve *s, uint32_t request)
{
    struct blob_msg msg = { .type = FRAME_BLOB_CANCEL, .request = request };

    blob_serve_cancel(s, &msg);
}

/* The next effect is of this kind and for this request. */
static struct blob_serve_effect
next(struct blob_serve *s, enum blob_serve_kind kind, uint32_t request)
{
    struct blob_serve_effect fx;

    assert_true(blob_serve_next(s, true, &fx));
    assert_int_equal(fx.kind, kind);
    assert_int_equal(fx.request, request);
    return fx;
}

static void nothing_more(struct blob_serve *s)
{
    struct blob_serve_effect fx;

    assert_false(blob_serve_next(s, true, &fx));
}

static void ends(struct blob_serve *s, uint32_t request, enum err code)
{
    assert_int_equal(next(s, BLOB_SERVE_SEND_END, request).code, code);
}

static void a_span_is_read_ahead_and_sent_in_order(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect fx;
    uint64_t sent = MIB, read = MIB;
    unsigned ended = 0;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 7, 16, 16, ERR_OK);
    while (ended == 0) {
        assert_true(blob_serve_next(&s, true, &fx));
        assert_int_equal(fx.request, 7);
        if (fx.kind == BLOB_SERVE_READ_DATA) {
            assert_int_equal(fx.offset, read);
            assert_int_equal(fx.len, BLOB_SERVE_READ);
            read += fx.len;
            assert_true(read - sent <= BLOB_SERVE_BUFFERS * BLOB_SERVE_READ);
            blob_serve_read_done(&s, fx.buffer, ERR_OK);
        } else if (fx.kind == BLOB_SERVE_SEND_DATA) {
            assert_int_equal(fx.offset, sent);
            assert_int_equal(fx.start, sent % BLOB_SERVE_READ);
            assert_int_equal(fx.len, BLOB_DATA_CHUNK_MAX);
            sent += fx.len;
        } else {
            assert_int_equal(fx.kind, BLOB_SERVE_SEND_END);
            assert_int_equal(fx.code, ERR_OK);
            ended++;
        }
    }
    assert_int_equal(sent, 2 * MIB);
    assert_int_equal(s.bytes_sent, MIB);
    nothing_more(&s);
}

static void the_last_bytes_of_a_blob_are_as_few_as_they_are(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect fx;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 160, 1, ERR_OK);
    fx = next(&s, BLOB_SERVE_READ_DATA, 1);
    assert_int_equal(fx.len, 3);
    blob_serve_read_done(&s, fx.buffer, ERR_OK);
    fx = next(&s, BLOB_SERVE_SEND_DATA, 1);
    assert_int_equal(fx.len, 3);
    ends(&s, 1, ERR_OK);
}

static void pieces_are_no_longer_than_they_may_be(void **state)
{
    struct blob_serve s;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 1, ERR_OK);
    blob_serve_read_done(&s, next(&s, BLOB_SERVE_READ_DATA, 1).buffer, ERR_OK);
    blob_serve_set_piece(&s, 1);
    assert_int_equal(next(&s, BLOB_SERVE_SEND_DATA, 1).len, 1);
    blob_serve_set_piece(&s, 4096);
    assert_int_equal(next(&s, BLOB_SERVE_SEND_DATA, 1).len, 4096);
    blob_serve_set_piece(&s, BLOB_DATA_CHUNK_MAX);
    while (s.requests[0].sent_at < BLOB_BLOCK_LEN) {
        struct blob_serve_effect fx = next(&s, BLOB_SERVE_SEND_DATA, 1);

        assert_true(fx.len == BLOB_DATA_CHUNK_MAX ||
                    fx.offset + fx.len == BLOB_BLOCK_LEN);
    }
    ends(&s, 1, ERR_OK);
}

static void pages_and_inner_hashes_go_whole(void **state)
{
    struct blob_serve s;
    struct blob_msg layer = ask_of(1, BLOB_WHAT_LAYER, 0, 0);
    struct blob_msg inner = ask_of(2, BLOB_WHAT_INNER, 10, 0);

    (void)state;
    blob_serve_init(&s);
    assert_int_equal(blob_serve_ask(&s, &layer, ERR_OK), ERR_OK);
    assert_int_equal(blob_serve_ask(&s, &inner, ERR_OK), ERR_OK);
    blob_serve_read_done(&s, next(&s, BLOB_SERVE_READ_LAYER, 1).buffer, ERR_OK);
    (void)next(&s, BLOB_SERVE_SEND_LAYER, 1);
    ends(&s, 1, ERR_OK);
    blob_serve_read_done(&s, next(&s, BLOB_SERVE_READ_INNER, 2).buffer, ERR_OK);
    assert_int_equal(next(&s, BLOB_SERVE_SEND_INNER, 2).ask.first, 10);
    ends(&s, 2, ERR_OK);
    nothing_more(&s);
    assert_int_equal(s.bytes_sent, 0);
}

static void without_room_it_fills_its_buffers_and_waits(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect fx;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 16, ERR_OK);
    ask(&s, 2, 16, 16, ERR_NOT_HELD);
    ask(&s, 3, 32, 16, ERR_OK);
    for (unsigned i = 0; i < BLOB_SERVE_BUFFERS; i++) {
        assert_true(blob_serve_next(&s, false, &fx));
        blob_serve_read_done(&s, fx.buffer, ERR_OK);
    }
    assert_false(blob_serve_next(&s, false, &fx));
    ends(&s, 2, ERR_NOT_HELD); /* a refusal need not wait for bytes */
    (void)next(&s, BLOB_SERVE_SEND_DATA, 1);
}

static void one_open_request_too_many_is_a_flood(void **state)
{
    struct blob_serve s;
    struct blob_msg msg;

    (void)state;
    blob_serve_init(&s);
    for (uint32_t i = 0; i < BLOB_REQUESTS_MAX; i++)
        ask(&s, i, 0, 1, ERR_BUSY);
    msg = ask_of(BLOB_REQUESTS_MAX, BLOB_WHAT_BLOCKS, 0, 1);
    assert_int_equal(blob_serve_ask(&s, &msg, ERR_OK), ERR_FLOOD);
    ends(&s, 0, ERR_BUSY);
    assert_int_equal(blob_serve_ask(&s, &msg, ERR_OK), ERR_OK);
}

static void a_number_may_be_used_again_only_after_its_end(void **state)
{
    struct blob_serve s;
    struct blob_msg msg = ask_of(5, BLOB_WHAT_BLOCKS, 0, 1);

    (void)state;
    blob_serve_init(&s);
    assert_int_equal(blob_serve_ask(&s, &msg, ERR_NOT_HELD), ERR_OK);
    assert_int_equal(blob_serve_ask(&s, &msg, ERR_OK), ERR_MALFORMED);
    ends(&s, 5, ERR_NOT_HELD);
    assert_int_equal(blob_serve_ask(&s, &msg, ERR_OK), ERR_OK);
}

static void a_cancelled_request_ends_once_and_frees_its_buffers(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect first, second;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 16, ERR_OK);
    first = next(&s, BLOB_SERVE_READ_DATA, 1);
    second = next(&s, BLOB_SERVE_READ_DATA, 1);
    blob_serve_read_done(&s, first.buffer, ERR_OK);
    cancel(&s, 1);
    cancel(&s, 1);
    ends(&s, 1, ERR_CANCELLED);
    cancel(&s, 1); /* it has crossed the END */
    nothing_more(&s);
    ask(&s, 1, 16, 16, ERR_OK); /* the same number, while a read still runs */
    ask(&s, 2, 32, 16, ERR_OK);
    assert_int_equal(next(&s, BLOB_SERVE_READ_DATA, 1).offset, MIB);
    for (unsigned i = 2; i < BLOB_SERVE_BUFFERS; i++)
        (void)next(&s, BLOB_SERVE_READ_DATA, 1);
    nothing_more(&s); /* the other buffer is still being read into */
    blob_serve_read_done(&s, second.buffer, ERR_IO);
    assert_int_equal(next(&s, BLOB_SERVE_READ_DATA, 2).buffer, second.buffer);
}

static void a_failed_read_is_told_as_not_held(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect first, second;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 16, ERR_OK);
    first = next(&s, BLOB_SERVE_READ_DATA, 1);
    second = next(&s, BLOB_SERVE_READ_DATA, 1);
    blob_serve_read_done(&s, second.buffer, ERR_CHANGED);
    ends(&s, 1, ERR_NOT_HELD);
    blob_serve_read_done(&s, first.buffer, ERR_OK);
    nothing_more(&s);
}

static void reads_that_end_out_of_order_are_sent_in_order(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect first, second;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 16, ERR_OK);
    first = next(&s, BLOB_SERVE_READ_DATA, 1);
    second = next(&s, BLOB_SERVE_READ_DATA, 1);
    blob_serve_read_done(&s, second.buffer, ERR_OK);
    nothing_more(&s);
    blob_serve_read_done(&s, first.buffer, ERR_OK);
    assert_int_equal(next(&s, BLOB_SERVE_SEND_DATA, 1).offset, 0);
}

static void the_oldest_request_goes_first_even_when_turns_wrap(void **state)
{
    struct blob_serve s;

    (void)state;
    blob_serve_init(&s);
    s.turn = UINT32_MAX;
    ask(&s, 1, 0, 1, ERR_OK);
    ask(&s, 2, 1, 1, ERR_OK);
    ask(&s, 3, 2, 1, ERR_OK);
    (void)next(&s, BLOB_SERVE_READ_DATA, 1);
    (void)next(&s, BLOB_SERVE_READ_DATA, 2);
}

static void ask_of_other(struct blob_serve *s, uint32_t request, uint64_t first)
{
    struct blob_msg msg = ask_of(request, BLOB_WHAT_BLOCKS, first, 16);

    msg.ask.id.root[0] = 2;
    assert_int_equal(blob_serve_ask(s, &msg, ERR_OK), ERR_OK);
}

/* Takes the next read and all that follows from it: whose it was. */
static uint32_t serve_one(struct blob_serve *s)
{
    struct blob_serve_effect fx;
    uint32_t request = 0;

    while (blob_serve_next(s, true, &fx)) {
        if (fx.kind == BLOB_SERVE_READ_DATA)
            blob_serve_read_done(s, fx.buffer, ERR_OK);
        request = fx.request;
        if (fx.kind == BLOB_SERVE_SEND_END)
            break;
    }
    return request;
}

static void another_blob_does_not_wait_for_all_of_the_first(void **state)
{
    static const uint32_t order[] = { 1, 11, 2, 12, 3, 13, 4, 5 };
    struct blob_serve s;

    (void)state;
    blob_serve_init(&s);
    for (uint32_t i = 1; i <= 5; i++)
        ask(&s, i, 16 * i, 16, ERR_OK);
    assert_int_equal(serve_one(&s), order[0]);
    for (uint32_t i = 1; i <= 3; i++)
        ask_of_other(&s, 10 + i, 16 * i);
    for (size_t i = 1; i < 8; i++)
        assert_int_equal(serve_one(&s), order[i]);
    assert_true(blob_serve_is_idle(&s));
}

static void what_is_held_back_comes_later(void **state)
{
    struct blob_serve s;
    struct blob_serve_effect fx;

    (void)state;
    blob_serve_init(&s);
    ask(&s, 1, 0, 16, ERR_OK);
    ask(&s, 2, 0, 16, ERR_BUSY);
    blob_serve_hold(&s, true, true);
    ends(&s, 2, ERR_BUSY); /* nobody waits for a refusal */
    nothing_more(&s);
    blob_serve_hold(&s, true, false);
    fx = next(&s, BLOB_SERVE_READ_DATA, 1);
    blob_serve_read_done(&s, fx.buffer, ERR_OK);
    fx = next(&s, BLOB_SERVE_READ_DATA, 1);
    nothing_more(&s);
    assert_false(blob_serve_is_idle(&s));
    blob_serve_hold(&s, false, true);
    (void)next(&s, BLOB_SERVE_SEND_DATA, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_read_ahead_and_sent_in_order),
        cmocka_unit_test(the_last_bytes_of_a_blob_are_as_few_as_they_are),
        cmocka_unit_test(pieces_are_no_longer_than_they_may_be),
        cmocka_unit_test(pages_and_inner_hashes_go_whole),
        cmocka_unit_test(without_room_it_fills_its_buffers_and_waits),
        cmocka_unit_test(one_open_request_too_many_is_a_flood),
        cmocka_unit_test(a_number_may_be_used_again_only_after_its_end),
        cmocka_unit_test(a_cancelled_request_ends_once_and_frees_its_buffers),
        cmocka_unit_test(a_failed_read_is_told_as_not_held),
        cmocka_unit_test(reads_that_end_out_of_order_are_sent_in_order),
        cmocka_unit_test(another_blob_does_not_wait_for_all_of_the_first),
        cmocka_unit_test(what_is_held_back_comes_later),
        cmocka_unit_test(the_oldest_request_goes_first_even_when_turns_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
