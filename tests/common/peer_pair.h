#ifndef TESTS_COMMON_PEER_PAIR_H
#define TESTS_COMMON_PEER_PAIR_H

#include "proto/peer.h"
#include "tests/common/memory_set.h"

/*
 * Two peer machines over memory sets, joined by a pipe that never loses, with
 * a clock that moves only when nothing is left to say.
 */
struct pair_side {
    struct memory_set set;
    struct peer peer;
    struct peer_event event; /* type and topic of the last one */
    uint64_t bytes[16]; /* sent, by frame type, with the frames' own heads */
    uint64_t frames[16];
    uint64_t records_new;
    uint64_t records_known; /* received in vain */
    bool is_slow;           /* peer_record_done() waits for pair_catch_up() */
    size_t done_due;
    uint8_t done_topic[ID_LEN];
};

struct peer_pair {
    struct pair_side side[2]; /* [0] dialled and has the smaller node key */
    uint64_t now_ms;
    uint64_t steps;
    enum err err; /* the first that either machine returned */
    /* Called after each frame, to change the sets in the midst. */
    void (*on_step)(struct peer_pair *pair, void *context);
    void *context;
};

#define PAIR_FROM_DAY  20000
#define PAIR_UNTIL_DAY 20400

void pair_init(struct peer_pair *pair);
void pair_wipe(struct peer_pair *pair);
/* Both hold the one topic PAIR_TOPIC over the whole window, and say so. */
void pair_join(struct peer_pair *pair);
void pair_join_days(struct peer_pair *pair, size_t side, uint32_t from,
                    uint32_t until);
/* Hands over what one side has to say now; whether it said something. */
bool pair_carry(struct peer_pair *pair, size_t from);
/* Hands over frames until neither side has any. */
void pair_run(struct peer_pair *pair);
/* Both speak before either hears. */
void pair_cross(struct peer_pair *pair);
/* Runs, moving the clock to each deadline, until both say that they are in
 * sync; false after `max_ms`. */
bool pair_settle(struct peer_pair *pair, uint64_t max_ms);
/* Moves the clock and ticks both. */
void pair_advance(struct peer_pair *pair, uint64_t ms);
bool pair_in_sync(const struct peer_pair *pair);
void pair_catch_up(struct peer_pair *pair, size_t side);
/* Pushes a record that a side has got elsewhere, and has it made sure of. */
void pair_tell(struct peer_pair *pair, size_t side,
               const struct record_key *key);
/* A new record on a side, made there. */
void pair_add(struct peer_pair *pair, size_t side, uint64_t number);
/* All bytes of a type, or of all types if 0. */
uint64_t pair_bytes(const struct peer_pair *pair, uint8_t type);

extern const uint8_t PAIR_TOPIC[ID_LEN];

/* Record number `n` of the world: 30 s apart, from the window's start on. */
struct record_key pair_key(uint64_t n);
/* Adds the records numbered from `from` up to but not `until`. */
void pair_fill(struct peer_pair *pair, size_t side, uint64_t from,
               uint64_t until);

/* A small generator for tests: xorshift64*; the seed is not 0. */
uint64_t pair_random(uint64_t *state);

#endif
