#ifndef PROTO_RECORD_SET_H
#define PROTO_RECORD_SET_H

#include "proto/iblt.h"

/*
 * What synchronisation may ask of whoever keeps the records: a store on LMDB,
 * or a simulator in memory.  A set is ordered by (created_ms, id), both from
 * the signed head (protocol.md §5.2), and holds entries of two kinds: *held*
 * records, and ids that are *known, not held*.  Both count everywhere.
 *
 * Answers are of one moment: between two calls without returning to the event
 * loop the set does not change.
 */

/* The place of a record in the order of its topic. */
struct record_key {
    uint64_t created_ms;
    uint8_t id[ID_LEN];
};

/* Order of two keys: <0, 0 or >0. */
int record_key_compare(const struct record_key *a, const struct record_key *b);

/* Half open: from `lo` inclusive to `hi` exclusive. */
struct record_range {
    struct record_key lo;
    struct record_key hi;
};

/* The smallest key with created_ms at or after `ms`: the id is all zeros. */
struct record_key record_key_at(uint64_t ms);

/* The smallest key above `key`: a listing goes on from there. */
struct record_key record_key_after(const struct record_key *key);

/* Sum of the lanes of a range, and how many records it has. */
struct record_sum {
    uint64_t count;
    uint64_t lanes[SYNC_LANES];
};

/* Adds the lanes of one id (protocol.md §5.2) and 1 to the count. */
void record_sum_add(struct record_sum *sum, const uint8_t id[ID_LEN]);
/* Adds one sum to another. */
void record_sum_join(struct record_sum *sum, const struct record_sum *other);

enum record_presence { RECORD_ABSENT, RECORD_HELD, RECORD_NOT_KEPT };

/* What a set has appended. */
struct record_got {
    enum record_presence presence; /* RECORD_HELD or RECORD_NOT_KEPT */
    uint8_t signer[KEY_LEN];
};

struct record_set_ops {
    /* Count and lane sum of a range. */
    enum err (*sum)(void *set, const uint8_t topic[ID_LEN],
                    const struct record_range *range, struct record_sum *out);
    /* How many entries of the topic lie below `key`. */
    enum err (*rank)(void *set, const uint8_t topic[ID_LEN],
                     const struct record_key *key, uint64_t *out);
    /* The entry with `rank` entries below it; ERR_NOT_FOUND past the last. */
    enum err (*select)(void *set, const uint8_t topic[ID_LEN], uint64_t rank,
                       struct record_key *out);
    /* The first entries of a range, ascending, at most `max`; *n may be 0. */
    enum err (*list)(void *set, const uint8_t topic[ID_LEN],
                     const struct record_range *range, struct record_key *out,
                     size_t max, size_t *n);
    /* Whether the id is in the topic, and how. */
    enum err (*presence)(void *set, const uint8_t topic[ID_LEN],
                         const uint8_t id[ID_LEN], enum record_presence *out);
    /*
     * Appends head, body, signature and certificate of a held record to `w` as
     * one whole record; without its certificate (nil) if !with_certificate.
     * For one that is known, not held, appends created_ms (8), head length (2),
     * head and signature (§5.4).  ERR_NOT_FOUND if absent.
     */
    enum err (*get)(void *set, const uint8_t id[ID_LEN], bool with_certificate,
                    struct writer *w, struct record_got *got);
    /* The entry of the topic whose id begins so, or ERR_NOT_FOUND. */
    enum err (*find)(void *set, const uint8_t topic[ID_LEN],
                     const uint8_t prefix[IBLT_ID_LEN], struct record_key *out);
    /*
     * Coded symbols `first` to `first + n - 1` of a range, of those kept ready;
     * n may be 0.  *count is of the entries they stand for: while it stays, so
     * do they.  ERR_NOT_FOUND if none are ready for that range, though they may
     * be later; NULL in a set that keeps none.
     */
    enum err (*symbols)(void *set, const uint8_t topic[ID_LEN],
                        const struct record_range *range, size_t first,
                        size_t n, struct iblt_symbol *out, uint64_t *count);
};

/* A set and its functions; copied by value. */
struct record_set {
    const struct record_set_ops *ops;
    void *set;
};

#endif
