#ifndef DAEMON_BACKOFF_H
#define DAEMON_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait after the `failures`-th failed dial in a row (from 1): 3 s,
 * doubled up to 60 min, and ±25 % by `random`, so that nodes that lost each
 * other at one moment do not come back at one moment.
 */
uint64_t backoff_ms(uint32_t failures, uint32_t random);

#endif
