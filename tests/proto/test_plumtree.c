/* The tree of a topic: who is pushed to, told, asked, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/plumtree.h"

#define T0    1000
#define T1    300
#define LINKS 5

static const uint8_t SEED[16] = { 1 };
static const uint8_t TOPIC[ID_LEN] = { 7 };

struct tree {
    struct plumtree p;
    struct plumtree_wish wishes[64];
    size_t count;
};

static struct record_key key_of(uint8_t n)
{
    return (struct record_key){ .created_ms = n, .id = { n } };
}

static int setup(void **state)
{
    static struct tree tree;

    memset(&tree, 0, sizeof tree);
    plumtree_init(&tree.p, SEED);
    for (uint64_t link = 1; link <= LINKS; link++)
        assert_int_equal(plumtree_join(&tree.p, link, TOPIC, true), ERR_OK);
    *state = &tree;
    return 0;
}

static int teardown(void **state)
{
    struct tree *tree = *state;

    plumtree_wipe(&tree->p);
    return 0;
}

static void collect(struct tree *tree)
{
    tree->count = 0;
    while (plumtree_next(&tree->p, &tree->wishes[tree->count]))
        assert_true(++tree->count < 64);
}

static size_t count(const struct tree *tree, enum plumtree_wish_type type)
{
    size_t n = 0;

    for (size_t i = 0; i < tree->count; i++)
        n += tree->wishes[i].type == type;
    return n;
}

static bool has(const struct tree *tree, enum plumtree_wish_type type,
                uint64_t link)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->wishes[i].type == type && tree->wishes[i].link == link)
            return true;
    return false;
}

static void add(struct tree *tree, uint8_t n, uint64_t source)
{
    struct record_key key = key_of(n);

    plumtree_added(&tree->p, TOPIC, &key, 100, source, false, T0);
    collect(tree);
}

static void announce(struct tree *tree, uint64_t link, uint8_t n, uint64_t now)
{
    struct record_key key = key_of(n);

    plumtree_announced(&tree->p, link, TOPIC, key.id, false, T1, now);
    collect(tree);
}

static void tick(struct tree *tree, uint64_t now_ms)
{
    plumtree_tick(&tree->p, now_ms);
    collect(tree);
}

static void a_new_record_is_pushed_to_eager_links_but_its_source(void **state)
{
    struct tree *tree = *state;

    add(tree, 1, 2);
    assert_int_equal(tree->count, LINKS - 1);
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS - 1);
    assert_false(has(tree, PLUMTREE_PUSH, 2));
}

static void a_pruned_link_is_told_and_not_pushed_to(void **state)
{
    struct tree *tree = *state;

    plumtree_pruned(&tree->p, 3, TOPIC);
    add(tree, 1, 0);
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS - 1);
    assert_true(has(tree, PLUMTREE_ANNOUNCE, 3));
    plumtree_grafted(&tree->p, 3, TOPIC);
    add(tree, 2, 0);
    assert_true(has(tree, PLUMTREE_PUSH, 3));
}

static void who_brings_a_record_twice_is_pruned(void **state)
{
    struct tree *tree = *state;

    plumtree_twice(&tree->p, 4, TOPIC, T0);
    collect(tree);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_PRUNE, 4));
    add(tree, 1, 0);
    assert_true(has(tree, PLUMTREE_ANNOUNCE, 4));
}

/* How often of `times` a record that comes twice makes its bringer lazy. */
static size_t prune_often(struct tree *tree, size_t times, uint64_t now_ms)
{
    size_t pruned = 0;

    for (size_t i = 0; i < times; i++) {
        plumtree_twice(&tree->p, 4, TOPIC, now_ms);
        collect(tree);
        pruned += count(tree, PLUMTREE_PRUNE);
        plumtree_grafted(&tree->p, 4, TOPIC);
    }
    return pruned;
}

static void while_records_come_from_one_side_each_circle_is_cut(void **state)
{
    struct tree *tree = *state;

    for (uint8_t n = 0; n < 50; n++)
        add(tree, n, 2);
    assert_int_equal(prune_often(tree, 100, T0), 100);
}

static void while_they_come_from_all_sides_a_circle_is_cut_seldom(void **state)
{
    struct tree *tree = *state;

    add(tree, 1, 2);
    add(tree, 2, 3); /* one besides: a chance of 1 in 17 */
    assert_in_range(prune_often(tree, 1700, T0), 60, 140);
    for (uint8_t n = 3; n < 100; n++)
        add(tree, n, n % 3); /* 0: made here.  1 in 65, and no less */
    assert_in_range(prune_often(tree, 6500, T0), 60, 140);
    assert_int_equal(prune_often(tree, 100, T0 + 60000), 100); /* long past */
}

static void who_brings_something_new_is_eager(void **state)
{
    struct tree *tree = *state;

    plumtree_pruned(&tree->p, 4, TOPIC);
    add(tree, 1, 4);
    add(tree, 2, 0);
    assert_true(has(tree, PLUMTREE_PUSH, 4));
}

