/* Sessions with coded symbols: what they cost, and what lies do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/peer_pair.h"

#define SYNC PEER_FRAME_SYNC

static int setup(void **state)
{
    struct peer_pair *pair = malloc(sizeof *pair);

    if (pair == NULL)
        return -1;
    pair_init(pair);
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    pair_wipe(*state);
    free(*state);
    return 0;
}

/* `count` records, of which `differences` are on one side alone, anywhere. */
static void scatter(struct peer_pair *pair, uint64_t seed, uint64_t count,
                    uint64_t differences)
{
    uint64_t left = differences;

    for (uint64_t n = 0; n < count; n++) {
        bool lacks = pair_random(&seed) % (count - n) < left;
        size_t side = (size_t)(pair_random(&seed) >> 63);

        if (lacks)
            left--;
        if (!lacks || side == 0)
            pair_fill(pair, 0, n, n + 1);
        if (!lacks || side == 1)
            pair_fill(pair, 1, n, n + 1);
    }
}

static void assert_synced(struct peer_pair *pair, uint64_t count)
{
    assert_int_equal(pair->err, ERR_OK);
    assert_true(pair_in_sync(pair));
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
    assert_int_equal(memory_set_count(&pair->side[0].set, PAIR_TOPIC), count);
    assert_int_equal(pair->side[0].records_known, 0);
    assert_int_equal(pair->side[1].records_known, 0);
}

static uint64_t frames(const struct peer_pair *pair)
{
    return pair->side[0].frames[SYNC] + pair->side[1].frames[SYNC];
}

/* OPEN, SYMBOLS, TAKE, and two of DONE and END. */
#define FRAMES_OF_ONE_ROUND 7

static void scattered_differences_take_two_round_trips(void **state)
{
    uint64_t longer = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct peer_pair pair;

        pair_init(&pair);
        scatter(&pair, seed, 100000, 100);
        pair_join(&pair);
        pair_run(&pair);
        assert_synced(&pair, 100000);
        print_message("seed %u: %u bytes, %u messages\n", (unsigned)seed,
                      (unsigned)pair_bytes(&pair, SYNC),
                      (unsigned)frames(&pair));
        assert_in_range(pair_bytes(&pair, SYNC), 3000, 10000);
        assert_in_range(frames(&pair), FRAMES_OF_ONE_ROUND,
                        FRAMES_OF_ONE_ROUND + 2);
        longer += frames(&pair) > FRAMES_OF_ONE_ROUND;
        pair_wipe(&pair);
    }
    assert_in_range(longer, 0, 3);
}

static uint64_t symbols(const struct peer_pair *pair)
{
    return pair->side[0].set.symbols + pair->side[1].set.symbols;
}

static void who_keeps_no_symbols_is_answered_with_ranges(void **state)
{
    struct peer_pair *pair = *state;

    for (size_t side = 0; side < 2; side++) {
        scatter(pair, 7, 20000, 40);
        pair->side[side].set.has_no_symbols = true;
        pair_join(pair);
        pair_run(pair);
        assert_synced(pair, 20000);
        assert_int_equal(symbols(pair), 0);
        pair_wipe(pair);
        pair_init(pair);
    }
}

/* One side lacks all of one time: ranges find the edges in fewer bytes. */
static void a_hole_is_found_by_ranges(void **state)
{
    struct peer_pair *pair = *state;

    pair_fill(pair, 0, 0, 50000);
    pair_fill(pair, 1, 0, 20000);
    pair_fill(pair, 1, 23000, 50000);
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 50000);
    assert_int_equal(symbols(pair), 0);
    assert_in_range(pair_bytes(pair, SYNC), 600, 6000);
}

static void many_differences_take_more_symbols(void **state)
{
    struct peer_pair *pair = *state;

    scatter(pair, 11, 60000, 1500);
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 60000);
    assert_true(symbols(pair) > 2 * 1500);
    assert_in_range(pair_bytes(pair, SYNC), 40000, 100000);
}

