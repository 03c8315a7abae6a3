#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include "store/env.h"
#include "store/key.h"

/*
 * Pages of a table's rows in the order of their keys: how lists are read when
 * nothing may stay open between one page and the next.
 */

struct store;

/* Reads one row into place `at` of what `context` stands for. */
typedef enum err page_read_fn(void *context, size_t at, struct bytes key,
                              struct bytes value);

/* Which rows, and what becomes of them. */
struct page {
    struct txn *txn;
    unsigned table;
    struct key from;    /* the first key that may be in it */
    struct key until;   /* the last ones begin with it; empty: with anything */
    page_read_fn *read; /* NULL: rows are only counted */
    void *context;
};

/* The key just behind this one: of the same table, and so of one length. */
struct key page_after(const struct key *key);

/*
 * Reads at most `max` rows; `*n`, how many.  An error of `read` ends it, and
 * then what was read before is no page.
 */
MUST_CHECK enum err page_read(const struct page *page, size_t max, size_t *n);
/* The same of records.mdb, as the loop sees it: sets `txn`. */
MUST_CHECK enum err page_read_records(struct store *store, struct page *page,
                                      size_t max, size_t *n);

#endif
