#ifndef STORE_SUMS_H
#define STORE_SUMS_H

#include "proto/record_set.h"
#include "store/env.h"
#include "store/key.h"

/*
 * What sync asks of a topic's order: counts, lane sums and ranks.  Beside the
 * order itself there is one row for each topic and UTC day with what that day
 * adds up to, so that a question walks days, and entries only of the two days
 * at its edges.
 */

struct day_sum {
    struct record_sum sum;
    uint64_t bytes;
};

/* Adds an entry of `bytes` to its day, or takes it away. */
MUST_CHECK enum err sums_add(struct txn *index, const uint8_t topic[ID_LEN],
                             const struct record_key *key, uint64_t bytes);
MUST_CHECK enum err sums_remove(struct txn *index, const uint8_t topic[ID_LEN],
                                const struct record_key *key, uint64_t bytes);
/* An entry of `before` bytes has `after` of them now. */
MUST_CHECK enum err sums_resize(struct txn *index, const uint8_t topic[ID_LEN],
                                const struct record_key *key, uint64_t before,
                                uint64_t after);

/* Entries and bytes of the whole topic. */
MUST_CHECK enum err sums_total(struct txn *index, const uint8_t topic[ID_LEN],
                               uint64_t *count, uint64_t *bytes);
MUST_CHECK enum err sums_range(struct txn *index, const uint8_t topic[ID_LEN],
                               const struct record_range *range,
                               struct record_sum *out);
MUST_CHECK enum err sums_rank(struct txn *index, const uint8_t topic[ID_LEN],
                              const struct record_key *key, uint64_t *out);
/* ERR_NOT_FOUND past the last. */
MUST_CHECK enum err sums_select(struct txn *index, const uint8_t topic[ID_LEN],
                                uint64_t rank, struct record_key *out);
/* The first entries of a range, at most `max`. */
MUST_CHECK enum err sums_list(struct txn *index, const uint8_t topic[ID_LEN],
                              const struct record_range *range,
                              struct record_key *out, size_t max, size_t *n);

/* The key of an entry in the order, and back. */
struct key sums_order_key(const uint8_t topic[ID_LEN],
                          const struct record_key *key);

#endif
