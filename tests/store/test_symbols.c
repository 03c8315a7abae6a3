/* Coded symbols beside the topic they stand for. */
#include "fixture.h"

#define MANY (SYNC_SYMBOLS_RECORDS_MIN + 500)
#define DAYS 10

struct world {
    struct fixture f;
    uint8_t topic[ID_LEN];
    uint32_t next; /* number of the next record */
};

static void flush(struct world *w)
{
    if (store_batch_count(w->f.batch) > 0)
        apply(&w->f);
    store_batch_clear(w->f.batch);
}

/* The same sort of record for all; its time goes round the days. */
static void add(struct world *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = w->next++;
        struct made made = record_of(&(struct sketch){
            .topic = w->topic,
            .number = n,
            .author = author_of(1),
            .created_ms = DAY0 + n % DAYS * DAY_MS + n * 7919 % DAY_MS });

        if (store_batch_full(w->f.batch))
            flush(w);
        assert_int_equal(store_batch_put_record(w->f.batch, &made.record,
                                                made.record.certificate, 0),
                         ERR_OK);
        made_free(&made);
    }
    flush(w);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL)
        return -1;
    fixture_open(&w->f);
    put(&w->f, &(struct sketch){ .created_ms = DAY0, .author = author_of(1) },
        w->topic);
    store_batch_clear(w->f.batch);
    w->next = 1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    fixture_close(&w->f);
    free(w);
    return 0;
}

static struct record_range days(uint64_t from, uint64_t until)
{
    return (struct record_range){ record_key_at(DAY0 + from * DAY_MS),
                                  record_key_at(DAY0 + until * DAY_MS) };
}

static unsigned work_to_the_end(struct world *w)
{
    unsigned slices = 0;
    bool more = true;

    while (more) {
        assert_int_equal(store_symbols_work(w->f.store, &more), ERR_OK);
        slices += more;
        assert_true(slices < 1000);
    }
    return slices;
}

static enum err ask(struct world *w, const struct record_range *range)
{
    struct record_set set = store_record_set(w->f.store);
    struct iblt_symbol symbol;
    uint64_t count;

    return set.ops->symbols(set.set, w->topic, range, 0, 1, &symbol, &count);
}

/* They are those of the entries that the set lists, each once. */
static void assert_right(struct world *w, const struct record_range *range)
{
    static struct iblt_symbol expected[SYNC_SYMBOLS_MAX];
    static struct iblt_symbol got[SYNC_SYMBOLS_MAX];
    struct record_set set = store_record_set(w->f.store);
    struct record_range rest = *range;
    struct record_key keys[100];
    uint64_t listed = 0;
    uint64_t count;
    size_t n;

    memset(expected, 0, sizeof expected);
    do {
        assert_int_equal(set.ops->list(set.set, w->topic, &rest, keys, 100, &n),
                         ERR_OK);
        for (size_t i = 0; i < n; i++) {
            struct iblt_symbol single;

            iblt_symbol_of(&single, keys[i].id);
            iblt_toggle(expected, SYNC_SYMBOLS_MAX, &single);
            rest.lo = record_key_after(&keys[i]);
        }
        listed += n;
    } while (n > 0);
    assert_int_equal(set.ops->symbols(set.set, w->topic, range, 0,
                                      SYNC_SYMBOLS_MAX, got, &count),
                     ERR_OK);
    assert_int_equal(count, listed);
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(
        set.ops->symbols(set.set, w->topic, range, 100, 7, got, &count),
        ERR_OK);
    assert_memory_equal(got, expected + 100, 7 * sizeof *got);
}

static void a_small_topic_has_none(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);

    add(w, 300);
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
    assert_int_equal(store_symbols_keep(w->f.store, w->topic, &all), ERR_OK);
    assert_int_equal(work_to_the_end(w), 0);
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
}

static void they_are_ready_after_some_work(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);
    struct record_range part = days(0, DAYS / 2);

    add(w, MANY);
    assert_int_equal(store_symbols_keep(w->f.store, w->topic, &all), ERR_OK);
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
    assert_in_range(work_to_the_end(w), 1, 2);
    assert_right(w, &all);
    assert_int_equal(work_to_the_end(w), 0);
    assert_int_equal(ask(w, &part), ERR_NOT_FOUND); /* too few records */
}

