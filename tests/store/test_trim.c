/* What stays and what goes: budgets, windows, topics that are given up. */
#include <unistd.h>

#include "tests/store/fixture.h"

enum { MANY = 80 };

static const struct budget STRANGER = { BUDGET_RECORDS_MAX, BUDGET_BYTES_MAX };
static const struct budget ALL = { UINT32_MAX, UINT32_MAX };

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static const uint8_t *board(void)
{
    static struct store_options options;

    fixture_options(&options);
    return options.board;
}

/* Puts one record that counts against its author's budget. */
static struct store_result charge(struct fixture *f, const struct made *made,
                                  const struct budget *budget, bool or_nothing)
{
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_put_charged(
                         f->batch, &made->record, made->record.certificate, 0,
                         STORE_ACCOUNT_TOPIC, budget, or_nothing),
                     ERR_OK);
    apply(f);
    return *store_batch_result(f->batch, 0);
}

static bool is_held(struct fixture *f, const uint8_t id[ID_LEN])
{
    struct store_item item;

    return store_find(f->store, id, &item) == ERR_OK &&
           item.presence == RECORD_HELD;
}

static bool is_known(struct fixture *f, const uint8_t id[ID_LEN])
{
    struct store_item item;

    return store_find(f->store, id, &item) == ERR_OK;
}

static uint64_t over_of(struct fixture *f, const uint8_t topic[ID_LEN])
{
    uint64_t over;

    assert_int_equal(store_topic_over(f->store, topic, &over), ERR_OK);
    return over;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct made *)a)->record.id,
                  ((const struct made *)b)->record.id, ID_LEN);
}

/* A stranger's records of one day in one topic, by ascending id. */
static void make_day(struct made *out, size_t count, size_t text_len)
{
    static const uint8_t topic[ID_LEN] = { 7 };

    for (size_t i = 0; i < count; i++)
        out[i] = record_of(&(struct sketch){
            .topic = topic,
            .author = author_of(3),
            .created_ms = DAY0 + 1000 * (uint64_t)i,
            .number = (uint32_t)i,
            .text_len = text_len + (text_len > 0 ? i * 37 % 300 : 0) });
    qsort(out, count, sizeof *out, by_id);
}

static void free_day(struct made *made, size_t count)
{
    for (size_t i = 0; i < count; i++)
        made_free(&made[i]);
}

static void shuffle(size_t *order, size_t count, uint64_t *seed)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j;
        size_t swap = order[i];

        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        j = (size_t)(*seed % (i + 1));
        order[i] = order[j];
        order[j] = swap;
    }
}

/* The rule of the document, by itself: how many of the smallest are kept. */
static size_t kept_of(const struct made *made, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += made[i].record.head.len + made[i].record.body_len;
        if (i == BUDGET_RECORDS_MAX || bytes > BUDGET_BYTES_MAX)
            return i;
    }
    return count;
}

static void assert_day(struct fixture *f, const struct made *made, size_t count,
                       size_t kept)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(is_known(f, made[i].record.id));
        assert_int_equal(is_held(f, made[i].record.id), i < kept);
    }
    assert_int_equal(over_of(f, made[0].record.topic), count - kept);
}

static void check_orders(size_t text_len, size_t kept_min, size_t kept_max)
{
    static struct made made[MANY];
    uint64_t seed = 88172645463325252u;
    size_t order[MANY];
    size_t kept;

    make_day(made, MANY, text_len);
    kept = kept_of(made, MANY);
    assert_in_range(kept, kept_min, kept_max);
    for (unsigned round = 0; round < 6; round++) {
        struct fixture f = { .store = NULL };

        fixture_open(&f);
        shuffle(order, MANY, &seed);
        size_t told = 0;

        for (size_t i = 0; i < MANY; i++) {
            struct store_result r =
                charge(&f, &made[order[i]], &STRANGER, false);

            told += r.removed + (r.outcome == STORE_OVER);
        }
        assert_int_equal(told, MANY - kept);
        assert_day(&f, made, MANY, kept);
        fixture_close(&f);
    }
    free_day(made, MANY);
}

static void any_order_of_arrival_keeps_the_64_smallest_ids(void **state)
{
    (void)state;
    check_orders(0, BUDGET_RECORDS_MAX, BUDGET_RECORDS_MAX);
}

