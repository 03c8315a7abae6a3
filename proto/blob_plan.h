#ifndef PROTO_BLOB_PLAN_H
#define PROTO_BLOB_PLAN_H

#include "proto/blob_fetch.h"

/*
 * Whom a fetch asks for what: the half of proto/blob_fetch.h that may become
 * cleverer without a change to what is sent.  Only blob_fetch.c calls it.
 */

/* Opens the next request that is worth making; false if there is none. */
bool blob_plan_ask(struct blob_fetch *f, struct blob_fetch_effect *out);

/* Bytes that may be on their way from this provider. */
uint64_t blob_plan_window(const struct blob_fetch_provider *p);

/* Asks a provider for news of what it has, if that is due. */
bool blob_plan_watch(struct blob_fetch *f, struct blob_fetch_effect *out);

#endif
