/* Who pledged what, of however many words on it. */
#include "tests/store/fixture.h"

#include "counted_scan.h"
#include "daemon/body.h"
#include "daemon/pledge.h"
#include "daemon/pledge_walk.h"
#include "node_around.h"
#include "proto/mp.h"

enum {
    /* What one step may look at, and read. */
    LOOKED_MAX = 256 + 16,
    READ_MAX = 64 + 16,
    MANY = 700,
    BATCH = 100,
    ITEMS = 8
};

#define FOREVER (DAY0 + (uint64_t)400 * DAY_MS)

static struct fixture f;
static const struct author *ada, *ben; /* whose word it is */
static const uint8_t crown[ID_LEN] = { 1 };
static const uint8_t tail[ID_LEN] = { 2 };
static const uint8_t board[ID_LEN] = { 3 };
static struct pledge_item items[ITEMS];
static struct pledge_walk walk;
static unsigned read_count; /* in this step */

/* ---- The node around it ------------------------------------------------- */

void __real_body_open(struct body *body, struct store *store,
                      const uint8_t id[ID_LEN]);
void __wrap_body_open(struct body *body, struct store *store,
                      const uint8_t id[ID_LEN]);

void __wrap_body_open(struct body *body, struct store *store,
                      const uint8_t id[ID_LEN])
{
    __real_body_open(body, store, id);
    read_count++;
}