static void too_many_differences_are_found_by_ranges(void **state)
{
    struct peer_pair *pair = *state;

    scatter(pair, 12, 20000, 8000);
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 20000);
    assert_int_equal(symbols(pair), 0);
}

static void a_few_differences_take_few_symbols(void **state)
{
    struct peer_pair *pair = *state;

    scatter(pair, 13, 100000, 6);
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 100000);
    assert_in_range(pair_bytes(pair, SYNC), 600, 4000);
}

static void any_two_large_sets_agree_in_one_session(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct peer_pair pair;
        uint64_t dice = seed;
        uint64_t count = SYNC_SYMBOLS_RECORDS_MIN + pair_random(&dice) % 3000;

        pair_init(&pair);
        scatter(&pair, seed, count,
                pair_random(&dice) % (2U << (pair_random(&dice) % 11)));
        pair_join(&pair);
        pair_run(&pair);
        assert_synced(&pair, count);
        pair_wipe(&pair);
    }
}

/* Heads alone are as good as records, and the window is the one of both. */
static void symbols_stand_for_what_both_windows_hold(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t day = DAY_MS / 30000;

    scatter(pair, 15, 10 * day, 60);
    pair_join_days(pair, 0, PAIR_FROM_DAY + 2, PAIR_UNTIL_DAY);
    pair_join_days(pair, 1, PAIR_FROM_DAY, PAIR_FROM_DAY + 7);
    pair_run(pair);
    assert_int_equal(pair->err, ERR_OK);
    assert_true(pair_in_sync(pair));
    assert_true(symbols(pair) > 0);
    assert_in_range(pair->side[0].records_new + pair->side[1].records_new, 20,
                    50);
}

struct midst {
    uint64_t seed;
    uint64_t next;
};

/* New records come on either side between any two frames. */
static void add_one(struct peer_pair *pair, void *context)
{
    struct midst *m = context;
    uint64_t dice = pair_random(&m->seed);

    if (m->next < 30300 && dice % 4 == 0)
        pair_add(pair, dice >> 63, m->next++);
}

static void records_that_come_in_the_midst_do_no_harm(void **state)
{
    struct peer_pair *pair = *state;
    struct midst m = { .seed = 5, .next = 30000 };

    scatter(pair, 16, 30000, 900);
    pair->on_step = add_one;
    pair->context = &m;
    pair_join(pair);
    assert_true(pair_settle(pair, 600000));
    assert_true(m.next > 30100);
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
}

static struct memory_topic *topic_of(struct peer_pair *pair, size_t side)
{
    return &pair->side[side].set.topics[0];
}

/* Side 1 answers: it has as many records as side 0, whose key is smaller. */
static void scatter_evenly(struct peer_pair *pair, uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        pair_fill(pair, 0, n, n + (n % 250 != 1));
        pair_fill(pair, 1, n, n + (n % 250 != 101));
    }
}

/* Makes the answerer's symbols ready, so that a test can spoil them. */
static struct iblt_symbol *ready_symbols(struct peer_pair *pair, size_t side)
{
    struct record_set set = memory_set_view(&pair->side[side].set);
    struct record_range all = hello_window(PAIR_FROM_DAY, PAIR_UNTIL_DAY);
    uint64_t count;

    assert_int_equal(
        set.ops->symbols(set.set, PAIR_TOPIC, &all, 0, 0, NULL, &count),
        ERR_OK);
    return topic_of(pair, side)->symbols;
}

static void symbols_that_make_no_sense_cost_only_bytes(void **state)
{
    struct peer_pair *pair = *state;
    struct iblt_symbol *spoilt;
    uint64_t seed = 3;

    scatter_evenly(pair, 10000);
    spoilt = ready_symbols(pair, 1);
    for (size_t i = 0; i < SYNC_SYMBOLS_MAX; i++)
        spoilt[i].id[0] = pair_random(&seed);
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 10000);
    assert_int_equal(pair->side[1].set.symbols, SYNC_SYMBOLS_MAX);
    assert_in_range(pair->side[0].frames[SYNC] + pair->side[1].frames[SYNC], 10,
                    40);
}

