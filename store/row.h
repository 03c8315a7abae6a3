#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "proto/record.h"
#include "store/types.h"

/*
 * Values of all tables (docs/storage.md §3): a format byte, then fixed fields.
 * What is read back is parsed as if an enemy had written it: ERR_CORRUPT, and
 * nothing else, for all that is not exactly what was written.
 */

/* A record, or the head of one that is known and not held. */
struct row_record {
    bool held;
    enum store_account account;
    uint64_t received_ms;
    struct record record; /* of the head; body NULL where there is none */
};

/* The record has head, signature and perhaps a body. */
void row_record_write(struct writer *w, const struct row_record *row);
/* Views into `value`. */
MUST_CHECK enum err row_record_read(struct row_record *out, struct bytes value);
/* The same for the record of this id, at less cost; another is ERR_CORRUPT. */
MUST_CHECK enum err row_record_read_known(struct row_record *out,
                                          struct bytes value,
                                          const uint8_t id[ID_LEN]);

/* What a stored record counts for: its own bytes while it is held. */
uint64_t row_record_bytes(const struct row_record *row);

/* A blob; `detail` is the content, the bitmap or the external file. */
struct row_blob {
    uint8_t state; /* enum blob_state */
    uint32_t topics;
    struct bytes detail;
};

void row_blob_write(struct writer *w, const struct row_blob *row);
MUST_CHECK enum err row_blob_read(struct row_blob *out, struct bytes value);

/* What an external file looked like when it was hashed, and where it lies. */
struct row_external {
    uint64_t mtime_ns;
    uint64_t inode;
    uint64_t device;
    struct bytes path; /* absolute, no NUL */
};

void row_external_write(struct writer *w, const struct row_external *row);
MUST_CHECK enum err row_external_read(struct row_external *out,
                                      struct bytes detail);

/* These read the key's part from `key` and the rest from `value`. */
void row_follow_write(struct writer *w, const struct store_follow *follow);
MUST_CHECK enum err row_follow_read(struct store_follow *out, struct bytes key,
                                    struct bytes value);
void row_want_write(struct writer *w, const struct store_want *want);
MUST_CHECK enum err row_want_read(struct store_want *out, struct bytes key,
                                  struct bytes value);
void row_peer_write(struct writer *w, const struct store_peer *peer);
MUST_CHECK enum err row_peer_read(struct store_peer *out, struct bytes key,
                                  struct bytes value);

/* The running totals of records.mdb. */
struct row_totals {
    uint64_t last_seq;
    uint64_t records;
    uint64_t bytes;
    uint64_t known;
    uint64_t blobs;
    uint64_t blob_bytes;
    uint64_t part_bytes; /* of partial blobs, as their bitmaps say */
    uint64_t changes;    /* of rows that were there already */
};

void row_totals_write(struct writer *w, const struct row_totals *totals);
MUST_CHECK enum err row_totals_read(struct row_totals *out, struct bytes value);

/* One number, 8 bytes. */
MUST_CHECK enum err row_number_read(uint64_t *out, struct bytes value);

#endif
