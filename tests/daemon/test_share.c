/* A pledge to everybody: what is held for it, fetched, and let go. */
#include "counted_scan.h"
#include "named_files.h"
#include "node_around.h"

#include "daemon/commits.h"
#include "daemon/holders.h"
#include "daemon/log.h"
#include "daemon/person_share.h"
#include "daemon/pledge.h"
#include "daemon/pledge_walk.h"
#include "daemon/share.h"
#include "daemon/transfer.h"
#include "store/keep.h"

#define NOW ((uint64_t)1700000000000)
#define MIB ((uint64_t)1 << 20)
enum { FILES = 12 };

static struct fixture f;
static struct share *share;
static uint8_t board[ID_LEN];
static uint8_t topic[ID_LEN];
static uv_timer_cb on_timer;
static uv_timer_t *timer;

static struct holders_blob files[FILES];
static size_t files_count;
static uint8_t others[3][KEY_LEN]; /* archivists */
static size_t others_count;
static bool have_shown; /* all of these hold all files */

static unsigned pledge_steps; /* that a walk over pledges takes */
static unsigned pledges_left;
static unsigned people_steps; /* that a walk over pledges to people takes */
static unsigned steps_left;
static unsigned steps, walks; /* so far */
static bool has_more;

/* ---- The node around it ------------------------------------------------- */

enum err commits_batch(struct commits *commits, struct store_batch **out)
{
    (void)commits;
    *out = f.batch;
    return ERR_OK;
}

void commits_expect(struct commits *commits, commits_done_fn *done,
                    void *context)
{
    (void)commits;
    (void)done;
    (void)context;
}

void transfer_wants_added(struct transfer *transfer)
{
    (void)transfer;
}

void person_share_begin(struct person_share *walk, struct node *node)
{
    (void)node;
    *walk = (struct person_share){ .is_any = people_steps > 0 };
    steps_left = people_steps;
    walks++;
}

bool person_share_step(struct person_share *walk, struct node *node)
{
    (void)node;
    steps++;
    if (steps_left > 0 && --steps_left > 0)
        return true;
    walk->phase = PERSON_SHARE_DONE;
    walk->has_more = has_more;
    return false;
}

bool person_share_concerns(const struct node *node,
                           const struct node_event *event)
{
    (void)node;
    return event->kind == KIND_HANDOVER;
}

void pledge_walk_begin(struct pledge_walk *walk, const struct node *node,
                       bool only_all, struct pledge_item *out, size_t max)
{
    (void)node;
    assert_true(only_all && others_count <= max);
    *walk = (struct pledge_walk){ .items = out };
    pledges_left = pledge_steps;
}

bool pledge_walk_step(struct pledge_walk *walk, const struct node *node)
{
    (void)node;
    if (pledges_left > 0 && --pledges_left > 0)
        return true;
    memset(walk->items, 0, others_count * sizeof *walk->items);
    for (size_t i = 0; i < others_count; i++) {
        memcpy(walk->items[i].node, others[i], KEY_LEN);
        walk->items[i].bytes = 1000 * MIB;
    }
    walk->count = others_count;
    return false;
}

bool holders_is_there(const struct node *node, const uint8_t id[ID_LEN],
                      const uint8_t who[KEY_LEN])
{
    (void)node;
    (void)who;
    return memcmp(id, topic, ID_LEN) == 0;
}

bool holders_at(const struct node *node, const uint8_t id[ID_LEN], uint64_t i,
                struct holders_blob *out)
{
    (void)node;
    if (memcmp(id, topic, ID_LEN) != 0 || i >= files_count)
        return false;
    *out = files[i];
    out->is_here = blobs_held_for(f.store, &out->id, topic);
    return true;
}

size_t holders_of(const struct node *node, const uint8_t id[ID_LEN],
                  const struct blob_id *blob, struct holder *out, size_t max)
{
    (void)node;
    (void)id;
    (void)blob;
    assert_true(others_count <= max);
    for (size_t i = 0; i < others_count; i++) {
        out[i] = (struct holder){ .state = have_shown ? HOLDER_SHOWN
                                                      : HOLDER_CLAIMS };
        memcpy(out[i].node, others[i], KEY_LEN);
    }
    return others_count;
}

/* Nothing here waits: turns are taken by hand. */
int uv_timer_start(uv_timer_t *which, uv_timer_cb cb, uint64_t wait_ms,
                   uint64_t repeat)
{
    (void)wait_ms;
    (void)repeat;
    timer = which;
    on_timer = cb;
    return 0;
}

/* ---- Helpers ------------------------------------------------------------ */

