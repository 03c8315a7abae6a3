/* Who has standing, from whatever gives it, and what follows for the rest. */
#include "proto/standing.h"

#include <string.h>

#include "tests/common/scene.h"

static const struct made *vouch(struct scene *s, char who, uint64_t at,
                                char whom)
{
    return scene_keep(s, make(&s->m, KIND_VOUCH, who, at, "{\"person\":\"%s\"}",
                              maker_person_hex(whom)));
}

static struct standing standing_of(const struct scene *s)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    struct standing out;

    assert_int_equal(standing_list(&out, ts, NULL), ERR_OK);
    topic_state_free(ts);
    return out;
}

static bool has(const struct scene *s, char who)
{
    struct standing standing = standing_of(s);
    uint8_t person[ID_LEN];
    bool out;

    maker_person(person, who);
    out = standing_has(&standing, person);
    standing_wipe(&standing);
    return out;
}

static struct budget budget_of(const struct scene *s, char who)
{
    struct standing standing = standing_of(s);
    uint8_t person[ID_LEN];
    struct budget out;

    maker_person(person, who);
    out = standing_budget(&standing, person);
    standing_wipe(&standing);
    return out;
}

static void the_founder_has_standing_and_a_stranger_has_not(void **state)
{
    static struct scene s;
    const struct made *work;
    struct budget budget;

    (void)state;
    (void)scene_begin(&s);
    work = scene_work(&s, 'C', 120, "CC0-1.0", "");
    (void)scene_comment(&s, 'D', 121, work);
    assert_true(has(&s, 'A'));
    assert_false(has(&s, 'C'));
    assert_false(has(&s, 'D'));
    budget = budget_of(&s, 'A');
    assert_true(budget_is_free(&budget));
    budget = budget_of(&s, 'D');
    assert_int_equal(budget.records, BUDGET_RECORDS_MAX);
    assert_int_equal(budget.bytes, BUDGET_BYTES_MAX);
    scene_free(&s);
}

static void
a_selection_in_force_gives_standing_and_a_void_one_does_not(void **state)
{
    static struct scene s;
    const struct made *mine;
    const struct made *other;

    (void)state;
    (void)scene_begin(&s);
    mine = scene_work(&s, 'C', 120, "CC0-1.0", "");
    other = scene_work(&s, 'D', 121, "CC0-1.0", "");
    (void)scene_select(&s, 'A', 130, mine);
    (void)scene_select(&s, 'D', 131, other); /* who does not lead */
    assert_true(has(&s, 'C'));
    assert_false(has(&s, 'D'));
    scene_free(&s);
}

static void vouches_lead_on_from_one_with_standing_alone(void **state)
{
    static struct scene s;

    (void)state;
    (void)scene_begin(&s);
    (void)vouch(&s, 'D', 120, 'E'); /* made before D was vouched for */
    (void)vouch(&s, 'C', 121, 'D');
    (void)vouch(&s, 'A', 122, 'C');
    (void)vouch(&s, 'F', 123, 'G'); /* a circle that nobody leads to */
    (void)vouch(&s, 'G', 124, 'F');
    assert_true(has(&s, 'C'));
    assert_true(has(&s, 'D'));
    assert_true(has(&s, 'E'));
    assert_false(has(&s, 'F'));
    assert_false(has(&s, 'G'));
    scene_free(&s);
}

static void a_vouch_that_was_taken_back_gives_nothing(void **state)
{
    static struct scene s;
    const struct made *v;

    (void)state;
    (void)scene_begin(&s);
    v = vouch(&s, 'A', 120, 'C');
    assert_true(has(&s, 'C'));
    (void)scene_retract(&s, 'A', 121, v);
    assert_false(has(&s, 'C'));
    scene_free(&s);
}

static void standing_begins_with_the_root_where_nobody_founds(void **state)
{
    static struct scene s;
    struct standing standing;
    struct topic_state *ts;
    uint8_t person[ID_LEN];

    (void)state;
    memset(&s, 0, sizeof s);
    s.m.topic[0] = 9;
    (void)vouch(&s, 'B', 120, 'C');
    (void)vouch(&s, 'D', 121, 'E');
    ts = scene_judge(&s, NULL, NOW);
    maker_person(person, 'B');
    assert_int_equal(standing_list(&standing, ts, person), ERR_OK);
    assert_true(standing.has_founder);
    assert_int_equal(standing.count, 2);
    maker_person(person, 'C');
    assert_true(standing_has(&standing, person));
    standing_wipe(&standing);
    topic_state_free(ts);
    scene_free(&s);
}

static void people_have_standing_in_the_topic_that_is_theirs(void **state)
{
    static struct scene s;
    struct budget budget;

    (void)state;
    memset(&s, 0, sizeof s);
    maker_person(s.m.topic, 'B');
    (void)scene_keep(&s,
                     make(&s.m, KIND_PROFILE, 'B', 100, "{\"name\":\"Ben\"}"));
    assert_true(has(&s, 'B'));
    budget = budget_of(&s, 'C');
    assert_int_equal(budget.records, BUDGET_RECORDS_MAX);
    scene_free(&s);
}