/* The ids of another set altogether: there are too many to tell. */
static void symbols_of_another_set_cost_only_bytes(void **state)
{
    struct peer_pair *pair = *state;
    struct iblt_symbol *spoilt;

    scatter_evenly(pair, 10000);
    spoilt = ready_symbols(pair, 1);
    memset(spoilt, 0, SYNC_SYMBOLS_MAX * sizeof *spoilt);
    for (uint64_t n = 50000; n < 60000; n++) {
        struct record_key key = pair_key(n);
        struct iblt_symbol single;

        iblt_symbol_of(&single, key.id);
        iblt_toggle(spoilt, SYNC_SYMBOLS_MAX, &single);
    }
    pair_join(pair);
    pair_run(pair);
    assert_synced(pair, 10000);
}

/* Ids that nobody has, and records that both have, in the answerer's symbols.
 */
static void planted_ids_are_asked_for_in_vain(void **state)
{
    struct peer_pair *pair = *state;
    struct iblt_symbol *spoilt;

    scatter_evenly(pair, 10000);
    spoilt = ready_symbols(pair, 1);
    for (uint64_t n = 0; n < 50; n++) {
        struct record_key key = pair_key(n < 20 ? 200 * n : 70000 + n);
        struct iblt_symbol single;

        iblt_symbol_of(&single, key.id);
        iblt_toggle(spoilt, SYNC_SYMBOLS_MAX, &single);
    }
    pair_join(pair);
    assert_true(pair_settle(pair, 10000));
    assert_true(
        memory_set_equal(&pair->side[0].set, &pair->side[1].set, PAIR_TOPIC));
    assert_in_range(pair->side[1].records_known, 1, 20);
}

/* Two ids of one side that begin alike are not seen by symbols. */
static void ids_that_begin_alike_are_found_by_the_next_session(void **state)
{
    struct peer_pair *pair = *state;
    struct record_key key = pair_key(70000);

    scatter_evenly(pair, 10000);
    for (uint8_t i = 0; i < 2; i++) {
        key.id[ID_LEN - 1] = i;
        (void)memory_set_add(&pair->side[1].set, PAIR_TOPIC, &key, true);
    }
    key.created_ms += 777; /* and three that leave one behind */
    key.id[0] ^= 1;
    for (uint8_t i = 0; i < 3; i++) {
        key.id[ID_LEN - 1] = i;
        (void)memory_set_add(&pair->side[0].set, PAIR_TOPIC, &key, true);
    }
    pair_join(pair);
    pair_run(pair);
    assert_true(symbols(pair) > 0);
    assert_false(pair_in_sync(pair));
    assert_true(pair_settle(pair, 10000));
    assert_synced(pair, 10005);
}

/* The set fails at each of its calls in turn: the error comes out, no leak. */
static void a_failing_set_is_reported(void **state)
{
    bool has_failed = true;

    (void)state;
    for (uint64_t after = 0; has_failed && after < 1000; after++) {
        for (size_t side = 0; side < 2; side++) {
            struct peer_pair pair;

            pair_init(&pair);
            scatter(&pair, 3, SYNC_SYMBOLS_RECORDS_MIN + 50, 10);
            pair.side[side].set.fail_with = ERR_IO;
            pair.side[side].set.fail_after = after;
            pair_join(&pair);
            pair_run(&pair);
            has_failed = pair.err != ERR_OK;
            assert_true(!has_failed || pair.err == ERR_IO);
            pair_wipe(&pair);
        }
    }
    assert_false(has_failed);
}

/* ---- Hostile messages -------------------------------------------------- */

static struct bytes speak(struct peer_pair *pair, size_t from)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);

    assert_int_equal(peer_pull(&pair->side[from].peer, &w, pair->now_ms),
                     ERR_OK);
    return writer_view(&w);
}

