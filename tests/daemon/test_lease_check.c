/* Challenges that somebody waits for: asked once each, and settled whatever
 * happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conn.h"
#include "daemon/lease_parts.h"
#include "node_around.h"

#define NOW ((uint64_t)1700000000000)
enum { NODES = 3, FILES = 2 };

static struct leases leases;
static struct lease_topic topic;
static struct lease_checks checks;
static uv_loop_t loop;
static uint8_t nodes[NODES][KEY_LEN];
static unsigned moved;
static bool shares;

/* ---- The node around it ------------------------------------------------- */

/* A connection is the key of its node here. */
const uint8_t *conn_node(const struct conn *conn)
{
    return (const uint8_t *)conn;
}

struct peer *conn_peer(struct conn *conn)
{
    (void)conn;
    return NULL;
}

bool peer_shares(const struct peer *peer, const uint8_t id[ID_LEN])
{
    (void)peer;
    (void)id;
    return shares;
}

void lease_wake(struct leases *l, uint64_t wait_ms)
{
    (void)l;
    (void)wait_ms;
}

/* ---- Helpers ------------------------------------------------------------ */

static void on_moved(void *context)
{
    (void)context;
    moved++;
}

static struct lease_check *check_of(unsigned node, unsigned file)
{
    return &checks.at[node * FILES + file];
}

/* Each of the nodes is to show each of the files. */
static int begin(void **state)
{
    (void)state;
    memset(&leases, 0, sizeof leases);
    memset(&topic, 0, sizeof topic);
    memset(&checks, 0, sizeof checks);
    leases.topics = &topic;
    memset(topic.topic, 0x10, ID_LEN);
    loop.time = 100000;
    around = (struct node_around){ .loop = &loop, .clock_ms = NOW };
    moved = 0;
    shares = true;
    for (unsigned n = 0; n < NODES; n++) {
        struct lease_row *row;

        memset(nodes[n], (int)n + 1, KEY_LEN);
        row = lease_row_insert(&topic, nodes[n]);
        assert_non_null(row);
        row->at.lease.made_ms = NOW - 1;
        row->at.lease.until_ms = NOW + 1;
        leases.peers[n].conn = (struct conn *)(void *)nodes[n];
        for (unsigned i = 0; i < FILES; i++) {
            struct lease_check *k = &checks.at[checks.count++];

            memcpy(k->topic, topic.topic, ID_LEN);
            memcpy(k->node, nodes[n], KEY_LEN);
            k->blob.root[0] = (uint8_t)(i + 1);
            k->blob.size = 100;
        }
    }
    checks.on_moved = on_moved;
    leases_check_begin(&leases, &checks);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(topic.rows);
    return 0;
}

/* The file that the node is asked for now; 0: none. */
static unsigned ask(unsigned node)
{
    struct lease_topic *of = NULL;
    struct lease_row *row = lease_check_next(&leases, &leases.peers[node], &of);

    if (row == NULL)
        return 0;
    assert_ptr_equal(of, &topic);
    assert_memory_equal(row->at.lease.node, nodes[node], KEY_LEN);
    return leases.peers[node].blob.root[0];
}

static void answer(unsigned node, enum err e)
{
    lease_check_judged(&leases, &leases.peers[node], e);
}

static void look(uint64_t wait_ms)
{
    loop.time += wait_ms;
    lease_check_look(&leases);
}

/* ---- Tests -------------------------------------------------------------- */

static void each_file_is_asked_for_once_of_its_node(void **state)
{
    (void)state;
    for (unsigned n = 0; n < NODES; n++) {
        assert_int_equal(ask(n), 1);
        answer(n, ERR_OK);
        look(0);
        assert_int_equal(ask(n), 2);
        answer(n, ERR_OK);
        assert_int_equal(ask(n), 0);
    }
    look(0);
    assert_int_equal(checks.settled, NODES * FILES);
    for (size_t i = 0; i < checks.count; i++)
        assert_int_equal(checks.at[i].checked, LEASE_CHECKED_SHOWN);
    assert_int_equal(moved, NODES + 1); /* told once for what came together */
}

static void who_fails_one_is_asked_for_no_other(void **state)
{
    (void)state;
    assert_int_equal(ask(0), 1);
    answer(0, ERR_BAD_BLOB);
    assert_int_equal(ask(0), 0);
    assert_int_equal(ask(1), 1);
    answer(1, ERR_TIMEOUT);
    assert_int_equal(ask(1), 0);
    for (unsigned i = 0; i < FILES; i++) {
        assert_int_equal(check_of(0, i)->checked, LEASE_CHECKED_FAILED);
        assert_int_equal(check_of(1, i)->checked, LEASE_CHECKED_SILENT);
        assert_int_equal(check_of(2, i)->checked, LEASE_CHECKED_NOT);
    }
}

