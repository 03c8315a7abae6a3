#ifndef TESTS_COMMON_MEMORY_SET_H
#define TESTS_COMMON_MEMORY_SET_H

#include "proto/record_set.h"

/*
 * A record_set in memory, for tests and simulators: several topics, each a
 * sorted array with sums before every entry, computed when asked for.  Its
 * records are made up: created_ms (8), id (32), signer (1), certificate or not
 * (1), then `filler` bytes.
 */
struct memory_entry {
    struct record_key key;
    uint8_t signer; /* all bytes of its key */
    bool is_held;
};

struct memory_topic {
    uint8_t topic[ID_LEN];
    struct memory_entry *entries;
    struct record_sum *before; /* before[i]: sum of all entries below i */
    size_t count;
    size_t cap;
    size_t summed;               /* before[0 .. summed] are right */
    struct iblt_symbol *symbols; /* SYNC_SYMBOLS_MAX of `coded`, or NULL */
    struct record_range coded;
    uint64_t coded_count;
};

#define MEMORY_TOPICS_MAX 16

/* Where an id is: an open table, at most half full. */
struct memory_place {
    struct record_key key;
    size_t topic; /* number + 1; 0 if the place is free */
};

struct memory_set {
    struct memory_topic topics[MEMORY_TOPICS_MAX];
    size_t topics_count;
    struct memory_place *places;
    size_t places_cap; /* a power of two */
    size_t places_count;
    size_t filler;
    enum err fail_with;      /* if not ERR_OK, what calls return */
    uint64_t fail_after;     /* this many more calls succeed */
    uint64_t sums;           /* calls of sum() so far */
    uint64_t symbols;        /* handed out so far */
    bool has_no_symbols;     /* none are ever ready */
    bool has_symbols_of_all; /* even of small topics */
};

#define MEMORY_RECORD_HEAD (8 + ID_LEN + 2)

void memory_set_wipe(struct memory_set *set);
struct record_set memory_set_view(struct memory_set *set);
/* False if it is there already. */
bool memory_set_add(struct memory_set *set, const uint8_t topic[ID_LEN],
                    const struct record_key *key, bool is_held);
size_t memory_set_count(const struct memory_set *set,
                        const uint8_t topic[ID_LEN]);
/* Whether both know the same ids of the topic. */
bool memory_set_equal(const struct memory_set *a, const struct memory_set *b,
                      const uint8_t topic[ID_LEN]);

#endif