static void any_order_of_arrival_keeps_the_same_256_kib(void **state)
{
    (void)state;
    check_orders(6000, 30, 50);
}

static void another_day_author_or_topic_has_its_own_budget(void **state)
{
    struct fixture *f = *state;
    const uint8_t topics[2][ID_LEN] = { { 7 }, { 8 } };
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct sketch s = { .topic = topics[0],
                        .author = author_of(1),
                        .created_ms = DAY0 };

    for (unsigned i = 0; i < 4; i++) {
        struct made made;

        if (i == 1)
            s.created_ms = DAY0 + DAY_MS;
        if (i == 2)
            s.author = author_of(2);
        if (i == 3)
            s.topic = topics[1];
        made = record_of(&s);
        assert_int_equal(charge(f, &made, &one, false).outcome, STORE_NEW);
        made_free(&made);
    }
}

static void
what_is_over_is_known_and_the_same_copy_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct made made[2];
    struct store_totals totals;

    make_day(made, 2, 0);
    assert_int_equal(charge(f, &made[0], &one, false).outcome, STORE_NEW);
    assert_int_equal(charge(f, &made[1], &one, false).outcome, STORE_OVER);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned again = 0; again < 2; again++)
            assert_int_equal(charge(f, &made[i], &one, false).outcome,
                             STORE_KNOWN);
    assert_day(f, made, 2, 1);
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.records, 1);
    assert_int_equal(totals.known, 1);
    free_day(made, 2);
}

static void what_a_paused_peer_has_over_leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct made made[2];

    make_day(made, 2, 0);
    assert_int_equal(charge(f, &made[0], &one, true).err, ERR_OK);
    assert_int_equal(charge(f, &made[1], &one, true).err, ERR_OVER_BUDGET);
    assert_false(is_known(f, made[1].record.id));
    assert_int_equal(over_of(f, made[0].record.topic), 0);
    free_day(made, 2);
}

static void for_what_a_paused_peer_brings_nobody_has_to_go(void **state)
{
    struct fixture *f = *state;
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct made made[2];

    make_day(made, 2, 0);
    assert_int_equal(charge(f, &made[1], &one, true).err, ERR_OK);
    assert_int_equal(charge(f, &made[0], &one, true).err, ERR_OVER_BUDGET);
    assert_false(is_known(f, made[0].record.id));
    assert_true(is_held(f, made[1].record.id));
    assert_int_equal(over_of(f, made[0].record.topic), 0);
    /* Any other peer's counts as one more that is known and not held. */
    assert_int_equal(charge(f, &made[0], &one, false).removed, 1);
    assert_false(is_held(f, made[1].record.id));
    free_day(made, 2);
}

static void where_strangers_may_not_come_those_that_are_here_stay(void **state)
{
    struct fixture *f = *state;
    struct budget nothing = BUDGET_NOTHING;
    struct made made[2];

    make_day(made, 2, 0);
    assert_int_equal(charge(f, &made[1], &STRANGER, false).outcome, STORE_NEW);
    assert_int_equal(charge(f, &made[0], &nothing, false).outcome, STORE_OVER);
    assert_true(is_held(f, made[1].record.id));
    assert_false(is_held(f, made[0].record.id));
    free_day(made, 2);
}

static void what_the_owner_brings_is_kept_and_does_not_count(void **state)
{
    struct fixture *f = *state;
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct made made[3];

    make_day(made, 3, 0);
    (void)charge(f, &made[0], &one, false);
    assert_int_equal(charge(f, &made[2], &one, false).outcome, STORE_OVER);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_put_record(f->batch, &made[2].record,
                                            made[2].record.certificate, 0),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->outcome, STORE_KEPT);
    assert_int_equal(over_of(f, made[0].record.topic), 0);
    assert_int_equal(charge(f, &made[1], &one, false).outcome, STORE_OVER);
    assert_true(is_held(f, made[2].record.id));
    free_day(made, 3);
}

/* ---- Standing that comes later ------------------------------------------- */

