#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include "store/key.h"

/*
 * Rows of the index in any order, and out again sorted, in bounded memory:
 * sorted runs in a file without a name, merged.  For making an index anew.
 */
struct spool;

/* The longest are those of words (store/text.h). */
#define SPOOL_KEY_MAX 80

struct spool_row {
    uint8_t key[SPOOL_KEY_MAX];
    uint8_t key_len;
    uint8_t table;  /* enum index_table */
    uint8_t gone;   /* it is removed, if it was there before */
    uint64_t order; /* given by spool_add(): what comes later counts */
    uint64_t seq;   /* of an entry of a tree */
    uint64_t bytes;
};

/* The file is made in folder `dir`.  ERR_IO, ERR_NO_SPACE, ERR_NO_MEMORY */
MUST_CHECK enum err spool_new(struct spool **out, const char *dir);
/* Accepts NULL. */
void spool_free(struct spool *spool);
/* A row of `table` with that key, to be filled in further. */
struct spool_row spool_row_of(unsigned table, const struct key *key);
/* ERR_IO, ERR_NO_SPACE */
MUST_CHECK enum err spool_add(struct spool *spool, const struct spool_row *row);
uint64_t spool_count(const struct spool *spool);
/* After the last row: from now on rows come out.  ERR_NO_MEMORY, ERR_IO … */
MUST_CHECK enum err spool_sort(struct spool *spool);
/*
 * The next row by (table, key), each key once as it was said last, gone ones
 * not at all.  ERR_NOT_FOUND at the end, ERR_IO.
 */
MUST_CHECK enum err spool_next(struct spool *spool, struct spool_row *out);

#endif
