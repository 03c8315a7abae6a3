#ifndef STORE_LEASE_ROWS_H
#define STORE_LEASE_ROWS_H

#include "proto/lease.h"
#include "store/blobs.h"

/*
 * Leases that are known, with what this node has seen for itself of who gave
 * them, and the lists of names that they stand for (docs/storage.md §3).
 */

struct store_lease {
    struct lease lease;
    uint8_t bytes[LEASE_MAX]; /* as it was signed */
    size_t len;
    bool has_list;          /* all pages of its list are here */
    uint64_t challenged_ms; /* last passed; 0: never */
    uint64_t failed_ms;     /* last failed, since it passed; 0: it has not */
    uint64_t network;       /* address_network() of where it passed */
    uint8_t root[HASH_LEN]; /* of the list that it was challenged on */
    struct blob_id failed;  /* the blob that it could not show */
};

/* ---- Operations of a batch ---------------------------------------------- */

/* Adds the row, or takes the place of that of the same topic and node. */
MUST_CHECK enum err lease_rows_put(struct store_batch *batch,
                                   const struct store_lease *lease);
/* Removes the row and its list.  ERR_NOT_FOUND in the result. */
MUST_CHECK enum err lease_rows_remove(struct store_batch *batch,
                                      const uint8_t topic[ID_LEN],
                                      const uint8_t node[KEY_LEN]);
/* Removes the list alone. */
MUST_CHECK enum err lease_rows_drop_list(struct store_batch *batch,
                                         const uint8_t topic[ID_LEN],
                                         const uint8_t node[KEY_LEN]);
/* A page of names that has been proved. */
MUST_CHECK enum err lease_rows_put_page(struct store_batch *batch,
                                        const uint8_t topic[ID_LEN],
                                        const uint8_t node[KEY_LEN],
                                        uint64_t page, struct bytes names);

/* ---- Reading ------------------------------------------------------------ */

/* Rows by topic and node, after those of `topic` and `node` (NULL: from the
 * first). */
MUST_CHECK enum err lease_rows_page(struct store *store, const uint8_t *topic,
                                    const uint8_t *node,
                                    struct store_lease *out, size_t max,
                                    size_t *n);
/* Appends the names of one page; ERR_NOT_FOUND. */
MUST_CHECK enum err lease_rows_names(struct store *store,
                                     const uint8_t topic[ID_LEN],
                                     const uint8_t node[KEY_LEN], uint64_t page,
                                     struct writer *names);
/* Whether the name stands in the list that is here; `number`, where. */
MUST_CHECK enum err lease_rows_look_up(struct store *store,
                                       const struct lease *lease,
                                       const struct blob_id *blob, bool *found,
                                       uint64_t *number);

/* The same within a transaction; ERR_CORRUPT: another list is here. */
struct txn;
MUST_CHECK enum err lease_rows_look_up_in(struct txn *records,
                                          const struct lease *lease,
                                          const struct blob_id *blob,
                                          bool *found, uint64_t *number);

/*
 * The topics of which blobs came or went since this was asked last, at most
 * LEASE_ROWS_CHANGED_MAX of them; false if it may be any.
 */
#define LEASE_ROWS_CHANGED_MAX 64
bool lease_rows_changed(struct store *store, uint8_t (*topics)[ID_LEN],
                        size_t *n);

#endif
