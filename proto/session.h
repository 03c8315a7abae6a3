#ifndef PROTO_SESSION_H
#define PROTO_SESSION_H

#include "proto/frame.h"
#include "proto/introduction.h"
#include "proto/noise.h"
#include "proto/outbox.h"

/*
 * One connection to a peer (protocol.md §4): handshake, frames, queues, ping,
 * close.  Bytes and time in, bytes and events out; no callbacks.  A session is
 * owned by one thread.  How a caller drives it:
 *
 *   bytes came   session_recv() until it uses none; after each event with
 *                `frames`, session_next_frame() until it says false
 *   any call     then session_pull() while it yields bytes and the socket takes
 *                them, and arm one timer for session_deadline()
 *   timer        session_tick()
 *   an error     pull and write what is left (at most one CLOSE), then end the
 *                connection; session_wipe()
 */

/* A Noise message with its 16-bit length: what session_pull() may write. */
#define SESSION_MESSAGE_MAX (2 + NOISE_MESSAGE_MAX)

/* Bytes that may wait to be sent, each frame counted with OUTBOX_COST. */
#define SESSION_CONTROL_MAX ((size_t)4 << 20)
#define SESSION_BULK_MAX    ((size_t)2 << 20)

/* The largest handshake message: keys, payload and its tag. */
#define SESSION_HANDSHAKE_MAX (NOISE_KEYS_1 + INTRODUCTION_MAX + AEAD_TAG_LEN)

/*
 *   HANDSHAKE --- message 2 or 3 proves the peer --> OPEN
 *   HANDSHAKE --- fault, 5 s, session_close() -----> CLOSED
 *   OPEN -------- session_close(), or a fault
 *                 in a message that decrypts ------> CLOSING
 *   OPEN -------- peer's CLOSE, silence, or a
 *                 message that does not decrypt ---> CLOSED
 *   CLOSING ----- its CLOSE is pulled, or 5 s -----> CLOSED
 *
 * Nothing is read in CLOSING or CLOSED.  In CLOSED all secrets are wiped.
 */
enum session_state {
    SESSION_HANDSHAKE,
    SESSION_OPEN,
    SESSION_CLOSING,
    SESSION_CLOSED
};

struct session_config {
    bool dialler;
    const struct network *network; /* borrowed until session_wipe() */
    const struct node_keys *keys;  /* borrowed until session_wipe() */
    const uint8_t *expected_node;  /* KEY_LEN bytes, or NULL: any node */
    uint8_t ephemeral[KEY_LEN];    /* random; the caller wipes its copy */
    uint64_t features;             /* at most MP_INT_MAX */
    uint64_t rekey_every;          /* 0: REKEY_MESSAGES */
};

struct session {
    enum session_state state;
    enum err why; /* once CLOSING or CLOSED */
    bool is_dialler;
    const struct network *network;
    const struct node_keys *keys;
    bool has_expected_node;
    uint8_t expected_node[KEY_LEN];
    uint64_t features;
    uint64_t rekey_every;

    /* Set once OPEN; `ask` is secret, all are zero again in CLOSED but node. */
    uint8_t peer_node[KEY_LEN];
    uint8_t ask[HASH_LEN];
    uint8_t handshake_hash[HASH_LEN];
    uint64_t peer_features;
    uint64_t peer_version;

    struct noise noise;
    struct noise_cipher tx;
    struct noise_cipher rx;
    uint8_t handshake[2 + SESSION_HANDSHAKE_MAX]; /* waits to be pulled */
    size_t handshake_len;

    struct outbox control;
    struct outbox bulk;
    struct reader frames; /* left of the last message, in the caller's buffer */

    uint64_t now_ms; /* monotonic, as last told by the caller */
    uint64_t started_ms;
    uint64_t closing_ms;
    uint64_t heard_ms;  /* when bytes last came */
    size_t partial_len; /* of the message that is still incomplete */
    bool busy;
    uint64_t busy_since_ms;
    bool ping_due;     /* to be pulled */
    bool ping_asks;    /* it wants an answer, and is no mere sign of life */
    uint64_t sign_ms;  /* when the last such sign was due */
    unsigned signs;    /* since something was heard */
    uint64_t asked_ms; /* when silence made us ask */
    bool ping_open;    /* due or sent, and nothing heard since */
    bool pong_awaited; /* sent, its PONG has not come */
    uint8_t ping_number;
    uint64_t ping_ms;
    bool pong_due;
    uint8_t pong;
    uint64_t rtt_ms; /* of the last answered ping; 0 before the first */
};

