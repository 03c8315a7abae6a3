#ifndef PROTO_PEER_H
#define PROTO_PEER_H

#include "proto/hello.h"
#include "proto/sync.h"
#include "proto/sync_gate.h"

/*
 * What two nodes say about the topics they share, on one connection after its
 * handshake (protocol.md §5): hellos, reconciliation sessions, new records
 * pushed, records that the other side lacks.  Frames and time go in; frames
 * come out only when peer_pull() asks for them, so that nothing piles up: all
 * pending work is kept as ranges and bounded lists, never as records.
 *
 * The caller verifies and stores records and tells the result; this machine
 * never judges one.  Not thread-safe; all calls of one peer from one thread.
 * `now_ms` is monotonic and never falls from call to call.
 */

/* The frames that belong to peer_recv(); all others are not its business. */
enum peer_frame {
    PEER_FRAME_ANNOUNCE = 1,
    PEER_FRAME_GRAFT = 3,
    PEER_FRAME_PRUNE = 5,
    PEER_FRAME_OVERLAY = 7,
    PEER_FRAME_HELLO = 8,
    PEER_FRAME_SYNC = 10,
    PEER_FRAME_RECORD = 12,
    PEER_FRAME_NOT_HELD = 14
};

/* Each topic that this node holds, and the UTC days of it, both inclusive. */
struct peer_topic {
    uint8_t topic[ID_LEN];
    uint32_t from_day;
    uint32_t until_day;
};

struct peer_config {
    uint8_t ask[KEY_LEN];         /* the handshake's third output */
    uint8_t salt[HELLO_SALT_LEN]; /* fresh random bytes */
    uint8_t node[KEY_LEN];
    uint8_t peer_node[KEY_LEN];
    bool is_dialler;
    struct record_set set;
    struct sync_gate *gate; /* of the node, borrowed; NULL: fetch as it comes */
};

enum peer_event_type {
    PEER_NOTHING,
    /* One record: verify, store, then peer_record_done() once. */
    PEER_RECORD,
    /* Heads the peer knows and does not hold: for each entry that
     * not_held_next() reads from `bytes`, peer_record_done() once. */
    PEER_NOT_KEPT,
    /* The topics that both hold, or their windows, may have changed. */
    PEER_HELLO,
    /* Gossip, for the mesh: `bytes` are `count` ids; of PRUNE nothing. */
    PEER_ANNOUNCE,
    PEER_GRAFT,
    PEER_PRUNE,
    /* For the mesh, too: `bytes` are the whole payload, `topic` is not set. */
    PEER_OVERLAY
};

/* Views into the payload given to peer_recv(). */
struct peer_event {
    enum peer_event_type type;
    uint8_t topic[ID_LEN];
    struct bytes bytes;
    size_t count; /* of ids, or calls of peer_record_done() that are due */
};

/* One entry of a NOT_HELD frame (§5.4); a view. */
struct not_held {
    uint64_t created_ms;
    struct bytes head;
    const uint8_t *signature; /* SIGNATURE_LEN bytes */
};

/* Start with reader_of(event.bytes); false after the last. */
bool not_held_next(struct reader *entries, struct not_held *out);

/* What the two nodes have of a topic in common, for people to see. */
struct peer_shared {
    uint8_t topic[ID_LEN];
    uint32_t from_day; /* the window that both hold */
    uint32_t until_day;
    bool in_sync; /* equal when last compared, nothing unsent since */
    bool in_session;
    size_t awaited; /* records received, peer_record_done() not yet called */
};

/* A record to be pushed; topics are found again by name at sending. */
struct peer_push {
    uint8_t topic[ID_LEN];
    uint8_t id[ID_LEN];
};

/* Private, but for embedding; only peer*.c and tests touch the fields. */
struct peer {
    uint8_t ask[KEY_LEN];
    uint8_t salt[HELLO_SALT_LEN];
    uint8_t peer_salt[HELLO_SALT_LEN];
    struct record_set set;
    struct sync_gate *gate;
    bool is_dialler;
    bool is_smaller; /* our node key is the smaller one */
    bool has_peer_salt;
    bool hello_due;
    uint64_t now_ms;

    struct peer_shelf *topics; /* topics_count of them, ours, on the heap */
    size_t topics_count;
    struct hello theirs; /* the peer's last hello, entries on the heap */

    struct sync_session *sessions[2 * SYNC_SESSIONS_MAX]; /* NULL: free */
    size_t turn;            /* session to be asked next: they take turns */
    uint64_t number_ours;   /* of the next session that we open */
    uint64_t number_theirs; /* of the last one that the peer opened */
    uint64_t stops[PEER_STOPS_MAX]; /* sessions to be called off, with tags */
    uint8_t stops_tag[PEER_STOPS_MAX][HELLO_TAG_LEN];
    size_t stops_count;

    struct peer_push *pushes; /* a ring of pushes_cap */
    size_t pushes_first;
    size_t pushes_count;
    size_t pushes_cap;
    struct writer gossip; /* whole frames; those before gossip_sent are out */
    size_t gossip_sent;

    uint8_t (*signers)[KEY_LEN]; /* certificate was sent; a table */
    size_t signers_cap;
    uint64_t *missing;   /* looked for: first bytes of ids; a table */
    struct writer ready; /* a payload that is next, if ready_type != 0 */
    uint8_t ready_type;
    uint64_t paused_until_ms; /* no sessions before (§5.9) */
    uint32_t unasked;         /* leaky bucket of unasked-for messages (§5.6) */
    uint32_t credit;          /* gossip that is not unasked for (§5.6) */
    uint64_t unasked_ms;
};

