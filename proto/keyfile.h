#ifndef PROTO_KEYFILE_H
#define PROTO_KEYFILE_H

#include "proto/identity.h"
#include "proto/seal.h"

/*
 * Key files as bytes (docs/storage.md): magic, version, kind, length, payload
 * and a SHA-256 over all of it.  A damaged file is an error that a person is
 * told about, never a reason to make new keys: nothing here writes over one.
 */

#define KEYFILE_MAX 4096

/*
 * Errors of all readers; outputs are kept:
 *   ERR_KEY_DAMAGED  not a key file, of another kind, or a byte has changed
 *   ERR_VERSION      whole, but of a form that only a later release knows
 */

void keyfile_write_node(struct writer *w, const struct node_keys *keys);
MUST_CHECK enum err keyfile_read_node(struct node_keys *out, struct bytes file);

/* `certificate` may be empty: a device that is not certified yet. */
void keyfile_write_device(struct writer *w, const struct sign_key *device,
                          struct bytes certificate);
/* `certificate` borrows `file`; its signature is for the caller to verify. */
MUST_CHECK enum err keyfile_read_device(struct sign_key *out,
                                        struct bytes *certificate,
                                        struct bytes file);

/* A person's entropy, lying open by explicit wish. */
void keyfile_write_person(struct writer *w, const uint8_t entropy[ENTROPY_LEN]);
/* The same under a passphrase.  ERR_NO_MEMORY. */
MUST_CHECK enum err
keyfile_write_person_sealed(struct writer *w,
                            const uint8_t entropy[ENTROPY_LEN],
                            struct bytes passphrase, struct seal_cost cost,
                            const uint8_t random[SEAL_RANDOM_LEN]);
/*
 * Whether a person's file is sealed, without opening it.
 */
MUST_CHECK enum err keyfile_is_sealed(bool *sealed, struct bytes file);
/*
 * Opens either form; the passphrase is not used for an open one.
 *   ERR_KEY_SEALED  it is sealed and the passphrase is another one
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err keyfile_read_person(uint8_t entropy[ENTROPY_LEN],
                                        struct bytes file,
                                        struct bytes passphrase);

#endif
