#ifndef PROTO_TOPIC_ROLES_H
#define PROTO_TOPIC_ROLES_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "proto/slot_hash.h"

/*
 * Who is what in a topic, and since when (docs/protocol.md §7.4): written by
 * authority_judge() from the earliest record to the newest, asked by place.  An
 * entry is named by its index in the topic's entries, or ROLES_NONE.
 */
#define ROLES_NONE UINT32_MAX

struct topic_state;

/* A place in the order of (created_ms, id); without an id the end of the ms. */
struct topic_place {
    uint64_t created_ms;
    const uint8_t *id; /* ID_LEN bytes or NULL */
};

/* From that entry on, until the next newer one of the same list. */
struct topic_span {
    uint32_t from;
    uint32_t role;  /* of enum choice */
    uint32_t by;    /* the membership that says so */
    uint32_t older; /* index into spans, or ROLES_NONE */
};

struct topic_person {
    uint8_t id[ID_LEN];
    uint32_t role;     /* newest span, or ROLES_NONE */
    uint32_t invite;   /* newest membership for this person */
    uint32_t standing; /* from that entry on by vouches */
    uint32_t vouches;  /* newest one by this person, index into vouches */
    uint32_t next;     /* while standing is passed on: who is to do so */
};

struct topic_vouch {
    uint32_t person; /* index into people */
    uint32_t older;
};

struct topic_creator {
    uint32_t from; /* the founder, or a handover */
    uint8_t person[ID_LEN];
};

/* A version of the project that stands, in order. */
struct topic_version {
    uint32_t entry;
    uint32_t admission; /* of enum choice; 0: not stated */
    uint32_t silence_days;
};

struct topic_roles {
    struct topic_person *people; /* in order of first mention */
    uint32_t people_count;
    uint32_t people_cap;
    uint32_t *slots; /* open addressing: person -> index + 1 */
    uint32_t slots_count;
    struct topic_span *spans;
    uint32_t spans_count;
    uint32_t spans_cap;
    struct topic_vouch *vouches;
    uint32_t vouches_count;
    uint32_t vouches_cap;
    struct topic_creator *creators;
    uint32_t creators_count;
    uint32_t creators_cap;
    struct topic_version *versions;
    uint32_t versions_count;
    uint32_t versions_cap;

    struct slot_key key;

    /* Of the walk: */
    uint8_t terms_hash[HASH_LEN];
    bool has_terms;    /* terms_hash is that of the fixing version */
    uint64_t alive_ms; /* the creator's newest record so far */
};

void topic_roles_wipe(struct topic_roles *roles);
void topic_roles_clear(struct topic_roles *roles); /* keeps the memory */

/* The person, or NULL if nothing was ever said of them. */
struct topic_person *topic_roles_find(const struct topic_roles *roles,
                                      const uint8_t person[ID_LEN]);
/* As above, made if new; *out is valid until the next one is made. */
MUST_CHECK enum err topic_roles_person(struct topic_roles *roles,
                                       const uint8_t person[ID_LEN],
                                       struct topic_person **out);
/* From `from` on the person has that role. */
MUST_CHECK enum err topic_roles_grant(struct topic_roles *roles,
                                      struct topic_person *person,
                                      uint32_t from, uint32_t role,
                                      uint32_t by);
/* The voucher speaks for `person`, which passes on what standing they have. */
MUST_CHECK enum err topic_roles_vouch(struct topic_roles *roles,
                                      const uint8_t voucher[ID_LEN],
                                      const uint8_t person[ID_LEN]);
/* From `from` on those have standing for whom the person has spoken so far,
 * and for whom these have, and so on. */
void topic_roles_pass_on(struct topic_roles *roles,
                         const struct topic_person *person, uint32_t from);
/* The same for the person's newest vouch alone. */
void topic_roles_pass_newest(struct topic_roles *roles,
                             const struct topic_person *person, uint32_t from);

MUST_CHECK enum err topic_roles_creator(struct topic_roles *roles,
                                        uint32_t from,
                                        const uint8_t person[ID_LEN]);
MUST_CHECK enum err topic_roles_version(struct topic_roles *roles,
                                        const struct topic_version *version);

/* The role of that person at `place`; 0 if none has begun. */
uint32_t topic_roles_at(const struct topic_state *ts,
                        const struct topic_person *person,
                        struct topic_place place);
/* Whether somebody had spoken for the person before `place`. */
bool topic_roles_is_vouched(const struct topic_state *ts,
                            const struct topic_person *person,
                            struct topic_place place);
/* Who is the creator at `place`; NULL before the topic is founded. */
const uint8_t *topic_roles_creator_at(const struct topic_state *ts,
                                      struct topic_place place);
/* The version of the project at `place`, or NULL. */
const struct topic_version *topic_roles_version_at(const struct topic_state *ts,
                                                   struct topic_place place);

#endif