/* Nothing is allocated before peer_topics_set(). */
void peer_init(struct peer *p, const struct peer_config *config);
/* Frees all and wipes keys; accepts a zeroed peer. */
void peer_wipe(struct peer *p);

/*
 * Names *all* topics that this node holds now, at most TOPICS_MAX and each
 * once, and queues a HELLO.  Sessions of topics no longer named are called off.
 *   ERR_NO_MEMORY  nothing changed
 */
MUST_CHECK enum err peer_topics_set(struct peer *p,
                                    const struct peer_topic *topics, size_t n,
                                    uint64_t now_ms);

/*
 * Takes one frame of enum peer_frame.  *ev is written only on ERR_OK.  Any
 * error but those of blame LOCAL is the peer's and ends the connection.
 *   ERR_TAG_REFLECTED  a tag of a HELLO is one of ours
 *   ERR_OUT_OF_ORDER   before a HELLO, or a second session for a topic
 *   ERR_FLOOD          too many sessions, or too much that nobody asked for
 *   ERR_NO_MEMORY, errors of the record set, errors of decoding
 */
MUST_CHECK enum err peer_recv(struct peer *p, struct peer_event *ev,
                              uint8_t type, struct bytes payload,
                              uint64_t now_ms);

/*
 * The caller has done with one record or head of an event: it is durable
 * (ERR_OK), was there already (ERR_EXISTS), or was refused (any other).
 * Call peer_record_added() for new ones first.  ERR_FLOOD as in peer_recv().
 */
MUST_CHECK enum err
peer_record_done(struct peer *p, const uint8_t topic[ID_LEN], enum err result);

/* A record of `topic` is new and durable on this node, whoever brought it. */
void peer_record_added(struct peer *p, const uint8_t topic[ID_LEN],
                       const struct record_key *key);

/*
 * What the mesh has to say (§5.5, §5.7), queued for peer_pull().  `ids` are one
 * to GOSSIP_IDS_MAX ids, one after another; nothing is said of a topic that is
 * not shared.  False if the queue is full: then sessions of the topic will do.
 */
bool peer_push(struct peer *p, const uint8_t topic[ID_LEN],
               const uint8_t id[ID_LEN]);
bool peer_announce(struct peer *p, const uint8_t topic[ID_LEN],
                   struct bytes ids);
bool peer_graft(struct peer *p, const uint8_t topic[ID_LEN], struct bytes ids);
bool peer_prune(struct peer *p, const uint8_t topic[ID_LEN]);
bool peer_say_overlay(struct peer *p, struct bytes payload);

/* Whether the peer holds the topic, and the days of this record. */
bool peer_wants(const struct peer *p, const uint8_t topic[ID_LEN],
                const struct record_key *key);
/* Whether a session of the topic is open. */
bool peer_in_session(const struct peer *p, const uint8_t topic[ID_LEN]);
/* Whether both agreed on the topic since it changed last. */
bool peer_is_checked(const struct peer *p, const uint8_t topic[ID_LEN]);

/*
 * The set of `topic` is another one, without a new record to push: ids were
 * forgotten, or are known that are not held.  Unless the peer is where they
 * came from, they are compared again `wait_ms` from now.
 */
void peer_set_changed(struct peer *p, const uint8_t topic[ID_LEN],
                      bool from_this_peer, uint64_t wait_ms, uint64_t now_ms);
/*
 * The peer has made us remember too much (§5.9): until `until_ms` no session
 * with it goes on or begins.
 */
void peer_set_paused(struct peer *p, uint64_t until_ms, uint64_t now_ms);

/* Opens a session for the topic at that time or before, if it is shared. */
void peer_reconcile(struct peer *p, const uint8_t topic[ID_LEN],
                    uint64_t due_ms);

/*
 * A record that the peer has pushed links to an id that is not known: it may
 * have come before what it answers, or the peer may have more.  Opens a session
 * soon, once for each id.
 */
void peer_link_missing(struct peer *p, const uint8_t topic[ID_LEN],
                       const uint8_t id[ID_LEN], uint64_t now_ms);

/*
 * Appends as many whole frames as are due and fit, at least one if any is due
 * and `frames` is empty with room for NOISE_PLAINTEXT_MAX bytes.  Asks the set.
 *   ERR_NO_MEMORY, errors of the record set; the connection is to be ended
 */
MUST_CHECK enum err peer_pull(struct peer *p, struct writer *frames,
                              uint64_t now_ms);
/* Whether peer_pull() may have something to say now. */
bool peer_has_output(const struct peer *p);

/* When peer_tick() is due; UINT64_MAX for never. */
uint64_t peer_deadline(const struct peer *p);
/* Opens the sessions whose time has come, drops those that stall. */
MUST_CHECK enum err peer_tick(struct peer *p, uint64_t now_ms);

/* Whether the peer holds this topic too. */
bool peer_shares(const struct peer *p, const uint8_t topic[ID_LEN]);
/* The topic whose tag in the *peer's* role this is; false if not shared. */
bool peer_topic_of_tag(const struct peer *p, const uint8_t tag[HELLO_TAG_LEN],
                       uint8_t topic[ID_LEN]);
/* Our own tag for a shared topic, as other frames name it; false if not. */
bool peer_tag_of_topic(const struct peer *p, const uint8_t topic[ID_LEN],
                       uint8_t tag[HELLO_TAG_LEN]);
/* The shared topics, from number `first` on, at most `max`; returns how many.
 */
size_t peer_list_shared(const struct peer *p, struct peer_shared *out,
                        size_t first, size_t max);

#endif
