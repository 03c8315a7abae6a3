#ifndef TESTS_COMMON_MESH_NET_H
#define TESTS_COMMON_MESH_NET_H

#include "proto/mesh.h"
#include "tests/common/memory_set.h"

/*
 * Nodes with their meshes and peer machines, in memory, on a clock of their
 * own: frames arrive in order, each after its link's latency; nothing is lost
 * but by the death of a node.  The seed replays a run.
 */
#define NET_NODES_MAX 128
#define NET_LINKS_MAX 32
#define NET_SLOTS     64 /* more than any latency, in milliseconds */

struct net_link {
    bool is_up;
    uint64_t number;
    size_t other; /* node, and its link */
    size_t other_link;
    uint64_t latency_ms;
    struct peer peer;
};

struct net_node {
    bool is_alive;
    struct sign_key key;
    struct mesh *mesh;
    struct memory_set set;
    struct net_link links[NET_LINKS_MAX];
    uint64_t records; /* that came in RECORD frames */
    uint64_t records_known;
    uint64_t dials;
    uint64_t due_ms; /* of its machines, when last touched */
};

struct net {
    struct network network;
    uint64_t now_ms;
    uint64_t random;
    uint64_t numbers;
    size_t count;
    struct net_node *nodes;             /* count of them */
    struct net_frame *first[NET_SLOTS]; /* by the time of arrival */
    struct net_frame *last[NET_SLOTS];
    size_t waiting;
    uint64_t frames[256];
    enum err err; /* the first error of any machine */
};

#define NET_WALL_MS (UINT64_C(20200) * DAY_MS)

extern const uint8_t NET_TOPIC[ID_LEN];

void net_init(struct net *net, size_t count, uint64_t seed);
void net_wipe(struct net *net);
/* The node's own endpoint, as others are told. */
struct endpoint net_endpoint(size_t node);
/* Connects them, as somebody wished. */
void net_connect(struct net *net, size_t from, size_t to, bool is_manual);
/* Lets a node know of another. */
void net_introduce(struct net *net, size_t node, size_t other);
/* All of its connections end, and it answers no more. */
void net_kill(struct net *net, size_t node);
/* Says a frame on a link of the node, as if its machines wished it. */
void net_say(struct net *net, size_t node, size_t link, uint8_t type,
             struct bytes payload);
/* Lets `ms` of the network's time pass. */
void net_run(struct net *net, uint64_t ms);
/* Node makes record number `n` of this topic, with a body so long. */
void net_publish(struct net *net, size_t node, uint64_t n, uint64_t body_len);
/* Many at once, before any of them can leave. */
void net_publish_all(struct net *net, size_t node, uint64_t from,
                     uint64_t until);
/* How many living nodes have it. */
size_t net_reached(const struct net *net, uint64_t n);
size_t net_alive(const struct net *net);
struct mesh_counts net_counts(const struct net *net, size_t node);

#endif
