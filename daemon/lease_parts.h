#ifndef DAEMON_LEASE_PARTS_H
#define DAEMON_LEASE_PARTS_H

#include "daemon/lane.h"
#include "daemon/lease_check.h"
#include "daemon/leases.h"
#include "daemon/named.h"
#include "proto/lease_msg.h"
#include "store/lease_rows.h"

/*
 * What the files of leases share: leases.c their life and what comes in,
 * lease_table.c what is known, lease_own.c what this node says of itself,
 * lease_talk.c what is exchanged, lease_ask.c lists and challenges that are
 * asked for, lease_answer.c those that are answered, holders.c what follows.
 * For nobody else.
 */
struct conn;

enum {
    LEASE_PEERS_MAX = PEERS_IN_MAX + 64,
    /* Rows of all topics together: some 8 MB. */
    LEASE_ROWS_MAX = 16384,
    /* After so long without a change, and at least so long for each blob that
     * there is, a new lease is made. */
    LEASE_QUIET_MS = 1000,
    LEASE_QUIET_BLOB_MS = 5,
    LEASE_QUIET_MAX_MS = 300000,
    /* And without any change, as old as this (§6.6: at least once a day). */
    LEASE_RENEW_MS = DAY_MS,
    /* Leaves that are read at once, for all peers together: a peer may ask for
     * one at a time, and each takes the reading and hashing of a span. */
    LEASE_READS_MAX = 2,
};

/* A lease that is known, and what this node does about it. */
struct lease_row {
    struct store_lease at;
    uint64_t next_ms;  /* not challenged again before; monotonic */
    uint64_t list_ms;  /* its list is not asked for again before */
    unsigned failures; /* in a row */
    bool is_asked;     /* a list or a leaf is being waited for */
    bool is_bogus;     /* its list is none */
    /* Roots of the list's pages, once somebody has asked for a part of it; so
     * that each list is hashed once, however often that is. */
    struct writer roots;
};

struct lease_topic {
    struct lease_topic *next;
    uint8_t topic[ID_LEN];
    struct lease_row *rows; /* ascending by node */
    size_t count;
    size_t cap;
    bool is_held;       /* by this node: seen at the last look */
    bool is_seeded;     /* it means to hold files, though it may have none */
    bool is_dirty;      /* blobs came or went since our own lease */
    bool is_writing;    /* our own lease is being made durable */
    uint64_t dirty_ms;  /* when the last one did */
    uint64_t own_count; /* of the list of ours */
    bool is_asked;      /* somebody wants to see its files */
    bool has_named;
    struct named named;
    bool is_counted;
    uint64_t counted_ms;       /* by the wall clock */
    uint64_t counted_until_ms; /* then leases, or our trust, end */
    uint64_t count_again_ms;   /* not before: counting takes long; monotonic */
};

/* What is open with one peer. */
enum lease_asked { LEASE_NOTHING, LEASE_LIST, LEASE_LEAF };

struct lease_peer {
    struct conn *conn; /* NULL: free */
    uint64_t number;
    uint64_t *told; /* the topics whose leases it was told: their first bytes */
    size_t told_count;
    size_t told_cap;
    struct lease_meter brought;
    struct lease_meter asked;
    bool is_reading; /* a leaf for it, on the pool or in line before it */
    enum lease_asked open;
    uint32_t request;
    uint64_t deadline_ms;
    uint8_t topic[ID_LEN]; /* whose lease it is about */
    uint8_t node[KEY_LEN];
    uint8_t root[HASH_LEN];
    uint64_t page;                /* LIST: asked for now */
    uint8_t last[LEASE_NAME_LEN]; /* LIST: the last name so far */
    struct blob_id blob;          /* LEAF */
    uint64_t leaf;
    struct lease_checks *checks; /* LEAF: somebody waits for it; or NULL */
    size_t check;                /* which of them */
};

struct leases {
    struct node_listener listener; /* first: on_event casts back */
    struct node *node;
    uv_timer_t timer;
    bool is_stopping;
    bool tells;     /* what its owner wished at the last look */
    unsigned reads; /* leaves on the pool, or in line before it */
    struct lane lane;
    uint32_t requests;
    struct lease_topic *topics;
    size_t rows;
    struct lease_checks *checks;
    struct lease_peer peers[LEASE_PEERS_MAX];
};

static inline uint64_t lease_now_ms(const struct leases *l)
{
    return uv_now(node_loop(l->node));
}

/* --- lease_table.c --- */

struct lease_topic *lease_topic_find(const struct leases *leases,
                                     const uint8_t topic[ID_LEN]);
struct lease_row *lease_row_find(const struct lease_topic *topic,
                                 const uint8_t node[KEY_LEN]);
bool lease_row_is_own(const struct leases *leases, const struct lease_row *row);
/* Of a node that has none there.  NULL without memory. */
struct lease_row *lease_row_insert(struct lease_topic *topic,
                                   const uint8_t node[KEY_LEN]);
