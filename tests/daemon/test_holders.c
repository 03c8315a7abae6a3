/* Who holds what: told by what nodes signed for and what they have shown. */
#include "named_files.h"
#include "node_around.h"

#include "daemon/elsewhere.h"
#include "daemon/holders.h"
#include "daemon/lease_parts.h"

#define NOW ((uint64_t)1700000000000)

static struct fixture f;
static struct leases leases;
static struct config config;
static uv_loop_t loop;
static unsigned wakes;
static uint8_t topic[ID_LEN];
static struct lease_topic *t;

/* ---- The node around it ------------------------------------------------- */

const struct config *node_config(const struct node *node)
{
    (void)node;
    return &config;
}

void lease_wake(struct leases *l, uint64_t wait_ms)
{
    (void)l;
    (void)wait_ms;
    wakes++;
}

void lease_look_at_changes(struct leases *l)
{
    (void)l; /* none but what the test makes */
}

void lease_uncount(struct lease_topic *topic_of)
{
    topic_of->is_counted = false;
}

/* ---- Helpers ------------------------------------------------------------ */

static struct lease_topic *topic_begin(const uint8_t id[ID_LEN])
{
    struct lease_topic *made = calloc(1, sizeof *made);

    assert_non_null(made);
    memcpy(made->topic, id, ID_LEN);
    named_init(&made->named, id);
    made->has_named = true;
    made->next = leases.topics;
    leases.topics = made;
    return made;
}

static void walk(struct lease_topic *of)
{
    while (!of->named.is_whole)
        assert_int_equal(named_walk(&of->named, NULL), ERR_OK);
}

static int begin(void **state)
{
    (void)state;
    fixture_open(&f);
    memset(&leases, 0, sizeof leases);
    around = (struct node_around){
        .loop = &loop, .store = f.store, .leases = &leases, .clock_ms = NOW
    };
    memset(&around.keys, 0xee, sizeof around.keys);
    config_default(&config);
    memset(topic, 0x10, ID_LEN);
    loop.time = 1000;
    wakes = 0;
    t = topic_begin(topic);
    return 0;
}

static int end(void **state)
{
    (void)state;
    while (leases.topics != NULL) {
        struct lease_topic *gone = leases.topics;

        leases.topics = gone->next;
        named_wipe(&gone->named);
        free(gone->rows);
        free(gone);
    }
    fixture_close(&f);
    return 0;
}

/* A node whose live lease names blobs 1 to `count`, of 100 bytes. */
static struct store_lease *holder(struct lease_topic *of, unsigned number,
                                  unsigned count)
{
    uint8_t names[64 * LEASE_NAME_LEN];
    struct lease_row *row;
    uint8_t node[KEY_LEN];

    assert_true(count <= 64);
    memset(node, 0x77, KEY_LEN);
    put_u32(node, number);
    row = lease_row_insert(of, node);
    assert_non_null(row);
    memcpy(row->at.lease.topic, of->topic, ID_LEN);
    row->at.lease.made_ms = NOW - 1000;
    row->at.lease.until_ms = NOW + LEASE_LIVE_MS - 1000;
    row->at.lease.count = count;
    row->at.has_list = true;
    for (unsigned i = 0; i < count; i++) {
        struct blob_id id = named_files_blob(i + 1, 100);

        lease_name(names + i * LEASE_NAME_LEN, &id);
    }
    assert_int_equal(
        lease_rows_put_page(f.batch, of->topic, node, 0,
                            (struct bytes){ names, count * LEASE_NAME_LEN }),
        ERR_OK);
    apply(&f);
    store_batch_clear(f.batch);
    return &row->at;
}

static struct store_lease *shown(unsigned number, unsigned count)
{
    struct store_lease *at = holder(t, number, count);

    at->challenged_ms = NOW - 500;
    at->network = number;
    return at;
}

/* Files 1 to `count`, of no stated role: two copies are wanted of each. */
static void name_files(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct named_file file = { named_files_blob(i + 1, 100), "a.png", 0 };

        named_files_put(&f, topic, &file, 1);
    }
    walk(t);
}

static void hold(unsigned number)
{
    struct blob_id id = named_files_blob(number, 100);
    struct blob_part *part;
    uint8_t bytes[100] = { 0 };

    assert_int_equal(blobs_put_begin(f.batch, &id, topic), ERR_OK);
    apply(&f);
    store_batch_clear(f.batch);
    assert_int_equal(blob_part_open(&part, f.store, &id), ERR_OK);
    assert_int_equal(blob_part_write(part, 0, BYTES_ARRAY(bytes)), ERR_OK);
    assert_int_equal(blob_part_finish(part, f.batch), ERR_OK);
    apply(&f);
    store_batch_clear(f.batch);
    blob_part_close(part);
}

