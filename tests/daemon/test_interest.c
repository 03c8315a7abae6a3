/* What a node keeps: windows, quotas, who has standing, what goes again. */
#include "tests/common/scene.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/commits.h"
#include "daemon/interest.h"
#include "daemon/topics.h"

#define TODAY    ((uint64_t)20000)
#define TODAY_MS (TODAY * DAY_MS)

/* A real node that listens and knows nobody, on a clock of its own. */
struct rig {
    uv_loop_t loop;
    uv_timer_t turn; /* the loop turns, though nothing happens */
    struct options options;
    struct home home;
    struct config config;
    struct node *node;
    char dir[64];
    struct scene scene;
    size_t done;
};

static void on_turn(uv_timer_t *timer)
{
    struct rig *r = timer->data;

    interest_tick(node_interest(r->node));
}

static void rig_start(struct rig *r)
{
    assert_int_equal(uv_loop_init(&r->loop), 0);
    assert_int_equal(
        node_open(&r->node, &r->loop, &r->options, &r->home, &r->config),
        ERR_OK);
    assert_int_equal(node_clock_set(r->node, TODAY_MS), ERR_OK);
    assert_int_equal(uv_timer_init(&r->loop, &r->turn), 0);
    r->turn.data = r;
    assert_int_equal(uv_timer_start(&r->turn, on_turn, 1, 1), 0);
}

