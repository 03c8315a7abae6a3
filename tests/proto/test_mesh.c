/* Networks of nodes in memory: records reach all, and hardly any twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/common/mesh_net.h"

#define SEED   20261122
#define MINUTE 60000

/* Everybody begins with one of those before. */
static void join_all(struct net *net)
{
    for (size_t i = 1; i < net->count; i++) {
        net_introduce(net, i, i / 2);
        net_run(net, 200);
    }
    net_run(net, 2 * MINUTE);
    assert_int_equal(net->err, ERR_OK);
}

static uint64_t received_twice(const struct net *net)
{
    uint64_t n = 0;

    for (size_t i = 0; i < net->count; i++)
        n += net->nodes[i].records_known;
    return n;
}

static void publish_some(struct net *net, uint64_t from, uint64_t until)
{
    for (uint64_t n = from; n < until; n++) {
        size_t at = (size_t)n * 7 % net->count;

        if (!net->nodes[at].is_alive)
            continue;
        net_publish(net, at, n, 100);
        net_run(net, 1000);
        assert_int_equal(net_reached(net, n), net_alive(net));
    }
    assert_int_equal(net->err, ERR_OK);
}

/* The first makes the tree: it comes over every link, once each way. */
static void a_record_reaches_all_and_later_ones_come_once(void **state)
{
    struct net net;
    uint64_t twice;

    (void)state;
    net_init(&net, 60, SEED);
    join_all(&net);
    publish_some(&net, 0, 20);
    assert_true(received_twice(&net) < 60 * (uint64_t)OVERLAY_ACTIVE_MAX);
    twice = received_twice(&net);
    publish_some(&net, 20, 100);
    assert_in_range(received_twice(&net) - twice, 0, 60 * 80 / 50);
    net_wipe(&net);
}

static void everybody_has_neighbours_some_of_their_own_choice(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 60, SEED + 1);
    join_all(&net);
    for (size_t i = 0; i < 60; i++) {
        struct mesh_counts counts = net_counts(&net, i);

        assert_in_range(counts.active, OVERLAY_ACTIVE_MIN, OVERLAY_ACTIVE_MAX);
        assert_true(counts.links <= OVERLAY_ACTIVE_MAX + 1);
        assert_true(counts.passive <= OVERLAY_PASSIVE);
        assert_true(counts.dialled >= OVERLAY_DIALLED_MIN);
    }
    net_wipe(&net);
}

static void kill_some(struct net *net, size_t percent)
{
    for (size_t i = 0; i < net->count; i++)
        if (i * 37 % 100 < percent)
            net_kill(net, i);
}

static void many_may_die_at_once(void **state)
{
    static const size_t percents[] = { 30, 50, 80 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct net net;
        size_t at = 0;

        net_init(&net, 100, SEED + i);
        join_all(&net);
        publish_some(&net, 0, 10);
        kill_some(&net, percents[i]);
        while (!net.nodes[at].is_alive)
            at++;
        net_publish(&net, at, 1000, 100);
        net_run(&net, 10000);
        assert_int_equal(net_reached(&net, 1000), net_alive(&net));
        net_wipe(&net);
    }
}

static void nodes_that_agree_are_quiet(void **state)
{
    struct net net;
    uint64_t sync;
    uint64_t hello;

    (void)state;
    net_init(&net, 20, SEED);
    join_all(&net);
    publish_some(&net, 0, 10);
    net_run(&net, 2 * MINUTE);
    sync = net.frames[PEER_FRAME_SYNC];
    hello = net.frames[PEER_FRAME_HELLO];
    net.frames[PEER_FRAME_OVERLAY] = 0;
    net_run(&net, 60 * MINUTE);
    assert_true(net.frames[PEER_FRAME_SYNC] == sync);
    assert_true(net.frames[PEER_FRAME_HELLO] == hello);
    /* A shuffle and its reply, each ten minutes, a little more often. */
    assert_true(net.frames[PEER_FRAME_OVERLAY] <= 20 * 2 * 60 / 8);
    net_wipe(&net);
}

/* §5.5: of two that share a topic one asks, not both. */
static void a_change_is_made_sure_of_by_one_session(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 2, SEED);
    net_introduce(&net, 1, 0);
    net_run(&net, MINUTE);
    net.frames[PEER_FRAME_SYNC] = 0;
    net_publish(&net, 0, 1, 100);
    net_run(&net, 20000);
    assert_int_equal(net_reached(&net, 1), 2);
    assert_int_equal(net.frames[PEER_FRAME_SYNC], 0);
    net_run(&net, 2 * MINUTE);
    assert_in_range(net.frames[PEER_FRAME_SYNC], 1, 6);
    net_wipe(&net);
}

