/* Who names whom, however the records came. */
#include "proto/topic_links.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

static uint32_t first_of(const struct topic_state *ts, const struct made *made)
{
    return topic_state_find(ts, made->id)->first;
}

static uint32_t namers(const struct topic_state *ts, const struct made *of,
                       uint64_t kind)
{
    struct topic_namers n;
    uint32_t count;

    assert_int_equal(topic_namers_of(&n, ts, first_of(ts, of), kind), ERR_OK);
    for (uint32_t i = 1; i < n.count; i++)
        assert_true(topic_entry_compare(&ts->entries[n.at[i - 1]],
                                        &ts->entries[n.at[i]]) < 0);
    count = n.count;
    topic_namers_wipe(&n);
    return count;
}

static void namers_are_told_by_kind_and_in_order_of_time(void **state)
{
    static struct scene s;
    const struct made *works[2];
    struct topic_state *ts;
    uint32_t order[SCENE_MAX];
    uint32_t seed = 7;

    (void)state;
    (void)scene_begin(&s);
    works[0] = scene_work(&s, 'B', 110, "CC0-1.0", "");
    works[1] = scene_work(&s, 'C', 111, "CC0-1.0", "");
    for (uint64_t i = 0; i < 40; i++)
        (void)scene_comment(&s, 'D', 120 + i, works[i % 4 == 0]);
    (void)scene_select(&s, 'A', 200, works[1]);
    for (uint32_t i = 0; i < s.count; i++)
        order[i] = i;
    for (unsigned round = 0; round < 8; round++) {
        scene_shuffle(order, s.count, &seed);
        ts = scene_judge(&s, order, NOW);
        assert_int_equal(namers(ts, works[0], KIND_COMMENT), 30);
        assert_int_equal(namers(ts, works[1], KIND_COMMENT), 10);
        assert_int_equal(namers(ts, works[0], KIND_SELECTION), 0);
        assert_int_equal(namers(ts, works[1], KIND_SELECTION), 1);
        topic_state_free(ts);
    }
    scene_free(&s);
}

static void what_is_added_and_dropped_again_leaves_no_trace(void **state)
{
    static struct scene s;
    const struct made *work;
    const struct made *last;
    struct topic_state *ts;
    struct verdict verdict;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'B', 110, "CC0-1.0", "");
    for (uint64_t i = 0; i < 20; i++)
        (void)scene_comment(&s, 'D', 120 + i, work);
    last = scene_comment(&s, 'E', 190, work);
    s.count--; /* made, and not added */
    ts = scene_judge(&s, NULL, NOW);
    for (unsigned i = 0; i < 300; i++) { /* so that slots would run out */
        assert_int_equal(authority_try(ts, &verdict,
                                       (struct bytes){ last->whole, last->len },
                                       NOW),
                         ERR_OK);
        assert_int_equal(namers(ts, work, KIND_COMMENT), 20);
    }
    assert_true(ts->back.slots_count < 1024);
    topic_state_free(ts);
    s.count++;
    scene_free(&s);
}

static void a_part_of_a_release_in_force_is_used(void **state)
{
    static struct scene s;
    const struct made *part;
    const struct made *other;
    const struct made *claimed;
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    part = scene_work(&s, 'A', 110, "CC-BY-4.0", "");
    other = scene_work(&s, 'A', 111, "CC-BY-4.0", "");
    claimed = scene_work(&s, 'B', 112, "CC-BY-4.0", "");
    (void)scene_publish(&s, 'A', 120, part, scene_credits("A"));
    (void)scene_publish(&s, 'B', 121, claimed, scene_credits("B")); /* void */
    ts = scene_judge(&s, NULL, NOW);
    assert_true(topic_is_used(ts, first_of(ts, part)));
    assert_false(topic_is_used(ts, first_of(ts, other)));
    assert_false(topic_is_used(ts, first_of(ts, claimed)));
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namers_are_told_by_kind_and_in_order_of_time),
        cmocka_unit_test(what_is_added_and_dropped_again_leaves_no_trace),
        cmocka_unit_test(a_part_of_a_release_in_force_is_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