/* ---- Helpers ------------------------------------------------------------ */

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    memset(&around, 0, sizeof around);
    around.store = f.store;
    around.board = board;
    around.clock_ms = DAY0 + DAY_MS;
    ada = author_of(1);
    ben = author_of(2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

struct word {
    const struct author *by;
    const uint8_t *on; /* the board: everything */
    const uint8_t *revises;
    uint64_t created_ms;
    uint64_t until_ms;
    uint64_t bytes;
};

static void put_map(struct writer *w, const struct word *word)
{
    bool is_all = word->on == board;

    mp_put_map(w, is_all ? 3 : 4);
    mp_put_text(w, "bytes");
    mp_put_uint(w, word->bytes);
    if (!is_all) {
        mp_put_text(w, "pledged");
        mp_put_bin(w, (struct bytes){ word->on, ID_LEN });
    }
    mp_put_text(w, "scope");
    mp_put_uint(w, is_all ? PLEDGE_ALL : PLEDGE_PROJECT);
    mp_put_text(w, "until");
    mp_put_uint(w, word->until_ms);
}

static void say(const struct word *word, uint8_t id[ID_LEN])
{
    uint8_t map[128];
    struct writer w = writer_fixed(map, sizeof map);

    put_map(&w, word);
    assert_int_equal(w.err, ERR_OK);
    put(&f,
        &(struct sketch){ .kind = KIND_PLEDGE,
                          .author = word->by,
                          .topic = word->on,
                          .revises = word->revises,
                          .created_ms = word->created_ms,
                          .map = writer_view(&w) },
        id);
}

static bool step(void)
{
    bool more;

    counted_scan_looked = read_count = 0;
    more = pledge_walk_step(&walk, NULL);
    assert_true(counted_scan_looked <= LOOKED_MAX);
    assert_true(read_count <= READ_MAX);
    return more;
}

/* A whole walk; how many steps it took. */
static unsigned walk_all(bool only_all, size_t max)
{
    unsigned steps = 1;

    pledge_walk_begin(&walk, NULL, only_all, items, max);
    while (step()) {
        steps++;
        assert_true(steps < MANY);
    }
    return steps;
}

static void assert_item(size_t i, const struct word *word,
                        const uint8_t first[ID_LEN])
{
    assert_memory_equal(items[i].id, first, ID_LEN);
    assert_memory_equal(items[i].node, word->by->person, KEY_LEN);
    assert_int_equal(items[i].has_pledged, word->on != board);
    if (word->on != board)
        assert_memory_equal(items[i].pledged, word->on, ID_LEN);
    assert_int_equal(items[i].scope,
                     word->on == board ? PLEDGE_ALL : PLEDGE_PROJECT);
    assert_int_equal(items[i].bytes, word->bytes);
    assert_int_equal(items[i].until_ms, word->until_ms);
    assert_int_equal(items[i].created_ms, word->created_ms);
}

/* ---- The tests ---------------------------------------------------------- */

static void the_newest_word_of_each_on_each_thing_is_found(void **state)
{
    struct word words[] = {
        { ada, crown, NULL, DAY0, FOREVER, 10 },
        { ada, tail, NULL, DAY0 + 1, FOREVER, 20 },
        { ben, crown, NULL, DAY0 + 2, FOREVER, 30 },
        { ada, crown, NULL, DAY0 + 3, FOREVER, 40 }, /* revises the first */
        { ben, crown, NULL, DAY0 + 4, FOREVER, 50 }, /* says it anew */
    };
    uint8_t ids[5][ID_LEN];

    (void)state;
    assert_int_equal(walk_all(false, ITEMS), 1);
    assert_int_equal(walk.count, 0);
    words[3].revises = ids[0];
    for (size_t i = 0; i < 5; i++)
        say(&words[i], ids[i]);
    assert_int_equal(walk_all(false, ITEMS), 1);
    assert_int_equal(walk.count, 3);
    assert_item(0, &words[4], ids[4]);
    assert_item(1, &words[3], ids[0]);
    assert_item(2, &words[1], ids[1]);
}

static void what_is_over_is_left_out_and_hides_what_it_ended(void **state)
{
    struct word words[] = {
        { ada, crown, NULL, DAY0, FOREVER, 10 },
        { ada, crown, NULL, DAY0 + 1, DAY0 + DAY_MS, 10 },
        { ben, crown, NULL, DAY0 + 2, DAY0 + DAY_MS + 1, 10 },
    };
    uint8_t ids[3][ID_LEN];

    (void)state;
    words[1].revises = ids[0];
    for (size_t i = 0; i < 3; i++)
        say(&words[i], ids[i]);
    walk_all(false, ITEMS);
    assert_int_equal(walk.count, 1);
    assert_item(0, &words[2], ids[2]);
}

static void what_is_dated_ahead_counts_from_then_on(void **state)
{
    struct word words[] = {
        { ada, crown, NULL, DAY0, FOREVER, 10 },
        { ada, crown, NULL, DAY0 + DAY_MS + 1, FOREVER, 20 },
    };
    uint8_t ids[2][ID_LEN];

    (void)state;
    words[1].revises = ids[0];
    say(&words[0], ids[0]);
    say(&words[1], ids[1]);
    walk_all(false, ITEMS);
    assert_int_equal(walk.count, 1);
    assert_item(0, &words[0], ids[0]);
    around.clock_ms++;
    walk_all(false, ITEMS);
    assert_int_equal(walk.count, 1);
    assert_item(0, &words[1], ids[0]);
}

static void those_to_everybody_can_be_had_alone(void **state)
{
    struct word words[] = {
        { ada, board, NULL, DAY0, FOREVER, 10 },
        { ben, crown, NULL, DAY0 + 1, FOREVER, 20 },
    };
    uint8_t ids[2][ID_LEN];

    (void)state;
    say(&words[0], ids[0]);
    say(&words[1], ids[1]);
    walk_all(true, ITEMS);
    assert_int_equal(walk.count, 1);
    assert_item(0, &words[0], ids[0]);
    walk_all(false, ITEMS);
    assert_int_equal(walk.count, 2);
}

static void there_are_no_more_than_there_is_room_for(void **state)
{
    uint8_t ids[ITEMS][ID_LEN];
    uint8_t things[ITEMS][ID_LEN] = { 0 };

    (void)state;
    for (size_t i = 0; i < ITEMS; i++) {
        things[i][0] = (uint8_t)(10 + i);
        say(&(struct word){ ada, things[i], NULL, DAY0 + i, FOREVER, i },
            ids[i]);
    }
    for (size_t max = ITEMS - 2; max <= ITEMS; max++) {
        walk_all(false, max);
        assert_int_equal(walk.count, max);
        assert_memory_equal(items[0].id, ids[ITEMS - 1], ID_LEN);
    }
}

/* One who says the same thing again and again. */
static void
a_thousand_words_on_one_thing_are_gone_through_in_short_steps(void **state)
{
    struct made made[BATCH];
    uint8_t first[ID_LEN];

    (void)state;
    say(&(struct word){ ben, tail, NULL, DAY0, FOREVER, 1 }, first);
    for (uint32_t i = 0; i < MANY; i += BATCH) {
        store_batch_clear(f.batch);
        for (uint32_t k = 0; k < BATCH; k++) {
            struct word word = {
                ada, crown, NULL, DAY0 + 1 + i + k, FOREVER, 2
            };
            uint8_t map[128];
            struct writer w = writer_fixed(map, sizeof map);

            put_map(&w, &word);
            made[k] = record_of(&(struct sketch){ .kind = KIND_PLEDGE,
                                                  .author = ada,
                                                  .topic = crown,
                                                  .created_ms = word.created_ms,
                                                  .map = writer_view(&w) });
            assert_int_equal(store_batch_put_record(f.batch, &made[k].record,
                                                    made[k].record.certificate,
                                                    DAY0 + 7),
                             ERR_OK);
        }
        apply(&f);
        for (uint32_t k = 0; k < BATCH; k++)
            made_free(&made[k]);
    }
    store_batch_clear(f.batch);
    assert_true(walk_all(false, ITEMS) > 2);
    assert_int_equal(walk.count, 2);
    assert_int_equal(items[0].created_ms, DAY0 + MANY);
    assert_memory_equal(items[1].id, first, ID_LEN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_newest_word_of_each_on_each_thing_is_found),
        TEST(what_is_over_is_left_out_and_hides_what_it_ended),
        TEST(what_is_dated_ahead_counts_from_then_on),
        TEST(those_to_everybody_can_be_had_alone),
        TEST(there_are_no_more_than_there_is_room_for),
        TEST(a_thousand_words_on_one_thing_are_gone_through_in_short_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