/* Of another list, or of none any more. */
void lease_row_forget_roots(struct lease_row *row);

/* Names in all lists of the topic that are here or on their way. */
uint64_t lease_table_names(const struct lease_topic *topic);
/* Whether a list of `count` names fits beside so many others, where records
 * name `named` blobs (§6.7). */
#define LEASE_NAMES_EACH 64
#define LEASE_NAMES_MIN  1024
bool lease_list_fits(uint64_t named, uint64_t names, uint64_t count);

/* What it takes to tell how much a row matters. */
struct lease_eye {
    const uint8_t *own; /* KEY_LEN bytes */
    uint64_t now_ms;
    bool (*is_connected)(void *context, const uint8_t node[KEY_LEN]);
    void *context;
};
/*
 * The topic of which a row has to go before one more is put into `topic`: the
 * same, or where the rows of all topics are too many, the most crowded one.
 * NULL: there is room.
 */
struct lease_topic *lease_table_full(struct lease_topic *topics, size_t rows,
                                     struct lease_topic *topic);
/*
 * Which of its rows goes for one of that node: the least that matters less than
 * it or, where the new one goes to another topic (`is_other`), as little.
 * False: none.  A stranger's word does not push out another's beside it.
 */
bool lease_table_least(const struct lease_eye *eye,
                       const struct lease_topic *crowded, bool is_other,
                       const uint8_t node[KEY_LEN], size_t *at);

/* --- leases.c --- */

/* Blobs may have come or gone since: what is counted follows. */
void lease_look_at_changes(struct leases *leases);
/* Comes back soon. */
void lease_wake(struct leases *leases, uint64_t wait_ms);
struct lease_peer *lease_peer_of(struct leases *leases,
                                 const struct conn *conn);

/* --- lease_known.c --- */

/* Made if it is not there.  NULL without memory. */
struct lease_topic *lease_topic_get(struct leases *leases,
                                    const uint8_t topic[ID_LEN]);
/*
 * Takes in a lease whose signature is right: true if it is new, and then it is
 * written.  A row that is less worth may have to go for it.
 */
bool lease_take(struct leases *leases, struct lease_topic *topic,
                const struct lease *lease, struct bytes bytes);
/* What this node knows of it has changed: it is written. */
void lease_write_row(struct leases *leases, const struct lease_row *row);
/* Takes the row out of memory and off the disk. */
void lease_drop_row(struct leases *leases, struct lease_topic *topic,
                    size_t at);
/* Counts of the topic are not those of now any more. */
void lease_uncount(struct lease_topic *topic);

/* --- lease_own.c --- */

/* Says anew what this node holds of the topic, if it is time. */
void lease_own_look(struct leases *leases, struct lease_topic *topic);

/* --- lease_talk.c --- */

/* Tells the peer the leases of topics that it has not been told. */
void lease_tell(struct leases *leases, struct lease_peer *peer);
/* Passes one on to all but `from`, who brought it (NULL: it is our own). */
void lease_pass_on(struct leases *leases, const struct store_lease *lease,
                   const struct lease_peer *from);
void lease_forget_told(struct lease_peer *peer);
/* Queues one message; false if there is no room for it now. */
bool lease_send(struct lease_peer *peer, const struct lease_msg *msg);

/* --- lease_ask.c --- */

/* Asks for what is due: lists and challenges. */
void lease_ask_look(struct leases *leases);
void lease_ask_held(struct leases *leases, struct lease_peer *peer,
                    const struct lease_msg *msg);
void lease_ask_leaf(struct leases *leases, struct lease_peer *peer,
                    const struct lease_msg *msg);
/* The connection ends: neither passed nor failed. */
void lease_ask_gone(struct leases *leases, struct lease_peer *peer);

/* --- lease_check.c --- */

/* The challenge of that peer that somebody waits for: sets the blob and who
 * waits; NULL: none can be asked for now. */
struct lease_row *lease_check_next(struct leases *leases,
                                   struct lease_peer *peer,
                                   struct lease_topic **topic);
/* What came of it, if somebody waits: ERR_CANCELLED, the peer has gone;
 * ERR_NOT_FOUND, it says something else by now. */
void lease_check_judged(struct leases *leases, struct lease_peer *peer,
                        enum err e);
/* Whether the blob may be about to go from here. */
bool lease_check_is_leaving(const struct leases *leases,
                            const struct blob_id *blob);
/* Those that cannot be asked for are settled, and who waits is told. */
void lease_check_look(struct leases *leases);

/* --- lease_answer.c --- */

void lease_answer_held(struct leases *leases, struct lease_peer *peer,
                       const struct lease_msg *msg);
void lease_answer_challenge(struct leases *leases, struct lease_peer *peer,
                            const struct lease_msg *msg);

#endif
