/* Pledges to people: what is theirs, and how much of that at a time. */
#include "tests/store/fixture.h"

#include "counted_scan.h"
#include "daemon/interest.h"
#include "daemon/person_share.h"
#include "daemon/pledge.h"
#include "node_around.h"
#include "proto/mp.h"

enum {
    /* What one step may look at, and judge at the worst. */
    LOOKED_MAX = 256 + 16,
    JUDGED_MAX = 32,
    MANY = 3000,
    TOPICS_ALL = 900,
    PAGE = 64
};

static struct fixture f;
static const struct author *ada, *ben;
static struct person_share walk;
static uint8_t led[8][ID_LEN]; /* topics that Ada leads */
static size_t led_count;
static unsigned judged; /* in this step */
static uint32_t number;
static struct made made[PAGE]; /* of the batch */
static unsigned made_count;

/* ---- The node around it ------------------------------------------------- */

struct interest *node_interest(const struct node *node)
{
    (void)node;
    return NULL;
}

enum pledge_scope pledge_scope_of(const struct node *node,
                                  const uint8_t topic[ID_LEN])
{
    (void)node;
    return memcmp(topic, ada->person, ID_LEN) == 0 ||
                   memcmp(topic, ben->person, ID_LEN) == 0
               ? PLEDGE_PERSON
               : PLEDGE_PROJECT;
}

bool interest_is_creator(struct interest *interest, const uint8_t topic[ID_LEN],
                         const uint8_t person[ID_LEN])
{
    bool is = false;

    (void)interest;
    judged++;
    for (size_t i = 0; i < led_count; i++)
        is = is || memcmp(led[i], topic, ID_LEN) == 0;
    return is && memcmp(person, ada->person, ID_LEN) == 0;
}

/* ---- Helpers ------------------------------------------------------------ */

static void store_all(void)
{
    if (store_batch_count(f.batch) > 0)
        apply(&f);
    store_batch_clear(f.batch);
    while (made_count > 0)
        made_free(&made[--made_count]);
}

static bool step(void)
{
    bool more;

    counted_scan_looked = judged = 0;
    more = person_share_step(&walk, NULL);
    assert_true(counted_scan_looked <= LOOKED_MAX);
    assert_true(judged <= JUDGED_MAX);
    return more;
}

/* A whole walk; how many steps it took. */
static unsigned walk_all(void)
{
    unsigned steps = 1;

    store_all();
    person_share_begin(&walk, NULL);
    while (step()) {
        steps++;
        assert_true(steps < MANY);
    }
    store_all();
    return steps;
}

static void follow_for(const uint8_t topic[ID_LEN], enum store_policy policy,
                       const uint8_t *pledge)
{
    struct store_follow row = { .policy = policy };

    memcpy(row.topic, topic, ID_LEN);
    if (pledge != NULL)
        memcpy(row.pledge, pledge, ID_LEN);
    assert_int_equal(store_batch_follow(f.batch, &row), ERR_OK);
}

static void follow(const uint8_t topic[ID_LEN], enum store_policy policy)
{
    follow_for(topic, policy, NULL);
}

static void unfollow(const uint8_t topic[ID_LEN])
{
    assert_int_equal(store_batch_unfollow(f.batch, topic), ERR_OK);
    store_all();
}

/* Whether the topic is seeded for the pledge to that person. */
static bool is_for(const uint8_t topic[ID_LEN], const struct author *person)
{
    struct store_follow row;

    return store_follow_find(f.store, topic, &row) == ERR_OK &&
           row.policy == STORE_POLICY_SEED &&
           memcmp(row.pledge, person->person, ID_LEN) == 0;
}

static bool is_followed(const uint8_t topic[ID_LEN])
{
    struct store_follow row;

    return store_follow_find(f.store, topic, &row) == ERR_OK;
}

