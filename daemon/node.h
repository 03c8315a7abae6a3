#ifndef DAEMON_NODE_H
#define DAEMON_NODE_H

#include <uv.h>

#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/home.h"
#include "daemon/keys.h"
#include "daemon/options.h"
#include "proto/record.h"

/*
 * The running node: owner of everything, and what the control methods may ask
 * of it.  All of it belongs to the loop's thread.  Callbacks come on the loop,
 * exactly once; where there is no memory, from inside the call that was given
 * them.  After node_shutdown() they come with ERR_SHUTDOWN if their work did
 * not get done.
 */
struct blob_copy;
struct node;
struct store;
struct store_batch;
struct store_follow;
struct store_result;
struct store_want;
struct blob_id;
struct node_reader;

/* ---- Life --------------------------------------------------------------- */

/*
 * Opens keys, store and blobs of the home and begins to listen and to dial.
 * The caller keeps `loop`, `options`, `home`, which is locked, and `config`
 * alive until node_free(); the node keeps its own copy of the config.
 *   ERR_KEY_DAMAGED, ERR_CORRUPT, ERR_VERSION, ERR_IO, ERR_NO_SPACE, ...: each
 *   was logged; nothing is left open
 */
MUST_CHECK enum err node_open(struct node **out, uv_loop_t *loop,
                              const struct options *options,
                              const struct home *home,
                              const struct config *config);
/*
 * Begins the end: nothing new is accepted, connections close, what is being
 * written is finished.  The loop then runs out of handles by itself.
 */
void node_shutdown(struct node *node);
/* After the loop has run out.  Accepts NULL. */
void node_free(struct node *node);
/* Reads troupe.conf again, logs what differs and does what can be done now. */
void node_reload(struct node *node);

uv_loop_t *node_loop(const struct node *node);
/* Asks the owner of the loop to end the daemon, as SIGTERM would. */
void node_ask_to_stop(struct node *node);
bool node_is_stopping(const struct node *node);

/* ---- What it is --------------------------------------------------------- */

const struct home *node_home(const struct node *node);
const struct config *node_config(const struct node *node);
/* Reads troupe.conf for `config check`; as config_load(). */
MUST_CHECK enum err node_config_check(const struct node *node,
                                      struct config_finding *finding);
const struct network *node_network(const struct node *node);
const struct node_keys *node_keys(const struct node *node);
/* NULL on a node without a person. */
const struct person_keys *node_person(const struct node *node);
/* From now on this machine signs for them; copied, wiped by the node. */
void node_set_person(struct node *node, const struct person_keys *keys);
struct store *node_store(const struct node *node);
/* The call board's topic. */
const uint8_t *node_board(const struct node *node);
/* The wall clock, as the test clock may have moved it. */
uint64_t node_clock_ms(const struct node *node);
/* ERR_REFUSED without --test-clock. */
MUST_CHECK enum err node_clock_set(struct node *node, uint64_t now_ms);
bool node_clock_is_test(const struct node *node);
/* The loop's time, which goes on by what the test clock is put forward by: for
 * rules that let somebody wait for longer than a test should. */
uint64_t node_elapsed_ms(const struct node *node);
uint64_t node_uptime_ms(const struct node *node);
/* HOST:PORT of each listener, with the port really bound; NULL past the last.
 */
const char *node_listening(const struct node *node, size_t i);
/* True if the usual port is taken, so that a free one is listened on. */
bool node_port_is_makeshift(const struct node *node);

/* ---- Writing ------------------------------------------------------------ */

/* The end of some work. */
typedef void node_done_fn(void *context, enum err e);

/*
 * Checks the form of one whole record that was signed here a moment ago, stores
 * it durably and tells the peers of its topic.  `record` is copied.  On ERR_OK
 * `result` says what became of it, valid in the call; else it is NULL.
 */
typedef void node_published_fn(void *context, enum err e,
                               const struct store_result *result);
void node_publish(struct node *node, struct bytes record,
                  node_published_fn *done, void *context);

/* What became of many records. */
#define NODE_IMPORT_ERRORS_MAX 16
struct node_import {
    uint64_t stored;
    uint64_t known;
    uint64_t refused;
    uint64_t over; /* of strangers, over their budgets: not kept at all */
    struct {
        uint64_t offset; /* of the record in the bytes */
        enum err err;
    } errors[NODE_IMPORT_ERRORS_MAX]; /* the first of them */
    size_t errors_count;
};
typedef void node_imported_fn(void *context, const struct node_import *result);
/* The same of one that is decoded; it is borrowed until `done`. */
void node_publish_record(struct node *node, const struct record *record,
                         node_published_fn *done, void *context);
/* As node_publish() for concatenated records; `records` is copied. */
void node_import(struct node *node, struct bytes records,
                 node_imported_fn *done, void *context);
/* The same for what somebody else has put together: kept as if a peer had
 * brought it (docs/protocol.md §5.8). */
void node_import_judged(struct node *node, struct bytes records,
                        node_imported_fn *done, void *context);

/*
 * Gives a filled batch to the one writer of the store.  It is applied in one
 * transaction after those before it; `done` reads its results and frees it,
 * whatever `e` is.  For records use node_publish(): nothing is told about those
 * written here.
 */
typedef void node_applied_fn(void *context, enum err e,
                             struct store_batch *batch);
void node_apply(struct node *node, struct store_batch *take,
                node_applied_fn *done, void *context);

/* ---- Topics, blobs ------------------------------------------------------ */

/*
 * Holds a topic from now on, also one that is not known yet, and fetches the
 * blobs that its policy asks for.  `follow` is copied.
 */
