#ifndef PROTO_TERMS_H
#define PROTO_TERMS_H

#include "proto/topic_state.h"

/*
 * The terms under which works are made (docs/protocol.md §3.9, §7.5.3), in one
 * judged topic.
 */

/* The version of the project whose licence and terms hold for works made now,
 * or NULL: a request that stands alone has none. */
const struct topic_entry *terms_entry(const struct topic_state *ts);

/* Their hash.  ERR_NOT_FOUND if there are none; ERR_NO_MEMORY */
MUST_CHECK enum err terms_hash(uint8_t out[HASH_LEN],
                               const struct topic_state *ts);

enum terms_label {
    TERMS_NONE,     /* the topic has no terms */
    TERMS_ACCEPTED, /* the work carries their hash */
    TERMS_UNSAID,   /* it carries none: a leader's own work may do so */
    TERMS_OTHER     /* it carries the hash of others */
};

/* What the body of a contribution says of the terms in force; a label, never a
 * reason to be void. */
enum terms_label terms_label_of(const struct topic_state *ts,
                                const struct mp_value *contribution);
const char *terms_label_text(enum terms_label label);

#endif