static void rig_stop(struct rig *r)
{
    uv_close((uv_handle_t *)&r->turn, NULL);
    node_shutdown(r->node);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    node_free(r->node);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

/* Quotas of records; 0: no bound. */
static void rig_open(struct rig *r, uint64_t board_quota, uint64_t topic_quota)
{
    *r = (struct rig){ .options = { .network = "test",
                                    .listen = { "127.0.0.1:0" },
                                    .listen_count = 1,
                                    .no_lan = true,
                                    .no_meet = true,
                                    .no_portmap = true,
                                    .log_level = "error",
                                    .test_clock = true } };
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/troupe-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    assert_int_equal(home_find(&r->home, r->dir), ERR_OK);
    assert_int_equal(home_create(&r->home), ERR_OK);
    config_default(&r->config);
    r->config.board_quota_bytes = board_quota;
    r->config.topic_quota_bytes = topic_quota;
    rig_start(r);
}

static void rig_close(struct rig *r)
{
    char line[128];

    rig_stop(r);
    scene_free(&r->scene);
    (void)snprintf(line, sizeof line, "rm -rf '%s'", r->dir);
    assert_int_equal(system(line), 0);
}

static struct interest *interest(const struct rig *r)
{
    return node_interest(r->node);
}

typedef bool question_fn(struct rig *r);

static void until(struct rig *r, question_fn *question)
{
    while (!question(r)) /* ends, or the test's time is up */
        (void)uv_run(&r->loop, UV_RUN_ONCE);
}

/* ---- What people do ----------------------------------------------------- */

static void on_imported(void *context, const struct node_import *result)
{
    struct rig *r = context;

    assert_int_equal(result->refused, 0);
    r->done++;
}

static bool is_done(struct rig *r)
{
    return r->done > 0;
}

static void bring(struct rig *r, const struct made *made)
{
    r->done = 0;
    node_import_judged(r->node, (struct bytes){ made->whole, made->len },
                       on_imported, r);
    until(r, is_done);
}

static struct record decode(const struct made *made)
{
    struct record record;

    assert_int_equal(
        record_decode(&record, (struct bytes){ made->whole, made->len }),
        ERR_OK);
    return record;
}

static void on_followed(void *context, enum err e)
{
    struct rig *r = context;

    assert_int_equal(e, ERR_OK);
    r->done++;
}

static void follow(struct rig *r, const uint8_t topic[ID_LEN],
                   enum store_policy policy, uint64_t until_ms)
{
    struct store_follow f = { .policy = policy, .until_ms = until_ms };

    memcpy(f.topic, topic, ID_LEN);
    r->done = 0;
    node_follow(r->node, &f, on_followed, r);
    until(r, is_done);
}

/* A's project, followed here. */
static const struct made *begin(struct rig *r)
{
    const struct made *project = scene_begin(&r->scene);

    follow(r, project->id, STORE_POLICY_FOLLOW, 0);
    bring(r, project);
    return project;
}

static const struct made *comment(struct rig *r, char who, uint64_t at_ms)
{
    return scene_comment(&r->scene, who, at_ms, &r->scene.made[0]);
}

static struct interest_terms judge(struct rig *r, const struct made *made)
{
    struct record record = decode(made);
    struct interest_terms terms;

    interest_judge(interest(r), &record, false, 1, &terms);
    return terms;
}

static uint64_t count_of(struct rig *r, const uint8_t topic[ID_LEN])
{
    struct store_topic_size size;

    assert_int_equal(store_topic_size(node_store(r->node), topic, &size),
                     ERR_OK);
    return size.count;
}

static bool has_settled(struct rig *r)
{
    return interest_is_settled(interest(r), r->scene.m.topic) &&
           interest_is_settled(interest(r), node_board(r->node)) &&
           interest_is_idle(interest(r));
}

/* ---- Windows ------------------------------------------------------------ */

static bool fits(struct rig *r, const uint8_t topic[ID_LEN],
                 const struct record *record)
{
    return interest_is_in_window(interest(r), topic, record);
}

static void the_call_board_goes_back_a_year(void **state)
{
    struct record record = { .kind = KIND_COMMENT };
    uint8_t other[ID_LEN] = { 7 };
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    assert_int_equal(interest_board_day(interest(&r)), TODAY - 365);
    record.created_ms = (TODAY - 365) * DAY_MS;
    assert_true(fits(&r, node_board(r.node), &record));
    record.created_ms--;
    assert_false(fits(&r, node_board(r.node), &record));
    assert_true(fits(&r, other, &record));
    assert_int_equal(node_clock_set(r.node, TODAY_MS + DAY_MS), ERR_OK);
    assert_int_equal(interest_board_day(interest(&r)), TODAY - 364);
    rig_close(&r);
}

static void an_old_project_stays_on_the_board_for_what_is_newer(void **state)
{
    const struct made *project;
    struct record record;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    project = begin(&r);
    record = decode(project);
    assert_false(fits(&r, node_board(r.node), &record));
    bring(&r, comment(&r, 'A', (TODAY - 365) * DAY_MS));
    assert_true(fits(&r, node_board(r.node), &record));
    rig_close(&r);
}

/* Projects of ten people, one a day; how many bytes they are. */
static uint64_t fill_board(struct rig *r)
{
    struct store_topic_size size;

    for (unsigned i = 0; i < 10; i++) {
        const struct made *project;

        memset(r->scene.m.topic, 0, ID_LEN);
        r->scene.m.flags = RECORD_LISTED;
        project = scene_keep(
            &r->scene, make(&r->scene.m, KIND_PROJECT, (char)('A' + (int)i),
                            (TODAY - 10 + i) * DAY_MS, PROJECT));
        bring(r, project);
    }
    assert_int_equal(
        store_topic_size(node_store(r->node), node_board(r->node), &size),
        ERR_OK);
    assert_int_equal(size.count, 10);
    return size.bytes;
}

static bool board_has_half(struct rig *r)
{
    return interest_is_idle(interest(r)) &&
           count_of(r, node_board(r->node)) <= 5;
}

static void a_full_call_board_gives_up_its_oldest_days(void **state)
{
    struct node_kept kept;
    struct rig r;
    uint64_t bytes;

    (void)state;
    rig_open(&r, 0, 0);
    bytes = fill_board(&r);
    rig_stop(&r);

    r.config.board_quota_bytes = bytes / 2;
    rig_start(&r);
    until(&r, board_has_half);
    assert_int_equal(count_of(&r, node_board(r.node)), 5);
    assert_int_equal(interest_board_day(interest(&r)), TODAY - 5);
    interest_look(interest(&r), node_board(r.node), &kept);
    assert_int_equal(kept.from_ms, (TODAY - 5) * DAY_MS);
    assert_int_equal(kept.quota_bytes, bytes / 2);
    assert_false(kept.is_full);
    rig_stop(&r);

    rig_start(&r); /* and it knows where its board begins */
    assert_int_equal(interest_board_day(interest(&r)), TODAY - 5);
    rig_close(&r);
}

/* ---- Standing ----------------------------------------------------------- */

static void who_has_standing_is_kept_and_strangers_have_a_budget(void **state)
{
    struct interest_terms terms;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)begin(&r);
    until(&r, has_settled);
    terms = judge(&r, comment(&r, 'A', TODAY_MS));
    assert_int_equal(terms.account, STORE_ACCOUNT_NONE);
    terms = judge(&r, comment(&r, 'B', TODAY_MS));
    assert_int_equal(terms.account, STORE_ACCOUNT_TOPIC);
    assert_int_equal(terms.budget.records, BUDGET_STRANGER.records);
    assert_int_equal(terms.budget.bytes, BUDGET_STRANGER.bytes);
    assert_false(terms.or_nothing);
    rig_close(&r);
}

static bool b_is_no_stranger(struct rig *r)
{
    uint8_t person[ID_LEN];

    maker_person(person, 'B');
    return !interest_is_stranger(interest(r), r->scene.m.topic, person);
}

static void who_is_vouched_for_has_standing_too(void **state)
{
    uint8_t person[ID_LEN];
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)begin(&r);
    until(&r, has_settled);
    assert_false(b_is_no_stranger(&r));
    maker_person(person, 'A');
    assert_true(interest_is_creator(interest(&r), r.scene.m.topic, person));
    bring(&r, scene_keep(&r.scene,
                         make(&r.scene.m, KIND_VOUCH, 'A', TODAY_MS,
                              "{\"person\":\"%s\"}", maker_person_hex('B'))));
    until(&r, b_is_no_stranger);
    assert_int_equal(judge(&r, comment(&r, 'B', TODAY_MS)).account,
                     STORE_ACCOUNT_NONE);
    maker_person(person, 'B');
    assert_false(interest_is_creator(interest(&r), r.scene.m.topic, person));
    rig_close(&r);
}

