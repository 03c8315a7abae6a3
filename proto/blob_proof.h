#ifndef PROTO_BLOB_PROOF_H
#define PROTO_BLOB_PROOF_H

#include "proto/blob_fetch.h"

/*
 * Blocks that a reader may have before their span is whole: the span's leaf
 * hashes, which lead to its hash, prove them (docs/protocol.md §6.5).  Only the
 * files of a fetch call it.
 */

/* Whether a reader who waits for this span gains by leaf hashes from there. */
bool blob_proof_helps(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t span);
/* Notes that they are asked for, as it helps. */
void blob_proof_begin(struct blob_fetch *f, const struct blob_fetch_provider *p,
                      uint64_t span);
/* The request for them ends; if they have not come they may be asked anew. */
void blob_proof_lose(struct blob_fetch *f, const struct blob_fetch_provider *p,
                     const struct blob_fetch_request *r);

/* The span whose leaf hashes the request is for, or NULL if it is not in work
 * any more. */
struct blob_fetch_span *blob_proof_span(struct blob_fetch *f,
                                        const struct blob_fetch_request *r);
/* ERR_BAD_PROOF unless these are the leaf hashes of the span; or NO_MEMORY. */
MUST_CHECK enum err blob_proof_verify(const struct blob_fetch *f,
                                      const struct blob_fetch_span *s,
                                      struct bytes hashes);
/* Keeps them, if they are still of use. */
void blob_proof_take(struct blob_fetch *f, const struct blob_fetch_request *r,
                     struct bytes hashes);

/* The next blocks of the span that can be compared, as CHECK_BLOCKS. */
bool blob_proof_next(const struct blob_fetch *f, struct blob_fetch_span *s,
                     struct blob_fetch_effect *out);
/* Where these blocks, which follow each other, lie in the span's buffer. */
void blob_proof_range(const struct blob_fetch *f,
                      const struct blob_fetch_span *s, unsigned blocks,
                      size_t *offset, size_t *len);
/* As blob_fetch_proved(). */
bool blob_proof_find(const struct blob_fetch *f, uint64_t at,
                     struct blob_place *out);

#endif
