#ifndef DAEMON_REFUSAL_H
#define DAEMON_REFUSAL_H

#include "proto/verdict.h"

/*
 * What to do about a record that the rules refuse, for the person who wanted
 * to publish it: a sentence or two, beginning with what did not happen.
 */
const char *refusal_hint(enum void_reason reason);

#endif
