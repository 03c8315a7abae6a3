#ifndef DAEMON_SIGNERS_H
#define DAEMON_SIGNERS_H

#include "proto/certificate.h"

/*
 * Certificates lately seen, so that each is verified once and not with every
 * record.  A certificate travels beside the first record of its signer only
 * (docs/protocol.md §3); those of a sender whose first record is still being
 * verified are remembered for that sender alone, for they may be forged.
 *
 * Loop thread only, but for the proof of a record that is being verified: the
 * pool reads its bytes, which never change, and its certificate once verified.
 */

/* One certificate; records under way and the cache share it. */
struct signers_proof {
    unsigned refs;
    bool is_verified;               /* then `certificate` is what it says */
    bool is_stored;                 /* nobody needs to store it again */
    struct certificate certificate; /* `whole` is `bytes` */
    size_t len;
    uint8_t bytes[];
};

/* The caller has the first reference; NULL without memory. */
struct signers_proof *signers_proof_new(struct bytes bytes);
struct signers_proof *signers_proof_ref(struct signers_proof *proof);
void signers_proof_unref(struct signers_proof *proof); /* accepts NULL */
/* It was verified, and says this. */
void signers_proof_verified(struct signers_proof *proof,
                            const struct certificate *certificate);

/* Entries stand in sets by their signer; in a set the eldest gives way. */
#define SIGNERS_SETS 256
#define SIGNERS_WAYS 4

struct signers_entry {
    uint64_t source; /* who brought it before it was verified */
    uint64_t used;   /* clock of the cache, for choosing the eldest */
    uint8_t author[ID_LEN];
    uint8_t signer[KEY_LEN];
    struct signers_proof *proof; /* NULL: free */
};

struct signers {
    uint64_t clock;
    struct signers_entry entries[SIGNERS_SETS][SIGNERS_WAYS];
};

/*
 * The proof of that pair, verified or, if there is none, brought by `source`;
 * NULL if none.  Borrowed until the next call.
 */
struct signers_proof *signers_find(struct signers *s, uint64_t source,
                                   const uint8_t author[ID_LEN],
                                   const uint8_t signer[KEY_LEN]);
/*
 * Remembers a proof: to everybody if it is verified by now, else to `source`
 * alone, until it is.
 */
void signers_add(struct signers *s, uint64_t source,
                 const uint8_t author[ID_LEN], const uint8_t signer[KEY_LEN],
                 struct signers_proof *proof);
/* Forgets what `source` brought and nobody has verified. */
void signers_forget(struct signers *s, uint64_t source);
void signers_wipe(struct signers *s);

#endif
