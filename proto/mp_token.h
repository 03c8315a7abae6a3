#ifndef PROTO_MP_TOKEN_H
#define PROTO_MP_TOKEN_H

#include "proto/limits.h"
#include "proto/mp.h"

/*
 * One step of reading MessagePack: a value's type and size, without its
 * elements.  The only place that knows the format's first bytes.
 */
struct mp_token {
    enum mp_type type;
    bool shortest;   /* in the one form that canonical MessagePack allows */
    uint64_t number; /* unsigned value, bool, or count of elements or pairs */
    int64_t minus;   /* value of an MP_NEGATIVE */
    struct bytes payload; /* of a string, bin or ext */
};

/*
 * Takes one token; errors stick in the reader: ERR_TRUNCATED, ERR_MALFORMED
 * (0xc1).  The token is to be used only while `r->err` is ERR_OK.
 */
struct mp_token mp_token_read(struct reader *r);

/*
 * Nearly all values of a head are one of these two, which take no token: a bin
 * of less than 256 bytes, and a number below 128.  False, and nothing read, if
 * the next value is another, or is cut short.
 */
static inline bool mp_token_short_bin(struct reader *r, struct bytes *out)
{
    if (r->err != ERR_OK || r->left < 2 || r->pos[0] != 0xc4 ||
        r->left - 2 < r->pos[1])
        return false;
    *out = (struct bytes){ r->pos + 2, r->pos[1] };
    r->pos += 2 + out->len;
    r->left -= 2 + out->len;
    return true;
}

static inline bool mp_token_small(struct reader *r, uint64_t *out)
{
    if (r->err != ERR_OK || r->left == 0 || r->pos[0] >= 0x80)
        return false;
    *out = *r->pos++;
    r->left--;
    return true;
}

#endif
