#ifndef TESTS_COMMON_PERMUTE_H
#define TESTS_COMMON_PERMUTE_H

#include "proto/authority.h"
#include "tests/common/topic_maker.h"

/*
 * Whether the order of arrival, or judging in between, has a part in what
 * records mean.  A scene is tried by scene_assert_any_order() in one line.
 */

#define PERMUTE_MAX        2048
#define PERMUTE_ALL_ORDERS 6 /* up to so many records, every order is tried */
#define PERMUTE_ORDERS     40

/*
 * Fails the test unless the records, added in any order and judged after each
 * or after some of them, at any times that end with `now`, mean the same as
 * when all are judged at once.  Small sets are tried in all orders and compared
 * after each record, large ones in random orders with a fixed seed.
 */
void permute_assert(const struct made *made, uint32_t count,
                    const uint8_t topic[ID_LEN], uint64_t now);

/* Those records (in `order`, NULL: as they stand), judged once; to be freed. */
struct topic_state *permute_judge(const struct made *made,
                                  const uint32_t *order, uint32_t count,
                                  const uint8_t topic[ID_LEN], uint64_t now);

/* Fails the test unless both hold the same records and mean the same. */
void permute_assert_same(const struct topic_state *a,
                         const struct topic_state *b);

/* Deterministic; the seed is anything. */
uint32_t permute_random(uint32_t *seed, uint32_t below);
void permute_shuffle(uint32_t *order, uint32_t count, uint32_t *seed);

#endif