static void new_records_join_them_at_once(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);

    add(w, MANY);
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
    work_to_the_end(w);
    for (unsigned i = 0; i < 20; i++) {
        add(w, 1 + i);
        assert_right(w, &all); /* without any work in between */
    }
    add(w, 3000); /* more than is caught up with at a time */
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
    assert_in_range(work_to_the_end(w), 1, 4);
    assert_right(w, &all);
}

static void records_may_come_while_they_are_made(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);
    bool more;

    add(w, 9000); /* more than one slice */
    assert_int_equal(ask(w, &all), ERR_NOT_FOUND);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(store_symbols_work(w->f.store, &more), ERR_OK);
        add(w, 50);
    }
    work_to_the_end(w);
    assert_right(w, &all);
}

static void they_follow_the_window(void **state)
{
    struct world *w = *state;
    struct record_range before = days(0, DAYS - 1);
    struct record_range after = days(1, DAYS);
    struct record_range next = days(1, DAYS + 1);

    add(w, MANY + MANY / 5);
    assert_int_equal(store_symbols_keep(w->f.store, w->topic, &before), ERR_OK);
    work_to_the_end(w);
    assert_right(w, &before);
    assert_int_equal(store_symbols_keep(w->f.store, w->topic, &after), ERR_OK);
    assert_right(w, &after); /* no work */
    assert_right(w, &next);
    assert_right(w, &before);
}

/* What peers ask for does not push out what the node keeps for itself. */
static void odd_windows_displace_one_another_only(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);

    add(w, 3 * MANY);
    assert_int_equal(store_symbols_keep(w->f.store, w->topic, &all), ERR_OK);
    work_to_the_end(w);
    for (uint64_t i = 0; i < 20; i++) {
        struct record_range odd = days(4, DAYS);

        odd.lo.created_ms += i;
        (void)ask(w, &odd); /* not worked at */
    }
    assert_right(w, &all);
    assert_in_range(work_to_the_end(w), 0, 3 * 4);
    assert_right(w, &all);
}

/* It joins the topic under a number of long ago. */
static void identity_records_that_travel_are_not_missed(void **state)
{
    struct world *w = *state;
    struct record_range all = days(0, DAYS);
    uint8_t id[ID_LEN];

    add(w, MANY);
    put(&w->f,
        &(struct sketch){ .kind = KIND_DEVICE_REVOKE,
                          .author = author_of(2),
                          .topic = author_of(2)->person,
                          .created_ms = DAY0 + 5 },
        id);
    (void)ask(w, &all);
    work_to_the_end(w);
    assert_right(w, &all);
    put(&w->f,
        &(struct sketch){
            .author = author_of(2), .topic = w->topic, .created_ms = DAY0 + 6 },
        id);
    if (ask(w, &all) == ERR_NOT_FOUND)
        work_to_the_end(w);
    assert_right(w, &all);
}

static void ids_are_found_by_their_beginning(void **state)
{
    struct world *w = *state;
    struct record_set set = store_record_set(w->f.store);
    uint8_t id[ID_LEN];
    uint8_t elsewhere[ID_LEN];
    struct record_key key;

    put(&w->f, &(struct sketch){ .topic = w->topic, .created_ms = DAY0 + 9 },
        id);
    put(&w->f, &(struct sketch){ .created_ms = DAY0 + 3, .number = 9 },
        elsewhere);
    assert_int_equal(set.ops->find(set.set, w->topic, id, &key), ERR_OK);
    assert_memory_equal(key.id, id, ID_LEN);
    assert_int_equal(key.created_ms, DAY0 + 9);
    assert_int_equal(set.ops->find(set.set, w->topic, elsewhere, &key),
                     ERR_NOT_FOUND);
    id[IBLT_ID_LEN] ^= 1; /* not looked at */
    assert_int_equal(set.ops->find(set.set, w->topic, id, &key), ERR_OK);
    id[IBLT_ID_LEN - 1] ^= 1;
    assert_int_equal(set.ops->find(set.set, w->topic, id, &key), ERR_NOT_FOUND);
    memset(id, 0xff, sizeof id);
    assert_int_equal(set.ops->find(set.set, w->topic, id, &key), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_topic_has_none),
        TEST(they_are_ready_after_some_work),
        TEST(new_records_join_them_at_once),
        TEST(records_may_come_while_they_are_made),
        TEST(they_follow_the_window),
        TEST(odd_windows_displace_one_another_only),
        TEST(identity_records_that_travel_are_not_missed),
        TEST(ids_are_found_by_their_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
