#ifndef TESTS_SIM_NODE_H
#define TESTS_SIM_NODE_H

#include "proto/budget.h"
#include "proto/mesh.h"
#include "tests/sim/queue.h"
#include "tests/sim/set.h"

/*
 * A node: the machines of proto/ joined as the daemon joins them, and in place
 * of its store a set, which a group commit makes durable after a while.  What
 * is durable survives a crash, and nothing else does.
 */
struct node_end {
    uint32_t link;
    unsigned side;
    uint32_t other; /* the node there */
    struct peer *peer;
    uint64_t deadline_ms; /* of the peer machine, when it was last touched */
    bool is_awake;        /* it may have something to say */
};

/* A record on its way into the set. */
struct node_pending {
    uint32_t number;
    uint32_t link; /* that brought it; 0: made here */
    bool is_held;
};

/* What another node has made this one remember (protocol.md §5.9). */
struct node_meter {
    uint32_t other;
    struct budget_meter meter;
};

enum { NODE_CONTACTS_MAX = 8 };

struct node {
    uint32_t number;
    uint32_t author; /* who publishes here */
    struct sign_key key;
    struct rng rng;
    bool is_alive;
    bool has_vanished; /* it ended without a word */
    uint32_t epoch;    /* starts so far: events of former ones are void */
    uint32_t side;     /* of a partition */
    uint32_t place;    /* those of one place, but 0, are near one another */
    int64_t skew_ms;   /* of its wall clock */
    const struct hostile *hostile; /* NULL: honest */

    struct mesh *mesh;
    struct set set;
    struct node_end *ends;
    uint32_t ends_count;
    uint32_t ends_cap;
    struct node_pending *pending; /* oldest first */
    uint32_t pending_count;
    uint32_t pending_cap;
    uint32_t committing; /* so many of them are in the open commit */
    uint64_t timer_ms;   /* the earliest that was set; UINT64_MAX: none */
    uint32_t contacts[NODE_CONTACTS_MAX]; /* a ring of nodes to begin with */
    uint32_t contacts_count;              /* ever added */
    uint64_t lonely_ms; /* how long it waits before it asks them again */
    struct node_meter *meters;
    uint32_t meters_count;
    uint32_t meters_cap;
    uint32_t *banned;
    uint32_t banned_count;
};

/* Asks the processor for what an event at this node will look at. */
void node_prefetch(const struct node *n);
/* Not yet started, and alone. */
void node_init(struct sim *sim, uint32_t number);
void node_wipe(struct sim *sim, struct node *n);
void node_add_contact(struct node *n, uint32_t other);

/* Begins with what it has on disk. */
void node_start(struct sim *sim, struct node *n);
/* Ends at once and loses what is not durable; silently: as by a power cut. */
void node_crash(struct sim *sim, struct node *n, bool silently);
/* Publishes record `number` here. */
void node_publish(struct sim *sim, struct node *n, uint32_t number);
uint64_t node_wall_ms(const struct sim *sim, const struct node *n);
bool node_is_honest(const struct node *n);

/* What the network tells it. */
void node_link_up(struct sim *sim, uint32_t node, uint32_t link, unsigned side);
void node_link_down(struct sim *sim, uint32_t node, uint32_t link);
void node_link_ready(struct sim *sim, uint32_t node, uint32_t link);
void node_link_message(struct sim *sim, uint32_t node, uint32_t link,
                       struct bytes message);
void node_dial_failed(struct sim *sim, uint32_t node, uint32_t to);

#endif
