#ifndef TESTS_SIM_NET_H
#define TESTS_SIM_NET_H

#include "proto/peer.h"
#include "tests/sim/queue.h"
#include "tests/sim/rng.h"

struct net_message;

/*
 * Connections as TCP and Noise would show them: nothing is lost or out of order
 * within one, but late; between two of them there is no order.  Messages travel
 * in the clear and count with the 18 bytes that Noise adds.
 */
#define NET_OVERHEAD 18
/* TCP and Noise before the first frame, both directions. */
#define NET_HANDSHAKE_BYTES 600
/* TCP_USER_TIMEOUT: what is unacknowledged so long ends the connection. */
#define NET_UNACKED_MS 10000
/* An end with nothing to say finds by its pings that the other one is gone. */
#define NET_IDLE_DEAD_MS (PING_IDLE_MS + SESSION_DEAD_MS)
/* As much may be under way in one direction. */
#define NET_WINDOW (512 * 1024)

struct net_end {
    uint32_t node;
    bool is_up;
    struct peer *peer;        /* its node's, from its being up to its end */
    uint64_t arrives_ms;      /* the last that this end sent arrives then */
    uint64_t leaves_ms;       /* and has left by then */
    uint32_t under_way;       /* bytes sent by this end and not arrived */
    bool is_full;             /* it waits for them to arrive */
    struct net_message *held; /* sent while the link was cut, oldest first */
    struct net_message *held_last;
    uint64_t held_ms; /* since when there is one */
};

struct net_link {
    struct net_end end[2]; /* 0 dialled */
    uint32_t latency_ms;
    bool is_cut; /* nothing arrives */
    uint64_t cut_ms;
};

struct net {
    struct net_link *links; /* links[0] is none's; numbers are not used again */
    uint32_t links_count;
    uint32_t links_cap;
    struct rng rng;
    uint64_t pair_seed;
    struct net_message *spare[12]; /* by the power of two of their room */
    struct net_message *newest;
    uint64_t bytes; /* sent so far */
    uint64_t messages;
    uint64_t handshakes;
};

void net_init(struct net *net, struct rng *rng);
void net_wipe(struct net *net);
struct net_link *net_link(struct sim *sim, uint32_t link);
/* One way between two nodes. */
uint32_t net_latency_ms(const struct sim *sim, uint32_t a, uint32_t b);
/* node_link_up() at both ends follows, or node_dial_failed() at `from`. */
void net_dial(struct sim *sim, uint32_t from, uint32_t to);
/* Whether the end may send more now; else node_link_ready() follows. */
bool net_may_send(struct sim *sim, uint32_t link, unsigned side);
/* node_link_message() at the other end follows, if that is still there. */
void net_send(struct sim *sim, uint32_t link, unsigned side,
              struct bytes message);
/* This end is gone; node_link_down() follows at the other one. */
void net_close(struct sim *sim, uint32_t link, unsigned side);
/* The same, but nothing is said: the other end finds out by itself. */
void net_vanish(struct sim *sim, uint32_t link, unsigned side);
/* Cuts the links between nodes of different `side`, and mends the others. */
void net_sides_changed(struct sim *sim);

#endif
