#ifndef PROTO_BUNDLE_TALLY_H
#define PROTO_BUNDLE_TALLY_H

#include "proto/bundle.h"

/* What writer and reader of a bundle share; for nobody else. */

#define BUNDLE_MAGIC_LEN 16
/* Array, name of the network, two ids. */
#define BUNDLE_BEGIN_MAX (1 + 2 + NETWORK_LEN_MAX + 2 * (2 + ID_LEN))
/* Array, six numbers, a hash. */
#define BUNDLE_END_MAX (1 + 6 * 9 + 2 + HASH_LEN)

extern const uint8_t bundle_magic[BUNDLE_MAGIC_LEN];

void bundle_tally_init(struct bundle_tally *t);
void bundle_tally_feed(struct bundle_tally *t, struct bytes bytes);
void bundle_tally_blob(struct bundle_tally *t, const struct blob_id *blob);
void bundle_tally_span(struct bundle_tally *t, uint64_t span);
/* The last blob has ended.  ERR_NO_MEMORY */
MUST_CHECK enum err bundle_tally_end(struct bundle_tally *t,
                                     uint8_t digest[HASH_LEN]);

#endif
