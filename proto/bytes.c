/* Bounds-checked reading and writing.  Knows nothing of what the bytes mean. */
#include "proto/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static uint64_t reader_be(struct reader *r, size_t len)
{
    struct bytes view = reader_bytes(r, len);
    uint64_t v = 0;

    for (size_t i = 0; i < view.len; i++)
        v = (v << 8) | view.data[i];
    return v;
}

uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)reader_be(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)reader_be(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
    struct bytes view = reader_bytes(r, 8);

    return view.data == NULL ? 0 : get_u64(view.data);
}

uint64_t reader_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(r);

        if (shift == 63 && byte > 1)
            reader_fail(r, ERR_TOO_LARGE);
        if (shift > 0 && byte == 0)
            reader_fail(r, ERR_NOT_CANONICAL);
        if (r->err != ERR_OK)
            return 0;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    reader_fail(r, ERR_TOO_LARGE);
    return 0;
}

enum err reader_finish(const struct reader *r)
{
    if (r->err != ERR_OK)
        return r->err;
    return r->left == 0 ? ERR_OK : ERR_TRAILING;
}

struct writer writer_fixed(uint8_t *buf, size_t cap)
{
    assert(buf != NULL || cap == 0);
    return (struct writer){ .data = buf, .cap = cap, .max = cap };
}

struct writer writer_growing(size_t max)
{
    return (struct writer){ .max = max, .owned = true };
}

void writer_free(struct writer *w)
{
    if (w->owned)
        free(w->data);
    *w = (struct writer){ 0 };
}

void writer_reset(struct writer *w)
{
    w->len = 0;
    w->err = ERR_OK;
}

void writer_fail(struct writer *w, enum err e)
{
    assert(e != ERR_OK);
    if (w->err == ERR_OK)
        w->err = e;
}

/* Makes room for `len` more bytes; capacity doubles, so appends are linear. */
static bool writer_grow(struct writer *w, size_t len)
{
    size_t cap = w->cap;
    uint8_t *data;

    if (w->err == ERR_OK && len > w->max - w->len)
        w->err = ERR_NO_SPACE;
    if (w->err != ERR_OK)
        return false;
    if (len <= w->cap - w->len)
        return true;
    assert(w->owned);
    while (len > cap - w->len)
        cap = cap < 256 ? 256 : (cap > w->max / 2 ? w->max : 2 * cap);
    data = realloc(w->data, cap);
    if (data == NULL) {
        w->err = ERR_NO_MEMORY;
        return false;
    }
    w->data = data;
    w->cap = cap;
    return true;
}

uint8_t *writer_reserve(struct writer *w, size_t len)
{
    uint8_t *at;

    if (!writer_grow(w, len))
        return NULL;
    at = w->data == NULL ? NULL : w->data + w->len;
    w->len += len;
    return at;
}

void writer_bytes(struct writer *w, struct bytes src)
{
    uint8_t *at = writer_reserve(w, src.len);

    if (at != NULL && src.len > 0)
        memcpy(at, src.data, src.len);
}

static void writer_be(struct writer *w, uint64_t v, size_t len)
{
    uint8_t *at = writer_reserve(w, len);

    for (size_t i = 0; at != NULL && i < len; i++)
        at[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

void writer_u8(struct writer *w, uint8_t v)
{
    writer_be(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
    writer_be(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v)
{
    writer_be(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
    writer_be(w, v, 8);
}

void writer_varint(struct writer *w, uint64_t v)
{
    uint8_t out[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7) /* at most 10 turns: 64 bits in sevens */
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    writer_bytes(w, (struct bytes){ out, n });
}

size_t bytes_place(const uint8_t *keys, size_t count, size_t stride,
                   struct bytes key)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(keys + middle * stride, key.data, key.len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void hex_encode(char *out, struct bytes src)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < src.len; i++) {
        out[2 * i] = digits[src.data[i] >> 4];
        out[2 * i + 1] = digits[src.data[i] & 15];
    }
    out[2 * src.len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err hex_decode(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    if (text_len % 2 != 0 || text_len / 2 != len)
        return ERR_MALFORMED;
    for (size_t i = 0; i < text_len; i++)
        if (hex_digit(text[i]) < 0)
            return ERR_MALFORMED;
    for (size_t i = 0; i < len; i++)
        out[i] =
            (uint8_t)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
    return ERR_OK;
}
