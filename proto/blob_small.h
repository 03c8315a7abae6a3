#ifndef PROTO_BLOB_SMALL_H
#define PROTO_BLOB_SMALL_H

#include "proto/blob_tree.h"

/*
 * Many small blobs for one request (docs/protocol.md §6.10): each is whole in
 * its answer and proved by its root alone.  The payloads of both frames, and
 * what the asker must remember of a request.  Views point into the payload.
 */

/* The bit of `features` (§4.2) that says: asks of this kind are answered. */
#define FEATURE_BLOB_MANY ((uint64_t)1)

#define BLOB_MANY_MAX   256 /* blobs of one request */
#define BLOB_MANY_OPEN  4   /* requests open in each direction */
#define BLOB_MANY_BYTES ((uint64_t)1 << 20) /* what one asks for, about */

/* request, tag, then for each blob root and size. */
#define BLOB_MANY_HEADER  12
#define BLOB_MANY_ENTRY   (HASH_LEN + 2)
#define BLOB_MANY_LEN_MAX (BLOB_MANY_HEADER + BLOB_MANY_MAX * BLOB_MANY_ENTRY)
/* request, number of the first, then for each blob length and bytes. */
#define BLOB_SMALL_HEADER 6
#define BLOB_SMALL_ENTRY  2
/* In the place of a length: the provider does not have it for the topic. */
#define BLOB_SMALL_NOT_HELD UINT16_MAX

/* BLOB_MANY */
struct blob_many {
    uint32_t request;
    uint8_t tag[8]; /* of the asker's role */
    struct bytes entries;
    unsigned count; /* 1 to BLOB_MANY_MAX */
};

/*
 *   ERR_TRUNCATED  no whole number of blobs, or none
 *   ERR_TOO_LARGE  too many, or one of more than BLOB_INLINE_MAX bytes
 *   ERR_MALFORMED  a name that no blob has
 */
MUST_CHECK enum err blob_many_decode(struct blob_many *out,
                                     struct bytes payload);
/* Blob number i. */
void blob_many_at(const struct blob_many *many, unsigned i,
                  struct blob_id *out);
/* Opens a payload; blobs are put behind it. */
void blob_many_begin(struct writer *w, uint32_t request, const uint8_t tag[8]);
void blob_many_put(struct writer *w, const struct blob_id *id);

/* BLOB_SMALL */
struct blob_small {
    uint32_t request;
    uint16_t first; /* which blob of the request comes first here */
    unsigned count; /* at least 1 */
    struct bytes entries;
};

/*
 *   ERR_TRUNCATED  ends within an answer, or has none
 *   ERR_TOO_LARGE  too many, or one of more than BLOB_INLINE_MAX bytes
 */
MUST_CHECK enum err blob_small_decode(struct blob_small *out,
                                      struct bytes payload);
/*
 * Takes the next answer off `left`, which is `entries` at first; false if that
 * is empty.  *content is NULL of what is not held.
 */
bool blob_small_next(struct bytes *left, struct bytes *content);
void blob_small_begin(struct writer *w, uint32_t request, unsigned first);
/* Bytes, or NULL for what is not held. */
void blob_small_put(struct writer *w, struct bytes content);

/* A request as its asker remembers it. */
struct blob_asked {
    uint32_t request;
    unsigned count;
    unsigned next; /* the first that has not been answered */
    struct blob_id ids[BLOB_MANY_MAX];
};

/*
 * Whether the answers are the next ones of this request, each as long as its
 * blob; if so, they count as come, and the first is number *first.
 *   ERR_NOT_ASKED     more than was asked for, or of another length
 *   ERR_OUT_OF_ORDER  not the next ones
 */
MUST_CHECK enum err blob_asked_take(struct blob_asked *asked, unsigned *first,
                                    const struct blob_small *small);
/* Whether these, at most a span, are the bytes of that blob.  ERR_BAD_BLOB,
 * ERR_NO_MEMORY */
MUST_CHECK enum err blob_small_verify(struct multi_hash *multi,
                                      const struct blob_id *id,
                                      struct bytes content);

#endif