static void forgotten_ids_can_come_again_and_are_kept(void **state)
{
    struct fixture *f = *state;
    struct budget one = { .records = 1, .bytes = BUDGET_BYTES_MAX };
    struct record_set set = store_record_set(f->store);
    struct store_charged authors[4];
    struct made made[5];
    struct record_key last = { .created_ms = 0 };
    uint64_t rank;
    size_t n;

    make_day(made, 5, 0);
    for (size_t i = 0; i < 5; i++)
        (void)charge(f, &made[i], &one, false);
    assert_int_equal(store_charged_authors(f->store, made[0].record.topic, NULL,
                                           authors, 4, &n),
                     ERR_OK);
    assert_int_equal(n, 1);
    assert_true(authors[0].has_over);
    assert_memory_equal(authors[0].author, made[0].record.author, ID_LEN);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_forget_over(f->batch, made[0].record.topic,
                                             authors[0].author),
                     ERR_OK);
    apply(f);
    assert_int_equal(store_batch_result(f->batch, 0)->removed, 4);
    assert_false(store_batch_result(f->batch, 0)->is_more);
    assert_true(is_held(f, made[0].record.id));
    for (size_t i = 1; i < 5; i++)
        assert_false(is_known(f, made[i].record.id));
    last.created_ms = RECORD_TIME_MAX_MS;
    assert_int_equal(set.ops->rank(set.set, made[0].record.topic, &last, &rank),
                     ERR_OK);
    assert_int_equal(rank, 1);
    assert_int_equal(charge(f, &made[4], &ALL, false).outcome, STORE_NEW);
    assert_int_equal(store_charged_authors(f->store, made[0].record.topic,
                                           authors[0].author, authors, 4, &n),
                     ERR_OK);
    assert_int_equal(n, 0);
    free_day(made, 5);
}

static void what_came_before_anybody_could_tell_is_settled_later(void **state)
{
    struct fixture *f = *state;
    static struct made made[MANY];
    uint64_t from_ms = 0;

    make_day(made, MANY, 0);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(charge(f, &made[i], &ALL, false).outcome, STORE_NEW);
    for (;;) {
        const struct store_result *r;

        store_batch_clear(f->batch);
        assert_int_equal(store_batch_settle(f->batch, made[0].record.topic,
                                            made[0].record.author, &STRANGER,
                                            from_ms),
                         ERR_OK);
        apply(f);
        r = store_batch_result(f->batch, 0);
        if (!r->is_more)
            break;
        from_ms = r->at.created_ms;
    }
    assert_day(f, made, MANY, BUDGET_RECORDS_MAX);
    free_day(made, MANY);
}

/* ---- Windows and topics ------------------------------------------------- */

static void trim_all(struct fixture *f, const uint8_t topic[ID_LEN],
                     const uint8_t *own, uint64_t before_ms)
{
    struct store_trim trim = { .before_ms = before_ms };
    bool is_more = true;

    memcpy(trim.topic, topic, ID_LEN);
    if (own != NULL)
        memcpy(trim.own, own, ID_LEN);
    while (is_more) {
        store_batch_clear(f->batch);
        assert_int_equal(store_batch_trim(f->batch, &trim), ERR_OK);
        apply(f);
        is_more = store_batch_result(f->batch, 0)->is_more;
        trim.from = store_batch_result(f->batch, 0)->at;
    }
}

static struct record_sum sum_of(struct fixture *f, const uint8_t topic[ID_LEN],
                                uint64_t from_ms)
{
    struct record_set set = store_record_set(f->store);
    struct record_range all = { .lo = record_key_at(from_ms),
                                .hi = record_key_at(RECORD_TIME_MAX_MS) };
    struct record_sum sum = { 0 };

    assert_int_equal(set.ops->sum(set.set, topic, &all, &sum), ERR_OK);
    return sum;
}

static void rebuild(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(fixture_path(f, "index.mdb")), 0);
    fixture_reopen(f);
}

