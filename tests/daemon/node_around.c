/* What a part may ask the node around it for, as node.c answers. */
#include "node_around.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct node_around around;

uv_loop_t *node_loop(const struct node *node)
{
    (void)node;
    return around.loop;
}

struct store *node_store(const struct node *node)
{
    (void)node;
    return around.store;
}

struct commits *node_commits(const struct node *node)
{
    (void)node;
    return around.commits;
}

struct leases *node_leases(const struct node *node)
{
    (void)node;
    return around.leases;
}

uint64_t node_clock_ms(const struct node *node)
{
    (void)node;
    return around.clock_ms;
}

const struct node_keys *node_keys(const struct node *node)
{
    (void)node;
    return &around.keys;
}

void node_subscribe(struct node *node, struct node_listener *listener)
{
    (void)node;
    assert_null(around.subscribed);
    around.subscribed = listener;
}

void node_unsubscribe(struct node *node, struct node_listener *listener)
{
    (void)node;
    assert_ptr_equal(around.subscribed, listener);
    around.subscribed = NULL;
}

/* Parts that those who ask for them hand on to functions of the test. */

struct peers *node_peer_table(const struct node *node)
{
    (void)node;
    return NULL;
}

struct throttle *node_throttle(const struct node *node)
{
    (void)node;
    return NULL;
}

struct transfer *node_transfer(const struct node *node)
{
    (void)node;
    return NULL;
}