static void what_is_not_followed_is_the_call_boards_affair(void **state)
{
    struct interest_terms terms;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)scene_begin(&r.scene);
    terms = judge(&r, comment(&r, 'B', TODAY_MS));
    assert_int_equal(terms.account, STORE_ACCOUNT_BOARD);
    rig_close(&r);
}

static void a_stolen_device_cannot_use_up_what_the_person_has(void **state)
{
    struct record record = { .kind = KIND_DEVICE_REVOKE };
    struct interest_terms by_person;
    struct interest_terms by_device;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    interest_judge(interest(&r), &record, true, 1, &by_person);
    interest_judge(interest(&r), &record, false, 1, &by_device);
    assert_int_equal(by_person.account, STORE_ACCOUNT_TOPIC);
    assert_int_equal(by_device.account, STORE_ACCOUNT_BOARD);
    assert_int_equal(by_person.budget.records, BUDGET_STRANGER.records);
    rig_close(&r);
}

static void a_full_topic_keeps_those_with_standing_alone(void **state)
{
    struct interest_terms terms;
    struct node_kept kept;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 1);
    (void)begin(&r);
    until(&r, has_settled);
    interest_look(interest(&r), r.scene.m.topic, &kept);
    assert_true(kept.is_full);
    assert_int_equal(kept.quota_bytes, 1);
    assert_int_equal(judge(&r, comment(&r, 'A', TODAY_MS)).account,
                     STORE_ACCOUNT_NONE);
    terms = judge(&r, comment(&r, 'B', TODAY_MS));
    assert_int_equal(terms.account, STORE_ACCOUNT_TOPIC);
    assert_int_equal(terms.budget.records, 0);
    rig_close(&r);
}

/* ---- What goes again ---------------------------------------------------- */

static bool topic_is_empty(struct rig *r)
{
    return interest_is_idle(interest(r)) && count_of(r, r->scene.m.topic) == 0;
}

static void a_topic_that_is_given_up_goes(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)begin(&r);
    bring(&r, comment(&r, 'A', TODAY_MS));
    assert_int_equal(count_of(&r, r.scene.m.topic), 2);
    r.done = 0;
    node_unfollow(r.node, r.scene.m.topic, on_followed, &r);
    until(&r, is_done);
    until(&r, topic_is_empty);
    rig_close(&r);
}

/* As if the daemon had ended between the unfollowing and the first step. */
static void it_goes_though_the_daemon_ended_just_then(void **state)
{
    struct store_batch *batch;
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)begin(&r);
    bring(&r, comment(&r, 'A', TODAY_MS));
    assert_int_equal(interest_giving_up(interest(&r), r.scene.m.topic), ERR_OK);
    assert_int_equal(commits_batch(node_commits(r.node), &batch), ERR_OK);
    assert_int_equal(store_batch_unfollow(batch, r.scene.m.topic), ERR_OK);
    commits_expect(node_commits(r.node), NULL, NULL);
    rig_stop(&r);
    rig_start(&r);
    until(&r, topic_is_empty);
    rig_close(&r);
}

static bool is_only_followed(struct rig *r)
{
    struct store_follow f;

    return store_follow_find(node_store(r->node), r->scene.m.topic, &f) ==
               ERR_OK &&
           f.policy == STORE_POLICY_FOLLOW && f.until_ms == 0;
}

static void a_pledge_that_has_ended_is_a_topic_that_is_followed(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, 0, 0);
    (void)begin(&r);
    follow(&r, r.scene.m.topic, STORE_POLICY_SEED, TODAY_MS + DAY_MS);
    assert_false(is_only_followed(&r));
    assert_int_equal(node_clock_set(r.node, TODAY_MS + DAY_MS), ERR_OK);
    until(&r, is_only_followed);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_board_goes_back_a_year),
        cmocka_unit_test(an_old_project_stays_on_the_board_for_what_is_newer),
        cmocka_unit_test(a_full_call_board_gives_up_its_oldest_days),
        cmocka_unit_test(who_has_standing_is_kept_and_strangers_have_a_budget),
        cmocka_unit_test(who_is_vouched_for_has_standing_too),
        cmocka_unit_test(what_is_not_followed_is_the_call_boards_affair),
        cmocka_unit_test(a_stolen_device_cannot_use_up_what_the_person_has),
        cmocka_unit_test(a_full_topic_keeps_those_with_standing_alone),
        cmocka_unit_test(a_topic_that_is_given_up_goes),
        cmocka_unit_test(it_goes_though_the_daemon_ended_just_then),
        cmocka_unit_test(a_pledge_that_has_ended_is_a_topic_that_is_followed),
    };

    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
