#ifndef PROTO_RULING_H
#define PROTO_RULING_H

#include "proto/topic_state.h"

/*
 * What rulings of keepers hide from who follows them (docs/protocol.md §7.14):
 * a record, or all that a person made.  A pure function of the keepers' own
 * topics and the time.
 */

/* More than a keeper needs; the rest of one's rulings has no effect. */
#define RULINGS_MAX 65536

struct ruling {
    uint8_t hidden[ID_LEN]; /* a record, or a person */
    uint8_t record[ID_LEN]; /* the ruling that says so */
    uint8_t keeper[ID_LEN];
    uint64_t until_ms; /* UINT64_MAX: for good */
};

/* Sorted by `hidden` after ruling_sort(); start with zeros. */
struct rulings {
    struct ruling *items;
    size_t count;
    size_t cap;
};

/*
 * Adds what the rulings in force of the keeper whose topic `ts` is, judged,
 * hide.  ERR_NO_MEMORY leaves what was there.
 */
MUST_CHECK enum err ruling_collect(struct rulings *rulings,
                                   const struct topic_state *ts);
void ruling_sort(struct rulings *rulings);
/* The first that hides `id` at `now_ms`, or NULL. */
const struct ruling *ruling_find(const struct rulings *rulings,
                                 const uint8_t id[ID_LEN], uint64_t now_ms);
void ruling_wipe(struct rulings *rulings);

#endif
