#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include <assert.h>
#include <stdint.h>

/*
 * Every limit of the protocol, in bytes unless its name says otherwise, with
 * its reason.  Those marked (frozen) decide which records are admitted: they
 * may never change within envelope version 1, or releases would differ.
 */

/* Sizes of keys, hashes and signatures: Ed25519, X25519, SHA-256. */
#define ID_LEN        32
#define KEY_LEN       32
#define SIGNATURE_LEN 64
#define HASH_LEN      32

/* Network name: lower-case letters, digits, '-'; fits one length byte. */
#define NETWORK_LEN_MAX 32

/* Noise: messages are 16-bit lengths; the tag is Poly1305's (Noise §3). */
#define NOISE_MESSAGE_MAX   65535
#define NOISE_TAG_LEN       16
#define NOISE_PLAINTEXT_MAX (NOISE_MESSAGE_MAX - NOISE_TAG_LEN)

/* A frame is type, varint length, payload, whole inside one Noise message. */
#define FRAME_HEADER_MAX  4 /* 1 + a varint of at most 3 bytes */
#define FRAME_PAYLOAD_MAX (NOISE_PLAINTEXT_MAX - FRAME_HEADER_MAX)

/* Records (frozen): any record fits one Noise message with its certificate. */
#define RECORD_HEAD_MAX        4096
#define RECORD_BODY_MAX        (56 * 1024)
#define RECORD_BODY_MIN        17 /* salt and an empty map */
#define RECORD_SALT_LEN        16
#define RECORD_LINKS_MAX       64
#define RECORD_CERTIFICATE_MAX 2048
#define RECORD_LEN_MAX                                                         \
    (RECORD_HEAD_MAX + RECORD_BODY_MAX + SIGNATURE_LEN +                       \
     RECORD_CERTIFICATE_MAX + 16)
#define RECORD_TIME_MAX_MS (((uint64_t)1 << 48) - 1)

static_assert(RECORD_LEN_MAX + 16 <= FRAME_PAYLOAD_MAX,
              "any record fits one frame beside its topic tag");

/* Of one person: as many as travel with every topic they have a record in. */
#define REVOCATIONS_MAX 64

/* Of the creator, before a leader may hand a project over; where the terms do
 * not say. */
#define SILENCE_DAYS 90

/* Canonical MessagePack (frozen): 2^53 - 1 is exact in JSON's doubles. */
#define MP_DEPTH_MAX 8
#define MP_INT_MAX   (((uint64_t)1 << 53) - 1)
/* Map keys are names of fields, not data. */
#define MP_KEY_MAX 64

/* One MessagePack-RPC message on the control socket, either way. */
#define CONTROL_MESSAGE_MAX (1024 * 1024)

/* Blobs.  Leaf and layer are BEP 52's; see docs/protocol.md §6. */
#define BLOB_LEAF_LEN       (16 * 1024)
#define BLOB_BLOCK_LEN      (64 * 1024)
#define BLOB_SPAN_LEN       (1024 * 1024)
#define BLOB_REQUEST_BLOCKS 16  /* blocks a request may ask for: one span */
#define BLOB_LAYER_PAGE     512 /* hashes of the layer in one page */
#define BLOB_INLINE_MAX     (16 * 1024)
#define BLOB_SIZE_MAX       ((uint64_t)1 << 44) /* 16 TiB */
#define BLOB_DATA_CHUNK_MAX (32 * 1024)

#define BLOB_SPAN_LEAVES (BLOB_SPAN_LEN / BLOB_LEAF_LEN)
/* Pages and uncles that the largest blob has. */
#define BLOB_PAGES_MAX  (1 << 15)
#define BLOB_UNCLES_MAX 15
/* Requests open on one connection in each direction. */
#define BLOB_REQUESTS_MAX 128
/* Watches open on one connection in each direction. */
#define BLOB_WATCHES_MAX 16
/* Bytes of a bitmap that one BLOB_HAVE carries: 32 GiB of the blob. */
#define BLOB_HAVE_MAX 4096
/* Bytes asked of one provider and not yet here. */
#define BLOB_WINDOW_MIN ((uint64_t)512 * 1024)
#define BLOB_WINDOW_MAX ((uint64_t)32 * 1024 * 1024)
/* Time in which a provider should never run dry beside the round trip. */
#define BLOB_SLACK_MS 20
/* A provider that owes bytes and sends none for so long is left; and where
 * another one sends meanwhile. */