static void in_a_full_mesh_nobody_is_pruned(void **state)
{
    struct tree *tree = *state;

    plumtree_set_full_mesh(&tree->p, true);
    plumtree_twice(&tree->p, 4, TOPIC, T0);
    collect(tree);
    assert_int_equal(tree->count, 0);
    add(tree, 1, 0);
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS);
}

static void
what_was_announced_is_asked_for_after_t1_and_of_others_after_t2(void **state)
{
    struct tree *tree = *state;

    plumtree_pruned(&tree->p, 2, TOPIC);
    plumtree_pruned(&tree->p, 3, TOPIC);
    announce(tree, 2, 1, T0);
    announce(tree, 3, 1, T0 + 100);
    announce(tree, 3, 1, T0 + 110); /* again: once */
    assert_int_equal(tree->count, 0);
    assert_true(plumtree_deadline(&tree->p) == T0 + T1);
    tick(tree, T0 + T1 - 1);
    assert_int_equal(tree->count, 0);
    tick(tree, T0 + T1);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_GRAFT, 2));
    assert_true(plumtree_deadline(&tree->p) == T0 + T1 + T1 / 2);
    tick(tree, T0 + T1 + T1 / 2);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_GRAFT, 3));
    tick(tree, T0 + 2 * T1);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_COMPARE, 3));
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
    add(tree, 9, 0); /* who was asked is eager */
    assert_true(has(tree, PLUMTREE_PUSH, 2));
}

static void of_announcers_one_that_is_eager_is_asked_first(void **state)
{
    struct tree *tree = *state;

    plumtree_pruned(&tree->p, 2, TOPIC);
    plumtree_pruned(&tree->p, 3, TOPIC);
    announce(tree, 2, 1, T0);
    announce(tree, 3, 1, T0);
    announce(tree, 3, 2, T0);
    announce(tree, 2, 2, T0);
    plumtree_grafted(&tree->p, 3, TOPIC);
    tick(tree, T0 + T1);
    assert_int_equal(tree->count, 2);
    assert_false(has(tree, PLUMTREE_GRAFT, 2));
    tick(tree, T0 + T1 + T1 / 2);
    assert_int_equal(tree->count, 2);
    assert_false(has(tree, PLUMTREE_GRAFT, 3));
}

static void what_comes_in_time_is_not_asked_for(void **state)
{
    struct tree *tree = *state;

    announce(tree, 2, 1, T0);
    add(tree, 1, 3);
    assert_false(has(tree, PLUMTREE_PUSH, 2)); /* it has it */
    assert_int_equal(tree->count, LINKS - 2);
    tick(tree, T0 + T1);
    assert_int_equal(tree->count, 0);
}

static void what_is_known_or_was_refused_is_not_asked_for(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(1);

    plumtree_announced(&tree->p, 2, TOPIC, key.id, true, T1, T0);
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
    announce(tree, 2, 1, T0);
    plumtree_refused(&tree->p, key.id);
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
    announce(tree, 3, 1, T0);
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
}

static void an_announcer_that_is_gone_is_not_asked(void **state)
{
    struct tree *tree = *state;

    announce(tree, 2, 1, T0);
    announce(tree, 3, 1, T0);
    plumtree_forget(&tree->p, 2);
    tick(tree, T0 + T1);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_GRAFT, 3));
    plumtree_leave(&tree->p, 3, TOPIC);
    tick(tree, T0 + 2 * T1);
    assert_int_equal(tree->count, 0);
}

static void endless_announcements_end_in_a_comparison(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(0);

    for (uint32_t i = 0; i <= PLUMTREE_MISSING_MAX; i++) {
        assert_int_equal(tree->count, 0);
        put_u32(key.id, i);
        plumtree_announced(&tree->p, 2, TOPIC, key.id, false, T1, T0);
        collect(tree);
    }
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_COMPARE, 2));
    assert_int_equal(tree->p.missing_count, PLUMTREE_MISSING_MAX);
}

static void who_does_not_share_the_topic_announces_in_vain(void **state)
{
    struct tree *tree = *state;

    plumtree_leave(&tree->p, 2, TOPIC);
    announce(tree, 2, 1, T0);
    plumtree_twice(&tree->p, 2, TOPIC, T0);
    collect(tree);
    assert_int_equal(tree->count, 0);
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
}

static void a_record_that_a_session_found_is_only_announced(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(1);

    plumtree_added(&tree->p, TOPIC, &key, 100, 2, true, T0);
    collect(tree);
    assert_int_equal(tree->count, LINKS - 1);
    assert_int_equal(count(tree, PLUMTREE_ANNOUNCE), LINKS - 1);
}

