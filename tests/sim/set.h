#ifndef TESTS_SIM_SET_H
#define TESTS_SIM_SET_H

#include "tests/sim/records.h"

/*
 * What one node knows of the topic: numbers of records in the order of sync, in
 * blocks of at most SET_BLOCK with their sums, and the sums before each block,
 * which are computed when asked for.  It answers as a record_set.
 */
enum { SET_BLOCK = 64 };

struct set_block {
    uint32_t count;
    uint32_t numbers[SET_BLOCK];
    struct record_sum sum;
};

struct set {
    struct records *records;
    struct set_block **blocks;
    size_t blocks_count;
    size_t blocks_cap;
    struct record_sum *before; /* before[i]: all of the blocks below i */
    size_t summed;             /* before[0 .. summed] are right */
    uint32_t count;
    uint8_t *presence; /* enum record_presence of each record's number */
    uint32_t presence_cap;
};

void set_init(struct set *s, struct records *records);
void set_wipe(struct set *s);
struct record_set set_view(struct set *s);
/* Returns what it was before; a held record does not become not kept. */
enum record_presence set_add(struct set *s, uint32_t number, bool is_held);
/* A held record is not kept any more. */
void set_drop(struct set *s, uint32_t number);
/* Keeps of the day of this record, if it is a stranger's, what the budget
 * allows (protocol.md §5.8); returns how many went. */
uint32_t set_trim(struct set *s, uint32_t number);
/* How many would go if this record came now. */
uint32_t set_over(const struct set *s, uint32_t number);
enum record_presence set_presence(const struct set *s, uint32_t number);

#endif
