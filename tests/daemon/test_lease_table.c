/* Rows of leases: their order, their lists' bound, and which of them goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/lease_parts.h"

#define NOW ((uint64_t)1700000000000)

static struct lease_topic topics[3];
static uint8_t own[KEY_LEN];
static uint32_t connected; /* the number of the one node that is */

/* rows of leases.c are told apart by it; nothing here is anybody's own. */
const struct node_keys *node_keys(const struct node *node)
{
    (void)node;
    return NULL;
}

static void key_of(uint8_t out[KEY_LEN], uint32_t number)
{
    memset(out, 0x55, KEY_LEN);
    put_u32(out, number);
}

static bool is_connected(void *context, const uint8_t node[KEY_LEN])
{
    (void)context;
    return get_u32(node) == connected;
}

static const struct lease_eye EYE = { .own = own,
                                      .now_ms = NOW,
                                      .is_connected = is_connected };

static struct lease_row *put(struct lease_topic *t, uint32_t number)
{
    uint8_t node[KEY_LEN];
    struct lease_row *row;

    key_of(node, number);
    row = lease_row_insert(t, node);
    assert_non_null(row);
    row->at.lease.made_ms = NOW - 1000;
    row->at.lease.until_ms = NOW + 1000;
    return row;
}

static int begin(void **state)
{
    (void)state;
    memset(topics, 0, sizeof topics);
    topics[0].next = &topics[1];
    topics[1].next = &topics[2];
    key_of(own, 1);
    connected = 2;
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        free(topics[i].rows);
    return 0;
}

static bool goes(struct lease_topic *crowded, bool is_other, uint32_t number,
                 uint32_t *gone)
{
    uint8_t node[KEY_LEN];
    size_t at;

    key_of(node, number);
    if (!lease_table_least(&EYE, crowded, is_other, node, &at))
        return false;
    *gone = get_u32(crowded->rows[at].at.lease.node);
    return true;
}

static void rows_are_found_by_their_node(void **state)
{
    uint8_t node[KEY_LEN];

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        (void)put(&topics[0], i * 37 % 101);
    for (size_t i = 1; i < topics[0].count; i++)
        assert_true(memcmp(topics[0].rows[i - 1].at.lease.node,
                           topics[0].rows[i].at.lease.node, KEY_LEN) < 0);
    for (uint32_t i = 0; i < 101; i++) {
        key_of(node, i * 37 % 101);
        assert_true((lease_row_find(&topics[0], node) != NULL) == (i < 100));
    }
}

static void lists_that_are_here_or_coming_are_summed(void **state)
{
    (void)state;
    put(&topics[0], 1)->at.lease.count = 1;
    put(&topics[0], 2)->at.lease.count = 10;
    put(&topics[0], 3)->at.lease.count = 100;
    topics[0].rows[1].at.has_list = true;
    topics[0].rows[2].is_asked = true;
    assert_true(lease_table_names(&topics[0]) == 110);
}

static void lists_have_room_to_the_last_name(void **state)
{
    const uint64_t few = (uint64_t)LEASE_NAMES_EACH * LEASE_NAMES_MIN;

    (void)state;
    assert_true(lease_list_fits(0, 0, few));
    assert_false(lease_list_fits(0, 0, few + 1));
    assert_true(lease_list_fits(LEASE_NAMES_MIN, 1, few - 1));
    assert_false(lease_list_fits(LEASE_NAMES_MIN, 2, few - 1));
    assert_true(
        lease_list_fits(LEASE_NAMES_MIN + 1, 0, few + LEASE_NAMES_EACH));
    /* Records may have gone since lists were let in. */
    assert_false(lease_list_fits(0, few + 1, 0));
}

static void what_was_seen_goes_after_what_was_only_said(void **state)
{
    uint32_t gone;

    (void)state;
    put(&topics[0], 1); /* our own */
    put(&topics[0], 7)->at.challenged_ms = NOW;
    assert_false(goes(&topics[0], false, 2, &gone));
    put(&topics[0], 8);
    assert_true(goes(&topics[0], false, 2, &gone));
    assert_int_equal(gone, 8);
    assert_false(goes(&topics[0], false, 9, &gone)); /* stranger for stranger */
    put(&topics[0], 5)->at.lease.until_ms = NOW;
    assert_true(goes(&topics[0], false, 9, &gone)); /* it is over */
    assert_int_equal(gone, 5);
    /* Our own word finds room among whatever others have shown. */
    topics[0]
        .rows[lease_row_find(&topics[0], own) - topics[0].rows]
        .at.lease.until_ms = NOW; /* even if it is over itself, it stays */
    assert_true(goes(&topics[0], false, 1, &gone));
    assert_int_equal(gone, 5);
}

static void a_failed_challenge_counts_for_nothing(void **state)
{
    uint32_t gone;

    (void)state;
    put(&topics[0], 7)->at.challenged_ms = NOW;
    topics[0].rows[0].at.failed_ms = NOW;
    assert_true(goes(&topics[0], false, 2, &gone));
    assert_int_equal(gone, 7);
}

static void a_topic_is_full_by_itself(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LEASES_TOPIC_MAX - 1; i++)
        put(&topics[0], i);
    assert_null(lease_table_full(topics, LEASES_TOPIC_MAX - 1, &topics[0]));
    put(&topics[0], LEASES_TOPIC_MAX);
    assert_ptr_equal(lease_table_full(topics, LEASES_TOPIC_MAX, &topics[0]),
                     &topics[0]);
    assert_null(lease_table_full(topics, LEASES_TOPIC_MAX, &topics[1]));
}

static void
when_all_rows_are_taken_the_most_crowded_topic_gives_way(void **state)
{
    uint32_t gone;

    (void)state;
    for (uint32_t i = 10; i < 20; i++)
        put(&topics[0], i);
    for (uint32_t i = 10; i < 30; i++)
        put(&topics[1], i);
    assert_null(lease_table_full(topics, LEASE_ROWS_MAX - 1, &topics[2]));
    /* One of which nothing is known yet finds room for the first word. */
    assert_ptr_equal(lease_table_full(topics, LEASE_ROWS_MAX, &topics[2]),
                     &topics[1]);
    assert_true(goes(&topics[1], true, 9, &gone));
    assert_true(goes(&topics[1], true, 1, &gone));
    /* But not by pushing out what was seen, and never our own. */
    for (size_t i = 0; i < topics[1].count; i++)
        topics[1].rows[i].at.challenged_ms = NOW;
    assert_false(goes(&topics[1], true, 9, &gone));
    assert_true(goes(&topics[1], true, 1, &gone));
    for (size_t i = 0; i < topics[1].count; i++)
        key_of(topics[1].rows[i].at.lease.node, 1);
    assert_false(goes(&topics[1], true, 1, &gone));
    /* Topics that are as crowded leave each other alone. */
    while (topics[0].count < topics[1].count - 1)
        put(&topics[0], (uint32_t)topics[0].count + 100);
    assert_ptr_equal(lease_table_full(topics, LEASE_ROWS_MAX, &topics[0]),
                     &topics[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_found_by_their_node),
        TEST(lists_that_are_here_or_coming_are_summed),
        TEST(lists_have_room_to_the_last_name),
        TEST(what_was_seen_goes_after_what_was_only_said),
        TEST(a_failed_challenge_counts_for_nothing),
        TEST(a_topic_is_full_by_itself),
        TEST(when_all_rows_are_taken_the_most_crowded_topic_gives_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
