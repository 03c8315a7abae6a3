#ifndef STORE_SYMBOLS_H
#define STORE_SYMBOLS_H

#include "proto/record_set.h"

/*
 * Coded symbols of topics, kept ready in memory for all sessions (protocol.md
 * §5.3).  They are made in slices on the loop, out of the topic's tree, and
 * follow it by the numbers of the records that have come since.  What they
 * stand for is counted and compared with the tree at each answer; if it is not
 * the same, they are made anew.  Losing them costs time only.
 */
struct store;
struct symbols;

/* Accepts NULL. */
void symbols_free(struct symbols *symbols);

/* The functions `find` and `symbols` of store_record_set(). */
MUST_CHECK enum err symbols_find(void *set, const uint8_t topic[ID_LEN],
                                 const uint8_t prefix[IBLT_ID_LEN],
                                 struct record_key *out);
MUST_CHECK enum err symbols_get(void *set, const uint8_t topic[ID_LEN],
                                const struct record_range *range, size_t first,
                                size_t n, struct iblt_symbol *out,
                                uint64_t *count);

#endif
