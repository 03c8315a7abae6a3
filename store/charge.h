#ifndef STORE_CHARGE_H
#define STORE_CHARGE_H

#include "store/internal.h"

/*
 * A row of `budget` stands for each record that counts against a budget, those
 * held apart from those over it, in the order of the rule (docs/protocol.md
 * §5.8): so a decision looks at one author's one day.
 */

/* Rows that one operation goes through. */
enum { CHARGE_STEP = 256 };

/* What the table's key and value say. */
struct charge {
    uint64_t day;
    uint8_t id[ID_LEN];
    uint64_t seq;
    uint64_t bytes;
};

/*
 * A walk over the held rows under a prefix, some at a time: what is written
 * meanwhile must not move the cursor.
 */
struct charge_page {
    struct charge rows[CHARGE_STEP];
    size_t count;
};

/* Bytes that a record counts for, as its head says, erased or not. */
uint32_t charge_bytes(const struct record *r);
/* Whose budget it is: the record's own topic, or the call board. */
const uint8_t *charge_topic(const struct store *store,
                            const struct row_record *row);
/* All of that author's that are held, or over. */
struct key charge_side_key(const uint8_t topic[ID_LEN],
                           const uint8_t author[ID_LEN], bool is_over);
/* Those of one day. */
struct key charge_day_key(const uint8_t topic[ID_LEN],
                          const uint8_t author[ID_LEN], bool is_over,
                          uint64_t created_ms);
/* The first rows under `prefix` from `from` on. */
MUST_CHECK enum err charge_page_read(struct txn *index,
                                     const struct key *prefix,
                                     const struct key *from,
                                     struct charge_page *out);
/* The smallest id under the key of a day that is over, but for `except`. */
MUST_CHECK enum err charge_smallest_over(struct txn *index,
                                         const struct key *prefix,
                                         const uint8_t *except,
                                         uint8_t out[ID_LEN], bool *found);

#endif
