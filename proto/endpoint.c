/* Addresses as numbers: their kinds (RFC 6890) and their wire form. */
#include "proto/endpoint.h"

#include <assert.h>
#include <string.h>

static const uint8_t V4_PREFIX[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

struct endpoint endpoint_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d,
                            uint16_t port)
{
    struct endpoint e = { .port = port };

    memcpy(e.ip, V4_PREFIX, sizeof V4_PREFIX);
    e.ip[12] = a;
    e.ip[13] = b;
    e.ip[14] = c;
    e.ip[15] = d;
    return e;
}

bool endpoint_is_v4(const struct endpoint *e)
{
    return memcmp(e->ip, V4_PREFIX, sizeof V4_PREFIX) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static enum endpoint_scope scope_v4(const uint8_t ip[4])
{
    if (ip[0] == 127)
        return ENDPOINT_LOOPBACK;
    if (ip[0] == 10 || (ip[0] == 172 && ip[1] >> 4 == 1) ||
        (ip[0] == 192 && ip[1] == 168) || (ip[0] == 100 && ip[1] >> 6 == 1))
        return ENDPOINT_PRIVATE;
    if (ip[0] == 0 || ip[0] >= 224 || (ip[0] == 169 && ip[1] == 254))
        return ENDPOINT_NOWHERE;
    return ENDPOINT_PUBLIC;
}

static enum endpoint_scope scope_v6(const uint8_t ip[16])
{
    static const uint8_t loopback[16] = { [15] = 1 };

    if (memcmp(ip, loopback, sizeof loopback) == 0)
        return ENDPOINT_LOOPBACK;
    /* 6to4 and Teredo (RFC 3056, RFC 4380) hide any IPv4 address inside. */
    if ((ip[0] == 0x20 && ip[1] == 0x02) ||
        (ip[0] == 0x20 && ip[1] == 0x01 && ip[2] == 0 && ip[3] == 0))
        return ENDPOINT_NOWHERE;
    if (ip[0] >> 1 == 0xfc >> 1)
        return ENDPOINT_PRIVATE;
    return ip[0] >> 5 == 1 ? ENDPOINT_PUBLIC : ENDPOINT_NOWHERE;
}

enum endpoint_scope endpoint_scope(const struct endpoint *e)
{
    if (e->port == 0)
        return ENDPOINT_NOWHERE;
    return endpoint_is_v4(e) ? scope_v4(e->ip + 12) : scope_v6(e->ip);
}

bool endpoint_may_dial(const struct endpoint *e, enum endpoint_scope source)
{
    switch (endpoint_scope(e)) {
    case ENDPOINT_NOWHERE:
        return false;
    case ENDPOINT_LOOPBACK:
        return source == ENDPOINT_LOOPBACK;
    case ENDPOINT_PRIVATE:
        return source == ENDPOINT_LOOPBACK || source == ENDPOINT_PRIVATE;
    case ENDPOINT_PUBLIC:
        break;
    }
    return true;
}

struct bytes endpoint_write(uint8_t out[ENDPOINT_V6_LEN],
                            const struct endpoint *e)
{
    size_t skip = endpoint_is_v4(e) ? sizeof V4_PREFIX : 0;
    struct writer w = writer_fixed(out, ENDPOINT_V6_LEN);

    writer_bytes(&w, (struct bytes){ e->ip + skip, sizeof e->ip - skip });
    writer_u16(&w, e->port);
    assert(w.err == ERR_OK);
    return writer_view(&w);
}

enum err endpoint_read(struct endpoint *out, struct bytes src)
{
    struct reader r = reader_of(src);
    struct endpoint e = { .port = 0 };

    if (src.len != ENDPOINT_V4_LEN && src.len != ENDPOINT_V6_LEN)
        return ERR_MALFORMED;
    if (src.len == ENDPOINT_V4_LEN) {
        memcpy(e.ip, V4_PREFIX, sizeof V4_PREFIX);
        reader_copy(&r, e.ip + sizeof V4_PREFIX, 4);
    } else {
        reader_copy(&r, e.ip, sizeof e.ip);
        if (endpoint_is_v4(&e))
            return ERR_MALFORMED;
    }
    e.port = reader_u16(&r);
    *out = e;
    return ERR_OK;
}
