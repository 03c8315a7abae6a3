#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/err.h"

/*
 * Bytes, and the only two ways in which wire bytes are touched: a reader that
 * checks every bound and a writer that never passes its maximum.  In both the
 * first error sticks, so that a decoder reads straight on and asks once.
 *
 * The smallest functions stand here and not in bytes.c: each record is read by
 * hundreds of calls of them.
 */

/* A borrowed view: never owns, never outlives what it points into. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

/* A view of a string literal, without its NUL. */
#define BYTES_LITERAL(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
/* A view of a whole array. */
#define BYTES_ARRAY(a) ((struct bytes){ (a), sizeof(a) })

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Order of memcmp, a proper prefix first: <0, 0 or >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* A cursor; after its first error, reads yield zeros and empty views. */
struct reader {
    const uint8_t *pos;
    size_t left;
    enum err err;
};

static inline struct reader reader_of(struct bytes src)
{
    assert(src.data != NULL || src.len == 0);
    return (struct reader){ .pos = src.data, .left = src.len, .err = ERR_OK };
}

/* Marks the reader failed, unless it has failed already. */
static inline void reader_fail(struct reader *r, enum err e)
{
    assert(e != ERR_OK);
    if (r->err == ERR_OK)
        r->err = e;
}

static inline uint8_t reader_u8(struct reader *r)
{
    if (r->err == ERR_OK && r->left == 0)
        r->err = ERR_TRUNCATED;
    if (r->err != ERR_OK)
        return 0;
    r->left--;
    return *r->pos++;
}

uint16_t reader_u16(struct reader *r); /* big-endian, as are all below */
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* LEB128, at most 64 bits; a longer form than needed is ERR_NOT_CANONICAL. */
uint64_t reader_varint(struct reader *r);

/* A view of the next `len` bytes; empty after an error. */
static inline struct bytes reader_bytes(struct reader *r, size_t len)
{
    struct bytes view = { r->pos, len };

    if (r->err == ERR_OK && len > r->left)
        r->err = ERR_TRUNCATED;
    if (r->err != ERR_OK)
        return (struct bytes){ NULL, 0 };
    if (len > 0)
        r->pos += len;
    r->left -= len;
    return view;
}

/* Copies the next `len` bytes; zeros after an error. */
static inline void reader_copy(struct reader *r, uint8_t *out, size_t len)
{
    struct bytes view = reader_bytes(r, len);

    if (view.len == len && len > 0)
        memcpy(out, view.data, len);
    else
        memset(out, 0, len);
}

/* ERR_OK only if nothing failed and every byte was used. */
MUST_CHECK enum err reader_finish(const struct reader *r);

/*
 * Appends to the caller's fixed buffer, or to one of its own that grows up to
 * `max`.  `len` never passes the maximum: the write that would is dropped whole
 * and the writer failed with ERR_NO_SPACE (ERR_NO_MEMORY if malloc fails).
 */
struct writer {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    bool owned; /* data is ours, from malloc */
    enum err err;
};

struct writer writer_fixed(uint8_t *buf, size_t cap);
/* Starts empty; the caller must writer_free() it. */
struct writer writer_growing(size_t max);
/* Frees what the writer owns; accepts a zeroed or a fixed one. */
void writer_free(struct writer *w);
/* Forgets content and error, keeps the buffer. */
void writer_reset(struct writer *w);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_varint(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes src);
void writer_fail(struct writer *w, enum err e);
/* What was written so far; valid until the next write or free. */
static inline struct bytes writer_view(const struct writer *w)
{
    return (struct bytes){ w->data, w->len };
}

/* Room for `len` bytes to be filled by the caller, or NULL after an error. */
uint8_t *writer_reserve(struct writer *w, size_t len);

/* Big-endian numbers in fixed places, for keys and nonces. */
static inline void put_u64(uint8_t out[8], uint64_t v)
{
    v = htobe64(v);
    memcpy(out, &v, sizeof v);
}

static inline uint64_t get_u64(const uint8_t in[8])
{
    uint64_t v;

    memcpy(&v, in, sizeof v);
    return be64toh(v);
}

static inline void put_u32(uint8_t out[4], uint32_t v)
{
    v = htobe32(v);
    memcpy(out, &v, sizeof v);
}

static inline uint32_t get_u32(const uint8_t in[4])
{
    uint32_t v;

    memcpy(&v, in, sizeof v);
    return be32toh(v);
}

/*
 * Where `key` stands, or would, among `count` keys of its length in ascending
 * order: the first at `keys`, each `stride` bytes after the one before.
 */
size_t bytes_place(const uint8_t *keys, size_t count, size_t stride,
                   struct bytes key);

/* Lower-case hex of `src` and a NUL; `out` has room for 2 * len + 1. */
void hex_encode(char *out, struct bytes src);
/*
 * Decodes exactly 2 * `len` hex digits, either case.
 *   ERR_MALFORMED  another length or a character that is no digit
 */
MUST_CHECK enum err hex_decode(uint8_t *out, size_t len, const char *text,
                               size_t text_len);

#endif