static void store_all(void)
{
    if (store_batch_count(f.batch) == 0)
        return;
    assert_int_equal(store_apply(f.store, f.batch), ERR_OK);
    store_refresh(f.store);
    store_batch_clear(f.batch);
}

/* Turns until nothing is due at once: a round, and the beginning of one. */
static void rounds(unsigned count)
{
    for (unsigned i = 0; i < 6 * count && on_timer != NULL; i++) {
        uv_timer_cb cb = on_timer;

        on_timer = NULL;
        cb(timer);
        store_all();
    }
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uv_timer_cb cb = on_timer;

        assert_non_null(cb);
        on_timer = NULL;
        cb(timer);
    }
}

static void pledge(uint64_t bytes)
{
    struct store_follow row = { .policy = STORE_POLICY_SHARE,
                                .quota_bytes = bytes };

    memcpy(row.topic, board, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    store_all();
}

static void share_topic(void)
{
    struct store_follow row = { .policy = STORE_POLICY_SHARE };

    memcpy(row.topic, topic, ID_LEN);
    memcpy(row.pledge, board, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    store_all();
}

static size_t wants(void)
{
    struct store_want found[FILES + 1];
    size_t n;

    assert_int_equal(store_wants_of(f.store, topic, NULL, found, FILES + 1, &n),
                     ERR_OK);
    return n;
}

static int begin(void **state)
{
    (void)state;
    fixture_open(&f);
    around = (struct node_around){ .loop = uv_default_loop(),
                                   .store = f.store,
                                   .batch = f.batch,
                                   .board = board,
                                   .clock_ms = NOW };
    memset(&around.keys, 0xee, sizeof around.keys);
    record_board_topic(board, &LAB);
    memset(topic, 0x10, ID_LEN);
    memset(files, 0, sizeof files);
    others_count = 0;
    have_shown = false;
    pledge_steps = people_steps = steps = walks = 0;
    has_more = false;
    counted_scan_looked = 0;
    files_count = FILES;
    for (unsigned i = 0; i < FILES; i++) {
        files[i].id = named_files_blob(i + 1, MIB);
        files[i].target = 2;
    }
    for (unsigned i = 0; i < 3; i++)
        memset(others[i], (int)i + 1, KEY_LEN);
    store_batch_clear(f.batch);
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(share_open(&share, NULL), ERR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    share_shutdown(share);
    (void)uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* the handle closes */
    share_free(share);
    fixture_close(&f);
    return 0;
}

/* ---- Tests -------------------------------------------------------------- */

static void what_waits_takes_of_the_pledge_too(void **state)
{
    (void)state;
    pledge(4 * MIB);
    share_topic();
    rounds(1);
    assert_int_equal(wants(), 4);
    rounds(5); /* nobody brings them: still no more are wanted */
    assert_int_equal(wants(), 4);
    pledge(5 * MIB);
    rounds(2);
    assert_int_equal(wants(), 5);
    pledge(0); /* no bound */
    rounds(2);
    assert_int_equal(wants(), FILES);
}

static bool is_wanted(unsigned file)
{
    struct store_want want;

    return store_want_find(f.store, &files[file].id, topic, &want) == ERR_OK;
}

static void where_room_is_scarce_the_rarest_get_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FILES; i++)
        files[i].copies = i < 6 ? 5 : i < 8 ? 1 : i < 10 ? 0 : 2;
    pledge(3 * MIB);
    share_topic();
    rounds(1);
    assert_int_equal(wants(), 3);
    assert_true(is_wanted(8) && is_wanted(9)); /* of which there is none */
    assert_true(is_wanted(6) || is_wanted(7));
    pledge(6 * MIB);
    rounds(1);
    assert_int_equal(wants(), 6);
    for (unsigned i = 6; i < FILES; i++)
        assert_true(is_wanted(i));
    pledge(FILES * MIB);
    rounds(1);
    assert_int_equal(wants(), FILES);
}

static void archivists_divide_the_files(void **state)
{
    size_t alone;

    (void)state;
    others_count = 3;
    pledge(1000 * MIB);
    share_topic();
    rounds(2);
    alone = wants();
    assert_true(alone > 0 && alone < FILES); /* two of four hold each */
    others_count = 1;
    rounds(2);
    assert_int_equal(wants(), FILES); /* two are left: each holds all */
}

static void no_file_is_judged_before_all_pledges_were_read(void **state)
{
    (void)state;
    pledge_steps = 5;
    others_count = 3;
    pledge(1000 * MIB);
    share_topic();
    turns(5);
    store_all();
    assert_int_equal(wants(), 0);
    turns(1);
    store_all();
    assert_true(wants() > 0 && wants() < FILES); /* with all three in mind */
}

static void what_its_owner_dropped_is_not_fetched(void **state)
{
    (void)state;
    assert_int_equal(
        keep_put_pin(f.batch, &files[0].id, topic, KEEP_PIN_DROPPED), ERR_OK);
    pledge(1000 * MIB);
    share_topic();
    rounds(2);
    assert_int_equal(wants(), FILES - 1);
}

/* All files are here, and in the store. */
static void hold_all(void)
{
    for (unsigned i = 0; i < FILES; i++)
        assert_int_equal(blobs_put_begin(f.batch, &files[i].id, topic), ERR_OK);
    store_all();
}

static size_t held(void)
{
    size_t count = 0;

    for (unsigned i = 0; i < FILES; i++)
        count += blobs_held_for(f.store, &files[i].id, topic);
    return count;
}

static void
a_file_is_let_go_when_others_have_shown_it_and_not_before(void **state)
{
    (void)state;
    others_count = 3;
    pledge(1000 * MIB);
    share_topic();
    hold_all();
    rounds(2);
    assert_int_equal(held(), FILES); /* they only say so */
    assert_int_equal(keep_put_pin(f.batch, &files[0].id, topic, KEEP_PIN_OWN),
                     ERR_OK);
    store_all();
    have_shown = true;
    rounds(2);
    assert_true(held() > 0 && held() < FILES);
    assert_true(blobs_held_for(f.store, &files[0].id, topic));
}

static void previews_of_what_is_followed_are_not_let_go(void **state)
{
    struct store_follow row = { .policy = STORE_POLICY_FOLLOW };

    (void)state;
    others_count = 3;
    have_shown = true;
    for (unsigned i = 0; i < FILES; i++)
        files[i].roles = i % 2 == 0 ? 1 << FILE_ROLE_PREVIEW : 1;
    pledge(1000 * MIB);
    memcpy(row.topic, topic, ID_LEN);
    memcpy(row.pledge, board, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    hold_all();
    rounds(2);
    assert_true(held() < FILES);
    for (unsigned i = 0; i < FILES; i += 2)
        assert_true(blobs_held_for(f.store, &files[i].id, topic));
}

static void with_the_pledge_all_that_it_stood_for_ends(void **state)
{
    struct store_follow row = { .policy = STORE_POLICY_SHARE,
                                .until_ms = NOW + 1000 };
    struct store_follow found;

    (void)state;
    memcpy(row.topic, board, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    share_topic();
    rounds(2);
    assert_int_equal(around.unfollowed, 0);
    around.clock_ms = NOW + 1000;
    rounds(3);
    assert_int_equal(around.unfollowed, 1);
    assert_int_equal(store_follow_find(f.store, topic, &found), ERR_NOT_FOUND);
    assert_int_equal(store_follow_find(f.store, board, &found), ERR_NOT_FOUND);
}

/* A record has come, of a kind that may make a topic somebody's. */
static void hear(uint64_t kind)
{
    struct node_event event = { .type = NODE_EVENT_RECORD, .kind = kind };

    around.subscribed->on_event(around.subscribed, &event);
}

static void
a_walk_over_people_goes_in_turns_and_files_are_looked_at_between(void **state)
{
    (void)state;
    people_steps = 100;
    pledge(1000 * MIB);
    share_topic();
    turns(4);
    store_all();
    assert_int_equal(walks, 1);
    assert_int_equal(steps, 4);
    assert_int_equal(wants(), FILES);
    turns(96);
    assert_int_equal(walks, 1);
    assert_int_equal(steps, 100);
    turns(1);
    assert_int_equal(walks, 2);
}

static void what_comes_during_a_walk_is_looked_at_by_another(void **state)
{
    (void)state;
    people_steps = 10;
    turns(5);
    hear(KIND_COMMENT); /* of no matter */
    hear(KIND_HANDOVER);
    turns(5);
    assert_int_equal(walks, 1);
    turns(1);
    assert_int_equal(walks, 2);
    turns(19); /* it may have to be judged first: a third */
    assert_int_equal(walks, 3);
    assert_null(on_timer);
    hear(KIND_COMMENT);
    assert_null(on_timer);
    hear(KIND_HANDOVER);
    assert_non_null(on_timer);
}

static void without_a_pledge_to_people_there_is_one_walk(void **state)
{
    (void)state;
    turns(1);
    assert_null(on_timer);
    hear(KIND_HANDOVER);
    assert_null(on_timer);
    assert_int_equal(walks, 1);
}

/* A project on the board, whose topic the files are in. */
static void list_project(void)
{
    struct sketch sketch = { .kind = KIND_PROJECT, .flags = RECORD_LISTED };

    (void)put(&f, &sketch, topic);
    store_batch_clear(f.batch);
}

static struct store_follow row_of(const uint8_t id[ID_LEN])
{
    struct store_follow row;

    assert_int_equal(store_follow_find(f.store, id, &row), ERR_OK);
    return row;
}

static void follow(const uint8_t id[ID_LEN], enum store_policy policy)
{
    struct store_follow row = { .policy = policy };

    memcpy(row.topic, id, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    store_all();
}

static void what_is_on_the_board_is_found_and_shared(void **state)
{
    (void)state;
    list_project();
    pledge(5 * MIB);
    rounds(2);
    assert_int_equal(row_of(topic).policy, STORE_POLICY_SHARE);
    assert_memory_equal(row_of(topic).pledge, board, ID_LEN);
    assert_int_equal(wants(), 5);
}

static void what_is_seeded_is_not_shared(void **state)
{
    (void)state;
    list_project();
    follow(topic, STORE_POLICY_SEED);
    pledge(1000 * MIB);
    rounds(2);
    assert_int_equal(row_of(topic).policy, STORE_POLICY_SEED);
    assert_int_equal(wants(), 0); /* not by this */
}

static void what_is_followed_is_shared_too_and_stays_followed(void **state)
{
    struct store_follow row = { .policy = STORE_POLICY_SHARE,
                                .until_ms = NOW + 1000 };

    (void)state;
    list_project();
    follow(topic, STORE_POLICY_FOLLOW);
    memcpy(row.topic, board, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
    store_all();
    rounds(2);
    assert_int_equal(row_of(topic).policy, STORE_POLICY_FOLLOW);
    assert_memory_equal(row_of(topic).pledge, board, ID_LEN);
    assert_int_equal(wants(), FILES);
    around.clock_ms = NOW + 1000;
    rounds(3);
    assert_int_equal(around.unfollowed, 0);
    row = row_of(topic);
    assert_int_equal(row.policy, STORE_POLICY_FOLLOW);
    assert_false(store_follow_shares(&row));
}

static void a_large_board_is_gone_through_in_short_steps(void **state)
{
    enum { MANY = 600 };
    struct made made[MANY];
    uint8_t elsewhere[ID_LEN] = { 0x77 };
    unsigned all = 0;

    (void)state;
    list_project();
    follow(elsewhere, STORE_POLICY_SEED);
    store_batch_clear(f.batch);
    for (unsigned i = 0; i < MANY; i++) {
        struct sketch sketch = { .kind = KIND_REQUEST,
                                 .topic = elsewhere,
                                 .flags = RECORD_LISTED,
                                 .created_ms = DAY0 + 1 + i,
                                 .number = i };

        made[i] = record_of(&sketch);
        assert_int_equal(store_batch_put_record(f.batch, &made[i].record,
                                                made[i].record.certificate,
                                                DAY0),
                         ERR_OK);
    }
    store_all();
    for (unsigned i = 0; i < MANY; i++)
        made_free(&made[i]);
    pledge(0);
    while (all < MANY) {
        counted_scan_looked = 0;
        turns(1);
        store_all();
        assert_in_range(counted_scan_looked, 1,
                        256 + 63); /* it ends with a page */
        all += counted_scan_looked;
    }
    assert_int_equal(row_of(topic).policy, STORE_POLICY_SHARE);
}

static void what_was_too_much_for_one_walk_is_left_to_another(void **state)
{
    (void)state;
    people_steps = 1;
    has_more = true;
    turns(10);
    assert_int_equal(walks, 10);
    has_more = false;
    turns(2);
    assert_null(on_timer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waits_takes_of_the_pledge_too),
        TEST(where_room_is_scarce_the_rarest_get_it),
        TEST(archivists_divide_the_files),
        TEST(no_file_is_judged_before_all_pledges_were_read),
        TEST(what_its_owner_dropped_is_not_fetched),
        TEST(a_file_is_let_go_when_others_have_shown_it_and_not_before),
        TEST(previews_of_what_is_followed_are_not_let_go),
        TEST(with_the_pledge_all_that_it_stood_for_ends),
        TEST(a_walk_over_people_goes_in_turns_and_files_are_looked_at_between),
        TEST(what_comes_during_a_walk_is_looked_at_by_another),
        TEST(without_a_pledge_to_people_there_is_one_walk),
        TEST(what_is_on_the_board_is_found_and_shared),
        TEST(what_is_seeded_is_not_shared),
        TEST(what_is_followed_is_shared_too_and_stays_followed),
        TEST(a_large_board_is_gone_through_in_short_steps),
        TEST(what_was_too_much_for_one_walk_is_left_to_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