static void
what_was_published_alone_goes_out_when_a_neighbour_comes(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 3, SEED);
    for (uint64_t n = 0; n < 10; n++)
        net_publish(&net, 0, n, 100);
    assert_int_equal(net_reached(&net, 5), 1);
    net_connect(&net, 1, 0, true);
    net_connect(&net, 2, 1, true);
    net_run(&net, 2000);
    for (uint64_t n = 0; n < 10; n++)
        assert_int_equal(net_reached(&net, n), 3);
    /* Each may come by its session and, since it is new, by a push. */
    assert_in_range(received_twice(&net), 0, 20);
    net_wipe(&net);
}

static void of_few_nodes_each_tells_all_others(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 8, SEED);
    join_all(&net);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(net_counts(&net, i).active, 7);
    publish_some(&net, 0, 5);
    assert_int_equal(net.frames[PEER_FRAME_PRUNE], 0);
    assert_int_equal(net.frames[PEER_FRAME_GRAFT], 0);
    net_wipe(&net);
}

static void a_long_body_reaches_all(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 30, SEED);
    join_all(&net);
    publish_some(&net, 0, 5);
    for (size_t i = 0; i < net.count; i++)
        net.nodes[i].set.filler = GOSSIP_BODY_MAX + 1;
    net.nodes[3].records = 0;
    net_publish(&net, 3, 500, GOSSIP_BODY_MAX + 1);
    net_run(&net, 5000);
    assert_int_equal(net_reached(&net, 500), 30);
    net_wipe(&net);
}

/* A thousand at once are more than queues hold: sessions bring the rest. */
static void a_burst_is_left_to_sessions(void **state)
{
    struct net net;

    (void)state;
    net_init(&net, 10, SEED);
    join_all(&net);
    net_publish_all(&net, 0, 0, 1000);
    assert_true(net_counts(&net, 0).reconciled > 0);
    net_run(&net, 10000);
    for (uint64_t n = 0; n < 1000; n++)
        assert_int_equal(net_reached(&net, n), 10);
    net_wipe(&net);
}

/* The link of node 0 to node 1 while its session runs. */
static const struct net_link *open_session(struct net *net)
{
    const struct net_link *l = &net->nodes[0].links[1];

    net_connect(net, 0, 2, true);
    net_run(net, 1000);
    for (uint64_t n = 0; n < 2000; n++)
        net_publish(net, 1, n, 100);
    net_connect(net, 0, 1, true);
    assert_true(l->is_up && l->other == 1);
    for (int i = 0; i < 10000 && !peer_in_session(&l->peer, NET_TOPIC); i++)
        net_run(net, 1);
    assert_true(peer_in_session(&l->peer, NET_TOPIC));
    return l;
}

/* §5.5: what a session brings, all have; but not what was made just now. */
static void what_is_new_is_pushed_though_it_crossed_a_session(void **state)
{
    struct net net;
    const struct net_link *l;
    struct mesh *mesh;
    struct mesh_counts before;
    struct mesh_counts after;
    struct record_key key = { .created_ms = NET_WALL_MS - GOSSIP_NEW_MS,
                              .id = { 77 } };

    (void)state;
    net_init(&net, 3, SEED);
    l = open_session(&net);
    mesh = net.nodes[0].mesh;
    mesh_set_clock(mesh, net.now_ms, NET_WALL_MS);
    mesh_count(mesh, &before);
    mesh_record_added(mesh, NET_TOPIC, &key, 100, l->number, net.now_ms);
    mesh_count(mesh, &after);
    assert_int_equal(after.pushed, before.pushed);
    assert_int_equal(after.announced, before.announced + 1);
    key.created_ms++;
    mesh_record_added(mesh, NET_TOPIC, &key, 100, l->number, net.now_ms);
    mesh_count(mesh, &after);
    assert_int_equal(after.pushed, before.pushed + 1);
    assert_int_equal(after.announced, before.announced + 1);
    assert_int_equal(after.eager + after.lazy, 2); /* a topic, two links */
    net_wipe(&net);
}

/* The same seed, the same run. */
static void a_run_can_be_replayed(void **state)
{
    struct net a;
    struct net b;

    (void)state;
    net_init(&a, 25, SEED);
    net_init(&b, 25, SEED);
    join_all(&a);
    join_all(&b);
    assert_memory_equal(a.frames, b.frames, sizeof a.frames);
    net_wipe(&a);
    net_wipe(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reaches_all_and_later_ones_come_once),
        cmocka_unit_test(everybody_has_neighbours_some_of_their_own_choice),
        cmocka_unit_test(many_may_die_at_once),
        cmocka_unit_test(nodes_that_agree_are_quiet),
        cmocka_unit_test(a_change_is_made_sure_of_by_one_session),
        cmocka_unit_test(
            what_was_published_alone_goes_out_when_a_neighbour_comes),
        cmocka_unit_test(of_few_nodes_each_tells_all_others),
        cmocka_unit_test(a_long_body_reaches_all),
        cmocka_unit_test(a_burst_is_left_to_sessions),
        cmocka_unit_test(what_is_new_is_pushed_though_it_crossed_a_session),
        cmocka_unit_test(a_run_can_be_replayed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
