#ifndef STORE_FLUSH_H
#define STORE_FLUSH_H

#include "proto/bytes.h"

/*
 * Whether many files are flushed by one flush of their file system, which is
 * cheaper than one for each; unless others have written much, for all of that
 * would be waited for, too.
 */

/* In all of the system, with what is ours, which is about to be written. */
#define FLUSH_WAITING_MAX_KIB ((uint64_t)192 * 1024)

/* What waits to be written, as /proc/meminfo says; UINT64_MAX: it does not. */
uint64_t flush_waiting_kib(struct bytes meminfo);
bool flush_all_is_cheap(void);

#endif
