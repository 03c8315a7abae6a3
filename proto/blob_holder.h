#ifndef PROTO_BLOB_HOLDER_H
#define PROTO_BLOB_HOLDER_H

#include "proto/blob_fetch_state.h"

/*
 * Which provider has which spans, as far as it has told (docs/protocol.md
 * §6.5).  Only the files of a fetch call it.
 */

/* It may be asked for something of this blob now. */
bool blob_holder_is_usable(const struct blob_fetch *f,
                           const struct blob_fetch_provider *p);
/* By what it has told, it has the span, or may have it. */
bool blob_holder_has(const struct blob_fetch_provider *p, uint64_t span);
/* The same for a span in work, for which it may have been asked in vain. */
bool blob_holder_gives(const struct blob_fetch *f,
                       const struct blob_fetch_provider *p,
                       const struct blob_fetch_span *s);
/* How many of the providers do, banned ones not counted. */
unsigned blob_holder_count(const struct blob_fetch *f, uint64_t span);
/* It was asked for the span and has it not, whatever it told. */
void blob_holder_lacks(const struct blob_fetch *f,
                       struct blob_fetch_provider *p,
                       struct blob_fetch_span *s);

/*
 * Takes a decoded BLOB_HAVE.
 *   ERR_NOT_ASKED  of no watch of ours; close
 *   ERR_MALFORMED  it tells of spans that the blob has not; close
 */
MUST_CHECK enum err blob_holder_take(struct blob_fetch *f,
                                     struct blob_fetch_provider *p,
                                     const struct blob_msg *msg);
/* The watch has ended with this code; it was open or being cancelled. */
void blob_holder_end(struct blob_fetch *f, struct blob_fetch_provider *p,
                     enum err code);
/* Wants no more news from it. */
void blob_holder_leave(struct blob_fetch_provider *p);

#endif
