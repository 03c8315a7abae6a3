#ifndef PROTO_BUNDLE_H
#define PROTO_BUNDLE_H

#include "proto/blob_tree.h"
#include "proto/domain.h"

/*
 * The bundle (docs/protocol.md §8): records of a topic and blobs that they
 * name, in one file that can be checked without a network and as it streams.
 * A writer and a reader of its items, neither of which knows files: the caller
 * moves the bytes, and memory does not depend on how many there are.
 */

/* Items of odd types that a release does not know are passed over. */
enum bundle_type {
    BUNDLE_MAGIC = 0, /* the first bytes of the file; no number of an item */
    BUNDLE_BEGIN = 2,
    BUNDLE_RECORD = 4,
    BUNDLE_HEAD = 6, /* of a record that is known, not held */
    BUNDLE_BLOB = 8,
    BUNDLE_PAGE = 10, /* of the layer of the blob before it */
    BUNDLE_SPAN = 12,
    BUNDLE_END = 14
};

#define BUNDLE_HEADER_LEN 5 /* type and length of the payload */
/* What bundle_reader_look() needs at most: the magic, or a span's header. */
#define BUNDLE_LOOK_LEN 16
#define BUNDLE_SPAN_LEN (BUNDLE_HEADER_LEN + 8) /* before the span's bytes */
/* The largest item. */
#define BUNDLE_ITEM_MAX (BUNDLE_SPAN_LEN + BLOB_SPAN_LEN)

/* What the bundle is about. */
struct bundle_begin {
    struct network network;
    uint8_t topic[ID_LEN];
    bool has_subject;
    uint8_t subject[ID_LEN]; /* a release: only what it names is among blobs */
};

struct bundle_counts {
    uint64_t records;
    uint64_t heads;
    uint64_t blobs;
    uint64_t holes; /* blobs of which not every span is there */
    uint64_t spans;
    uint64_t bytes; /* of the spans */
};

/* What both ends keep of what has gone by; private. */
struct bundle_tally {
    struct bundle_counts counts;
    struct merkle digest; /* of all but the bytes of spans */
    bool has_blob;
    struct blob_id blob;
    uint64_t seen; /* spans of it */
};

/* ---- Writing ------------------------------------------------------------ */

struct bundle_writer {
    struct bundle_tally tally;
};

/* To be wiped whatever happens later. */
void bundle_writer_init(struct bundle_writer *b);
void bundle_writer_wipe(struct bundle_writer *b); /* accepts a zeroed one */
/*
 * Each appends one item to `w`, in the order of docs/protocol.md §8.2; but
 * bundle_writer_span() all before the bytes of the span, which the caller puts
 * there.  An error is left in `w`.
 */
void bundle_writer_begin(struct bundle_writer *b, struct writer *w,
                         const struct bundle_begin *begin);
void bundle_writer_record(struct bundle_writer *b, struct writer *w,
                          struct bytes record);
void bundle_writer_head(struct bundle_writer *b, struct writer *w,
                        struct bytes head,
                        const uint8_t signature[SIGNATURE_LEN]);
void bundle_writer_blob(struct bundle_writer *b, struct writer *w,
                        const struct blob_id *blob);
void bundle_writer_page(struct bundle_writer *b, struct writer *w,
                        uint64_t page, struct bytes hashes,
                        struct bytes uncles);
void bundle_writer_span(struct bundle_writer *b, struct writer *w,
                        uint64_t span);
/* Of everything before it; ERR_NO_MEMORY in `w` if hashing had none. */
void bundle_writer_end(struct bundle_writer *b, struct writer *w);
/* As of what was written so far; the last blob counts once it has ended. */
const struct bundle_counts *bundle_writer_counts(const struct bundle_writer *b);

/* ---- Reading ------------------------------------------------------------ */

/*
 *          magic        BEGIN            BLOB             END
 *   START -------> TOP -------> RECORDS ------> BLOBS -----------> DONE
 *                                  `------------- END ---------------^
 */
enum bundle_state {
    BUNDLE_AT_START,
    BUNDLE_AT_TOP,
    BUNDLE_IN_RECORDS,
    BUNDLE_IN_BLOBS,
    BUNDLE_DONE
};

struct bundle_reader {
    enum bundle_state state;
    struct bundle_tally tally;
    bool has_page;
    uint64_t page; /* the last one of the blob, and its hashes */
    uint8_t hashes[BLOB_LAYER_PAGE * HASH_LEN];
    uint64_t next_span; /* the smallest number that may come */
    struct multi_hash *multi;
};

/* One item; views point into what was given to the reader. */
struct bundle_item {
    unsigned type; /* enum bundle_type, or an odd number not known here */
    size_t len;    /* of all of it */
    uint64_t span; /* of BUNDLE_SPAN, as its blob's below */
    union {
        struct bundle_begin begin;
        struct bytes record;
        struct {
            struct bytes head;
            const uint8_t *signature;
        } known;
        struct blob_id blob;
        struct {
            uint64_t number;
            struct bytes hashes;
            struct bytes uncles;
        } page;
        struct bytes bytes;          /* of a span */
        struct bundle_counts counts; /* of BUNDLE_END */
    } at;
};

/* `multi` is of the thread that takes spans, or NULL; the caller's. */
void bundle_reader_init(struct bundle_reader *b, struct multi_hash *multi);
void bundle_reader_wipe(struct bundle_reader *b); /* accepts a zeroed one */
/*
 * What the next item is, from its first bytes: type, len and span are set.
 *   ERR_TRUNCATED     more bytes are needed, BUNDLE_LOOK_LEN at most
 *   ERR_MALFORMED     this is no bundle, or no span that can stand here
 *   ERR_VERSION       made by a later release, with what must not be ignored
 *   ERR_OUT_OF_ORDER  it may not stand here; after the end nothing may
 *   ERR_TOO_LARGE
 */
MUST_CHECK enum err bundle_reader_look(const struct bundle_reader *b,
                                       struct bundle_item *out,
                                       struct bytes first);
/*
 * Takes the item that was looked at, all `len` bytes of it; a page has been
 * proved then, and a span is its blob's.  Records are exact bytes alone.
 *   ERR_BAD_BLOB   a span that is not; it has been passed over, so that the
 *                  rest can be read
 *   ERR_BAD_PROOF, ERR_MALFORMED, ERR_TRUNCATED, ... : the bundle ends here
 *   ERR_CORRUPT    the end does not agree with what came before it
 */
MUST_CHECK enum err bundle_reader_take(struct bundle_reader *b,
                                       struct bundle_item *item,
                                       struct bytes whole);
/*
 * Passes over a span that was looked at, whose bytes are of no interest or are
 * compared by the caller: of `first` BUNDLE_SPAN_LEN bytes are read.
 */
void bundle_reader_pass(struct bundle_reader *b, const struct bundle_item *item,
                        struct bytes first);
/* What blob_span_hash() of the bytes of a span that was looked at must be. */
void bundle_reader_expected(const struct bundle_reader *b,
                            const struct bundle_item *item,
                            uint8_t out[HASH_LEN]);
bool bundle_reader_is_done(const struct bundle_reader *b);
const struct bundle_counts *bundle_reader_counts(const struct bundle_reader *b);

#endif
