#ifndef PROTO_BLOB_EFFECT_H
#define PROTO_BLOB_EFFECT_H

#include "proto/blob_fetch.h"

/*
 * What a fetch has decided and its caller does not know yet, told one by one.
 * Each returns false if there is nothing of its sort.  Only blob_fetch.c calls
 * them.
 */

/* Bans and cancels: what peers are to know, even after the end. */
bool blob_effect_notice(struct blob_fetch *f, struct blob_fetch_effect *out);
/* A page to be stored or read back. */
bool blob_effect_page(struct blob_fetch *f, struct blob_fetch_effect *out);
/* A span to be hashed, searched for bad leaves, or written. */
bool blob_effect_span(struct blob_fetch *f, struct blob_fetch_effect *out);

/* Something is on its way, from a peer or from the caller. */
bool blob_effect_is_due(const struct blob_fetch *f);

#endif
