#ifndef PROTO_BRIEF_H
#define PROTO_BRIEF_H

#include "proto/mp.h"

/*
 * What the brief of a request lacks, told before it is published.  Advice for
 * its author alone: no record is void for it.
 */

/* Columns: name, text for people. */
/* clang-format off */
#define BRIEF_MAP(X)                                                           \
    X(DELIVERABLE, "say what exactly is to be handed in (deliverable)")        \
    X(KINDS,       "say which kinds of media are accepted (media_kinds)")      \
    X(REFERENCE,   "give a reference, an example or a brief to work from")     \
    X(DEADLINE,    "say until when (deadline)")                                \
    X(GENERIC,     "ask for one specific thing: \"the cat wears a crown: "     \
               "draw the crown\", not \"draw a pretty picture\"")
/* clang-format on */

enum brief_lack {
#define X(name, text) BRIEF_##name,
    BRIEF_MAP(X)
#undef X
    BRIEF_LACK_COUNT
};

/* A bit 1 << enum brief_lack for each thing that `fields` (a map) lacks. */
uint32_t brief_check(const struct mp_value *fields);
const char *brief_text(enum brief_lack lack);

#endif
