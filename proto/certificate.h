#ifndef PROTO_CERTIFICATE_H
#define PROTO_CERTIFICATE_H

#include "proto/domain.h"

/* Successions of the person key that one certificate can show. */
#define CERTIFICATE_STEPS_MAX 8

/*
 * A person's statement that a device signs for them (protocol.md §2.3).  It
 * names no name and travels beside records, once per session and signer.
 */
struct certificate {
    uint8_t person[ID_LEN];
    uint8_t person_key[KEY_LEN];
    uint8_t next_commitment[HASH_LEN];
    uint8_t device_key[KEY_LEN];
    uint64_t issued_ms;
    uint32_t generation; /* 0 for the first person key */
    struct bytes whole;  /* borrowed: core and signature */
};

/* Person id of first key and commitment to the second (§2.2). */
void person_id(uint8_t out[ID_LEN], const uint8_t first_key[KEY_LEN],
               const uint8_t commitment[HASH_LEN]);

/*
 * Decodes and checks form, person id, steps and signature.  Outputs only on
 * ERR_OK; `whole` borrows `src`.
 *   ERR_BAD_CERTIFICATE  person id or steps do not follow from the keys
 *   ERR_BAD_SIGNATURE    a signature does not verify on this network
 *   and the decoding errors of bytes and MessagePack
 */
MUST_CHECK enum err certificate_verify(struct certificate *out,
                                       struct bytes src,
                                       const struct network *network);

/* Writes a generation-0 certificate for `device_key`, signed by `person`. */
void certificate_write(struct writer *w, const struct network *network,
                       const struct sign_key *person,
                       const uint8_t next_commitment[HASH_LEN],
                       const uint8_t device_key[KEY_LEN], uint64_t issued_ms);

#endif
