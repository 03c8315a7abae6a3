#ifndef TESTS_COMMON_TOPIC_MAKER_H
#define TESTS_COMMON_TOPIC_MAKER_H

#include "proto/kind.h"
#include "proto/record.h"

/*
 * Records of made-up people for tests of what records mean.  Fields are given
 * as JSON, with ids and people as hex; keys are fixed, so that ids are too.
 */

/* People are letters: 'A', 'B', ... each with a device of their own. */
void maker_person(uint8_t out[ID_LEN], char who);
/* The same as 64 hex digits and a NUL. */
const char *maker_person_hex(char who);

struct made {
    uint8_t id[ID_LEN];
    char hex[2 * ID_LEN + 1];
    uint8_t *whole; /* from malloc */
    size_t len;
};

struct maker {
    uint8_t topic[ID_LEN]; /* of the next records; zeros found one */
    uint64_t flags;
    const struct made *revises; /* of the next record alone, or NULL */
    bool with_person_key;       /* the next is signed by the person's own key */
    bool malformed;             /* the next has a body without fields */
    struct bytes body;          /* of the next, in place of what is given */
};

/* Fails the test if `json` (a printf format) does not fit the kind. */
struct made make(struct maker *m, enum kind_number kind, char who,
                 uint64_t created_ms, const char *json, ...)
    __attribute__((format(printf, 5, 6)));
/* A record of a number that no kind has, linking to `target`. */
struct made make_unknown(struct maker *m, uint64_t kind, char who,
                         uint64_t created_ms, const struct made *target);
/* The same record without its body, as a node that erased it has it. */
struct made made_erased(const struct made *from);
void made_free(struct made *made);

#endif
