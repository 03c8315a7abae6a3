#ifndef PROTO_PEER_SHELF_H
#define PROTO_PEER_SHELF_H

#include "proto/peer.h"

/* If the side whose turn it is stays silent, the other opens this much later.
 */
#define PEER_OTHER_SIDE_MS 5000

/*
 * What one connection keeps for each topic of this node; the private half of
 * peer.h, shared by peer.c, peer_recv.c, peer_send.c and peer_gossip.c.
 */
struct peer_shelf {
    struct peer_topic mine;
    uint8_t tag_ours[HELLO_TAG_LEN];
    uint8_t tag_theirs[HELLO_TAG_LEN];

    bool is_shared;    /* the peer's last hello names it and the windows meet */
    uint32_t from_day; /* the window that both hold; of is_shared */
    uint32_t until_day;

    bool has_state;          /* `state` is ours over the shared window, now */
    bool is_said;            /* our last hello told a state over this window */
    struct sync_state state; /* under the hello's key */

    bool in_sync;
    bool is_behind;  /* far, when last compared: one fetch at a time */
    bool is_checked; /* compared equal since a record was added */
    uint64_t due_ms; /* when to open a session; UINT64_MAX for never */
    uint64_t retry_ms;
    size_t awaited;
    struct sync_session *session; /* owned by peer.sessions */
    bool is_outdated;             /* the window changed since it began */
    bool is_uncodable; /* symbols have not led to agreement, last time */
};

struct peer_shelf *peer_shelf_find(const struct peer *p,
                                   const uint8_t topic[ID_LEN]);
/* By the tag in the peer's role; only if it is shared. */
struct peer_shelf *peer_shelf_find_tag(const struct peer *p,
                                       const uint8_t tag[HELLO_TAG_LEN]);

/* Makes `state` current; asks the set if it changed since. */
MUST_CHECK enum err peer_shelf_state(const struct peer *p,
                                     struct peer_shelf *shelf);

/*
 * The two sides were compared: in sync, or the next session is due `wait_ms`
 * from now, opened by the side with fewer records (on a tie by the smaller
 * node key), and by the other if that stays silent.
 */
void peer_shelf_compared(const struct peer *p, struct peer_shelf *shelf,
                         const struct sync_state *ours,
                         const struct sync_state *theirs, uint64_t wait_ms);
/* The shelf's session did not end in agreement: due again, each time later. */
uint64_t peer_shelf_wait(struct peer_shelf *shelf, bool has_moved);

/* Whether a session may be opened as far as the gate is concerned; if not,
 * it is due later. */
bool peer_shelf_enter(struct peer *p, struct peer_shelf *shelf);

/* Frees the session, and its place. */
void peer_session_drop(struct peer *p, struct peer_shelf *shelf);
/* The same, and tells the peer, which may know of it by now. */
void peer_session_stop(struct peer *p, struct peer_shelf *shelf);
/* ERR_NO_MEMORY; the caller has checked that there is a place. */
MUST_CHECK enum err peer_session_add(struct peer *p, struct peer_shelf *shelf,
                                     bool is_ours);
/* Gives the shelf's session its number and the key that follows from it. */
void peer_session_number(const struct peer *p, struct peer_shelf *shelf,
                         uint64_t number);
size_t peer_sessions_count(const struct peer *p, bool is_ours);
/* If both sides have said END: compares and ends it. */
void peer_session_finish(struct peer *p, struct peer_shelf *shelf);
/* Opens sessions that are due, as far as there are places. */
MUST_CHECK enum err peer_sessions_open(struct peer *p);
/* Matches our topics with the peer's last hello anew. */
void peer_share_all(struct peer *p);

/* Remembers to say STOP. */
void peer_stop_queue(struct peer *p, const struct peer_shelf *shelf,
                     uint64_t number);

/* --- peer_send.c --- */

/* Makes a RECORD frame ready, or NOT_HELD with its head; nothing if it is gone.
 */
MUST_CHECK enum err peer_ready_record(struct peer *p,
                                      const struct peer_shelf *shelf,
                                      const uint8_t id[ID_LEN]);

/* --- peer_gossip.c --- */

/* A gossip frame or a pushed record that is next, if there is one. */
MUST_CHECK enum err peer_ready_gossip(struct peer *p);
/* A frame of gossip came. */
MUST_CHECK enum err peer_recv_gossip(struct peer *p, struct peer_event *ev,
                                     uint8_t type, struct bytes payload);

/* --- peer_shelf.c --- */

/* ERR_FLOOD once the peer has sent too much that nobody asked for. */
MUST_CHECK enum err peer_charge(struct peer *p, uint32_t cost);
/* The same for gossip, of which some is due: copies that cross, and the like.
 */
MUST_CHECK enum err peer_charge_gossip(struct peer *p, uint32_t cost);
void peer_give_credit(struct peer *p, uint32_t credit);

#endif