static struct sync_message first_message(struct bytes frames)
{
    struct reader r = reader_of(frames);
    struct sync_message m;

    assert_int_equal(reader_u8(&r), SYNC);
    assert_int_equal(
        sync_message_decode(&m, reader_bytes(&r, reader_varint(&r))), ERR_OK);
    return m;
}

/* Up to where side 1 has said its first symbols; side 0 has opened. */
static struct sync_message run_to_symbols(struct peer_pair *pair)
{
    struct sync_message m;

    scatter_evenly(pair, 10000);
    pair_join(pair);
    assert_true(pair_carry(pair, 0));
    assert_true(pair_carry(pair, 1));
    assert_true(pair_carry(pair, 0)); /* OPEN_CODED, after the hellos */
    m = first_message(speak(pair, 1));
    assert_int_equal(m.kind, SYNC_SYMBOLS);
    return m;
}

/* A message in the name of the other side. */
static enum err say(struct peer_pair *pair, size_t to, enum sync_kind kind,
                    uint64_t number, uint64_t n, struct bytes rest)
{
    static uint8_t buf[NOISE_PLAINTEXT_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct peer_event ev;
    uint8_t tag[HELLO_TAG_LEN];

    assert_true(peer_tag_of_topic(&pair->side[1 - to].peer, PAIR_TOPIC, tag));
    writer_bytes(&w, BYTES_ARRAY(tag));
    writer_varint(&w, number);
    writer_u8(&w, (uint8_t)kind);
    writer_varint(&w, n);
    writer_bytes(&w, rest);
    assert_int_equal(w.err, ERR_OK);
    return peer_recv(&pair->side[to].peer, &ev, SYNC, writer_view(&w),
                     pair->now_ms);
}

static const uint8_t zeros[IBLT_SYMBOL_LEN * (SYNC_SYMBOLS_MESSAGE_MAX + 1)];

static struct bytes zero_symbols(size_t n)
{
    return (struct bytes){ zeros, n * IBLT_SYMBOL_LEN };
}

static void symbols_are_not_asked_for_without_end(void **state)
{
    struct peer_pair *pair = *state;
    struct sync_message m = run_to_symbols(pair);
    uint64_t rounds = 0;

    while (say(pair, 1, SYNC_MORE, m.number, SYNC_SYMBOLS_MESSAGE_MAX,
               (struct bytes){ 0 }) == ERR_OK) {
        rounds++;
        if (first_message(speak(pair, 1)).kind != SYNC_SYMBOLS)
            break;
    }
    assert_in_range(rounds, 2, 4);
    assert_int_equal(pair->side[1].set.symbols, SYNC_SYMBOLS_MAX);
    assert_int_equal(say(pair, 1, SYNC_MORE, m.number, 1, (struct bytes){ 0 }),
                     ERR_OUT_OF_ORDER);
}

static void one_symbol_at_a_time_comes_to_an_end(void **state)
{
    struct peer_pair *pair = *state;
    struct sync_message m = run_to_symbols(pair);
    uint64_t rounds = 0;

    while (say(pair, 1, SYNC_MORE, m.number, 1, (struct bytes){ 0 }) ==
               ERR_OK &&
           first_message(speak(pair, 1)).kind == SYNC_SYMBOLS)
        rounds++;
    assert_int_equal(rounds, SYNC_SYMBOLS_ROUNDS_MAX - 1);
}

static void endless_symbols_are_answered_so_often_only(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t number = run_to_symbols(pair).number;
    uint8_t lie[IBLT_SYMBOL_LEN] = { 1 };
    uint64_t rounds = 0;
    struct sync_message m;

    for (;;) {
        assert_int_equal(
            say(pair, 0, SYNC_SYMBOLS, number, 1, BYTES_ARRAY(lie)), ERR_OK);
        m = first_message(speak(pair, 0));
        assert_int_equal(m.kind, SYNC_MORE);
        if (m.more == 0)
            break;
        rounds++;
    }
    assert_int_equal(rounds, SYNC_SYMBOLS_ROUNDS_MAX - 1);
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 1, BYTES_ARRAY(lie)),
                     ERR_OUT_OF_ORDER);
}