/* §5.5: the first gets it, all others hear of it, also who sent it. */
static void a_long_body_goes_to_one_after_another(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(1);

    plumtree_pruned(&tree->p, 5, TOPIC);
    plumtree_added(&tree->p, TOPIC, &key, GOSSIP_BODY_MAX + 1, 1, false, T0);
    collect(tree);
    assert_true(has(tree, PLUMTREE_PUSH, 2));
    assert_int_equal(count(tree, PLUMTREE_PUSH), 1);
    assert_int_equal(count(tree, PLUMTREE_ANNOUNCE), 4);
    assert_true(has(tree, PLUMTREE_ANNOUNCE, 1));
    plumtree_announced(&tree->p, 2, TOPIC, key.id, true, T1, T0 + 20);
    collect(tree); /* it has arrived: the next one */
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_PUSH, 3));
    tick(tree, T0 + 20 + GOSSIP_GRAFT_MS / 2 - 1);
    assert_int_equal(tree->count, 0);
    tick(tree, T0 + 20 + GOSSIP_GRAFT_MS / 2);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_PUSH, 4));
    assert_int_equal(tree->p.parcels_count, 0);
}

static void who_has_a_long_body_is_not_sent_it(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(1);

    plumtree_added(&tree->p, TOPIC, &key, GOSSIP_BODY_MAX + 1, 0, false, T0);
    for (uint64_t link = 3; link <= LINKS; link++)
        plumtree_announced(&tree->p, link, TOPIC, key.id, true, T1, T0);
    collect(tree);
    tick(tree, T0 + T1);
    assert_int_equal(count(tree, PLUMTREE_PUSH), 1);
    assert_true(has(tree, PLUMTREE_PUSH, 2));
}

static void a_body_of_just_the_limit_goes_to_all(void **state)
{
    struct tree *tree = *state;
    struct record_key key = key_of(1);

    plumtree_added(&tree->p, TOPIC, &key, GOSSIP_BODY_MAX, 0, false, T0);
    collect(tree);
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS);
}

static void a_change_is_checked_once_about_half_a_minute_later(void **state)
{
    struct tree *tree = *state;
    uint64_t due;

    add(tree, 1, 0);
    due = plumtree_deadline(&tree->p);
    assert_in_range(due, T0 + SYNC_EVERY_MS * 4 / 5,
                    T0 + SYNC_EVERY_MS * 6 / 5);
    add(tree, 2, 0);
    assert_true(plumtree_deadline(&tree->p) == due);
    tick(tree, due);
    assert_int_equal(tree->count, 1);
    assert_true(has(tree, PLUMTREE_CHECK, 0));
    assert_true(plumtree_deadline(&tree->p) == UINT64_MAX);
}

static void a_link_that_may_not_last_is_told_only(void **state)
{
    struct tree *tree = *state;

    assert_int_equal(plumtree_join(&tree->p, 9, TOPIC, false), ERR_OK);
    add(tree, 1, 0);
    assert_true(has(tree, PLUMTREE_ANNOUNCE, 9));
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS);
    plumtree_rely(&tree->p, 9, true);
    add(tree, 2, 0);
    assert_true(has(tree, PLUMTREE_PUSH, 9));
    plumtree_rely(&tree->p, 9, false);
    add(tree, 3, 0);
    assert_true(has(tree, PLUMTREE_ANNOUNCE, 9));
    assert_int_equal(count(tree, PLUMTREE_PUSH), LINKS);
}

static void where_few_share_a_topic_each_link_is_needed(void **state)
{
    struct tree *tree = *state;

    for (uint64_t link = OVERLAY_ACTIVE_MIN - 1; link <= LINKS; link++)
        plumtree_forget(&tree->p, link);
    assert_int_equal(plumtree_join(&tree->p, 9, TOPIC, false), ERR_OK);
    plumtree_rely(&tree->p, 9, false);
    add(tree, 1, 0);
    assert_true(has(tree, PLUMTREE_PUSH, 9));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_record_is_pushed_to_eager_links_but_its_source),
        TEST(a_pruned_link_is_told_and_not_pushed_to),
        TEST(who_brings_a_record_twice_is_pruned),
        TEST(while_records_come_from_one_side_each_circle_is_cut),
        TEST(while_they_come_from_all_sides_a_circle_is_cut_seldom),
        TEST(who_brings_something_new_is_eager),
        TEST(in_a_full_mesh_nobody_is_pruned),
        TEST(what_was_announced_is_asked_for_after_t1_and_of_others_after_t2),
        TEST(of_announcers_one_that_is_eager_is_asked_first),
        TEST(what_comes_in_time_is_not_asked_for),
        TEST(what_is_known_or_was_refused_is_not_asked_for),
        TEST(an_announcer_that_is_gone_is_not_asked),
        TEST(endless_announcements_end_in_a_comparison),
        TEST(who_does_not_share_the_topic_announces_in_vain),
        TEST(a_record_that_a_session_found_is_only_announced),
        TEST(a_long_body_goes_to_one_after_another),
        TEST(who_has_a_long_body_is_not_sent_it),
        TEST(a_body_of_just_the_limit_goes_to_all),
        TEST(a_change_is_checked_once_about_half_a_minute_later),
        TEST(a_link_that_may_not_last_is_told_only),
        TEST(where_few_share_a_topic_each_link_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