/* Stored with the next batch. */
static void add(struct sketch *sketch, uint8_t id[ID_LEN])
{
    struct made *m = &made[made_count];

    if (made_count == PAGE) {
        store_all();
        m = &made[0];
    }
    made_count++;
    sketch->created_ms = DAY0 + number;
    sketch->number = number++;
    *m = record_of(sketch);
    memcpy(id, m->record.id, ID_LEN);
    assert_int_equal(store_batch_put_record(f.batch, &m->record,
                                            m->record.certificate, DAY0),
                     ERR_OK);
}

/* A record of theirs. */
static void say(const struct author *who, uint64_t kind,
                const uint8_t topic[ID_LEN], uint64_t flags)
{
    struct sketch sketch = {
        .kind = kind, .author = who, .topic = topic, .flags = flags
    };
    uint8_t id[ID_LEN];

    add(&sketch, id);
}

static void found(const struct author *who, uint64_t flags, uint8_t id[ID_LEN])
{
    struct sketch sketch = { .kind = KIND_PROJECT,
                             .author = who,
                             .flags = flags };

    add(&sketch, id);
}

static void hand_over(const uint8_t topic[ID_LEN], const struct author *to)
{
    uint8_t bytes[64];
    struct writer map = writer_fixed(bytes, sizeof bytes);
    struct sketch sketch = { .kind = KIND_HANDOVER,
                             .author = ben,
                             .topic = topic };
    uint8_t id[ID_LEN];

    mp_put_map(&map, 1);
    mp_put_text(&map, "new_creator");
    mp_put_bin(&map, BYTES_ARRAY(to->person));
    sketch.map = writer_view(&map);
    add(&sketch, id);
}

/* So many records of hers, in as many topics that are not held here. */
static void live_long(unsigned count)
{
    uint8_t topic[ID_LEN] = { 0x77 };

    for (unsigned i = 0; i < count; i++) {
        put_u32(topic + 1, i);
        say(ada, KIND_REQUEST, topic, 0);
    }
}

static int begin(void **state)
{
    (void)state;
    fixture_open(&f);
    around = (struct node_around){ .store = f.store,
                                   .batch = f.batch,
                                   .clock_ms = DAY0 };
    made_count = 0;
    ada = author_of(1);
    ben = author_of(2);
    led_count = 0;
    number = 1;
    store_batch_clear(f.batch);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* ---- How much at a time -------------------------------------------------- */

static void a_long_life_is_gone_through_in_short_steps(void **state)
{
    uint8_t first[ID_LEN];

    (void)state;
    found(ada, RECORD_LISTED, first);
    live_long(MANY);
    follow(ada->person, STORE_POLICY_SEED);
    assert_true(walk_all() >= MANY / LOOKED_MAX);
    assert_true(is_for(first, ada)); /* the last that is come to */
}

static void topics_that_are_judged_are_few_in_a_step(void **state)
{
    uint8_t topic[ID_LEN];

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    for (unsigned i = 0; i < 4 * JUDGED_MAX; i++) {
        found(ben, 0, topic);
        follow(topic, STORE_POLICY_FOLLOW);
        say(ada, KIND_LESSON, topic, RECORD_LISTED);
    }
    assert_true(walk_all() >= 4);
    assert_false(is_for(topic, ada));
}

static void many_handovers_are_gone_through_in_short_steps(void **state)
{
    uint8_t mine[ID_LEN];
    uint8_t topic[ID_LEN];

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    found(ben, 0, mine);
    found(ben, 0, topic);
    follow(mine, STORE_POLICY_FOLLOW);
    follow(topic, STORE_POLICY_FOLLOW);
    memcpy(led[led_count++], mine, ID_LEN);
    hand_over(mine, ada);
    for (unsigned i = 0; i < 300; i++)
        hand_over(topic, ben);
    assert_true(walk_all() >= 300 / 64);
    assert_true(is_for(mine, ada)); /* the oldest of them */
    assert_false(is_for(topic, ada));
}

static void one_walk_takes_so_many_and_says_that_there_are_more(void **state)
{
    uint8_t topics[PERSON_SHARE_TAKEN + 3][ID_LEN];
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 0; i < PERSON_SHARE_TAKEN + 3; i++)
        found(ada, RECORD_LISTED, topics[i]);
    follow(ada->person, STORE_POLICY_SEED);
    (void)walk_all();
    assert_true(walk.has_more);
    for (unsigned i = 0; i < PERSON_SHARE_TAKEN + 3; i++)
        taken += is_for(topics[i], ada);
    assert_int_equal(taken, PERSON_SHARE_TAKEN);
    (void)walk_all();
    assert_false(walk.has_more);
    for (unsigned i = 0; i < PERSON_SHARE_TAKEN + 3; i++)
        assert_true(is_for(topics[i], ada));
}

