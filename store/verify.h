#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store/blobs.h"

/*
 * Checks what is stored against the hashes that name it, in steps, so that a
 * job can show progress and be cancelled.  Steps run on the pool beside
 * store_apply(); each reads at its own moment.
 */
struct store_verify;

/* Something that is not as it should be. */
struct store_finding {
    enum err err; /* ERR_CORRUPT, ERR_BAD_BODY, ERR_BAD_BLOB, ERR_CHANGED … */
    bool is_blob;
    bool is_topic; /* its tree */
    uint64_t seq;  /* of a record */
    struct blob_id blob;
    uint8_t topic[ID_LEN];
};

/* Records and trees always; the bytes of blobs too if `data`. */
MUST_CHECK enum err store_verify_new(struct store_verify **out,
                                     struct store *store, bool data);
/*
 * Pool: checks the next records (up to 1,000), topic or blob.  Findings are
 * appended to `out`, at most `max` of which *n are used; *done at the end.
 * `max` is at least 1,000.
 */
MUST_CHECK enum err store_verify_step(struct store_verify *verify,
                                      struct store_finding *out, size_t max,
                                      size_t *n, bool *done,
                                      struct blob_progress *progress);
/* Accepts NULL. */
void store_verify_free(struct store_verify *verify);

#endif
