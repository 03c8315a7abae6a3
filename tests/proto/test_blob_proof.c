/* Blocks that a reader has before their span is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/blob_proof.h"
#include "tests/common/swarm.h"

/* Bytes a millisecond of a slow link, on which a span takes ten seconds. */
#define SLOW 100
/* What proves a block: the leaf hashes of its span. */
#define PROOF_LEN (BLOB_SPAN_LEAVES * HASH_LEN)

static bool is_proved(const struct swarm *w, uint64_t at)
{
    struct blob_place place;

    return blob_fetch_proved(&w->fetch, at, &place);
}

static bool is_here(const struct swarm *w, uint64_t at)
{
    return is_proved(w, at) || swarm_bit(w->held, at / SWARM_MIB);
}

/* Until the byte can be read; how long that took. */
static uint64_t wait_for(struct swarm *w, uint64_t at)
{
    uint64_t begun = w->now;

    while (!is_here(w, at) && w->now < begun + 60000)
        swarm_step(w);
    assert_true(is_here(w, at));
    return w->now - begun;
}

static struct swarm *for_readers(uint64_t spans, uint64_t seed)
{
    struct swarm *w = swarm_new(spans, seed);

    blob_fetch_limit(&w->fetch, true);
    return w;
}

/* ---- On a slow link ----------------------------------------------------- */

static void the_first_byte_comes_after_one_block(void **state)
{
    uint64_t at = 100 * SWARM_MIB + 7 * BLOB_BLOCK_LEN + 5, took;
    struct swarm *w = for_readers(128, 1);
    struct blob_place place;

    (void)state;
    (void)swarm_join(w, SLOW, 40);
    blob_fetch_seek(&w->fetch, at, at + 1);
    swarm_drain(w);
    took = wait_for(w, at);
    assert_int_equal(w->arrived, BLOB_BLOCK_LEN);
    assert_in_range(took, 80, 80 + (BLOB_BLOCK_LEN + PROOF_LEN) / SLOW + 5);
    assert_true(blob_fetch_proved(&w->fetch, at, &place));
    assert_int_equal(place.offset, 7 * BLOB_BLOCK_LEN + 5);
    assert_int_equal(place.len, BLOB_BLOCK_LEN - 5);
    assert_int_equal(place.skip, 0);
    assert_false(is_proved(w, at - 6));
    assert_false(is_proved(w, at - 5 + BLOB_BLOCK_LEN));
    assert_int_equal(w->written, 0);
    free(w);
}

static void it_does_so_while_all_of_the_blob_is_fetched(void **state)
{
    uint64_t at = 100 * SWARM_MIB + 15 * BLOB_BLOCK_LEN, before, took;
    struct swarm *w = swarm_new(128, 2);

    (void)state;
    (void)swarm_join(w, SLOW, 40);
    (void)swarm_run(w, 15000);
    before = w->arrived;
    blob_fetch_seek(&w->fetch, at, 128 * SWARM_MIB);
    swarm_drain(w);
    took = wait_for(w, at);
    /* What was on its way both there and back comes first. */
    assert_true(w->arrived - before <= BLOB_BLOCK_LEN + 3 * SWARM_CHUNK);
    assert_true(took <= 80 + (BLOB_BLOCK_LEN + PROOF_LEN) / SLOW + 10);
    free(w);
}

static void what_follows_comes_block_by_block(void **state)
{
    uint64_t at = 0, end = 4 * SWARM_MIB, gap = 0;
    struct swarm *w = for_readers(128, 3);
    struct blob_place place;

    (void)state;
    (void)swarm_join(w, SLOW, 40);
    blob_fetch_seek(&w->fetch, 0, end);
    swarm_drain(w);
    while (at < end) {
        gap = wait_for(w, at);
        assert_true(at == 0 || gap <= BLOB_BLOCK_LEN / SLOW + 40);
        if (blob_fetch_proved(&w->fetch, at, &place))
            at += place.len;
        else /* with its last block the span was written */
            at += SWARM_MIB - at % SWARM_MIB;
        if (at < end)
            blob_fetch_seek(&w->fetch, at, end);
    }
    assert_int_equal(w->cancels, 0);
    assert_true(w->arrived <= end);
    free(w);
}

static void of_many_lies_none_is_read(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 40; seed++) {
        struct swarm *w = swarm_new(24, seed);

        for (unsigned i = 0; i < 4; i++)
            swarm_join(w, 50 + swarm_chance(w) % 500, 20)->lies = i > 0;
        blob_fetch_seek(&w->fetch, 12 * SWARM_MIB + seed * 9000,
                        20 * SWARM_MIB);
        /* That what is proved is right is asserted at every step. */
        (void)swarm_run(w, 600000);
        swarm_assert_whole(w);
        free(w);
    }
}

