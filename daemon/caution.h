#ifndef DAEMON_CAUTION_H
#define DAEMON_CAUTION_H

#include "proto/mp.h"

/* What is allowed, but hardly meant: told beside the answer, never refused. */
struct caution {
    bool licence_unknown;
    bool deadline_past;
};

/* Looks at the fields that a client gave. */
struct caution caution_of(const struct mp_value *fields, uint64_t now_ms);
/* How many texts caution_put() writes. */
uint32_t caution_count(const struct caution *c);
void caution_put(const struct caution *c, struct writer *w);

#endif
