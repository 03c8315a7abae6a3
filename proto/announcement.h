#ifndef PROTO_ANNOUNCEMENT_H
#define PROTO_ANNOUNCEMENT_H

#include "proto/domain.h"
#include "proto/endpoint.h"

/*
 * A node's signed word on where it can be reached (protocol.md §5.7): it goes
 * from hand to hand, and nobody but the node can make one.
 */

#define ANNOUNCEMENT_ENDPOINTS_MAX 8
/* Array, form, node, time, features, endpoints, signature; room to grow. */
#define ANNOUNCEMENT_MAX 384

struct announcement {
    uint8_t node[KEY_LEN];
    uint64_t time_ms; /* of its making, by the node's clock */
    uint64_t features;
    uint8_t count; /* 0: it cannot be reached from outside */
    struct endpoint endpoints[ANNOUNCEMENT_ENDPOINTS_MAX];
};

/* Appends [1, node, time, features, endpoints] and the signature. */
void announcement_write(struct writer *w, const struct announcement *a,
                        const struct network *network,
                        const struct sign_key *key);

/*
 * Takes one announcement, exactly; the signature is not looked at.
 *   ERR_TOO_LARGE, ERR_MALFORMED and the other errors of decoding
 */
MUST_CHECK enum err announcement_read(struct announcement *out,
                                      struct bytes src);
/* ERR_BAD_SIGNATURE; `src` has passed announcement_read(). */
MUST_CHECK enum err announcement_verify(struct bytes src,
                                        const struct network *network);
/* Not older than ANNOUNCEMENT_LIVE_MS, not from more than a day ahead. */
bool announcement_is_fresh(const struct announcement *a, uint64_t wall_ms);

#endif
