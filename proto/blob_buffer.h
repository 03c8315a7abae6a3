#ifndef PROTO_BLOB_BUFFER_H
#define PROTO_BLOB_BUFFER_H

#include "proto/blob_fetch.h"

/*
 * Whose bytes are in a span's buffer, when several peers may send the same.
 * Only blob_fetch.c calls it.
 */

/*
 * Says what of the next `len` bytes of a request goes into the buffer; false if
 * nothing does, and `out` is kept.
 */
bool blob_buffer_claim(struct blob_fetch_span *s,
                       const struct blob_fetch_request *r, uint64_t len,
                       unsigned sender, struct blob_place *out);
/*
 * The last bytes of these blocks have come from `sender`, and what it claimed
 * of them is held; true if all of the span is.
 */
bool blob_buffer_take(struct blob_fetch *f, struct blob_fetch_span *s,
                      unsigned passed, unsigned sender);

#endif
