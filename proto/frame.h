#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Frames: type (1 byte), length (varint), payload; whole inside one Noise
 * message (protocol.md §4.3, §4.4).
 */

enum frame_type {
    FRAME_ANNOUNCE = 1,
    FRAME_PING = 2,
    FRAME_GRAFT = 3,
    FRAME_PONG = 4,
    FRAME_PRUNE = 5,
    FRAME_CLOSE = 6,
    FRAME_OVERLAY = 7,
    FRAME_HELLO = 8,
    FRAME_LEASES = 9,
    FRAME_SYNC = 10,
    FRAME_HELD_ASK = 11,
    FRAME_RECORD = 12,
    FRAME_HELD = 13,
    FRAME_NOT_HELD = 14,
    FRAME_CHALLENGE = 15,
    FRAME_BLOB_ASK = 16,
    FRAME_LEAF = 17,
    FRAME_BLOB_LAYER = 18,
    FRAME_BLOB_WATCH = 19,
    FRAME_BLOB_DATA = 20,
    FRAME_BLOB_HAVE = 21,
    FRAME_BLOB_END = 22,
    FRAME_BLOB_MANY = 23,
    FRAME_BLOB_CANCEL = 24,
    FRAME_BLOB_SMALL = 25,
    FRAME_BLOB_INNER = 26
};

struct frame {
    uint8_t type;
    struct bytes payload; /* borrowed from what was read */
};

/* Whether this release knows the type. */
bool frame_is_known(uint8_t type);
/* Whether it is one of FRAME_BLOB_* (§6.3). */
bool frame_is_blob(uint8_t type);
/* Bulk waits for control (protocol.md §4.5). */
bool frame_is_bulk(uint8_t type);

/* Writes type and length of a frame of `len` bytes; returns 2 to 4. */
size_t frame_header(uint8_t out[FRAME_HEADER_MAX], uint8_t type, size_t len);

/*
 * Takes the next frame.  Unknown types are returned like others.
 *   ERR_TRUNCATED, ERR_NOT_CANONICAL  and *out is kept
 */
MUST_CHECK enum err frame_next(struct frame *out, struct reader *r);

/*
 * Checks that `text` is one or more whole frames and that none is of an
 * unknown even type (ERR_UNKNOWN_FRAME).
 */
MUST_CHECK enum err frame_check_all(struct bytes text);

#endif
