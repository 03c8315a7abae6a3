#ifndef DAEMON_NAMED_H
#define DAEMON_NAMED_H

#include "daemon/node_parts.h"
#include "proto/slot_hash.h"
#include "store/store.h"

/*
 * The files that records of one topic name, each once, with the parts they play
 * and how many copies of each are known: what `health` is about.  Made by a
 * walk over the topic's records, kept up with those that come.
 */

/* Files of one topic that are counted; a topic that has more says so. */
#define NAMED_MAX 262144

struct named_blob {
    struct blob_id id;
    uint8_t roles;   /* bit n: the role of number n; bit 0: none stated */
    uint8_t target;  /* copies that are wanted */
    bool is_here;    /* whole, for this topic */
    uint16_t copies; /* of other nodes, challenged */
    uint16_t claims; /* of nodes that only say so */
};

struct named {
    struct named_blob *at;
    size_t count;
    size_t cap;
    uint32_t *slots; /* place + 1; 0: free */
    size_t slots_cap;
    struct slot_key key;
    bool is_cut;   /* there are more than NAMED_MAX */
    bool is_whole; /* the walk has ended */
    struct store_scan scan;
};

/* Begins with nothing; the walk is over `topic`. */
void named_init(struct named *named, const uint8_t topic[ID_LEN]);
void named_wipe(struct named *named);
/* Takes what a record names.  ERR_NO_MEMORY */
MUST_CHECK enum err named_take(struct named *named, const struct node *node,
                               const struct record *record);
/* Goes on with the walk, some records at a time. */
MUST_CHECK enum err named_walk(struct named *named, const struct node *node);
/* NULL if no record names it. */
struct named_blob *named_find(const struct named *named,
                              const struct blob_id *id);

#endif
