#ifndef PROTO_MESH_H
#define PROTO_MESH_H

#include "proto/announcement.h"
#include "proto/peer.h"

/*
 * One node among others: it decides which record goes to which peer and how
 * (plumtree.h), which nodes to be connected with (hyparview.h), and when two
 * compare what they have though nothing seems to be missing.  It works beside
 * the peer machines of its connections, here *links*, and has its frames said
 * by them: after any call, mesh_next_effect() until it says false, and then
 * peer_pull() of the links that were named.
 *
 *   handshake done       peer_init(), mesh_link_up(), peer_topics_set()
 *   frame of a peer      peer_recv(); its event to mesh_event(), whatever it is
 *   records              mesh_record_added(), mesh_record_done()
 *   our topics changed   peer_topics_set() of all, mesh_link_changed() of all
 *   connection ended     mesh_link_down(), peer_wipe()
 *   timer                peer_tick() of the link; mesh_tick() at
 * mesh_deadline()
 *
 * Pure as all of proto/: `now_ms` is monotonic and never falls.  One thread.
 */
struct mesh;

struct mesh_config {
    const struct sign_key *key;    /* the node's; borrowed */
    const struct network *network; /* borrowed */
    struct record_set set;
    uint8_t seed[16]; /* random bytes: all of chance comes from here */
    uint64_t now_ms;
    uint64_t wall_ms; /* the wall clock at `now_ms`; see mesh_set_clock() */
};

/* The caller owns *out and must mesh_free() it.  ERR_NO_MEMORY */
MUST_CHECK enum err mesh_new(struct mesh **out,
                             const struct mesh_config *config);
/* Accepts NULL.  The peers' machines are the caller's. */
void mesh_free(struct mesh *m);

/* For the peer machines of all its links. */
struct sync_gate *mesh_gate(struct mesh *m);

/* The wall clock was set. */
void mesh_set_clock(struct mesh *m, uint64_t now_ms, uint64_t wall_ms);
/*
 * Where others can reach this node, at most ANNOUNCEMENT_ENDPOINTS_MAX; none
 * at first.  It is told to others from now on.
 */
void mesh_set_endpoints(struct mesh *m, const struct endpoint *endpoints,
                        size_t count);

struct mesh_link_config {
    uint64_t link;     /* the caller's number for it, never used twice */
    struct peer *peer; /* borrowed until mesh_link_down() */
    uint8_t node[KEY_LEN];
    bool is_dialled;
    bool is_manual; /* somebody's wish: never given up by the overlay */
    enum endpoint_scope scope; /* of the address that it has for us */
};

/* ERR_NO_MEMORY: end it; no mesh_link_down() then. */
MUST_CHECK enum err mesh_link_up(struct mesh *m,
                                 const struct mesh_link_config *config,
                                 uint64_t now_ms);
void mesh_link_down(struct mesh *m, uint64_t link, uint64_t now_ms);
/*
 * The topics that we share with it may have changed, on our side.
 *   ERR_NO_MEMORY: end it
 */
MUST_CHECK enum err mesh_link_changed(struct mesh *m, uint64_t link,
                                      uint64_t now_ms);
/* Its round trip was measured: timers follow. */
void mesh_link_rtt(struct mesh *m, uint64_t link, uint64_t rtt_ms);

/*
 * What peer_recv() gave.  Events of records are the caller's alone and do
 * nothing here.  An error is the peer's and ends the connection, but for those
 * of blame LOCAL.  *ev need not outlive the call.
 */
MUST_CHECK enum err mesh_event(struct mesh *m, uint64_t link,
                               const struct peer_event *ev, uint64_t now_ms);

/*
 * A record of `topic` is new and durable here.  `source` is the link that
 * brought it, 0 if none did.  `body_len` as in its head.
 */
void mesh_record_added(struct mesh *m, const uint8_t topic[ID_LEN],
                       const struct record_key *key, uint64_t body_len,
                       uint64_t source, uint64_t now_ms);
/*
 * The end of a record that `link` sent: as peer_record_done(), which it calls,
 * and to be called after mesh_record_added().  `id` is NULL if it has none.
 */
MUST_CHECK enum err mesh_record_done(struct mesh *m, uint64_t link,
                                     const uint8_t topic[ID_LEN],
                                     const uint8_t *id, enum err result,
                                     uint64_t now_ms);

/*
 * A node to begin with, from an invite, the config or the address book: it is
 * dialled if the overlay needs it.  `count` is at most
 * ANNOUNCEMENT_ENDPOINTS_MAX; all are trusted to be dialled.
 */
void mesh_add_contact(struct mesh *m, const uint8_t node[KEY_LEN],
                      const struct endpoint *endpoints, size_t count,
                      uint64_t now_ms);
/* No link came of MESH_DIAL.  mesh_link_up() says the contrary. */
void mesh_dial_failed(struct mesh *m, const uint8_t node[KEY_LEN],
                      uint64_t now_ms);

enum mesh_effect_type {
    MESH_WAKE, /* peer_pull() of `link` has something to say */
    MESH_DIAL, /* `node` at one of `endpoints`; mesh_dial_failed() if in vain */
    MESH_CLOSE /* `link` is needed no longer: close it with ERR_NOT_NEEDED */
};

struct mesh_effect {
    enum mesh_effect_type type;
    uint64_t link;
    uint8_t node[KEY_LEN];
    uint8_t count;
    struct endpoint endpoints[ANNOUNCEMENT_ENDPOINTS_MAX];
};

/* The next thing to do, each once; false if there is none. */
bool mesh_next_effect(struct mesh *m, struct mesh_effect *out);

/* When mesh_tick() is due; UINT64_MAX for never. */
uint64_t mesh_deadline(const struct mesh *m);
void mesh_tick(struct mesh *m, uint64_t now_ms);

/* What of it people and simulators may see. */
struct mesh_counts {
    size_t links;
    size_t active;  /* neighbours of the overlay */
    size_t dialled; /* of them, by us */
    size_t passive;
    size_t eager;    /* links times topics that get records whole */
    size_t lazy;     /* that are told of them */
    uint64_t pushed; /* records queued as pushes, over all time */
    uint64_t announced;
    uint64_t grafted;
    uint64_t pruned;     /* PRUNEs that we said: so many came twice */
    uint64_t reconciled; /* sessions asked for since a queue was full */
};

void mesh_count(const struct mesh *m, struct mesh_counts *out);

#endif