static void nobody_waits_for_the_proof_of_a_slower_one(void **state)
{
    struct swarm *w = for_readers(128, 5);

    (void)state;
    (void)swarm_join(w, 1, 5);
    (void)swarm_join(w, SLOW, 5);
    w->fetch.turn_who = w->peers[0].number;
    blob_fetch_seek(&w->fetch, 50 * SWARM_MIB, 50 * SWARM_MIB + 1);
    swarm_drain(w);
    /* The slow one was asked for the first blocks, too. */
    assert_true(wait_for(w, 50 * SWARM_MIB + 7 * BLOB_BLOCK_LEN) <= 1000);
    free(w);
}

static void another_is_asked_for_the_proof_that_one_has_not(void **state)
{
    struct swarm *w = for_readers(128, 4);

    (void)state;
    swarm_join(w, SLOW, 5)->whole = false;
    w->peers[0].tells = false; /* and answers NOT_HELD */
    (void)swarm_join(w, SLOW, 5);
    blob_fetch_seek(&w->fetch, 50 * SWARM_MIB, 50 * SWARM_MIB + 1);
    swarm_drain(w);
    assert_true(wait_for(w, 50 * SWARM_MIB) <= 1000);
    free(w);
}

/* ---- When it is asked for ----------------------------------------------- */

/* What is asked first of one provider by a reader of this place. */
static struct blob_ask first_ask(struct swarm *w, uint64_t at)
{
    struct blob_fetch_effect fx = { .kind = BLOB_FETCH_FINISHED };
    uint8_t page[BLOB_LAYER_PAGE * HASH_LEN] = { 0 };

    blob_fetch_seek(&w->fetch, at, at + 1);
    while (fx.kind != BLOB_FETCH_ASK) {
        assert_true(blob_fetch_next(&w->fetch, &fx));
        if (fx.kind == BLOB_FETCH_NEED_PAGE)
            blob_fetch_page_loaded(
                &w->fetch, 0,
                (struct bytes){ page, (size_t)w->spans * HASH_LEN }, w->now);
    }
    return fx.ask;
}

static void whoever_is_fast_is_asked_for_blocks_alone(void **state)
{
    static const struct {
        uint64_t rate;
        enum blob_what what;
    } cases[] = { { 0, BLOB_WHAT_INNER },
                  { 20 * SWARM_MIB - 1, BLOB_WHAT_INNER },
                  { 20 * SWARM_MIB, BLOB_WHAT_BLOCKS } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct swarm *w = for_readers(8, 5);

        (void)swarm_join(w, SLOW, 5);
        w->fetch.providers[0].rate = cases[i].rate;
        assert_int_equal(first_ask(w, 0).what, cases[i].what);
        free(w);
    }
}

static void a_span_of_one_block_proves_itself(void **state)
{
    for (unsigned more = 0; more < 2; more++) {
        struct swarm *w = for_readers(8, 6);

        (void)state;
        w->fetch.id.size = 7 * SWARM_MIB + BLOB_BLOCK_LEN + more;
        (void)swarm_join(w, SLOW, 5);
        assert_int_equal(first_ask(w, 7 * SWARM_MIB).what,
                         more == 0 ? BLOB_WHAT_BLOCKS : BLOB_WHAT_INNER);
        free(w);
    }
}

static void without_a_reader_no_proof_is_asked_for(void **state)
{
    struct swarm *w = swarm_new(24, 7);

    (void)state;
    (void)swarm_join(w, 1000, 5);
    (void)swarm_run(w, 60000);
    swarm_assert_whole(w);
    for (size_t i = 0; i < BLOB_FETCH_PROOFS; i++)
        assert_int_equal(w->fetch.proofs[i].state, BLOB_PROOF_NONE);
    free(w);
}

/* ---- What is kept ------------------------------------------------------- */

static const struct blob_fetch_request *proof_request(const struct swarm *w)
{
    for (size_t k = 0; k < BLOB_FETCH_REQUESTS; k++)
        if (w->fetch.providers[0].requests[k].is_proof)
            return &w->fetch.providers[0].requests[k];
    fail();
    return NULL;
}

static void a_proof_whose_span_was_given_up_is_dropped(void **state)
{
    struct swarm *w = for_readers(8, 8);
    const struct blob_fetch_request *r;
    struct blob_msg msg = { .type = FRAME_BLOB_INNER };

    (void)state;
    (void)swarm_join(w, SLOW, 500);
    blob_fetch_seek(&w->fetch, 3 * SWARM_MIB, 4 * SWARM_MIB);
    swarm_drain(w);
    r = proof_request(w);
    assert_int_equal(w->fetch.proofs[0].state, BLOB_PROOF_ASKED);
    msg.request = r->request;
    msg.inner.span = 3;
    msg.inner.hashes = BYTES_ARRAY(w->leaves);
    w->fetch.spans[0].state = BLOB_SPAN_FREE;
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &msg, w->now), ERR_OK);
    assert_int_equal(w->fetch.proofs[0].state, BLOB_PROOF_NONE);
    assert_false(w->fetch.providers[0].banned);
    assert_int_equal(blob_fetch_recv(&w->fetch, 0, &msg, w->now),
                     ERR_NOT_ASKED); /* a second answer */
    free(w);
}