static void no_more_are_taken_than_a_hello_has_room_for(void **state)
{
    uint8_t topics[2][ID_LEN];

    (void)state;
    found(ada, RECORD_LISTED, topics[0]);
    found(ada, RECORD_LISTED, topics[1]);
    for (unsigned i = 2; i < TOPICS_ALL; i++) { /* hers is one */
        uint8_t topic[ID_LEN] = { 0x55 };

        put_u32(topic + 1, i);
        follow(topic, STORE_POLICY_FOLLOW);
    }
    follow(ada->person, STORE_POLICY_SEED);
    (void)walk_all();
    assert_true(is_for(topics[1], ada)); /* the newer one */
    assert_false(is_followed(topics[0]));
    (void)walk_all();
    assert_false(is_followed(topics[0]));
    assert_false(walk.has_more); /* it would be in vain */
}

/* ---- What changes meanwhile ---------------------------------------------- */

static void what_comes_during_a_walk_is_found_by_the_next(void **state)
{
    uint8_t old[ID_LEN];
    uint8_t later[ID_LEN];

    (void)state;
    found(ada, RECORD_LISTED, old);
    live_long(2 * LOOKED_MAX);
    follow(ada->person, STORE_POLICY_SEED);
    store_all();
    person_share_begin(&walk, NULL);
    assert_true(step());
    found(ada, RECORD_LISTED, later);
    store_all();
    while (step())
        ;
    store_all();
    assert_true(is_for(old, ada));
    assert_false(is_followed(later));
    (void)walk_all();
    assert_true(is_for(later, ada));
}

static void a_pledge_that_ends_during_the_walk_takes_nothing_more(void **state)
{
    uint8_t hers[ID_LEN];
    uint8_t his[ID_LEN];

    (void)state;
    found(ada, RECORD_LISTED, hers);
    found(ben, RECORD_LISTED, his);
    live_long(2 * LOOKED_MAX);
    follow(ada->person, STORE_POLICY_SEED);
    follow(ben->person, STORE_POLICY_SEED);
    store_all();
    person_share_begin(&walk, NULL);
    while (memcmp(walk.row, ada->person, ID_LEN) != 0 ||
           walk.phase != PERSON_SHARE_WORDS)
        assert_true(step());
    unfollow(ada->person);
    while (step())
        ;
    store_all();
    assert_false(is_followed(hers));
    (void)walk_all();
    assert_true(is_for(his, ben));
}

static void what_is_left_of_a_pledge_is_followed(void **state)
{
    uint8_t hers[ID_LEN];
    uint8_t alone[ID_LEN];

    (void)state;
    found(ada, RECORD_LISTED, hers);
    found(ada, RECORD_LISTED, alone);
    follow(alone, STORE_POLICY_SEED);
    follow_for(hers, STORE_POLICY_SEED, ada->person);
    (void)walk_all();
    assert_true(walk.is_any);
    assert_true(is_followed(hers));
    assert_false(is_for(hers, ada));
    (void)walk_all();
    assert_false(walk.is_any);
    follow(ada->person, STORE_POLICY_SEED);
    (void)walk_all();
    assert_true(walk.is_any);
    assert_true(is_for(hers, ada));
    assert_false(is_for(alone, ada)); /* it is seeded for itself */
}

