#ifndef PROTO_SEAL_H
#define PROTO_SEAL_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * A secret under a passphrase: Argon2id makes the key, XChaCha20-Poly1305 seals
 * (protocol.md §2.8).  Slow and hungry for memory on purpose: not on a loop.
 */

#define SEAL_SALT_LEN   16
#define SEAL_NONCE_LEN  24
#define SEAL_RANDOM_LEN (SEAL_SALT_LEN + SEAL_NONCE_LEN)
/* What a sealed secret is longer than the secret: cost, salt, nonce, tag. */
#define SEAL_TAG_LEN  16
#define SEAL_OVERHEAD (8 + SEAL_RANDOM_LEN + SEAL_TAG_LEN)
/* Only keys are sealed. */
#define SEAL_SECRET_MAX 256
#define SEAL_AD_MAX     64

/* What opening costs; stored beside the secret and bounded when read back. */
struct seal_cost {
    uint32_t passes;
    uint32_t memory_kib;
};

/* For people's keys: about a second on a small machine. */
#define SEAL_COST_DEFAULT ((struct seal_cost){ 3, 256 * 1024 })
/* More than this is not believed of a file. */
#define SEAL_PASSES_MAX     4
#define SEAL_MEMORY_KIB_MAX (1024 * 1024)
#define SEAL_MEMORY_KIB_MIN 8

/*
 * Writes secret.len + SEAL_OVERHEAD bytes that open only beside the same `ad`.
 *   ERR_NO_MEMORY  the memory that the cost asks for is not there
 */
MUST_CHECK enum err seal_write(struct writer *w, struct bytes secret,
                               struct bytes passphrase, struct bytes ad,
                               struct seal_cost cost,
                               const uint8_t random[SEAL_RANDOM_LEN]);
/*
 * Writes sealed.len - SEAL_OVERHEAD bytes; on error `out` is kept.
 *   ERR_KEY_SEALED   the passphrase is another one
 *   ERR_KEY_DAMAGED  too short, or a cost out of bounds
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err seal_open(uint8_t *out, struct bytes sealed,
                              struct bytes passphrase, struct bytes ad);

#endif