/* Its place was needed for symbols of another window. */
static void an_opener_that_has_lost_its_symbols_asks_for_ranges(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t number = run_to_symbols(pair).number;
    struct sync_message m;

    pair->side[0].set.has_no_symbols = true;
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 10, zero_symbols(10)),
                     ERR_OK);
    m = first_message(speak(pair, 0));
    assert_int_equal(m.kind, SYNC_MORE);
    assert_int_equal(m.more, 0);
    assert_int_equal(say(pair, 1, SYNC_MORE, number, 0, zero_symbols(0)),
                     ERR_OK);
    pair_run(pair);
    assert_synced(pair, 10000);
}

static void more_symbols_than_asked_for_are_refused(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t number = run_to_symbols(pair).number;
    size_t more;

    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 100, zero_symbols(100)),
                     ERR_OK);
    more = (size_t)first_message(speak(pair, 0)).more;
    assert_true(more > 0);
    assert_int_equal(
        say(pair, 0, SYNC_SYMBOLS, number, more + 1, zero_symbols(more + 1)),
        ERR_NOT_ASKED);
    assert_int_equal(
        say(pair, 0, SYNC_SYMBOLS, number, more, zero_symbols(more)), ERR_OK);
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 1, zero_symbols(1)),
                     ERR_OUT_OF_ORDER);
}

static void ill_formed_symbols_are_refused(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t number = run_to_symbols(pair).number;
    const size_t max = SYNC_SYMBOLS_MESSAGE_MAX;

    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 0, zero_symbols(0)),
                     ERR_MALFORMED);
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 2, zero_symbols(1)),
                     ERR_TRUNCATED);
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, 1, zero_symbols(2)),
                     ERR_TRAILING);
    assert_int_equal(
        say(pair, 0, SYNC_SYMBOLS, number, max + 1, zero_symbols(max + 1)),
        ERR_TOO_LARGE);
    assert_int_equal(say(pair, 1, SYNC_SYMBOLS, number, 1, zero_symbols(1)),
                     ERR_OUT_OF_ORDER);
    assert_int_equal(say(pair, 0, SYNC_MORE, number, 1, zero_symbols(0)),
                     ERR_OUT_OF_ORDER);
    assert_int_equal(say(pair, 0, SYNC_TAKE, number, 0, zero_symbols(0)),
                     ERR_OUT_OF_ORDER);
    assert_int_equal(say(pair, 0, SYNC_SYMBOLS, number, max, zero_symbols(max)),
                     ERR_OK);
}

static void ill_formed_answers_to_symbols_are_refused(void **state)
{
    struct peer_pair *pair = *state;
    uint64_t number = run_to_symbols(pair).number;
    uint8_t twice[2 * IBLT_ID_LEN] = { 0 };
    struct bytes none = { zeros, 0 };
    size_t max = SYNC_TAKE_MAX;

    assert_int_equal(say(pair, 1, SYNC_TAKE, number, 2, BYTES_ARRAY(twice)),
                     ERR_NOT_CANONICAL);
    assert_int_equal(say(pair, 1, SYNC_TAKE, number, 1, BYTES_ARRAY(twice)),
                     ERR_TRAILING);
    assert_int_equal(say(pair, 1, SYNC_TAKE, number, 3, BYTES_ARRAY(twice)),
                     ERR_TRUNCATED);
    assert_int_equal(say(pair, 1, SYNC_TAKE, number, max + 1, none),
                     ERR_TOO_LARGE);
    assert_int_equal(
        say(pair, 1, SYNC_MORE, number, SYNC_SYMBOLS_MESSAGE_MAX + 1, none),
        ERR_TOO_LARGE);
    twice[2 * IBLT_ID_LEN - 1] = 1;
    assert_int_equal(say(pair, 1, SYNC_TAKE, number, 2, BYTES_ARRAY(twice)),
                     ERR_OK);
    assert_int_equal(say(pair, 1, SYNC_TAKE, number, 0, none),
                     ERR_OUT_OF_ORDER);
    assert_int_equal(say(pair, 1, SYNC_MORE, number, 1, none),
                     ERR_OUT_OF_ORDER);
    pair_run(pair);
}

