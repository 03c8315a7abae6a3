#ifndef PROTO_BLOB_MSG_H
#define PROTO_BLOB_MSG_H

#include "proto/blob_tree.h"
#include "proto/frame.h"

/*
 * Payloads of the eight blob frames (docs/protocol.md §6.3), without the
 * frame's own header.  Decoding checks all that can be checked without knowing
 * what was asked; views point into the payload.
 */

#define BLOB_TAG_LEN 8

/* What a BLOB_ASK asks for. */
enum blob_what { BLOB_WHAT_LAYER, BLOB_WHAT_BLOCKS, BLOB_WHAT_INNER };

struct blob_ask {
    uint8_t tag[BLOB_TAG_LEN]; /* of the asker's role */
    struct blob_id id;
    enum blob_what what;
    uint64_t first; /* page, block or span, which the blob has */
    uint32_t count; /* blocks, inside one span; else 0 */
};

struct blob_msg {
    enum frame_type type; /* one of FRAME_BLOB_* */
    uint32_t request;
    union {
        struct blob_ask ask;
        struct {
            uint8_t tag[BLOB_TAG_LEN]; /* of the asker's role */
            struct blob_id id;
        } watch;
        struct {
            uint64_t first;    /* span of the lowest bit, a multiple of 8 */
            struct bytes bits; /* 1 to BLOB_HAVE_MAX bytes */
        } have;
        struct {
            uint64_t page;
            struct bytes uncles; /* at most BLOB_UNCLES_MAX hashes */
            struct bytes hashes; /* 1 to BLOB_LAYER_PAGE */
        } layer;
        struct {
            uint64_t offset;
            struct bytes bytes; /* 1 to BLOB_DATA_CHUNK_MAX */
        } data;
        struct {
            uint64_t span;
            struct bytes hashes; /* 1 to BLOB_SPAN_LEAVES */
        } inner;
        enum err end; /* ERR_NOT_HELD stands for codes not known here */
    };
};

/* Longest payload, that of a full page; for a caller's fixed buffer. */
#define BLOB_MSG_MAX                                                           \
    (BLOB_DATA_CHUNK_MAX > BLOB_LAYER_PAGE * HASH_LEN                          \
         ? BLOB_DATA_CHUNK_MAX + 16                                            \
         : (BLOB_LAYER_PAGE + BLOB_UNCLES_MAX) * HASH_LEN + 16)

/*
 * Decodes the payload of a frame of type `type`, one of FRAME_BLOB_*.
 *   ERR_TRUNCATED, ERR_TRAILING, ERR_NOT_CANONICAL  not the message's form
 *   ERR_TOO_LARGE  more hashes or bytes than one message may carry
 *   ERR_MALFORMED  asks for what the blob cannot have, or brings nothing
 */
MUST_CHECK enum err blob_msg_decode(struct blob_msg *out, enum frame_type type,
                                    struct bytes payload);

/* Appends the payload; `msg` is one that blob_msg_decode() would accept. */
void blob_msg_encode(struct writer *w, const struct blob_msg *msg);

/* Bytes of the blob that an ask for blocks covers: [*from, *to). */
void blob_ask_range(const struct blob_ask *ask, uint64_t *from, uint64_t *to);

#endif