static struct holders_blob told(unsigned number)
{
    struct blob_id id = named_files_blob(number, 100);
    struct holders_blob out;

    assert_int_equal(holders_find(NULL, topic, &id, &out), ERR_OK);
    return out;
}

/* ---- Tests -------------------------------------------------------------- */

static void only_what_was_shown_is_a_copy(void **state)
{
    struct blob_id id = named_files_blob(1, 100);
    struct holder found[8];

    (void)state;
    name_files(1);
    shown(1, 1);
    holder(t, 2, 1); /* its word alone */
    shown(3, 1)->failed_ms = NOW - 100;
    shown(4, 1)->lease.until_ms = NOW; /* it is over */
    shown(5, 1)->has_list = false;
    shown(6, 1)->challenged_ms = NOW + 1; /* the clock was put back */
    assert_int_equal(holders_of(NULL, topic, &id, found, 8), 4);
    assert_int_equal(found[0].state, HOLDER_SHOWN);
    assert_int_equal(found[1].state, HOLDER_CLAIMS);
    assert_int_equal(found[2].state, HOLDER_FAILED);
    assert_int_equal(found[3].state, HOLDER_CLAIMS);
    assert_int_equal(holders_of(NULL, topic, &id, found, 2), 2);
    assert_int_equal(told(1).copies, 1);
    assert_int_equal(told(1).claims, 2);
    assert_false(told(1).is_here);
}

static void our_own_word_is_no_other_copy(void **state)
{
    struct blob_id id = named_files_blob(1, 100);
    struct holder found[2];

    (void)state;
    name_files(1);
    shown(1, 1);
    memcpy(around.keys.sign.public_key, t->rows[0].at.lease.node, KEY_LEN);
    assert_int_equal(holders_of(NULL, topic, &id, found, 2), 0);
    assert_int_equal(told(1).copies, 0);
    hold(1);
    lease_uncount(t);
    assert_int_equal(told(1).copies, 1);
    assert_true(holders_has(NULL, topic, &id));
}

static void trust_ends_to_the_millisecond(void **state)
{
    (void)state;
    name_files(1);
    shown(1, 1)->challenged_ms = NOW - LEASE_TRUST_MS + 1;
    assert_int_equal(told(1).copies, 1);
    around.clock_ms++; /* counted anew, though nothing came */
    assert_int_equal(told(1).copies, 0);
    assert_int_equal(told(1).claims, 1);
    around.clock_ms = t->rows[0].at.lease.until_ms - 1;
    assert_int_equal(told(1).claims, 1);
    around.clock_ms++;
    assert_int_equal(told(1).claims, 0);
}

static void a_topic_is_summed_up(void **state)
{
    struct holders_sum sum;

    (void)state;
    name_files(4);
    shown(1, 2);
    shown(2, 1);
    hold(2);
    hold(3);
    assert_true(holders_sum(NULL, topic, &sum));
    assert_int_equal(sum.blobs, 4);
    assert_int_equal(sum.here, 2);
    assert_int_equal(sum.under_target, 2); /* the third and the fourth */
    assert_int_equal(sum.only_here, 1);
    assert_int_equal(sum.nowhere, 1);
    assert_false(sum.is_cut);
}

static void files_are_listed_in_order_page_by_page(void **state)
{
    struct holders_blob page[3];
    struct blob_id after = named_files_blob(2, 100);

    (void)state;
    name_files(6);
    shown(1, 4);
    shown(2, 3);
    assert_int_equal(holders_list(NULL, topic, NULL, false, page, 3), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(get_u32(page[i].id.root), i + 1);
    assert_int_equal(holders_list(NULL, topic, &after, true, page, 3), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(get_u32(page[i].id.root), i + 4);
    after = named_files_blob(6, 100);
    assert_int_equal(holders_list(NULL, topic, &after, false, page, 3), 0);
}

/* One question to the holder of that name, and what came of it. */
static void add_check(struct lease_checks *asked, unsigned node,
                      const struct blob_id *blob, enum lease_checked checked)
{
    struct lease_check *check = &asked->at[asked->count++];

    memset(check->node, 0x77, KEY_LEN);
    put_u32(check->node, node);
    check->blob = *blob;
    check->checked = checked;
}

static void who_was_asked_again_counts_by_what_was_said(void **state)
{
    static struct lease_checks asked;
    static const struct {
        enum lease_checked checked;
        unsigned copies;
    } cases[] = { { LEASE_CHECKED_SHOWN, 1 },  { LEASE_CHECKED_AWAY, 1 },
                  { LEASE_CHECKED_NOT, 0 },    { LEASE_CHECKED_FAILED, 0 },
                  { LEASE_CHECKED_SILENT, 0 }, { LEASE_CHECKED_BUSY, 0 },
                  { LEASE_CHECKED_CHANGED, 0 } };
    struct blob_id id = named_files_blob(1, 100);
    struct blob_id other = named_files_blob(2, 100);

    (void)state;
    name_files(2);
    shown(1, 2)->network = 5;
    shown(2, 2)->network = 5;
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked.count = 0;
        add_check(&asked, 1, &other, LEASE_CHECKED_SHOWN);
        add_check(&asked, 2, &id, cases[i].checked);
        assert_int_equal(elsewhere_count(NULL, topic, &id, &asked),
                         cases[i].copies);
    }
    asked.count = 0; /* in one network: who cannot show it is not its voice */
    add_check(&asked, 1, &id, LEASE_CHECKED_FAILED);
    add_check(&asked, 2, &id, LEASE_CHECKED_SHOWN);
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 1);
}

