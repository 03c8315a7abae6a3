#ifndef PROTO_ENDPOINT_H
#define PROTO_ENDPOINT_H

#include "proto/bytes.h"

/*
 * Where a node can be reached over TCP, as numbers: what may travel between
 * nodes, and what may be believed of it.
 */

/* IPv4 stands as ::ffff:a.b.c.d. */
struct endpoint {
    uint8_t ip[16];
    uint16_t port;
};

/* Wire form: 4 or 16 bytes of address, 2 of port. */
#define ENDPOINT_V4_LEN 6
#define ENDPOINT_V6_LEN 18

/*
 * How far an address means the same.  Link-local, multicast, unspecified and
 * otherwise reserved addresses, and port 0, mean nothing to anybody else.
 */
enum endpoint_scope {
    ENDPOINT_NOWHERE,
    ENDPOINT_LOOPBACK, /* this machine */
    ENDPOINT_PRIVATE,  /* one network behind a router */
    ENDPOINT_PUBLIC
};

struct endpoint endpoint_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d,
                            uint16_t port);
bool endpoint_is_v4(const struct endpoint *e);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
enum endpoint_scope endpoint_scope(const struct endpoint *e);

/*
 * Whether an address told by somebody whom we know at a place of scope `source`
 * may be dialled: a public one always, others only if the teller is himself
 * where they mean something (protocol.md §5.7).
 */
bool endpoint_may_dial(const struct endpoint *e, enum endpoint_scope source);

/* ENDPOINT_V4_LEN or ENDPOINT_V6_LEN bytes. */
struct bytes endpoint_write(uint8_t out[ENDPOINT_V6_LEN],
                            const struct endpoint *e);
/* ERR_MALFORMED: another length, or IPv4 in the long form; *out is kept. */
MUST_CHECK enum err endpoint_read(struct endpoint *out, struct bytes src);

#endif
