/* The first bytes of MessagePack values and what they say of their size. */
#include "proto/mp_token.h"

#include <assert.h>

static uint64_t read_be(struct reader *r, unsigned width)
{
    struct bytes view = reader_bytes(r, width);
    uint64_t v = 0;

    for (size_t i = 0; i < view.len; i++)
        v = (v << 8) | view.data[i];
    return v;
}

/* The largest number that does not need `width` bytes; widths double. */
static uint64_t fits_less(unsigned width)
{
    return width == 1 ? 0 : (UINT64_C(1) << (4 * width)) - 1;
}

static struct mp_token read_unsigned(struct reader *r, unsigned width)
{
    uint64_t v = read_be(r, width);

    return (struct mp_token){
        .type = MP_UINT,
        .number = v,
        .shortest =
            v > (width == 1 ? 127 : fits_less(width)) && v <= MP_INT_MAX,
    };
}

/* A non-negative number in a signed form is never the shortest. */
static struct mp_token read_signed(struct reader *r, unsigned width)
{
    uint64_t raw = read_be(r, width);
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    uint64_t magnitude;

    if ((raw & sign) == 0)
        return (struct mp_token){ .type = MP_UINT, .number = raw };
    magnitude = sign - (raw & (sign - 1)); /* 1 to 2^63 */
    return (struct mp_token){
        .type = MP_NEGATIVE,
        .minus = -(int64_t)(magnitude - 1) - 1,
        .shortest =
            magnitude <= MP_INT_MAX &&
            magnitude > (width == 1 ? 32 : UINT64_C(1) << (4 * width - 1)),
    };
}

/* A string, bin or ext whose length has `width` bytes. */
static struct mp_token read_sized(struct reader *r, enum mp_type type,
                                  unsigned width, uint64_t shorter_max)
{
    uint64_t len = read_be(r, width);
    size_t with_type = type == MP_EXT ? 1 : 0;
    struct mp_token t = { .type = type };

    /* The length has at most 32 bits, so the sum cannot overflow. */
    t.payload = reader_bytes(r, (size_t)len + with_type);
    t.shortest = type != MP_EXT &&
                 (width == 1 && type == MP_BIN ? true : len > shorter_max);
    return t;
}

static struct mp_token read_counted(struct reader *r, enum mp_type type,
                                    unsigned width)
{
    uint64_t n = read_be(r, width);

    return (struct mp_token){
        .type = type,
        .number = n,
        .shortest = n > (width == 2 ? 15 : fits_less(width)),
    };
}

/* Everything from 0xc0 to 0xdf. */
static struct mp_token read_marked(struct reader *r, uint8_t mark)
{
    struct mp_token t = { .shortest = true };

    switch (mark) {
    case 0xc0:
        t.type = MP_NIL;
        return t;
    case 0xc2:
    case 0xc3:
        t.type = MP_BOOL;
        t.number = mark & 1;
        return t;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return read_sized(r, MP_BIN, 1u << (mark - 0xc4),
                          fits_less(1u << (mark - 0xc4)));
    case 0xc7:
    case 0xc8:
    case 0xc9:
        return read_sized(r, MP_EXT, 1u << (mark - 0xc7), 0);
    case 0xca:
    case 0xcb:
        t.type = MP_DOUBLE;
        t.shortest = false;
        (void)reader_bytes(r, mark == 0xca ? 4 : 8);
        return t;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return read_unsigned(r, 1u << (mark - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(r, 1u << (mark - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        t.type = MP_EXT;
        t.shortest = false;
        t.payload = reader_bytes(r, 1 + ((size_t)1 << (mark - 0xd4)));
        return t;
    case 0xd9:
        return read_sized(r, MP_STR, 1, 31);
    case 0xda:
    case 0xdb:
        return read_sized(r, MP_STR, 2u << (mark - 0xda),
                          fits_less(2u << (mark - 0xda)));
    case 0xdc:
    case 0xdd:
        return read_counted(r, MP_ARRAY, 2u << (mark - 0xdc));
    case 0xde:
    case 0xdf:
        return read_counted(r, MP_MAP, 2u << (mark - 0xde));
    default: /* 0xc1 alone is never used */
        reader_fail(r, ERR_MALFORMED);
        return t;
    }
}

struct mp_token mp_token_read(struct reader *r)
{
    struct mp_token t = { .shortest = true };
    uint8_t first = reader_u8(r);

    if (r->err != ERR_OK)
        return t;
    if (first >= 0xc0 && first <= 0xdf)
        return read_marked(r, first);
    if (first >= 0xe0) {
        t.type = MP_NEGATIVE;
        t.minus = (int64_t)first - 256;
    } else if (first >= 0xa0) {
        t.type = MP_STR;
        t.payload = reader_bytes(r, first & 0x1f);
    } else if (first >= 0x80) {
        t.type = first >= 0x90 ? MP_ARRAY : MP_MAP;
        t.number = first & 0x0f;
    } else {
        t.type = MP_UINT;
        t.number = first;
    }
    return t;
}