/* ---- Whose it is --------------------------------------------------------- */

static void
of_what_is_not_held_only_what_they_list_as_leaders_do_is_theirs(void **state)
{
    static const uint64_t kinds[] = { KIND_PROJECT, KIND_REQUEST,
                                      KIND_REQUEST_CLOSE, KIND_RELEASE,
                                      KIND_LESSON };
    uint8_t topic[ID_LEN];

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        found(ben, RECORD_LISTED, topic);
        say(ada, kinds[i], topic, 0);
        say(ada, KIND_COMMENT, topic, RECORD_LISTED);
        (void)walk_all();
        assert_false(is_followed(topic));
        say(ada, kinds[i], topic, RECORD_LISTED);
        (void)walk_all();
        assert_true(is_for(topic, ada));
    }
}

static void of_what_is_held_its_records_decide(void **state)
{
    uint8_t his[ID_LEN];
    uint8_t hers[ID_LEN];

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    found(ben, RECORD_LISTED, his);
    found(ben, RECORD_LISTED, hers);
    follow(his, STORE_POLICY_FOLLOW);
    follow(hers, STORE_POLICY_SHARE);
    say(ada, KIND_REQUEST, his, RECORD_LISTED);
    say(ada, KIND_REQUEST, hers, 0);
    memcpy(led[led_count++], hers, ID_LEN);
    (void)walk_all();
    assert_false(is_for(his, ada));
    assert_true(is_for(hers, ada));
}

static void a_handover_counts_where_it_is_held_and_stands(void **state)
{
    uint8_t far[ID_LEN];
    uint8_t void_one[ID_LEN];
    uint8_t hers[ID_LEN];

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    found(ben, RECORD_LISTED, far);
    found(ben, 0, void_one);
    found(ben, 0, hers);
    follow(void_one, STORE_POLICY_FOLLOW);
    follow(hers, STORE_POLICY_FOLLOW);
    hand_over(far, ada);
    hand_over(void_one, ada);
    hand_over(hers, ada);
    memcpy(led[led_count++], far, ID_LEN);
    memcpy(led[led_count++], hers, ID_LEN);
    (void)walk_all();
    assert_false(is_followed(far));
    assert_false(is_for(void_one, ada));
    assert_true(is_for(hers, ada));
}

/* ---- What concerns it ---------------------------------------------------- */

static void only_what_may_make_a_topic_theirs_concerns_it(void **state)
{
    struct node_event event = { .type = NODE_EVENT_RECORD };

    (void)state;
    follow(ada->person, STORE_POLICY_SEED);
    follow(ben->person, STORE_POLICY_FOLLOW);
    store_all();
    event.author = ada->person;
    event.kind = KIND_REQUEST;
    assert_true(person_share_concerns(NULL, &event));
    event.kind = KIND_COMMENT;
    assert_false(person_share_concerns(NULL, &event));
    event.author = ben->person;
    event.kind = KIND_REQUEST;
    assert_false(person_share_concerns(NULL, &event));
    event.kind = KIND_HANDOVER; /* to whom, its body says */
    assert_true(person_share_concerns(NULL, &event));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_life_is_gone_through_in_short_steps),
        TEST(topics_that_are_judged_are_few_in_a_step),
        TEST(many_handovers_are_gone_through_in_short_steps),
        TEST(one_walk_takes_so_many_and_says_that_there_are_more),
        TEST(no_more_are_taken_than_a_hello_has_room_for),
        TEST(what_comes_during_a_walk_is_found_by_the_next),
        TEST(a_pledge_that_ends_during_the_walk_takes_nothing_more),
        TEST(what_is_left_of_a_pledge_is_followed),
        TEST(of_what_is_not_held_only_what_they_list_as_leaders_do_is_theirs),
        TEST(of_what_is_held_its_records_decide),
        TEST(a_handover_counts_where_it_is_held_and_stands),
        TEST(only_what_may_make_a_topic_theirs_concerns_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