static void who_shows_all_of_a_sample_stands_for_the_rest(void **state)
{
    static struct lease_checks asked = { .is_sample = true };
    struct blob_id id = named_files_blob(1, 100);
    struct blob_id other = named_files_blob(2, 100);
    struct blob_id third = named_files_blob(3, 100);

    (void)state;
    name_files(3);
    shown(1, 3)->network = 5;
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 0);
    add_check(&asked, 1, &other, LEASE_CHECKED_SHOWN);
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 1);
    add_check(&asked, 1, &third, LEASE_CHECKED_BUSY);
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 0);
    assert_int_equal(elsewhere_count(NULL, topic, &other, &asked), 1);
    asked.count = 1;
    asked.is_sample = false;
    assert_int_equal(elsewhere_count(NULL, topic, &id, &asked), 0);
}

static void copies_in_one_network_may_go_together(void **state)
{
    struct blob_id id = named_files_blob(1, 100);

    (void)state;
    name_files(1);
    shown(1, 1)->network = 5;
    shown(2, 1)->network = 5;
    assert_int_equal(elsewhere_count(NULL, topic, &id, NULL), 1);
    shown(3, 1)->network = 6;
    assert_int_equal(elsewhere_count(NULL, topic, &id, NULL), 2);
    t->rows[2].at.failed_ms = NOW;
    assert_int_equal(elsewhere_count(NULL, topic, &id, NULL), 1);
    holder(t, 4, 1)->network = 7;
    assert_int_equal(elsewhere_count(NULL, topic, &id, NULL), 1);
}

static void a_node_counts_once_in_whatever_topics_it_holds_a_file(void **state)
{
    struct blob_id id = named_files_blob(1, 100);
    struct named_file file = { id, "b.png", 0 };
    uint8_t other[ID_LEN] = { 0x20 };
    struct lease_topic *o = topic_begin(other);

    (void)state;
    named_files_put(&f, other, &file, 1);
    walk(o);
    name_files(1);
    shown(1, 1);
    shown(2, 1);
    holder(o, 2, 1)->challenged_ms = NOW;
    holder(o, 3, 1)->challenged_ms = NOW;
    assert_int_equal(holders_count(NULL, id.root), 3);
    hold(1);
    assert_int_equal(holders_count(NULL, id.root), 4);
}

static void what_many_lists_name_is_not_counted_at_each_change(void **state)
{
    (void)state;
    name_files(64);
    for (unsigned i = 1; i <= 4; i++)
        shown(i, 64);
    assert_int_equal(told(1).copies, 4); /* 320 names: for 3 ms */
    shown(5, 64);
    lease_uncount(t);
    loop.time += 2;
    assert_int_equal(told(1).copies, 4);
    loop.time += 1;
    assert_int_equal(told(1).copies, 5);
}

static void nothing_is_told_before_the_records_are_gone_through(void **state)
{
    struct holders_sum sum;
    struct blob_id id = named_files_blob(1, 100);
    struct holders_blob out;

    (void)state;
    assert_false(holders_sum(NULL, topic, &sum));
    assert_int_equal(holders_find(NULL, topic, &id, &out), ERR_NOT_FOUND);
    assert_true(t->is_asked);
    assert_true(wakes > 0);
    walk(t);
    assert_true(holders_sum(NULL, topic, &sum));
    assert_int_equal(sum.blobs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_was_shown_is_a_copy),
        TEST(our_own_word_is_no_other_copy),
        TEST(trust_ends_to_the_millisecond),
        TEST(a_topic_is_summed_up),
        TEST(files_are_listed_in_order_page_by_page),
        TEST(who_shows_all_of_a_sample_stands_for_the_rest),
        TEST(copies_in_one_network_may_go_together),
        TEST(who_was_asked_again_counts_by_what_was_said),
        TEST(a_node_counts_once_in_whatever_topics_it_holds_a_file),
        TEST(what_many_lists_name_is_not_counted_at_each_change),
        TEST(nothing_is_told_before_the_records_are_gone_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
