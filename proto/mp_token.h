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

#endif