static void the_board_lets_go_of_its_oldest_days(void **state)
{
    struct fixture *f = *state;
    struct store_follow follow = { .policy = STORE_POLICY_FOLLOW };
    struct fixture newer = { .store = NULL };
    struct record_sum sum;
    struct record_sum wanted;
    uint8_t ids[4][ID_LEN];
    uint64_t cut;

    fixture_open(&newer);
    for (uint32_t i = 0; i < 4; i++) { /* old, followed, own, new */
        struct sketch s = { .kind = KIND_REQUEST,
                            .flags = RECORD_LISTED,
                            .number = i,
                            .author = author_of(i),
                            .created_ms = DAY0 + (i == 3 ? DAY_MS : i) };

        put(f, &s, ids[i]);
        if (i == 3)
            put(&newer, &s, ids[i]);
    }
    memcpy(follow.topic, ids[1], ID_LEN);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_follow(f->batch, &follow), ERR_OK);
    apply(f);
    trim_all(f, board(), author_of(2)->person, DAY0 + DAY_MS);
    assert_false(is_known(f, ids[0]));
    assert_true(is_held(f, ids[1]));
    assert_true(is_held(f, ids[2]));
    assert_true(is_held(f, ids[3]));
    assert_int_equal(store_board_from(f->store, &cut), ERR_OK);
    assert_int_equal(cut, DAY0 + DAY_MS);
    wanted = sum_of(&newer, board(), 0);
    for (unsigned again = 0; again < 2; again++) {
        sum = sum_of(f, board(), cut);
        assert_memory_equal(&sum, &wanted, sizeof sum);
        sum = sum_of(f, ids[1], 0);
        assert_int_equal(sum.count, 1);
        rebuild(f); /* an index made anew is the same */
    }
    fixture_close(&newer);
}

/* A project of the first day, a request in it, its revision a month later. */
static void what_is_listed_keeps_what_it_needs(void **state)
{
    struct fixture *f = *state;
    struct record_sum sum;
    uint8_t project[ID_LEN];
    uint8_t other[ID_LEN];
    uint8_t request[ID_LEN];
    uint8_t revision[ID_LEN];
    struct sketch s = { .kind = KIND_PROJECT,
                        .flags = RECORD_LISTED,
                        .author = author_of(1),
                        .created_ms = DAY0 };

    put(f, &s, project);
    s.kind = KIND_REQUEST;
    s.topic = project;
    s.number = 1;
    put(f, &s, other); /* not renewed */
    s.number = 2;
    put(f, &s, request);
    s.revises = request;
    s.created_ms = DAY0 + 30 * (uint64_t)DAY_MS;
    put(f, &s, revision);
    trim_all(f, board(), NULL, DAY0 + 30 * (uint64_t)DAY_MS);
    assert_true(is_held(f, project));
    assert_true(is_held(f, request));
    assert_true(is_held(f, revision));
    assert_false(is_known(f, other));
    for (unsigned again = 0; again < 2; again++) {
        sum = sum_of(f, board(), 0);
        assert_int_equal(sum.count, 3);
        sum = sum_of(f, board(), DAY0 + 1);
        assert_int_equal(sum.count, 1);
        rebuild(f);
    }
    trim_all(f, board(), NULL, DAY0 + 31 * (uint64_t)DAY_MS);
    assert_false(is_known(f, project));
    assert_false(is_known(f, request));
    assert_false(is_known(f, revision));
    sum = sum_of(f, board(), 0);
    assert_int_equal(sum.count, 0);
}

static void
a_topic_that_is_given_up_leaves_nothing_but_what_is_listed(void **state)
{
    struct fixture *f = *state;
    struct store_topic_size size;
    struct store_totals totals;
    uint8_t topic[ID_LEN];
    uint8_t own[ID_LEN];
    uint8_t id[ID_LEN];

    put(f,
        &(struct sketch){ .kind = KIND_PROJECT,
                          .author = author_of(1),
                          .flags = RECORD_LISTED },
        topic);
    put(f, &(struct sketch){ .topic = topic, .author = author_of(2) }, own);
    for (uint32_t i = 0; i < 600; i++) {
        struct made made =
            record_of(&(struct sketch){ .topic = topic,
                                        .author = author_of(3),
                                        .created_ms = DAY0 + i * DAY_MS / 10,
                                        .number = i,
                                        .links = { { 3, { 1 } }, { 3, { 1 } } },
                                        .links_count = 2 });

        if (i == 0)
            memcpy(id, made.record.id, ID_LEN);
        (void)charge(f, &made, &STRANGER, false);
        made_free(&made);
    }
    trim_all(f, topic, author_of(2)->person, UINT64_MAX);
    assert_int_equal(store_topic_size(f->store, topic, &size), ERR_OK);
    assert_int_equal(size.count, 2);
    assert_int_equal(store_totals(f->store, &totals), ERR_OK);
    assert_int_equal(totals.records, 2);
    assert_true(is_held(f, topic));
    assert_true(is_held(f, own));
    assert_false(is_known(f, id));
    rebuild(f);
    assert_int_equal(store_topic_size(f->store, topic, &size), ERR_OK);
    assert_int_equal(size.count, 2);
}

