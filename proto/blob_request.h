#ifndef PROTO_BLOB_REQUEST_H
#define PROTO_BLOB_REQUEST_H

#include "proto/blob_fetch_state.h"

/*
 * What is open with providers, and how it ends.  Only the files of a fetch
 * call it.
 */

/* The request of that number, in whatever state but FREE; or NULL. */
struct blob_fetch_request *blob_request_find(struct blob_fetch_provider *p,
                                             uint32_t request);
/* The open request that was asked first, or NULL. */
const struct blob_fetch_request *
blob_request_oldest(const struct blob_fetch *f,
                    const struct blob_fetch_provider *p);
/* The blocks of its span that an open request still owes, a bit each. */
unsigned blob_request_due(const struct blob_fetch_request *r);
/* Bytes that the provider owes of what it was asked for before this request. */
uint64_t blob_request_bytes_before(const struct blob_fetch *f,
                                   const struct blob_fetch_provider *p,
                                   const struct blob_fetch_request *r);
/* These blocks are asked for no more by one of those who were. */
void blob_request_uncount(struct blob_fetch_span *s, unsigned blocks);

/* Lets others ask for what it owes, and tells the provider. */
void blob_request_cancel(struct blob_fetch *f, struct blob_fetch_provider *p,
                         struct blob_fetch_request *r);
/* Forgets it in any state; the next oldest one is on trial from now. */
void blob_request_close(struct blob_fetch *f, struct blob_fetch_provider *p,
                        struct blob_fetch_request *r);
/* Cancels what is open for the slot and owes nothing but what is held. */
void blob_request_cancel_held(struct blob_fetch *f, unsigned slot);
/* Cancels all that is open with a provider and leaves its spans to others. */
void blob_request_leave(struct blob_fetch *f, struct blob_fetch_provider *p);
/* What a provider has begun may be gone on with by others. */
void blob_request_disown(struct blob_fetch *f,
                         const struct blob_fetch_provider *p);

#endif
