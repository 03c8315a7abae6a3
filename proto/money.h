#ifndef PROTO_MONEY_H
#define PROTO_MONEY_H

#include "proto/bytes.h"
#include "proto/limits.h"

/*
 * Money: whole minor units of a currency (cents, yen, fils), at most
 * MP_INT_MAX, never a fraction.  Pure arithmetic that does not overflow, and
 * amounts as people write and read them.
 */

/* Shares are in basis points: a hundredth of a percent. */
#define MONEY_BP_ALL 10000

/* "9,007,199,254,740,991", perhaps a point, a blank, a code and NUL. */
#define MONEY_TEXT_MAX 32

/* Whether it can be a code at all: three letters A to Z. */
bool money_is_code(struct bytes code);
/* The decimals of a currency in use.  ERR_NOT_FOUND for any other code. */
MUST_CHECK enum err money_decimals(unsigned *out, struct bytes code);

/*
 * "1,000.00", "1000" or "12.5" in minor units: a point before the decimals, of
 * which there may be fewer than the currency has, and commas, if any, between
 * all groups of three digits.
 *   ERR_MALFORMED  anything else, such as more decimals than there are
 *   ERR_TOO_LARGE  over MP_INT_MAX
 */
MUST_CHECK enum err money_parse(uint64_t *out, struct bytes text,
                                unsigned decimals);
/* "1,000.00 EUR"; of a currency whose decimals are not known "100000 XYZ
 * (minor)". */
void money_format(char out[MONEY_TEXT_MAX], uint64_t minor, struct bytes code);

/* amount * part / whole, rounded down; `part` and `whole` up to 2^32. */
uint64_t money_part_of(uint64_t amount, uint32_t part, uint32_t whole);

/*
 * What of an income is to be shared: net of costs (nothing if they are higher),
 * less the house's share, which is rounded down for the good of the others.
 * `house_bp` is at most MONEY_BP_ALL.
 */
uint64_t money_pool(uint64_t gross, uint64_t costs, uint32_t house_bp);

/* One of those among whom a pool is shared out. */
struct money_share {
    uint8_t person[ID_LEN];
    uint32_t weight;
    uint64_t amount;    /* set by money_apportion() */
    uint32_t remainder; /* private */
};

/*
 * Shares `pool` out by the method of the largest remainder: each gets their
 * part rounded down, and what is left goes, one unit each, to those whose
 * parts lost most by it; of equals to the smaller person id.  The amounts sum
 * to `pool` exactly.  Weights sum to 1 to 2^32 - 1; the order of `shares` is
 * changed.
 */
void money_apportion(struct money_share *shares, uint32_t count, uint64_t pool);

#endif