/* Everything after the cursor, a page at a time. */
static size_t count_after(struct fixture *f, struct store_scan scan,
                          uint64_t seq)
{
    struct store_item items[16];
    size_t count = 0;
    size_t n = 1;

    assert_int_equal(store_scan_after(f->store, &scan, seq), ERR_OK);
    while (n > 0) {
        assert_int_equal(store_scan_next(f->store, &scan, items, 16, &n),
                         ERR_OK);
        count += n;
    }
    return count;
}

/* Ten listed records, one a day; the first five go while somebody reads. */
static void a_list_goes_on_after_an_item_that_has_gone(void **state)
{
    struct fixture *f = *state;
    struct store_scan scan;
    uint8_t id[ID_LEN];

    for (uint32_t i = 0; i < 10; i++)
        put(f,
            &(struct sketch){ .topic = (const uint8_t[ID_LEN]){ 9 },
                              .flags = RECORD_LISTED,
                              .number = i,
                              .author = author_of(i % 3),
                              .created_ms = DAY0 + i * (uint64_t)DAY_MS },
            id);
    trim_all(f, board(), NULL, DAY0 + 5 * (uint64_t)DAY_MS);
    store_scan_by_kind(&scan, KIND_COMMENT);
    assert_int_equal(count_after(f, scan, 3), 4); /* after the 6th */
    scan.newest_first = true;
    assert_int_equal(count_after(f, scan, 7), 1);
    assert_int_equal(count_after(f, scan, 5), 0);
    store_scan_by_topic(&scan, board());
    assert_int_equal(count_after(f, scan, 1), 4);
    store_scan_by_seq(&scan, 0);
    assert_int_equal(count_after(f, scan, 2), 5);
    assert_int_equal(store_scan_after(f->store, &scan, 11), ERR_NOT_FOUND);
    store_scan_by_kind(&scan, KIND_PROJECT); /* of another list */
    assert_int_equal(store_scan_after(f->store, &scan, 3), ERR_NOT_FOUND);
}

static void an_index_made_anew_has_the_same_budgets(void **state)
{
    struct fixture *f = *state;
    static struct made made[MANY];

    make_day(made, MANY, 0);
    for (size_t i = MANY; i > 1; i--)
        (void)charge(f, &made[i - 1], &STRANGER, false);
    rebuild(f);
    (void)charge(f, &made[0], &STRANGER, false);
    assert_day(f, made, MANY, BUDGET_RECORDS_MAX);
    free_day(made, MANY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_arrival_keeps_the_64_smallest_ids),
        cmocka_unit_test(any_order_of_arrival_keeps_the_same_256_kib),
        CASE(another_day_author_or_topic_has_its_own_budget),
        CASE(what_is_over_is_known_and_the_same_copy_changes_nothing),
        CASE(what_a_paused_peer_has_over_leaves_no_trace),
        CASE(for_what_a_paused_peer_brings_nobody_has_to_go),
        CASE(where_strangers_may_not_come_those_that_are_here_stay),
        CASE(what_the_owner_brings_is_kept_and_does_not_count),
        CASE(forgotten_ids_can_come_again_and_are_kept),
        CASE(what_came_before_anybody_could_tell_is_settled_later),
        CASE(the_board_lets_go_of_its_oldest_days),
        CASE(what_is_listed_keeps_what_it_needs),
        CASE(a_topic_that_is_given_up_leaves_nothing_but_what_is_listed),
        CASE(a_list_goes_on_after_an_item_that_has_gone),
        CASE(an_index_made_anew_has_the_same_budgets),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