#define BLOB_TIMEOUT_MS 15000
#define BLOB_SNUB_MS    2000
/* Spans that are fetched ahead of a reader, at most. */
#define BLOB_AHEAD_MAX 64
/* A small frame waits so long for bulk at most.  Less than the least would make
 * a packet of each piece; the most is what a fast way takes in a moment. */
#define PACE_MS        20
#define PACE_BYTES_MIN ((size_t)4 * 1024)
#define PACE_BYTES_MAX ((size_t)1024 * 1024)

static_assert(BLOB_SPAN_LEN == BLOB_REQUEST_BLOCKS * BLOB_BLOCK_LEN,
              "one request can ask for one span");
static_assert(BLOB_SIZE_MAX / BLOB_SPAN_LEN / BLOB_LAYER_PAGE == BLOB_PAGES_MAX,
              "the largest blob has the largest number of pages");

/* Sync (docs/protocol.md §5). */
#define SYNC_MESSAGE_MAX    FRAME_PAYLOAD_MAX
#define SYNC_ID_LIST_MAX    32 /* at or below: list ids instead of splitting */
#define SYNC_SPLIT          16
#define SYNC_FIRST_NEWEST   16
#define SYNC_FIRST_RANGES   31
#define SYNC_FIRST_LIST_MAX 64
#define SYNC_LANES          16
#define TOPICS_MAX          1024 /* topics one peer may name in a hello */
/* Sessions at once that one side of a connection has opened. */
#define SYNC_SESSIONS_MAX 4
/* Ranges in one message: each may cost a range sum. */
#define SYNC_RANGES_MAX 4096
/* Entries looked at to answer the id lists of one message; then it splits. */
#define SYNC_SCAN_MAX 65536
/* So many records behind a peer, a node fetches a topic from one at a time
 * (§5.3): until it brings nothing for so long, and no longer than this. */
#define SYNC_GATE_MIN     64
#define SYNC_GATE_TOPICS  16
#define SYNC_GATE_IDLE_MS 1000
#define SYNC_GATE_HOLD_MS 60000
/* Messages of one session; what is left then is for the next one. */
#define SYNC_ROUNDS_MAX 512
/* Coded symbols of one session, and kept of one topic: about 2,900 differences
 * can be told, of which records need more bytes by far. */
#define SYNC_SYMBOLS_MAX 4096
/* Of those, in one message: it fits a frame. */
#define SYNC_SYMBOLS_MESSAGE_MAX 2048
/* More records than any topic has; sums of counts below it do not overflow. */
#define SYNC_COUNT_MAX ((uint64_t)1 << 48)
/* Messages of symbols in one session. */
#define SYNC_SYMBOLS_ROUNDS_MAX 16
/* Ids that one message may ask for by their first bytes. */
#define SYNC_TAKE_MAX 4000
/* A topic of fewer records is cheap to split. */
#define SYNC_SYMBOLS_RECORDS_MIN 4096
/* Heads in one NOT_HELD frame. */
#define NOT_HELD_MAX 1000
/* New records waiting to be pushed to one peer; over it, topics reconcile. */
#define PEER_PUSHES_MAX 256
/* Signers whose certificate a peer is remembered to have. */
#define PEER_SIGNERS_MAX 256
/* Ids that records of one peer have named and that were looked for. */
#define PEER_MISSING_MAX 256
/* Sessions to be called off that wait to be said; more need no answer. */
#define PEER_STOPS_MAX 16
/* Frames of gossip waiting for one peer, in bytes; the same. */
#define PEER_GOSSIP_MAX ((size_t)16 * 1024)
/* Unasked-for messages that one peer may have sent, falling by the second. */
#define PEER_UNASKED_MAX     16384
#define PEER_UNASKED_PER_SEC 256
/* So much gossip a peer may have said of records that were new here (§5.6). */
#define PEER_CREDIT_MAX        65536
#define PEER_CREDIT_PER_RECORD 2

/* Gossip (docs/protocol.md §5.5).  Who knows of no more nodes than this sends
 * each new record to all of them. */
#define GOSSIP_FULL_MESH 8
/* Ids in one ANNOUNCE or GRAFT, and how long the first waits for others. */
#define GOSSIP_IDS_MAX  32
#define GOSSIP_BATCH_MS 10
/* Records with longer bodies go to one peer after another. */
#define GOSSIP_BODY_MAX 4096
/* A record made so lately is passed on though a session brought it. */
#define GOSSIP_NEW_MS 10000
/* An announced record is awaited so long, or 4 round trips. */
#define GOSSIP_GRAFT_MS 300