/* What a call to session_recv() brought; several may be true at once. */
struct session_event {
    bool opened;   /* peer_node, ask, handshake_hash are set; told once */
    bool frames;   /* session_next_frame() has some */
    bool closed;   /* the peer's CLOSE came, after the frames if any */
    enum err code; /* what it said, ERR_CLOSED for a code not known here */
};

/* Starts in HANDSHAKE; a dialler's first message can be pulled at once. */
void session_init(struct session *s, const struct session_config *config,
                  uint64_t now_ms);

/* Wipes secrets and frees queues in any state; accepts a zeroed session. */
void session_wipe(struct session *s);

/*
 * Takes at most one Noise message from the start of `buf`, decrypting it in
 * place.  *used is its length, or 0 if it is incomplete: come again with the
 * same bytes and more; SESSION_MESSAGE_MAX is always enough.  Any error leaves
 * the session CLOSING (pull the CLOSE) or CLOSED, *used and *ev are zero:
 *   ERR_BAD_HANDSHAKE  other network, other protocol, or altered on the way
 *   ERR_BAD_KEY, ERR_BAD_SIGNATURE  the peer does not prove its key
 *   ERR_WRONG_NODE     not the expected node;   ERR_SELF  this node itself
 *   ERR_BAD_CIPHERTEXT, ERR_TRUNCATED, ERR_NOT_CANONICAL, ERR_UNKNOWN_FRAME,
 *   ERR_MALFORMED      a message breaks the protocol
 *   ERR_NO_MEMORY      no room for the ciphers
 *   ERR_OUT_OF_ORDER   called in CLOSING or CLOSED; nothing has changed
 */
MUST_CHECK enum err session_recv(struct session *s, uint64_t now_ms,
                                 uint8_t *buf, size_t len, size_t *used,
                                 struct session_event *ev);

/*
 * The next frame of the message just received; false when there is none.  The
 * payload points into the buffer given to session_recv().  All frames are whole
 * and of types that frame_is_known(); PING, PONG and CLOSE never appear.
 */
bool session_next_frame(struct session *s, struct frame *out);

/*
 * Queues a frame whose payload is the parts joined (copied once here).  Control
 * or bulk follows from the type.
 *   ERR_NO_SPACE      the queue is full; nothing was queued
 *   ERR_TOO_LARGE     over FRAME_PAYLOAD_MAX
 *   ERR_NO_MEMORY
 *   ERR_OUT_OF_ORDER  the session is not OPEN
 */
MUST_CHECK enum err session_queue(struct session *s, uint8_t type,
                                  const struct bytes *parts, size_t count);
/* The longest payload that session_queue() of this type takes now. */
size_t session_room(const struct session *s, uint8_t type);

/*
 * Writes the next message with its 2-byte length to `out`: handshake, else as
 * many whole frames as fit, control before bulk, bulk only if allowed.  *len is
 * 0 when nothing waits.  In CLOSING the message is a CLOSE, and the session is
 * CLOSED when it is written.  `cap` is at least SESSION_MESSAGE_MAX.
 */
void session_pull(struct session *s, uint64_t now_ms, uint8_t *out, size_t cap,
                  size_t *len, bool allow_bulk);
/* Whether session_pull() would write something. */
bool session_has_output(const struct session *s, bool allow_bulk);

/*
 * Ends the session: OPEN becomes CLOSING, what is queued is dropped for one
 * CLOSE with this code; HANDSHAKE becomes CLOSED, as strangers learn nothing.
 */
void session_close(struct session *s, enum err why);

/*
 * Advances the clock: asks for a PING after silence, and returns ERR_TIMEOUT,
 * with the session CLOSED, when a handshake or an answer took too long.
 */
MUST_CHECK enum err session_tick(struct session *s, uint64_t now_ms);
/* When session_tick() is due; UINT64_MAX for never. */
uint64_t session_deadline(const struct session *s);

/* While busy (something is unanswered), silence is asked about after 5 s. */
void session_set_busy(struct session *s, uint64_t now_ms, bool busy);
/* Silence until now was our own doing: the caller had stopped reading. */
void session_excuse(struct session *s, uint64_t now_ms);

#endif
