#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include "proto/identity.h"

/*
 * The key files of a home, in its folder `keys/` (0700, files 0600): made at
 * first start or by init, never exported, never in a backup.  Loading happens
 * before the loop runs; init runs its slow part on the pool.
 */

/* Whom this machine signs for; absent on an archivist's node. */
struct person_keys {
    struct sign_key device;
    uint8_t person[ID_LEN];
    uint8_t certificate[RECORD_CERTIFICATE_MAX];
    size_t certificate_len;
    bool sealed;   /* person.key is under a passphrase */
    bool unsealed; /* person.key lies open, by explicit wish */
};

/*
 * Loads `home`/keys/node.key, or makes it if there is no key file at all.
 *   ERR_KEY_DAMAGED  the file is there and is not a key of ours: nothing is
 *                    replaced, the caller tells what to do
 *   ERR_IO           the folder cannot be read or written
 */
MUST_CHECK enum err keys_open_node(struct node_keys *out, const char *home);

/*
 * Loads device.key and its certificate.  ERR_NOT_FOUND where there is none:
 * a node without a person.  Errors as above.
 */
MUST_CHECK enum err keys_open_person(struct person_keys *out, const char *home,
                                     const struct network *network);

/* How init keeps the person key. */
enum keys_custody { KEYS_SEALED, KEYS_OPEN, KEYS_PAPER };

/*
 * Makes person, device and certificate and writes device.key and, but for
 * KEYS_PAPER, person.key, each durably.  `words` gets the 24 words, NUL
 * terminated, to be shown once and wiped.  Slow (Argon2id): not on the loop.
 *   ERR_EXISTS  there is a person here already; nothing was changed
 */
MUST_CHECK enum err
keys_create_person(struct person_keys *out, char words[256], const char *home,
                   const struct network *network, enum keys_custody custody,
                   struct bytes passphrase, uint64_t now_ms);

/*
 * The same for the person whose words hold this entropy: the person of before,
 * with a new device.
 */
MUST_CHECK enum err
keys_recover_person(struct person_keys *out, const uint8_t entropy[ENTROPY_LEN],
                    const char *home, const struct network *network,
                    enum keys_custody custody, struct bytes passphrase,
                    uint64_t now_ms);

/*
 * Takes back what keys_create_person() has just made, because nobody has seen
 * its words and nothing has been signed with it.  Best effort: a file that
 * stays is told of by the next init.
 */
void keys_discard_person(const char *home);

void person_keys_wipe(struct person_keys *keys);

#endif