/* The overlay (§5.7): neighbours, wanted and at most; and nodes known. */
#define OVERLAY_ACTIVE_MIN  4
#define OVERLAY_ACTIVE      6
#define OVERLAY_ACTIVE_MAX  8
#define OVERLAY_DIALLED_MIN 2
#define OVERLAY_PASSIVE     36
/* Contacts in one shuffle, the sender's own not counted. */
#define OVERLAY_SHUFFLE_MAX 8
/* And where nothing has changed: all that an idle node says is 30 B/s. */
#define OVERLAY_SHUFFLE_IDLE 2
/* Steps of a JOIN that is passed on, and where it is noted (HyParView). */
#define OVERLAY_ACTIVE_WALK  6
#define OVERLAY_PASSIVE_WALK 3
/* Joins passed on over one connection: one in so long, so many at once.  They
 * are half of what its other end allows (§5.6). */
#define OVERLAY_JOIN_MS         64
#define OVERLAY_JOINS_MAX       1024
#define OVERLAY_SHUFFLE_MS      30000
#define OVERLAY_SHUFFLE_IDLE_MS 600000
/* Nobody can have an address dialled more often. */
#define OVERLAY_REDIAL_MS    600000
#define ANNOUNCEMENT_LIVE_MS ((uint64_t)7 * DAY_MS)

/*
 * What a node keeps of an author without standing, in one topic, of one UTC
 * day: more than a person writes, less than fills a disk (§5.8).
 */
#define BUDGET_RECORDS_MAX 64
#define BUDGET_BYTES_MAX   ((uint32_t)256 * 1024)
/* Entries known and not held that one peer may add in an hour (§5.9). */
#define KNOWN_PEER_MAX 20000
#define KNOWN_EVERY_MS 3600000
/* People with standing in one topic; those beyond them are strangers. */
#define STANDING_MAX 65536

static_assert(BUDGET_BYTES_MAX >= RECORD_HEAD_MAX + RECORD_BODY_MAX,
              "the smallest id of a day is kept, whatever its size");

/* Leases (docs/protocol.md §6.6): a word on what a node held a week ago is
 * worth nothing; clocks may differ by a day. */
#define LEASE_LIVE_MS  ((uint64_t)7 * DAY_MS)
#define LEASE_AHEAD_MS ((uint64_t)DAY_MS)
/* Blobs in one lease, and names in a page of its list: 40 KiB. */
#define LEASE_COUNT_MAX ((uint64_t)1 << 18)
#define LEASE_PAGE      1024
/* Leases in one frame, and of one topic: more holders need not be named. */
#define LEASES_FRAME_MAX 64
#define LEASES_TOPIC_MAX 256
/* Leases that one peer may bring at once, and by the second after that. */
#define LEASES_BURST_MAX 1024
#define LEASES_PER_SEC   16
/* An answer to a challenge, or a page of a list, has to come in this time. */
#define LEASE_ANSWER_MS 20000
/* Challenges and pages that one peer may ask for, as above. */
#define LEASE_ASKS_BURST_MAX 512
#define LEASE_ASKS_PER_SEC   16
/* Whom this node challenged so long ago counts as a holder no more. */
#define LEASE_TRUST_MS ((uint64_t)7 * DAY_MS)

static_assert(LEASE_PAGE * 40 + 1024 <= FRAME_PAYLOAD_MAX,
              "a page of names and what proves it fit a frame");

/* Times, in milliseconds. */
#define HANDSHAKE_TIMEOUT_MS 5000
#define PING_IDLE_MS         60000
#define PING_DIALLED_MS      62000 /* so that not both ask */
#define PING_SIGNS           2     /* of life, before a question */
#define PING_BUSY_MS         5000
#define SESSION_DEAD_MS      20000 /* a ping unanswered this long */
#define SYNC_EVERY_MS        30000
#define SYNC_RETRY_MIN_MS    2000
#define SYNC_RETRY_MAX_MS    600000
#define SYNC_STALL_MS        600000   /* a session without a word */
#define SYNC_AUDIT_MS        86400000 /* compared, though nothing has changed */
#define DIAL_BACKOFF_MIN_MS  3000
#define DIAL_BACKOFF_MAX_MS  3600000
#define BAN_MS               3600000
#define DAY_MS               86400000

/* A transport key is renewed after this many messages (Noise §11.3). */
#define REKEY_MESSAGES ((uint64_t)1 << 20)

/* Handshakes open at once; the oldest of the most crowded network goes. */
#define HANDSHAKES_MAX 64

/* Connections (design of reachability: spread, bounded). */
#define PEERS_OUT_MAX 8
#define PEERS_IN_MAX  128

#endif