/* A's project with another admission. */
static void begin_with(struct scene *s, const char *admission)
{
    struct made project;

    memset(s, 0, sizeof *s);
    project = make(&s->m, KIND_PROJECT, 'A', 100,
                   "{\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":"
                   "\"short_film\",\"licence\":\"CC-BY-4.0\",\"admission\":"
                   "\"%s\"," TERMS "}",
                   admission);
    memcpy(s->m.topic, project.id, ID_LEN);
    (void)scene_keep(s, project);
}

static void admission_leaves_no_room_for_strangers(void **state)
{
    static struct scene s;
    struct budget budget;

    (void)state;
    begin_with(&s, "vouched");
    (void)vouch(&s, 'A', 120, 'C');
    assert_true(has(&s, 'C'));
    budget = budget_of(&s, 'D');
    assert_int_equal(budget.records, 0);
    scene_free(&s);
    begin_with(&s, "members");
    (void)vouch(&s, 'A', 120, 'C');
    assert_false(has(&s, 'C'));
    assert_true(has(&s, 'A'));
    budget = budget_of(&s, 'C');
    assert_int_equal(budget.records, 0);
    scene_free(&s);
}

static void without_a_founder_nobody_is_a_stranger_yet(void **state)
{
    static struct scene s;
    struct standing standing;
    struct topic_state *ts;
    uint8_t person[ID_LEN];
    struct budget budget;

    (void)state;
    (void)scene_begin(&s);
    (void)scene_comment(&s, 'C', 120, &s.made[0]);
    assert_int_equal(topic_state_new(&ts, s.m.topic, 10), ERR_OK);
    assert_int_equal(
        topic_state_add(ts, (struct bytes){ s.made[1].whole, s.made[1].len }),
        ERR_OK);
    assert_int_equal(authority_judge(ts, NOW), ERR_OK);
    assert_int_equal(standing_list(&standing, ts, NULL), ERR_OK);
    assert_false(standing.has_founder);
    maker_person(person, 'C');
    budget = standing_budget(&standing, person);
    assert_true(budget_is_free(&budget));
    standing_wipe(&standing);
    topic_state_free(ts);
    scene_free(&s);
}

static void any_order_of_arrival_gives_the_same_people(void **state)
{
    static struct scene s;
    struct standing first;
    uint32_t seed = 7;

    (void)state;
    (void)scene_begin(&s);
    (void)scene_select(&s, 'A', 131, scene_work(&s, 'C', 120, "CC0-1.0", ""));
    (void)vouch(&s, 'C', 121, 'D');
    (void)vouch(&s, 'D', 122, 'E');
    (void)vouch(&s, 'F', 123, 'G');
    first = standing_of(&s);
    assert_int_equal(first.count, 4);
    for (unsigned round = 0; round < 50; round++) {
        uint32_t order[SCENE_MAX];
        struct topic_state *ts;
        struct standing again;

        for (uint32_t i = 0; i < s.count; i++)
            order[i] = i;
        scene_shuffle(order, s.count, &seed);
        ts = scene_judge(&s, order, NOW);
        assert_int_equal(standing_list(&again, ts, NULL), ERR_OK);
        assert_int_equal(again.count, first.count);
        assert_memory_equal(again.people, first.people,
                            (size_t)first.count * ID_LEN);
        standing_wipe(&again);
        topic_state_free(ts);
    }
    standing_wipe(&first);
    scene_free(&s);
}

static void a_long_chain_of_vouches_is_walked_once(void **state)
{
    static struct scene s;
    char who = 'A';

    (void)state;
    (void)scene_begin(&s);
    for (unsigned i = 0; i < 25; i++, who++)
        (void)vouch(&s, who, 200 - i, (char)(who + 1));
    assert_true(has(&s, 'Z'));
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_founder_has_standing_and_a_stranger_has_not),
        cmocka_unit_test(
            a_selection_in_force_gives_standing_and_a_void_one_does_not),
        cmocka_unit_test(vouches_lead_on_from_one_with_standing_alone),
        cmocka_unit_test(a_vouch_that_was_taken_back_gives_nothing),
        cmocka_unit_test(standing_begins_with_the_root_where_nobody_founds),
        cmocka_unit_test(people_have_standing_in_the_topic_that_is_theirs),
        cmocka_unit_test(admission_leaves_no_room_for_strangers),
        cmocka_unit_test(without_a_founder_nobody_is_a_stranger_yet),
        cmocka_unit_test(any_order_of_arrival_gives_the_same_people),
        cmocka_unit_test(a_long_chain_of_vouches_is_walked_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
