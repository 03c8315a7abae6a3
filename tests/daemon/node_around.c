/* What a part may ask the node around it for, as node.c answers. */
#include "node_around.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/store.h"

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

const uint8_t *node_board(const struct node *node)
{
    (void)node;
    return around.board;
}

void node_follow(struct node *node, const struct store_follow *follow,
                 node_done_fn *done, void *context)
{
    (void)node;
    (void)context;
    assert_null(done);
    assert_int_equal(store_batch_follow(around.batch, follow), ERR_OK);
}

void node_unfollow(struct node *node, const uint8_t id[ID_LEN],
                   node_done_fn *done, void *context)
{
    (void)node;
    (void)context;
    assert_null(done);
    assert_int_equal(store_batch_unfollow(around.batch, id), ERR_OK);
    around.unfollowed++;
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