static void a_proof_of_another_number_of_leaves_bans(void **state)
{
    for (size_t more = 0; more < 3; more++) {
        struct swarm *w = for_readers(8, 9);
        uint8_t leaves[PROOF_LEN] = { 0 };
        struct blob_msg msg = { .type = FRAME_BLOB_INNER };

        (void)state;
        (void)swarm_join(w, SLOW, 500);
        w->peers[0].lies = true;
        blob_fetch_seek(&w->fetch, 3 * SWARM_MIB, 4 * SWARM_MIB);
        swarm_drain(w);
        memcpy(leaves, w->leaves, sizeof leaves);
        msg.request = proof_request(w)->request;
        msg.inner.span = 3;
        /* One too few; all; all, one of them false. */
        msg.inner.hashes =
            (struct bytes){ leaves,
                            more == 0 ? PROOF_LEN - HASH_LEN : PROOF_LEN };
        leaves[5] ^= more == 2;
        assert_int_equal(blob_fetch_recv(&w->fetch, 0, &msg, w->now), ERR_OK);
        assert_int_equal(w->fetch.providers[0].banned, more != 1);
        assert_int_equal(w->fetch.proofs[0].state,
                         more == 1 ? BLOB_PROOF_HERE : BLOB_PROOF_NONE);
        free(w);
    }
}

static void a_span_is_not_hashed_while_blocks_of_it_are_compared(void **state)
{
    struct swarm *w = for_readers(8, 11);
    struct blob_fetch_effect fx;
    struct blob_fetch_span *s = &w->fetch.spans[0];

    (void)state;
    (void)swarm_join(w, SLOW, 500);
    blob_fetch_seek(&w->fetch, 3 * SWARM_MIB, 4 * SWARM_MIB);
    swarm_drain(w);
    w->fetch.proofs[0].state = BLOB_PROOF_HERE;
    s->held = 0x00ee;
    assert_true(blob_proof_next(&w->fetch, s, &fx));
    assert_int_equal(fx.kind, BLOB_FETCH_CHECK_BLOCKS);
    assert_int_equal(fx.offset, BLOB_BLOCK_LEN);
    assert_int_equal(fx.len, 3 * BLOB_BLOCK_LEN);
    assert_int_equal(fx.hashes.len, 12 * HASH_LEN);
    assert_ptr_equal(fx.hashes.data, w->fetch.proofs[0].leaves + 4 * HASH_LEN);
    assert_false(blob_proof_next(&w->fetch, s, &fx)); /* one at a time */
    s->held = s->all;
    s->asked = 0;
    s->state = BLOB_SPAN_HASHING;
    assert_false(blob_fetch_next(&w->fetch, &fx));
    blob_fetch_blocks_checked(&w->fetch, 0, UINT64_MAX, w->now);
    assert_int_equal(s->proved, 0x000e);
    assert_true(blob_fetch_next(&w->fetch, &fx));
    assert_int_equal(fx.kind, BLOB_FETCH_VERIFY_SPAN);
    free(w);
}

static void of_a_bad_span_the_proved_blocks_stay(void **state)
{
    struct swarm *w = for_readers(8, 12);
    struct blob_fetch_effect fx;
    struct blob_fetch_span *s = &w->fetch.spans[0];

    (void)state;
    (void)swarm_join(w, SLOW, 500);
    (void)swarm_join(w, SLOW, 500);
    blob_fetch_seek(&w->fetch, 3 * SWARM_MIB, 4 * SWARM_MIB);
    swarm_drain(w);
    memset(s->sender, 0, sizeof s->sender);
    s->sender[15] = 1;
    s->held = s->all;
    s->proved = 0x7fff;
    s->asked = 0;
    s->state = BLOB_SPAN_HASHING;
    assert_true(blob_fetch_next(&w->fetch, &fx));
    blob_fetch_span_verified(&w->fetch, 0, false, w->now);
    assert_false(w->fetch.providers[0].banned);
    assert_true(w->fetch.providers[1].banned); /* nothing else is in doubt */
    assert_int_equal(s->held, 0x7fff);
    assert_int_equal(s->proved, 0x7fff);
    assert_int_equal(s->state, BLOB_SPAN_FILLING);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_comes_after_one_block),
        cmocka_unit_test(it_does_so_while_all_of_the_blob_is_fetched),
        cmocka_unit_test(what_follows_comes_block_by_block),
        cmocka_unit_test(of_many_lies_none_is_read),
        cmocka_unit_test(nobody_waits_for_the_proof_of_a_slower_one),
        cmocka_unit_test(another_is_asked_for_the_proof_that_one_has_not),
        cmocka_unit_test(whoever_is_fast_is_asked_for_blocks_alone),
        cmocka_unit_test(a_span_of_one_block_proves_itself),
        cmocka_unit_test(without_a_reader_no_proof_is_asked_for),
        cmocka_unit_test(a_proof_whose_span_was_given_up_is_dropped),
        cmocka_unit_test(a_proof_of_another_number_of_leaves_bans),
        cmocka_unit_test(a_span_is_not_hashed_while_blocks_of_it_are_compared),
        cmocka_unit_test(of_a_bad_span_the_proved_blocks_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
