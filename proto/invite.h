#ifndef PROTO_INVITE_H
#define PROTO_INVITE_H

#include "proto/domain.h"

/* Invite links (protocol.md §2.6): what one person sends to another as text. */

#define INVITE_NODES_MAX   8
#define INVITE_CORE_MAX    1500
#define INVITE_ADDRESS_MAX 262 /* a host name of 255, ':' and a port */
#define INVITE_BYTES_MAX   (INVITE_CORE_MAX + SIGNATURE_LEN + 4)
/* "troupe:", base64url without padding, NUL. */
#define INVITE_LINK_MAX (7 + (INVITE_BYTES_MAX * 4 + 2) / 3 + 1)

struct invite_node {
    uint8_t node[KEY_LEN];
    struct bytes address; /* HOST:PORT, printable ASCII */
};

struct invite {
    struct network network;
    struct invite_node nodes[INVITE_NODES_MAX];
    size_t nodes_count;
    bool has_topic;
    uint8_t topic[ID_LEN];
    struct bytes vouch; /* a vouch record; data == NULL for none */
    uint64_t expires_ms;
    uint8_t signer[KEY_LEN];
};

/*
 * Writes the link, NUL-terminated; the signer is signer->public_key.
 *   ERR_TOO_LARGE  the core is over INVITE_CORE_MAX
 *   ERR_MALFORMED  an address is none
 */
MUST_CHECK enum err invite_write(char out[INVITE_LINK_MAX],
                                 const struct invite *invite,
                                 const struct sign_key *signer);

/*
 * Decodes and verifies a link; views in *out point into `buf`.  Whether it has
 * expired, and whether its network is ours, is for the caller to ask.
 *   ERR_BAD_LINK       not a link, cut short, or mistyped
 *   ERR_BAD_SIGNATURE  and the decoding errors: made so, not mistyped
 */
MUST_CHECK enum err invite_read(struct invite *out,
                                uint8_t buf[INVITE_BYTES_MAX],
                                struct bytes link);

#endif
