#ifndef PROTO_LEASE_MSG_H
#define PROTO_LEASE_MSG_H

#include "proto/frame.h"
#include "proto/leaf_proof.h"
#include "proto/lease.h"

/*
 * Payloads of the five frames that leases need (docs/protocol.md §6.7, §6.8),
 * without the frame's own header.  Decoding checks all that can be checked
 * without knowing what was asked; views point into the payload.
 */

#define LEASE_TAG_LEN 8

/* What a HELD_ASK asks for. */
enum lease_what { LEASE_WHAT_PAGE, LEASE_WHAT_BLOB };

struct lease_msg {
    enum frame_type type;       /* FRAME_LEASES to FRAME_LEAF */
    uint32_t request;           /* but of LEASES */
    uint8_t tag[LEASE_TAG_LEN]; /* of LEASES, HELD_ASK and CHALLENGE */
    union {
        struct bytes leases; /* for lease_msg_next() */
        struct {
            uint8_t node[KEY_LEN]; /* whose lease, and the list's root */
            uint8_t root[HASH_LEN];
            enum lease_what what;
            uint64_t page;
            struct blob_id blob;
        } held_ask;
        struct {
            enum err code; /* ERR_NOT_HELD for codes not known here */
            struct lease_proof proof; /* with ERR_OK */
        } held;
        struct {
            struct blob_id blob; /* not the empty one */
            uint64_t leaf;
        } challenge;
        struct {
            enum err code;
            struct bytes siblings; /* with ERR_OK */
            struct bytes bytes;    /* 1 to BLOB_LEAF_LEN */
        } leaf;
    };
};

/* Longest payload: a page of names with its uncles, or leases. */
#define LEASE_MSG_MAX                                                          \
    (LEASE_PAGE * LEASE_NAME_LEN + LEASE_UNCLES_MAX * HASH_LEN + 64)

static_assert(LEASE_TAG_LEN + LEASES_FRAME_MAX * (LEASE_MAX + 2) <=
                  LEASE_MSG_MAX,
              "so many leases fit");
static_assert(BLOB_LEAF_LEN + LEAF_UNCLES_MAX * HASH_LEN + 64 <= LEASE_MSG_MAX,
              "a leaf fits");

bool lease_msg_is(uint8_t type);

/*
 * Decodes the payload of a frame of such a type.
 *   ERR_TRUNCATED, ERR_TRAILING, ERR_NOT_CANONICAL  not the message's form
 *   ERR_TOO_LARGE  more names, hashes, bytes or leases than may be in one
 *   ERR_MALFORMED  asks for what cannot be, or brings nothing
 */
MUST_CHECK enum err lease_msg_decode(struct lease_msg *out,
                                     enum frame_type type,
                                     struct bytes payload);
/* Appends the payload; `msg` is one that lease_msg_decode() would accept. */
void lease_msg_encode(struct writer *w, const struct lease_msg *msg);

/* One lease after the other, starting with reader_of(msg.leases). */
bool lease_msg_next(struct reader *leases, struct bytes *out);
/* Appends one to what becomes `leases`. */
void lease_msg_add(struct writer *leases, struct bytes lease);

/*
 * How much one peer may send of something that costs: so many at once, and so
 * many by the second after that.
 */
struct lease_meter {
    uint32_t used;
    uint64_t since_ms;
};
bool lease_meter_take(struct lease_meter *meter, uint32_t burst,
                      uint32_t per_sec, uint64_t now_ms);

#endif
