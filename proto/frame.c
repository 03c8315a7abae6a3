/* The framing inside a decrypted message; payloads are others' business. */
#include "proto/frame.h"

#include <assert.h>

bool frame_is_known(uint8_t type)
{
    switch (type) {
    case FRAME_ANNOUNCE:
    case FRAME_PING:
    case FRAME_GRAFT:
    case FRAME_PONG:
    case FRAME_PRUNE:
    case FRAME_CLOSE:
    case FRAME_OVERLAY:
    case FRAME_HELLO:
    case FRAME_LEASES:
    case FRAME_SYNC:
    case FRAME_HELD_ASK:
    case FRAME_RECORD:
    case FRAME_HELD:
    case FRAME_NOT_HELD:
    case FRAME_CHALLENGE:
    case FRAME_BLOB_ASK:
    case FRAME_LEAF:
    case FRAME_BLOB_LAYER:
    case FRAME_BLOB_WATCH:
    case FRAME_BLOB_DATA:
    case FRAME_BLOB_HAVE:
    case FRAME_BLOB_END:
    case FRAME_BLOB_MANY:
    case FRAME_BLOB_CANCEL:
    case FRAME_BLOB_SMALL:
    case FRAME_BLOB_INNER:
        return true;
    default:
        return false;
    }
}

bool frame_is_blob(uint8_t type)
{
    return type == FRAME_BLOB_WATCH || type == FRAME_BLOB_HAVE ||
           type == FRAME_BLOB_MANY || type == FRAME_BLOB_SMALL ||
           (type >= FRAME_BLOB_ASK && type <= FRAME_BLOB_INNER &&
            type % 2 == 0);
}

bool frame_is_bulk(uint8_t type)
{
    return type == FRAME_BLOB_LAYER || type == FRAME_BLOB_DATA ||
           type == FRAME_BLOB_INNER || type == FRAME_BLOB_END ||
           type == FRAME_BLOB_SMALL;
}

size_t frame_header(uint8_t out[FRAME_HEADER_MAX], uint8_t type, size_t len)
{
    struct writer w = writer_fixed(out, FRAME_HEADER_MAX);

    assert(len <= FRAME_PAYLOAD_MAX);
    writer_u8(&w, type);
    writer_varint(&w, len);
    assert(w.err == ERR_OK);
    return w.len;
}

enum err frame_next(struct frame *out, struct reader *r)
{
    uint8_t type = reader_u8(r);
    uint64_t len = reader_varint(r);
    struct bytes payload;

    if (len > r->left)
        reader_fail(r, ERR_TRUNCATED);
    payload = reader_bytes(r, r->err == ERR_OK ? (size_t)len : 0);
    if (r->err == ERR_OK)
        *out = (struct frame){ .type = type, .payload = payload };
    return r->err;
}

enum err frame_check_all(struct bytes text)
{
    struct reader r = reader_of(text);
    struct frame f;

    do { /* every turn takes at least two bytes of text */
        enum err e = frame_next(&f, &r);

        if (e != ERR_OK)
            return e;
        if (f.type % 2 == 0 && !frame_is_known(f.type))
            return ERR_UNKNOWN_FRAME;
    } while (r.left > 0);
    return ERR_OK;
}
