/* Topics in memory: what is taken, and that nothing is lost when memory ends.
 */
#include "proto/topic_state.h"

#include <stdlib.h>
#include <string.h>

#include "proto/credits.h"
#include "proto/lineage.h"
#include "proto/request_state.h"
#include "tests/common/scene.h"

/*
 * The linker sends the allocations of proto/ here (--wrap): the one after
 * `allocations_left` fails, and all after it; a negative number lets all pass.
 */
static long allocations_left = -1;

static bool may_allocate(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return may_allocate() ? __real_realloc(old, size) : NULL;
}

/* A scene in which every rule that allocates has something to do. */
static const struct made *everything(struct scene *s)
{
    struct maker person = { .with_person_key = true };
    const struct made *p = scene_begin(s);
    const struct made *request = scene_request(s, 'A', 105, "");
    const struct made *poem = scene_work(s, 'C', 110, "CC0-1.0", "");
    const struct made *song = scene_work(s, 'D', 111, "CC-BY-4.0", "");
    const struct made *release;
    char hex[2 * KEY_LEN + 1];
    uint8_t key[KEY_LEN] = { 5 };

    (void)scene_cite(s, 'D', 120, song, poem);
    (void)scene_cite(s, 'C', 121, poem, song);
    (void)scene_select(s, 'A', 130, song);
    s->m.revises = p;
    (void)scene_keep(s, make(&s->m, KIND_PROJECT, 'A', 131, PROJECT));
    (void)scene_keep(s, make(&s->m, KIND_REQUEST_CLOSE, 'A', 140,
                             "{\"request\":\"%s\",\"note\":\"n\",\"outcome\":"
                             "\"chosen\",\"known\":[]}",
                             request->hex));
    release = scene_publish(s, 'A', 150, song, scene_credits("DC"));
    maker_person(person.topic, 'E');
    hex_encode(hex, BYTES_ARRAY(key));
    (void)scene_keep(s,
                     make(&person, KIND_DEVICE_REVOKE, 'E', 160,
                          "{\"device\":\"%s\",\"since\":1,\"known\":[]}", hex));
    return release;
}

static void judging_without_memory_fails_and_can_be_repeated(void **state)
{
    static struct scene s;
    struct topic_state *whole;
    struct topic_state *ts;
    enum err err = ERR_NO_MEMORY;

    (void)state;
    (void)everything(&s);
    whole = scene_judge(&s, NULL, NOW);
    for (long n = 0; err != ERR_OK; n++) {
        ts = scene_judge(&s, NULL, NOW - 1);
        ts->order_count = 0; /* sorted anew, which allocates */
        ts->is_judged = false;
        allocations_left = n;
        err = authority_judge(ts, NOW);
        allocations_left = -1;
        assert_true(n < 10000);
        if (err != ERR_OK) {
            assert_int_equal(err, ERR_NO_MEMORY);
            assert_int_equal(authority_judge(ts, NOW), ERR_OK);
        }
        scene_assert_same(whole, ts);
        topic_state_free(ts);
    }
    topic_state_free(whole);
    scene_free(&s);
}

static void adding_without_memory_leaves_the_topic_as_it_was(void **state)
{
    static struct scene s;
    struct topic_state *ts = NULL;

    (void)state;
    (void)everything(&s);
    allocations_left = 0;
    assert_int_equal(topic_state_new(&ts, s.made[0].id, 100), ERR_NO_MEMORY);
    allocations_left = -1;
    assert_int_equal(topic_state_new(&ts, s.made[0].id, 100), ERR_OK);
    for (uint32_t i = 0; i < s.count; i++) {
        struct bytes whole = { s.made[i].whole, s.made[i].len };
        enum err err = ERR_NO_MEMORY;

        for (long n = 0; err != ERR_OK; n++) {
            assert_int_equal(topic_state_count(ts), i);
            assert_null(topic_state_find(ts, s.made[i].id));
            allocations_left = n;
            err = topic_state_add(ts, whole);
            allocations_left = -1;
            assert_true(n < 100);
            assert_true(err == ERR_OK || err == ERR_NO_MEMORY);
        }
        assert_non_null(topic_state_find(ts, s.made[i].id));
    }
    topic_state_free(ts);
    scene_free(&s);
}

static void a_trial_without_memory_leaves_the_records_as_they_were(void **state)
{
    static struct scene s;
    struct made trial;
    enum err err = ERR_NO_MEMORY;

    (void)state;
    (void)everything(&s);
    trial = make(&s.m, KIND_COMMENT, 'C', 500,
                 "{\"target\":\"%s\",\"text\":\"t\"}", s.made[0].hex);
    for (long n = 0; err != ERR_OK; n++) {
        struct topic_state *ts = scene_judge(&s, NULL, NOW);
        struct verdict v = { .state = VERDICT_VOID };

        allocations_left = n;
        err = authority_try(ts, &v, (struct bytes){ trial.whole, trial.len },
                            NOW);
        allocations_left = -1;
        assert_int_equal(topic_state_count(ts), s.count);
        assert_int_equal(v.state,
                         err == ERR_OK ? VERDICT_IN_FORCE : VERDICT_VOID);
        assert_int_equal(authority_judge(ts, NOW), ERR_OK);
        topic_state_free(ts);
    }
    made_free(&trial);
    scene_free(&s);
}

