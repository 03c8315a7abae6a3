#ifndef PROTO_BLOB_URGE_H
#define PROTO_BLOB_URGE_H

#include "proto/blob_fetch_state.h"

/*
 * A reader comes before all else, also before what was asked for already
 * (docs/protocol.md §6.5).  Only blob_fetch.c calls it.
 */

/* As blob_fetch_seek(). */
void blob_urge_seek(struct blob_fetch *f, uint64_t at, uint64_t end);
/* Somebody refused what it was asked for, perhaps what the reader waits for. */
void blob_urge_refused(struct blob_fetch *f);

#endif
