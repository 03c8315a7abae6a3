#ifndef STORE_THREAD_LANES_H
#define STORE_THREAD_LANES_H

#include "proto/lanes.h"

/*
 * The calling thread's own lanes (proto/lanes.h), 200 KiB that are made when it
 * first asks and freed when it ends; NULL where there are none.  The caller
 * does not free them.
 */
struct lanes *thread_lanes(void);

#endif
