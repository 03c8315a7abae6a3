#ifndef PROTO_DOMAIN_H
#define PROTO_DOMAIN_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Signatures bound to what they are for and to one network (protocol.md §1.2):
 * no signature made for one domain or network verifies in another.
 */

enum domain {
    DOMAIN_RECORD,
    DOMAIN_CERTIFICATE,
    DOMAIN_HANDSHAKE,
    DOMAIN_ANNOUNCEMENT,
    DOMAIN_LEASE,
    DOMAIN_INVITE,
    DOMAIN_COUNT
};

/* The name of a network: 1 to NETWORK_LEN_MAX of a-z, 0-9 and '-'. */
struct network {
    uint8_t len;
    char name[NETWORK_LEN_MAX + 1]; /* NUL-terminated */
};

/* ERR_MALFORMED if `name` is not a network's name; *out is kept. */
MUST_CHECK enum err network_parse(struct network *out, const char *name);

/* An Ed25519 key pair; `secret` is libsodium's 64 bytes (seed || public). */
struct sign_key {
    uint8_t public_key[KEY_LEN];
    uint8_t secret[64];
};

void sign_key_from_seed(struct sign_key *out, const uint8_t seed[32]);
void sign_key_wipe(struct sign_key *key);

/* `data` is at most 8 KiB. */
void domain_sign(uint8_t signature[SIGNATURE_LEN], enum domain domain,
                 const struct network *network, struct bytes data,
                 const struct sign_key *key);
/* ERR_BAD_SIGNATURE if it does not verify (protocol.md §1.3). */
MUST_CHECK enum err domain_verify(const uint8_t signature[SIGNATURE_LEN],
                                  enum domain domain,
                                  const struct network *network,
                                  struct bytes data,
                                  const uint8_t public_key[KEY_LEN]);

#endif
