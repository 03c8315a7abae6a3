#ifndef PROTO_PLUMTREE_H
#define PROTO_PLUMTREE_H

#include "proto/chance.h"
#include "proto/record_set.h"

/*
 * Who is told of a new record, and how (protocol.md §5.5), after Plumtree
 * (Leitão, Pereira, Rodrigues 2007) without its optimisation of the tree.  Of
 * each topic the links that share it are *eager*: the record is pushed to them;
 * or *lazy*: its id is announced.  A record that comes twice makes the second
 * link lazy (PRUNE); one that was announced and does not come is asked for and
 * makes the announcer eager (GRAFT).  So the eager links become a tree that
 * mends itself.
 *
 * The machine knows ids and numbers of links alone.  After any call,
 * plumtree_next() until it says false.
 */

enum plumtree_wish_type {
    PLUMTREE_PUSH,
    PLUMTREE_ANNOUNCE,
    PLUMTREE_GRAFT,
    PLUMTREE_PRUNE,
    PLUMTREE_COMPARE, /* with this link: gossip has failed */
    PLUMTREE_CHECK    /* with any link of the topic: things have changed */
};

struct plumtree_wish {
    enum plumtree_wish_type type;
    uint64_t link; /* but of CHECK */
    uint8_t topic[ID_LEN];
    struct record_key key; /* the time is set in PUSH alone */
};

struct plumtree_peer {
    uint64_t link;
    uint32_t recent; /* new records it brought lately, in PLUMTREE_UNIT */
    bool is_eager;
};

struct plumtree_topic {
    uint8_t topic[ID_LEN];
    uint64_t check_ms;  /* UINT64_MAX: nothing has changed */
    uint64_t halved_ms; /* when `recent` was halved */
    uint32_t recent;    /* as of a peer: what was made here */
    struct plumtree_peer *peers;
    size_t count;
    size_t cap;
};

/* One record in counts that are halved each PLUMTREE_HALF_MS. */
#define PLUMTREE_UNIT    256
#define PLUMTREE_HALF_MS 256

/* Those that announced a missing record, in their order; more are dropped. */
#define PLUMTREE_ANNOUNCERS 6

struct plumtree_missing {
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];
    uint64_t due_ms;
    uint32_t wait_ms; /* T1 */
    uint8_t count;
    uint8_t asked; /* so many of them were sent a GRAFT */
    uint64_t links[PLUMTREE_ANNOUNCERS];
};

/* A record with a long body that goes to one link after another. */
struct plumtree_parcel {
    uint8_t topic[ID_LEN];
    struct record_key key;
    uint64_t due_ms;
    uint64_t sent; /* to this link lately */
    size_t count;
    uint64_t links[OVERLAY_ACTIVE_MAX]; /* to which it goes yet */
};

#define PLUMTREE_MISSING_MAX 1024 /* of one node; over it a session mends */
#define PLUMTREE_PARCELS_MAX 64
#define PLUMTREE_REFUSED_MAX 256 /* ids that are not to be asked for again */

/* Private, but for embedding; all that grows is on the heap. */
struct plumtree {
    struct chance chance;
    bool is_full_mesh;
    struct plumtree_topic *topics;
    size_t topics_count;
    size_t topics_cap;
    struct plumtree_missing *missing;
    size_t missing_count;
    size_t missing_cap;
    struct plumtree_parcel *parcels;
    size_t parcels_count;
    size_t parcels_cap;
    uint64_t *refused; /* a ring of short hashes, NULL until one is needed */
    size_t refused_next;
    struct plumtree_wish *wishes;
    size_t wishes_first;
    size_t wishes_count;
    size_t wishes_cap;
};

void plumtree_init(struct plumtree *p, const uint8_t seed[16]);
/* Accepts a zeroed one. */
void plumtree_wipe(struct plumtree *p);

/* In a full mesh nobody is pruned: all are pushed to. */
void plumtree_set_full_mesh(struct plumtree *p, bool is_full_mesh);

/*
 * The link shares the topic now; it is eager at first if it is to be, or if so
 * few share the topic that each is needed.  ERR_NO_MEMORY
 */
MUST_CHECK enum err plumtree_join(struct plumtree *p, uint64_t link,
                                  const uint8_t topic[ID_LEN], bool is_eager);
/* The link has become one to rely on, or is so no more: in all its topics. */
void plumtree_rely(struct plumtree *p, uint64_t link, bool is_reliable);
void plumtree_leave(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN]);
/* The link is gone, from all topics. */
void plumtree_forget(struct plumtree *p, uint64_t link);
/* Topic number `i` of those that any link shares; NULL past the last. */
const uint8_t *plumtree_topic(const struct plumtree *p, size_t i);
/* Links that share the topic now; *out is valid until the next call. */
size_t plumtree_links(const struct plumtree *p, const uint8_t topic[ID_LEN],
                      const struct plumtree_peer **out);

/*
 * A record is new and durable here.  `source` brought it, or 0.  If it
 * was found by a session, most others have it: it is announced only.
 */
void plumtree_added(struct plumtree *p, const uint8_t topic[ID_LEN],
                    const struct record_key *key, uint64_t body_len,
                    uint64_t source, bool by_session, uint64_t now_ms);
/* The link sent a record that was here already, outside of any session. */
void plumtree_twice(struct plumtree *p, uint64_t link,
                    const uint8_t topic[ID_LEN], uint64_t now_ms);
/* The record was refused: it is not asked for again. */
void plumtree_refused(struct plumtree *p, const uint8_t id[ID_LEN]);

/* ANNOUNCE of one id; `wait_ms` is T1 for this link. */
void plumtree_announced(struct plumtree *p, uint64_t link,
                        const uint8_t topic[ID_LEN], const uint8_t id[ID_LEN],
                        bool is_known, uint32_t wait_ms, uint64_t now_ms);
/* GRAFT: the caller sends what was asked for. */
void plumtree_grafted(struct plumtree *p, uint64_t link,
                      const uint8_t topic[ID_LEN]);
void plumtree_pruned(struct plumtree *p, uint64_t link,
                     const uint8_t topic[ID_LEN]);

bool plumtree_next(struct plumtree *p, struct plumtree_wish *out);
uint64_t plumtree_deadline(const struct plumtree *p);
void plumtree_tick(struct plumtree *p, uint64_t now_ms);

#endif