/* What the answerer says next would be symbols of other records. */
static void symbols_that_have_changed_become_ranges(void **state)
{
    struct peer_pair *pair = *state;
    struct sync_message m = run_to_symbols(pair);
    struct record_key key = pair_key(80000);

    (void)memory_set_add(&pair->side[1].set, PAIR_TOPIC, &key, true);
    assert_int_equal(say(pair, 1, SYNC_MORE, m.number, 10, (struct bytes){ 0 }),
                     ERR_OK);
    assert_int_equal(first_message(speak(pair, 1)).kind, SYNC_RANGES);
}

/* Every proper prefix of the messages of symbols is refused. */
static void every_truncation_is_refused(void **state)
{
    struct peer_pair *pair = *state;
    size_t checked = 0;
    bool was_busy = true;

    scatter_evenly(pair, 6000);
    pair_join(pair);
    for (size_t from = 0; was_busy || from % 2 == 1; from++) {
        struct bytes said = speak(pair, from % 2);
        struct reader r = reader_of(said);

        was_busy = said.len > 0;
        while (r.left > 0) {
            uint8_t type = reader_u8(&r);
            struct bytes payload = reader_bytes(&r, reader_varint(&r));
            struct peer *to = &pair->side[1 - from % 2].peer;
            struct peer_event ev;

            for (size_t len = 0; type == SYNC && len < payload.len; len++) {
                uint64_t theirs = to->number_theirs;

                to->unasked = 0;
                assert_int_not_equal(
                    peer_recv(to, &ev, SYNC,
                              (struct bytes){ payload.data, len },
                              pair->now_ms),
                    ERR_OK);
                to->number_theirs = theirs;
                checked++;
            }
            assert_int_equal(peer_recv(to, &ev, type, payload, pair->now_ms),
                             ERR_OK);
            for (size_t i = 0; i < ev.count; i++)
                assert_int_equal(peer_record_done(to, ev.topic, ERR_OK),
                                 ERR_OK);
        }
    }
    assert_true(symbols(pair) > 0);
    assert_true(checked > 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scattered_differences_take_two_round_trips),
        TEST(who_keeps_no_symbols_is_answered_with_ranges),
        TEST(a_hole_is_found_by_ranges),
        TEST(many_differences_take_more_symbols),
        TEST(too_many_differences_are_found_by_ranges),
        TEST(a_few_differences_take_few_symbols),
        TEST(any_two_large_sets_agree_in_one_session),
        TEST(symbols_stand_for_what_both_windows_hold),
        TEST(records_that_come_in_the_midst_do_no_harm),
        TEST(symbols_that_make_no_sense_cost_only_bytes),
        TEST(symbols_of_another_set_cost_only_bytes),
        TEST(planted_ids_are_asked_for_in_vain),
        TEST(ids_that_begin_alike_are_found_by_the_next_session),
        TEST(a_failing_set_is_reported),
        TEST(symbols_are_not_asked_for_without_end),
        TEST(one_symbol_at_a_time_comes_to_an_end),
        TEST(endless_symbols_are_answered_so_often_only),
        TEST(an_opener_that_has_lost_its_symbols_asks_for_ranges),
        TEST(more_symbols_than_asked_for_are_refused),
        TEST(ill_formed_symbols_are_refused),
        TEST(ill_formed_answers_to_symbols_are_refused),
        TEST(symbols_that_have_changed_become_ranges),
        TEST(every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
