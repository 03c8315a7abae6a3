#ifndef DAEMON_HOLDERS_H
#define DAEMON_HOLDERS_H

#include "daemon/node.h"
#include "proto/blob_tree.h"

/*
 * Who holds a blob, as far as this node can tell, and how much of a topic has
 * fewer copies than are wanted (docs/protocol.md §6.8).  What a node merely
 * says of itself is told apart from what it has shown to this one.
 */

enum holder_state {
    HOLDER_SHOWN,  /* it passed a challenge of ours within LEASE_TRUST_MS */
    HOLDER_CLAIMS, /* its signed word, and nothing else */
    HOLDER_FAILED  /* it could not show what it says it has */
};
const char *holder_state_name(enum holder_state state);

struct holder {
    uint8_t node[KEY_LEN];
    enum holder_state state;
    uint64_t until_ms;      /* of its lease */
    uint64_t challenged_ms; /* last passed; 0: never */
    uint64_t failed_ms;     /* 0: not since it passed */
    uint64_t network;
};

/* Other nodes whose live lease names the blob; how many, at most `max`. */
size_t holders_of(const struct node *node, const uint8_t topic[ID_LEN],
                  const struct blob_id *blob, struct holder *out, size_t max);
/* Whether it is whole here, for that topic. */
bool holders_has(const struct node *node, const uint8_t topic[ID_LEN],
                 const struct blob_id *blob);

/* What a topic's records name. */
struct holders_sum {
    uint64_t blobs;
    uint64_t here;         /* whole on this node */
    uint64_t under_target; /* fewer copies are known than are wanted */
    uint64_t only_here;    /* no other copy is known, though perhaps claimed */
    uint64_t nowhere;      /* no copy is known */
    bool is_cut;           /* there are more blobs than are counted */
};
/* False while the topic's records are still being gone through. */
bool holders_sum(const struct node *node, const uint8_t topic[ID_LEN],
                 struct holders_sum *out);

/* One file of a topic with the copies that are known. */
struct holders_blob {
    struct blob_id id;
    uint8_t roles; /* bit n: the role of number n; bit 0: none stated */
    bool is_here;
    unsigned copies; /* of nodes that have shown it, and of this one */
    unsigned claims;
    unsigned target;
};
/* ERR_NOT_FOUND if no record of the topic names it, as far as is known. */
MUST_CHECK enum err holders_find(const struct node *node,
                                 const uint8_t topic[ID_LEN],
                                 const struct blob_id *id,
                                 struct holders_blob *out);
/*
 * Files of a topic by name, after `after` (NULL: from the first); with
 * `only_under` those that have fewer copies than are wanted.
 */
size_t holders_list(const struct node *node, const uint8_t topic[ID_LEN],
                    const struct blob_id *after, bool only_under,
                    struct holders_blob *out, size_t max);

/* File number `i` of a topic, in no order; false past the last. */
bool holders_at(const struct node *node, const uint8_t topic[ID_LEN],
                uint64_t i, struct holders_blob *out);
/* Whether the node has a live lease in the topic, whatever it names. */
bool holders_is_there(const struct node *node, const uint8_t topic[ID_LEN],
                      const uint8_t id[KEY_LEN]);

/* A topic in which a file of this root is named or held. */
struct holders_place {
    uint8_t topic[ID_LEN];
    struct blob_id blob;
};
size_t holders_places(const struct node *node, const uint8_t root[HASH_LEN],
                      struct holders_place *out, size_t max);
/* Whether this node holds a file of that root, whole. */
bool holders_here(const struct node *node, const uint8_t root[HASH_LEN]);
/* Nodes known to hold a file of that root, this one included. */
unsigned holders_count(const struct node *node, const uint8_t root[HASH_LEN]);

#endif
