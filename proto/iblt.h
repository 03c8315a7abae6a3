#ifndef PROTO_IBLT_H
#define PROTO_IBLT_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Rateless coded symbols of a set of ids (protocol.md §5.3, Symbols): an
 * endless row of symbols of which any prefix, taken together with the same
 * prefix of another set, tells in what the two sets differ, as soon as it is
 * about 1.4 times as long as the difference is large.
 *
 * Adding an id and taking it away are the same operation; so is comparing two
 * prefixes.  A false id in a prefix costs time and nothing else: whoever
 * decodes believes no id before it has the record.
 */

#define IBLT_ID_LEN     16 /* of an id, its first bytes */
#define IBLT_SYMBOL_LEN (IBLT_ID_LEN + 8)

/* XOR of the ids that map to it, and of their checks. */
struct iblt_symbol {
    uint64_t id[2];
    uint64_t check;
};

/* The symbol of a single id. */
void iblt_symbol_of(struct iblt_symbol *out, const uint8_t id[IBLT_ID_LEN]);
/* The first bytes of the id of such a symbol. */
void iblt_id_of(uint8_t out[IBLT_ID_LEN], const struct iblt_symbol *symbol);

/* Adds a single id to the first `n` symbols of a set, or takes it away. */
void iblt_toggle(struct iblt_symbol *prefix, size_t n,
                 const struct iblt_symbol *single);
/* Makes `into` the symbols of the difference of both sets. */
void iblt_join(struct iblt_symbol *into, const struct iblt_symbol *other,
               size_t n);

void iblt_put(struct writer *w, const struct iblt_symbol *symbol);
void iblt_read(struct reader *r, struct iblt_symbol *out);

/*
 * Finds the ids of the set whose first `n` symbols these are, at most `n` of
 * them, each a symbol in `found`; the prefix is used up.  False if the symbols
 * are too few, or not those of any set: the work is bounded all the same, by
 * about 32 checks for each symbol.  1 <= n <= SYNC_SYMBOLS_MAX.
 */
bool iblt_decode(struct iblt_symbol *prefix, size_t n,
                 struct iblt_symbol *found, size_t *count);

#endif