static void readers_without_memory_write_nothing(void **state)
{
    static struct scene s;
    const struct made *release = everything(&s);
    struct topic_state *ts = scene_judge(&s, NULL, NOW);
    uint8_t parts[1][ID_LEN];
    int open = 4;

    (void)state;
    memcpy(parts[0], s.made[3].id, ID_LEN);
    for (long n = 0; open > 0; n++) {
        struct credits draft;
        struct credits stated;
        struct lineage_tree tree;
        enum contribution_timing timing;
        enum err err[4];

        allocations_left = n;
        err[0] = credits_draft(&draft, ts, (const uint8_t(*)[ID_LEN])parts, 1);
        allocations_left = n;
        err[1] = credits_of_release(&stated, ts, release->id);
        allocations_left = n;
        err[2] = lineage_tree(&tree, ts, parts[0]);
        allocations_left = n;
        err[3] = request_timing(&timing, ts, topic_state_find(ts, parts[0]));
        allocations_left = -1;
        open = 0;
        for (int i = 0; i < 4; i++) {
            assert_true(err[i] == ERR_OK || err[i] == ERR_NO_MEMORY);
            open += err[i] == ERR_OK ? 0 : 1;
        }
        if (err[0] == ERR_OK)
            credits_wipe(&draft);
        if (err[1] == ERR_OK)
            credits_wipe(&stated);
        if (err[2] == ERR_OK)
            lineage_tree_wipe(&tree);
    }
    topic_state_free(ts);
    scene_free(&s);
}

/* A body that comes later is taken; one that is there is never lost. */
static void a_body_that_was_missing_is_taken(void **state)
{
    static struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *w = scene_work(&s, 'B', 110, "CC0-1.0", "");
    struct made erased = made_erased(w);
    struct bytes nil = { erased.whole, erased.len };
    struct bytes whole = { w->whole, w->len };
    struct topic_state *ts;

    (void)state;
    assert_int_equal(topic_state_new(&ts, p->id, 10), ERR_OK);
    assert_int_equal(topic_state_add(ts, nil), ERR_OK);
    assert_null(topic_state_find(ts, w->id)->record.body.data);
    assert_int_equal(topic_state_add(ts, whole), ERR_OK);
    assert_non_null(topic_state_find(ts, w->id)->record.body.data);
    assert_int_equal(topic_state_add(ts, nil), ERR_OK);
    assert_non_null(topic_state_find(ts, w->id)->record.body.data);
    assert_int_equal(topic_state_count(ts), 1);
    topic_state_free(ts);
    topic_state_free(NULL);
    made_free(&erased);
    scene_free(&s);
}

/* What is made beforehand is taken once, and is else still its maker's. */
static void an_entry_made_beforehand_is_taken_or_left(void **state)
{
    static struct scene s;
    const struct made *p = scene_begin(&s);
    const struct made *w = scene_work(&s, 'B', 110, "CC0-1.0", "");
    uint8_t other[ID_LEN] = { 1 };
    struct topic_entry made;
    struct verdict verdict;
    struct topic_state *ts;

    (void)state;
    assert_int_equal(topic_entry_make(&made, (struct bytes){ w->whole, 5 }),
                     ERR_TRUNCATED);
    assert_int_equal(
        topic_entry_make(&made, (struct bytes){ w->whole, w->len }), ERR_OK);
    assert_int_equal(topic_state_new(&ts, other, 10), ERR_OK);
    assert_int_equal(topic_state_put(ts, &made), ERR_USAGE);
    assert_non_null(made.whole);
    topic_state_free(ts);
    assert_int_equal(topic_state_new(&ts, p->id, 1), ERR_OK);
    assert_int_equal(authority_try_made(ts, &verdict, &made, 200), ERR_OK);
    assert_int_equal(topic_state_count(ts), 0);
    assert_non_null(made.whole);
    assert_int_equal(topic_state_put(ts, &made), ERR_OK);
    assert_null(made.whole);
    assert_memory_equal(topic_state_find(ts, w->id)->record.id, w->id, ID_LEN);
    assert_int_equal(topic_state_add(ts, (struct bytes){ p->whole, p->len }),
                     ERR_TOO_LARGE);
    topic_entry_wipe(&made);
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judging_without_memory_fails_and_can_be_repeated),
        cmocka_unit_test(adding_without_memory_leaves_the_topic_as_it_was),
        cmocka_unit_test(
            a_trial_without_memory_leaves_the_records_as_they_were),
        cmocka_unit_test(readers_without_memory_write_nothing),
        cmocka_unit_test(a_body_that_was_missing_is_taken),
        cmocka_unit_test(an_entry_made_beforehand_is_taken_or_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
