/* What a node is asked for, and who wants to hear what happens to it. */
#include "daemon/node_parts.h"

#include "daemon/node_state.h"

uv_loop_t *node_loop(const struct node *n)
{
    return n->loop;
}

const struct home *node_home(const struct node *n)
{
    return n->home;
}

const struct config *node_config(const struct node *n)
{
    return &n->config;
}

const struct network *node_network(const struct node *n)
{
    return &n->config.network;
}

const struct node_keys *node_keys(const struct node *n)
{
    return &n->keys;
}

const struct person_keys *node_person(const struct node *n)
{
    return n->has_person ? &n->person : NULL;
}

void node_set_person(struct node *n, const struct person_keys *keys)
{
    n->person = *keys;
    n->has_person = true;
    node_topics_changed(n);
}

struct store *node_store(const struct node *n)
{
    return n->store;
}

const uint8_t *node_board(const struct node *n)
{
    return n->board;
}

uint64_t node_clock_ms(const struct node *n)
{
    return clock_now_ms(&n->clock);
}

uint64_t node_elapsed_ms(const struct node *n)
{
    return uv_now(n->loop) + n->clock.skipped_ms;
}

bool node_clock_is_test(const struct node *n)
{
    return n->clock.is_test;
}

uint64_t node_uptime_ms(const struct node *n)
{
    return uv_now(n->loop) - n->started_ms;
}

struct address_book *node_address_book(const struct node *n)
{
    return n->book;
}

struct commits *node_commits(const struct node *n)
{
    return n->commits;
}

struct dialler *node_dialler(const struct node *n)
{
    return n->dialler;
}

struct gossip *node_gossip(const struct node *n)
{
    return n->gossip;
}

struct ingest *node_ingest(const struct node *n)
{
    return n->ingest;
}

struct interest *node_interest(const struct node *n)
{
    return n->interest;
}

struct quota *node_quota(const struct node *n)
{
    return n->quota;
}

struct gc *node_gc(const struct node *n)
{
    return n->gc;
}

struct throttle *node_throttle(const struct node *n)
{
    return n->throttle;
}

struct leases *node_leases(const struct node *n)
{
    return n->leases;
}

struct pledge *node_pledge(const struct node *n)
{
    return n->pledge;
}

struct rehash *node_rehash(const struct node *n)
{
    return n->rehash;
}

struct renew *node_renew(const struct node *n)
{
    return n->renew;
}

struct safety *node_safety(const struct node *n)
{
    return n->safety;
}

struct peers *node_peer_table(const struct node *n)
{
    return n->peers;
}

struct crew *node_disk(const struct node *n)
{
    return n->disk;
}

struct crew *node_hashers(const struct node *n)
{
    return n->hashers;
}

struct exports *node_exports(const struct node *n)
{
    return n->exports;
}

struct transfer *node_transfer(const struct node *n)
{
    return n->transfer;
}

/* ---- Events ------------------------------------------------------------- */

void node_subscribe(struct node *n, struct node_listener *l)
{
    l->next = n->events;
    l->prev = NULL;
    if (n->events != NULL)
        n->events->prev = l;
    n->events = l;
}

void node_unsubscribe(struct node *n, struct node_listener *l)
{
    if (n->next_event == l)
        n->next_event = l->next;
    if (l->prev == NULL)
        n->events = l->next;
    else
        l->prev->next = l->next;
    if (l->next != NULL)
        l->next->prev = l->prev;
}

void node_emit(struct node *n, const struct node_event *event)
{
    struct node_listener *outer = n->next_event;

    for (struct node_listener *l = n->events; l != NULL; l = n->next_event) {
        n->next_event = l->next;
        l->on_event(l, event);
    }
    n->next_event = outer;
}
