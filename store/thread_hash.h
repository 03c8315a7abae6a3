#ifndef STORE_THREAD_HASH_H
#define STORE_THREAD_HASH_H

#include "proto/multi_hash.h"

/*
 * The calling thread's own means to hash many pieces at once, 200 KiB that are
 * made when it first asks and freed when it ends; NULL where there are none.
 * The caller does not free them.
 */
struct multi_hash *thread_multi_hash(void);

#endif
