#ifndef PROTO_BUNDLE_PEOPLE_H
#define PROTO_BUNDLE_PEOPLE_H

#include "proto/record.h"
#include "proto/slot_hash.h"

/*
 * Who signs in a bundle, and how people call themselves, while it is checked:
 * the certificates that stood beside records, and names from profiles.  Part
 * of proto/bundle_check.h; for nobody else.
 */

/* More than a topic that fits into memory has. */
#define BUNDLE_PEOPLE_MAX (1u << 20)

struct bundle_person {
    uint8_t person[ID_LEN];
    uint8_t device[KEY_LEN]; /* zeros: a name */
    uint8_t *bytes;          /* certificate or name; ours */
    size_t len;
    struct certificate certificate; /* verified; borrows `bytes` */
    uint64_t created_ms;            /* of the profile, and its id */
    uint8_t id[ID_LEN];
};

struct bundle_people {
    struct slot_key key;
    struct bundle_person *entries;
    uint32_t count;
    uint32_t cap;
    uint32_t *slots; /* index + 1; 0 is free */
    uint32_t slots_count;
};

void bundle_people_wipe(struct bundle_people *p); /* accepts a zeroed one */
/*
 * The verified certificate of the record's signer: the one beside it, else one
 * that stood beside a record before.  Valid until the next call.
 *   ERR_NO_CERTIFICATE, errors of certificate_verify(), ERR_TOO_LARGE,
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err bundle_people_certificate(struct bundle_people *p,
                                              const struct certificate **out,
                                              const struct record *r,
                                              const struct network *network);
/* A profile, if it is newer than what is known.  ERR_TOO_LARGE, NO_MEMORY */
MUST_CHECK enum err bundle_people_profile(struct bundle_people *p,
                                          const struct record *r);
/* Empty if none is known. */
struct bytes bundle_people_name(const struct bundle_people *p,
                                const uint8_t person[ID_LEN]);

#endif