void node_follow(struct node *node, const struct store_follow *follow,
                 node_done_fn *done, void *context);
/*
 * Its owner follows the topic from now on, besides what it is held for: what is
 * seeded stays so, and for a pledge to everybody it is held as before.
 */
void node_follow_also(struct node *node, const uint8_t topic[ID_LEN],
                      node_done_fn *done, void *context);
void node_unfollow(struct node *node, const uint8_t topic[ID_LEN],
                   node_done_fn *done, void *context);
/* What of a topic is not kept here, and by which limit. */
struct node_kept {
    uint64_t over;        /* known, not held: over their author's budget */
    uint64_t quota_bytes; /* of records; 0: no bound */
    bool is_full;         /* only authors with standing are kept */
    uint64_t from_ms;     /* where the call board begins here */
};
void node_kept(const struct node *node, const uint8_t topic[ID_LEN],
               struct node_kept *out);
/*
 * True if every connected peer that shares the topic agrees with us on it and
 * at least one does.
 */
bool node_caught_up(const struct node *node, const uint8_t topic[ID_LEN]);

/*
 * Wants a blob for a topic until it is held; `done` when the wish is durable.
 * NODE_EVENT_BLOB tells of the end.
 */
void node_want_blob(struct node *node, const struct blob_id *blob,
                    const uint8_t topic[ID_LEN], node_done_fn *done,
                    void *context);
/* Rows of wants were written by node_apply(): look at them now. */
void node_wants_changed(struct node *node);
/* Bytes of a blob held here so far, whole or partial. */
uint64_t node_blob_progress(const struct node *node,
                            const struct blob_id *blob);
/* Somebody reads a blob while it comes (daemon/readers.h). */
void node_reader_start(struct node *node, struct node_reader *reader);
void node_reader_end(struct node *node, struct node_reader *reader);
/*
 * Copies what has come for it, is proved and not written yet: how many bytes
 * from its offset on, at most `len`.
 */
size_t node_reader_peek(struct node *node, const struct node_reader *reader,
                        uint8_t *out, size_t len);

/*
 * Writes the spans of a blob into this copy, too, while they come; keeps a
 * reference until node_copy_end().  NO_MEMORY
 */
MUST_CHECK enum err node_copy_begin(struct node *node, struct blob_copy *copy);
void node_copy_end(struct node *node, struct blob_copy *copy);

/* ---- Peers -------------------------------------------------------------- */

enum node_peer_state {
    NODE_PEER_WAITING,    /* known; to be dialled at next_dial_ms */
    NODE_PEER_CONNECTING, /* dialling, or in the handshake */
    NODE_PEER_CONNECTED,
    NODE_PEER_BANNED
};

/* The name of a state as it stands in JSON. */
const char *node_peer_state_name(enum node_peer_state state);

struct node_peer {
    uint8_t node[KEY_LEN];
    char address[ADDRESS_TEXT_MAX]; /* "" if none is known */
    enum node_peer_state state;
    bool dialled_by_us;
    bool manual;
    const char *path; /* rung of the ladder: "direct" or "lan" */
    unsigned topics;  /* shared with it */
    uint64_t rtt_ms;  /* 0: not measured */
    enum err last_error;
};

/* Enough for every peer that node_peers() tells of. */
#define NODE_PEERS_MAX 512
/* Connected peers first, then those of the address book; how many there are. */
size_t node_peers(const struct node *node, struct node_peer *out, size_t max);
size_t node_peers_connected(const struct node *node);

/*
 * Remembers where a node is, dials it at once and keeps trying.
 *   ERR_USAGE (address), ERR_SELF
 */
void node_peer_add(struct node *node, const uint8_t id[KEY_LEN],
                   const char *address, node_done_fn *done, void *context);
/* Forgets it and closes its connection. */
void node_peer_remove(struct node *node, const uint8_t id[KEY_LEN],
                      node_done_fn *done, void *context);
/* Closes its connection and refuses it until `until_ms`. */
void node_peer_ban(struct node *node, const uint8_t id[KEY_LEN],
                   uint64_t until_ms, node_done_fn *done, void *context);

/* ---- Events ------------------------------------------------------------- */

enum node_event_type {
    NODE_EVENT_RECORD,    /* a record is stored and durable: id, seq, topic */
    NODE_EVENT_BLOB,      /* a wanted blob is whole: blob, topic */
    NODE_EVENT_PROGRESS,  /* of a blob being fetched: blob, done_bytes */
    NODE_EVENT_PEER_UP,   /* id */
    NODE_EVENT_PEER_DOWN, /* id, err */
    NODE_EVENT_IN_SYNC    /* a peer agrees with us on a topic: id, topic */
};

/* What is set follows from the type; pointers are valid in the call. */
struct node_event {
    enum node_event_type type;
    uint64_t seq;
    const uint8_t *id; /* of the record, or the peer's node id */
    const uint8_t *topic;
    const uint8_t *author; /* of the record */
    uint64_t kind;
    const struct blob_id *blob;
    uint64_t done_bytes;
    enum err err;
};

/* Embedded in whoever listens; may unsubscribe itself from inside a call. */
struct node_listener {
    void (*on_event)(struct node_listener *listener,
                     const struct node_event *event);
    struct node_listener *next; /* private */
    struct node_listener *prev; /* private */
};
void node_subscribe(struct node *node, struct node_listener *listener);
void node_unsubscribe(struct node *node, struct node_listener *listener);
/* For the parts of the daemon: tells all who listen. */
void node_emit(struct node *node, const struct node_event *event);

#endif