static void who_is_busy_is_asked_again_a_few_times(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ask(0), 1);
        answer(0, ERR_BUSY);
        loop.time += 999;
        if (i < 4) { /* the other file meanwhile, but not this one */
            assert_int_equal(ask(0), i == 0 ? 2 : 0);
            if (i == 0)
                answer(0, ERR_OK);
        }
        loop.time += 1;
    }
    assert_int_equal(check_of(0, 0)->checked, LEASE_CHECKED_BUSY);
    assert_int_equal(check_of(0, 1)->checked, LEASE_CHECKED_SHOWN);
}

static void who_is_not_connected_is_not_waited_for(void **state)
{
    (void)state;
    leases.peers[0].conn = NULL;
    assert_int_equal(ask(1), 1);
    answer(1, ERR_CANCELLED); /* the connection ends */
    leases.peers[1].conn = NULL;
    look(0);
    assert_int_equal(moved, 1);
    for (unsigned i = 0; i < FILES; i++) {
        assert_int_equal(check_of(0, i)->checked, LEASE_CHECKED_AWAY);
        assert_int_equal(check_of(1, i)->checked, LEASE_CHECKED_AWAY);
        assert_int_equal(check_of(2, i)->checked, LEASE_CHECKED_NOT);
    }
    shares = false; /* it does not hold the topic any more */
    look(500);
    assert_int_equal(checks.settled, checks.count);
}

static void another_lease_is_another_word(void **state)
{
    (void)state;
    assert_int_equal(ask(0), 1);
    answer(0, ERR_NOT_FOUND);
    assert_int_equal(check_of(0, 0)->checked, LEASE_CHECKED_CHANGED);
    topic.rows[1].at.lease.until_ms = NOW; /* over */
    assert_int_equal(ask(1), 0);
    assert_int_equal(check_of(1, 1)->checked, LEASE_CHECKED_CHANGED);
}

static void somebody_elses_questions_do_not_hold_it_up_for_ever(void **state)
{
    (void)state;
    topic.rows[0].is_asked = true; /* a list, of another */
    assert_int_equal(ask(0), 0);
    look(29999);
    assert_int_equal(check_of(0, 0)->checked, LEASE_CHECKED_NOT);
    look(500);
    assert_int_equal(checks.settled, checks.count);
    assert_int_equal(check_of(0, 0)->checked, LEASE_CHECKED_BUSY);
}

static void an_answer_after_the_end_is_nobodys(void **state)
{
    (void)state;
    assert_int_equal(ask(0), 1);
    leases_check_end(&leases, &checks);
    assert_null(leases.peers[0].checks);
    answer(0, ERR_OK);
    assert_int_equal(checks.settled, 0);
    assert_int_equal(ask(1), 0);
}

static void where_nobody_is_to_be_asked_the_end_is_told(void **state)
{
    struct lease_checks none = { .on_moved = on_moved };

    (void)state;
    leases_check_end(&leases, &checks);
    leases_check_begin(&leases, &none);
    look(0);
    assert_int_equal(moved, 1);
    leases_check_end(&leases, &none);
}

static void what_is_about_to_go_is_not_vouched_for(void **state)
{
    struct blob_id asked = checks.at[0].blob;
    struct blob_id other = asked;

    (void)state;
    other.size++;
    assert_false(lease_check_is_leaving(&leases, &asked));
    checks.is_leaving = true;
    assert_true(lease_check_is_leaving(&leases, &asked));
    assert_false(lease_check_is_leaving(&leases, &other));
    checks.is_sample = true; /* of more than is asked about */
    assert_true(lease_check_is_leaving(&leases, &other));
    leases_check_end(&leases, &checks);
    assert_false(lease_check_is_leaving(&leases, &asked));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_file_is_asked_for_once_of_its_node),
        TEST(who_fails_one_is_asked_for_no_other),
        TEST(who_is_busy_is_asked_again_a_few_times),
        TEST(who_is_not_connected_is_not_waited_for),
        TEST(another_lease_is_another_word),
        TEST(somebody_elses_questions_do_not_hold_it_up_for_ever),
        TEST(an_answer_after_the_end_is_nobodys),
        TEST(where_nobody_is_to_be_asked_the_end_is_told),
        TEST(what_is_about_to_go_is_not_vouched_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
