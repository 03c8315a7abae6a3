#ifndef PROTO_TOPIC_NAMED_H
#define PROTO_TOPIC_NAMED_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "proto/slot_hash.h"

/*
 * Ids that records of a topic name before they are there: whoever comes under
 * such an id may change what is known of others.  A hash of eight bytes
 * stands for the id; what is taken for named without being so costs time, not
 * truth.
 */
struct topic_named {
    uint64_t *slots; /* open addressing; 0 is free */
    uint32_t count;
    uint32_t slots_count; /* a power of two, more than twice `count` */
    struct slot_key key;
};

struct topic_state;
struct topic_entry;

void topic_named_wipe(struct topic_named *named);
bool topic_named_has(const struct topic_named *named, const uint8_t id[ID_LEN]);
/*
 * Notes every id in links and body of `e`, whatever it is the id of, except
 * those of records of `ts` dated no later than `e`, which are there whenever
 * `e` is.  ERR_NO_MEMORY
 */
MUST_CHECK enum err topic_named_note(struct topic_named *named,
                                     const struct topic_state *ts,
                                     const struct topic_entry *e);

#endif
