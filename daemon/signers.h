#ifndef DAEMON_SIGNERS_H
#define DAEMON_SIGNERS_H

#include "proto/certificate.h"

/*
 * Certificates lately seen, so that each is verified once and not with every
 * record.  A certificate travels beside the first record of its signer only
 * (docs/protocol.md §3); those of a sender whose first record is still being
 * verified are remembered for that sender alone, for they may be forged.
 */

#define SIGNERS_MAX 256

/* Who brought a certificate that is not verified yet; 0: it is verified. */
struct signers_entry {
    uint64_t source;
    uint64_t used; /* clock of the cache, for choosing the eldest */
    struct certificate certificate; /* decoded, if verified; `whole` is bytes */
    uint8_t author[ID_LEN];
    uint8_t signer[KEY_LEN];
    size_t len; /* 0: free */
    uint8_t bytes[RECORD_CERTIFICATE_MAX];
};

struct signers {
    uint64_t clock;
    struct signers_entry entries[SIGNERS_MAX];
};

/* The entry of that pair, verified or brought by `source`; NULL if none. */
const struct signers_entry *signers_find(struct signers *s, uint64_t source,
                                         const uint8_t author[ID_LEN],
                                         const uint8_t signer[KEY_LEN]);
/* Remembers one that `source`, not 0, brought and nobody has verified. */
void signers_add_unverified(struct signers *s, uint64_t source,
                            const uint8_t author[ID_LEN],
                            const uint8_t signer[KEY_LEN],
                            struct bytes certificate);
/* Remembers one that certificate_verify() accepted. */
void signers_add(struct signers *s, const struct certificate *certificate);
/* Forgets what `source` brought and nobody has verified. */
void signers_forget(struct signers *s, uint64_t source);

#endif
