#ifndef PROTO_BLOB_TRIAL_H
#define PROTO_BLOB_TRIAL_H

#include "proto/blob_fetch_state.h"

/*
 * Providers that lie, lack, or owe and are silent (docs/protocol.md §6.5).
 * Only blob_fetch.c calls it.
 */

/* It lied: asked no more for this blob.  NOBODY is accepted. */
void blob_trial_ban(struct blob_fetch *f, unsigned provider, enum err why);
/* Asks this provider for nothing for a while, longer each time. */
void blob_trial_rest(struct blob_fetch *f, struct blob_fetch_provider *p);
/* Leaves those who were silent for too long. */
void blob_trial_tick(struct blob_fetch *f);
/* When something may have to be done, if nothing comes. */
uint64_t blob_trial_deadline(const struct blob_fetch *f);
/* Somebody tells of each new span that it gets: it is worth waiting a while. */
bool blob_trial_may_hear(const struct blob_fetch *f);

#endif
