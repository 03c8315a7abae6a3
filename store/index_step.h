#ifndef STORE_INDEX_STEP_H
#define STORE_INDEX_STEP_H

#include "store/internal.h"

/*
 * What the files of the index share (docs/storage.md §4); the rest of the store
 * has what internal.h says of them.  For who writes.
 */

/* Where a step of an index change reads and writes. */
struct index_step {
    struct store *store;
    struct txn *records;
    struct txn *index;
};

/*
 * A row whose key says it all.  While the index is made anew, those that
 * nothing here asks for are collected, to be sorted first.
 */
MUST_CHECK enum err index_step_put(const struct index_step *s, unsigned table,
                                   const struct key *key);
MUST_CHECK enum err index_step_delete(const struct index_step *s,
                                      unsigned table, const struct key *key);
/* The record of a number that the index has: ERR_CORRUPT if it is not there. */
MUST_CHECK enum err index_step_row(const struct index_step *s, uint64_t seq,
                                   struct row_record *out);

/* index_topic.c: the set of one topic. */
bool index_topic_is_board(const struct store *store,
                          const uint8_t topic[ID_LEN]);
/* Whether the record joins the call board beside its own topic. */
bool index_topic_is_listed(const struct store *store, const struct record *r);
MUST_CHECK enum err index_topic_join(const struct index_step *s,
                                     const uint8_t topic[ID_LEN], uint64_t seq,
                                     const struct row_record *row);
/* ERR_CORRUPT if it is not there: see index_leave(). */
MUST_CHECK enum err index_topic_leave(const struct index_step *s,
                                      const uint8_t topic[ID_LEN], uint64_t seq,
                                      const struct row_record *row);
/* The bytes that it counts for there, if it is there. */
MUST_CHECK enum err index_topic_resize(struct store *store,
                                       const uint8_t topic[ID_LEN],
                                       const struct row_record *row);
/* A listed record has come: the founder of its topic may join the board. */
MUST_CHECK enum err index_topic_list(const struct index_step *s,
                                     const struct record *r);
/* A founder that is not listed comes after what is listed in its topic. */
MUST_CHECK enum err index_topic_join_founder(const struct index_step *s,
                                             uint64_t seq,
                                             const struct row_record *row);

/* index_identity.c: identity records in the topics of their person. */

/* A record of `author` has come to `topic`. */
MUST_CHECK enum err index_identity_bring(const struct index_step *s,
                                         const uint8_t topic[ID_LEN],
                                         const uint8_t author[ID_LEN]);
/* An identity record has come. */
MUST_CHECK enum err index_identity_add(const struct index_step *s, uint64_t seq,
                                       const struct row_record *row);
/* The bytes that it counts for wherever it travelled. */
MUST_CHECK enum err index_identity_resize(struct store *store,
                                          struct txn *index,
                                          const struct row_record *row);

#endif
